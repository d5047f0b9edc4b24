//! A night on which nothing changed is recognised without looking at a single job, and ends as any other such night.

use super::faults::refused;
use crate::support::{Ended, KEY_VARIABLE, Project, SHOP, sheet};
use serde_json::{Value, json};
use std::fs::{self, File};

/// What the last run left behind.
const RECORD: &str = ".shotlist/shotlist.yaml.unchanged.json";

/// A number of clips that no shop here has: only the record says so.
const FORGED: usize = 77;

/// A shop whose clips are all there.
fn rendered() -> Project {
    let project = Project::shop(3);
    project.run(&["run", "--yes"]).expect(0);
    project
}

fn record(project: &Project) -> Value {
    serde_json::from_slice(&fs::read(project.path(RECORD)).unwrap()).unwrap()
}

/// Makes it visible whether a run believes the record.
fn forge(project: &Project) {
    let mut record = record(project);
    record["jobs"] = FORGED.into();
    project.write(RECORD, record.to_string());
}

/// Whether a run, or a plan, went by the record.
fn is_recognised(ended: &Ended) -> bool {
    ended.err.contains(&format!("{FORGED} clips are up to date"))
        || ended.err.contains(&format!("{FORGED} jobs"))
}

#[test]
fn an_input_that_is_as_it_was_is_recognised_and_everything_is_told_as_if_it_were_not() {
    let project = rendered();
    for arguments in [
        &["run"][..],
        &["run", "--yes", "--max-cost", "5", "--max-time", "1h"],
        &["run", "--json"],
        &["plan"],
        &["plan", "--detailed-exitcode"],
        &["plan", "--json"],
    ] {
        let recognised = project.run(arguments).expect(0);
        fs::remove_file(project.path(RECORD)).unwrap();
        let looked_at = project.run(arguments).expect(0);
        assert_eq!((recognised.out, recognised.err), (looked_at.out, looked_at.err), "{arguments:?}");
        project.run(&["run"]).expect(0).says("nothing to do: 3 clips are up to date");
    }
    forge(&project);
    assert!(is_recognised(&project.run(&["run"]).expect(0)));
    assert!(is_recognised(&project.run(&["plan"]).expect(0)));
    // The same bytes with another time are the same bytes.
    project.write("products.csv", sheet(3));
    assert!(is_recognised(&project.run(&["run"]).expect(0)));
    assert_eq!(project.requests().len(), 3);
    assert_eq!(project.run(&["status", "--json"]).expect(0).json()["states"]["done"]["takes"], 3);
}

#[test]
fn one_changed_byte_is_enough_to_look_at_everything() {
    type Change = fn(&Project);
    let project = rendered();
    let changes: [(&str, Change); 4] = [
        ("a line of the manifest that says nothing", |project| {
            let text = fs::read_to_string(project.path("shotlist.yaml")).unwrap();
            project.write("shotlist.yaml", format!("{text}# the end\n"));
        }),
        ("an unread column", |project| project.write("products.csv", sheet(3).replace('\n', ",x\n"))),
        ("a broken record", |project| project.write(RECORD, "{\"jobs\": 77")),
        ("a record of another kind", |project| project.write(RECORD, "[]")),
    ];
    for (what, change) in changes {
        forge(&project);
        assert!(is_recognised(&project.run(&["run"]).expect(0)), "{what}");
        change(&project);
        assert!(!is_recognised(&project.run(&["plan"]).expect(0)), "{what}");
        project.run(&["run"]).expect(0).says("nothing to do: 3 clips are up to date");
        assert_eq!(record(&project)["jobs"], 3, "{what}");
    }
    forge(&project);
    project.edit("products.csv", "mug number 2", "red mug");
    project.run(&["run", "--yes"]).expect(0).says("done     hero/sku-2");
    assert_eq!(project.requests().len(), 4);
}

#[test]
fn whoever_asks_for_a_part_or_for_more_is_not_answered_from_the_record() {
    let project = rendered();
    forge(&project);
    for arguments in [
        &["run", "--only", "hero/*"][..],
        &["run", "--limit", "1"],
        &["plan", "--limit", "1"],
        &["plan", "--json"],
        &["plan", "--out", "plan.json"],
        &["run", "--plan", "plan.json"],
    ] {
        assert!(!is_recognised(&project.run(arguments).expect(0)), "{arguments:?}");
        forge(&project);
    }
}

