use super::*;

/// Returns the text with every byte of a possible API key replaced by `*`.
fn masked(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for range in secrets(text) {
        bytes[range].fill(b'*');
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_key_in_a_broken_manifest_is_found_on_one_line_or_on_several() {
    let cases = [
        ("a:\n  api_key: k1\n  b: c\n", "a:\n  api_key:***\n  b: c\n"),
        ("a:\n  token:\n    k1\n  b: c\n", "a:\n  token:\n******\n  b: c\n"),
        ("token:\nk1\nb: c\n", "token:\n**\nb: c\n"),
        (
            "a:\n  api_key: |\n    k1\n\n    k2: x\n  b: c\nd: [\n",
            "a:\n  api_key:**\n******\n\n*********\n  b: c\nd: [\n",
        ),
        ("providers:\n  zai:\n    k: v\n    - w\nd: e\n", "providers:\n  zai:\n    k:**\n*******\nd: e\n"),
    ];
    for (text, expected) in cases {
        assert_eq!(masked(text), expected, "{text}");
    }
}
