use super::*;

fn rows(texts: &[&str]) -> Vec<Row> {
    let row = |(at, text): (usize, &&str)| Row { number: at as u64 + 2, cells: vec![(*text).to_owned()] };
    texts.iter().enumerate().map(row).collect()
}

#[test]
fn a_formula_that_is_a_text_is_that_text() {
    assert_eq!(opened("=\"00123\""), Some("00123"));
    assert_eq!(opened(" =\"\" "), Some(""));
    for other in ["00123", "=A1", "=\"a\"&\"b\"", "\"a\"", "=\""] {
        assert_eq!(opened(other), None, "{other}");
    }
}

#[test]
fn an_apostrophe_is_hidden_only_where_the_whole_column_has_it() {
    for (texts, expected) in [
        (vec!["'001"], true),
        (vec!["'001", "", "'002"], true),
        (vec!["'001", "002"], false),
        (vec!["'t Lampje"], false),
        (vec!["'A1", "'A2", "'A3"], true),
        (vec!["'a'", "'b'", "'c'"], false),
        (vec!["", ""], false),
    ] {
        let rows = rows(&texts);
        let mut guards = Guards::default();
        guards.look(&rows.iter(), 1);
        assert_eq!(guards.covered.contains(&0), expected, "{texts:?}");
    }
    let mut guards = Guards::default();
    let mut found = rows(&["'001"]);
    guards.look(&found.iter(), 1);
    guards.uncover(&mut found[0]);
    assert_eq!(found[0].cells, ["001"]);
}
