//! A rejection queues another rendering, and each queued rendering is paid once.

use super::{decide, job, rendered, review, shirts};
use crate::snapshot::assert_whole;
use crate::support::{Project, SHOP};
use proptest::prelude::*;
use serde_json::json;
use shotlist::app::ReviewRequest;
use shotlist::domain::review::{Outcome, ReviewState};
use std::collections::BTreeSet;

fn reject(project: &Project, item: &str, note: Option<&str>) {
    let request = ReviewRequest {
        redo: true,
        note: note.map(str::to_owned),
        ..review(project, item, Outcome::Rejected)
    };
    assert!(!decide(project, &[request]).unwrap().made.is_empty());
}

/// Runs, and returns the number of renderings that were ordered.
fn ordered(project: &Project, code: i32) -> usize {
    let before = project.requests().len();
    project.run(&["run", "--yes"]).expect(code);
    project.requests().len() - before
}

/// Runs, however that ends, and returns the number of requests for renderings.
fn sent(project: &Project) -> usize {
    let before = project.requests().len();
    project.run(&["run", "--yes"]);
    project.requests().len() - before
}

fn plan_is_empty(project: &Project) {
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    assert_eq!((plan["to_render"].as_u64(), plan["total_usd"].as_str()), (Some(0), Some("0.00")), "{plan}");
}

#[test]
fn a_queued_redo_is_in_the_plan_with_its_price_and_is_sent_once() {
    let project = rendered(3);
    project
        .run(&["reject", "--who", "ann", "sku-2", "--reason", "wrong_colour", "--note", "red", "--redo"])
        .expect(0);
    assert_whole!(project.run(&["plan"]).expect(0));

    assert_whole!(project.run(&["status"]).expect(0));
    assert_whole!(project.run(&["run"]).expect(2));
    let before = project.clips();
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_eq!(project.charges().len(), 4);
    let after = project.clips();
    assert_ne!(after["renders/sku-2_hero.mp4"], before["renders/sku-2_hero.mp4"]);
    assert_eq!(after.len(), 4, "the rejected clip is kept");
    assert_eq!(job(&project, "sku-2").standing, ReviewState::Outdated);
    plan_is_empty(&project);
    assert_eq!(ordered(&project, 0), 0);
    project.run(&["approve", "--who", "ann", "sku-2"]).expect(0);
    plan_is_empty(&project);
    project.run(&["reject", "--who", "ann", "sku-2", "--reason", "flicker"]).expect(0);
    plan_is_empty(&project);
    assert_eq!(ordered(&project, 0), 0);
    let shown = project.show("sku-2");
    let outcomes: Vec<_> =
        shown["reviews"].as_array().unwrap().iter().map(|it| it["outcome"].clone()).collect();
    assert_eq!(outcomes, ["rejected", "approved", "rejected"]);
    assert_whole!(project.run(&["show", "sku-2"]).expect(0));
    reject(&project, "sku-2", None);
    assert_eq!(ordered(&project, 0), 1);
    assert_eq!(ordered(&project, 0), 0);
}

#[test]
fn a_redo_that_was_taken_back_is_not_sent() {
    let project = rendered(2);
    reject(&project, "sku-1", None);
    project.run(&["reject", "--who", "ann", "sku-1", "--undo"]).expect(0);
    assert_eq!(job(&project, "sku-1").standing, ReviewState::Undecided);
    plan_is_empty(&project);
    reject(&project, "sku-1", None);
    project.run(&["approve", "--who", "ann", "sku-1"]).expect(0);
    plan_is_empty(&project);
    // Undone again, the rejection counts with its redo: nothing was ordered since.
    project.run(&["approve", "--who", "ann", "sku-1", "--undo"]).expect(0);
    reject(&project, "sku-1", Some("two rejections are one redo"));
    assert_eq!(ordered(&project, 0), 1);
    assert_eq!(ordered(&project, 0), 0);
}

/// A run orders queued renderings before it sends them. Paused, it has ordered this one and waits.
#[test]
fn a_redo_that_a_run_has_ordered_and_not_sent_is_taken_back_by_the_next_review() {
    for (verb, standing) in [("approve", ReviewState::Approved), ("reject", ReviewState::Undecided)] {
        let project = rendered(1);
        reject(&project, "sku-1", None);
        project.run(&["pause"]).expect(0);
        let before = project.requests().len();
        project.run(&["run", "--yes"]).expect(5);
        let take_back: &[&str] =
            if verb == "approve" { &["approve", "sku-1"] } else { &["reject", "sku-1", "--undo"] };
        project.run(take_back).expect(0);
        assert_eq!(job(&project, "sku-1").standing, standing);
        project.run(&["resume"]).expect(0);
        plan_is_empty(&project);
        project.run(&["run", "--yes"]).expect(0);
        assert_eq!(project.requests().len(), before, "{verb}");
        assert_eq!(project.charges().len(), 1);
    }
}

