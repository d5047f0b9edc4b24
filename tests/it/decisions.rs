//! Reviews of clips: who may record them, what they hold for, and what they lead to.

use crate::support::Project;
use shotlist::app::{self, DecideReport, Error, Exit, GalleryJob, ReviewRequest};
use shotlist::domain::key::JobKey;
use shotlist::domain::review::{Outcome, Reason, ReviewState};
use std::future::Future;

mod choice;
mod redo;
mod table;

/// Waits for a call of the library.
pub(crate) fn wait<T>(call: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(call)
}

/// Renders a shop with so many products.
pub(crate) fn rendered(rows: usize) -> Project {
    let project = Project::shop(rows);
    project.run(&["run", "--yes"]).expect(0);
    project
}

/// Opens a project as a Rust caller does.
pub(crate) fn library(project: &Project) -> app::Project {
    app::Project::open(project.path("shotlist.yaml")).unwrap()
}

pub(crate) fn job(project: &Project, item: &str) -> GalleryJob {
    let key = JobKey::new("hero", item);
    let gallery = wait(library(project).gallery()).unwrap();
    gallery.jobs.into_iter().find(|job| *job.key() == key).unwrap()
}

/// Returns a review of what a job shows now.
pub(crate) fn review(project: &Project, item: &str, outcome: Outcome) -> ReviewRequest {
    let job = job(project, item);
    ReviewRequest {
        job: job.key().clone(),
        take: job.record.filed.clone().unwrap().take,
        seen: job.record.review.as_ref().map_or(0, |review| review.revision),
        outcome,
        reasons: if outcome == Outcome::Rejected { vec![Reason::WrongColour] } else { Vec::new() },
        note: None,
        redo: false,
    }
}

pub(crate) fn decide(project: &Project, requests: &[ReviewRequest]) -> Result<DecideReport, Error> {
    wait(library(project).decide(requests, "ann"))
}

pub(crate) fn decided(project: &Project, item: &str, outcome: Outcome) {
    let report = decide(project, &[review(project, item, outcome)]).unwrap();
    assert!(!report.made.is_empty(), "{report:?}");
}

#[test]
fn a_review_is_recorded_and_the_newest_one_counts() {
    let project = rendered(2);
    assert_eq!(job(&project, "sku-1").standing, ReviewState::Undecided);
    let report = decide(&project, &[review(&project, "sku-1", Outcome::Approved)]).unwrap();
    let (key, made) = &report.made[0];
    assert_eq!((key.to_string().as_str(), made.revision, made.who.as_str()), ("hero/sku-1", 1, "ann"));
    assert_eq!(job(&project, "sku-1").record.review.as_ref(), Some(made));
    assert_eq!(job(&project, "sku-1").standing, ReviewState::Approved);
    decided(&project, "sku-1", Outcome::Rejected);
    assert_eq!(job(&project, "sku-1").standing, ReviewState::Rejected);
    decided(&project, "sku-1", Outcome::Undecided);
    assert_eq!(job(&project, "sku-1").standing, ReviewState::Undecided);
    assert_eq!(job(&project, "sku-2").standing, ReviewState::Undecided);
    let ledger = std::fs::read_to_string(project.path(".shotlist/ledger.jsonl")).unwrap();
    let lines: Vec<&str> = ledger.lines().filter(|line| line.contains("\"reviewed\"")).collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[1].contains("\"reasons\":\"wrong_colour\"") && lines[1].contains("\"who\":\"ann\""));
    project.run(&["verify"]).expect(0);
    assert_eq!(project.charges().len(), 2);
}

#[test]
fn two_reviewers_do_not_overwrite_each_other() {
    let project = rendered(2);
    let (mine, theirs) =
        (review(&project, "sku-1", Outcome::Approved), review(&project, "sku-1", Outcome::Rejected));
    decide(&project, &[theirs]).unwrap();
    // All or nothing: the review of the other job is not recorded either.
    let both = [review(&project, "sku-2", Outcome::Approved), mine.clone()];
    let report = decide(&project, &both).unwrap();
    assert!(report.made.is_empty());
    let (key, newest) = &report.conflicts[0];
    assert_eq!((key, newest.as_ref().unwrap().outcome), (&mine.job, Outcome::Rejected));
    assert_eq!(job(&project, "sku-2").standing, ReviewState::Undecided);
    assert_eq!(job(&project, "sku-1").standing, ReviewState::Rejected);
}

