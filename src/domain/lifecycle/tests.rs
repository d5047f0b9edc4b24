//! Tests the laws of the life cycle of a take, with every state and every event.

use super::*;
use crate::domain::policy::LookUp;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::time::Duration;

const POLICY: Policy = Policy::standard();

fn with_look_up() -> Policy {
    Policy { look_up: Some(LookUp::new(Duration::from_secs(90))), ..POLICY }
}

fn at(seconds: i64) -> Tick {
    Tick::new(Timestamp::from_second(1_800_000_000 + seconds).unwrap(), 0.5)
}

fn intent() -> Intent {
    Intent { attempt: 1, request_id: RequestId("sl-one".into()), at: at(0).now }
}

fn task() -> Task {
    Task { id: TaskId("8353".into()), intent: intent(), accepted: at(0).now, charged: false }
}

fn clip() -> Clip {
    Clip { url: "https://clips.example/1.mp4".into(), cover: None, expires: None, others: Vec::new() }
}

fn file() -> ClipFile {
    ClipFile { size: 9, sha256: Sha256::of(b"clip") }
}

fn proof() -> Absence {
    Absence::prove(true, true, at(0).now, at(1_000), &LookUp::new(Duration::from_secs(90))).unwrap()
}

/// Returns the state `Doubtful` at `at(0)`, with three tries left, after `looks` searches for the task at the provider
/// (look-ups). `absent` is the time of the first answer that there is no task.
fn doubt(looks: u8, absent: Option<Timestamp>) -> State {
    State::Doubtful { intent: intent(), since: at(0).now, tries_left: 3, looks, absent, due: at(0).now }
}

/// Returns every kind of state, some of them several times with different data.
fn states() -> Vec<State> {
    let counters = PollCounters::default();
    let due = at(0).now;
    let mut states = vec![
        State::Pending { tries_left: 5, setbacks: 0, due },
        State::Pending { tries_left: 0, setbacks: 5, due },
        State::Submitting { intent: intent(), tries_left: 5, setbacks: 0 },
        doubt(0, None),
        doubt(1, Some(due)),
        State::Running { task: task(), counters, due },
        State::Running { task: Task { charged: true, ..task() }, counters, due },
        State::Downloading { task: task(), clip: clip(), counters, due },
        State::Placing { task: task(), file: file() },
        State::Done { task: task(), file: file() },
        State::Failed { refusal: Refusal::Input, charged: Charged::No, task: None },
        State::Failed { refusal: Refusal::Policy, charged: Charged::Unknown, task: Some(task()) },
        State::Failed { refusal: Refusal::Generation, charged: Charged::Yes, task: Some(task()) },
        State::Cancelled { by: CancelledBy::User },
        State::WrittenOff { reason: HeldReason::TaskLost, task: Some(task()) },
    ];
    for reason in HeldReason::ALL {
        for task in [None, Some(task())] {
            states.push(State::Held { reason, intent: intent(), task, since: due });
        }
    }
    states
}

fn events() -> Vec<Event> {
    vec![
        Event::Afresh,
        Event::Claimed(intent()),
        Event::SentBack(SentBack::NotSent),
        Event::SentBack(SentBack::Throttled { after: None }),
        Event::SentBack(SentBack::Busy { after: None }),
        Event::SentBack(SentBack::Stopped),
        Event::Rejected(Refusal::Input),
        Event::Accepted(TaskId("8353".into())),
        Event::AcceptedTwice,
        Event::Unanswered,
        Event::Found(TaskId("8353".into())),
        Event::Absent(proof()),
        Event::Unclear,
        Event::StillRunning,
        Event::Ready(clip()),
        Event::Empty,
        Event::Refused { refusal: Refusal::Generation, charged: Charged::Unknown },
        Event::Missing,
        Event::Mistaken,
        Event::PollSetback { after: None },
        Event::Fetched(file()),
        Event::FetchSetback(FetchSetback::Trouble { after: None, progress: false }),
        Event::FetchSetback(FetchSetback::Trouble { after: None, progress: true }),
        Event::FetchSetback(FetchSetback::Page),
        Event::FetchSetback(FetchSetback::Redirects),
        Event::FetchSetback(FetchSetback::Damaged),
        Event::LinkDead,
        Event::LinkOld,
        Event::LinkUnsafe,
        Event::Placed,
        Event::NameTaken,
        Event::PartLost,
        Event::Adopt(TaskId("8353".into())),
        Event::AcceptedLate(TaskId("8354".into())),
        Event::Again,
        Event::WriteOff,
        Event::Billed(Charged::No),
        Event::Billed(Charged::Yes),
        Event::Cancel(CancelledBy::User),
        Event::ClipGone,
        Event::WasHeld(HeldReason::AmbiguousSubmit),
        Event::WasHeld(HeldReason::TaskLost),
        Event::WasPlaced(file()),
    ]
}

