//! The outputs of the commands that work during a run: pause, resume, dismiss, cancel and resolve.

use super::faults::refused;
use crate::snapshot::whole;
use crate::support::{Project, sheet, until};
use insta::assert_snapshot;
use serde_json::json;

/// A shop with two products that are held: the first without an answer, the second because its task is another's.
fn held() -> Project {
    let project =
        Project::shop_with_faults(1, json!([{ "on": "submit", "times": 2, "do": "reset_after_accept" }]));
    project.run(&["run", "--yes"]).expect(7);
    project.write("products.csv", sheet(2));
    project.run(&["run", "--yes"]).expect(7);
    let other = project.requests()[0].task.clone().unwrap().id;
    project.run(&["resolve", "sku-2", "--task-id", &other]).expect(0);
    project.run(&["collect"]).expect(7);
    project
}

/// A shop with a finished job, one that was refused, and one that waits.
fn mixed() -> Project {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    project.write("products.csv", sheet(2));
    project.fault(json!([refused(400, "1301", "sensitive")]));
    project.run(&["run", "--yes"]).expect(3);
    project.clear_faults();
    project.write("products.csv", sheet(3));
    project.run(&["pause", "--reason", "the bill"]).expect(0);
    project.run(&["run", "--yes"]).expect(5);
    project
}

#[test]
fn a_pause_and_its_end_are_told_whole() {
    let project = Project::shop(2);
    assert_snapshot!("pause_unused", whole(&project.run(&["pause"])));
    project.run(&["run", "--yes", "--limit", "1"]).expect(0);
    assert_snapshot!("pause_unknown", whole(&project.run(&["pause", "zia"])));
    assert_snapshot!("pause", whole(&project.run(&["pause", "zai", "--reason", "the bill"])));
    assert_snapshot!("pause_json", whole(&project.run(&["pause", "--json"])));
    assert_snapshot!("resume_one", whole(&project.run(&["resume", "zai"])));
    assert_snapshot!("resume_json", whole(&project.run(&["resume", "--json"])));
    assert_snapshot!("resume_nothing", whole(&project.run(&["resume"])));
    assert_snapshot!("resume_nothing_of_one", whole(&project.run(&["resume", "zai"])));
    project.run(&["pause"]).expect(0);
    project.edit("shotlist.yaml", "version: 1", "version: [");
    assert_snapshot!("resume", whole(&project.run(&["resume"])));
}

#[test]
fn a_dismissal_is_told_whole() {
    let project = mixed();
    assert_snapshot!("dismiss_done", whole(&project.run(&["dismiss", "hero/sku-2", "sku-1"])));
    assert_snapshot!("dismiss_unknown", whole(&project.run(&["dismiss", "sku-9"])));
    assert_snapshot!("dismiss", whole(&project.run(&["dismiss", "sku-2", "--reason", "discontinued"])));
    assert_snapshot!("dismiss_undo", whole(&project.run(&["dismiss", "sku-2", "--undo", "--json"])));
    assert_snapshot!("dismiss_undo_nothing", whole(&project.run(&["dismiss", "sku-2", "--undo"])));
}

#[test]
fn a_cancellation_is_told_whole() {
    let project = mixed();
    assert_snapshot!("cancel", whole(&project.run(&["cancel", "sku-1", "sku-2", "sku-3"])));
    assert_snapshot!("cancel_nothing", whole(&project.run(&["cancel", "--only", "hero/*"])));
    assert_snapshot!("cancel_off", whole(&project.run(&["cancel", "sku-3", "--json"])));
    project.run(&["resume"]).expect(0);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("its task is known", || project.takes("running") == 1);
    assert_snapshot!("cancel_running", whole(&project.run(&["cancel", "sku-3"])));
    run.kill();
}

#[test]
fn a_decision_is_told_whole() {
    let project = held();
    assert_snapshot!("resolve_asks", whole(&project.run(&["resolve", "--all", "--resubmit", "--note", "x"])));
    let most = ["resolve", "--all", "--resubmit", "--max-extra", "0.79"];
    assert_snapshot!("resolve_beyond", whole(&project.run(&most)));
    assert_snapshot!("resolve_unable", whole(&project.run(&["resolve", "sku-1", "--again"])));
    assert_snapshot!("resolve_partly", whole(&project.run(&["resolve", "--all", "--again"])));
    assert_snapshot!("resolve_not_held", whole(&project.run(&["resolve", "sku-2", "--again"])));
    let by_reason = ["resolve", "--all", "--write-off", "--reason", "id_mismatch"];
    assert_snapshot!("resolve_no_kind", whole(&project.run(&by_reason)));
    assert_snapshot!("resolve_bad_kind", whole(&project.run(&[&by_reason[..4], &["lost"]].concat())));
    let known = project.requests().into_iter().map(|request| request.task.unwrap().id).collect::<Vec<_>>();
    assert_snapshot!("resolve_taken", whole(&project.run(&["resolve", "sku-1", "--task-id", &known[0]])));
    assert_snapshot!("resolve_adopt", whole(&project.run(&["resolve", "sku-1", "--task-id", &known[1]])));
    assert_snapshot!("resolve_nothing", whole(&project.run(&["resolve", "--all", "--again"])));
}

#[test]
fn a_new_order_and_one_that_is_given_up_are_told_whole() {
    let project = held();
    assert_snapshot!("resolve_resubmit", whole(&project.run(&["resolve", "sku-2", "--resubmit", "--yes"])));
    assert_snapshot!(
        "resolve_write_off",
        whole(&project.run(&["resolve", "sku-1", "--write-off", "--json"]))
    );
}
