//! An earlier version of a clip gets the name of its job.

use super::{decided, job, library, rendered, review, wait};
use crate::snapshot::{assert_whole, stable};
use crate::support::{Project, until};
use shotlist::app::Exit;
use shotlist::domain::key::TakeId;
use shotlist::domain::review::{Outcome, ReviewState};
use std::collections::BTreeSet;
use std::fs;

const CLIP: &str = "renders/sku-1_hero.mp4";

/// A job with two versions, the newer one under its name; returns the older one.
fn two_versions() -> (Project, TakeId) {
    let project = rendered(1);
    project.run(&["redo", "sku-1", "--yes"]).expect(0);
    let older = job(&project, "sku-1").record.takes[1].take.id.clone();
    (project, older)
}

fn choose(project: &Project, take: &TakeId, seen: u64) -> Result<usize, shotlist::app::Error> {
    let key = "hero/sku-1".parse().unwrap();
    wait(library(project).choose(&key, take, seen, "ann")).map(|report| report.conflicts.len())
}

fn bytes(project: &Project) -> BTreeSet<String> {
    project.clips().into_values().collect()
}

#[test]
fn an_earlier_version_takes_the_name_and_stays_there() {
    let (project, older) = two_versions();
    decided(&project, "sku-1", Outcome::Approved);
    let (before, newer) = (project.clips(), job(&project, "sku-1").current().unwrap().take.id.clone());
    assert_eq!(choose(&project, &older, 1).unwrap(), 0);
    let after = project.clips();
    assert_ne!(after[CLIP], before[CLIP]);
    assert_eq!(bytes(&project), before.into_values().collect());
    let chosen = job(&project, "sku-1");
    assert_eq!(chosen.current().unwrap().take.id, older);
    // It was approved for the other clip.
    assert_eq!(chosen.standing, ReviewState::Outdated);
    project.run(&["verify"]).expect(0);
    assert_whole!(project.run(&["run"]).expect(0));
    assert_eq!(project.clips(), after);
    // And back again.
    assert_eq!(choose(&project, &newer, 1).unwrap(), 0);
    assert_eq!(job(&project, "sku-1").standing, ReviewState::Approved);
    assert_eq!(project.charges().len(), 2);
}

#[test]
fn a_version_of_an_earlier_order_stays_until_the_input_changes() {
    let project = rendered(1);
    project.edit("products.csv", "mug number 1", "red mug");
    project.run(&["run", "--yes", "--accept-changes"]).expect(0);
    let older = job(&project, "sku-1").record.takes[1].take.id.clone();
    let before = project.clips();
    assert_eq!(choose(&project, &older, 0).unwrap(), 0);
    assert_ne!(project.clips()[CLIP], before[CLIP]);
    assert_whole!(project.run(&["run"]).expect(0));
    assert_eq!(job(&project, "sku-1").current().unwrap().take.id, older);
    assert_ne!(project.clips()[CLIP], before[CLIP]);
    project.edit("products.csv", "red mug", "blue mug");
    assert_whole!(project.run(&["plan"]).expect(0));
}

#[test]
fn a_stale_choice_is_a_conflict_and_a_foreign_version_an_error() {
    let (project, older) = two_versions();
    decided(&project, "sku-1", Outcome::Approved);
    let before = project.clips();
    assert_eq!(choose(&project, &older, 0).unwrap(), 1);
    let error = choose(&project, &TakeId("01".to_owned()), 1).unwrap_err();
    insta::assert_snapshot!(stable(&error.what), @"no other version of hero/sku-1 was chosen: it has no version 01; nothing was changed");
    let kept = project.clips().keys().find(|name| name.contains("_takes")).unwrap().clone();
    fs::remove_file(project.folder().join(kept)).unwrap();
    let error = choose(&project, &older, 1).unwrap_err();
    insta::assert_snapshot!(stable(&error.what), @"no other version of hero/sku-1 was chosen: the clip of version [take-1] is missing; nothing was changed");
    assert_eq!(project.clips()[CLIP], before[CLIP]);
}

#[test]
fn nothing_is_chosen_while_a_run_is_active() {
    let (project, older) = two_versions();
    project.write("products.csv", crate::support::sheet(2));
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("a request is on the wire", || project.requests().len() > 2);
    assert_eq!(choose(&project, &older, 0).unwrap_err().exit, Exit::Locked);
    run.kill();
    project.clear_faults();
}

#[test]
fn a_choice_that_was_cut_off_keeps_both_clips_and_is_finished_by_the_next_one() {
    let (project, older) = two_versions();
    let before = bytes(&project);
    let name = |project: &Project| {
        let newer = job(project, "sku-1").current().unwrap().take.id.clone();
        shotlist::files::kept_path(CLIP, &newer)
    };
    // Cut off after the first move, of which nothing was written down.
    let kept = project.folder().join(name(&project));
    fs::rename(project.folder().join(CLIP), &kept).unwrap();
    assert_eq!(bytes(&project), before);
    assert_eq!(choose(&project, &older, 0).unwrap(), 0);
    assert_eq!((bytes(&project), job(&project, "sku-1").current().unwrap().take.id.clone()), (before, older));
    project.run(&["verify"]).expect(0);
    let request = review(&project, "sku-1", Outcome::Approved);
    assert_eq!(request.seen, 0);
}