#[test]
fn a_review_of_a_clip_that_was_replaced_meanwhile_is_a_conflict() {
    let project = rendered(1);
    let before = review(&project, "sku-1", Outcome::Approved);
    project.run(&["redo", "sku-1", "--yes"]).expect(0);
    let report = decide(&project, &[before]).unwrap();
    assert_eq!((report.made.len(), report.conflicts.len()), (0, 1));
    assert_eq!(job(&project, "sku-1").standing, ReviewState::Undecided);
}

#[test]
fn an_incomplete_review_is_refused() {
    let project = rendered(2);
    let good = review(&project, "sku-1", Outcome::Rejected);
    let refused = |request: ReviewRequest| {
        let error = decide(&project, &[review(&project, "sku-2", Outcome::Approved), request]).unwrap_err();
        assert_eq!(error.exit, Exit::Usage);
        assert_eq!(job(&project, "sku-2").standing, ReviewState::Undecided);
        error.what
    };
    insta::assert_snapshot!(refused(ReviewRequest { reasons: Vec::new(), ..good.clone() }), @"hero/sku-1 cannot be reviewed: a rejection needs a reason: wrong_shape, wrong_colour, wrong_product, text_logo, anatomy, flicker, cropped, motion, unsafe, extra_object, background, frozen, rights, other; nothing was recorded");
    insta::assert_snapshot!(refused(ReviewRequest { reasons: vec![Reason::Other], ..good.clone() }), @"hero/sku-1 cannot be reviewed: the reason `other` needs a note; nothing was recorded");
    let approved = review(&project, "sku-1", Outcome::Approved);
    insta::assert_snapshot!(refused(ReviewRequest { redo: true, ..approved.clone() }), @"hero/sku-1 cannot be reviewed: only a rejection can queue another rendering; nothing was recorded");
    insta::assert_snapshot!(refused(ReviewRequest { reasons: vec![Reason::Motion], ..approved }), @"hero/sku-1 cannot be reviewed: only a rejection can have reasons; nothing was recorded");
    insta::assert_snapshot!(refused(ReviewRequest { job: "hero/sku-3".parse().unwrap(), ..good.clone() }), @"there is no job `hero/sku-3`; did you mean hero/sku-2?");
    insta::assert_snapshot!(refused(ReviewRequest { note: Some("x".repeat(1_001)), ..good.clone() }), @"hero/sku-1 cannot be reviewed: the note has 1001 characters, but the maximum is 1000; nothing was recorded");
    std::fs::remove_file(project.folder().join("renders/sku-1_hero.mp4")).unwrap();
    insta::assert_snapshot!(refused(good), @"hero/sku-1 cannot be reviewed: its clip is missing; nothing was recorded");
}

#[test]
fn a_review_survives_a_lost_database_and_a_damaged_ledger() {
    let project = rendered(2);
    decided(&project, "sku-1", Outcome::Approved);
    let rejected = ReviewRequest {
        note: Some("make it \"red\"".to_owned()),
        redo: true,
        ..review(&project, "sku-2", Outcome::Rejected)
    };
    decide(&project, &[rejected]).unwrap();
    let before = [job(&project, "sku-1").record.review, job(&project, "sku-2").record.review];
    assert!(before.iter().all(Option::is_some));
    let state = project.path(".shotlist");
    for name in ["state.db", "state.db-wal", "state.db-shm"] {
        let _ = std::fs::remove_file(state.join(name));
    }
    project.run(&["recover"]).expect(0);
    assert_eq!([job(&project, "sku-1").record.review, job(&project, "sku-2").record.review], before);
    assert!(job(&project, "sku-2").queued_redo().is_some());
    // A new review gets a new number.
    decided(&project, "sku-1", Outcome::Rejected);
    assert_eq!(job(&project, "sku-1").record.review.unwrap().revision, 3);

    // The database knows what a damaged line of the ledger told.
    let text = std::fs::read_to_string(state.join("ledger.jsonl")).unwrap();
    let damaged = text.replacen("\"kind\":\"reviewed\"", "\"kind\":\"revi", 1);
    assert_ne!(text, damaged);
    #[expect(clippy::disallowed_methods, reason = "the test damages the file")]
    std::fs::write(state.join("ledger.jsonl"), damaged).unwrap();
    project.run(&["recover"]).expect(0);
    let text = std::fs::read_to_string(state.join("ledger.jsonl")).unwrap();
    let mut told: Vec<&str> = text.lines().filter(|line| line.contains("\"reviewed\"")).collect();
    told.sort_unstable();
    assert_eq!(told.len(), 3, "{text}");
    assert_eq!(job(&project, "sku-2").record.review, before[1]);
}

