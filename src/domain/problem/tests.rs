use super::*;

#[test]
fn strikes_of_one_cause_become_one_problem_with_a_count_and_three_examples() {
    let strike = |row: u64| {
        let place = Place::Row { file: "p.csv".into(), row, column: Some("image".into()) };
        let mut problem = Problem::error(place, "the picture cell is empty");
        problem.examples = vec![format!("sheet row {row}")];
        problem
    };
    let other = Problem::error(Place::Nowhere, "something else");
    let causes = grouped((2..=9).map(strike).chain([other]).collect());
    assert_eq!(causes.len(), 2);
    assert_eq!(causes[0].count, 8);
    assert_eq!(causes[0].examples, ["sheet row 2", "sheet row 3", "sheet row 4"]);
}

#[test]
fn of_more_causes_than_anybody_reads_the_rest_is_counted() {
    let problem = |at: usize| Problem::warning(Place::Nowhere, format!("cause {at}"));
    let mut problems: Vec<Problem> = (0..CAUSES + 5).chain([3]).map(problem).collect();
    problems.push(Problem::error(Place::Nowhere, "the worst"));
    let causes = grouped(problems);
    assert_eq!((causes.len(), causes[3].count), (CAUSES + 1, 2));
    assert_eq!((causes[CAUSES].count, causes[CAUSES].severity), (6, Severity::Error));
}

#[test]
fn rows_become_stretches_in_whatever_order_they_come() {
    let mut rows = Rows::default();
    rows.extend([9, 3, 5, 4, 4, 20, 8]);
    assert_eq!(rows.stretches(), [(3, 5), (8, 9), (20, 20)]);
    assert!(!rows.has_more());
    rows.extend((0..1000).map(|row| row * 2 + 100));
    assert_eq!(rows.stretches().len(), STRETCHES);
    assert_eq!(rows.stretches()[..4], [(3, 5), (8, 9), (20, 20), (100, 100)]);
    assert!(rows.has_more());
}

#[test]
fn a_typo_is_recognised_and_a_stranger_is_not() {
    let known = ["prompt", "image", "aspect_ratio"];
    assert_eq!(did_you_mean("promt", known), Some("prompt"));
    assert_eq!(did_you_mean("Aspect_Ratoi", known), Some("aspect_ratio"));
    assert_eq!(did_you_mean("zebra", known), None);
    assert_eq!(did_you_mean("zia", ["zai", "vtrix"]), Some("zai"));
}

#[test]
fn each_problem_is_counted_under_the_word_that_is_printed_before_it() {
    let warning = |message: &str| Problem::warning(Place::Nowhere, message);
    let note = |message: &str| Problem { severity: Severity::Note, ..warning(message) };
    let error = Problem::error(Place::Nowhere, "x");
    assert_eq!(Tally::of(&[]).to_string(), "");
    assert_eq!(Tally::of(&[note("a")]).to_string(), "1 note");
    assert_eq!(
        Tally::of(&[note("a"), warning("b"), warning("b"), warning("c")]).to_string(),
        "2 warnings, 1 note"
    );
    assert_eq!(Tally::of(&[error, note("a"), note("b")]).to_string(), "1 error, 2 notes");
}
