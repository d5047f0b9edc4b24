//! Tests that each decision about a job leads to the right status (bucket) of the job in reports.

use super::super::decision::Decision;
use super::super::known::Filed;
use super::*;
use crate::domain::clip_damage::ClipDamage;
use crate::domain::digest::Sha256;
use crate::domain::fault::Refusal;
use crate::domain::key::{RequestId, TakeId, TaskId};
use crate::domain::lifecycle::{
    CancelledBy, Charged, Clip, ClipFile, HeldReason, Intent, Phase, PollCounters, Task,
};
use jiff::Timestamp;
use std::collections::BTreeSet;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn states() -> Vec<State> {
    let intent = Intent { attempt: 1, request_id: RequestId("sl-1".into()), at: NOW };
    let task = Task { id: TaskId("T-1".into()), intent: intent.clone(), accepted: NOW, charged: false };
    let file = ClipFile { size: 1, sha256: Sha256::of(b"") };
    let clip = Clip { url: String::new(), cover: None, expires: None, others: Vec::new() };
    let counters = PollCounters::default();
    let (tries_left, setbacks, due) = (3, 0, NOW);
    vec![
        State::Pending { tries_left, setbacks, due },
        State::Submitting { intent: intent.clone(), tries_left, setbacks },
        State::Doubtful { intent: intent.clone(), since: NOW, tries_left, looks: 0, absent: None, due },
        State::Running { task: task.clone(), counters, due },
        State::Downloading { task: task.clone(), clip, counters, due },
        State::Placing { task: task.clone(), file },
        State::Done { task, file },
        State::Held { reason: HeldReason::AmbiguousSubmit, intent, task: None, since: NOW },
        State::Failed { refusal: Refusal::Policy, charged: Charged::No, task: None },
        State::Cancelled { by: CancelledBy::User },
        State::WrittenOff { reason: HeldReason::AmbiguousSubmit, task: None },
    ]
}

/// Returns decisions about jobs, each with the status (bucket) of the job that follows from the decision. None of these
/// statuses depends on the state of a take.
fn decisions() -> Vec<(Decision, Bucket)> {
    let take = || TakeId("take".into());
    let (own, other) = (JobKey::new("hero", "a"), JobKey::new("hero", "b"));
    let filed =
        || Filed { take: take(), path: "a.mp4".into(), file: ClipFile { size: 1, sha256: Sha256::of(b"") } };
    let kept = |asks: bool, refile| Decision::Kept { fields: vec![], superseded: vec![], asks, refile };
    let shared = |take, from| Decision::Shared { leader: other.clone(), take, from, superseded: vec![] };
    let renamed = |unsent, filed| Decision::Renamed {
        take: take(),
        from: other.clone(),
        unsent,
        filed,
        superseded: vec![],
    };
    let mut decisions = vec![
        (Decision::Unchanged { take: take(), refile: None }, Bucket::Done),
        (Decision::Unchanged { take: take(), refile: Some(filed()) }, Bucket::Done),
        (kept(false, None), Bucket::Done),
        (kept(false, Some(filed())), Bucket::Done),
        (kept(true, None), Bucket::Asks),
        (kept(true, Some(filed())), Bucket::Asks),
        (shared(None, None), Bucket::Waiting),
        (shared(Some(take()), None), Bucket::Waiting),
        (shared(Some(take()), Some(filed())), Bucket::Done),
        (renamed(true, None), Bucket::ToRender),
        (renamed(false, None), Bucket::InFlight),
        (renamed(false, Some(filed())), Bucket::Done),
        (Decision::Waiting { take: take(), fields: Vec::new(), repeats: None }, Bucket::ToRender),
        (Decision::InFlight { take: take(), unanswered: false }, Bucket::InFlight),
        (Decision::New, Bucket::ToRender),
        (Decision::HeldBack, Bucket::Review),
        (Decision::Redo { of: take(), why: "wrong colour".into(), superseded: vec![] }, Bucket::ToRender),
        (Decision::Changed { fields: vec![], superseded: vec![] }, Bucket::ToRender),
        (Decision::Again { instead_of: take() }, Bucket::ToRender),
    ];
    for state in states() {
        let phase = state.phase();
        let blocked = |key: &JobKey| Decision::Blocked {
            by: take(),
            key: key.clone(),
            state: state.clone(),
            moves: false,
        };
        if Phase::UNSETTLED.contains(&phase) {
            let (mine, theirs) = match phase {
                Phase::Held => (Bucket::Held, Bucket::Held),
                _ => (Bucket::InFlight, Bucket::Waiting),
            };
            decisions.extend([(blocked(&own), mine), (blocked(&other), theirs)]);
        }
        if let Phase::Failed | Phase::WrittenOff = phase {
            let bucket = if phase == Phase::Failed { Bucket::Failed } else { Bucket::WrittenOff };
            decisions.push((Decision::Failed { take: take(), state: state.clone(), from: None }, bucket));
        }
    }
    decisions
}

#[test]
fn every_decision_has_its_bucket_and_no_bucket_is_empty() {
    let own = JobKey::new("hero", "a");
    let mut seen = BTreeSet::new();
    let mut names = BTreeSet::new();
    for (decision, bucket) in decisions() {
        assert_eq!(Bucket::of(&own, &decision), bucket, "{decision:?}");
        // Exactly the decisions that cost money are counted as jobs to render.
        assert_eq!(decision.costs(), bucket == Bucket::ToRender, "{decision:?}");
        seen.insert(bucket);
        names.insert(decision.name());
    }
    // A look at the files, not a decision, shows that a clip is lost.
    seen.extend([ClipDamage::Missing, ClipDamage::Altered].map(Bucket::lost));
    // A person, not a decision, dismisses a job.
    seen.insert(Bucket::Dismissed);
    assert_eq!(seen, BTreeSet::from(Bucket::ALL));
    assert_eq!(names, BTreeSet::from(Decision::NAMES));
}

#[test]
fn every_state_has_its_bucket() {
    let expected = [
        Bucket::ToRender,
        Bucket::InFlight,
        Bucket::InFlight,
        Bucket::InFlight,
        Bucket::InFlight,
        Bucket::InFlight,
        Bucket::Done,
        Bucket::Held,
        Bucket::Failed,
        Bucket::ToRender,
        Bucket::WrittenOff,
    ];
    let phases: Vec<Phase> = states().iter().map(State::phase).collect();
    assert_eq!(phases, Phase::ALL);
    assert_eq!(states().iter().map(Bucket::after).collect::<Vec<_>>(), expected);
}

#[test]
fn the_buckets_add_up_and_are_told_in_one_line() {
    let mut buckets = Buckets::default();
    assert_eq!(buckets.line(), "0 done");
    for (bucket, jobs) in [(Bucket::Held, 1), (Bucket::Done, 7), (Bucket::ToRender, 2), (Bucket::Done, 1)] {
        buckets.add(bucket, jobs);
    }
    assert_eq!(buckets.line(), "8 done · 2 to render · 1 needs your decision");
    assert_eq!((buckets.jobs(), buckets.open()), (11, 2));
    assert_eq!(buckets.named().map(|(_, jobs)| jobs).sum::<usize>(), 11);
    buckets.remove(Bucket::Held);
    assert_eq!((buckets.jobs(), buckets.count(Bucket::Held)), (10, 0));
}
