use super::*;

#[track_caller]
fn is(text: &str, expected: char) {
    let found = delimiter(text.as_bytes(), true);
    assert_eq!(found.map(char::from), Some(expected), "{text:?}");
    // A delimiter that is found early never changes.
    for end in 0..text.len() {
        if let Some(early) = delimiter(&text.as_bytes()[..end], false) {
            assert_eq!(char::from(early), expected, "{:?} of {text:?}", &text[..end]);
        }
    }
}

#[test]
fn the_header_and_the_row_below_it_tell_the_delimiter() {
    is("id,title\n1,a\n", ',');
    is("id;title\n1;a\n", ';');
    is("id\ttitle\n1\ta", '\t');
    is("id|title\r\n1|a\r\n", '|');
    is("Name, full;id\nLamp;1\n", ';');
    is("a, x;b, y;c, z\n1;2;3\n", ';');
    is("id;price;weight\n1;2,5;3,5\n", ';');
    is("id,title\n1,a;b;c\n2,d;e;f\n", ',');
    is("id,\"a;b;c\"\n1,\"x\ny;z\"\n", ',');
    is("id;size\n1;12\" stand\n2;24\" stand\n", ';');
}

#[test]
fn a_sheet_of_one_column_or_one_line_has_one_too() {
    is("", ',');
    is("id\n1\n2\n", ',');
    is("id;title", ';');
    is("id,title,image;alt\n", ',');
}

#[test]
fn titles_comments_and_the_line_of_a_spreadsheet_do_not_count() {
    is("Products, all of them\nid;title;image\n1;a;b\n", ';');
    is("# Required, or not, or so, | An id,# Required, | A title\nid\ttitle\n1\ta\n", '\t');
    is("#INFO,Version=1,,,\nid;title;x\n1;a;y\n", ';');
    is("sep=;\r\nid;title,a,b\r\n1;x\r\n", ';');
    is("\"sep=|\"\nid|title\n", '|');
    is("sep=\t\nid\ttitle\n", '\t');
    is("\n\t\u{feff}ID,Name,Type\n1,a,b\n", ',');
}

#[test]
fn rows_of_another_width_do_not_change_the_choice() {
    is("id,title,image\n1,a,b,c\n2,a,b\n3,x;y\n4,x;y", ',');
}
