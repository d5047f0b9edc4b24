//! Failed jobs are retried: those that were not charged automatically, the others only on request.

use super::faults::refused;
use crate::snapshot::{assert_whole, whole};
use crate::support::Project;
use serde_json::{Value, json};

fn of(n: usize, mut rule: Value) -> Value {
    rule["when"] = json!({ "prompt_contains": format!("number {n}") });
    rule["times"] = json!(1);
    rule
}

/// Makes a shop with four products: one done, two failed with a task that may be charged, one refused for good.
fn failed() -> Project {
    let failing = || json!({ "on": "submit", "do": { "fail": {} } });
    let rules = [of(1, failing()), of(2, failing()), of(3, refused(400, "1301", "sensitive"))];
    let project = Project::shop_with_faults(4, json!(rules));
    project.run(&["run", "--yes"]).expect(3);
    assert_eq!(project.requests().len(), 4);
    project
}

#[test]
fn what_may_be_charged_twice_is_named_with_its_sum_before_it_is_sent() {
    let project = failed();
    insta::assert_snapshot!(
        "retry_of_what_may_be_charged",
        whole(&project.run(&["retry", "--yes"]).expect(0))
    );
    let ended = project.run(&["retry", "--charged"]).expect(2);
    insta::assert_snapshot!("retry_that_asks_for_a_second_payment", whole(&ended));
    assert_eq!(project.requests().len(), 4);
    assert_whole!(project.run(&["retry", "--charged", "--max-cost", "0.80"]).expect(3));
    assert_eq!((project.requests().len(), project.clips().len()), (6, 3));
}

#[test]
fn a_selection_retries_what_it_names_and_nothing_else() {
    let project = failed();
    assert_whole!(project.run(&["retry", "--only", "*/sku-3", "--include-permanent", "--yes"]).expect(3));
    assert_eq!(project.requests().len(), 5);
    project.run(&["retry", "--charged", "--limit", "1", "--yes"]).expect(3);
    assert_eq!(project.requests().len(), 6);
    project.run(&["retry", "--charged", "--only", "hero/*", "--yes"]).expect(0);
    assert_eq!((project.requests().len(), project.clips().len()), (7, 4));
}

#[test]
fn an_edited_job_is_for_run_and_not_for_retry() {
    let project = failed();
    project.edit("products.csv", "mug number 1", "red mug");
    assert_whole!(project.run(&["retry", "--charged", "--only", "sku-1", "--yes"]).expect(0));
    assert_eq!(project.requests().len(), 4);
}

#[test]
fn a_refused_model_is_told_to_be_enabled_and_its_prompt_is_not_blamed() {
    let project = Project::shop_with_faults(1, json!([refused(400, "1211", "the model does not exist")]));
    project.run(&["run", "--yes"]).expect(3);
    project.clear_faults();
    let calls = [(&["plan"][..], 0), (&["retry", "--yes"], 0), (&["show", "hero/sku-1"], 0)];
    let told = calls.map(|(arguments, code)| whole(&project.run(arguments).expect(code)));
    insta::assert_snapshot!(told.join("\n\n"));
    project.run(&["retry", "--only", "hero/sku-1", "--include-permanent", "--yes"]).expect(0);
    assert_eq!((project.requests().len(), project.clips().len()), (2, 1));
}

#[test]
fn a_name_that_no_job_has_is_told_also_where_nothing_failed() {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    assert_whole!(project.run(&["retry", "--only", "hero/sku-1"]).expect(0));
    assert_whole!(project.run(&["retry", "--only", "sku-9"]).expect(2));
    assert_whole!(project.run(&["show", "sku-9"]).expect(2));
}

