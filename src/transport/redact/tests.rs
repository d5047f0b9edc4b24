use super::*;
use base64::engine::general_purpose::STANDARD;

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
    ] {
        assert_eq!(clean(&format!("bad key {dress}, and {dress} again")), "bad key ***, and *** again");
    }
}

#[test]
fn s01_base64_is_found_wherever_it_begins() {
    for before in ["", "a", "ab", "abc", "user:"] {
        for after in ["", "x", "xy", "xyz"] {
            let text = STANDARD.encode(format!("{before}{KEY}{after}"));
            assert!(clean(&text).contains("***"), "{before:?} {after:?}");
        }
    }
}

#[test]
fn other_text_stays_as_it_is_and_so_do_words_that_only_look_like_short_keys() {
    assert_eq!(clean("{\"task\":\"test-key\"}"), "{\"task\":\"test-key\"}");
    assert_eq!(redact(b"a banana".to_vec(), "a"), b"a banana");
}
