//! A night on which nothing changed sends nothing, and is told as any other.

use super::faults::refused;
use crate::snapshot::assert_whole;
use crate::support::{KEY_VARIABLE, Project, SHOP, sheet};
use serde_json::json;
use std::fs::File;

/// A shop whose clips are all there.
fn rendered() -> Project {
    let project = Project::shop(3);
    project.run(&["run", "--yes"]).expect(0);
    project
}

#[test]
fn a_night_without_changes_sends_nothing_and_leaves_no_row_changed() {
    let project = rendered();
    let changes = |project: &Project| {
        let db = rusqlite::Connection::open(project.path(".shotlist/state.db")).unwrap();
        let jobs = "SELECT group_concat(priority || wanted || fingerprint || path || filed_path) FROM jobs";
        db.query_row(jobs, [], |row| row.get::<_, String>(0)).unwrap()
    };
    let before = changes(&project);
    assert_whole!(project.run(&["run"]).expect(0));
    assert_whole!(project.run(&["plan", "--detailed-exitcode"]).expect(0));
    assert_eq!(changes(&project), before);
    assert_eq!(project.requests().len(), 3);
}

#[test]
fn a_wish_that_waits_is_carried_out() {
    let project = rendered();
    project.run(&["pause"]).expect(0);
    assert_whole!(project.run(&["run"]).expect(0));
    project.run(&["redo", "hero/sku-1", "--yes"]).expect(5);
    project.run(&["resume"]).expect(0);
    project.run(&["plan", "--detailed-exitcode"]).expect(6);
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_eq!(project.charges().len(), 4);
    assert_whole!(project.run(&["run"]).expect(0));
}

#[test]
fn what_failed_or_is_no_longer_wanted_is_told_each_night() {
    let project = Project::shop_with_faults(3, json!([refused(400, "1301", "sensitive")]));
    project.run(&["run", "--yes"]).expect(3);

    let project = rendered();
    project.write("products.csv", sheet(2));
    for _ in 0..2 {
        assert_whole!(project.run(&["run"]).expect(0));
    }
    project.run(&["prune", "--yes"]).expect(0);
    assert_whole!(project.run(&["run"]).expect(0));
}

#[test]
fn without_its_key_a_provider_is_missed_on_such_a_night_too() {
    let project = rendered();
    let mut command = project.command(&["run"]);
    command.env_remove(KEY_VARIABLE);
    assert_whole!(project.start_as(command).wait().expect(10));
}

#[test]
fn rows_on_standard_input_are_made_into_jobs_each_time() {
    let project = Project::shop(3);
    project.manifest(&SHOP.replace("products.csv", "\"-\""));
    let run = |rows: &str, code| {
        project.write("piped.csv", rows);
        let mut command = project.command(&["run", "--yes"]);
        command.stdin(File::open(project.path("piped.csv")).unwrap());
        project.start_as(command).wait().expect(code)
    };
    run(&sheet(3), 0);
    assert_whole!(run(&sheet(3), 0));
    run(&sheet(4), 0);
    assert_eq!(project.charges().len(), 4);
}

#[test]
fn clips_in_another_folder_are_missed_on_such_a_night_too() {
    let project = rendered();
    assert_whole!(project.run(&["run", "--out", "elsewhere"]).expect(2));
}
