//! Messages for wrong manifests and sheets: every whole output is a snapshot.

use shotlist::domain::problem::{Place, Problem, grouped};
use shotlist::{catalog, manifest, report};
use std::path::{Path, PathBuf};

/// The fixtures of a folder, by name.
fn fixtures(folder: &str) -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/manifest").join(folder);
    let entries = std::fs::read_dir(folder).expect("the folder of fixtures");
    let mut found: Vec<(String, PathBuf)> = entries
        .map(|entry| entry.expect("an entry of the folder"))
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
        .collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

fn shown(problems: Vec<Problem>) -> String {
    report::problems::render(&grouped(problems), false, 100, usize::MAX)
}

#[test]
fn bad_manifests_are_explained_with_line_caret_and_hint() {
    for (name, path) in fixtures("bad") {
        let (manifest, problems) = manifest::read(&name, &std::fs::read(path).unwrap());
        assert!(manifest.is_none(), "{name}");
        insta::assert_snapshot!(format!("bad_manifest__{name}"), shown(problems));
    }
}

#[test]
fn bad_sheets_are_explained_with_row_and_column() {
    for (name, path) in fixtures("bad_sheets") {
        let file = std::fs::File::open(path).unwrap();
        let problems = catalog::read(&name, file, &catalog::Reading::default()).problems;
        assert!(!problems.is_empty(), "{name}");
        insta::assert_snapshot!(format!("bad_sheet__{name}"), shown(problems));
    }
}

#[test]
fn good_manifests_have_no_problems() {
    for (name, path) in fixtures("good") {
        let (manifest, problems) = manifest::read(&name, &std::fs::read(path).unwrap());
        assert_eq!(shown(problems), "", "{name}");
        assert!(manifest.is_some(), "{name}");
    }
}

#[test]
fn what_is_in_no_file_and_beyond_a_long_line_is_shown_without_a_line() {
    let nowhere = Problem::warning(Place::Nowhere, "ZAI_API_KEY ends in a line break").hint("remove it");
    let place =
        Place::Text { file: "m.yaml".into(), line: 2, column: 5000, text: "items: […".into(), width: 3 };
    let beyond = Problem::error(place, "the id `a` is there twice");
    let file = Problem::error(Place::File("m.yaml".into()), "`shots` is missing").note("a note");
    insta::assert_snapshot!(report::problems::render(&[nowhere, beyond, file], false, 80, usize::MAX));
}

#[test]
fn what_users_and_providers_write_cannot_move_the_cursor() {
    let place = Place::Text {
        file: "m\u{1b}[2J.yaml".into(),
        line: 1,
        column: 3,
        text: "a\u{1b}b\u{202e}c\td".into(),
        width: 3,
    };
    let hostile = "x\u{1b}]52;c;aGk=\u{7}\u{9b}31m\r\n\u{2028}y";
    let mut problem = Problem::error(place, hostile).label(hostile).hint(hostile).note(hostile);
    problem.examples = vec![hostile.into()];
    let row = Place::Row { file: hostile.into(), row: 3, column: Some(hostile.into()) };
    let shown = report::problems::render(&[problem, Problem::error(row, hostile)], false, 100, usize::MAX);
    let raw: Vec<char> =
        shown.chars().filter(|character| character.is_control() && *character != '\n').collect();
    assert!(raw.is_empty(), "{raw:?}");
    insta::assert_snapshot!(shown);
}

#[test]
fn colour_is_added_only_when_asked_for() {
    let problem = Problem::error(Place::File("m.yaml".into()), "`shots` is missing").hint("write them");
    let plain = report::problems::render(std::slice::from_ref(&problem), false, 80, usize::MAX);
    let colored = report::problems::render(&[problem], true, 80, usize::MAX);
    assert!(!plain.contains('\u{1b}') && colored.contains('\u{1b}'));
}

#[test]
fn programs_get_problems_under_stable_names() {
    let (_, problems) = manifest::read("m.yaml", b"version: 1\nitems: { form: x }\n");
    let sheet = Place::Row { file: "p.csv".into(), row: 14, column: Some("image".into()) };
    let mut row = Problem::warning(sheet, "the cell is empty");
    row.examples = vec!["item abus-varedo-47 (sheet row 14)".into()];
    let all: Vec<_> = problems.iter().chain([&row]).map(report::problems::json).collect();
    insta::assert_json_snapshot!(all);
}

#[test]
fn on_a_narrow_terminal_messages_are_broken_between_words() {
    let place = Place::File("shop.yaml".into());
    let problem = Problem::error(
        place,
        "the manifest cannot be read: there is no file of this name in the folder",
    )
    .hint("write the path of an existing file, relative to this folder, or let `shotlist init` write one");
    let shown = report::problems::render(&[problem], false, 60, 60);
    assert!(shown.lines().all(|line| line.len() <= 60), "{shown}");
    insta::assert_snapshot!(shown, @"
    error: the manifest cannot be read: there is no file
           of this name in the folder
    --> shop.yaml
     = help: write the path of an existing file, relative
             to this folder, or let `shotlist init` write
             one
    ");
}
