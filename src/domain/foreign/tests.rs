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

#[test]
fn s17_every_character_that_unicode_lets_a_screen_ignore_is_hidden() {
    // Default_Ignorable_Code_Point in DerivedCoreProperties.txt of Unicode 16, without U+FE0E and U+FE0F.
    let ignorable = [
        (0xad, 0xad),
        (0x34f, 0x34f),
        (0x61c, 0x61c),
        (0x115f, 0x1160),
        (0x17b4, 0x17b5),
        (0x180b, 0x180f),
        (0x200b, 0x200f),
        (0x202a, 0x202e),
        (0x2060, 0x206f),
        (0x3164, 0x3164),
        (0xfe00, 0xfe0d),
        (0xfeff, 0xfeff),
        (0xffa0, 0xffa0),
        (0xfff0, 0xfff8),
        (0x1bca0, 0x1bca3),
        (0x1d173, 0x1d17a),
        (0xe0000, 0xe0fff),
    ];
    // Format characters without a glyph, and line and paragraph separators.
    let others = [(0x2028, 0x2029), (0xfff9, 0xfffb), (0x13430, 0x13455)];
    for (first, last) in ignorable.into_iter().chain(others) {
        for code in first..=last {
            assert!(is_hidden(char::from_u32(code).unwrap()), "U+{code:04X}");
        }
    }
    // Letters, emoji and their looks, a blank, and signs that surround Arabic numbers and are seen.
    for seen in
        "aé漢ㄱ가\u{fe0e}\u{fe0f}\u{1f469}\u{1f3fd} \u{a0}\u{3000}\u{2800}\u{600}\u{6dd}\u{fffc}\u{fffd}"
            .chars()
    {
        assert!(!is_hidden(seen), "{seen:?}");
    }
}
