//! The newest take of the present request decides about a job in every view, also while the job has a clip.

use crate::snapshot::assert_whole;
use crate::support::{Project, SHOP};
use serde_json::{Value, json};
use std::fs;

fn failing(charged: bool) -> Value {
    json!([{ "on": "submit", "times": 1, "do": { "fail": { "charged": charged } } }])
}

fn lost() -> Value {
    json!([{ "on": "submit", "times": 1, "do": "reset_after_accept" }])
}

/// Makes a shop with two products whose first request ended in the way of `rules`, whose edited request was rendered,
/// and whose edit was taken back.
fn edited_there_and_back(rules: Value, code: i32) -> Project {
    let project = Project::shop_with_faults(2, rules);
    project.run(&["run", "--yes", "--limit", "1"]).expect(code);
    project.clear_faults();
    if code == 7 {
        project.run(&["resolve", "--all", "--write-off"]).expect(0);
    }
    project.edit("products.csv", "mug number 1", "red mug");
    project.run(&["run", "--yes"]).expect(0);
    project.edit("products.csv", "red mug", "mug number 1");
    project
}

#[test]
fn a_failure_whose_edit_was_taken_back_is_told_and_retried() {
    let project = edited_there_and_back(failing(false), 3);
    // Before `run` records that the edit was taken back, `retry` knows it from the plan.
    let asked = project.run(&["retry", "--charged"]).expect(2);
    assert!(asked.err.contains("hero/sku-1"), "{asked}");
    assert_whole!(project.run(&["run", "--yes"]).expect(3));
    let shown = project.run(&["show", "hero/sku-1"]).expect(0);
    assert!(shown.out.contains("try again"), "{shown}");
    project.run(&["dismiss", "sku-1"]).expect(0);
    project.run(&["run", "--yes"]).expect(0);
    project.run(&["dismiss", "sku-1", "--undo"]).expect(0);
    project.run(&["run", "--yes"]).expect(3);
    assert_whole!(project.run(&["redo", "sku-1", "--yes"]).expect(2));
    project.run(&["retry", "--charged", "--yes"]).expect(0);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.requests().len(), 4);
}

#[test]
fn a_written_off_request_whose_edit_was_taken_back_is_told_and_retried() {
    let project = edited_there_and_back(lost(), 7);
    project.run(&["run", "--yes"]).expect(3);
    project.run(&["retry", "--yes"]).expect(0);
    assert_eq!(project.requests().len(), 3);
    project.run(&["retry", "--written-off", "--yes"]).expect(0);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.requests().len(), 4);
}

#[test]
fn a_clip_that_is_kept_on_purpose_hides_the_failure_of_the_present_request() {
    let project = edited_there_and_back(failing(false), 3);
    project.edit("shotlist.yaml", "providers:", "defaults: { on_change: keep }\nproviders:");
    let ended = project.run(&["run", "--yes"]).expect(0);
    assert!(ended.err.contains("1 clip kept although the input changed"), "{ended}");
    let nothing = project.run(&["retry", "--charged", "--yes"]).expect(0);
    assert!(nothing.err.contains("nothing to retry"), "{nothing}");
}

#[test]
fn a_failed_redo_is_told_everywhere_and_retried_until_its_clip_is_approved() {
    let project = Project::shop(2);
    project.run(&["run", "--yes"]).expect(0);
    project.fault(failing(false));
    assert_whole!(project.run(&["redo", "sku-1", "--yes"]).expect(3));
    project.clear_faults();
    project.run(&["run", "--yes"]).expect(3);
    assert_whole!(project.run(&["plan"]).expect(0));
    assert_whole!(project.run(&["jobs", "--state", "failed"]).expect(0));
    assert_whole!(project.run(&["report", "--markdown"]).expect(0));
    project.run(&["approve", "sku-1"]).expect(0);
    project.run(&["run", "--yes"]).expect(0);
    project.fault(failing(false));
    project.run(&["redo", "sku-1", "--yes"]).expect(3);
    project.clear_faults();
    project.run(&["retry", "--charged", "--yes"]).expect(0);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.requests().len(), 5);
}

#[test]
fn a_redo_in_doubt_is_told_everywhere_and_blocks_another_one_for_that_reason() {
    let project = Project::shop(2);
    project.run(&["run", "--yes"]).expect(0);
    project.fault(lost());
    project.run(&["redo", "sku-1", "--yes"]).expect(7);
    project.clear_faults();
    let jobs = project.run(&["jobs", "--state", "held", "--json"]).expect(0).json();
    assert_eq!((&jobs["selected"], &jobs["jobs"][0]["open_redo"]), (&json!(1), &json!("held")), "{jobs}");
    project.run(&["reject", "sku-1", "--reason", "flicker", "--redo"]).expect(0);
    assert_whole!(project.run(&["plan"]).expect(0));
    project.run(&["resolve", "sku-1", "--write-off"]).expect(0);
    // The rejected clip gets the redo that was queued.
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    assert_eq!(plan["to_render"], 1, "{plan}");
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.requests().len(), 4);
}

