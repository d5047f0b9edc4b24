//! Tests of the pace controller with simulated providers whose quotas the controller does not know.

use super::*;
use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU32;

const BACKOFF: Backoff = Backoff { first: Duration::from_secs(2), most: Duration::from_mins(2) };

/// A quota of 600 submissions per minute, or of a number of tasks at the same time.
#[derive(Debug, Clone, Copy)]
enum Quota {
    /// A token bucket that gains ten tokens per second and holds at most this many.
    Bucket(f64),
    /// At most 600 submissions in any span of a minute.
    Sliding,
    /// At most 600 submissions in each minute of a fixed clock. When the simulation begins, this part of the first
    /// minute is already over.
    Fixed(Duration),
    /// At most this many tasks at the same time.
    Slots(u32),
}

const PER_MINUTE: usize = 600;

struct Provider {
    quota: Quota,
    tokens: f64,
    last: Duration,
    accepted: VecDeque<Duration>,
    running: u32,
}

impl Provider {
    /// Accepts a submission, or refuses it and returns the wait after which the next one may succeed.
    fn submit(&mut self, now: Duration) -> Result<(), Duration> {
        let until = match self.quota {
            Quota::Bucket(most) => {
                self.tokens = (self.tokens + now.saturating_sub(self.last).as_secs_f64() * 10.0).min(most);
                self.last = now;
                if self.tokens < 1.0 {
                    return Err(Duration::from_secs(1));
                }
                self.tokens -= 1.0;
                return Ok(());
            }
            Quota::Slots(most) => {
                if self.running >= most {
                    return Err(Duration::from_secs(1));
                }
                self.running += 1;
                return Ok(());
            }
            Quota::Sliding => {
                while self.accepted.front().is_some_and(|first| *first + MINUTE <= now) {
                    self.accepted.pop_front();
                }
                self.accepted.front().map_or(now, |first| *first + MINUTE)
            }
            Quota::Fixed(before) => {
                let minute = |time: Duration| (time + before).as_secs() / 60;
                self.accepted.retain(|time| minute(*time) == minute(now));
                Duration::from_secs((minute(now) + 1) * 60).saturating_sub(before)
            }
        };
        if self.accepted.len() >= PER_MINUTE {
            return Err(until.saturating_sub(now));
        }
        self.accepted.push_back(now);
        Ok(())
    }
}

/// A generator of random numbers, evenly distributed from 0 to 1, that starts from a seed.
struct Dice(u64);

impl Dice {
    fn throw(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        f64::from(u32::try_from(self.0 >> 32).unwrap()) / f64::from(u32::MAX)
    }
}

#[derive(Clone, Copy)]
enum Happens {
    Arrives(Sent),
    Accepted(Sent),
    Refused(Sent, Duration),
    Finished,
    Nothing,
}

/// A simulation of jobs that are submitted as fast as the tested [`Throttle`] (the controller of the pace) allows.
struct Simulation {
    quota: Quota,
    jobs: u32,
    slots: u32,
    retry_after: bool,
    seed: u64,
}

/// The result of a simulation: its length, the number of refused submissions, and the tested [`Throttle`] in its final
/// state.
struct Brought {
    took: Duration,
    throttled: u32,
    throttle: Throttle,
}

impl Simulation {
    fn of(quota: Quota, retry_after: bool, seed: u64) -> Self {
        Self { quota, jobs: 3_000, slots: 100, retry_after, seed }
    }

    fn throttle(&self) -> Throttle {
        let rate = Rate { count: NonZeroU32::new(100).unwrap(), per: Duration::from_secs(1) };
        Throttle::new(rate, self.slots, BACKOFF)
    }

