//! Held takes are settled by a person: all of a kind at once, at today's price, with the reason in the ledger.

use super::faults::refused;
use crate::snapshot::assert_whole;
use crate::support::Project;
use serde_json::{Value, json};

/// Makes a shop with four products: two are held without an answer, and the clip of a third cannot be downloaded.
fn held() -> Project {
    // Nothing is connected there: the clip is held at once.
    let elsewhere = json!({ "status": { "code": 302, "headers": { "location": "http://10.0.0.1/" } } });
    let project = Project::shop_with_faults(
        4,
        json!([
            { "on": "submit", "when": { "prompt_contains": "number 1" }, "times": 1, "do": "reset_after_accept" },
            { "on": "submit", "when": { "prompt_contains": "number 2" }, "times": 1, "do": "close_after_accept" },
            { "on": "download", "when": { "prompt_contains": "number 3" }, "do": elsewhere },
        ]),
    );
    project.run(&["run", "--yes"]).expect(7);
    assert_eq!((project.takes("held"), project.takes("done")), (3, 1));
    project.clear_faults();
    project
}

/// The command of a hint, as a shell splits it.
fn hinted(said: &str, words: &str) -> Vec<String> {
    let line = said.lines().find(|line| line.contains(words)).unwrap_or_else(|| panic!("{words}: {said}"));
    let typed = line.split("shotlist ").nth(1).unwrap();
    typed.split_whitespace().map(str::to_owned).collect()
}

