//! Paid clips are fetched, however long ago they were paid and whatever else is in the way.

use crate::snapshot::assert_whole;
use crate::support::Project;
use serde_json::json;
use std::fs;

/// Every product has a folder of its own.
const FOLDERS: (&str, &str) =
    ("renders/{{ item.id }}_{{ shot }}.mp4", "renders/{{ item.id }}/{{ shot }}.mp4");

/// A run that was killed with all of its tasks accepted, and none fetched.
fn all_running(rows: usize) -> Project {
    let project = Project::shop(rows);
    project.edit("shotlist.yaml", FOLDERS.0, FOLDERS.1);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    crate::support::until("all tasks run", || project.takes("running") == rows as u64);
    run.kill();
    project.clear_faults();
    project
}

#[test]
fn p28_a_task_that_was_paid_hours_ago_is_still_asked_for() {
    let project = all_running(3);
    let database = rusqlite::Connection::open(project.path(".shotlist/state.db")).unwrap();
    // As if they had been paid a hundred years ago: far longer than a run waits for a task.
    let aged = database
        .execute_batch("UPDATE takes SET data = replace(data, '\"accepted\":\"20', '\"accepted\":\"19') WHERE state = 'running'");
    aged.unwrap();
    drop(database);
    project.run(&["collect"]).expect(0);
    assert_eq!((project.takes("done"), project.requests().len()), (3, 3));
}

#[test]
fn d20_a_folder_that_cannot_be_used_keeps_only_its_own_clip_waiting() {
    let project = all_running(3);
    let elsewhere = project.path("elsewhere");
    fs::create_dir_all(project.path("renders")).unwrap();
    fs::create_dir(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, project.path("renders/sku-2")).unwrap();
    assert_whole!(project.run(&["collect"]).expect(9));
    assert_eq!(project.takes("done"), 2);

    fs::remove_file(project.path("renders/sku-2")).unwrap();
    project.run(&["collect"]).expect(0);
    assert_eq!((project.takes("done"), project.requests().len()), (3, 3));
    assert_eq!(fs::read_dir(elsewhere).unwrap().count(), 0);
}

#[test]
fn when_no_folder_can_be_used_nothing_more_is_paid() {
    let project = Project::shop(60);
    project.edit("shotlist.yaml", FOLDERS.0, FOLDERS.1);
    let run = project.start(&["run", "--yes"]);
    crate::support::until("a clip is there", || !project.clips().is_empty());
    // The disk with the clips is mounted read-only.
    fs::rename(project.path("renders"), project.path("elsewhere")).unwrap();
    fs::File::create(project.path("renders")).unwrap();
    run.wait().expect(9);
    assert!(project.requests().len() < 60, "it stopped paying");

    fs::remove_file(project.path("renders")).unwrap();
    fs::rename(project.path("elsewhere"), project.path("renders")).unwrap();
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.takes("done"), project.charges().len()), (60, 60));
}

#[test]
fn what_keeps_new_work_from_being_sent_does_not_keep_what_is_paid() {
    let project = all_running(2);
    project.edit("products.csv", "sku-2,mug number 2", "sku-2,mug number 2\nsku-3,mug number 3");
    project.write("renders/sku-3/hero.mp4", "not ours");
    assert_whole!(project.run(&["run", "--yes"]).expect(4));
    assert_eq!((project.takes("done"), project.requests().len()), (2, 2));
}

#[test]
fn a_failed_job_is_not_paid_again_while_its_name_is_taken() {
    let project = Project::shop_with_faults(2, json!([super::faults::refused(400, "1301", "sensitive")]));
    project.run(&["run", "--yes"]).expect(3);
    project.clear_faults();
    project.write("renders/sku-1_hero.mp4", "not ours");
    let sent = project.requests().len();
    assert_whole!(project.run(&["retry", "--include-permanent", "--yes"]).expect(4));
    assert_eq!(project.requests().len(), sent);
}

#[test]
fn what_others_left_behind_does_not_hide_what_is_to_be_sent() {
    let project = Project::shop(100);
    project.fault(json!([super::faults::refused(400, "1301", "sensitive")]));
    project.run(&["run", "--yes", "--only", "sku-100"]).expect(3);
    project.clear_faults();
    let mut interrupted = project.command(&["run", "--yes"]);
    interrupted.env("SHOTLIST_CRASH_AT", "submit.before_intent");
    project.start_as(interrupted).wait();
    assert_eq!(project.takes("pending"), 99);

    assert_whole!(project.run(&["retry", "--include-permanent", "--yes"]).expect(0));
    assert_eq!(project.charges().len(), 1);
}

#[test]
fn p42_a_row_that_is_deleted_while_its_clip_is_on_its_way_is_collected_and_told() {
    let project = all_running(2);
    project.write("products.csv", "id,title\nsku-1,mug number 1\n");
    let ended = project.run(&["run", "--yes", "--accept-changes"]).expect(0);
    assert_eq!(
        (project.requests().len(), project.charges().len(), project.takes("done")),
        (2, 2, 2),
        "{ended}"
    );
    assert_eq!(project.clips().len(), 2);
    assert_whole!(project.run(&["plan"]).expect(0));
}

#[test]
fn p40_a_job_that_changed_while_its_clip_was_on_its_way_is_not_called_done() {
    let project = all_running(2);
    project.edit("products.csv", "mug number 2", "red mug");
    assert_whole!(project.run(&["run", "--yes"]).expect(5));
    assert_eq!(project.requests().len(), 2);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.requests().len(), 3);
    assert_eq!(project.requests()[2].body["prompt"], "A slow turn around red mug");
}