#[test]
fn a_wish_that_waits_is_carried_out() {
    let project = rendered();
    forge(&project);
    project.run(&["pause"]).expect(0);
    let paused = project.run(&["run"]).expect(0).says("paused   all providers");
    assert!(!is_recognised(&paused));
    project.run(&["redo", "hero/sku-1", "--yes"]).expect(5);
    project.run(&["resume"]).expect(0);
    assert!(!is_recognised(&project.run(&["plan", "--detailed-exitcode"]).expect(6)));
    project.run(&["run", "--yes"]).expect(0).says("done     hero/sku-1");
    assert_eq!(project.charges().len(), 4);
    project.run(&["run"]).expect(0).says("nothing to do: 3 clips are up to date");
}

#[test]
fn a_picture_that_was_touched_is_looked_at() {
    let project = Project::empty(|_| {});
    project.write("products.csv", "id\nred\n");
    project.manifest(
        &SHOP
            .replace("viduq1-text", "vidu2-image")
            .replace("  prompt", "  image: mug.png\n    prompt")
            .replace("item.title", "item.id"),
    );
    project.write("mug.png", include_bytes!("../../fixtures/mug.png"));
    project.run(&["run", "--yes"]).expect(0);
    // What was written a moment ago cannot be told from what is written in the next one.
    crate::support::until("the picture is old enough to be remembered", || {
        project.run(&["run"]).expect(0);
        project.path(RECORD).exists()
    });
    forge(&project);
    assert!(is_recognised(&project.run(&["run"]).expect(0)));
    let file = File::options().write(true).open(project.path("mug.png")).unwrap();
    file.set_modified(fs::metadata(project.path("mug.png")).unwrap().modified().unwrap()).unwrap();
    assert!(!is_recognised(&project.run(&["run"]).expect(0)));
    fs::remove_file(project.path("mug.png")).unwrap();
    project.run(&["run"]).expect(4).says("mug.png");
}

#[test]
fn what_was_told_of_the_input_is_told_again() {
    let project = Project::shop(3);
    project.manifest(&format!("{SHOP}models: {{ zai/viduq1-text: {{ like: zai/viduq1-text }} }}\n"));
    project.run(&["run", "--yes"]).expect(0).says("`like` is ignored");
    forge(&project);
    let again = project.run(&["run"]).expect(0).says("`like` is ignored").says("remove `like`");
    assert!(is_recognised(&again));
    let lines = project.run(&["run", "--json"]).expect(0).lines();
    assert_eq!(lines[0]["severity"], "warning", "{lines:?}");
    assert_eq!(lines.last().unwrap()["event"], "summary", "{lines:?}");
}

#[test]
fn without_its_key_a_provider_is_missed_in_either_way() {
    let project = rendered();
    forge(&project);
    let mut command = project.command(&["run"]);
    command.env_remove(KEY_VARIABLE);
    project.start_as(command).wait().expect(4).says(KEY_VARIABLE);
}

#[test]
fn what_failed_or_is_no_longer_wanted_is_told_each_night() {
    let project = Project::shop_with_faults(3, json!([refused(400, "1301", "sensitive")]));
    project.run(&["run", "--yes"]).expect(3);
    assert!(!project.path(RECORD).exists());

    let project = rendered();
    project.write("products.csv", sheet(2));
    for _ in 0..2 {
        project.run(&["run"]).expect(0).says("no longer wanted: 1 clip (hero/sku-3)");
    }
    project.run(&["prune", "--yes"]).expect(0);
    project.run(&["run"]).expect(0).says("nothing to do: 2 clips are up to date");
    forge(&project);
    assert!(is_recognised(&project.run(&["run"]).expect(0)));
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
    assert!(!project.path(RECORD).exists());
    run(&sheet(3), 0).says("nothing to do: 3 clips are up to date");
    run(&sheet(4), 0);
    assert_eq!(project.charges().len(), 4);
}

#[test]
fn clips_in_another_folder_are_missed_in_either_way() {
    let project = rendered();
    forge(&project);
    project.run(&["run", "--out", "elsewhere"]).expect(2).says("the clips of this project are in");
}
