//! A plan that is approved is carried out as it was, or not at all.

use crate::support::{Project, SHOP, sheet};
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

/// The plan is refused in these words, and nothing is sent.
fn refused(project: &Project, words: &str) {
    let sent = project.requests().len();
    project.run(&["run", "--plan", "plan.json"]).expect(4).says(words).says("nothing was sent");
    assert_eq!(project.requests().len(), sent);
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
    project.run(&["run", "--plan", "plan.json"]).expect(0).says("nothing to do");
    assert_eq!(project.requests().len(), 2);
}

#[test]
fn what_moved_since_is_named_and_nothing_is_sent() {
    let project = planned(3);
    project.edit("products.csv", "mug number 2", "red mug");
    refused(
        &project,
        "moved    hero/sku-2  prompt: \"A slow turn around mug number 2\" → \"A slow turn around red mug\"",
    );
    project.write("products.csv", sheet(2));
    refused(&project, "moved    hero/sku-3  it is no longer wanted");
    project.write("products.csv", sheet(3));
    project.manifest(&format!("{SHOP}prices: {{ zai/viduq1-text: {{ per: clip, usd: \"0.60\" }} }}\n"));
    refused(&project, "moved    hero/sku-1  price: $0.40 → $0.60");
    project.manifest(SHOP);
    project.run(&["run", "--plan", "plan.json"]).expect(0);

    project.run(&["plan", "--out", "plan.json"]).expect(0);
    project.edit("products.csv", "mug number 1", "blue mug");
    refused(&project, "moved    hero/sku-1  prompt: ");
}

#[test]
fn what_is_not_in_the_plan_is_not_sent_and_a_file_that_changed_for_no_job_is_said() {
    let project = planned(2);
    project.write("products.csv", sheet(4));
    let ended = project.run(&["run", "--plan", "plan.json"]).expect(0);
    ended.says("products.csv changed since it was planned; none of the planned jobs did");
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
    refused(&project, "it is a plan of the project fair, not of shop");
    for (text, words) in [
        (
            written.replace("\"format\": 1", "\"format\": 2"),
            "it is a plan of form 2, and this shotlist knows form 1",
        ),
        (written.replace("fingerprint", "finger"), "it is damaged"),
        (written[..written.len() / 2].to_owned(), "it is no plan of `plan --out`"),
    ] {
        project.write("plan.json", text);
        project.run(&["run", "--plan", "plan.json"]).expect(2).says(words).says("nothing was sent");
    }
    project.run(&["run", "--plan", "nowhere.json"]).expect(2).says("nowhere.json");
    project.run(&["plan", "--out", "nowhere/plan.json"]).expect(9).says("cannot be written");
    project.run(&["run", "--plan", "plan.json", "--limit", "1"]).expect(2);
    assert_eq!(project.requests().len(), 0);
}
