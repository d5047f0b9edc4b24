use super::*;
use proptest::prelude::*;

#[test]
fn what_could_write_to_a_terminal_is_shown_as_an_escape() {
    for (raw, seen) in [
        ("mug", "mug"),
        ("\x1b]0;owned\x07", "\\u{1b}]0;owned\\u{7}"),
        ("a\u{9b}31mb", "a\\u{9b}31mb"),
        ("a\u{202e}b", "a\\u{202e}b"),
        ("a\u{200b}b", "a\\u{200b}b"),
        ("one\r\ntwo", "one\\r\\ntwo"),
        ("Åre 漢字", "Åre 漢字"),
    ] {
        assert_eq!(Foreign::from(raw).to_string(), seen);
        assert_eq!(Foreign::from(raw).raw(), raw);
    }
}

#[test]
fn json_means_the_same_with_its_hidden_characters_escaped() {
    let raw = serde_json::json!({ "id": "a\u{9b}\u{202e}\u{e0041}\u{7f}b\n" }).to_string();
    let shown = shown_json(&raw);
    assert!(!shown.chars().any(is_hidden));
    let same = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(same(&shown), same(&raw));
}

proptest! {
    #[test]
    fn nothing_hidden_is_ever_shown(text in any::<String>()) {
        let text = Foreign::from(text);
        prop_assert!(!text.to_string().chars().any(is_hidden));
        let debug = format!("{:?}", &text);
        prop_assert!(!debug.chars().any(is_hidden));
    }
}