#[test]
fn a_redo_that_was_written_off_leaves_the_clip_and_asks_for_nothing() {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    project.fault(lost());
    project.run(&["redo", "sku-1", "--yes"]).expect(7);
    project.clear_faults();
    project.run(&["resolve", "sku-1", "--write-off"]).expect(0);
    project.run(&["run", "--yes"]).expect(0);
    let shown = project.run(&["show", "sku-1"]).expect(0);
    assert!(shown.out.contains("the job keeps its earlier clip"), "{shown}");
    assert!(!shown.out.contains("--written-off"), "{shown}");
}

#[test]
fn a_queued_redo_of_a_kept_clip_is_told_with_its_reason() {
    let project = Project::shop(2);
    project.edit("shotlist.yaml", "providers:", "defaults: { on_change: keep }\nproviders:");
    project.run(&["run", "--yes"]).expect(0);
    project.edit("products.csv", "mug number 1", "red mug");
    project.run(&["run", "--yes"]).expect(0);
    project.run(&["reject", "sku-1", "--reason", "flicker", "--redo"]).expect(0);
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
}

#[test]
fn a_queued_redo_of_a_clip_that_is_fetched_again_is_work_that_remains() {
    let project = Project::shop(2);
    project.manifest(&format!("{SHOP}on_missing: fetch\n"));
    project.run(&["run", "--yes"]).expect(0);
    fs::remove_file(project.path("renders/sku-1_hero.mp4")).unwrap();
    project.run(&["pause"]).expect(0);
    project.run(&["redo", "sku-1", "--yes"]).expect(5);
    project.run(&["resume"]).expect(0);
    assert_whole!(project.run(&["run", "--yes"]).expect(5));
    assert_eq!(project.requests().len(), 2);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.requests().len(), project.clips().len()), (3, 3));
}

#[test]
fn an_altered_clip_whose_input_changed_is_told_by_the_plan_as_by_the_run() {
    let project = Project::shop(2);
    project.run(&["run", "--yes"]).expect(0);
    let clip = project.path("renders/sku-1_hero.mp4");
    fs::remove_file(project.path("renders/sku-1_hero.mp4.json")).unwrap();
    let bytes = [fs::read(&clip).unwrap(), b"music".to_vec()].concat();
    project.write("renders/sku-1_hero.mp4", bytes);
    project.edit("products.csv", "mug number 1", "red mug");
    assert_whole!(project.run(&["plan", "--out", "p.json"]).expect(4));
    assert!(!project.path("p.json").exists());
    assert_whole!(project.run(&["run", "--yes"]).expect(4));
    assert_whole!(project.run(&["redo", "sku-2", "--yes"]).expect(0));
    project.run(&["verify", "--repair", "--replace-altered"]).expect(5);
    project.run(&["run", "--yes"]).expect(5);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.requests().len(), 4);
}

#[test]
fn a_missing_clip_is_told_by_the_first_run_after_its_project_was_renamed() {
    let project = Project::shop(2);
    project.manifest(&SHOP.replace("project: shop", "project: spring"));
    project.run(&["run", "--yes"]).expect(0);
    fs::remove_file(project.path("renders/sku-1_hero.mp4")).unwrap();
    project.manifest(&SHOP.replace("project: shop", "project: summer"));
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    assert_eq!(plan["buckets"]["missing"], 1, "{plan}");
    assert_whole!(project.run(&["run", "--yes"]).expect(3));
    project.run(&["run", "--yes"]).expect(3);
    assert_eq!(project.requests().len(), 2);
}

#[test]
fn a_review_of_a_shared_clip_queues_a_redo_for_the_named_job_only() {
    let project = Project::shop(0);
    project.write("products.csv", "id,title\na,pot\nb,pot\n");
    project.run(&["run", "--yes"]).expect(0);
    project.edit("shotlist.yaml", "providers:", "reuse: never\nproviders:");
    let made = project.run(&["reject", "hero/a", "--reason", "flicker", "--redo"]).expect(0);
    let line =
        |job: &str| made.out.lines().chain(made.err.lines()).find(|line| line.starts_with(job)).unwrap();
    assert!(line("hero/a").contains("redo queued"), "{made}");
    assert!(!line("hero/b").contains("redo queued"), "{made}");
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.requests().len(), 2);
    let rejected = project.run(&["jobs", "--decision", "rejected", "--json"]).expect(0).json();
    assert_eq!(rejected["jobs"][0]["job"], "hero/b", "{rejected}");
}
