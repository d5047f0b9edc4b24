//! Tests of estimates against simulated runs.

use super::*;
use proptest::prelude::*;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use std::collections::HashMap;

/// A source of limits and learned durations, by the name of the model.
#[derive(Debug, Default)]
struct Facts(HashMap<&'static str, RenderFigures>);

impl Known for Facts {
    fn of(&self, kind: &RenderKind) -> RenderFigures {
        self.0.get(kind.model.to_string().as_str()).cloned().unwrap_or_default()
    }
}

const FAST: &str = "zai/vidu2-image";
const SLOW: &str = "zai/cogvideox-3";

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn flow(slots: usize, interval: f64) -> Flow {
    Flow { slots, interval: seconds(interval), per_day: None }
}

/// Returns durations learned from tasks that each took `time` seconds, known to within 3 %.
fn around(time: f64) -> Arc<Durations> {
    let mut durations = Durations::default();
    (0..40).for_each(|_| durations.note(seconds(time * 0.97), seconds(time * 1.03)));
    Arc::new(durations)
}

fn known(model: &'static str, flow: Flow, time: Option<f64>) -> (&'static str, RenderFigures) {
    (model, RenderFigures { flow: Some(flow), durations: time.map(around) })
}

fn kind(model: &str, class: &str) -> RenderKind {
    RenderKind { model: model.parse().unwrap(), class: class.into() }
}

fn unsent(model: &str, unsent: usize) -> (RenderKind, Open) {
    (kind(model, ""), Open { unsent, ages: Vec::new() })
}

fn reported<const N: usize, const M: usize>(
    open: [(RenderKind, Open); N],
    facts: [(&'static str, RenderFigures); M],
) -> Option<Estimate> {
    estimate(&BTreeMap::from(open), &Facts(HashMap::from(facts)))
}

/// Simulates a run in which each job takes the next free slot, at the pace of `flow`. Returns the run's length in
/// seconds.
fn simulated(flow: Flow, running: &[f64], jobs: &[f64]) -> f64 {
    let mut slots: Vec<f64> = running.to_vec();
    slots.resize(flow.slots.max(running.len()), 0.0);
    for (at, job) in jobs.iter().enumerate() {
        let free = slots.iter_mut().min_by(|a, b| a.total_cmp(b)).unwrap();
        *free = free.max(number(at) * flow.interval.as_secs_f64()) + job;
    }
    slots.into_iter().fold(0.0, f64::max)
}

#[test]
fn the_slower_of_pace_and_slots_counts() {
    let time = |jobs, flow| {
        let reported = reported([unsent(FAST, jobs)], [known(FAST, flow, Some(60.0))]).unwrap();
        assert!(reported.is_whole);
        (reported.time.as_secs_f64(), reported.at_once)
    };
    let near = |(time, at_once): (f64, usize), expected: f64, slots: usize| {
        assert!((time / expected - 1.0).abs() < 0.05 && at_once == slots, "{time} at {at_once}");
    };
    near(time(5, flow(5, 0.0)), 60.0, 5);
    near(time(3, flow(5, 1.0)), 62.0, 3);
    near(time(200, flow(1, 1.0)), 12_000.0, 1);
    near(time(200, flow(5, 1.0)), 2_424.0, 5);
    near(time(200, flow(100, 3.0)), 657.0, 100);
}

#[test]
fn models_render_at_the_same_time_and_kinds_of_one_model_share_its_slots() {
    let facts = || [known(FAST, flow(5, 0.0), Some(10.0)), known(SLOW, flow(2, 0.0), Some(100.0))];
    let slow = reported([unsent(SLOW, 20)], facts()).unwrap();
    let both = reported([unsent(SLOW, 20), unsent(FAST, 20)], facts()).unwrap();
    assert_eq!((both.time, both.at_once), (slow.time, 7));
    let kinds = ["5 s", "10 s"].map(|class| (kind(SLOW, class), Open { unsent: 10, ages: Vec::new() }));
    assert_eq!(reported(kinds, facts()).unwrap().time, slow.time);
}

#[test]
fn without_durations_the_limits_give_a_lower_bound() {
    let reported = |jobs, per_day| {
        let flow = Flow { per_day, ..flow(2, 6.0) };
        reported([unsent(FAST, jobs)], [known(FAST, flow, None)]).unwrap()
    };
    assert_eq!(reported(101, None), Estimate { time: Duration::from_mins(10), at_once: 2, is_whole: false });
    assert_eq!(reported(1_000, Some(1_000)).time, Duration::from_secs(5_994));
    assert_eq!(reported(2_001, Some(1_000)).time, Duration::from_hours(48));
}

#[test]
fn what_is_no_longer_sent_takes_no_time_and_what_runs_does() {
    let closed = || [(FAST, RenderFigures { flow: None, durations: Some(around(60.0)) })];
    assert_eq!(reported([unsent(FAST, 9)], closed()), None);
    let running = Open { unsent: 9, ages: vec![seconds(20.0), seconds(50.0)] };
    let reported = reported([(kind(FAST, ""), running)], closed()).unwrap();
    assert!((reported.time.as_secs_f64() - 40.0).abs() < 3.0 && reported.at_once == 2, "{reported:?}");
}

proptest! {
    /// Checks that the estimate is near the simulated time. It may be wrong by the length of one and a half renderings,
    /// or by an eighth of the simulated time if that is more.
    #[test]
    fn estimates_are_near_simulated_runs(
        slots in 1usize..40,
        jobs in 0usize..600,
        median in 1.0f64..600.0,
        interval in 0.0f64..20.0,
        running in prop::collection::vec(0.0f64..1.0, 0..40),
        seed: u64,
    ) {
        let flow = flow(slots, interval);
        let ages: Vec<f64> = running.iter().take(slots).map(|share| share * median * 0.7).collect();
        let mut rng = StdRng::seed_from_u64(seed);
        let mut draw = |_| median * rng.random_range(0.75..1.33);
        let mut durations = Durations::default();
        (0..60).map(&mut draw).for_each(|time| durations.note(seconds(time * 0.97), seconds(time)));
        let rests: Vec<f64> = ages.iter().enumerate().map(|(at, age)| draw(at) - age).collect();
        let renders: Vec<f64> = (0..jobs).map(&mut draw).collect();
        let took = simulated(flow, &rests, &renders);
        let open = Open { unsent: jobs, ages: ages.into_iter().map(seconds).collect() };
        let facts = Facts(HashMap::from([(FAST, RenderFigures { flow: Some(flow), durations: Some(Arc::new(durations)) })]));
        let reported = estimate(&BTreeMap::from([(kind(FAST, ""), open)]), &facts);
        let reported = reported.map_or(0.0, |reported| reported.time.as_secs_f64());
        prop_assert!((reported - took).abs() < (median * 1.5).max(took * 0.125), "{} for {}", reported, took);
    }

    /// Checks that an estimate exists for any numbers, however large.
    #[test]
    fn any_number_has_an_estimate(unsent: usize, slots: usize, interval: u64, per_day: u32, age: u64) {
        let flow = Flow { slots, interval: Duration::from_secs(interval), per_day: Some(per_day) };
        let open = Open { unsent: unsent / 2, ages: vec![Duration::from_secs(age)] };
        let facts = Facts(HashMap::from([known(FAST, flow, Some(1e5))]));
        prop_assert!(estimate(&BTreeMap::from([(kind(FAST, ""), open)]), &facts).is_some());
    }
}
