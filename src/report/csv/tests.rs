use super::*;

#[test]
fn no_cell_begins_like_a_formula() {
    for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "  =HYPERLINK(\"x\")", "＝1", "\n=1"] {
        let cell = text(formula);
        assert!(cell.starts_with('\''), "{formula:?} became {cell:?}");
    }
    // A tab is shown as an escape, so that the cell begins with none.
    assert_eq!(text("\t=1"), "\\t=1");
    for plain in ["", "sku-1", "a=1", "12\" vase"] {
        assert_eq!(text(plain), plain);
    }
}

#[test]
fn a_cell_keeps_line_breaks_and_shows_what_moves_a_cursor() {
    assert_eq!(text("two\r\nlines"), "two\nlines");
    assert_eq!(text("a\u{1b}[2Jb\u{202e}c"), "a\\u{1b}[2Jb\\u{202e}c");
}
