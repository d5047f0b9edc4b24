//! Tests the circuit breakers with every short sequence of events.

use super::super::digest::Sha256;
use super::super::lifecycle::{Charged, Clip, ClipFile, Event, Intent};
use super::*;
use SubmitOutcome::{Answer, Silence, Unsent};
use jiff::Timestamp;

const BREAKING: Breaking = Breaking::standard();

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Returns a circuit breaker after these results at time zero, and the length of the last pause that they started.
fn after(heard: impl IntoIterator<Item = SubmitOutcome>) -> (Gate, Option<Duration>) {
    let mut gate = Gate::new(BREAKING);
    let mut pause = None;
    for heard in heard {
        pause = gate.heard(heard, false, seconds(0)).or(pause);
    }
    (gate, pause)
}

/// Returns every possible sequence of `length` submission results in which each result is [`Answer`] or [`Silence`].
fn courses(length: u32) -> impl Iterator<Item = Vec<SubmitOutcome>> {
    (0..1u32 << length)
        .map(move |bits| (0..length).map(|at| if bits >> at & 1 == 1 { Silence } else { Answer }).collect())
}

#[test]
fn three_silences_in_a_row_shut_the_gate_and_nothing_less_of_them() {
    for course in courses(12) {
        let shut = course.windows(3).any(|three| three.iter().all(|heard| *heard == Silence));
        let (_, pause) = after(course.clone());
        assert_eq!(pause, shut.then(|| seconds(30)), "{course:?}");
    }
}

#[test]
fn a_fifth_of_the_last_thirty_shuts_the_gate_and_only_once_thirty_are_known() {
    let one_in =
        |every: usize, count: usize| (1..=count).map(move |n| if n % every == 0 { Silence } else { Answer });
    assert_eq!(after(one_in(5, 29)).1, None);
    assert_eq!(after(one_in(5, 30)).1, Some(seconds(30)));
    assert_eq!(after(one_in(6, 6_000)).1, None, "five of thirty");
    assert_eq!(after(one_in(100, 5_000)).1, None, "one in a hundred");
    assert_eq!(after((0..200).map(|_| Unsent)).1, None, "what was not sent is no doubt");
}

#[test]
fn after_the_pause_a_question_is_answered_and_one_submission_opens_the_gate() {
    assert!(after([Silence; 2]).0.is_open());
    let (mut gate, pause) = after([Silence; 3]);
    assert_eq!(pause, Some(seconds(30)));
    assert!(!gate.is_open());
    assert_eq!(gate.pass(seconds(10)), BreakerDecision::Pause(seconds(20)));
    assert_eq!(
        [gate.pass(seconds(30)), gate.pass(seconds(30))],
        [BreakerDecision::Ask, BreakerDecision::Wait]
    );
    gate.asked(true, seconds(31));
    assert_eq!(
        [gate.pass(seconds(31)), gate.pass(seconds(31))],
        [BreakerDecision::Probe, BreakerDecision::Wait]
    );
    // Submissions sent before the gate was shut neither open it nor lengthen the pause.
    assert_eq!(gate.heard(Silence, false, seconds(32)), None);
    assert_eq!(gate.heard(Answer, false, seconds(32)), None);
    assert_eq!(gate.pass(seconds(32)), BreakerDecision::Wait);
    assert_eq!(gate.heard(Answer, true, seconds(33)), None);
    assert_eq!([gate.pass(seconds(33)), gate.pass(seconds(33))], [BreakerDecision::Go; 2]);
    // Results before the pause no longer count, and the probe was answered.
    assert_eq!(gate.heard(Silence, false, seconds(34)), None);
    assert_eq!(gate.heard(Silence, false, seconds(34)), None);
    assert_eq!(gate.heard(Silence, false, seconds(34)), Some(seconds(30)));
}

