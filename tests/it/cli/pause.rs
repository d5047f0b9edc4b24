//! A paused provider gets no submission from any run until the pause ends; paid clips are still collected.

use crate::snapshot::{assert_whole, whole};
use crate::support::{Project, SHOP, sheet, until};
use serde_json::{Value, json};

/// Makes a shop with one finished clip, so that there is a state folder to pause.
fn begun(rows: usize) -> Project {
    let project = Project::shop(rows);
    project.run(&["run", "--yes", "--only", "sku-1"]).expect(0);
    project
}

fn paused(project: &Project) -> Value {
    project.run(&["status", "--json"]).expect(0).json()["paused"].clone()
}

#[test]
fn what_is_on_hold_is_shown_everywhere_and_sent_by_no_run() {
    let project = begun(3);
    let ended = project.run(&["pause", "zai", "--reason", "the bill is being looked at"]).expect(0);
    assert_whole!(&ended);
    assert_whole!(project.run(&["pause", "zai"]).expect(0));
    for time in ["first", "second"] {
        let ended = project.run(&["run", "--yes"]).expect(5);
        insta::assert_snapshot!(format!("{time}_run_on_hold"), whole(&ended));
    }
    assert_eq!(project.requests().len(), 1);
    let all = paused(&project);
    assert_eq!((&all[0]["provider"], &all[0]["waiting"]), (&json!("zai"), &json!(2)), "{all}");
    assert_eq!(all[0]["reason"], "the bill is being looked at");
    assert_whole!(project.run(&["status"]).expect(0));

    let doctor = project.run(&["doctor", "--json"]).expect(0).json();
    let check = doctor["checks"].as_array().unwrap().iter().find(|check| check["check"] == "paused").unwrap();
    assert_eq!((&check["verdict"], &check["do"]), (&json!("warn"), &json!("shotlist resume zai")));

    assert_whole!(project.run(&["resume", "zai"]).expect(0));
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.requests().len(), project.clips().len()), (3, 3));
    assert_eq!(paused(&project), json!([]));
    assert_whole!(project.run(&["resume"]).expect(0));
}

#[test]
fn a_live_run_stops_submitting_collects_and_ends_when_only_what_is_on_hold_is_left() {
    let project = Project::shop(12);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("all places are taken", || project.takes("running") == 5);
    assert_whole!(project.run(&["pause"]).expect(0));
    project.clear_faults();
    run.wait().expect(5);
    assert_eq!((project.requests().len(), project.clips().len()), (5, 5));

    project.run(&["resume"]).expect(0);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (12, 12));
}

#[test]
fn a_live_run_goes_on_as_soon_as_it_is_let() {
    let project = Project::shop(12);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("all places are taken", || project.takes("running") == 5);
    project.run(&["pause", "zai"]).expect(0);
    until("the run has seen it", || run.said().contains("zai is paused: nothing new is submitted"));
    project.run(&["resume", "zai"]).expect(0);
    until("the run has seen that too", || run.said().contains("zai is no longer paused"));
    project.clear_faults();
    run.wait().expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (12, 12));
}

#[test]
fn one_provider_on_hold_does_not_hold_the_others() {
    let project = Project::empty(|_| {});
    project.write("products.csv", sheet(3));
    let second = "  quick:\n    model: echo/clip\n    prompt: \"{{ item.title }} from above\"\noutput:";
    project.manifest(&SHOP.replace("output:", second));
    project.run(&["run", "--yes", "--only", "quick/sku-1"]).expect(0);
    project.run(&["pause", "zai"]).expect(0);
    assert_whole!(project.run(&["run", "--yes"]).expect(5));
    assert_eq!((project.clips().len(), project.takes("pending")), (3, 3));
    // All of them and one of them are two holds.
    project.run(&["pause"]).expect(0);
    assert_whole!(project.run(&["resume", "zai"]).expect(0));
    project.run(&["run", "--yes"]).expect(5);
    assert_eq!(project.clips().len(), 3);
    project.run(&["resume"]).expect(0);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.clips().len(), 6);
}

#[test]
fn nothing_else_than_a_provider_can_be_put_on_hold() {
    let project = begun(1);
    assert_whole!(project.run(&["pause", "zia"]).expect(2));
    assert_eq!(paused(&project), json!([]));
    // What is wrong with the manifest must not keep the money flowing.
    project.edit("shotlist.yaml", "version: 1", "version: [");
    project.run(&["pause", "--json"]).expect(0);
    assert_eq!(paused(&project)[0]["project"], "shop");
}
