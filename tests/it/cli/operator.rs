//! Exit codes and next commands for an operator who does not watch: each problem is seen, and each advice leads on.

use crate::support::{Project, SHOP, until};
use serde_json::{Value, json};
use std::fs;

/// The commands that the `next:` lines of an ended program name.
fn next(said: &str) -> Vec<&str> {
    said.lines().filter_map(|line| line.strip_prefix("next: ")).collect()
}

fn lost_answer() -> Value {
    json!([{ "on": "submit", "times": 1, "do": "reset_after_accept" }])
}

#[test]
fn advice_in_a_rehearsal_rehearses() {
    let project = Project::shop(3);
    project.manifest(&format!("{SHOP}guards: {{ max_jobs: 1 }}\n"));
    let plan = project.run(&["plan", "--sandbox"]).expect(0);
    for command in ["shotlist run --accept-changes --sandbox", "shotlist run --plan FILE --sandbox"] {
        assert!(plan.err.contains(&format!("`{command}`")), "{plan}");
    }
    let elsewhere = project.run(&["run", "shotlist.yml", "--out", "disk", "--sandbox"]).expect(4);
    assert_eq!(next(&elsewhere.err), ["shotlist run -f shotlist.yaml --out disk --sandbox"]);
}

#[test]
fn a_folder_of_clips_that_is_away_is_seen_by_every_monitor() {
    let project = Project::shop(2);
    project.run(&["run", "--yes", "--out", "disk"]).expect(0);
    project.run(&["doctor", "--out", "disk"]).expect(0);
    fs::rename(project.path("disk"), project.path("away")).unwrap();
    for words in ["run --yes", "plan", "status", "collect --quiet", "doctor"] {
        let words: Vec<&str> = words.split(' ').chain(["--out", "disk"]).collect();
        // The option of `plan` names the file to write.
        let words = if words[0] == "plan" { &words[..1] } else { &words[..] };
        let ended = project.run(words).expect(9);
        let told = ended.out.clone() + &ended.err;
        assert!(told.contains("the folder of the clips was not found"), "{ended}");
        assert_eq!(next(&ended.err).len(), 1, "{ended}");
        assert!(next(&ended.err)[0].starts_with("shotlist doctor"), "{ended}");
    }
    let status = project.run(&["status", "--json"]).expect(9).json();
    assert!(status["folder_problem"].as_str().unwrap().contains("was not found"), "{status}");
    assert_eq!((&status["exit"], &status["buckets"]["done"]), (&json!(9), &json!(2)));
    fs::rename(project.path("away"), project.path("disk")).unwrap();
    let status = project.run(&["status", "--json"]).expect(0).json();
    assert_eq!((&status["exit"], &status["folder_problem"]), (&json!(0), &Value::Null));
    project.run(&["collect", "--out", "disk"]).expect(0);
}

#[test]
fn clips_that_may_be_moved_away_alarm_no_monitor() {
    let project = Project::shop(1);
    project.manifest(&format!("{SHOP}on_missing: ignore\n"));
    project.run(&["run", "--yes", "--out", "disk"]).expect(0);
    fs::rename(project.path("disk"), project.path("away")).unwrap();
    for command in ["status", "collect"] {
        project.run(&[command, "--out", "disk"]).expect(0);
    }
}

#[test]
fn a_redo_that_was_written_off_alarms_no_night_though_its_clip_is_rejected() {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    project.fault(lost_answer());
    project.run(&["reject", "sku-1", "--reason", "flicker", "--redo"]).expect(0);
    project.run(&["run", "--yes"]).expect(7);
    project.clear_faults();
    project.run(&["resolve", "sku-1", "--write-off"]).expect(0);
    let run = project.run(&["run", "--yes"]).expect(0);
    assert_eq!(next(&run.err), ["shotlist status"], "{run}");
    assert_eq!(project.requests().len(), 2);
}

#[test]
fn a_mistyped_task_is_held_again_at_its_first_poll_and_can_be_corrected() {
    let project = Project::shop_with_faults(1, lost_answer());
    project.run(&["run", "--yes"]).expect(7);
    let task = project.requests()[0].task.clone().unwrap().id;
    project.run(&["resolve", "sku-1", "--task-id", "12345"]).expect(0);
    let collect = project.run(&["collect"]).expect(7);
    assert!(collect.err.contains("shotlist resolve hero/sku-1 --task-id ID"), "{collect}");
    let status = project.run(&["status", "--json"]).expect(0).json();
    assert_eq!(status["held"][0]["reason"], "task_lost");
    assert_eq!(status["held"][0]["charge_in_doubt"], true, "the take is as doubtful as before");
    project.run(&["resolve", "sku-1", "--task-id", &task]).expect(0);
    project.run(&["collect"]).expect(0);
    assert_eq!((project.requests().len(), project.clips().len()), (1, 1));
}

#[test]
fn a_repair_is_not_done_while_a_clip_waits_for_its_download() {
    let project = Project::shop(2);
    project.run(&["run", "--yes"]).expect(0);
    fs::remove_file(project.path("renders/sku-1_hero.mp4")).unwrap();
    for _ in 0..2 {
        let repair = project.run(&["verify", "--repair"]).expect(5);
        assert!(repair.err.contains("1 queued for download"), "{repair}");
        assert_eq!(next(&repair.err), ["shotlist collect"]);
    }
    project.run(&["collect"]).expect(0);
    project.run(&["verify", "--repair"]).expect(0);
    assert_eq!((project.requests().len(), project.clips().len()), (2, 2));
}

#[test]
fn a_time_limit_that_left_nothing_out_stopped_nothing() {
    let project = Project::shop(2);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("both are accepted", || project.takes("running") == 2);
    run.kill();
    let run = project.start(&["run", "--yes", "--max-time", "1ms"]);
    until("the time is over", || project.run(&["status", "--json"]).json()["active"].is_object());
    project.clear_faults();
    let run = run.wait().expect(0);
    assert!(run.err.contains("finished 2 done"), "{run}");
    assert!(!run.err.contains("--max-time"), "{run}");
}

#[test]
fn a_collect_next_to_a_run_names_a_next_command() {
    let project = Project::shop(1);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("it is accepted", || project.takes("running") == 1);
    let collect = project.run(&["collect"]).expect(0);
    assert_eq!(next(&collect.err), ["shotlist status"], "{collect}");
    project.clear_faults();
    run.wait().expect(0);
}
