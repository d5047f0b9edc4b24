use super::*;
use crate::domain::problem::Place;

#[test]
fn each_problem_is_counted_under_the_word_that_is_printed_before_it() {
    let warning = |message: &str| Problem::warning(Place::Nowhere, message);
    let note = |message: &str| Problem { severity: Severity::Note, ..warning(message) };
    let error = Problem::error(Place::Nowhere, "x");
    assert_eq!(counts(&[]), "");
    assert_eq!(counts(&[note("a")]), "1 note");
    assert_eq!(counts(&[note("a"), warning("b"), warning("b"), warning("c")]), "2 warnings, 1 note");
    assert_eq!(counts(&[error, note("a"), note("b")]), "1 error, 2 notes");
}
