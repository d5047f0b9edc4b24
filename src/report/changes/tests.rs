use super::*;

#[test]
fn of_a_long_value_the_difference_is_shown() {
    let value = |word: &str| Some(format!("{} {word} at the end of it", "the same words ".repeat(9).trim()));
    let change = Change { field: "prompt".into(), old: value("red"), new: value("blue") };
    assert_eq!(
        change_line(&change),
        "prompt: \"…the same words red at the end of it\" → \"…the same words blue at the end of it\""
    );
    let change = Change { field: "size".into(), old: None, new: Some("1280x720".into()) };
    assert_eq!(change_line(&change), "size: not set → \"1280x720\"");
}
