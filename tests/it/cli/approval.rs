//! A plan that is approved is carried out as it was, or not at all.

use crate::snapshot::assert_whole;
use crate::support::{Ended, Project, SHOP, sheet};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;

/// A shop with a plan of all its jobs.
fn planned(rows: usize) -> Project {
    let project = Project::shop(rows);
    project.run(&["plan", "--out", "plan.json"]).expect(0);
    project
}

fn plan(project: &Project) -> Value {
    serde_json::from_slice(&std::fs::read(project.path("plan.json")).unwrap()).unwrap()
}

/// Runs a plan that no longer fits its project, which sends nothing.
fn refused(project: &Project) -> Ended {
    let sent = project.requests().len();
    let ended = project.run(&["run", "--plan", "plan.json"]).expect(4);
    assert_eq!(project.requests().len(), sent);
    ended
}

#[test]
fn a_plan_is_a_private_file_that_says_what_is_sent_at_which_price() {
    let project = planned(2);
    let mode = std::fs::metadata(project.path("plan.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let plan = plan(&project);
    assert_eq!(
        (&plan["format"], &plan["project"], &plan["total_usd"]),
        (&1.into(), &"shop".into(), &"0.80".into())
    );
    let inputs: Vec<&str> =
        plan["inputs"].as_array().unwrap().iter().map(|input| input["file"].as_str().unwrap()).collect();
    assert_eq!(inputs, ["shotlist.yaml", "products.csv"]);
    let job = &plan["jobs"]["hero/sku-2"];
    assert_eq!((&job["decision"], &job["price_usd"]), (&"new".into(), &"0.40".into()));
    project.run(&["run", "--plan", "plan.json"]).expect(0);
    assert_eq!((project.requests().len(), project.clips().len()), (2, 2));
    assert_whole!(project.run(&["run", "--plan", "plan.json"]).expect(0));
    assert_eq!(project.requests().len(), 2);
}

#[test]
fn what_moved_since_is_named_and_nothing_is_sent() {
    let project = planned(3);
    project.edit("products.csv", "mug number 2", "red mug");
    assert_whole!(refused(&project));
    project.write("products.csv", sheet(2));
    assert_whole!(refused(&project));
    project.write("products.csv", sheet(3));
    project.manifest(&format!("{SHOP}prices: {{ zai/viduq1-text: {{ per: clip, usd: \"0.60\" }} }}\n"));
    assert_whole!(refused(&project));
    project.manifest(SHOP);
    project.run(&["run", "--plan", "plan.json"]).expect(0);

    project.run(&["plan", "--out", "plan.json"]).expect(0);
    project.edit("products.csv", "mug number 1", "blue mug");
    assert_whole!(refused(&project));
}

#[test]
fn what_is_not_in_the_plan_is_not_sent_and_a_file_that_changed_for_no_job_is_said() {
    let project = planned(2);
    project.write("products.csv", sheet(4));
    assert_whole!(project.run(&["run", "--plan", "plan.json"]).expect(0));
    assert_eq!((project.requests().len(), project.clips().len()), (2, 2));
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    assert_eq!(plan["to_render"], 2);
}

#[test]
fn an_interrupted_run_of_a_plan_goes_on_with_the_plan() {
    let project = planned(6);
    let mut interrupted = project.command(&["run", "--plan", "plan.json"]);
    interrupted.env("SHOTLIST_CRASH_AT", "place.after_rename:3");
    assert_eq!(project.start_as(interrupted).wait().code, -6);
    project.run(&["run", "--plan", "plan.json"]);
    let plan = project.run(&["plan", "--json"]).json();
    assert_eq!(plan["to_render"], 0, "{plan}");
    assert_eq!(project.requests().len(), 6);
}

#[test]
fn a_plan_answers_what_asks_first() {
    let project = Project::shop(2);
    project.manifest(&SHOP.replace("    prompt:", "    on_change: ask\n    prompt:"));
    project.run(&["run", "--yes"]).expect(0);
    project.edit("products.csv", "mug number 2", "red mug");
    project.run(&["plan", "--out", "plan.json"]).expect(0);
    assert_eq!(plan(&project)["jobs"]["hero/sku-2"]["decision"], "changed");
    project.run(&["run", "--plan", "plan.json"]).expect(0);
    assert_eq!(project.requests().len(), 3);
}

#[test]
fn what_is_no_plan_of_this_project_is_refused() {
    let project = planned(1);
    let written = std::fs::read_to_string(project.path("plan.json")).unwrap();
    project.write("plan.json", written.replace("\"project\": \"shop\"", "\"project\": \"fair\""));
    assert_whole!(refused(&project));
    for text in [
        written.replace("\"format\": 1", "\"format\": 2"),
        written.replace("fingerprint", "finger"),
        written[..written.len() / 2].to_owned(),
    ] {
        project.write("plan.json", text);
        assert_whole!(project.run(&["run", "--plan", "plan.json"]).expect(2));
    }
    assert_whole!(project.run(&["run", "--plan", "nowhere.json"]).expect(2));
    assert_whole!(project.run(&["plan", "--out", "nowhere/plan.json"]).expect(9));
    project.run(&["run", "--plan", "plan.json", "--limit", "1"]).expect(2);
    assert_eq!(project.requests().len(), 0);
}
