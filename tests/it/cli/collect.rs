//! Paid clips are collected, whatever has become of the input; nothing is ever sent.

use crate::snapshot::assert_whole;
use crate::support::{KEY_VARIABLE, Project, SHOP, sheet, until};
use serde_json::json;
use shotlist::sandbox::Limits;
use std::fs;
use std::os::unix::fs::symlink;

/// A run that was killed with all of its tasks accepted, and none fetched.
fn all_running(rows: usize, manifest: &str, jobs: u64) -> Project {
    let mut project = Project::empty(|options| options.limits = Limits::Unlimited);
    project.limits = project.limits.replace("{ ", "{ concurrency: 40, ");
    project.write("products.csv", sheet(rows));
    project.manifest(manifest);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("all tasks run", || project.takes("running") == jobs);
    run.kill();
    project.clear_faults();
    project
}

#[test]
fn p06_forty_tasks_in_flight_when_the_power_failed_come_home_without_a_submission() {
    let project = all_running(40, SHOP, 40);
    let before = project.sandbox().stats().submits;
    project.run(&["collect"]).expect(0);
    assert_eq!((project.clips().len(), project.sandbox().stats().submits), (40, before));
    assert_whole!(project.run(&["collect"]).expect(0));
    assert_eq!(project.sandbox().stats().submits, 40);
}

#[test]
fn a_collection_that_finds_only_open_decisions_says_so_and_does_not_count_as_done() {
    let project = Project::shop_with_faults(1, json!([{ "on": "submit", "do": "reset_after_accept" }]));
    project.run(&["run", "--yes"]).expect(7);
    assert_whole!(project.run(&["collect"]).expect(7));
    project.run(&["resolve", "hero/sku-1", "--write-off"]).expect(0);
    assert_whole!(project.run(&["collect"]).expect(0));
}

#[test]
fn a_collection_counts_missing_and_altered_clips_as_a_run_does() {
    let project = Project::shop(3);
    project.run(&["run", "--limit", "2", "--yes"]).expect(0);
    project.write("renders/sku-1_hero.mp4", "edited");
    std::fs::remove_file(project.path("renders/sku-1_hero.mp4.json")).unwrap();
    assert_whole!(project.run(&["collect"]).expect(3));
    std::fs::remove_file(project.path("renders/sku-2_hero.mp4")).unwrap();
    let told = project.run(&["collect", "--json"]).expect(3).lines();
    assert_eq!(told[0]["why"], "nothing to collect; 1 clip is missing; 1 clip is altered");

    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("the third task runs", || project.takes("running") == 1);
    run.kill();
    project.clear_faults();
    assert_whole!(project.run(&["collect"]).expect(3));
    let summary = project.run(&["run", "--yes", "--json"]).expect(3).lines().pop().unwrap();
    assert_eq!(
        [&summary["buckets"]["done"], &summary["buckets"]["missing"], &summary["buckets"]["altered"]],
        [1, 1, 1]
    );
    project.run(&["dismiss", "hero/sku-2"]).expect(0);
    project.run(&["verify", "--repair", "--replace-altered"]).expect(5);
    project.run(&["collect"]).expect(0);
    project.run(&["run", "--yes"]).expect(0);
}

#[test]
fn a_broken_manifest_a_missing_sheet_and_a_model_that_is_gone_keep_nothing_from_coming_home() {
    let project = all_running(3, SHOP, 3);
    std::fs::remove_file(project.path("products.csv")).unwrap();
    project.edit("shotlist.yaml", "    prompt:", "    promt:");
    let database = rusqlite::Connection::open(project.path(".shotlist/state.db")).unwrap();
    let renamed = database.execute_batch(
        "UPDATE takes SET model = 'vidu-old', request = replace(request, 'zai/viduq1-text', 'zai/vidu-old')",
    );
    renamed.unwrap();
    drop(database);
    project.run(&["collect"]).expect(0);
    assert_eq!((project.clips().len(), project.requests().len()), (3, 3));
}

#[test]
fn a_provider_that_is_not_set_up_any_more_keeps_only_its_own_clips_waiting() {
    let second = "  quick:\n    model: echo/clip\n    prompt: \"{{ item.title }} from above\"\noutput:";
    let project = all_running(2, &SHOP.replace("output:", second), 4);
    let manifest = std::fs::read_to_string(project.path("shotlist.yaml")).unwrap();
    let without: Vec<&str> = manifest.lines().filter(|line| !line.starts_with("  zai:")).collect();
    project.write("shotlist.yaml", without.join("\n"));
    assert_whole!(project.run(&["collect"]).expect(10));
    assert_eq!((project.clips().len(), project.takes("running")), (2, 2));

    project.write("shotlist.yaml", manifest);
    project.run(&["collect"]).expect(0);
    assert_eq!((project.clips().len(), project.requests().len()), (4, 4));
}

#[test]
fn with_no_provider_set_up_nothing_is_tried_and_the_reason_is_said() {
    let project = all_running(1, SHOP, 1);
    let mut collect = project.command(&["collect"]);
    collect.env_remove(KEY_VARIABLE);
    assert_whole!(project.start_as(collect).wait().expect(10));
    assert_eq!(project.takes("running"), 1);
    project.fault(json!([{ "on": "submit", "do": { "status": { "code": 500 } } }]));
    project.run(&["collect"]).expect(0);
    assert_eq!((project.clips().len(), project.requests().len()), (1, 1));
}

#[test]
fn a_saved_clip_that_cannot_be_looked_at_keeps_no_paid_clip_from_its_download() {
    let project = Project::empty(|_| {});
    project.write("products.csv", sheet(2));
    project.manifest(&SHOP.replace("{{ item.id }}_{{ shot }}", "{{ item.id }}/{{ shot }}"));
    project.run(&["run", "--yes"]).expect(0);
    fs::remove_file(project.path("renders/sku-2/hero.mp4")).unwrap();
    project.run(&["verify", "--repair"]).expect(5);
    fs::rename(project.path("renders/sku-1"), project.path("elsewhere")).unwrap();
    symlink("sku-1", project.path("renders/sku-1")).unwrap();
    let ended = project.run(&["collect"]).expect(9);
    assert!(ended.err.contains("could not be read"), "{ended}");
    assert!(project.path("renders/sku-2/hero.mp4").exists(), "{ended}");
}
