use super::*;

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
