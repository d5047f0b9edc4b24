use super::*;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use std::fmt::Write as _;

const KEY: &str = "test-key/with+odd~letters";

fn clean(text: &str) -> String {
    String::from_utf8(redact(text.as_bytes().to_vec(), KEY)).unwrap()
}

#[test]
fn s02_an_echoed_key_is_gone_in_every_dress() {
    for dress in [
        KEY,
        "test-key\\/with+odd~letters",
        "test-key%2Fwith%2Bodd~letters",
        "test-key%2fwith%2bodd~letters",
        "test%2Dkey%2Fwith%2Bodd%7Eletters",
        "test-key%252Fwith%252bodd~letters",
        "test-key/with\\u002Bodd~letters",
        "test\\u002dkey\\u002fwith\\u002bodd\\u007Eletters",
        "\\u0074est-key\\/with\\u002Bodd~letters",
        "test-key\\\\/with\\\\u002Bodd~letters",
        "test-key\\x2fwith\\x2Bodd~letters",
        "test-key&#x2F;with&#x2B;odd~letters",
        "test-key&#47;with&plus;odd&#126;letters",
    ] {
        assert_eq!(clean(&format!("bad key {dress}, and {dress} again")), "bad key ***, and *** again");
    }
}

proptest! {
    // The characters that look like the beginning of an escape, and the backslash, have cases of their own below.
    #[test]
    fn s02_no_string_that_is_decoded_from_json_has_the_key(
        key in "[ !#$'-\\[\\]-~]{6,40}", escaped in prop::collection::vec(0..4_u8, 40), before in "[a-z \\\\]{0,9}",
    ) {
        let mut written = serde_json::Value::from(before.as_str()).to_string();
        written.pop();
        for (letter, way) in key.chars().zip(escaped) {
            match (way, letter) {
                (0, _) => write!(written, "\\u{:04x}", u32::from(letter)).unwrap(),
                (1, _) => write!(written, "\\u{:04X}", u32::from(letter)).unwrap(),
                (2, '/') => written.extend(['\\', letter]),
                _ => written.push(letter),
            }
        }
        written.push('"');
        prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), format!("{before}{key}"));
        let cleaned = redact(written.into_bytes(), &key);
        if let Ok(text) = serde_json::from_slice::<String>(&cleaned) {
            prop_assert!(!text.contains(&key), "{}", text);
        }
    }
}

#[test]
fn s01_base64_is_found_wherever_it_begins() {
    for before in ["", "a", "ab", "abc", "user:"] {
        for after in ["", "x", "xy", "xyz"] {
            let text = STANDARD.encode(format!("{before}{KEY}{after}"));
            assert!(clean(&text).contains("***"), "{before:?} {after:?}");
            let escaped = text.replace('+', "\\u002B").replace('/', "\\/").replace('=', "\\u003d");
            assert!(clean(&escaped).contains("***"), "{before:?} {after:?}");
        }
    }
}

#[test]
fn other_text_stays_as_it_is_and_so_do_words_that_only_look_like_short_keys() {
    for text in ["{\"task\":\"test-key\"}", "50 % & more \\ \\u00", "test-key/with%", "&#x;&#;&", "%25%25"] {
        assert_eq!(clean(text), text);
    }
    assert_eq!(redact(b"a banana".to_vec(), "a"), b"a banana");
}

#[test]
fn s02_a_key_that_contains_what_looks_like_an_escape_is_found() {
    for key in ["a%25c%2Bdef", "a\\u002bcdef", "a&amp;cdef", "a\\\\b\\cdef"] {
        assert_eq!(redact(format!("<{key}>").into_bytes(), key), b"<***>", "{key}");
        let json = serde_json::Value::from(key).to_string();
        assert_eq!(redact(json.into_bytes(), key), b"\"***\"", "{key}");
    }
}

/// Passes a body through a [`Masker`], which masks the key, in pieces of `piece` bytes.
fn masked(body: &[u8], piece: usize) -> Vec<u8> {
    let mut masker = Masker::of(KEY);
    let mut out = Vec::new();
    body.chunks(piece).for_each(|piece| out.extend(masker.push(Bytes::copy_from_slice(piece))));
    out.extend(masker.finish());
    out
}

#[test]
fn s02_a_key_in_the_body_of_a_download_is_gone_however_it_is_cut_into_pieces() {
    let filler = "x".repeat(1_000);
    let body = format!("{filler} {KEY} test-key\\u002Fwith\\u002Bodd~letters {filler} {KEY}");
    let expected = format!("{filler} {} {} {filler} {}", "*".repeat(25), "*".repeat(35), "*".repeat(25));
    for piece in [1, 7, 24, 26, 500, 10_000] {
        assert_eq!(String::from_utf8(masked(body.as_bytes(), piece)).unwrap(), expected, "{piece}");
    }
    assert_eq!(masked(b"", 1), b"");
    assert_eq!(masked(KEY.as_bytes(), 3), "*".repeat(25).as_bytes());
}

#[test]
fn the_bytes_of_a_clip_stay_as_they_are() {
    let clip = [b"\0\0\0\x18ftypisom", KEY.as_bytes()].concat();
    for piece in [1, 5, 8, 1_000] {
        assert_eq!(masked(&clip, piece), clip, "{piece}");
    }
    let page = [b"<!--ftyp", KEY.as_bytes()].concat();
    assert_eq!(masked(&page, 5), [b"<!--ftyp".as_slice(), "*".repeat(25).as_bytes()].concat());
}
