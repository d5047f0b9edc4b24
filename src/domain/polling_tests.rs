//! Tests of poll times with simulated runs: slots render one task after the other, and polls notice that tasks have
//! ended.

use super::*;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The measurements of a simulated run: its length, its polls, and the time for which slots (places for a running task)
/// were idle.
#[derive(Debug, Clone, Copy)]
struct Ran {
    /// The length of an ideal run, which learns of each task's end immediately, divided by the length of this run.
    of_ideal: f64,
    polls: f64,
    /// The mean number of polls of a task, over the last fifty tasks.
    late_polls: f64,
    /// The mean time in seconds from a task's end to the poll that notices it, over the last fifty tasks.
    late_idle: f64,
}

/// Simulates a run of tasks with these lengths in seconds. At most `slots` tasks run at the same time, and at most
/// `poll_rate` polls are sent in a second. The end of each task is added to the learned durations, which decide when
/// later polls are sent.
///
/// While few tasks have ended, each learned duration may make the next polls of the other tasks earlier.
fn run(lengths: &[f64], slots: usize, poll_rate: f64, times: &PollTimes, rng: &mut StdRng) -> Ran {
    struct Task {
        started: f64,
        running: f64,
        polls: u32,
        due: Duration,
    }
    let mut known = Durations::default();
    let mut tasks: Vec<Task> = Vec::new();
    let mut due: BinaryHeap<Reverse<(Duration, usize)>> = BinaryHeap::new();
    let (mut pace, mut ended, mut polls, mut late_polls, mut late_idle) = (0.0f64, 0.0f64, 0, 0, 0.0);
    let begin = |now: f64, tasks: &mut Vec<Task>, due: &mut BinaryHeap<_>, known: &Durations, jitter| {
        if tasks.len() < lengths.len() {
            let known = (known.finished() > 0).then_some(known);
            let wait = next_poll(0, Duration::ZERO, known, times, jitter);
            let at = Duration::from_secs_f64(now + wait.as_secs_f64());
            due.push(Reverse((at, tasks.len())));
            tasks.push(Task { started: now, running: 0.0, polls: 0, due: at });
        }
    };
    for _ in 0..slots {
        begin(0.0, &mut tasks, &mut due, &known, rng.random());
    }
    while let Some(Reverse((at, task))) = due.pop() {
        if tasks[task].due != at {
            continue;
        }
        let now = at.as_secs_f64().max(pace);
        pace = now + 1.0 / poll_rate;
        polls += 1;
        let is_late = task + 50 >= lengths.len();
        late_polls += u32::from(is_late);
        let age = now - tasks[task].started;
        if age < lengths[task] {
            tasks[task].running = age;
            tasks[task].polls += 1;
            let learned = (known.finished() > 0).then_some(&known);
            let age = Duration::from_secs_f64(age);
            let wait = next_poll(tasks[task].polls, age, learned, times, rng.random());
            tasks[task].due = Duration::from_secs_f64(now + wait.as_secs_f64());
            due.push(Reverse((tasks[task].due, task)));
            continue;
        }
        ended = ended.max(now);
        late_idle += if is_late { age - lengths[task] } else { 0.0 };
        known.note(Duration::from_secs_f64(tasks[task].running), Duration::from_secs_f64(age));
        tasks[task].due = Duration::ZERO;
        if known.finished() <= crate::domain::durations::FEW {
            for (at, other) in tasks.iter_mut().enumerate() {
                let age = Duration::from_secs_f64((now - other.started).max(0.0));
                let wait = next_poll(other.polls, age, Some(&known), times, rng.random());
                let sooner = Duration::from_secs_f64(now + wait.as_secs_f64());
                if sooner < other.due && (other.polls > 0 || times.first.is_none()) {
                    other.due = sooner;
                    due.push(Reverse((sooner, at)));
                }
            }
        }
        begin(now, &mut tasks, &mut due, &known, rng.random());
    }
    let mut free: BinaryHeap<Reverse<Duration>> = (0..slots).map(|_| Reverse(Duration::ZERO)).collect();
    for length in lengths {
        let Reverse(start) = free.pop().unwrap();
        free.push(Reverse(start + Duration::from_secs_f64(*length)));
    }
    let ideal = free.into_iter().map(|Reverse(end)| end.as_secs_f64()).fold(0.0, f64::max);
    Ran {
        of_ideal: ideal / ended,
        polls: f64::from(polls) / f64::from(u32::try_from(lengths.len()).unwrap()),
        late_polls: f64::from(late_polls) / 50.0,
        late_idle: late_idle / 50.0,
    }
}

