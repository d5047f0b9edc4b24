//! Tests the lines that a terminal shows during a run. The tests make these lines only from notices, which report the
//! events of a run.

use super::super::layout::width;
use super::*;
use crate::app::totals::{DeliveredClips, RunJobs, Start};
use crate::domain::digest::Sha256;
use crate::domain::durations::{Durations, RenderKind};
use crate::domain::estimate::{Flow, Known, RenderFigures};
use crate::domain::fault::Refusal;
use crate::domain::fault::Said;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::key::{RequestId, TaskId};
use crate::domain::lifecycle::{Charged, Phase, State};
use crate::domain::lifecycle::{Clip, ClipFile, HeldReason, Intent, PollCounters, Task};
use crate::domain::money::Usd;
use crate::domain::notice::Notice;
use crate::domain::notice::WhyStopped;
use jiff::ToSpan as _;
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn at(seconds: i64) -> Timestamp {
    "2026-11-21T02:00:00Z".parse::<Timestamp>().unwrap() + seconds.seconds()
}

fn key(item: usize) -> JobKey {
    JobKey::new("hero", format!("sku-{item}"))
}

fn price() -> Usd {
    "0.20".parse().unwrap()
}

fn intent(sent: i64) -> Intent {
    Intent { attempt: 1, request_id: RequestId("sl-1".into()), at: at(sent) }
}

fn task(sent: i64) -> Task {
    Task { id: TaskId("T-1".into()), intent: intent(sent), accepted: at(sent), charged: false }
}

fn submitting(sent: i64) -> State {
    State::Submitting { intent: intent(sent), tries_left: 3, setbacks: 0 }
}

fn running(sent: i64) -> State {
    State::Running { task: task(sent), counters: PollCounters::default(), due: at(sent) }
}

fn downloading(sent: i64) -> State {
    let clip = Clip { url: String::new(), cover: None, expires: None, others: Vec::new() };
    let counters = PollCounters::default();
    State::Downloading { task: task(sent), clip, counters, due: at(sent) }
}

fn done(sent: i64) -> State {
    State::Done { task: task(sent), file: ClipFile { size: 1, sha256: Sha256::of(b"") } }
}

fn failed(charged: Charged) -> State {
    State::Failed { refusal: Refusal::Policy, charged, task: None }
}

fn held(reason: HeldReason) -> State {
    State::Held { reason, intent: intent(0), task: None, since: at(0) }
}

fn again(due: i64) -> State {
    State::Pending { tries_left: 2, setbacks: 1, due: at(due) }
}

fn moved(item: usize, to: State) -> Notice {
    Notice::Moved {
        take: TakeId(format!("take-{item:04}")),
        key: key(item),
        kind: kind(),
        price: price(),
        path: format!("renders/sku-{item}/sku-{item}_hero.mp4"),
        from: Phase::Pending,
        to: Box::new(to),
        said: None,
    }
}

/// Returns the notice that the rendering of an item's job changed from the state `from` to the state `to`.
fn moved_from(from: Phase, item: usize, to: State) -> Notice {
    let mut notice = moved(item, to);
    if let Notice::Moved { from: before, .. } = &mut notice {
        *before = from;
    }
    notice
}

fn kind() -> RenderKind {
    RenderKind { model: "zai/vidu2-image".parse().unwrap(), class: String::new() }
}

fn run_jobs(jobs: Vec<(JobKey, Bucket)>) -> RunJobs {
    RunJobs { jobs, ..RunJobs::default() }
}

/// Returns the totals of a run with `jobs` new jobs.
fn totals(jobs: usize) -> RunTotals {
    let jobs: Vec<_> = (1..=jobs).map(|item| (key(item), Bucket::ToRender)).collect();
    let estimate = Some(price().times(jobs.len() as u64));
    RunTotals::new(Start { run_jobs: run_jobs(jobs), estimate, ..Start::default() }, at(0))
}

fn last(totals: &RunTotals, now: i64) -> String {
    totals.lines(at(now), 100, 30).pop().unwrap()
}

#[test]
fn a_job_is_shown_from_its_sending_to_its_end() {
    let mut totals = totals(2);
    assert_eq!(totals.lines(at(0), 100, 30).len(), 1, "only the bar");
    let mut first = |state: State, heard: i64, reported: i64| {
        totals.hear(&moved(1, state), at(heard));
        let lines = totals.lines(at(reported), 100, 30);
        (lines.len() > 1).then(|| lines[0].clone())
    };
    let shown = |text: &str| Some(text.to_owned());
    assert_eq!(first(submitting(1), 1, 3), shown("  hero/sku-1  sending          2s"));
    assert_eq!(first(running(4), 4, 10), shown("  hero/sku-1  rendering        6s"));
    assert_eq!(first(running(4), 20, 76), shown("  hero/sku-1  rendering     1m12s"));
    assert_eq!(first(downloading(4), 80, 81), shown("  hero/sku-1  downloading      1s"));
    assert_eq!(first(again(120), 100, 106), shown("  hero/sku-1  retrying in     14s"));
    assert_eq!(first(again(120), 100, 121), None, "its time has come: it waits for its turn");
    assert_eq!(first(done(4), 130, 130), None);
}

