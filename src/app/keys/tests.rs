use super::*;
use secrecy::ExposeSecret as _;

#[test]
fn i38_what_surrounds_a_key_is_left_out_and_noted() {
    for (text, is_trimmed) in [
        ("test-key", false),
        ("test-key\n", true),
        ("test-key\r\n", true),
        (" \ttest-key ", true),
        ("\u{feff}test-key\u{a0}", true),
        ("\"test-key\"", true),
        (" '\ttest-key\n'\n", true),
        ("\u{201c}test-key\u{201d}", true),
    ] {
        let key = read(text).unwrap_or_else(|why| panic!("{text:?}: {why:?}"));
        assert_eq!((key.text.expose_secret(), key.is_trimmed), ("test-key", is_trimmed), "{text:?}");
    }
}

#[test]
fn i38_one_quote_is_a_part_of_a_key_and_one_pair_is_left_out() {
    for (text, key) in
        [("\"test-key", "\"test-key"), ("test-key'", "test-key'"), ("''test-key''", "'test-key'")]
    {
        assert_eq!(read(text).ok().unwrap().text.expose_secret(), key);
    }
}

#[test]
fn i38_a_text_without_a_key_and_one_with_a_control_character_are_none() {
    for empty in ["", " ", "\n", "\"\"", "' '", "\u{feff}"] {
        assert_eq!(read(empty).err(), Some(NoKey::Empty), "{empty:?}");
    }
    for (text, odd) in
        [("test\nkey", '\n'), ("test\u{1b}key", '\u{1b}'), ("'test\0key'", '\0'), ("test\u{e9}key", '\u{e9}')]
    {
        assert_eq!(read(text).err(), Some(NoKey::Odd(odd)), "{text:?}");
    }
}
