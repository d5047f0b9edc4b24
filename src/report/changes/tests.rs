use super::*;

#[test]
fn of_a_long_value_the_difference_is_shown() {
    let value = |word: &str| Some(format!("{} {word} at the end of it", "the same words ".repeat(9).trim()));
    let change = Change {
        field: "prompt".into(),
        old: value("red"),
        new: value("blue"),
        pictures: Pictures::default(),
    };
    assert_eq!(
        change_line(&change),
        "prompt: \"…the same words red at the end of it\" → \"…the same words blue at the end of it\""
    );
    let pictures = Pictures::default();
    let change = Change { field: "size".into(), old: None, new: Some("1280x720".into()), pictures };
    assert_eq!(change_line(&change), "size: not set → \"1280x720\"");
}

#[test]
fn a_picture_is_shown_by_its_name() {
    let hash = |digit: &str| Some(format!("{{\"sha256\":\"{}\"}}", digit.repeat(64)));
    let line = |old: Option<&str>, new: Option<&str>, was: Option<String>| {
        let pictures = Pictures { old: old.map(str::to_owned), new: new.map(str::to_owned) };
        change_line(&Change { field: "image".into(), old: was, new: hash("2"), pictures })
    };
    assert_eq!(
        [
            line(Some("mugs/red.png"), Some("mugs/red.png"), hash("1")),
            line(Some("mugs/red.png"), Some("mugs/blue.png"), hash("1")),
            line(None, Some("mugs/red.png"), hash("1")),
            line(None, Some("mugs/red.png"), None),
        ],
        [
            "image: \"mugs/red.png\", whose content changed",
            "image: \"mugs/red.png\" → \"mugs/blue.png\"",
            "image: \"mugs/red.png\", another picture than before",
            "image: not set → \"mugs/red.png\"",
        ]
    );
}