#[test]
fn the_bar_counts_jobs_and_money() {
    let mut totals = totals(8);
    assert_eq!(last(&totals, 0), "[--------------------------] 0/8 done  8 to render  $0.00 of $1.60");
    totals.hear(&moved(1, done(0)), at(60));
    totals.hear(&moved(2, failed(Charged::No)), at(60));
    totals.hear(&moved(3, failed(Charged::Yes)), at(60));
    totals.hear(&moved(4, held(HeldReason::AmbiguousSubmit)), at(60));
    totals.hear(&moved(5, held(HeldReason::UrlExpired)), at(60));
    assert_eq!(
        last(&totals, 60),
        "[################----------] 1/8 done  3 to render  2 need your decision  2 failed  $0.60 of $1.60"
    );
    // The missing clip was delivered later; it is not paid for a second time.
    totals.hear(&moved(5, done(0)), at(61));
    assert!(
        last(&totals, 61).contains("2/8 done  3 to render  1 needs your decision  2 failed  $0.60 of $1.60")
    );
}

#[test]
fn what_was_done_and_paid_before_counts_from_the_start() {
    let buckets = [Bucket::Done, Bucket::Done, Bucket::Failed, Bucket::WrittenOff, Bucket::ToRender];
    let jobs = buckets.iter().enumerate().map(|(item, bucket)| (key(item), *bucket)).collect();
    let usd = |text: &str| text.parse::<Usd>().unwrap();
    let start = Start {
        run_jobs: run_jobs(jobs),
        spent: usd("0.40"),
        estimate: Some(usd("0.60")),
        ..Start::default()
    };
    let mut totals = RunTotals::new(start, at(0));
    assert!(last(&totals, 0).ends_with("2/5 done  1 to render  1 failed  1 written off  $0.40 of $0.60"));
    assert!(totals.is_idle());
    totals.hear(&moved(4, done(1)), at(9));
    assert!(!totals.is_idle());
    assert!(last(&totals, 9).ends_with("3/5 done  1 failed  1 written off  $0.60 of $0.60"));
    assert_eq!(totals.buckets().line(), "3 done · 1 failed · 1 written off");
}

#[test]
fn a_job_that_follows_another_shares_its_fate() {
    let mut totals = RunTotals::new(
        Start {
            run_jobs: RunJobs {
                jobs: vec![(key(1), Bucket::ToRender), (key(2), Bucket::Waiting), (key(3), Bucket::InFlight)],
                followers: vec![(key(1), key(2))],
                outdated: HashSet::from([key(3)]),
                ..RunJobs::default()
            },
            ..Start::default()
        },
        at(0),
    );
    let mut reported = |item: usize, state: State| {
        totals.hear(&moved(item, state), at(9));
        totals.buckets().line()
    };
    assert_eq!(
        reported(1, held(HeldReason::UrlExpired)),
        "0 done · 1 waiting for the result · 2 need your decision"
    );
    assert_eq!(reported(1, running(0)), "0 done · 2 waiting for the result · 1 waiting for another job");
    // The delivered clip was requested with an older input.
    assert_eq!(
        reported(3, done(0)),
        "0 done · 1 to render · 1 waiting for the result · 1 waiting for another job"
    );
    assert_eq!(reported(1, done(0)), "1 done · 1 to render · 1 waiting for another job");
    totals.hear(&Notice::Filed { key: key(2), path: "b.mp4".into() }, at(9));
    assert_eq!(totals.buckets().line(), "2 done · 1 to render");
}

#[test]
fn a_job_keeps_its_clip_whatever_comes_of_another_rendering() {
    let jobs = vec![(key(1), Bucket::ToRender)];
    let run_jobs = RunJobs { having: HashSet::from([key(1)]), ..run_jobs(jobs) };
    let mut totals = RunTotals::new(Start { run_jobs, ..Start::default() }, at(0));
    let mut reported = |state: State| {
        totals.hear(&moved(1, state), at(9));
        (totals.buckets().line(), totals.failures())
    };
    assert_eq!(reported(running(0)), ("1 done".to_owned(), 0));
    assert_eq!(reported(again(20)), ("0 done · 1 to render".to_owned(), 0));
    assert_eq!(reported(failed(Charged::No)), ("1 done".to_owned(), 1));
}