fn ledger(project: &Project) -> Vec<Value> {
    let text = std::fs::read_to_string(project.path(".shotlist/ledger.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn kinds_with_note(project: &Project, note: &str) -> Vec<String> {
    let noted = ledger(project).into_iter().filter(|line| line["note"] == note);
    noted.map(|line| line["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_command_that_is_printed_for_all_settles_all_that_is_held() {
    let project = held();
    let status = project.run(&["status"]).expect(0).out;
    let typed = hinted(&status, "shotlist resolve --all --resubmit");
    assert_eq!(typed, ["resolve", "--all", "--resubmit", "--max-extra", "1.20"]);
    let typed: Vec<&str> = typed.iter().map(String::as_str).collect();
    project.run(&typed).expect(0);
    assert_eq!((project.takes("held"), project.takes("pending")), (0, 3));
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.requests().len(), project.clips().len()), (7, 4));
}

#[test]
fn a_new_order_costs_what_it_costs_today() {
    let project = held();
    let shown = std::fs::read_to_string(project.path("shotlist.yaml")).unwrap();
    project.write(
        "shotlist.yaml",
        format!("{shown}prices: {{ zai/viduq1-text: {{ per: clip, usd: \"0.55\" }} }}\n"),
    );
    assert_whole!(project.run(&["resolve", "sku-1", "--resubmit"]).expect(2));
    assert_whole!(project.run(&["resolve", "sku-1", "--resubmit", "--max-extra", "0.54"]).expect(8));
    assert_whole!(project.run(&["resolve", "sku-1", "--resubmit", "--max-extra", "0.55"]).expect(0));

    // If the price is unknown, the price of the first request counts, and the output says so.
    project.edit("shotlist.yaml", "version: 1", "version: [");
    assert_whole!(project.run(&["resolve", "hero/sku-2", "--resubmit", "--yes"]).expect(0));
}

#[test]
fn those_that_cannot_be_asked_for_again_are_passed_over_and_stay_held() {
    let project = held();
    assert_whole!(project.run(&["resolve", "--all", "--again", "--note", "the host is back"]).expect(7));
    assert_eq!(project.takes("held"), 2);
    assert_eq!(kinds_with_note(&project, "the host is back"), ["again"]);
    assert_whole!(project.run(&["collect"]).expect(7));
    assert_whole!(project.run(&["resolve", "sku-1", "--again"]).expect(2));
    assert_eq!(project.charges().len(), 4);
}

#[test]
fn every_decision_stands_in_the_ledger_with_its_reason() {
    let project = held();
    let lost = project.requests().into_iter().find(|request| request.fault.is_some()).unwrap();
    let sku = lost.body["prompt"].as_str().unwrap().replace("A slow turn around mug number ", "sku-");
    let task = lost.task.unwrap().id;
    project.run(&["resolve", &sku, "--task-id", &task, "--note", "seen in the console"]).expect(0);
    assert_eq!(kinds_with_note(&project, "seen in the console"), ["adopted"]);
    let refunded = ["resolve", "--all", "--write-off", "--reason", "ambiguous_submit", "--note", "refunded"];
    project.run(&refunded).expect(0);
    assert_eq!(kinds_with_note(&project, "refunded"), ["written_off"]);
    project.run(&["resolve", "--all", "--resubmit", "--yes", "--note", "once more"]).expect(0);
    assert_eq!(kinds_with_note(&project, "once more"), ["written_off", "ordered"]);
    assert_eq!(project.takes("held"), 0);
}

#[test]
fn what_is_old_is_settled_without_what_is_new() {
    let project = held();
    assert_whole!(project.run(&["resolve", "--all", "--write-off", "--older-than", "7d"]).expect(0));
    let database = rusqlite::Connection::open(project.path(".shotlist/state.db")).unwrap();
    let aged = "UPDATE takes SET data = replace(data, '\"since\":\"20', '\"since\":\"19')
                WHERE state = 'held' AND data LIKE '%unsafe_url%'";
    assert_eq!(database.execute(aged, []).unwrap(), 1);
    drop(database);
    assert_whole!(project.run(&["resolve", "sku-1", "--write-off", "--older-than", "7d"]).expect(2));
    assert_whole!(project.run(&["resolve", "--all", "--write-off", "--older-than", "7d"]).expect(0));
    assert_eq!(project.takes("held"), 2);
}

#[test]
fn a_second_order_that_is_refused_leaves_the_first_one_to_be_found() {
    let project =
        Project::shop_with_faults(1, json!([{ "on": "submit", "times": 1, "do": "reset_after_accept" }]));
    project.run(&["run", "--yes"]).expect(7);
    let task = project.requests()[0].task.clone().unwrap().id;
    let allow = "on_ambiguous: { resubmit: { max_extra_spend: \"4.00\" } }\nproviders:";
    project.edit("shotlist.yaml", "providers:", allow);
    project.clear_faults();
    project.fault(json!([refused(400, "1301", "sensitive")]));
    project.run(&["run", "--yes"]).expect(7);
    assert_eq!((project.requests().len(), project.takes("held"), project.takes("written_off")), (2, 1, 0));
    // It would be refused again: it is not sent every night.
    assert_whole!(project.run(&["run", "--yes"]).expect(7));
    assert_whole!(project.run(&["retry", "--include-permanent", "--yes"]).expect(0));
    assert_eq!(project.requests().len(), 2);
    project.run(&["resolve", "sku-1", "--task-id", &task]).expect(0);
    project.clear_faults();
    assert_whole!(project.run(&["collect"]).expect(0));
    assert_eq!((project.charges().len(), project.clips().len()), (1, 1));
}

#[test]
fn the_task_of_another_product_is_not_filed_and_the_right_id_can_be_given_afterwards() {
    let project = held();
    let task = |n: usize| {
        let is_it =
            |request: &shotlist::sandbox::Request| request.body.to_string().contains(&format!("number {n}"));
        project.requests().into_iter().find(is_it).unwrap().task.unwrap().id
    };
    assert_whole!(project.run(&["resolve", "sku-1", "--task-id", "  "]).expect(2));
    project.run(&["resolve", "sku-1", "--task-id", &task(2)]).expect(0);
    assert_whole!(project.run(&["collect"]).expect(7));
    project.run(&["resolve", "sku-1", "--task-id", &format!(" {}\n", task(1))]).expect(0);
    project.run(&["resolve", "sku-2", "--task-id", &task(2)]).expect(0);
    assert_whole!(project.run(&["collect"]).expect(7));
    assert_eq!((project.charges().len(), project.clips().len()), (4, 3));
}

#[test]
fn a_job_that_left_the_manifest_is_not_ordered_anew() {
    let project = held();
    project.edit("products.csv", "sku-1,mug number 1\n", "");
    assert_whole!(project.run(&["run", "--yes", "--accept-changes"]).expect(7));
    assert_whole!(project.run(&["resolve", "sku-1", "--resubmit"]).expect(2));
    assert_whole!(project.run(&["show", "sku-1"]).expect(0));
    // The two that are left cost $0.80.
    assert_whole!(project.run(&["resolve", "--all", "--resubmit", "--max-extra", "0.80"]).expect(7));
    assert_whole!(project.run(&["status"]).expect(0));
    project.run(&["resolve", "sku-1", "--write-off"]).expect(0);
}

#[test]
fn a_job_whose_input_changed_is_priced_as_it_is_wanted_now() {
    let project =
        Project::shop_with_faults(1, json!([{ "on": "submit", "times": 1, "do": "reset_after_accept" }]));
    project.run(&["run", "--yes"]).expect(7);
    project.edit(
        "shotlist.yaml",
        "model: zai/viduq1-text",
        "model: zai/viduq1-image\n    image: \"https://shop.example/a.jpg\"",
    );
    project.edit(
        "shotlist.yaml",
        "version: 1",
        "version: 1\nprices: { zai/viduq1-image: { per: clip, usd: \"3.00\" } }",
    );
    assert_whole!(project.run(&["resolve", "sku-1", "--resubmit", "--max-extra", "0.40"]).expect(8));
    assert_whole!(project.run(&["resolve", "sku-1", "--resubmit"]).expect(2));
    assert_whole!(project.run(&["resolve", "sku-1", "--resubmit", "--max-extra", "3"]).expect(0));
    let told = project.run(&["run", "--yes", "--json"]).expect(0).lines().pop().unwrap();
    assert_eq!(told["spent_usd"], "3.00", "{told}");
}

/// Makes two projects in one folder, each with one job that is in doubt. The manifest of the second one is `other.yaml`.
fn two_projects() -> Project {
    let lost = json!([{ "on": "submit", "do": "reset_after_accept" }]);
    let project = Project::shop_with_faults(1, lost);
    let manifest = std::fs::read_to_string(project.path("shotlist.yaml")).unwrap();
    let other = manifest.replace("project: shop", "project: other").replace("renders/", "other/");
    project.write("other.yaml", other.replace("A slow turn", "A fast turn"));
    project.run(&["run", "--yes"]).expect(7);
    project.run(&["run", "--yes", "-f", "other.yaml"]).expect(7);
    project.clear_faults();
    project
}

/// Returns the number of jobs of a manifest that need a decision.
fn needing(project: &Project, manifest: &str) -> usize {
    let status = project.run(&["status", "--json", "-f", manifest]).expect(0).json();
    status["held"].as_array().unwrap().len()
}

#[test]
fn a_job_of_another_project_is_settled_with_its_own_manifest_only() {
    let project = two_projects();
    project.run(&["resolve", "hero/sku-1", "--write-off"]).expect(0);
    assert_whole!(project.run(&["resolve", "hero/sku-1", "--write-off"]).expect(2));
    assert_whole!(project.run(&["resolve", "sku-1", "--resubmit", "--yes"]).expect(2));
    assert_eq!(needing(&project, "other.yaml"), 1);
    // Once no manifest names the project any more, another manifest may decide for it.
    project.edit("other.yaml", "project: other", "project: fair");
    assert_whole!(project.run(&["resolve", "hero/sku-1", "--write-off", "-f", "other.yaml"]).expect(0));
}

#[test]
fn without_a_readable_manifest_no_decision_is_made_for_several_projects() {
    let project = two_projects();
    project.edit("shotlist.yaml", "version: 1", "version: [");
    assert_whole!(project.run(&["resolve", "--all", "--write-off"]).expect(4));
    assert_eq!(needing(&project, "other.yaml"), 1);
    project.run(&["resolve", "--all", "--write-off", "-f", "other.yaml"]).expect(0);
    // The jobs that are left are surely of one project, but the folder has another one.
    assert_whole!(project.run(&["resolve", "--all", "--write-off", "--json"]).expect(4));

    let project = held();
    project.edit("shotlist.yaml", "version: 1", "version: [");
    project.run(&["resolve", "--all", "--write-off"]).expect(0);
}

#[test]
fn without_a_readable_manifest_no_pattern_cancels_jobs_of_several_projects() {
    let project = Project::shop(2);
    let manifest = std::fs::read_to_string(project.path("shotlist.yaml")).unwrap();
    let other = manifest.replace("project: shop", "project: other").replace("renders/", "other/");
    project.write("other.yaml", other.replace("A slow turn", "A fast turn"));
    project.run(&["run", "--yes", "--max-cost", "0.40"]).expect(8);
    project.run(&["run", "--yes", "--max-cost", "0.40", "-f", "other.yaml"]).expect(8);
    project.edit("shotlist.yaml", "version: 1", "version: [");
    assert_whole!(project.run(&["cancel", "--only", "*"]).expect(4));
    let status = project.run(&["status", "--json", "-f", "other.yaml"]).expect(0).json();
    assert_eq!(status["states"]["pending"]["takes"], 1, "{status}");
}
