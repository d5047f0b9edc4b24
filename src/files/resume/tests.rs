use super::*;

fn partial(range: &str) -> ClipHead {
    ClipHead { status: 206, content_range: Some(range.into()), ..ClipHead::default() }
}

fn whole() -> ClipHead {
    ClipHead { status: 200, content_length: Some(10), ..ClipHead::default() }
}

#[test]
fn n25_only_the_rest_from_the_right_byte_of_the_same_clip_is_appended() {
    let verdict = |range: &str| admit(&partial(range), 5, Some(10), Some("\"v1\""));
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
    let short = ClipHead { content_length: Some(4), ..partial("bytes 5-9/10") };
    assert!(matches!(admit(&short, 5, Some(10), None), Admission::Discard(_)));
}

#[test]
fn n28_another_etag_means_another_clip() {
    let head = ClipHead { etag: Some("\"v2\"".into()), ..partial("bytes 5-9/10") };
    assert!(matches!(admit(&head, 5, Some(10), Some("\"v1\"")), Admission::Discard(_)));
    assert_eq!(admit(&head, 5, Some(10), Some("\"v2\"")), Admission::Append);
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
    let encoded = ClipHead { content_encoding: Some("gzip".into()), ..whole() };
    assert!(matches!(admit(&encoded, 0, None, None), Admission::Refuse(_)));
    let identity = ClipHead { content_encoding: Some("Identity".into()), ..whole() };
    assert!(matches!(admit(&identity, 0, None, None), Admission::Restart { .. }));
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