#[test]
fn what_is_only_collected_has_no_new_cost() {
    let mut totals = RunTotals::new(
        Start { run_jobs: run_jobs(vec![(key(1), Bucket::Waiting)]), ..Start::default() },
        at(0),
    );
    assert!(last(&totals, 0).ends_with("0/1 done  1 waiting for another job  no new cost"));
    totals.hear(&Notice::Filed { key: key(1), path: "renders/a.mp4".into() }, at(1));
    assert!(last(&totals, 1).ends_with("1/1 done"));
    assert_eq!(totals.clips(), &DeliveredClips { count: 1, below: "renders/a.mp4".into() });
}

/// A source of expected durations of renderings that a test fills while the progress display reads it.
#[derive(Debug, Default)]
struct Learning(Mutex<RenderFigures>);

impl Known for Learning {
    fn of(&self, _: &RenderKind) -> RenderFigures {
        self.0.lock().unwrap().clone()
    }
}

#[test]
fn the_time_left_is_told_from_the_first_known_duration_until_nothing_renders() {
    let learning = Arc::new(Learning::default());
    let jobs = (1..=20).map(|item| (key(item), Bucket::ToRender)).collect();
    let run_jobs = RunJobs { unsent: BTreeMap::from([(kind(), 20)]), ..run_jobs(jobs) };
    let known: Arc<dyn Known> = Arc::clone(&learning) as Arc<dyn Known>;
    let mut totals = RunTotals::new(Start { run_jobs, known: Some(known), ..Start::default() }, at(0));
    let flow = Flow { slots: 5, interval: Duration::from_secs(1), per_day: None };
    learning.0.lock().unwrap().flow = Some(flow);
    assert!(!last(&totals, 0).contains("about"));
    let mut durations = Durations::default();
    (0..9).for_each(|_| durations.note(Duration::from_secs(59), Duration::from_secs(61)));
    learning.0.lock().unwrap().durations = Some(Arc::new(durations));
    // 20 × 60 s in five slots, and a little more for the last jobs.
    assert!(last(&totals, 0).ends_with("about 5 min left"), "{}", last(&totals, 0));
    for item in 1..=5 {
        totals.hear(&moved(item, running(0)), at(0));
    }
    assert!(last(&totals, 0).ends_with("about 5 min left"), "{}", last(&totals, 0));
    assert!(last(&totals, 50).ends_with("about 4 min left"), "{}", last(&totals, 50));
    for line in totals.lines(at(50), 60, 30) {
        assert!(width(&line) <= 60, "{line}");
    }
    // A request that was not accepted is sent again.
    totals.hear(&moved_from(Phase::Submitting, 1, again(60)), at(50));
    for item in 2..=5 {
        totals.hear(&moved_from(Phase::Running, item, downloading(0)), at(60));
    }
    for item in 6..=20 {
        totals.hear(&moved(item, running(60)), at(60));
    }
    assert!(last(&totals, 110).ends_with("about 2 min left"), "{}", last(&totals, 110));
    totals.hear(&moved(1, running(110)), at(110));
    for item in 1..=19 {
        totals.hear(&moved_from(Phase::Running, item, downloading(60)), at(111));
    }
    assert!(last(&totals, 111).ends_with("about 10 s left"), "{}", last(&totals, 111));
    totals.hear(&moved_from(Phase::Running, 20, downloading(60)), at(120));
    assert!(!last(&totals, 120).contains("about"), "{}", last(&totals, 120));
}

#[test]
fn what_is_no_longer_sent_does_not_count_for_the_time_left() {
    let learning = Arc::new(Learning::default());
    let jobs = (1..=20).map(|item| (key(item), Bucket::ToRender)).collect();
    let run_jobs = RunJobs { unsent: BTreeMap::from([(kind(), 20)]), ..run_jobs(jobs) };
    let known: Arc<dyn Known> = Arc::clone(&learning) as Arc<dyn Known>;
    let mut totals = RunTotals::new(Start { run_jobs, known: Some(known), ..Start::default() }, at(0));
    let mut durations = Durations::default();
    durations.note(Duration::from_secs(59), Duration::from_secs(61));
    learning.0.lock().unwrap().durations = Some(Arc::new(durations));
    assert!(!last(&totals, 0).contains("about"), "{}", last(&totals, 0));
    totals.hear(&moved(1, running(0)), at(0));
    assert!(last(&totals, 20).ends_with("about 40 s left"), "{}", last(&totals, 20));
}