    fn run(&self, mut throttle: Throttle) -> Brought {
        let mut dice = Dice(self.seed * 7_919 + 12_345);
        let mut agenda = BTreeMap::from([((Duration::ZERO, 0), Happens::Nothing)]);
        let mut number = 0;
        let mut provider = Provider {
            quota: self.quota,
            tokens: if let Quota::Bucket(most) = self.quota { most } else { 0.0 },
            last: Duration::ZERO,
            accepted: VecDeque::new(),
            running: 0,
        };
        let (mut left, mut accepted, mut throttled) = (self.jobs, 0, 0);
        let mut wakes = Duration::MAX;
        while let Some(((now, _), happens)) = agenda.pop_first() {
            let mut at = |time, happens| {
                number += 1;
                agenda.insert((time, number), happens);
            };
            // The delay is from 0.2 s to 2 s in each direction.
            let way = Duration::from_secs_f64(0.1 + 0.9 * dice.throw());
            match happens {
                Happens::Arrives(sent) => match provider.submit(now) {
                    Ok(()) => at(now + way, Happens::Accepted(sent)),
                    Err(wait) => at(now + way, Happens::Refused(sent, wait)),
                },
                Happens::Accepted(sent) => {
                    throttle.accepted(&sent, now);
                    accepted += 1;
                    if accepted == self.jobs {
                        return Brought { took: now, throttled, throttle };
                    }
                    at(now + Duration::from_secs_f64(3.5 + 3.0 * dice.throw()), Happens::Finished);
                }
                Happens::Refused(sent, wait) => {
                    let whole = Duration::from_secs(wait.as_secs() + 1);
                    throttle.throttled(&sent, self.retry_after.then_some(whole), now, dice.throw());
                    throttle.freed();
                    (left, throttled) = (left + 1, throttled + 1);
                }
                Happens::Finished => {
                    throttle.freed();
                    provider.running = provider.running.saturating_sub(1);
                }
                Happens::Nothing => wakes = Duration::MAX,
            }
            while left > 0 {
                match throttle.ask(now) {
                    SendDecision::Go(sent) => {
                        left -= 1;
                        at(now + Duration::from_secs_f64(0.1 + 0.9 * dice.throw()), Happens::Arrives(sent));
                    }
                    SendDecision::At(time) => {
                        if time < wakes {
                            wakes = time;
                            at(time, Happens::Nothing);
                        }
                        break;
                    }
                    SendDecision::Later => break,
                }
            }
        }
        panic!("the jobs are not done, and nothing more happens: {throttle:?}");
    }
}

/// Returns the share of the quota that was used and the number of refused submissions, as means over five simulations.
fn average(quota: Quota, retry_after: bool) -> (f64, f64) {
    let brought: Vec<Brought> = (1..=5)
        .map(|seed| {
            let simulation = Simulation::of(quota, retry_after, seed);
            simulation.run(simulation.throttle())
        })
        .collect();
    let mean = |of: &dyn Fn(&Brought) -> f64| brought.iter().map(of).sum::<f64>() / 5.0;
    (300.0 / mean(&|brought| brought.took.as_secs_f64()), mean(&|brought| f64::from(brought.throttled)))
}

#[test]
fn a_quota_that_nobody_told_is_found_and_used_with_few_refusals() {
    let kinds = [
        (Quota::Bucket(10.0), 0.92),
        (Quota::Bucket(60.0), 0.99),
        (Quota::Bucket(600.0), 0.99),
        (Quota::Sliding, 0.96),
        (Quota::Fixed(Duration::ZERO), 0.97),
        (Quota::Fixed(Duration::from_secs(25)), 0.99),
        (Quota::Fixed(Duration::from_secs(50)), 0.98),
    ];
    for retry_after in [false, true] {
        for (quota, least) in kinds {
            let (used, throttled) = average(quota, retry_after);
            assert!(used >= least, "{quota:?}, Retry-After {retry_after}: {used:.3} of the quota are used");
            assert!(throttled < 60.0, "{quota:?}, Retry-After {retry_after}: {throttled} refusals");
        }
    }
}

#[test]
fn a_run_that_recalls_what_was_learned_is_hardly_refused() {
    for quota in [Quota::Sliding, Quota::Fixed(Duration::from_secs(25)), Quota::Bucket(60.0)] {
        let simulation = Simulation::of(quota, false, 3);
        let learned = simulation.run(simulation.throttle()).throttle.learned().unwrap();
        let mut throttle = simulation.throttle();
        throttle.recall(learned);
        let again = simulation.run(throttle);
        assert!(again.throttled <= 36, "{quota:?}: {} refusals", again.throttled);
        assert!(again.took <= Duration::from_secs(328), "{quota:?}: {:?}", again.took);
    }
}