/// Returns the event's name without its data.
fn kind(event: &Event) -> String {
    match event {
        Event::SentBack(_) | Event::FetchSetback(_) | Event::WasHeld(_) => format!("{event:?}"),
        other => format!("{other:?}").split(['(', ' ', '{']).next().unwrap_or_default().to_owned(),
    }
}

/// Returns every transition as (state, event, next state), for providers with and without look-ups.
fn edges() -> Vec<(State, Event, State)> {
    let mut edges = Vec::new();
    for policy in [POLICY, with_look_up()] {
        for state in states() {
            for event in events() {
                if let Ok(next) = state.clone().on(event.clone(), at(1_000), &policy) {
                    edges.push((state.clone(), event, next));
                }
            }
        }
    }
    edges
}

#[test]
fn the_table_of_all_edges_is_what_was_reviewed() {
    let mut table = BTreeMap::<&str, BTreeMap<String, BTreeSet<&str>>>::new();
    for (from, event, to) in edges() {
        table.entry(from.name()).or_default().entry(kind(&event)).or_default().insert(to.name());
    }
    let mut shown = String::new();
    for (from, events) in table {
        writeln!(shown, "{from}").unwrap();
        for (event, to) in events {
            writeln!(shown, "  {event:<42} → {}", to.into_iter().collect::<Vec<_>>().join(" | ")).unwrap();
        }
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn a37_final_states_accept_only_that_a_finished_clip_is_gone_or_what_a_failure_cost() {
    for (from, event, to) in edges().into_iter().filter(|(from, ..)| from.is_final()) {
        if let (State::Failed { refusal, task, .. }, Event::Billed(charged)) = (&from, &event) {
            let (refusal, task) = (*refusal, task.clone());
            assert_eq!(to, State::Failed { refusal, charged: *charged, task });
            continue;
        }
        assert!(matches!(from, State::Done { .. }) && event == Event::ClipGone, "{from:?} took {event:?}");
        assert_eq!(to.todo().0, NextAction::Poll, "a clip that is gone is asked for, which is free");
    }
    let kinds: BTreeSet<_> = states().iter().filter(|state| state.is_final()).map(State::name).collect();
    assert_eq!(kinds, BTreeSet::from(["cancelled", "done", "failed", "written_off"]));
}

#[test]
fn only_a_claim_leads_to_a_submission_and_only_from_pending() {
    for (from, event, to) in edges() {
        if matches!(to, State::Submitting { .. }) {
            assert!(matches!(from, State::Pending { .. }), "{from:?}");
            assert!(matches!(event, Event::Claimed(_)), "{event:?}");
        }
    }
}

#[test]
fn a_submission_needs_a_try_that_is_left_and_its_time() {
    let claimed = |tries_left, due| {
        let pending = State::Pending { tries_left, setbacks: 0, due };
        pending.on(Event::Claimed(intent()), at(10), &POLICY)
    };
    assert!(claimed(1, at(10).now).is_ok());
    assert!(claimed(0, at(10).now).is_err(), "it rests until the next run");
    assert!(claimed(1, at(11).now).is_err(), "its pause is not over");
}

#[test]
fn after_a_request_may_have_left_only_proof_leads_back_to_pending() {
    for (from, event, to) in edges() {
        if !matches!(to, State::Pending { .. }) || matches!(from, State::Pending { .. }) {
            continue;
        }
        match event {
            Event::SentBack(_) => assert!(matches!(from, State::Submitting { .. }), "{from:?}"),
            // The proof must be the second of two with enough time between them.
            Event::Absent(_) => assert!(matches!(from, State::Doubtful { absent: Some(_), .. }), "{from:?}"),
            other => panic!("{from:?} went back to pending by {other:?}"),
        }
    }
}

#[test]
fn no_answer_is_never_followed_by_a_submission() {
    for policy in [POLICY, with_look_up()] {
        let state = State::Submitting { intent: intent(), tries_left: 5, setbacks: 0 };
        let next = state.on(Event::Unanswered, at(1), &policy).unwrap();
        assert!(matches!(next, State::Held { .. } | State::Doubtful { .. }), "{next:?}");
        assert_ne!(next.todo().0, NextAction::Submit);
    }
}

#[test]
fn a_task_id_once_held_is_in_every_later_state() {
    for (from, event, to) in edges() {
        let Some(task) = from.task() else { continue };
        // Only a person, or a late answer, names another task, and only while it is unknown whether this one belongs to
        // the job.
        if let (State::Held { reason, .. }, Event::Adopt(_) | Event::AcceptedLate(_)) = (&from, &event) {
            assert!(reason.charge_in_doubt(), "{from:?}");
            continue;
        }
        let after = to.task().unwrap_or_else(|| panic!("{from:?} lost it by {event:?}"));
        assert_eq!((&after.id, &after.intent, after.accepted), (&task.id, &task.intent, task.accepted));
        assert!(after.charged || !task.charged, "{from:?} forgot the charge by {event:?}");
    }
}

#[test]
fn what_may_have_been_charged_is_never_free_again_without_proof() {
    for (from, event, to) in edges() {
        let proof = matches!(
            event,
            Event::SentBack(_) | Event::Rejected(_) | Event::Absent(_) | Event::Billed(Charged::No)
        );
        if from.account() != MoneyState::Free && to.account() == MoneyState::Free {
            assert!(proof, "{from:?} became {to:?} by {event:?}");
        }
    }
}

#[test]
fn a34_a35_a_proof_of_absence_needs_a_complete_listing_that_echoes_and_is_late_enough() {
    let lag = &LookUp::new(Duration::from_secs(90));
    assert!(Absence::prove(true, true, at(0).now, at(91), lag).is_some());
    assert!(Absence::prove(false, true, at(0).now, at(91), lag).is_none());
    assert!(Absence::prove(true, false, at(0).now, at(91), lag).is_none());
    assert!(Absence::prove(true, true, at(0).now, at(90), lag).is_none());
}

#[test]
fn one_denial_is_not_enough_and_two_at_once_neither() {
    let policy = with_look_up();
    let doubt = doubt(0, None);
    let once = doubt.on(Event::Absent(proof()), at(1_000), &policy).unwrap();
    assert!(matches!(once, State::Doubtful { absent: Some(_), .. }));
    let at_once = once.clone().on(Event::Absent(proof()), at(1_059), &policy).unwrap();
    assert!(matches!(at_once, State::Doubtful { .. }));
    let apart = once.on(Event::Absent(proof()), at(1_060), &policy).unwrap();
    assert_eq!(apart.todo(), (NextAction::Submit, at(1_060).now));
    assert!(matches!(apart, State::Pending { tries_left: 2, .. }), "a lost request uses a try: {apart:?}");
}

#[test]
fn a_proof_from_the_ledger_needs_no_second_one() {
    let sent_again = doubt(0, None).on(Event::Absent(Absence::from_ledger()), at(1), &POLICY).unwrap();
    assert!(matches!(sent_again, State::Pending { tries_left: 2, .. }), "{sent_again:?}");
}

#[test]
fn a_request_that_hung_for_two_minutes_is_looked_for_until_the_lag_after_its_end() {
    let policy = with_look_up();
    let sent = State::Submitting { intent: intent(), tries_left: 5, setbacks: 0 };
    let State::Doubtful { since, .. } = sent.on(Event::Unanswered, at(120), &policy).unwrap() else {
        panic!()
    };
    let look_up = policy.look_up.unwrap();
    assert!(Absence::prove(true, true, since, at(120 + 90), &look_up).is_none());
    assert!(Absence::prove(true, true, since, at(120 + 91), &look_up).is_some());
}

#[test]
fn a_look_up_ahead_of_its_time_uses_none_of_the_schedule() {
    let policy = with_look_up();
    let State::Doubtful { intent, since, tries_left, .. } = doubt(0, None) else { panic!() };
    let ahead = State::Doubtful { intent, since, tries_left, looks: 4, absent: None, due: at(5_000).now };
    let unclear = ahead.clone().on(Event::Unclear, at(4_999), &policy).unwrap();
    assert_eq!(unclear, ahead);
    let denied = unclear.on(Event::Absent(proof()), at(4_999), &policy).unwrap();
    assert!(matches!(denied, State::Doubtful { looks: 4, absent: Some(_), .. }), "{denied:?}");
    let held = denied.on(Event::Unclear, at(5_000), &policy).unwrap();
    assert!(matches!(held, State::Held { .. }), "{held:?}");
}

#[test]
fn a_line_that_swallows_every_request_ends_a_run() {
    let policy = with_look_up();
    let mut state = State::new(&policy, at(0).now);
    let mut attempts = 0;
    while state.todo().0 == NextAction::Submit {
        attempts += 1;
        let now = |after| at(i64::from(attempts) * 1_000 + after);
        state = state.on(Event::Claimed(intent()), now(0), &policy).unwrap();
        state = state.on(Event::Unanswered, now(0), &policy).unwrap();
        state = state.on(Event::Absent(proof()), now(100), &policy).unwrap();
        state = state.on(Event::Absent(proof()), now(200), &policy).unwrap();
    }
    assert_eq!(attempts, u32::from(policy.submit_tries));
    assert_eq!(state.todo().0, NextAction::Rest);
}

#[test]
fn look_ups_that_prove_nothing_end_with_a_person() {
    let policy = with_look_up();
    let mut state = doubt(0, None);
    let mut looks = 0;
    while let State::Doubtful { due, .. } = state {
        state = state.on(Event::Unclear, Tick::new(due, 0.5), &policy).unwrap();
        looks += 1;
    }
    assert_eq!(looks, policy.look_up.unwrap().after.len());
    assert!(matches!(state, State::Held { reason: HeldReason::AmbiguousSubmit, task: None, .. }));
}

#[test]
fn from_every_state_a_final_one_can_be_reached() {
    let mut leads = BTreeMap::<&str, BTreeSet<&str>>::new();
    for (from, _, to) in edges() {
        leads.entry(from.name()).or_default().insert(to.name());
    }
    for start in states() {
        let mut seen = BTreeSet::from([start.name()]);
        let mut queue = VecDeque::from([start.name()]);
        while let Some(name) = queue.pop_front() {
            for next in leads.get(name).into_iter().flatten() {
                if seen.insert(next) {
                    queue.push_back(next);
                }
            }
        }
        assert!(
            seen.iter().any(|name| ["done", "failed", "written_off", "cancelled"].contains(name)),
            "{start:?}"
        );
    }
}

/// Applies one event every `step` seconds until the phase changes. Returns the new state and the number of events.
#[track_caller]
fn ends(mut state: State, event: &Event, step: i64) -> (State, u32) {
    for (count, now) in (1..10_000).zip((0..).map(|n| n * step)) {
        match state.clone().on(event.clone(), at(now), &POLICY) {
            Ok(next) if next.name() == state.name() => state = next,
            Ok(next) => return (next, count),
            Err(illegal) => panic!("{illegal}"),
        }
    }
    panic!("{state:?} never ends by {event:?}");
}

#[test]
fn no_trouble_goes_on_for_ever() {
    let counters = PollCounters::default();
    let due = at(0).now;
    let running = State::Running { task: task(), counters, due };
    let downloading = State::Downloading { task: task(), clip: clip(), counters, due };
    let cases = [
        (running.clone(), Event::Empty, 60, "held", 6),
        (running.clone(), Event::Missing, 60, "held", 6),
        (running.clone(), Event::StillRunning, 300, "held", 2_018),
        (downloading.clone(), FetchSetback::Damaged.into(), 10, "held", 6),
        (downloading.clone(), FetchSetback::Redirects.into(), 10, "held", 6),
        (downloading.clone(), FetchSetback::Page.into(), 10, "running", 1),
        (downloading, FetchSetback::Trouble { after: None, progress: false }.into(), 10, "running", 6),
    ];
    for (state, event, step, name, count) in cases {
        let (end, times) = ends(state, &event, step);
        assert_eq!((end.name(), times), (name, count), "{event:?}");
    }
}

#[test]
fn a28_three_answers_in_a_row_about_another_task_are_for_a_person() {
    let begin = || State::Running { task: task(), counters: PollCounters::default(), due: at(0).now };
    let after = |events: &[Event]| {
        events.iter().fold(begin(), |state, event| state.on(event.clone(), at(100), &POLICY).unwrap())
    };
    let other = Event::Mistaken;
    let failed = Event::PollSetback { after: None };
    let held = |state: State| matches!(state, State::Held { reason: HeldReason::IdMismatch, .. });
    assert!(held(after(&[other.clone(), other.clone(), other.clone()])));
    assert!(
        held(after(&[other.clone(), failed, other.clone(), other.clone()])),
        "no answer is no other answer"
    );
    for own in [Event::StillRunning, Event::Empty, Event::Missing] {
        let state = after(&[other.clone(), other.clone(), own, other.clone(), other.clone()]);
        assert!(matches!(state, State::Running { .. }), "{state:?}");
    }
}

#[test]
fn a22_a_fresh_task_may_be_missing_for_two_minutes() {
    let state = State::Running { task: task(), counters: PollCounters::default(), due: at(0).now };
    let state = state.on(Event::Missing, at(60), &POLICY).unwrap();
    assert!(matches!(state, State::Running { counters: PollCounters { missing: 0, .. }, .. }));
    let state = state.on(Event::Missing, at(121), &POLICY).unwrap();
    assert!(matches!(state, State::Running { counters: PollCounters { missing: 1, .. }, .. }));
}

#[test]
fn an_id_that_a_person_typed_is_wrong_if_there_is_no_such_task() {
    let doubtful = || State::Held {
        reason: HeldReason::AmbiguousSubmit,
        intent: intent(),
        task: None,
        since: at(0).now,
    };
    let after = |events: &[Event]| {
        events.iter().fold(doubtful(), |state, event| state.on(event.clone(), at(10), &POLICY).unwrap())
    };
    let lost = |state: &State| matches!(state, State::Held { reason: HeldReason::TaskLost, .. });
    let typed = || Event::Adopt(TaskId("12345".into()));
    let state = after(&[typed(), Event::Missing]);
    assert!(lost(&state), "{state:?}");
    assert_eq!(state.account(), MoneyState::InDoubt, "as before");
    let state = after(&[typed(), Event::Missing, Event::Adopt(TaskId("8353".into())), Event::StillRunning]);
    assert!(matches!(&state, State::Running { task, .. } if task.id.0.raw() == "8353"), "{state:?}");
    // The provider has shown the task, or has only just accepted it.
    for seen in [Event::StillRunning, Event::Empty] {
        assert!(!lost(&after(&[typed(), seen, Event::Missing])));
    }
    assert!(!lost(&after(&[Event::AcceptedLate(TaskId("8353".into())), Event::Missing])));
}

#[test]
fn a25_a_dead_link_is_exchanged_three_times() {
    let mut state = State::Running { task: task(), counters: PollCounters::default(), due: at(0).now };
    let mut links = 0;
    while !matches!(state, State::Held { .. }) {
        state = state.on(Event::Ready(clip()), at(1), &POLICY).unwrap();
        state = state.on(Event::LinkDead, at(2), &POLICY).unwrap();
        links += 1;
    }
    assert_eq!(links, 4);
    assert!(matches!(state, State::Held { reason: HeldReason::UrlExpired, task: Some(_), .. }));
}

#[test]
fn a20_a25_every_result_of_a_task_is_tried_before_its_clip_counts_as_lost() {
    let tried = |links: &[&str]| {
        let results = || Clip::first(links.iter().map(|link| Clip::at((*link).to_owned()))).unwrap();
        let mut state = State::Running { task: task(), counters: PollCounters::default(), due: at(0).now };
        let mut tried = Vec::new();
        while !matches!(state, State::Held { .. }) {
            state = state.on(Event::Ready(results()), at(1), &POLICY).unwrap();
            let State::Downloading { clip, .. } = &state else { panic!("{state:?}") };
            let mut all: Vec<&str> =
                clip.others.iter().map(String::as_str).chain([clip.url.as_str()]).collect();
            all.sort_unstable();
            assert_eq!(all, links, "the links to the others are kept");
            tried.push(clip.url.clone());
            state = state.on(Event::LinkDead, at(2), &POLICY).unwrap();
        }
        tried.concat()
    };
    assert_eq!(tried(&["1"]), "1111");
    assert_eq!(tried(&["1", "2"]), "1121", "a dead link is first exchanged for a fresh one");
    assert_eq!(tried(&["1", "2", "3", "4", "5"]), "112345");
}

#[test]
fn p29_a_clock_that_leaps_a_month_ahead_gives_up_no_task() {
    let month = 30 * 86_400;
    let state = State::Running { task: task(), counters: PollCounters::default(), due: at(0).now };
    let state = state.on(Event::StillRunning, at(month), &POLICY).unwrap();
    assert!(matches!(state, State::Running { .. }));
}

#[test]
fn attempts_never_pass_the_policy() {
    let mut state = State::new(&POLICY, at(0).now);
    let mut attempts = 0;
    while state.todo().0 == NextAction::Submit {
        attempts += 1;
        let now = at(i64::from(attempts) * 1_000);
        state = state.on(Event::Claimed(intent()), now, &POLICY).unwrap();
        state = state.on(Event::SentBack(SentBack::Busy { after: None }), now, &POLICY).unwrap();
    }
    assert_eq!(attempts, u32::from(POLICY.submit_tries));
    assert_eq!(state.todo(), (NextAction::Rest, Timestamp::MAX));
    assert!(state.clone().on(Event::Claimed(intent()), at(90_000), &POLICY).is_err());
    let afresh = state.on(Event::Afresh, at(90_000), &POLICY).unwrap();
    assert_eq!(afresh.todo().0, NextAction::Submit);
}

#[test]
fn what_was_not_sent_or_came_too_fast_costs_no_try() {
    for back in [SentBack::NotSent, SentBack::Throttled { after: None }, SentBack::Stopped] {
        let state = State::Submitting { intent: intent(), tries_left: 5, setbacks: 0 };
        let next = state.on(Event::SentBack(back), at(1), &POLICY).unwrap();
        assert!(matches!(next, State::Pending { tries_left: 5, .. }), "{back:?}");
    }
}

#[test]
fn no_state_waits_longer_than_the_longest_pause_of_its_wait() {
    let policy = with_look_up();
    let ahead = at(6 * 3_600).now;
    for state in states() {
        let state = match state {
            State::Pending { tries_left, setbacks, .. } => {
                State::Pending { tries_left, setbacks, due: ahead }
            }
            State::Running { task, counters, .. } => State::Running { task, counters, due: ahead },
            State::Downloading { task, clip, counters, .. } => {
                State::Downloading { task, clip, counters, due: ahead }
            }
            State::Doubtful { intent, since, tries_left, looks, absent, .. } => {
                State::Doubtful { intent, since, tries_left, looks, absent, due: ahead }
            }
            other => other,
        };
        if matches!(
            state.todo(),
            (NextAction::Submit | NextAction::Poll | NextAction::Download | NextAction::LookUp, _)
        ) {
            assert_eq!(state.due(at(0), &policy), at(0).now, "{state:?}");
            // A time that is near enough to be right is kept.
            assert_eq!(state.due(at(6 * 3_600 - 10), &policy), ahead, "{state:?}");
        }
        if matches!(state.todo().0, NextAction::Submit) {
            assert!(state.clone().on(Event::Claimed(intent()), at(0), &policy).is_ok());
            assert!(state.on(Event::Claimed(intent()), at(6 * 3_600 - 10), &policy).is_err());
        }
    }
}

#[test]
fn what_was_charged_for_certain_is_never_in_doubt_again() {
    let gone = State::Done { task: task(), file: file() }.on(Event::ClipGone, at(0), &POLICY).unwrap();
    let (reason, since) = (HeldReason::UrlExpired, at(0).now);
    let held = State::Held { reason, intent: intent(), task: Some(task()), since };
    for asked in [gone, held.on(Event::Again, at(0), &POLICY).unwrap()] {
        assert_eq!(asked.account(), MoneyState::Settled);
        let refused = Event::Refused { refusal: Refusal::Generation, charged: Charged::Unknown };
        let after = asked.on(refused, at(1), &POLICY).unwrap();
        assert!(matches!(after, State::Held { reason: HeldReason::NoResult, .. }), "{after:?}");
        assert_eq!(after.account(), MoneyState::Settled);
    }
}

#[test]
fn a20_of_sixty_thousand_results_a_hundred_are_named() {
    let link = |number: usize| Clip::at(format!("https://clips.example/{}/{number}", "x".repeat(50)));
    let clip = Clip::first((0..60_000).map(link)).unwrap();
    assert_eq!((clip.url, clip.others.len()), (link(0).url, Clip::MOST_OTHERS));
    assert_eq!(clip.others[99], link(100).url);
    let alike = Clip::first((0..60_000).map(|number| link(number % 50))).unwrap();
    assert_eq!(alike.others.len(), 49);
}