/// A review is about a job: a queued redo does not go along with a renamed shot, and that is told.
#[test]
fn a_queued_redo_of_a_renamed_shot_is_told_and_not_sent() {
    let project = rendered(1);
    reject(&project, "sku-1", None);
    project.edit("shotlist.yaml", "  hero:\n", "  main:\n");
    assert_whole!(project.run(&["plan"]).expect(0));
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_eq!(project.charges().len(), 1);
    assert_eq!(ordered(&project, 0), 0);
    project.run(&["reject", "main/sku-1", "--reason", "wrong_colour", "--redo"]).expect(0);
    assert_eq!(ordered(&project, 0), 1);
    assert_eq!(ordered(&project, 0), 0);
}

#[test]
fn a_redo_is_sent_once_across_kills() {
    for line in ["submit.before_intent", "submit.after_intent", "place.before_rename", "place.after_rename"] {
        let project = rendered(1);
        reject(&project, "sku-1", None);
        let mut command = project.command(&["run", "--yes"]);
        command.env("SHOTLIST_CRASH_AT", line);
        assert_eq!(project.start_as(command).wait().code, -6, "{line}");
        let mut ended = project.run(&["run", "--yes"]);
        if ended.code == 3 {
            // Until the new clip is recorded, the file under the name is not the recorded one.
            println!("{line}: {}{}", ended.out, ended.err);
            ended = project.run(&["run", "--yes"]);
        }
        let held = line == "submit.after_intent";
        assert_eq!(ended.code, if held { 7 } else { 0 }, "{line}");
        assert_eq!(project.charges().len(), if held { 1 } else { 2 }, "{line}");
        assert_eq!(ordered(&project, ended.code), 0, "{line}");
    }
}

#[test]
fn a_redo_that_failed_at_no_cost_waits_for_retry() {
    let project = rendered(1);
    reject(&project, "sku-1", None);
    project.fault(json!([{ "on": "submit", "times": 1,
        "do": { "error": { "http": 400, "code": "1301", "message": "unsafe" } } }]));
    assert_eq!(sent(&project), 1);
    assert_eq!(sent(&project), 0);
    // Taking a later review back does not queue the redo again.
    project.run(&["approve", "--who", "ann", "sku-1"]).expect(0);
    project.run(&["approve", "--who", "ann", "sku-1", "--undo"]).expect(0);
    assert_eq!(job(&project, "sku-1").standing, ReviewState::Rejected);
    assert_eq!(sent(&project), 0);
    project.run(&["retry", "--include-permanent", "--yes"]).expect(0);
    assert_eq!(project.charges().len(), 2);
    assert_eq!(ordered(&project, 0), 0);
}

#[test]
fn a_changed_input_and_a_queued_redo_are_one_rendering() {
    let project = rendered(1);
    reject(&project, "sku-1", None);
    project.edit("products.csv", "mug number 1", "red mug");
    assert_whole!(project.run(&["plan"]).expect(0));
    assert_eq!(ordered(&project, 0), 1);
    assert_eq!(ordered(&project, 0), 0);
}

#[test]
fn a_budget_stops_a_queued_redo() {
    let project = rendered(1);
    reject(&project, "sku-1", None);
    project.run(&["run", "--yes", "--max-cost", "0.10"]).expect(8);
    assert_eq!(project.charges().len(), 1);
    assert_eq!(ordered(&project, 0), 1);
    assert_eq!(ordered(&project, 0), 0);
}

