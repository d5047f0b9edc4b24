//! A provider that can be asked: whether it has a submission whose answer was lost, about many tasks at once, and to
//! take a task back.

use crate::snapshot::{assert_whole, whole};
use crate::support::{KEY_VARIABLE, Project, QUICK, SHOP, rules, sheet, until};
use jiff::SignedDuration;
use rustix::process::Signal;
use serde_json::{Value, json};
use shotlist::engine::clock::Clock;
use shotlist::sandbox::Options;
use std::sync::Arc;
use std::time::Duration;

/// A shop whose clips come from echo.
fn shop_with(rows: usize, limits: &str, change: impl FnOnce(&mut Options)) -> Project {
    let project = Project::empty(change);
    let url = project.sandbox().provider_url("echo");
    let shots = SHOP.replace("zai/viduq1-text", "echo/clip");
    let provider = format!(
        "providers:\n  echo: {{ base_url: \"{url}\", api_key: \"${{{KEY_VARIABLE}}}\", limits: {limits} }}\n"
    );
    project.write("products.csv", sheet(rows));
    project.write("shotlist.yaml", format!("{shots}{provider}"));
    project
}

fn shop(rows: usize, faults: Value) -> Project {
    shop_with(rows, QUICK, |options| options.faults = rules(faults))
}

/// Makes a rule for the submission of the second product, once.
fn second(fault: &str) -> Value {
    json!({ "on": "submit", "when": { "prompt_contains": "number 2" }, "times": 1, "do": fault })
}

/// No list is answered.
fn no_list() -> Value {
    json!({ "on": "list", "do": { "status": { "code": 503 } } })
}

/// A shop of three whose second submission is in doubt when the run is killed.
fn killed_in_doubt(fault: &str) -> Project {
    let project = shop(3, json!([second(fault), no_list()]));
    let running = project.start(&["run", "--yes"]);
    until("two clips are done and one is in doubt", || {
        project.clips().len() == 2 && running.said().contains("in doubt hero/sku-2")
    });
    running.kill();
    assert_eq!(project.takes("doubtful"), 1);
    project.clear_faults();
    project
}

#[test]
fn n07_a_submission_whose_answer_was_lost_is_found_and_finished_by_the_same_run() {
    let project = shop(3, json!([second("reset_after_accept")]));
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_eq!((project.charges().len(), project.requests().len(), project.clips().len()), (3, 3, 3));
    let job = project.show("hero/sku-2");
    let lost = project.requests().into_iter().find(|request| request.fault.is_some()).unwrap();
    assert_eq!(job["takes"][0]["task"].as_str(), Some(lost.task.unwrap().id.as_str()));
    assert_eq!(job["takes"][0]["attempts"].as_array().unwrap().len(), 1);
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
}

#[test]
fn n05_a_submission_that_surely_never_arrived_is_sent_again_by_the_same_run() {
    let project = shop(6, json!([second("reset_before")]));
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_eq!((project.charges().len(), project.requests().len(), project.clips().len()), (6, 7, 6));
    let attempts = project.show("hero/sku-2")["takes"][0]["attempts"].clone();
    let outcomes: Vec<_> = attempts.as_array().unwrap().iter().map(|one| one["outcome"].clone()).collect();
    assert_eq!(outcomes[0], "absent");
    assert_eq!(outcomes.len(), 2);
    let ledger = std::fs::read_to_string(project.path(".shotlist/ledger.jsonl")).unwrap();
    let absent = ledger.lines().filter(|line| line.contains("\"kind\":\"absent\"")).count();
    assert_eq!(absent, 1, "{ledger}");
}

#[test]
fn a_list_that_no_longer_says_our_names_proves_nothing() {
    for fault in ["reset_after_accept", "reset_before"] {
        let project = shop(3, json!([second(fault), { "on": "list", "do": "mute" }]));
        assert_whole!(project.run(&["run", "--yes"]).expect(7));
        assert_eq!((project.requests().len(), project.clips().len()), (3, 2));
        assert_whole!(project.run(&["run", "--yes"]).expect(7));
        assert_eq!(project.requests().len(), 3);
    }
}

