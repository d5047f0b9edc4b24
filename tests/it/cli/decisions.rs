//! Decisions of a person outlive the database: an order given once more is sent once, one taken back never, and what
//! is known of a clip is not forgotten with a backup.

use super::faults::refused;
use crate::snapshot::{assert_whole, whole};
use crate::support::{Project, until};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;

const DATABASE: &str = ".shotlist/state.db";

/// One product whose submission got no answer; the provider has charged for it.
fn held() -> Project {
    let lost = json!([{ "on": "submit", "times": 1, "do": "reset_after_accept" }]);
    let project = Project::shop_with_faults(1, lost);
    project.run(&["run", "--yes"]).expect(7);
    project
}

/// As a disk that fails: the ledger and the clips are left.
fn lose(project: &Project) {
    for end in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(project.path(&format!("{DATABASE}{end}")));
    }
}

fn sent_and_charged(project: &Project) -> (usize, usize) {
    (project.requests().len(), project.charges().len())
}

#[test]
fn an_order_given_anew_and_not_sent_is_in_a_rebuilt_database_too() {
    let project = held();
    project.run(&["resolve", "sku-1", "--resubmit", "--yes"]).expect(0);
    lose(&project);
    assert_whole!(project.run(&["recover"]).expect(0));
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    assert_eq!((&plan["to_render"], &plan["total_usd"]), (&json!(1), &json!("0.40")));
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_eq!((sent_and_charged(&project), project.clips().len()), ((2, 2), 1));
    // Told a second time, the same lines order nothing.
    lose(&project);
    assert_whole!(project.run(&["recover"]).expect(0));
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(sent_and_charged(&project), (2, 2));
}

#[test]
fn an_order_given_anew_after_the_last_backup_is_sent() {
    let project = held();
    let backup = fs::read(project.path(DATABASE)).unwrap();
    project.run(&["resolve", "sku-1", "--resubmit", "--yes"]).expect(0);
    project.write(DATABASE, backup);
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_eq!((sent_and_charged(&project), project.clips().len()), ((2, 2), 1));
}

#[test]
fn an_order_given_anew_and_taken_back_stays_taken_back() {
    for is_lost in [true, false] {
        let project = held();
        let backup = fs::read(project.path(DATABASE)).unwrap();
        project.run(&["resolve", "sku-1", "--resubmit", "--yes"]).expect(0);
        assert_whole!(project.run(&["cancel", "sku-1"]).expect(0));
        if is_lost {
            lose(&project);
            assert_whole!(project.run(&["recover"]).expect(0));
        } else {
            project.write(DATABASE, backup);
        }
        assert_whole!(project.run(&["run", "--yes"]).expect(3));
        assert_eq!((sent_and_charged(&project), project.takes("pending")), ((1, 1), 0), "{is_lost}");
    }
}

#[test]
fn a_second_take_that_was_sent_back_and_taken_off_the_list_is_not_paid_after_a_recovery() {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    project.fault(json!([refused(429, "1113", "in arrears")]));
    project.run(&["redo", "sku-1", "--yes"]).expect(10);
    project.clear_faults();
    project.run(&["cancel", "sku-1"]).expect(0);
    lose(&project);
    assert_whole!(project.run(&["recover"]).expect(0));
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_eq!(sent_and_charged(&project), (2, 1));
}

#[test]
fn what_an_edit_replaced_does_not_wait_again_after_a_recovery() {
    let project = Project::shop(1);
    project.fault(json!([refused(429, "1113", "in arrears")]));
    project.run(&["run", "--yes"]).expect(10);
    project.clear_faults();
    project.edit("products.csv", "mug number 1", "red mug");
    project.run(&["run", "--yes"]).expect(0);
    lose(&project);
    assert_whole!(project.run(&["recover"]).expect(0));
    assert_eq!(project.takes("pending"), 0);
}

#[test]
fn a_second_take_that_was_placed_when_everything_was_lost_does_not_lose_its_name_to_the_first() {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    let before = project.clips();
    let mut redo = project.command(&["redo", "sku-1", "--yes"]);
    redo.env("SHOTLIST_CRASH_AT", "place.after_rename");
    project.start_as(redo).wait().expect(-Signal::ABORT.as_raw());
    let placed = project.clips();
    assert_eq!(placed.len(), 2);
    lose(&project);
    assert_whole!(project.run(&["recover"]).expect(0));
    project.run(&["collect"]).expect(0);
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_eq!((project.clips(), project.sandbox().stats().downloads), (placed, 2));
    let show = project.show("sku-1");
    assert_ne!(show["sha256"], before["renders/sku-1_hero.mp4"]);
    project.run(&["verify"]).expect(0);
}

