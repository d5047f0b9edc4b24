use super::*;

#[test]
fn s16_no_cell_begins_like_a_formula() {
    for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "  =HYPERLINK(\"x\")", "＝1", "＋1", "－1", "＠x", "\n=1"]
    {
        let cell = text(formula);
        assert!(cell.starts_with('\''), "{formula:?} became {cell:?}");
    }
    // These characters are shown as escapes, so that no cell begins with one.
    assert_eq!((text("\t=1").as_str(), text("\r=1").as_str()), ("\\t=1", "\\r=1"));
    for plain in ["", "sku-1", "a=1", "12\" vase"] {
        assert_eq!(text(plain), plain);
    }
}

#[test]
fn a_cell_keeps_line_breaks_and_shows_what_moves_a_cursor() {
    assert_eq!(text("two\r\nlines"), "two\nlines");
    assert_eq!(text("a\u{1b}[2Jb\u{202e}c"), "a\\u{1b}[2Jb\\u{202e}c");
}