#[test]
fn nothing_proves_that_the_only_submission_of_its_time_is_absent() {
    let project = shop(1, json!([{ "on": "submit", "times": 1, "do": "reset_before" }]));
    assert_whole!(project.run(&["run", "--yes"]).expect(7));
    assert_eq!((project.requests().len(), project.charges().len()), (1, 0));
}

#[test]
fn the_list_of_another_account_proves_nothing() {
    let mut project = killed_in_doubt("reset_after_accept");
    let other = shop_with(1, QUICK, |options| options.key = "another-key".to_owned());
    let (from, to) = (project.sandbox().provider_url("echo"), other.sandbox().provider_url("echo"));
    project.edit("shotlist.yaml", &from, &to);
    project.key = "another-key".to_owned();
    project.write("products.csv", sheet(5));
    project.run(&["run", "--yes"]).expect(7);
    assert_eq!(other.requests().len(), 2, "what the first account is paid for is not ordered again");
}

#[test]
fn a38_what_a_list_leaves_out_proves_nothing_where_the_clocks_differ_and_what_it_has_is_found() {
    let ahead = |options: &mut Options| {
        let clock = Clock::system();
        options.now = Arc::new(move || clock.now() + SignedDuration::from_mins(20));
    };
    let project = shop_with(3, QUICK, |options| {
        ahead(options);
        options.faults = rules(json!([second("reset_before")]));
    });
    assert_whole!(project.run(&["run", "--yes"]).expect(7));
    assert_eq!((project.requests().len(), project.charges().len()), (3, 2));

    let project = shop_with(3, QUICK, |options| {
        ahead(options);
        options.faults = rules(json!([second("reset_after_accept")]));
    });
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_eq!((project.requests().len(), project.charges().len()), (3, 3));
}

#[test]
fn a35_a_list_that_breaks_off_proves_nothing() {
    let project = shop(3, json!([second("reset_before"), { "on": "list", "do": "malformed" }]));
    assert_whole!(project.run(&["run", "--yes"]).expect(7));
    assert_eq!((project.requests().len(), project.charges().len()), (3, 2));
}

#[test]
fn a35_a_list_with_an_id_that_no_task_has_proves_nothing_and_the_id_is_not_repeated() {
    let body = json!({ "tasks": [{ "id": "8".repeat(100_000), "client_id": "sl-other" }], "next": null });
    let list = json!({ "on": "list", "do": { "status": { "code": 200, "body": body.to_string() } } });
    for fault in ["reset_before", "reset_after_accept"] {
        let project = shop(3, json!([second(fault), list]));
        let ended = assert_whole!(project.run(&["run", "--yes"]).expect(7));
        assert_whole!(ended);

        assert_eq!(project.requests().len(), 3, "it is not sent again");
    }
}

#[test]
fn a_kill_while_the_answer_is_awaited_is_found_by_the_next_run() {
    let hang = json!({ "hang_after_accept": { "seconds": 60 } });
    let project = shop(1, json!([{ "on": "submit", "times": 1, "do": hang }]));
    let running = project.start(&["run", "--yes"]);
    until("the submission has arrived", || project.requests().len() == 1);
    running.kill();
    assert_eq!(project.takes("submitting"), 1);
    let ended = project.run(&["run", "--yes"]).expect(0);
    insta::assert_snapshot!(whole(&ended));
    assert_eq!((project.charges().len(), project.requests().len(), project.clips().len()), (1, 1, 1));
}

#[test]
fn a_kill_while_in_doubt_is_found_by_the_next_run_and_by_collect() {
    for command in [&["run", "--yes"][..], &["collect"]] {
        let project = killed_in_doubt("reset_after_accept");
        project.run(command).expect(0);
        assert_eq!((project.charges().len(), project.requests().len(), project.clips().len()), (3, 3, 3));
    }
}