#[test]
fn a_backup_from_before_the_clip_came_finds_it_under_its_name_and_asks_nobody() {
    let project = Project::shop(1);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("the task is known", || project.takes("running") == 1);
    project.written_down();
    run.kill();
    let ends = ["", "-wal"];
    let backup = ends.map(|end| fs::read(project.path(&format!("{DATABASE}{end}"))).unwrap());
    project.clear_faults();
    project.run(&["collect"]).expect(0);
    let (clips, asked) = (project.clips(), project.sandbox().stats());
    lose(&project);
    for (end, bytes) in ends.iter().zip(backup) {
        project.write(&format!("{DATABASE}{end}"), bytes);
    }
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.sandbox().stats(), project.clips()), (asked, clips));
    assert_eq!(project.run(&["ledger", "--json"]).expect(0).json()["total"]["settled_usd"], "0.40");
}

#[test]
fn a_recovery_without_the_old_database_says_what_no_ledger_has() {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    project.run(&["pause", "zai"]).expect(0);
    lose(&project);
    assert_whole!(project.run(&["recover"]).expect(0));
}

#[test]
fn what_is_on_hold_is_said_by_the_plan_before_a_run_says_so() {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    project.run(&["pause", "zai", "--reason", "the bill first"]).expect(0);
    assert_whole!(project.run(&["plan"]).expect(0));
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    assert_eq!(plan["paused"][0]["provider"], "zai");
}

#[test]
fn reasons_are_shown_with_the_take_that_they_are_about_and_money_as_it_was_corrected() {
    let project = held();
    let adjust = ["ledger", "adjust", "sku-1", "--usd", "0.25", "--reason", "the bill of November"];
    project.run(&adjust).expect(0);
    assert_whole!(project.run(&["show", "sku-1"]).expect(0));
    let given_up = ["resolve", "sku-1", "--write-off", "--note", "not worth it"];
    assert_whole!(project.run(&given_up).expect(0));
    let take = project.show("sku-1")["takes"][0].clone();
    let texts: Vec<&Value> =
        take["remarks"].as_array().unwrap().iter().map(|remark| &remark["text"]).collect();
    assert_eq!(texts, ["the bill of November", "not worth it"]);
    assert_eq!((&take["account"], &take["account_usd"]), (&json!("settled"), &json!("0.25")));
    assert_whole!(project.run(&["show", "sku-1"]).expect(0));
}

#[test]
fn status_tells_how_full_the_budgets_are() {
    let project = Project::shop(1);
    project.edit("shotlist.yaml", "providers:", "budget: { day: \"0.80\", month: 10 }\nproviders:");
    project.run(&["run", "--yes"]).expect(0);
    assert_whole!(project.run(&["status"]).expect(0));
    let status = project.run(&["status", "--json"]).expect(0).json();
    let caps: BTreeSet<&str> =
        status["budget"].as_array().unwrap().iter().map(|level| level["cap"].as_str().unwrap()).collect();
    assert_eq!(caps, BTreeSet::from(["day", "month"]));
}

#[test]
fn prune_moves_nothing_where_more_is_gone_than_the_guard_allows() {
    let project = Project::shop(4);
    project.edit("shotlist.yaml", "providers:", "guards: { max_removed: 1 }\nproviders:");
    project.run(&["run", "--yes"]).expect(0);
    let before = project.clips();
    project.write("products.csv", crate::support::sheet(2));
    let refused = project.run(&["prune", "--yes"]).expect(8);
    insta::assert_snapshot!(whole(&refused));
    assert_eq!(project.clips(), before);
    assert_whole!(project.run(&["prune", "--yes", "--accept-changes"]).expect(0));
}

#[test]
fn a_finished_product_that_comes_to_want_what_a_vanished_one_had_gets_that_clip_and_keeps_its_own() {
    let project = Project::shop(2);
    project.edit("shotlist.yaml", "providers:", "guards: { max_changed: 0 }\nproviders:");
    project.run(&["run", "--yes"]).expect(0);
    let before = project.clips();
    project.write("products.csv", "id,title\nsku-1,mug number 2\n");
    assert_whole!(project.run(&["run", "--yes"]).expect(8));
    project.run(&["run", "--yes", "--accept-changes"]).expect(0);
    let after = project.clips();
    assert_eq!((project.charges().len(), after.len()), (2, 2));
    assert_eq!(after["renders/sku-1_hero.mp4"], before["renders/sku-2_hero.mp4"]);
    let kept = after.iter().find(|(name, _)| name.starts_with("renders/_takes/sku-1_hero.")).unwrap();
    assert_eq!(kept.1, &before["renders/sku-1_hero.mp4"]);
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
}
