//! Failed jobs once more: what is not charged by itself, the rest only where it is asked for.

use super::faults::refused;
use crate::snapshot::whole;
use crate::support::Project;
use serde_json::{Value, json};

fn of(n: usize, mut rule: Value) -> Value {
    rule["when"] = json!({ "prompt_contains": format!("number {n}") });
    rule["times"] = json!(1);
    rule
}

/// Of four products one is done, two failed with a task that may be charged, one was refused for good.
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
    project.run(&["retry", "--charged", "--max-cost", "0.80"]).expect(3).says("done     hero/sku-2");
    assert_eq!((project.requests().len(), project.clips().len()), (6, 3));
}

#[test]
fn a_selection_retries_what_it_names_and_nothing_else() {
    let project = failed();
    let ended = project.run(&["retry", "--only", "*/sku-3", "--include-permanent", "--yes"]).expect(3);
    ended.says("done     hero/sku-3").says_nothing_of("second payment").says_nothing_of("skipped");
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
    let ended = project.run(&["retry", "--charged", "--only", "sku-1", "--yes"]).expect(0);
    ended.says("run renders what is wanted now").says("nothing to retry");
    assert_eq!(project.requests().len(), 4);
}

#[test]
fn a_name_that_no_job_has_is_told_also_where_nothing_failed() {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    project.run(&["retry", "--only", "hero/sku-1"]).expect(0).says("nothing to retry");
    project
        .run(&["retry", "--only", "sku-9"])
        .expect(2)
        .says("no job matches --only sku-9")
        .says("next: shotlist plan");
    project.run(&["show", "sku-9"]).expect(2).says("there is no job `sku-9`").says("next: shotlist status");
}
