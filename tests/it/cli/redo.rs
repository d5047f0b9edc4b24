//! Another take of a finished job: a wish that is paid, asked for with its price.

use crate::snapshot::{assert_whole, whole};
use crate::support::{Project, until};
use serde_json::json;

fn rendered(rows: usize) -> Project {
    let project = Project::shop(rows);
    project.run(&["run", "--yes"]).expect(0);
    project
}

#[test]
fn a_finished_job_is_rendered_once_more_and_its_older_clip_is_kept() {
    let project = rendered(3);
    let before = project.clips();
    assert_whole!(project.run(&["redo", "sku-2"]).expect(2));
    assert_eq!(project.requests().len(), 3);

    assert_whole!(project.run(&["redo", "sku-2", "--yes"]).expect(0));
    let after = project.clips();
    assert_eq!((project.charges().len(), after.len()), (4, 4));
    assert_ne!(after["renders/sku-2_hero.mp4"], before["renders/sku-2_hero.mp4"]);
    let kept = after.iter().find(|(name, _)| name.starts_with("renders/_takes/sku-2_hero.")).unwrap();
    assert_eq!(kept.1, &before["renders/sku-2_hero.mp4"]);
    let bodies: Vec<_> = project.requests().iter().map(|request| request.body["prompt"].clone()).collect();
    assert_eq!(bodies.iter().filter(|prompt| **prompt == "A slow turn around mug number 2").count(), 2);
    assert_whole!(project.run(&["run"]).expect(0));
    assert_eq!(project.charges().len(), 4);
}

#[test]
fn a_pattern_takes_what_is_finished_and_passes_over_the_rest() {
    let project = Project::shop(3);
    project.run(&["run", "--yes", "--limit", "2"]).expect(0);
    assert_whole!(project.run(&["redo", "--only", "hero/*", "--max-cost", "0.80"]).expect(0));
    assert_eq!(project.charges().len(), 4);
    assert_whole!(project.run(&["redo", "sku-3", "--yes"]).expect(2));
    project.run(&["redo"]).expect(2);
}

#[test]
fn an_edited_job_is_for_run_and_a_held_one_for_its_owner() {
    let project = Project::shop_with_faults(
        3,
        json!([{ "on": "submit", "when": { "prompt_contains": "number 2" }, "times": 1, "do": "reset_after_accept" }]),
    );
    project.run(&["run", "--yes"]).expect(7);
    project.edit("products.csv", "mug number 1", "red mug");
    let ended = project.run(&["redo", "sku-1", "sku-2", "sku-3", "--yes"]).expect(2);
    insta::assert_snapshot!(whole(&ended));
    assert_eq!(project.requests().len(), 3);
}

#[test]
fn a_take_that_was_ordered_once_more_and_not_sent_is_sent_by_the_next_run() {
    let project = rendered(2);
    project.run(&["pause"]).expect(0);
    assert_whole!(project.run(&["redo", "sku-1", "--yes"]).expect(5));
    assert_whole!(project.run(&["redo", "sku-1", "--yes"]).expect(2));
    project.run(&["resume"]).expect(0);
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    assert_eq!((&plan["to_render"], &plan["total_usd"]), (&json!(1), &json!("0.40")), "{plan}");
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (3, 3));
    // One that is taken off the list leaves everything as it was.
    project.run(&["pause"]).expect(0);
    project.run(&["redo", "sku-2", "--yes"]).expect(5);
    project.run(&["cancel", "sku-2"]).expect(0);
    project.run(&["resume"]).expect(0);
    assert_whole!(project.run(&["run"]).expect(0));
    assert_eq!(project.charges().len(), 3);
}

#[test]
fn a_second_take_that_is_refused_leaves_the_first_clip_and_is_retried_on_request() {
    let project = rendered(1);
    let before = project.clips();
    project.fault(json!([super::faults::refused(400, "1301", "sensitive")]));
    assert_whole!(project.run(&["redo", "sku-1", "--yes"]).expect(3));
    assert_eq!(project.clips(), before);
    assert_whole!(project.run(&["run"]).expect(3));
    assert_whole!(project.run(&["retry", "--include-permanent", "--yes"]).expect(3));
    project.clear_faults();
    project.run(&["redo", "sku-1", "--yes"]).expect(0);
    project.run(&["run"]).expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (2, 2));
}

#[test]
fn a_second_take_that_was_on_its_way_when_the_power_failed_comes_home() {
    let project = rendered(1);
    project.stall();
    let redo = project.start(&["redo", "sku-1", "--yes"]);
    until("its task is known", || project.takes("running") == 1);
    redo.kill();
    assert_whole!(project.run(&["redo", "sku-1", "--yes"]).expect(2));
    project.clear_faults();
    project.run(&["collect"]).expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (2, 2));
    project.run(&["run"]).expect(0);
    assert_eq!(project.charges().len(), 2);
}

#[test]
fn a_redo_that_stops_early_says_that_run_sends_the_rest_and_that_redo_is_charged_again() {
    let mut project = rendered(3);
    project.edit("shotlist.yaml", "limits: { ", "limits: { concurrency: 1, ");
    assert_whole!(project.run(&["redo", "--only", "*", "--yes", "--max-cost", "0.40"]).expect(8));
    assert_eq!(project.charges().len(), 4);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.charges().len(), 6);
    "another-key".clone_into(&mut project.key);
    assert_whole!(project.run(&["redo", "sku-1", "--yes"]).expect(10));
    "test-key".clone_into(&mut project.key);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.charges().len(), 7);
}