#[test]
fn a_limit_of_tasks_at_once_is_found_as_such() {
    let simulation = Simulation { jobs: 1_000, slots: 20, ..Simulation::of(Quota::Slots(5), false, 1) };
    let brought = simulation.run(simulation.throttle());
    // Each of five slots is taken for 5 s and, on average, half of 1.1 s before and after.
    assert!(brought.took < Duration::from_secs(1_300), "{:?}", brought.took);
    assert!(brought.throttled < 30, "{} refusals", brought.throttled);
    assert!((5..=6).contains(&brought.throttle.learned().unwrap().slots), "{:?}", brought.throttle);
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Returns the controller of a model's pace after ten submissions that are still unanswered, and these ten submissions.
fn ten_on_the_wire() -> (Throttle, Vec<Sent>) {
    let rate = Rate { count: NonZeroU32::new(100).unwrap(), per: seconds(1) };
    let mut throttle = Throttle::new(rate, 20, BACKOFF);
    let sent = (0..10)
        .map(|_| match throttle.ask(Duration::ZERO) {
            SendDecision::Go(sent) => sent,
            other => panic!("{other:?}"),
        })
        .collect();
    (throttle, sent)
}

#[test]
fn refusals_of_what_left_before_the_wait_are_one_event_and_the_longest_wish_counts() {
    let (mut throttle, sent) = ten_on_the_wire();
    for (sent, after) in sent.iter().zip([7, 3, 9, 1, 1, 1, 1, 1, 1, 1]) {
        throttle.throttled(sent, Some(seconds(after)), seconds(1), 0.0);
        throttle.freed();
    }
    assert_eq!(throttle.waits, 1);
    assert_eq!(throttle.ask(seconds(9)), SendDecision::At(seconds(10)));
    assert!(matches!(throttle.ask(seconds(10)), SendDecision::Go(_)));
}

#[test]
fn after_a_wait_one_goes_first_and_its_success_opens_the_lane_step_by_step() {
    let (mut throttle, sent) = ten_on_the_wire();
    for (sent, number) in sent.iter().zip(0..) {
        if number < 9 {
            throttle.accepted(sent, seconds(1));
        } else {
            throttle.throttled(sent, None, seconds(1), 1.0);
            throttle.freed();
        }
    }
    assert_eq!(throttle.ask(seconds(2)), SendDecision::At(seconds(3)), "2 s at first");
    let SendDecision::Go(probe) = throttle.ask(seconds(3)) else { panic!() };
    assert_eq!(throttle.ask(seconds(3)), SendDecision::Later, "the others wait for it");
    throttle.throttled(&probe, None, seconds(13), 1.0);
    throttle.freed();
    assert_eq!(
        throttle.ask(seconds(13)),
        SendDecision::At(seconds(15)),
        "then a sixth of the 12 s since the refusal"
    );
    let SendDecision::Go(probe) = throttle.ask(seconds(16)) else { panic!() };
    throttle.unsent(&probe);
    throttle.freed();
    let SendDecision::Go(probe) = throttle.ask(seconds(17)) else {
        panic!("one that never left is replaced")
    };
    assert_eq!(throttle.accepted(&probe, seconds(18)), throttle.learned().map(|learned| learned.rate));
    let mut gone = 0;
    while let SendDecision::Go(_) = throttle.ask(seconds(100 + 10 * gone)) {
        gone += 1;
    }
    assert_eq!(gone, 8);
}

#[test]
fn what_was_let_go_before_a_wait_and_has_not_left_does_not_leave() {
    let (mut throttle, sent) = ten_on_the_wire();
    throttle.throttled(&sent[0], None, seconds(1), 1.0);
    throttle.freed();
    assert!(!throttle.holds(&sent[1]));
    let SendDecision::Go(probe) = throttle.ask(seconds(3)) else { panic!() };
    assert!(throttle.holds(&probe));
}

#[test]
fn three_failures_in_a_row_make_the_lane_wait_and_leave_its_rate() {
    let (mut throttle, sent) = ten_on_the_wire();
    for sent in &sent[..2] {
        throttle.failed(sent, None, seconds(1), 1.0);
    }
    throttle.accepted(&sent[2], seconds(1));
    for sent in &sent[3..5] {
        throttle.failed(sent, None, seconds(1), 1.0);
    }
    assert!(matches!(throttle.ask(seconds(1)), SendDecision::Go(_)), "not in a row");
    throttle.failed(&sent[5], None, seconds(1), 1.0);
    assert_eq!(throttle.ask(seconds(1)), SendDecision::At(seconds(3)));
    let SendDecision::Go(probe) = throttle.ask(seconds(3)) else { panic!() };
    assert_eq!(throttle.accepted(&probe, seconds(18)), None);
    assert_eq!(throttle.learned(), None);
}

#[test]
fn a_task_that_runs_already_takes_a_slot_until_it_ends() {
    let rate = Rate { count: NonZeroU32::new(100).unwrap(), per: Duration::from_secs(1) };
    let mut throttle = Throttle::new(rate, 2, BACKOFF);
    throttle.occupied();
    throttle.occupied();
    let may_go =
        |throttle: &mut Throttle| matches!(throttle.ask(Duration::from_secs(9)), SendDecision::Go(_));
    assert!(!may_go(&mut throttle));
    throttle.freed();
    assert!(may_go(&mut throttle));
}
