//! Tests that any series of events of a take, written to the ledger and read back, leads to the same state.

use super::*;
use crate::domain::fault::Refusal;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{Absence, Charged, Clip};
use crate::domain::money::Usd;
use crate::domain::policy::{LookUp, Policy, Tick};
use crate::domain::request::Request;
use crate::domain::take::{Fingerprint, Take};
use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use std::time::Duration;

fn clip_file() -> ClipFile {
    ClipFile { size: 4_096, sha256: Sha256::of(b"clip") }
}

/// Lists every event that can happen to a take of a wanted job after this number of attempts.
fn events(attempts: u32, at: Tick) -> Vec<Event> {
    let attempt = attempts + 1;
    let intent = Intent { attempt, request_id: RequestId(format!("sl-{attempt}")), at: at.now };
    let absence = Absence::prove(true, true, Timestamp::UNIX_EPOCH, at, &LookUp::new(Duration::from_secs(5)));
    let task = || TaskId(format!("task-{attempt}").into());
    let refused = |charged| Event::Refused { refusal: Refusal::Generation, charged };
    let mut events = vec![
        Event::Claimed(intent),
        Event::SentBack(SentBack::NotSent),
        Event::SentBack(SentBack::Busy { after: None }),
        Event::Rejected(Refusal::Policy),
        Event::Accepted(task()),
        Event::AcceptedTwice,
        Event::Unanswered,
        Event::Found(task()),
        Event::Unclear,
        Event::StillRunning,
        Event::Ready(Clip {
            url: "https://cdn.example/clip.mp4".into(),
            cover: None,
            expires: None,
            others: Vec::new(),
        }),
        Event::Empty,
        refused(Charged::No),
        refused(Charged::Yes),
        refused(Charged::Unknown),
        Event::Missing,
        Event::Mistaken,
        Event::Fetched(clip_file()),
        Event::LinkDead,
        Event::LinkUnsafe,
        Event::Placed,
        Event::NameTaken,
        Event::PartLost,
        Event::Adopt(task()),
        Event::Again,
        Event::WriteOff,
        Event::Cancel(CancelledBy::User),
    ];
    events.extend(absence.map(Event::Absent));
    events
}

/// Describes the part of a state that the ledger must preserve. The steps of collecting a clip are free, so the ledger
/// may lose them.
fn gist(state: &State) -> String {
    match state {
        State::Running { task, .. } | State::Downloading { task, .. } | State::Placing { task, .. } => {
            format!("on its way {:?}", (&task.id, &task.intent))
        }
        State::Pending { .. } => "pending".to_owned(),
        State::Submitting { intent, .. } => format!("submitting {intent:?}"),
        State::Doubtful { intent, .. } => format!("doubtful {intent:?}"),
        other => format!("{other:?}"),
    }
}

fn take() -> Take {
    let model: crate::domain::key::ModelName = "zai/vidu2-image".parse().unwrap();
    let state = State::new(&Policy::standard(), Timestamp::UNIX_EPOCH);
    Take {
        id: TakeId("take-1".into()),
        project: "spring".into(),
        key: JobKey::new("hero", "vase"),
        title: "The vase".into(),
        request: Request::new(model),
        fingerprint: Fingerprint(Sha256::of(b"vase")),
        price: Usd::from_micros(200_000),
        settled: None,
        adjusted: false,
        path: "renders/vase.mp4".into(),
        attempts: 0,
        state,
    }
}

/// Returns the state that a take in state `state` has after all events of a ledger line.
fn replay(entry: &Entry, state: State, policy: &Policy) -> State {
    let at = Tick::new(entry.at, 0.0);
    entry
        .events(&state)
        .into_iter()
        .fold(state, |state, event| state.clone().on(event, at, policy).unwrap_or(state))
}

proptest! {
    #[test]
    fn any_life_can_be_read_back_from_its_lines(choices in vec(any::<prop::sample::Index>(), 0..80), seeing: bool) {
        let look_up = seeing.then(|| LookUp::new(Duration::from_secs(5)));
        let policy = Policy { look_up, ..Policy::standard() };
        let mut take = take();
        let mut replayed: Option<State> = None;
        for (choice, day) in choices.iter().zip(1..) {
            let at = Tick::new(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * day), 0.0);
            // Only events that can happen now: otherwise hardly any life would get beyond its first step.
            let possible: Vec<(Event, State)> = events(take.attempts, at)
                .into_iter()
                .filter_map(|event| Some((event.clone(), take.state.clone().on(event, at, &policy).ok()?)))
                .collect();
            if possible.is_empty() {
                break;
            }
            let (event, to) = choice.get(&possible).clone();
            if let Some(entry) = Entry::of(&take, &event, &to, None, at.now) {
                let entry: Entry = serde_json::from_str(&entry.line()).unwrap();
                let before = replayed.clone().unwrap_or_else(|| State::new(&policy, at.now));
                replayed = Some(replay(&entry, before, &policy));
            }
            if let State::Submitting { intent, .. } = &to {
                take.attempts = intent.attempt;
            }
            take.state = to;
        }
        if let Some(replayed) = replayed {
            // The ledger keeps the time of a person's decision to the day of the line, which is that of the state.
            prop_assert_eq!(gist(&replayed), gist(&take.state));
            prop_assert_eq!(replayed.account(), take.state.account());
        }
    }
}

#[test]
fn a_line_about_another_submission_says_nothing() {
    let mut take = take();
    let policy = Policy::standard();
    let at = Tick::new(Timestamp::UNIX_EPOCH, 0.0);
    let claimed = take.state.clone().on(events(0, at).remove(0), at, &policy).unwrap();
    let event = Event::Rejected(Refusal::Policy);
    let rejected = claimed.clone().on(event.clone(), at, &policy).unwrap();
    take.state = claimed.clone();
    let mut line = Entry::of(&take, &event, &rejected, None, at.now).unwrap();
    assert_eq!(replay(&line, claimed.clone(), &policy), rejected);
    line.attempt = 2;
    assert_eq!(replay(&line, claimed.clone(), &policy), claimed);
}

/// Tests that one ledger line restores the earlier steps of a take as well, even if the lines about those steps are
/// lost.
#[test]
fn a_line_is_believed_also_where_those_before_it_were_lost() {
    let policy = Policy::standard();
    let at = Tick::new(Timestamp::UNIX_EPOCH, 0.0);
    let on = |state: &State, event| state.clone().on(event, at, &policy).unwrap();
    let submitting = on(&take().state, events(0, at).remove(0));
    let running = on(&submitting, Event::Accepted(TaskId("task-1".into())));
    let placing = on(&running, Event::WasPlaced(clip_file()));
    let lost = on(&running, Event::WasHeld(HeldReason::TaskLost));
    let later = [
        (&running, Event::Refused { refusal: Refusal::Policy, charged: Charged::Unknown }),
        (&running, Event::WasHeld(HeldReason::TaskLost)),
        (&placing, Event::Placed),
        (&lost, Event::WriteOff),
        (&lost, Event::Again),
    ];
    for (from, event) in later {
        let expected = on(from, event.clone());
        let seen = Take { state: from.clone(), attempts: 1, ..take() };
        let line = Entry::of(&seen, &event, &expected, None, at.now).unwrap();
        for known in [&submitting, &running] {
            assert_eq!(
                gist(&replay(&line, known.clone(), &policy)),
                gist(&expected),
                "{event:?} after {known:?}"
            );
        }
    }
}
