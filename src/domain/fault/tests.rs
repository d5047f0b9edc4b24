use super::*;

#[test]
fn a_reply_cannot_write_to_the_terminal() {
    let said = Said::text("ok\x1b]52;c;AAAA\x07\nFAKE \u{202e}line");
    assert_eq!(said.text, "ok\\u{1b}]52;c;AAAA\\u{7}\\nFAKE \\u{202e}line");
}

#[test]
fn a_page_of_html_is_cut() {
    assert_eq!(Said::text("x".repeat(5_000)).text.chars().count(), LONGEST_TEXT + 1);
}