#[test]
fn a_review_is_recorded_beside_a_run() {
    let project = rendered(2);
    project.write("products.csv", crate::support::sheet(4));
    project.stall();
    let run = project.start(&["run", "--yes"]);
    crate::support::until("a request is on the wire", || project.requests().len() > 2);
    decided(&project, "sku-1", Outcome::Approved);
    assert_eq!(job(&project, "sku-1").standing, ReviewState::Approved);
    run.kill();
    project.clear_faults();
    assert_eq!(job(&project, "sku-1").standing, ReviewState::Approved);
}

/// A shop whose products are one shirt in several sizes: one clip serves all.
pub(crate) fn shirts(sizes: usize) -> Project {
    let project = Project::shop(0);
    let rows: Vec<String> = (1..=sizes).map(|size| format!("sku-{size},Linen shirt\n")).collect();
    project.write("products.csv", format!("id,title\n{}", rows.concat()));
    project
}

#[test]
fn a_rejected_clip_serves_no_job_that_shares_it_now_or_later() {
    let project = shirts(3);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.charges().len(), 1);
    let follower = review(&project, "sku-2", Outcome::Rejected);
    let stale = review(&project, "sku-1", Outcome::Approved);
    let report = decide(&project, &[follower]).unwrap();
    let jobs: Vec<String> = report.made.iter().map(|(key, _)| key.to_string()).collect();
    assert_eq!(jobs, ["hero/sku-1", "hero/sku-3", "hero/sku-2"]);
    for item in ["sku-1", "sku-2", "sku-3"] {
        assert_eq!(job(&project, item).standing, ReviewState::Rejected, "{item}");
    }
    // The page of the other job is stale, although its own review is not the one that was made.
    assert_eq!(decide(&project, &[stale]).unwrap().conflicts.len(), 1);
    let rows = "sku-4,Linen shirt\n";
    project.edit("products.csv", "sku-3,Linen shirt\n", &format!("sku-3,Linen shirt\n{rows}"));
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.charges().len(), 1);
    assert_eq!(job(&project, "sku-4").standing, ReviewState::Rejected);
    // Taken back for one, it is taken back for all.
    decided(&project, "sku-4", Outcome::Approved);
    assert_eq!(job(&project, "sku-1").standing, ReviewState::Approved);
    // Both named at once are no conflict of each other.
    let both = ["sku-1", "sku-2"].map(|item| review(&project, item, Outcome::Rejected));
    assert_eq!(decide(&project, &both).unwrap().made.len(), 4);
    // One clip cannot be both.
    let [one, other] = both.map(|both| ReviewRequest { seen: 0, ..both });
    let seen = job(&project, "sku-1").record.review.unwrap().revision;
    let one = ReviewRequest { seen, ..one };
    let other = ReviewRequest { seen, outcome: Outcome::Approved, reasons: Vec::new(), ..other };
    assert_eq!(decide(&project, &[one, other]).unwrap().conflicts.len(), 1);
}

#[test]
fn a_changed_order_makes_a_review_outdated() {
    let project = rendered(2);
    decided(&project, "sku-1", Outcome::Approved);
    decided(&project, "sku-2", Outcome::Approved);
    project.edit("products.csv", "mug number 1", "red mug");
    project.run(&["run", "--yes", "--accept-changes"]).expect(0);
    assert_eq!(job(&project, "sku-1").standing, ReviewState::Outdated);
    assert_eq!(job(&project, "sku-2").standing, ReviewState::Approved);
    decided(&project, "sku-1", Outcome::Approved);
    assert_eq!(job(&project, "sku-1").standing, ReviewState::Approved);
}
