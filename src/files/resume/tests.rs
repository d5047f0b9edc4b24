use super::*;

fn partial(range: &str) -> ClipHead {
    ClipHead { status: 206, content_range: Some(range.into()), ..ClipHead::default() }
}

fn whole() -> ClipHead {
    ClipHead { status: 200, content_length: Some(10), ..ClipHead::default() }
}

/// Returns the head of an answer with this range of a clip, and with `"v1"` as the clip's `ETag`.
fn rest(range: &str) -> ClipHead {
    ClipHead { etag: Some("\"v1\"".into()), ..partial(range) }
}

#[test]
fn n25_only_the_rest_from_the_right_byte_of_the_same_clip_is_appended() {
    let verdict = |range: &str| admit(&rest(range), 5, Some(10), Some("\"v1\""));
    assert_eq!(verdict("bytes 5-9/10"), Admission::Append);
    assert_eq!(verdict("bytes 5-7/10"), Admission::Append);
    for range in [
        "bytes 4-9/10",
        "bytes 6-9/10",
        "bytes 0-9/10",
        "bytes 5-9/11",
        "bytes 5-10/10",
        "bytes 5-4/10",
        "bytes 5-9/*",
        "bytes */10",
        "5-9/10",
        "",
    ] {
        assert!(matches!(verdict(range), Admission::Discard(_)), "{range}");
    }
    let short = ClipHead { content_length: Some(4), ..rest("bytes 5-9/10") };
    assert!(matches!(admit(&short, 5, Some(10), Some("\"v1\"")), Admission::Discard(_)));
}

#[test]
fn n28_a_part_without_the_validator_of_the_first_answer_is_of_another_clip() {
    let (first, second) = ("Sat, 21 Nov 2026 10:00:00 GMT", "Sat, 21 Nov 2026 10:05:00 GMT");
    let verdict = |validator: &str, etag: Option<&str>, modified: Option<&str>| {
        let head = ClipHead {
            etag: etag.map(str::to_owned),
            last_modified: modified.map(str::to_owned),
            ..partial("bytes 5-9/10")
        };
        admit(&head, 5, Some(10), Some(validator))
    };
    assert_eq!(verdict("\"v1\"", Some("\"v1\""), Some(second)), Admission::Append);
    assert_eq!(verdict(first, None, Some(first)), Admission::Append);
    assert_eq!(verdict(first, Some("\"v2\""), Some(first)), Admission::Append);
    for etag in [Some("\"v2\""), Some("W/\"v1\""), Some("v1"), Some("\"V1\""), None] {
        assert!(matches!(verdict("\"v1\"", etag, Some(first)), Admission::Discard(_)), "{etag:?}");
    }
    for modified in [Some(second), Some(""), None] {
        assert!(matches!(verdict(first, Some("\"v1\""), modified), Admission::Discard(_)), "{modified:?}");
    }
}

#[test]
fn n26_a_part_that_is_the_whole_clip_is_taken_if_the_whole_was_asked_for() {
    let start = |head: &ClipHead| match admit(head, 0, None, None) {
        Admission::Restart { total, validator } => Some((total, validator)),
        _ => None,
    };
    let all = ClipHead { content_length: Some(10), ..rest("bytes 0-9/10") };
    assert_eq!(start(&all), Some((Some(10), Some("\"v1\"".into()))));
    assert_eq!(
        start(&ClipHead { content_length: None, ..all.clone() }).map(|(total, _)| total),
        Some(Some(10))
    );
    assert_eq!(start(&ClipHead { content_length: Some(9), ..all.clone() }), None);
    for range in ["bytes 0-8/10", "bytes 1-9/10", "bytes 0-9/*", "bytes 0-18446744073709551615/0", ""] {
        assert_eq!(start(&partial(range)), None, "{range}");
    }
    let last = LARGEST_CLIP;
    assert_eq!(start(&partial(&format!("bytes 0-{last}/{}", last + 1))), None);
    let admission = admit(&all, 5, Some(10), Some("\"v1\""));
    assert!(matches!(admission, Admission::Discard(_)), "the bytes from the fifth on were asked for");
    let changed = ClipHead { status: 203, ..whole() };
    assert_eq!(start(&changed), Some((Some(10), None)));
}

#[test]
fn n26_a_whole_answer_starts_over_and_is_resumable_only_with_a_strong_validator_and_a_length() {
    let day = |seconds: &str| Some(format!("Sat, 21 Nov 2026 10:{seconds} GMT"));
    let restart = |head: ClipHead| match admit(&head, 5, Some(10), Some("\"v1\"")) {
        Admission::Restart { validator, .. } => validator,
        other => panic!("{other:?}"),
    };
    assert_eq!(restart(whole()), None);
    assert_eq!(restart(ClipHead { etag: Some("\"v2\"".into()), ..whole() }).as_deref(), Some("\"v2\""));
    assert_eq!(restart(ClipHead { etag: Some("W/\"v2\"".into()), ..whole() }), None);
    let endless = ClipHead { content_length: None, etag: Some("\"v2\"".into()), ..whole() };
    assert_eq!(restart(endless), None);
    let old = ClipHead { last_modified: day("00:00"), date: day("01:00"), ..whole() };
    assert_eq!(restart(old), day("00:00"));
    let fresh = ClipHead { last_modified: day("00:00"), date: day("00:59"), ..whole() };
    assert_eq!(restart(fresh), None);
    assert_eq!(restart(ClipHead { last_modified: day("00:00"), ..whole() }), None);
}

#[test]
fn n29_error_pages_and_encoded_bodies_are_no_clips() {
    for kind in
        ["text/html; charset=utf-8", "application/json", "application/xml", "application/problem+json"]
    {
        assert!(announces_text(&ClipHead { content_type: Some(kind.into()), ..whole() }), "{kind}");
    }
    for kind in ["video/mp4", "binary/octet-stream", ""] {
        assert!(!announces_text(&ClipHead { content_type: Some(kind.into()), ..whole() }), "{kind}");
    }
    let page = format!("<html>\n\t<b>Not   now</b> {}", "\u{e9}".repeat(900));
    assert!(first_words(page.as_bytes()).starts_with("<html> <b>Not now</b> \u{e9}"));
    assert_eq!(first_words(page.as_bytes()).chars().count(), 200);
    let encoded = |name: &str| {
        let head = ClipHead { content_encoding: Some(name.into()), ..whole() };
        matches!(admit(&head, 0, None, None), Admission::Refuse(_))
    };
    for name in ["gzip", "br", "identity, gzip", "aws-chunked,deflate"] {
        assert!(encoded(name), "{name}");
    }
    for name in ["", "Identity", "none", "UTF-8", "Binary", "aws-chunked", "identity, aws-chunked"] {
        assert!(!encoded(name), "{name}");
    }
    let huge = ClipHead { content_length: Some(LARGEST_CLIP + 1), ..whole() };
    assert!(matches!(admit(&huge, 0, None, None), Admission::Refuse(_)));
}

#[test]
fn text_is_told_by_its_first_letter() {
    for text in ["<!doctype html>", "\u{feff}  {\"error\":1}", "[]", "\n<Error>"] {
        assert!(is_text(text.as_bytes()), "{text}");
    }
    assert!(!is_text(b"\0\0\0\x18ftypisom"));
}
