use super::*;
use proptest::prelude::*;
use serde_json::json;
use std::fmt::Write as _;

#[test]
fn a36_a_number_beyond_all_range_is_text_and_hides_nothing_else() {
    let read = |body: &str| read(body.as_bytes());
    let long = "9".repeat(400);
    let body = format!(r#"{{"a":1e400,"b":[-1E+999,{long},0.40],"c":"1e400 \" 1e400","d\\":2}}"#);
    let expected =
        serde_json::json!({ "a": "1e400", "b": ["-1E+999", long, 0.4], "c": "1e400 \" 1e400", "d\\": 2 });
    assert_eq!(read(&body), Some(expected));
    for broken in ["{\"a\":1e400", "{\"a\":1e400e1e}", "{\"a\":-}", "{\"a\":\"\\"] {
        assert_eq!(read(broken), None, "{broken}");
    }
}

#[test]
fn a15_a_flaw_that_hides_nothing_is_mended() {
    let id = json!({ "id": "task-1" });
    assert_eq!(read(b"\xef\xbb\xbf{\"id\":\"task-1\"}"), Some(id));
    let mended = |text: &[u8]| {
        let body = [b"{\"a\":\"", text, b"\",\"id\":7}"].concat();
        let answer = read(&body)?;
        assert_eq!(answer["id"], 7);
        Some(answer["a"].as_str()?.to_owned())
    };
    for (text, read) in [
        (&b"\xb3\xc9\xb9\xa6"[..], "\u{fffd}\u{279}\u{fffd}"),
        (b"cup \\ud83d", "cup \u{fffd}"),
        (b"\\ud83dx", "\u{fffd}x"),
        (b"\\ude00", "\u{fffd}"),
        (b"\\ude00\\ud83d", "\u{fffd}\u{fffd}"),
        (b"\\ud83d\\ud83d\\ude00", "\u{fffd}\u{1f600}"),
        (b"\\uD83D\\uDE00", "\u{1f600}"),
        (b"\\ud83d\\n", "\u{fffd}\n"),
        (b"\\\\ud83d", "\\ud83d"),
        (b"\\\"\\ud83d\\\"", "\"\u{fffd}\""),
        ("\\ud83d\u{e9}".as_bytes(), "\u{fffd}\u{e9}"),
    ] {
        assert_eq!(mended(text).as_deref(), Some(read), "{}", String::from_utf8_lossy(text));
    }
    for broken in [&b"{\"a\":\"\\ud8\"}"[..], b"{\"a\":\"\\", b"{\"a\":\"\\u", b"\\ud83d", b"\xff{}"] {
        assert_eq!(read(broken), None, "{}", String::from_utf8_lossy(broken));
    }
}

#[test]
fn a15_an_object_that_contradicts_itself_is_not_read() {
    for body in [
        r#"{"id":"task-1","id":"task-9"}"#,
        r#"{"error":{"code":"1234","message":"a","code":"1302"}}"#,
        r#"{"usage":[{"cost":9,"cost":0.01}]}"#,
        r#"{"id":"task-1","i\u0064":"task-9"}"#,
        r#"{"cost":1e400,"cost":1}"#,
    ] {
        assert_eq!(read(body.as_bytes()), None, "{body}");
        assert!(is_contradictory(body.as_bytes()), "{body}");
    }
    let twice = br#"{"id":"task-1","x":[{"a":1},{"a":2}],"id":"task-1"}"#;
    assert_eq!(read(twice), Some(json!({ "id": "task-1", "x": [{ "a": 1 }, { "a": 2 }] })));
    assert!(!is_contradictory(twice) && !is_contradictory(b"{"));
}

#[test]
fn only_an_object_to_its_last_brace_is_whole() {
    for whole in
        [&b"{}"[..], b" {\"a\":{\"b\":\"}\"}}\n", b"\xef\xbb\xbf{\"a\":\"\xb3 \\ud83d\"}", b"{\"a\":1e400}"]
    {
        assert!(is_object(whole), "{}", String::from_utf8_lossy(whole));
    }
    for part in [&b""[..], b"{", b"{\"a\":{}", b"{\"a\":\"}", b"{}{}", b"{};", b"[{}]", b"7"] {
        assert!(!is_object(part), "{}", String::from_utf8_lossy(part));
    }
}

/// Returns a generator of texts that are close to JSON, with escapes, to reach every branch.
fn near_json() -> impl Strategy<Value = Vec<u8>> {
    let pieces: [&[u8]; 12] = [
        b"{",
        b"}",
        b"\"",
        b"\\",
        b"\\ud83d",
        b"\\ude00",
        b"u",
        b":",
        b"\xb3",
        b"1e999",
        b"\xef\xbb\xbf",
        b"\xc3\xa9",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..20).prop_map(|pieces| pieces.concat())
}

fn values() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        (-1e9..1e9).prop_map(Json::from),
        any::<String>().prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
            prop::collection::hash_map(any::<String>(), inner, 0..5)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

/// Writes every character of JSON outside ASCII as escapes.
fn escaped(json: &str) -> String {
    let mut text = String::new();
    for character in json.chars() {
        if character.is_ascii() {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(text, "\\u{unit:04x}").unwrap();
            }
        }
    }
    text
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop_oneof![any::<Vec<u8>>(), near_json()]) {
        let (value, is_whole) = (read(&bytes), is_object(&bytes));
        prop_assert!(!is_contradictory(&bytes) || value.is_none());
        prop_assert!(!value.is_some_and(|value| value.is_object()) || is_whole);
    }

    #[test]
    fn valid_json_is_read_unchanged(value in values()) {
        let plain = value.to_string();
        let expected = serde_json::from_str::<Json>(&plain).ok();
        prop_assert_eq!(&read(escaped(&plain).as_bytes()), &expected);
        prop_assert_eq!(read(plain.as_bytes()), expected);
    }
}
