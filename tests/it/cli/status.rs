//! `status` on one screen: during a run, after it, and with a manifest that cannot be read.

use crate::snapshot::assert_whole;
use crate::support::{Project, until};
use serde_json::json;

#[test]
fn beside_a_run_it_tells_what_is_in_flight_and_for_how_long() {
    let project = Project::shop(3);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("all tasks are known", || project.takes("running") == 3);

    let status = project.run(&["status", "--json"]).expect(0).json();
    let active = &status["last_run"];
    assert_eq!(
        (&active["active"], &active["command"], &active["exit"]),
        (&json!(true), &json!("run"), &json!(null))
    );
    assert_eq!(active["money"]["reserved_usd"], "1.20");
    assert_eq!(status["active"]["pid"], run.id());
    let running = &status["in_flight"]["running"];
    assert_eq!(running["takes"], 3);
    assert!(running["oldest"]["seconds"].is_u64() && running["oldest"]["job"].is_string(), "{running}");
    assert_eq!(status["next"], "shotlist status");

    assert_whole!(project.run(&["status"]).expect(0));
    project.clear_faults();
    run.wait().expect(0);
}

#[test]
fn the_run_of_another_manifest_is_not_taken_for_one_of_this_project() {
    let project = Project::shop(1);
    let manifest = std::fs::read_to_string(project.path("shotlist.yaml")).unwrap();
    let other = manifest.replace("project: shop", "project: other").replace("renders/", "other/");
    project.write("other.yaml", other.replace("A slow turn", "A fast turn"));
    project.stall();
    let interrupted = project.start(&["run", "-f", "other.yaml", "--yes"]);
    until("its task is known", || {
        let status = project.run(&["status", "-f", "other.yaml", "--json"]);
        status.code == 0 && status.json()["states"]["running"]["takes"] == 1
    });
    interrupted.kill();
    let run = project.start(&["run", "--yes"]);
    until("its task is known, too", || project.takes("running") == 1);

    let status = project.run(&["status", "-f", "other.yaml", "--json"]).expect(0).json();
    assert_eq!((&status["last_run"]["active"], &status["last_run"]["number"]), (&json!(false), &json!(1)));
    assert_eq!((&status["active"]["project"], &status["active"]["pid"]), (&json!("shop"), &json!(run.id())));
    assert_whole!(project.run(&["status", "-f", "other.yaml"]).expect(0));
    let own = project.run(&["status", "--json"]).expect(0).json();
    assert_eq!((&own["last_run"]["active"], &own["active"]["project"]), (&json!(true), &json!("shop")));
    project.clear_faults();
    run.wait().expect(0);
}

#[test]
fn the_pace_of_a_run_gives_the_time_that_is_left() {
    let project = Project::shop(4);
    project.fault(json!([{ "on": "poll", "when": { "prompt_contains": "number 4" }, "do": { "unknown_word": { "word": "QUEUED" } } }]));
    let run = project.start(&["run", "--yes"]);
    until("all but one are done", || project.takes("done") == 3);
    let pace = || project.run(&["status", "--json"]).expect(0).json()["pace"].clone();
    until("what the run has learned is saved", || pace()["seconds_left"].is_u64());
    let pace = pace();
    assert_eq!((&pace["done"], &pace["left"]), (&json!(3), &json!(1)));
    assert!(pace["clips_per_minute"].as_f64().unwrap() > 0.0 && pace["seconds_left"].is_u64(), "{pace}");
    assert_whole!(project.run(&["status"]).expect(0));
    project.clear_faults();
    run.wait().expect(0);
}

#[test]
fn after_a_run_it_tells_how_it_ended_what_failed_and_what_is_held() {
    let project = Project::shop_with_faults(
        3,
        json!([
            { "on": "submit", "when": { "prompt_contains": "number 2" }, "times": 1, "do": "reset_after_accept" },
            { "on": "submit", "when": { "prompt_contains": "number 3" },
              "do": { "error": { "http": 400, "code": "1301", "message": "unsafe" } } },
        ]),
    );
    project.run(&["run", "--yes"]).expect(7);
    let status = project.run(&["status", "--json"]).expect(0).json();
    assert_eq!((&status["last_run"]["exit"], &status["last_run"]["active"]), (&json!(7), &json!(false)));
    assert_eq!(
        status["month"],
        json!({ "settled_usd": "0.40", "reserved_usd": "0.00", "in_doubt_usd": "0.40" })
    );
    assert_eq!(status["today"], status["month"]);
    let held = &status["held"][0];
    assert_eq!(
        (&held["job"], &held["reason"], &held["charge_in_doubt"]),
        (&json!("hero/sku-2"), &json!("ambiguous_submit"), &json!(true))
    );
    let failed = &status["failed"][0];
    assert_eq!(
        (&failed["job"], &failed["reason"], &failed["charged"]),
        (&json!("hero/sku-3"), &json!("policy"), &json!("no"))
    );
    assert_eq!(status["pace"], json!(null));

    assert_whole!(project.run(&["status"]).expect(0));
}

#[test]
fn a_run_that_was_killed_was_cut_off() {
    let project = Project::shop(1);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("the task is known", || project.takes("running") == 1);
    run.kill();
    assert_whole!(project.run(&["status"]).expect(0));
}

#[test]
fn with_a_manifest_that_cannot_be_read_it_tells_of_all_projects() {
    let project = Project::shop(2);
    project.run(&["run", "--yes"]).expect(0);
    project.edit("shotlist.yaml", "project: shop", "project: shop\nprojekt: shop");
    let status = project.run(&["status", "--json"]).expect(0).json();
    assert_eq!((&status["project"], &status["month_usd"]), (&json!(null), &json!("0.80")));
    assert_eq!(status["states"]["done"]["takes"], 2);
    assert_whole!(project.run(&["status"]).expect(0));
}

#[test]
fn the_next_command_names_what_was_named() {
    let project = Project::shop(1);
    std::fs::rename(project.path("shotlist.yaml"), project.path("my shop.yaml")).unwrap();
    project.run(&["run", "-f", "my shop.yaml", "--sandbox"]).expect(0);
    assert_whole!(project.run(&["status", "my shop.yaml", "--sandbox"]).expect(0));
}
