//! The program ends itself, as a power cut would, at each of the lines at which that is worst.
//!
//! The run that dies submits the first of three jobs only, so that nothing else is on the way.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails as the test itself does")]

use super::checks::{self, files};
use super::project::{Project, Remote};
use rustix::process::Signal;
use shotlist::domain::lifecycle::{HeldReason, State};
use std::os::unix::process::ExitStatusExt as _;

const ONE_AT_A_TIME: &str =
    "{ concurrency: 1, rate: 50/s, poll_rate: 50/s, first_poll: 60ms, poll_every: 20ms }";
const FIRST: &str = "c000";
const OTHERS: [&str; 2] = ["c001", "c002"];

/// A project of three jobs whose first run ended at that line.
async fn crashed_at(line: &str) -> Project {
    crashed_at_with(Remote::Zai, line).await
}

async fn crashed_at_with(far: Remote, line: &str) -> Project {
    let project = Project::start_at(far, 3, ONE_AT_A_TIME, |_| {}).await;
    let mut command = project.run();
    command.args(["--limit", "1"]).env("SHOTLIST_CRASH_AT", line);
    let ended = project.end(command).await;
    assert_eq!(ended.status.signal(), Some(Signal::ABORT.as_raw()), "{}", ended.stderr);
    project
}

/// Runs again, and once more, to the end; the exit code is the same both times.
async fn to_the_end(project: &Project) -> Option<i32> {
    let first = project.end(project.run()).await.status.code();
    let settled = project.snapshot().await;
    let submits = project.sandbox.stats().submits;
    let second = project.end(project.run()).await.status.code();
    assert_eq!(second, first);
    assert_eq!(project.snapshot().await, settled, "a run with nothing to do changes nothing");
    assert_eq!(project.sandbox.stats().submits, submits, "a run with nothing to do submits nothing");
    for item in OTHERS {
        assert_eq!((project.state(item).await, project.charges(item)), ("done", 1), "{item}");
    }
    checks::files_match(project, &settled);
    first
}

async fn is_held_in_doubt(project: &Project) -> bool {
    let snapshot = project.snapshot().await;
    matches!(snapshot[FIRST].state, State::Held { reason: HeldReason::AmbiguousSubmit, task: None, .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn p01_a_crash_before_the_intent_leaves_the_job_pending_and_it_is_paid_once() {
    let project = crashed_at("submit.before_intent").await;
    assert_eq!((project.state(FIRST).await, project.requests(FIRST).len()), ("pending", 0));
    assert_eq!(to_the_end(&project).await, Some(0));
    assert_eq!((project.state(FIRST).await, project.charges(FIRST)), ("done", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn p02_a_crash_between_intent_and_request_is_held_because_nobody_can_ask_the_provider() {
    let project = crashed_at("submit.after_intent").await;
    assert_eq!((project.state(FIRST).await, project.requests(FIRST).len()), ("submitting", 0));
    assert_eq!(to_the_end(&project).await, Some(7));
    assert!(is_held_in_doubt(&project).await);
    assert_eq!(
        project.requests(FIRST).len(),
        0,
        "a request that may have been sent is never sent again automatically"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn p04_a_crash_between_answer_and_commit_is_held_and_stays_charged_once() {
    let project = crashed_at("submit.after_response").await;
    assert_eq!((project.state(FIRST).await, project.charges(FIRST)), ("submitting", 1));
    assert_eq!(to_the_end(&project).await, Some(7));
    assert!(is_held_in_doubt(&project).await);
    assert_eq!(
        project.requests(FIRST).len(),
        1,
        "a request that may have been sent is never sent again automatically"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn p02_a_request_that_never_left_is_sent_once_more_where_the_provider_can_be_asked() {
    let project = crashed_at_with(Remote::Echo, "submit.after_intent").await;
    assert_eq!((project.state(FIRST).await, project.requests(FIRST).len()), ("submitting", 0));
    assert_eq!(to_the_end(&project).await, Some(0));
    assert_eq!((project.requests(FIRST).len(), project.charges(FIRST)), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn p04_an_answer_that_was_not_written_down_is_found_where_the_provider_can_be_asked() {
    let project = crashed_at_with(Remote::Echo, "submit.after_response").await;
    assert_eq!((project.state(FIRST).await, project.charges(FIRST)), ("submitting", 1));
    // Dies again with what the look-up brought, before that is written down.
    let mut command = project.command(&["collect"]);
    command.env("SHOTLIST_CRASH_AT", "look_up.after_response");
    assert_eq!(project.end(command).await.status.signal(), Some(Signal::ABORT.as_raw()));
    assert_eq!(project.state(FIRST).await, "doubtful");
    assert_eq!(to_the_end(&project).await, Some(0));
    assert_eq!((project.state(FIRST).await, project.requests(FIRST).len()), ("done", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn p05_a_crash_after_the_task_is_known_only_costs_polls() {
    let project = crashed_at("submit.after_commit").await;
    assert_eq!((project.state(FIRST).await, project.charges(FIRST)), ("running", 1));
    assert_eq!(project.end(project.command(&["collect"])).await.status.code(), Some(0));
    assert_eq!(project.state(FIRST).await, "done");
    assert_eq!(project.sandbox.stats().submits, 1, "collecting submits nothing");
    assert_eq!(to_the_end(&project).await, Some(0));
    assert_eq!(project.requests(FIRST).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn p09_a_crash_before_the_rename_is_finished_without_a_byte_from_the_network() {
    let project = crashed_at("place.before_rename").await;
    assert_eq!(project.state(FIRST).await, "placing");
    assert!(files(&project).is_empty(), "nothing stands under a final name yet");
    is_placed_from_disk(&project).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p10_a_crash_after_the_rename_finds_the_clip_in_its_place() {
    let project = crashed_at("place.after_rename").await;
    assert_eq!(project.state(FIRST).await, "placing");
    assert_eq!(files(&project), ["clips/c000.mp4", "clips/c000.mp4.json"]);
    is_placed_from_disk(&project).await;
}

async fn is_placed_from_disk(project: &Project) {
    let before = project.sandbox.stats();
    assert_eq!(project.end(project.command(&["collect"])).await.status.code(), Some(0));
    assert_eq!(project.state(FIRST).await, "done");
    let after = project.sandbox.stats();
    assert_eq!((after, before.downloads), (before.clone(), 1), "nothing was asked of anybody");
    assert_eq!(to_the_end(project).await, Some(0));
    assert_eq!(project.sandbox.stats().downloads, 3, "one for each job");
    let clips =
        ["c000", "c001", "c002"].map(|item| [format!("clips/{item}.mp4"), format!("clips/{item}.mp4.json")]);
    assert_eq!(files(project), clips.concat(), "no second file of any job");
    assert_eq!(std::fs::read_dir(project.path(".shotlist/partial")).unwrap().count(), 0);
}
