//! What is on hold is not submitted, by no run, until it is let go; what was paid comes home all the same.

use crate::snapshot::whole;
use crate::support::{Project, SHOP, sheet, until};
use serde_json::{Value, json};

/// A shop with a clip that is there already, so that there is a state to put on hold.
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
    ended.says("paused   zai since").says("(the bill is being looked at)").says("next: shotlist resume zai");
    project.run(&["pause", "zai"]).expect(0).says("(the bill is being looked at)");
    for time in ["first", "second"] {
        let ended = project.run(&["run", "--yes"]).expect(5);
        insta::assert_snapshot!(format!("{time}_run_on_hold"), whole(&ended));
    }
    assert_eq!(project.requests().len(), 1);
    let all = paused(&project);
    assert_eq!((&all[0]["provider"], &all[0]["waiting"]), (&json!("zai"), &json!(2)), "{all}");
    assert_eq!(all[0]["reason"], "the bill is being looked at");
    let status = project.run(&["status"]).expect(0).says("next: shotlist resume zai");
    assert!(status.out.contains("  paused     zai since"), "{status}");
    let doctor = project.run(&["doctor", "--json"]).expect(0).json();
    let check = doctor["checks"].as_array().unwrap().iter().find(|check| check["check"] == "paused").unwrap();
    assert_eq!((&check["verdict"], &check["do"]), (&json!("warn"), &json!("shotlist resume zai")));

    project.run(&["resume", "zai"]).expect(0).says("resumed  zai; 2 jobs wait");
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.requests().len(), project.clips().len()), (3, 3));
    assert_eq!(paused(&project), json!([]));
    project.run(&["resume"]).expect(0).says("nothing was on hold");
}

#[test]
fn a_live_run_stops_submitting_collects_and_ends_when_only_what_is_on_hold_is_left() {
    let project = Project::shop(12);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("all places are taken", || project.takes("running") == 5);
    project.run(&["pause"]).expect(0).says("all providers since");
    project.mend();
    let ended = run.wait().expect(5);
    ended.says("paused   all providers since").says("7 jobs wait").says("next: shotlist resume");
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
    until("the run has seen it", || run.said().contains("zai is on hold: nothing new is submitted"));
    project.run(&["resume", "zai"]).expect(0);
    until("the run has seen that too", || run.said().contains("zai is no longer on hold"));
    project.mend();
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
    project.run(&["run", "--yes"]).expect(5).says("3 jobs wait");
    assert_eq!((project.clips().len(), project.takes("pending")), (3, 3));
    // All of them and one of them are two holds.
    project.run(&["pause"]).expect(0);
    project.run(&["resume", "zai"]).expect(0).says("paused   all providers");
    project.run(&["run", "--yes"]).expect(5);
    assert_eq!(project.clips().len(), 3);
    project.run(&["resume"]).expect(0);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.clips().len(), 6);
}

#[test]
fn nothing_else_than_a_provider_can_be_put_on_hold() {
    let project = begun(1);
    project
        .run(&["pause", "zia"])
        .expect(2)
        .says("there is no provider `zia`; nothing was changed; did you mean zai?");
    assert_eq!(paused(&project), json!([]));
    // What is wrong with the manifest must not keep the money flowing.
    project.edit("shotlist.yaml", "version: 1", "version: [");
    project.run(&["pause", "--json"]).expect(0);
    assert_eq!(paused(&project)[0]["project"], "shop");
}
