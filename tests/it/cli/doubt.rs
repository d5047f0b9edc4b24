//! Submissions that may have been charged: shown, never sent again without a yes, settled by `resolve`.

use crate::snapshot::assert_whole;
use crate::support::Project;
use serde_json::json;

/// A shop in which the answer for one of three products was lost after the provider had accepted it.
fn doubtful() -> Project {
    let project = Project::shop_with_faults(
        3,
        json!([{ "on": "submit", "when": { "prompt_contains": "number 2" }, "times": 1, "do": "reset_after_accept" }]),
    );
    project.run(&["run", "--yes"]).expect(7);
    assert_eq!(project.charges().len(), 3);
    assert_eq!(project.clips().len(), 2);
    project
}

/// The task of the product in doubt, as the provider's console would show it.
fn task_in_doubt(project: &Project) -> String {
    let requests = project.requests();
    let lost = requests.iter().find(|request| request.fault.is_some()).unwrap();
    lost.task.as_ref().unwrap().id.clone()
}

#[test]
fn n07_a_reset_after_the_request_is_held_and_never_sent_again() {
    let project = doubtful();
    for _ in 0..2 {
        assert_whole!(project.run(&["run", "--yes"]).expect(7));
    }
    assert_whole!(project.run(&["collect"]).expect(7));
    assert_whole!(project.run(&["retry", "--charged", "--yes"]).expect(0));
    assert_eq!(project.requests().len(), 3);
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    assert_eq!(plan["total_usd"], "0.00");
    let job = project.show("hero/sku-2");
    assert_eq!(job["takes"][0]["state"], "held");
    let lost = project.requests().into_iter().find(|request| request.fault.is_some()).unwrap();
    assert_eq!(job["takes"][0]["attempts"][0]["request_id"].as_str(), lost.request_id.as_deref());
}

#[test]
fn n07_an_edited_prompt_does_not_free_a_job_in_doubt() {
    let project = doubtful();
    project.edit("products.csv", "mug number 2", "red mug");
    assert_whole!(project.run(&["run", "--yes"]).expect(7));
    assert_eq!(project.requests().len(), 3);
}

#[test]
fn a_task_found_in_the_console_brings_its_clip_without_a_new_charge() {
    let project = doubtful();
    let task = task_in_doubt(&project);
    assert_whole!(project.run(&["resolve", "hero/sku-2", "--task-id", &task]).expect(0));
    assert_whole!(project.run(&["collect"]).expect(0));
    assert_eq!(project.clips().len(), 3);
    assert_eq!(project.charges().len(), 3);
    assert_eq!(project.requests().len(), 3);
    assert_eq!(project.show("hero/sku-2")["takes"][0]["task"], task.as_str());
    project.run(&["run"]).expect(0);
}

#[test]
fn a_task_of_another_job_cannot_be_adopted() {
    let project = doubtful();
    let other = project.show("hero/sku-1")["takes"][0]["task"].as_str().unwrap().to_owned();
    project.run(&["resolve", "hero/sku-2", "--task-id", &other]).expect(2);
    assert_eq!(project.takes("held"), 1);
}

#[test]
fn a_new_order_needs_a_yes_and_pays_a_second_time() {
    let project = doubtful();
    assert_whole!(project.run(&["resolve", "hero/sku-2", "--resubmit"]).expect(2));
    assert_whole!(project.run(&["resolve", "hero/sku-2", "--resubmit", "--max-extra", "0.39"]).expect(8));
    assert_eq!(project.takes("held"), 1);

    project.run(&["resolve", "hero/sku-2", "--resubmit", "--max-extra", "0.40"]).expect(0);
    assert_eq!(project.requests().len(), 3);
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_eq!(project.charges().len(), 4);
    assert_eq!(project.clips().len(), 3);

    let job = project.show("hero/sku-2");
    let of_job = |charge: &&shotlist::sandbox::Charge| job.to_string().contains(&charge.request_id);
    assert_eq!(project.charges().iter().filter(of_job).count(), 2, "{job}");
    let states: Vec<_> = job["takes"].as_array().unwrap().iter().map(|take| take["state"].clone()).collect();
    assert_eq!(states, ["done", "written_off"]);
}

#[test]
fn what_is_written_off_stays_spent_and_is_not_sent_again() {
    let project = doubtful();
    assert_whole!(project.run(&["resolve", "hero/sku-2", "--write-off"]).expect(0));
    let again = project.run(&["run", "--yes"]);
    assert_ne!(again.code, 7, "{again}");
    assert_eq!(project.requests().len(), 3);
    assert_eq!(project.takes("written_off"), 1);
    let status = project.run(&["status", "--json"]).expect(0).json();
    assert_eq!(status["month_usd"], "1.20");
    assert_whole!(project.run(&["resolve", "hero/sku-2", "--write-off"]).expect(2));
}

#[test]
fn all_of_one_reason_are_settled_at_once() {
    let project = Project::shop_with_faults(
        4,
        json!([
            { "on": "submit", "when": { "prompt_contains": "number 2" }, "do": "close_after_accept" },
            { "on": "submit", "when": { "prompt_contains": "number 4" }, "do": "close_after_accept" },
        ]),
    );
    assert_whole!(project.run(&["run", "--yes"]).expect(7));
    assert_whole!(project.run(&["resolve", "--all", "--write-off", "--reason", "no_such_reason"]).expect(2));
    assert_whole!(project.run(&["resolve", "--all", "--write-off", "--reason", "task_lost"]).expect(0));
    assert_eq!(project.takes("held"), 2);
    let settled = project.run(&["resolve", "--all", "--write-off", "--reason", "ambiguous_submit", "--json"]);
    assert_eq!(settled.expect(0).lines().len(), 2);
    assert_eq!((project.takes("held"), project.takes("written_off")), (0, 2));
}

#[test]
fn a_second_order_is_sent_within_the_bound_that_the_manifest_allows() {
    let project = Project::shop_with_faults(
        4,
        json!([{ "on": "submit", "when": { "every": 2 }, "do": "reset_after_accept" }]),
    );
    project.run(&["run", "--yes"]).expect(7);
    project.clear_faults();
    project.edit(
        "shotlist.yaml",
        "providers:",
        "on_ambiguous: { resubmit: { max_extra_spend: \"0.40\" } }\nproviders:",
    );
    let summary = project.run(&["run", "--yes", "--json"]).expect(7).lines().pop().unwrap();
    assert_eq!(
        (&summary["buckets"]["held"], &summary["run_spent_usd"]),
        (&json!(1), &json!("0.40")),
        "{summary}"
    );
    assert_eq!(project.charges().len(), 5);
    assert_eq!((project.takes("done"), project.takes("held")), (3, 1));
}
