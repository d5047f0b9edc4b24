use super::*;

#[test]
fn text_of_others_cannot_move_the_cursor_whatever_its_length() {
    let text = format!("{} \x1b[2J {}", "a b ".repeat(100), "é ".repeat(200));
    let shown = printable(&text);
    assert!(!shown.contains('\x1b') && shown.contains("\\u{1b}[2J"), "{shown}");
    assert_eq!(shown.replace("\\u{1b}", "\x1b"), text);
}
