//! Jobs that shall stay as they are: failed, written off or missing, and no night alarms for them again.

use crate::snapshot::assert_whole;
use crate::support::Project;
use serde_json::json;
use std::fs;

/// A shop whose only order was refused at no cost, for a job and another one that shares its clip.
fn failed() -> Project {
    let refused = json!({ "http": 400, "code": "1210", "message": "no" });
    let project = Project::shop_with_faults(1, json!([{ "on": "submit", "do": { "error": refused } }]));
    project.write("products.csv", "id,title\nsku-1,mug\nsku-2,mug\n");
    project.run(&["run", "--yes"]).expect(3);
    project
}

#[test]
fn a_failed_job_that_is_dismissed_alarms_no_more_and_neither_do_its_followers() {
    let project = failed();
    assert_whole!(project.run(&["dismiss", "hero/sku-2", "--reason", "discontinued"]).expect(0));
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_whole!(project.run(&["plan"]).expect(0));
    assert_whole!(project.run(&["status"]).expect(0));
    assert_whole!(project.run(&["retry", "--include-permanent", "--yes"]).expect(0));

    project.written_down();
    fs::remove_file(project.path(".shotlist/state.db")).unwrap();
    project.run(&["recover"]).expect(0);
    assert_whole!(project.run(&["run", "--yes"]).expect(0));

    project.run(&["dismiss", "hero/sku-1", "--undo"]).expect(0);
    project.run(&["run", "--yes"]).expect(3);
    project.run(&["dismiss", "hero/sku-1"]).expect(0);
    project.clear_faults();
    let retry = ["retry", "--include-permanent", "--only", "hero/sku-1", "--yes"];
    // The other job had its fate, and gets its clip with the next run.
    project.run(&retry).expect(3);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (1, 2));
}

#[test]
fn a_changed_input_is_wanted_again() {
    let project = failed();
    project.run(&["dismiss", "hero/sku-1"]).expect(0);
    project.clear_faults();
    project.write("products.csv", "id,title\nsku-1,red mug\n");
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.charges().len(), 1);
}

#[test]
fn a_missing_clip_may_be_meant_and_a_finished_one_is_not_dismissed() {
    let project = Project::shop(2);
    project.run(&["run", "--yes"]).expect(0);
    assert_whole!(project.run(&["dismiss", "hero/sku-1"]).expect(2));
    fs::remove_file(project.path("renders/sku-1_hero.mp4")).unwrap();
    project.run(&["run", "--yes"]).expect(3);
    project.run(&["dismiss", "hero/sku-1"]).expect(0);
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
}

#[test]
fn what_was_written_off_is_told_until_it_is_ordered_again_or_dismissed() {
    let project = Project::shop_with_faults(1, json!([{ "on": "submit", "do": "reset_after_accept" }]));
    project.run(&["run", "--yes"]).expect(7);
    assert_whole!(project.run(&["dismiss", "hero/sku-1"]).expect(7));
    project.run(&["resolve", "hero/sku-1", "--write-off"]).expect(0);
    project.clear_faults();
    assert_whole!(project.run(&["run", "--yes"]).expect(3));

    assert_whole!(project.run(&["retry", "--yes"]).expect(0));
    let asked = project.run(&["retry", "--written-off"]).expect(2);
    assert!(asked.err.contains("shotlist retry --written-off --yes"), "{}", asked.err);
    assert_whole!(project.run(&["retry", "--written-off", "--yes"]).expect(0));
    assert_eq!(project.charges().len(), 2);
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
}
