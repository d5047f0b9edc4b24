use super::*;

/// Returns the row, column and `is_escaped` of each cell with text after its closing quote. Checks that the result does
/// not depend on the size of the pieces in which the sheet is scanned.
fn flaws(text: &str) -> Vec<(u64, usize, bool)> {
    let all = |size: usize| {
        let (mut quotes, mut flaws) = (QuoteScanner::new(b','), VecDeque::new());
        text.as_bytes().chunks(size).for_each(|piece| quotes.follow(piece, &mut flaws));
        flaws.into_iter().map(|flaw| (flaw.row, flaw.column, flaw.is_escaped)).collect::<Vec<_>>()
    };
    assert_eq!(all(1), all(text.len()));
    all(1)
}

#[test]
fn text_behind_a_closing_quote_is_found_with_its_cell() {
    assert_eq!(flaws("id,t\n1,\"12\\\" TV stand\"\n2,\"24\" monitor\"\n"), [(2, 1, true), (3, 1, false)]);
    assert_eq!(flaws("\"a\nb\"x,\"c\"d\n"), [(1, 0, false), (1, 1, false)]);
    assert_eq!(flaws("\"a\" \"b\",c\n"), [(1, 0, false)]);
}

#[test]
fn quotes_that_are_right_are_no_flaws() {
    for text in [
        "\"a \"\"b\"\" c\",d\n",
        "12\" stand,24\"\n",
        "\"a\"  ,\"b\"\t\n",
        "\"\",\"\"\"\"\n",
        "\"a\\\\\",b\n",
    ] {
        assert_eq!(flaws(text), [], "{text:?}");
    }
}
