use super::*;

fn read(columns: &[(&str, &str)]) -> (Cells, Vec<Problem>) {
    let columns = columns.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    let origin = Place::Row { file: "p.csv".into(), row: 7, column: None };
    let item = Item { id: "mug".into(), columns: columns.collect(), facts: Vec::new(), origin };
    let mut problems = Vec::new();
    let cells = Cells::read(&item, &mut BTreeSet::new(), &mut problems);
    (cells, problems)
}

#[test]
fn a_row_is_left_out_by_each_word_for_yes_and_kept_by_each_word_for_no() {
    for (word, is_skipped) in [("yes", true), (" TRUE ", true), ("1", true), ("X", true)].into_iter().chain([
        ("no", false),
        ("False", false),
        ("0", false),
        ("", false),
        ("  ", false),
    ]) {
        let (cells, problems) = read(&[("shotlist_skip", word)]);
        assert!(problems.is_empty(), "{word}: {problems:?}");
        assert_eq!(cells.is_skipped, is_skipped, "{word}");
    }
    let (cells, problems) = read(&[("shotlist_skip", "maybe")]);
    assert!(!cells.is_skipped);
    assert!(problems[0].is_error());
    assert_eq!(problems[0].label.as_deref(), Some("`maybe`"));
    assert!(problems[0].hint.as_ref().unwrap().contains("yes, true, 1 or x"));
    assert_eq!(
        problems[0].place,
        Place::Row { file: "p.csv".into(), row: 7, column: Some("shotlist_skip".into()) }
    );
}

#[test]
fn headers_are_known_in_any_letters_and_empty_cells_say_nothing() {
    let (cells, problems) = read(&[
        (" Shotlist_Prompt", "{{ not a template }}"),
        ("SHOTLIST_MODEL", " "),
        ("shotlist_seed", "7"),
        ("shotlist_priority", " -3 "),
    ]);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(cells.prompt.unwrap().text, "{{ not a template }}");
    assert!(cells.model.is_none());
    assert_eq!((cells.seed.unwrap().text.as_str(), cells.priority), ("7", -3));
}

#[test]
fn a_priority_is_a_whole_number_and_a_strange_column_is_told_with_the_one_that_was_meant() {
    for text in ["high", "1.5", "1e3"] {
        let (cells, problems) = read(&[("shotlist_priority", text)]);
        assert_eq!((cells.priority, problems[0].is_error()), (0, true), "{text}");
    }
    let (_, problems) = read(&[("shotlist_promt", "x"), ("shotlist_zzz", ""), ("shotlists", "")]);
    let hints: Vec<&str> = problems.iter().filter_map(|problem| problem.hint.as_deref()).collect();
    assert_eq!(hints[0], "did you mean `shotlist_prompt`?");
    assert!(hints[1].starts_with("the columns with settings are: shotlist_prompt, "), "{hints:?}");
    assert_eq!(problems.len(), 2);
    assert!(problems.iter().all(|problem| problem.severity == Severity::Warning));
}