#[test]
fn what_an_earlier_run_left_in_doubt_and_never_arrived_is_sent_by_the_next_run_and_never_by_collect() {
    let project = killed_in_doubt("reset_before");
    project.run(&["collect"]).expect(0);
    assert_eq!((project.takes("pending"), project.requests().len()), (1, 3));
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.charges().len(), project.requests().len()), (3, 4));

    let project = killed_in_doubt("reset_before");
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.charges().len(), project.requests().len()), (3, 4));
}

#[test]
fn a_job_that_is_wanted_no_more_is_looked_for_and_not_sent_again() {
    let project = killed_in_doubt("reset_before");
    project.edit("products.csv", "sku-2,mug number 2\n", "");
    project.run(&["run", "--yes"]).expect(0);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.charges().len(), project.requests().len()), (2, 3));
}

#[test]
fn a_task_that_was_adopted_for_another_job_by_mistake_is_not_owned_twice() {
    let project = shop(2, json!([second("reset_after_accept"), { "on": "list", "do": "mute" }]));
    project.run(&["run", "--yes"]).expect(7);
    project.clear_faults();
    project.write("products.csv", sheet(3));
    let third =
        json!({ "on": "submit", "when": { "prompt_contains": "number 3" }, "do": "reset_after_accept" });
    project.fault(json!([third, no_list()]));
    let running = project.start(&["run", "--yes"]);
    until("the third is in doubt", || running.said().contains("in doubt hero/sku-3"));
    running.kill();
    let requests = project.requests();
    let third = requests.last().unwrap().task.as_ref().unwrap().id.clone();
    project.run(&["resolve", "hero/sku-2", "--task-id", &third]).expect(0);
    project.clear_faults();
    assert_whole!(project.run(&["run", "--yes"]).expect(7));
    assert_eq!((project.charges().len(), project.requests().len()), (3, 3));
}

#[test]
fn polls_that_wait_for_the_pace_are_asked_together() {
    const JOBS: usize = 24;
    let slow =
        "{ concurrency: 24, rate: 100/s, polls: 1, poll_rate: 4/s, first_poll: 10ms, poll_every: 10ms }";
    let project = shop_with(JOBS, slow, |options| {
        options.task_time = Duration::from_millis(900)..=Duration::from_millis(1_200);
    });
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.clips().len(), JOBS);
    let stats = project.sandbox().stats();
    assert!(stats.bulk_polls > 0, "{stats:?}");
    assert!(stats.polls + stats.bulk_polls < JOBS as u64, "fewer than one for each task: {stats:?}");
}

#[test]
fn a_failed_question_about_many_is_a_setback_for_each() {
    let slow =
        "{ concurrency: 8, rate: 100/s, polls: 1, poll_rate: 5/s, first_poll: 10ms, poll_every: 10ms }";
    let broken = json!([{ "on": "poll", "times": 4, "do": "malformed" }, { "on": "poll", "times": 4, "do": "reset_before" }]);
    let project = shop_with(8, slow, |options| options.faults = rules(broken));
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (8, 8));
}

#[test]
fn what_waits_is_taken_off_the_list_and_ordered_again_only_by_the_next_run() {
    let project = shop(3, json!([]));
    project.run(&["run", "--yes", "--max-cost", "0.10"]).expect(8);
    assert_eq!(project.takes("pending"), 2);
    assert_whole!(project.run(&["cancel", "--only", "hero/*"]).expect(0));
    assert_eq!((project.takes("pending"), project.takes("cancelled")), (0, 2));
    for job in ["hero/sku-1", "hero/sku-2", "hero/sku-3"] {
        let before = project.show(job);
        project.run(&["cancel", job]).expect(2);
        assert_eq!(project.show(job)["takes"], before["takes"], "a finished or cancelled job stays as it is");
    }
    assert_whole!(project.run(&["cancel", "--only", "hero/*"]).expect(0));
    assert_eq!(project.run(&["plan", "--json"]).expect(0).json()["total_usd"], "0.20");
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (3, 3));
}

