use super::*;

fn taken(written: &[&str], items: &[&str]) -> (Vec<String>, Result<Vec<String>, String>) {
    let written: Vec<String> = written.iter().map(|name| (*name).to_owned()).collect();
    let is_name = |name: &str| Ok::<_, Error>(items.contains(&name));
    let names = Names::of(&written, is_name).unwrap();
    let taken = items.iter().filter(|item| names.has(&JobKey::new("hero", **item)));
    let taken = taken.map(|item| (*item).to_owned()).collect();
    (taken, names.warnings().map_err(|error| error.to_string()))
}

#[test]
fn a_name_goes_before_a_pattern_of_the_same_letters() {
    assert_eq!(taken(&["A[1]"], &["A[1]", "A1"]), (vec!["A[1]".to_owned()], Ok(Vec::new())));
    assert_eq!(taken(&["A*"], &["A*", "A1"]).0, ["A*"]);
    assert_eq!(taken(&["hero/A[1]"], &["A[1]", "A1"]).0, ["A1"], "the key is no item");
    assert_eq!(taken(&[], &["a", "b"]).0, ["a", "b"]);
}

#[test]
fn a_pattern_that_takes_something_else_than_it_spells_is_told_and_one_that_takes_nothing_refused() {
    let (jobs, reported) = taken(&["A[1]"], &["A1", "B"]);
    assert_eq!(jobs, ["A1"]);
    assert!(reported.unwrap()[0].contains("no job is called A[1]; as a pattern it matches hero/A1"));
    assert_eq!(taken(&["A*", "{B,C}"], &["A1", "B"]), (vec!["A1".into(), "B".into()], Ok(Vec::new())));
    assert!(taken(&["A*", "C*"], &["A1"]).1.unwrap_err().contains("no job matches --only C*"));
    assert!(taken(&["A"], &["A1"]).1.is_err());
}