#[test]
fn a_clip_that_another_manifest_has_paid_for_is_not_paid_for_by_a_retry() {
    let project = Project::shop_with_faults(1, json!([refused(400, "1301", "sensitive")]));
    let manifest = std::fs::read_to_string(project.path("shotlist.yaml")).unwrap();
    let other = manifest.replace("project: shop", "project: other").replace("renders/", "other/");
    project.write("other.yaml", other);
    project.run(&["run", "--yes"]).expect(3);
    project.run(&["run", "-f", "other.yaml", "--yes"]).expect(3);
    project.clear_faults();
    project.run(&["retry", "--include-permanent", "--yes"]).expect(0);
    assert_whole!(project.run(&["retry", "-f", "other.yaml", "--include-permanent", "--yes"]).expect(0));
    project.run(&["run", "-f", "other.yaml"]).expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (1, 2));
    assert_whole!(project.run(&["retry", "-f", "other.yaml", "--include-permanent", "--yes"]).expect(0));
    assert_eq!(project.charges().len(), 1);
}

#[test]
fn a_request_in_doubt_is_not_sent_by_the_retry_of_another_manifest() {
    let project = Project::shop_with_faults(1, json!([refused(400, "1301", "sensitive")]));
    let manifest = std::fs::read_to_string(project.path("shotlist.yaml")).unwrap();
    let other = manifest.replace("project: shop", "project: other").replace("renders/", "other/");
    project.write("other.yaml", other);
    project.run(&["run", "--yes"]).expect(3);
    project.run(&["run", "-f", "other.yaml", "--yes"]).expect(3);
    project.clear_faults();
    project.fault(json!([{ "on": "submit", "do": "reset_after_accept" }]));
    project.run(&["retry", "--include-permanent", "--yes"]).expect(7);
    project.clear_faults();
    assert_whole!(project.run(&["retry", "-f", "other.yaml", "--include-permanent", "--yes"]).expect(0));
    assert_eq!(project.charges().len(), 1);
}

#[test]
fn failed_jobs_with_one_request_are_sent_once_and_share_the_clip() {
    let project = Project::shop_with_faults(3, json!([refused(400, "1301", "sensitive")]));
    project.write("products.csv", "id,title\nsku-1,mug\nsku-2,mug\nsku-3,mug\n");
    project.edit("shotlist.yaml", "output:", "reuse: never\noutput:");
    project.run(&["run", "--yes"]).expect(3);
    project.clear_faults();
    project.edit("shotlist.yaml", "reuse: never\n", "");
    assert_whole!(project.run(&["retry", "--include-permanent", "--yes"]).expect(3));
    project.run(&["run"]).expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (1, 3));
}

#[test]
fn a_job_that_got_a_copy_after_its_request_failed_is_not_paid_for_by_a_retry() {
    let project = Project::shop(1);
    project.edit("shotlist.yaml", "output:", "reuse: never\noutput:");
    project.write("products.csv", "id,title\nsku-1,mug\n");
    project.run(&["run", "--yes"]).expect(0);
    project.fault(json!([refused(400, "1301", "sensitive")]));
    project.write("products.csv", "id,title\nsku-1,mug\nsku-2,mug\n");
    project.run(&["run", "--yes"]).expect(3);
    project.clear_faults();
    project.edit("shotlist.yaml", "reuse: never\n", "");
    project.run(&["run", "--yes"]).expect(3);
    assert_whole!(project.run(&["retry", "--include-permanent", "--yes"]).expect(0));
    assert_eq!((project.charges().len(), project.clips().len()), (1, 2));
}

#[test]
fn the_rest_of_a_retry_that_stops_early_is_for_run_within_the_same_limit() {
    let project = failed();
    project.clear_faults();
    project.edit("shotlist.yaml", "limits: { ", "limits: { concurrency: 1, ");
    assert_whole!(project.run(&["retry", "--charged", "--yes", "--max-cost", "0.40"]).expect(8));
    assert_eq!(project.requests().len(), 5);
    project.run(&["run", "--max-cost", "0.40"]).expect(3);
    assert_eq!(project.requests().len(), 6);
}