/// Returns the mean measurements of ten simulated runs.
fn mean(
    jobs: usize,
    slots: usize,
    poll_rate: f64,
    times: &PollTimes,
    length: impl Fn(&mut StdRng, usize) -> f64,
) -> Ran {
    let runs: Vec<Ran> = (0..10)
        .map(|seed| {
            let mut rng = StdRng::seed_from_u64(seed);
            let lengths: Vec<f64> = (0..jobs).map(|job| length(&mut rng, job)).collect();
            run(&lengths, slots, poll_rate, times, &mut rng)
        })
        .collect();
    let mean = |part: fn(&Ran) -> f64| runs.iter().map(part).sum::<f64>() / 10.0;
    Ran {
        of_ideal: mean(|ran| ran.of_ideal),
        polls: mean(|ran| ran.polls),
        late_polls: mean(|ran| ran.late_polls),
        late_idle: mean(|ran| ran.late_idle),
    }
}

/// Returns a random task length in seconds, with a log-normal distribution.
fn log_normal(median: f64, sigma: f64, rng: &mut StdRng) -> f64 {
    let (a, b): (f64, f64) = (rng.random(), rng.random());
    let normal = (-2.0 * (1.0 - a).ln()).sqrt() * (std::f64::consts::TAU * b).cos();
    median * (sigma * normal).exp()
}

const CARD: PollTimes = PollTimes::standard();

fn every(millis: u64) -> PollTimes {
    PollTimes { every: Some(Duration::from_millis(millis)), ..CARD }
}

#[test]
fn tasks_of_two_seconds_are_found_near_the_ideal_with_few_polls_and_nearer_with_more() {
    let two_seconds = |times| mean(300, 20, 100.0, &times, |rng, _| log_normal(2.0, 0.4, rng));
    let learned = two_seconds(CARD);
    assert!(learned.of_ideal >= 0.92 && learned.polls <= 4.5, "{learned:?}");
    let dense = two_seconds(every(150));
    assert!(dense.of_ideal >= 0.96 && dense.polls <= 10.0, "{dense:?}");
    for reported in [500, 1_000, 2_000].map(|millis| two_seconds(every(millis))) {
        assert!(reported.of_ideal < learned.of_ideal - 0.02, "{reported:?} {learned:?}");
    }
}

#[test]
fn tasks_of_minutes_need_few_polls() {
    let slow = mean(100, 5, 5.0, &CARD, |rng, _| log_normal(90.0, 0.3, rng));
    assert!(slow.of_ideal >= 0.91 && slow.polls <= 4.5 && slow.late_polls <= 4.0, "{slow:?}");
    let alike = mean(100, 5, 5.0, &CARD, |rng, _| log_normal(60.0, 0.05, rng));
    assert!(alike.of_ideal >= 0.93 && alike.polls <= 3.0 && alike.late_polls <= 2.5, "{alike:?}");
    // The very first tasks, without known durations.
    let first = mean(5, 5, 5.0, &CARD, |rng, _| log_normal(60.0, 0.1, rng));
    assert!(first.polls <= 12.0, "{first:?}");
}

