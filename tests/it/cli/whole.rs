//! Everything that the verbs of paid work print, of shops with one thing of a kind.

use super::faults::refused;
use crate::snapshot::whole;
use crate::support::{Project, sheet, until};
use insta::assert_snapshot;
use serde_json::json;

/// A shop with a finished job, an edited one and a new one.
fn grown() -> Project {
    let project = Project::shop(2);
    project.run(&["run", "--yes"]).expect(0);
    project.write("products.csv", sheet(3).replace("mug number 2", "red mug"));
    project
}

#[test]
fn a_plan_is_shown_whole() {
    let project = grown();
    assert_snapshot!("plan", whole(&project.run(&["plan"])));
    assert_snapshot!("plan_json", whole(&project.run(&["plan", "--json"])));
    assert_snapshot!("plan_requests", whole(&project.run(&["plan", "--show-requests"])));
}

#[test]
fn a_run_is_told_whole() {
    let project = grown();
    assert_snapshot!("run", whole(&project.run(&["run", "--yes", "--only", "sku-2", "--accept-changes"])));
    assert_snapshot!("run_json", whole(&project.run(&["run", "--yes", "--json"])));
    assert_snapshot!("run_nothing", whole(&project.run(&["run"])));
}

#[test]
fn a_run_with_a_failed_and_a_held_job_is_told_whole() {
    let refused = refused(400, "1301", "sensitive");
    let project = Project::shop_with_faults(1, json!([refused]));
    assert_snapshot!("run_failed", whole(&project.run(&["run", "--yes"])));
    assert_snapshot!("retry_refused", whole(&project.run(&["retry", "--yes"])));
    project.clear_faults();
    let retry = ["retry", "--include-permanent", "--yes"];
    assert_snapshot!("retry", whole(&project.run(&retry)));

    project.write("products.csv", sheet(2));
    project.fault(json!([{ "on": "submit", "do": "reset_after_accept" }]));
    assert_snapshot!("run_held", whole(&project.run(&["run", "--yes"])));
}

#[test]
fn a_collection_is_told_whole() {
    let project = Project::shop(1);
    assert_snapshot!("collect_nothing", whole(&project.run(&["collect"])));
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("its task is known", || project.takes("running") == 1);
    run.kill();
    project.clear_faults();
    assert_snapshot!("collect", whole(&project.run(&["collect"])));
    assert_snapshot!("collect_settled", whole(&project.run(&["collect"])));
}

#[test]
fn another_rendering_is_told_whole() {
    let project = Project::shop(2);
    project.run(&["run", "--yes", "--limit", "1"]).expect(0);
    assert_snapshot!("redo_asks", whole(&project.run(&["redo", "--only", "hero/*"])));
    assert_snapshot!("redo", whole(&project.run(&["redo", "sku-1", "--yes", "--json"])));
}