#[test]
fn each_vain_pause_doubles_the_next_up_to_ten_minutes() {
    let (mut gate, _) = after([Silence; 3]);
    let mut now = Duration::ZERO;
    let mut pauses = Vec::new();
    for round in 0..8 {
        let BreakerDecision::Pause(pause) = gate.pass(now) else { panic!("{gate:?}") };
        pauses.push(pause.as_secs());
        now += pause;
        assert_eq!(gate.pass(now), BreakerDecision::Ask);
        // In turn: the free request is not answered, the probe is not sent, the probe is not answered.
        gate.asked(round % 3 != 0, now);
        if round % 3 != 0 {
            assert_eq!(gate.pass(now), BreakerDecision::Probe);
            assert!(gate.heard(if round % 3 == 1 { Unsent } else { Silence }, true, now).is_some());
        }
    }
    assert_eq!(pauses, [30, 60, 120, 240, 480, 600, 600, 600]);
}

#[test]
fn whoever_backs_out_leaves_the_turn_to_the_next() {
    let (mut gate, _) = after([Silence; 3]);
    assert_eq!(gate.pass(seconds(30)), BreakerDecision::Ask);
    gate.back_out();
    assert_eq!(gate.pass(seconds(30)), BreakerDecision::Ask);
    gate.asked(true, seconds(30));
    assert_eq!(gate.pass(seconds(30)), BreakerDecision::Probe);
    gate.back_out();
    assert_eq!(gate.pass(seconds(30)), BreakerDecision::Probe);
    let mut open = Gate::new(BREAKING);
    open.back_out();
    assert_eq!(open.pass(seconds(0)), BreakerDecision::Go);
}

#[test]
fn whatever_is_heard_and_asked_the_gate_never_stays_shut_for_ever() {
    for course in courses(10) {
        let mut gate = Gate::new(BREAKING);
        let mut now = Duration::ZERO;
        for heard in course {
            now += seconds(1);
            match gate.pass(now) {
                BreakerDecision::Go => drop(gate.heard(heard, false, now)),
                BreakerDecision::Probe => drop(gate.heard(heard, true, now)),
                BreakerDecision::Ask => gate.asked(heard == Answer, now),
                BreakerDecision::Pause(pause) => now += pause,
                BreakerDecision::Wait => panic!("no submission is running: {gate:?}"),
            }
        }
        now += seconds(600);
        if gate.pass(now) == BreakerDecision::Ask {
            gate.asked(true, now);
            assert_eq!(gate.pass(now), BreakerDecision::Probe);
            gate.heard(Answer, true, now);
        } else {
            gate.heard(Answer, true, now);
        }
        assert_eq!(gate.pass(now), BreakerDecision::Go);
    }
}

/// Returns the index of the first ending that makes submissions end; `None` if there is none.
fn stopped_by(endings: &[TaskEnd]) -> Option<usize> {
    let mut lost_clips = LostClips::default();
    endings.iter().position(|ending| lost_clips.ended(ending, &BREAKING))
}

#[test]
fn three_tasks_in_a_row_that_bring_nothing_end_submissions() {
    use TaskEnd::{Clip, Empty, Lost, Named, Unsafe};
    let failed = |code: &str| TaskEnd::Failed(code.to_owned());
    assert_eq!(stopped_by(&[Lost, Lost, Lost]), Some(2));
    assert_eq!(stopped_by(&[Empty, Empty, Empty]), Some(2));
    assert_eq!(stopped_by(&[Lost, Lost, Empty, Empty, failed("7"), failed("7"), Lost]), None);
    assert_eq!(stopped_by(&[Clip, Named, Clip, Named, Named, Named]), None);
    assert_eq!(stopped_by(&[failed("7"), failed("7"), failed("7")]), Some(2));
    assert_eq!(stopped_by(&[Lost, Lost, Named, Lost, Lost]), None);
    // Named clips end the row before they are downloaded, and unsafe links are counted separately.
    assert_eq!(stopped_by(&[Named, Unsafe, Named, Unsafe, Named, Unsafe]), Some(5));
    assert_eq!(stopped_by(&[Unsafe, Unsafe, Clip, Unsafe, Unsafe]), None);
    assert_eq!(stopped_by(&[failed("7"), failed("8"), failed("7"), failed("8"), failed("9")]), None);
    assert_eq!(stopped_by(&[failed("7"), failed("7"), failed("8"), failed("8"), failed("8")]), Some(4));
}