#[test]
fn humps_and_long_tails_do_not_multiply_the_polls() {
    let humps = mean(200, 5, 5.0, &CARD, |rng, _| {
        let median = if rng.random::<f64>() < 0.5 { 30.0 } else { 180.0 };
        log_normal(median, 0.1, rng)
    });
    assert!(humps.of_ideal >= 0.90 && humps.late_polls <= 6.0, "{humps:?}");
    let tail = mean(200, 5, 5.0, &CARD, |rng, _| 20.0 / (1.0 - rng.random::<f64>()).max(1e-3).powf(0.8));
    assert!(tail.of_ideal >= 0.90 && tail.late_polls <= 9.0, "{tail:?}");
}

#[test]
fn a_provider_that_changes_is_learned() {
    for (before, after) in [(4.0, 2.0), (2.0, 4.0), (90.0, 45.0), (45.0, 90.0), (2.0, 20.0)] {
        let changed = mean(300, 20, 100.0, &CARD, |rng, job| {
            log_normal(if job < 150 { before } else { after }, 0.4, rng)
        });
        let settled = mean(300, 20, 100.0, &CARD, |rng, _| log_normal(after, 0.4, rng));
        assert!(changed.late_idle <= 1.6 * settled.late_idle, "{before} {after}: {changed:?} {settled:?}");
        assert!(changed.late_polls <= 1.6 * settled.late_polls, "{before} {after}: {changed:?} {settled:?}");
    }
}

#[test]
fn before_anything_is_known_ages_double_until_the_time_of_the_card() {
    let mut age = Duration::ZERO;
    let mut ages = Vec::new();
    for polls in 0..12 {
        age += next_poll(polls, age, None, &CARD, 0.5);
        ages.push((age.as_secs_f64() * 10.0).round() / 10.0);
    }
    assert_eq!(ages, [0.3, 0.6, 1.1, 2.3, 4.5, 9.1, 18.1, 36.2, 45.0, 55.0, 65.0, 75.0]);
}

#[test]
fn a_clock_that_was_set_back_does_not_multiply_the_polls() {
    let mut known = Durations::default();
    known.note(Duration::from_secs(50), Duration::from_mins(1));
    for known in [None, Some(&known)] {
        let waits = (1..60).map(|polls| next_poll(polls, Duration::ZERO, known, &CARD, 0.5));
        let hour = waits.sum::<Duration>();
        assert!(hour > Duration::from_mins(35), "{hour:?}");
    }
}

#[test]
fn what_the_user_sets_is_kept() {
    let mut known = Durations::default();
    known.note(Duration::from_secs(59), Duration::from_mins(1));
    let seconds = Duration::from_secs;
    let reported = PollTimes { first: Some(seconds(7)), every: Some(seconds(3)), ..CARD };
    for known in [None, Some(&known)] {
        assert_eq!(next_poll(0, Duration::ZERO, known, &reported, 0.0), seconds(7));
        assert_eq!(next_poll(1, seconds(7), known, &reported, 0.5), seconds(3));
        assert_eq!(next_poll(90, seconds(300), known, &reported, 1.0), seconds(3).mul_f64(1.2));
    }
    assert_eq!(next_poll(1, seconds(7), Some(&known), &every(3_000), 0.5), seconds(3));
}

#[test]
fn polls_grow_rarer_with_age_whatever_is_known() {
    let mut known = Durations::default();
    known.note(Duration::from_secs(2), Duration::from_secs(3));
    let reported = PollTimes { first: Some(Duration::from_secs(1)), ..every(1_000) };
    for (known, times) in [(None, CARD), (Some(&known), CARD), (None, reported), (Some(&known), reported)] {
        let wait = |age| next_poll(9, age, known, &times, 0.5);
        assert!(wait(Duration::from_mins(11)) >= Duration::from_mins(1), "{times:?}");
        assert!(wait(Duration::from_hours(2)) >= Duration::from_mins(5), "{times:?}");
        assert!(next_poll(9, Duration::MAX, known, &times, 1.0) <= times.longest(), "{times:?}");
    }
}