#[test]
fn many_in_flight_are_counted_and_those_that_wait_come_last() {
    let mut totals = totals(40);
    totals.hear(&moved(1, again(500)), at(0));
    for item in 2..=21 {
        totals.hear(&moved(item, running(0)), at(0));
    }
    let lines = totals.lines(at(5), 100, 40);
    assert_eq!(lines.len(), 8 + 1 + 1);
    assert!(lines[0].contains("hero/sku-2 "), "{lines:?}");
    assert_eq!(lines[8], "  … and 13 more");
    assert_eq!(totals.lines(at(5), 100, 10).len(), 5, "half of the terminal is left to what has happened");
    let tiny = totals.lines(at(5), 100, 4);
    assert_eq!(tiny[0], "  21 waiting for the result");
    assert_eq!(tiny.len(), 2);
}

#[test]
fn after_a_stop_only_paid_requests_are_awaited() {
    let mut totals = totals(4);
    totals.hear(&moved(1, running(0)), at(0));
    totals.hear(&moved(2, submitting(0)), at(0));
    totals.hear(&moved(3, again(60)), at(0));
    totals.hear(&Notice::Stopping { on_wire: 1 }, at(9));
    let lines = totals.lines(at(9), 100, 30);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains("sku-2") && lines[1].ends_with("stopping"), "{lines:?}");
    assert_eq!(totals.buckets().line(), "0 done · 2 to render · 2 waiting for the result");
}

#[test]
fn clips_are_where_all_of_them_are_below() {
    let mut clips = DeliveredClips::default();
    clips.add("renders/a/one.mp4");
    assert_eq!(clips.below, "renders/a/one.mp4");
    clips.add("renders/a/two.mp4");
    assert_eq!(clips.below, "renders/a");
    clips.add("renders/abc/three.mp4");
    assert_eq!(clips.below, "renders");
    clips.add("four.mp4");
    assert_eq!(clips, DeliveredClips { count: 4, below: String::new() });
}

#[test]
fn where_nothing_is_to_be_done_nothing_is_shown() {
    let totals = RunTotals::new(Start::default(), at(0));
    assert!(totals.lines(at(1), 100, 30).is_empty());
}

fn any_state() -> impl Strategy<Value = State> {
    prop_oneof![
        (-9i64..900).prop_map(submitting),
        (-9i64..900).prop_map(running),
        (-9i64..900).prop_map(downloading),
        (-9i64..900).prop_map(done),
        (-9i64..900).prop_map(again),
        prop::sample::select(vec![Charged::No, Charged::Yes, Charged::Unknown]).prop_map(failed),
        prop::sample::select(HeldReason::ALL.to_vec()).prop_map(held),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_the_counts_add_up_and_every_line_fits(
        reported in prop::collection::vec((1usize..30, any_state(), 0i64..900), 0..60),
        stop: bool,
        item in "[a-z]{1,4}|[漢字🙂a-z/-]{30,60}",
        columns in 20usize..140,
        rows in 4usize..50,
    ) {
        let name = |number: usize| match number % 3 {
            0 => JobKey::new("hero", format!("{item}{number}")),
            _ => key(number),
        };
        let jobs = (1..=20).map(|number| (name(number), Bucket::ToRender)).collect();
        let mut totals = RunTotals::new(Start { run_jobs: run_jobs(jobs), ..Start::default() }, at(0));
        // A person can resolve takes that do not belong to the jobs of this run.
        let first = |number: usize| if number <= 20 { Phase::Pending } else { Phase::Held };
        let mut phases: HashMap<usize, State> = HashMap::new();
        for (number, state, now) in reported {
            let mut notice = moved(number, state.clone());
            if let Notice::Moved { key, from, .. } = &mut notice {
                *key = name(number);
                *from = phases.get(&number).map_or_else(|| first(number), State::phase);
            }
            phases.insert(number, state);
            totals.hear(&notice, at(now));
        }
        if stop {
            totals.hear(&Notice::Stopping { on_wire: 0 }, at(900));
        }
        let said = Said::text("no");
        totals.hear(&Notice::Stopped { who: "zai".into(), why: WhyStopped::Model, said }, at(900));
        let sum = totals.buckets().jobs();
        let strangers = phases.keys().filter(|number| **number > 20).count();
        prop_assert_eq!(sum, 20 + strangers);
        let failed = phases.values().filter(|state| matches!(state, State::Failed { .. })).count();
        prop_assert_eq!(totals.buckets().count(Bucket::Failed), failed);
        let done = phases.values().filter(|state| matches!(state, State::Done { .. })).count();
        prop_assert_eq!(totals.buckets().count(Bucket::Done), done);
        let lines = totals.lines(at(900), columns, rows);
        prop_assert!(lines.len() <= (rows / 2).max(2), "{:?}", lines);
        for line in &lines {
            prop_assert!(width(line) <= columns, "{} > {}: {}", width(line), columns, line);
        }
    }
}