#[test]
fn only_what_the_provider_answers_counts_as_an_ending() {
    let intent = Intent {
        attempt: 1,
        request_id: super::super::key::RequestId("sl-1".into()),
        at: Timestamp::UNIX_EPOCH,
    };
    let held =
        |reason| State::Held { reason, intent: intent.clone(), task: None, since: Timestamp::UNIX_EPOCH };
    let failed = |refusal| State::Failed { refusal, charged: Charged::Unknown, task: None };
    let refused = |refusal| Event::Refused { refusal, charged: Charged::Unknown };
    let said = Said::coded(200, Some("500".into()), "sorry");
    let of = |event: Event, to: State| TaskEnd::of(&event, &to, Some(&said));
    let file = ClipFile { size: 1, sha256: Sha256::of(b"") };
    assert_eq!(of(Event::Missing, held(HeldReason::TaskLost)), Some(TaskEnd::Lost));
    assert_eq!(of(Event::Empty, held(HeldReason::NoResult)), Some(TaskEnd::Empty));
    assert_eq!(of(Event::LinkUnsafe, held(HeldReason::UnsafeUrl)), Some(TaskEnd::Unsafe));
    assert_eq!(of(Event::Fetched(file), held(HeldReason::NoResult)), Some(TaskEnd::Clip));
    let clip = Clip::at("https://clips.example/1".into());
    assert_eq!(of(Event::Ready(clip), held(HeldReason::NoResult)), Some(TaskEnd::Named));
    let code = Some(TaskEnd::Failed("500".into()));
    assert_eq!(of(refused(Refusal::Generation), failed(Refusal::Generation)), code);
    for refusal in [Refusal::Input, Refusal::Policy, Refusal::Cancelled] {
        assert_eq!(of(refused(refusal), failed(refusal)), None);
    }
    // The host breaks off every download.
    let broken = Event::from(super::super::lifecycle::FetchSetback::Damaged);
    assert_eq!(of(broken, held(HeldReason::NoResult)), None);
    assert_eq!(of(Event::LinkDead, held(HeldReason::UrlExpired)), None);
}

#[test]
fn what_is_on_the_wire_or_in_doubt_never_passes_its_bound() {
    let usd = |cents: i64| Usd::from_micros(cents * 10_000);
    let take = |name: usize| TakeId(name.to_string());
    // Each sequence of answers and silences, with as many unanswered submissions as there is room for.
    for course in courses(12) {
        let mut exposure = Exposure::new(usd(100));
        let (mut sent, mut next) = (VecDeque::new(), 0);
        for heard in course {
            while exposure.enter(usd(20)) == DoubtDecision::Taken {
                sent.push_back(next);
                next += 1;
            }
            assert!(sent.len() <= 5);
            let Some(first) = sent.pop_front() else {
                assert_eq!(exposure.enter(usd(20)), DoubtDecision::None);
                break;
            };
            exposure.leave(usd(20));
            if heard == Silence {
                exposure.doubt(take(first), usd(20));
            }
            assert!(exposure.in_doubt() + usd(20).times(sent.len() as u64) <= usd(100));
        }
    }
}

#[test]
fn a_single_submission_always_has_room_and_a_settled_doubt_makes_some() {
    let usd = |cents: i64| Usd::from_micros(cents * 10_000);
    let mut exposure = Exposure::new(usd(100));
    assert_eq!(
        [exposure.enter(usd(500)), exposure.enter(usd(500))],
        [DoubtDecision::Taken, DoubtDecision::Later]
    );
    exposure.leave(usd(500));
    exposure.doubt(TakeId("a".into()), usd(500));
    assert_eq!(exposure.enter(usd(1)), DoubtDecision::None);
    exposure.settle(&TakeId("a".into()));
    assert_eq!((exposure.in_doubt(), exposure.enter(usd(500))), (Usd::ZERO, DoubtDecision::Taken));
}