#[test]
fn what_the_reviewer_said_goes_into_the_prompt_and_never_buys_by_itself() {
    let project = Project::shop(2);
    project.manifest(
        &SHOP.replace("{{ item.title }}", "{{ item.title }}{% if feedback %}. {{ feedback }}{% endif %}"),
    );
    project.run(&["run", "--yes"]).expect(0);
    reject(&project, "sku-1", Some("Keep the handle {{ on }} the left"));
    assert_whole!(project.run(&["plan"]).expect(0));
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    let prompts: Vec<String> = project
        .requests()
        .iter()
        .map(|request| request.body["prompt"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(prompts[2], "A slow turn around mug number 1. Keep the handle {{ on }} the left");
    plan_is_empty(&project);
    project.run(&["approve", "--who", "ann", "sku-1"]).expect(0);
    plan_is_empty(&project);
    project.run(&["reject", "--who", "ann", "sku-1", "--reason", "flicker"]).expect(0);
    plan_is_empty(&project);
    // The same clip under another name: nothing is paid, and it is not the rejected one of before.
    project.run(&["approve", "--who", "ann", "sku-1"]).expect(0);
    let approved = project.clips()["renders/sku-1_hero.mp4"].clone();
    project.edit("shotlist.yaml", "hero:", "main:");
    assert_eq!(ordered(&project, 0), 0);
    assert_eq!(project.clips()["renders/sku-1_main.mp4"], approved);
    plan_is_empty(&project);
    assert_eq!(project.charges().len(), 3);
    // What was said still holds where the input changes, and the reasons stand in for a note.
    project.edit("shotlist.yaml", "main:", "hero:");
    assert_eq!(ordered(&project, 0), 0);
    reject(&project, "sku-2", None);
    project.edit("products.csv", "mug number 2", "blue mug");
    assert_eq!(ordered(&project, 0), 1);
    let last = project.requests().last().unwrap().body["prompt"].clone();
    assert_eq!(last, "A slow turn around blue mug. wrong colour");
}

#[test]
fn a_condition_knows_nothing_of_reviews() {
    let project = Project::shop(1);
    project.manifest(&SHOP.replace("    model:", "    when: \"feedback\"\n    model:"));
    assert_whole!(project.run(&["validate"]).expect(4));
}

#[test]
fn one_redo_serves_all_jobs_that_share_the_rejected_clip() {
    let project = shirts(3);
    project.run(&["run", "--yes"]).expect(0);
    let before = project.clips();
    reject(&project, "sku-2", None);
    assert_whole!(project.run(&["status"]).expect(0));
    assert_eq!(ordered(&project, 0), 1);
    assert_eq!(ordered(&project, 0), 0);
    let after = project.clips();
    let named: BTreeSet<&String> = (1..=3).map(|n| &after[&format!("renders/sku-{n}_hero.mp4")]).collect();
    assert_eq!(named.len(), 1, "{after:?}");
    assert!(!before.values().any(|old| named.contains(old)));
    plan_is_empty(&project);
}

#[test]
fn all_rejected_clips_are_rendered_once_more_at_one_price() {
    let project = rendered(4);
    reject(&project, "sku-1", None);
    project.run(&["reject", "--who", "ann", "sku-2", "sku-3", "--reason", "motion"]).expect(0);
    assert_whole!(project.run(&["redo", "--rejected"]).expect(2));
    project.run(&["redo", "--rejected", "--only", "*/sku-3", "--yes"]).expect(0);
    assert_eq!(project.charges().len(), 5);
    project.run(&["redo", "--rejected", "--yes"]).expect(0);
    assert_eq!(project.charges().len(), 7);
    // The queued one was among them.
    assert_eq!(ordered(&project, 0), 0);
    assert_whole!(project.run(&["redo", "--rejected", "--yes"]).expect(0));
    assert_eq!(project.charges().len(), 7);
}

/// One thing that a reviewer or the program does.
#[derive(Debug, Clone, Copy)]
enum Act {
    Approve,
    Reject,
    Queue,
    Undo,
    Run,
    Fail,
    Redo,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 8, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_events_pays_twice_for_one_queued_redo(
        acts in proptest::collection::vec(
            prop_oneof![
                Just(Act::Approve), Just(Act::Reject), Just(Act::Queue), Just(Act::Queue), Just(Act::Undo),
                Just(Act::Run), Just(Act::Run), Just(Act::Fail), Just(Act::Redo),
            ],
            1..9,
        )
    ) {
        let project = rendered(1);
        // Whether something asked for another rendering since the last one was ordered, and whether it is sure.
        let (mut may, mut must) = (false, false);
        for act in acts {
            match act {
                Act::Approve => super::decided(&project, "sku-1", Outcome::Approved),
                Act::Reject => super::decided(&project, "sku-1", Outcome::Rejected),
                Act::Queue => reject(&project, "sku-1", None),
                Act::Undo => drop(project.run(&["approve", "--who", "ann", "sku-1", "--undo"])),
                Act::Redo => drop(project.run(&["redo", "sku-1", "--yes"]).expect(0)),
                Act::Run | Act::Fail => {
                    if let Act::Fail = act {
                        let refused = json!({ "error": { "http": 400, "code": "1301", "message": "unsafe" } });
                        project.fault(json!([{ "on": "submit", "times": 1, "do": refused }]));
                    }
                    let before = project.requests().len();
                    project.run(&["run", "--yes"]);
                    project.clear_faults();
                    let sent = project.requests().len() - before;
                    prop_assert!(sent <= usize::from(may), "{act:?} sent {sent}");
                    prop_assert!(sent == 1 || !must, "{act:?} sent {sent}");
                    (may, must) = (may && sent == 0, false);
                }
            }
            match act {
                Act::Queue => (may, must) = (true, true),
                // It goes back to a queued redo at most once.
                Act::Undo | Act::Approve | Act::Reject => must = false,
                Act::Redo => (may, must) = (false, false),
                Act::Run | Act::Fail => {}
            }
        }
    }
}