#[test]
fn a_live_run_does_not_send_what_is_taken_off_its_list() {
    let one_at_a_time = QUICK.replace("{ ", "{ concurrency: 1, ");
    let project = shop_with(3, &one_at_a_time, |_| {});
    project.stall();
    let running = project.start(&["run", "--yes"]);
    until("one is being rendered", || project.takes("running") == 1);
    let waits = |sku: &&str| project.show(&format!("hero/{sku}"))["takes"][0]["state"] == "pending";
    let off = ["sku-1", "sku-2", "sku-3"].into_iter().rfind(waits).unwrap();
    assert_whole!(project.run(&["cancel", off]).expect(0));
    project.clear_faults();
    running.wait().expect(0);
    assert_eq!(project.show(&format!("hero/{off}"))["takes"][0]["state"], "cancelled");
    assert_eq!((project.charges().len(), project.clips().len()), (2, 2));
}

#[test]
fn a_task_in_flight_is_taken_back_beside_the_run_that_polls_it() {
    let project = shop_with(1, QUICK, |options| {
        options.task_time = Duration::from_mins(10)..=Duration::from_mins(10);
    });
    let running = project.start(&["run", "--yes"]);
    until("it is being rendered", || project.takes("running") == 1);
    assert_whole!(project.run(&["cancel", "sku-1"]).expect(0));
    assert_whole!(running.wait().expect(3));
    let job = project.show("hero/sku-1");
    assert_eq!((&job["takes"][0]["state"], &job["takes"][0]["charged"]), (&json!("failed"), &json!("no")));
    assert_eq!(project.charges()[0].usd, "0.00");
    assert_eq!(project.sandbox().stats().cancels, 1);
    let status = project.run(&["status", "--json"]).expect(0).json();
    assert_eq!(status["month_usd"], "0.00");
    assert_eq!(project.run(&["plan", "--json"]).expect(0).json()["total_usd"], "0.10");
}

#[test]
fn what_is_rendered_is_too_late_to_be_taken_back_and_comes() {
    let project = shop(1, json!([]));
    project.stall();
    let running = project.start(&["run", "--yes"]);
    until("it is rendered, as only its provider knows", || {
        project.takes("running") == 1 && project.charges().iter().all(|charge| charge.outcome == "success")
    });
    assert_whole!(project.run(&["cancel", "sku-1"]).expect(2));
    project.clear_faults();
    running.wait().expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (1, 1));
}

#[test]
fn a_provider_that_takes_nothing_back_is_named() {
    let project = Project::shop(1);
    project.stall();
    let running = project.start(&["run", "--yes"]);
    until("it is being rendered", || project.takes("running") == 1);
    assert_whole!(project.run(&["cancel", "hero/sku-1"]).expect(2));
    project.clear_faults();
    running.wait().expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (1, 1));
}

#[test]
fn a_plan_says_what_a_request_without_a_reply_may_cost_once_more() {
    let project = shop_with(3, "{ concurrency: 1, first_poll: 100ms, poll_every: 100ms }", |_| {});
    let mut command = project.command(&["run", "--yes"]);
    command.env("SHOTLIST_CRASH_AT", "submit.after_intent");
    project.start_as(command).wait().expect(-Signal::ABORT.as_raw());
    assert_whole!(project.run(&["plan"]).expect(0));
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    assert_eq!(plan["jobs"][0]["unanswered"], true);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.charges().len(), 3);
}

#[test]
fn a_redo_without_a_reply_is_in_the_plan_and_the_next_run_sends_it() {
    let project = shop(2, json!([]));
    project.run(&["run", "--yes"]).expect(0);
    project.run(&["reject", "hero/sku-1", "--reason", "cropped", "--redo"]).expect(0);
    let mut command = project.command(&["run", "--yes"]);
    command.env("SHOTLIST_CRASH_AT", "submit.after_intent");
    project.start_as(command).wait().expect(-Signal::ABORT.as_raw());
    assert_whole!(project.run(&["plan"]).expect(0));
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_eq!(project.charges().len(), 3);
    assert_whole!(project.run(&["status"]).expect(0));
}
