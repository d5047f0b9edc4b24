//! The store on a real disk: the life of takes, money, budgets, grouping. Crashes and folders have files of their own.

#![expect(clippy::unwrap_used, reason = "the helpers belong to tests as well")]

mod crash;
mod folder;
mod recover;

use futures::FutureExt as _;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use shotlist::domain::digest::Sha256;
use shotlist::domain::fault::{Refusal, Said};
use shotlist::domain::key::{JobKey, ModelName, RequestId, TakeId, TaskId};
use shotlist::domain::lifecycle::{
    CancelledBy, Charged, Clip, ClipFile, Event, HeldReason, Intent, Phase, SentBack, State,
};
use shotlist::domain::money::Usd;
use shotlist::domain::policy::{LookUp, Policy, Tick};
use shotlist::domain::request::Request;
use shotlist::domain::take::{Fingerprint, Take, Wanted};
use shotlist::plan::expand::LeftOut;
use shotlist::plan::known::{Filed, Known as _, KnownJob};
use shotlist::store::{
    Admission, Admitted, ApplyError, Cap, Caps, ClaimError, Cursor, Details, Jobs, Lock, Mode, NewTake,
    Opened, Options, OverCap, PlanTables, Queue, Queued, Reader, Renewal, RunId, Store, StoreError, Window,
};
use std::path::PathBuf;
use std::slice;
use std::time::Duration;

const PROJECT: &str = "spring";

fn now() -> Timestamp {
    "2026-11-21T02:14:07Z".parse().unwrap()
}

fn later(minutes: i64) -> Timestamp {
    now() + SignedDuration::from_mins(minutes)
}

fn cents(count: i64) -> Usd {
    Usd::from_micros(count * 10_000)
}

fn blind(_: &ModelName) -> Policy {
    Policy::standard()
}

fn seeing(_: &ModelName) -> Policy {
    Policy { look_up: Some(LookUp::new(Duration::from_secs(5))), ..Policy::standard() }
}

fn model() -> ModelName {
    "zai/vidu2-image".parse().unwrap()
}

fn wanted(item: &str) -> Wanted {
    let mut request = Request::new(model());
    request.prompt = Some(format!("a slow turn around {item}"));
    Wanted {
        key: JobKey::new("hero", item),
        title: format!("The {item}").into(),
        fingerprint: Fingerprint(Sha256::of(item.as_bytes())),
        likeness: None,
        tags: Vec::new(),
        request,
        price: Some(cents(20)),
        path: format!("renders/{item}/{item}_hero.mp4"),
    }
}

/// An admission as these tests write it: by places in the list of what is wanted.
#[derive(Clone)]
struct Asked {
    project: String,
    wanted: Vec<Wanted>,
    partial: bool,
    new: Vec<(usize, NewTake)>,
    supersede: Vec<TakeId>,
    adopt: Vec<(TakeId, usize)>,
    /// Each for the job at its own place.
    afresh: Vec<TakeId>,
    policy: Policy,
}

impl From<Asked> for Admission {
    fn from(asked: Asked) -> Self {
        let mut jobs: Vec<Admitted> = asked.wanted.into_iter().map(Admitted::new).collect();
        if let Some(first) = jobs.first_mut() {
            first.supersede = asked.supersede;
        }
        for (at, new) in asked.new {
            jobs[at].new = Some(new);
        }
        for (take, at) in asked.adopt {
            jobs[at].adopt = Some(take);
        }
        for (at, take) in asked.afresh.into_iter().enumerate() {
            jobs[at].afresh = Some(take);
        }
        Self {
            project: asked.project,
            jobs: Jobs::These(jobs),
            partial: asked.partial,
            gone: Vec::new(),
            left_out: LeftOut::default(),
            policy: asked.policy,
            run: None,
        }
    }
}

fn admission(wanted: Vec<Wanted>) -> Asked {
    Asked {
        project: PROJECT.into(),
        wanted,
        partial: false,
        new: Vec::new(),
        supersede: Vec::new(),
        adopt: Vec::new(),
        afresh: Vec::new(),
        policy: Policy::standard(),
    }
}

fn new(at: usize, id: TakeId) -> (usize, NewTake) {
    (at, NewTake { id, instead_of: None })
}

/// The tables of a plan without jobs, to look things up in.
fn look_up(state: &Reader) -> PlanTables {
    let plan_tables = PlanTables::new(None).unwrap();
    plan_tables.lock().know(PROJECT, Some(state), &|_| true).unwrap();
    plan_tables
}

/// Every job of the project as a plan finds it.
async fn known(state: &Reader) -> Vec<KnownJob> {
    let keys = state.keys(Some(PROJECT)).await.unwrap();
    let plan_tables = look_up(state);
    keys.iter().map(|(_, key)| plan_tables.lock().known(key).unwrap().unwrap()).collect()
}

/// Returns the sum that was or will be paid in place of takes in doubt.
fn resubmitted(state: &Reader) -> Usd {
    look_up(state).lock().resubmitted().unwrap()
}

fn take_id(item: &str) -> TakeId {
    TakeId(format!("take-{item}"))
}

fn clip_file() -> ClipFile {
    ClipFile { size: 4_096, sha256: Sha256::of(b"clip") }
}

/// A state folder that outlives the stores opened on it.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn dir(&self) -> PathBuf {
        self.folder.path().join(".shotlist")
    }

    fn try_drive(&self, options: &Options) -> Result<(Store, Opened), StoreError> {
        let lock = Lock::acquire(&self.dir(), "run", now()).unwrap();
        Store::open(&self.dir(), Mode::Drive { lock, policy: &blind }, options, now())
    }

    fn drive(&self) -> Store {
        self.try_drive(&Options::default()).unwrap().0
    }

    fn second_store(&self) -> Store {
        self.second_store_with(&Options::default())
    }

    fn second_store_with(&self, options: &Options) -> Store {
        Store::open(&self.dir(), Mode::Concurrent, options, now()).unwrap().0
    }

    fn ledger(&self) -> String {
        std::fs::read_to_string(self.dir().join("ledger.jsonl")).unwrap()
    }

    /// The kinds of the ledger's lines, in their order.
    fn kinds(&self) -> Vec<String> {
        let kind = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["kind"].clone();
        self.ledger().lines().map(|line| kind(line).as_str().unwrap().to_owned()).collect()
    }
}

/// One new take for each of these items.
async fn order(store: &Store, items: &[&str]) {
    let mut admission = admission(items.iter().map(|item| wanted(item)).collect());
    admission.new = items.iter().enumerate().map(|(at, item)| new(at, take_id(item))).collect();
    store.admit(admission.into(), now()).await.unwrap();
}

/// A queue, read in pages of two.
async fn pages(store: &Store, run: RunId, queue: &Queue) -> Vec<Queued> {
    let (mut takes, mut after) = (Vec::new(), Cursor::START);
    loop {
        let page = store.queued(run, queue, after, 2).await.unwrap();
        let Some(last) = page.last() else { return takes };
        after = last.at;
        takes.extend(page);
    }
}

fn names(queued: Vec<Queued>) -> Vec<TakeId> {
    queued.into_iter().map(|queued| queued.take.id).collect()
}

/// Returns the takes that a new run without bounds would submit.
async fn pending(store: &Store) -> Vec<Take> {
    let all = store.open_takes(Some(PROJECT)).await.unwrap();
    let run = run(store).await;
    store.approve(run, all.into_iter().map(|take| take.id).collect()).await.unwrap();
    let queued = pages(store, run, &Queue::Pending(model())).await;
    assert!(queued.iter().all(|queued| queued.approved));
    queued.into_iter().map(|queued| queued.take).collect()
}

#[tokio::test]
async fn a_run_sees_only_what_it_may_submit_and_knows_what_became_of_the_rest() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["a", "b", "c", "d"]).await;
    let (first, second) = (run(&store).await, run(&store).await);
    store.approve(first, ["a", "b", "c"].map(take_id).into()).await.unwrap();
    store.approve(second, ["b", "c", "d"].map(take_id).into()).await.unwrap();
    let queue = Queue::Pending(model());
    assert_eq!(names(pages(&store, first, &queue).await), [take_id("a")]);
    assert_eq!(names(pages(&store, second, &queue).await), ["b", "c", "d"].map(take_id));

    let submitted = submitted(&store, "b", second).await;
    happen(&place.second_store(), &get(&store, "c").await, Event::Cancel(CancelledBy::User)).await.unwrap();
    assert_eq!(names(pages(&store, second, &queue).await), [take_id("d")]);
    assert_eq!(store.still_pending(second).await.unwrap().into_values().sum::<u64>(), 1);
    assert_eq!(store.called_off(second).await.unwrap(), [get(&store, "c").await]);
    for (run, approved) in [(first, false), (second, true)] {
        let tasks = pages(&store, run, &Queue::Tasks).await;
        assert_eq!((&tasks[0].take, tasks[0].approved), (&submitted, approved));
    }
}

async fn get(store: &Store, item: &str) -> Take {
    store.take_by_id(&take_id(item)).await.unwrap().unwrap()
}

fn intent(take: &Take) -> Intent {
    let attempt = take.attempts + 1;
    Intent { attempt, request_id: RequestId(format!("sl-{}-{attempt}", take.id)), at: now() }
}

async fn claim(store: &Store, take: &Take, run: RunId) -> Result<Take, ClaimError> {
    store.claim(take, intent(take), Sha256::of(b"body"), run, now()).await
}

async fn run(store: &Store) -> RunId {
    store.begin_run(PROJECT, "run", Caps::default(), now()).await.unwrap()
}

async fn happen(store: &Store, take: &Take, event: Event) -> Result<Take, ApplyError> {
    happen_with(store, take, event, Details::default()).await
}

async fn happen_with(store: &Store, take: &Take, event: Event, details: Details) -> Result<Take, ApplyError> {
    store.apply(take, event, details, Tick::new(now(), 0.0), &Policy::standard()).await
}

async fn submitted(store: &Store, item: &str, run: RunId) -> Take {
    let take = claim(store, &get(store, item).await, run).await.unwrap();
    happen(store, &take, Event::Accepted(TaskId(format!("task-{item}").into()))).await.unwrap()
}

fn clip(expires: Option<Timestamp>) -> Clip {
    Clip { url: "https://cdn.example/clip.mp4".into(), cover: None, expires, others: Vec::new() }
}

async fn done(store: &Store, item: &str, run: RunId) -> Take {
    let take = submitted(store, item, run).await;
    let take = happen(store, &take, Event::Ready(clip(None))).await.unwrap();
    let take = happen(store, &take, Event::Fetched(clip_file())).await.unwrap();
    happen(store, &take, Event::Placed).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_take_leaves_its_clip_its_money_and_its_words() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["vase"]).await;
    let run = run(&store).await;
    let take = submitted(&store, "vase", run).await;
    assert_eq!(store.spent(Window::Run(run)).await.unwrap().reserved, cents(20));

    let take = happen(&store, &take, Event::Ready(clip(None))).await.unwrap();
    let take = happen(&store, &take, Event::Fetched(clip_file())).await.unwrap();
    let said = Said::coded(200, Some("0042".into()), "fine");
    let details = Details { said: Some(said.clone()), settled: Some(cents(18)), note: None };
    let take = happen_with(&store, &take, Event::Placed, details).await.unwrap();

    assert_eq!(get(&store, "vase").await, take);
    let spent = store.spent(Window::Ever).await.unwrap();
    assert_eq!((spent.settled, spent.reserved, spent.in_doubt), (cents(18), Usd::ZERO, Usd::ZERO));
    let known = known(&store).await;
    let filed = Filed { take: take.id.clone(), path: take.path.clone(), file: clip_file() };
    assert_eq!(known[0].filed, Some(filed.clone()));
    assert_eq!(known[0].takes[0].state, take.state);
    let history = store.history(PROJECT, &take.key).await.unwrap().unwrap();
    assert_eq!((history.filed, history.wanted), (Some(filed), true));
    let attempt = &history.takes[0].attempts[0];
    assert_eq!((attempt.outcome.as_deref(), attempt.said.as_ref()), (Some("settled"), Some(&said)));
    assert_eq!(place.kinds(), ["intent", "accepted", "settled"]);
}

#[tokio::test]
async fn an_intent_in_the_ledger_says_all_that_was_bought() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["vase"]).await;
    claim(&store, &get(&store, "vase").await, run(&store).await).await.unwrap();
    let line: serde_json::Value = serde_json::from_str(&place.ledger()).unwrap();
    let expected = serde_json::json!({
        "v": 3, "seq": 1, "at": "2026-11-21T02:14:07Z", "kind": "intent", "take": "take-vase",
        "project": "spring", "job": "hero/vase", "attempt": 1, "request_id": "sl-take-vase-1",
        "model": "zai/vidu2-image", "fingerprint": wanted("vase").fingerprint.to_string(), "usd": "0.20",
        "title": "The vase", "path": "renders/vase/vase_hero.mp4",
        "request": {
            "model": "zai/vidu2-image", "prompt": "a slow turn around vase", "image": null, "last_image": null,
            "reference_images": [], "duration": null, "aspect_ratio": null, "size": null, "seed": null,
            "audio": null, "style": null, "motion": null, "params": {},
        },
        "body": Sha256::of(b"body").to_string(), "run": 1,
    });
    assert_eq!(line, expected);
}

#[tokio::test]
async fn what_arrives_while_another_writes_shares_one_commit() {
    let place = Place::new();
    let store = place.drive();
    let items: Vec<String> = (0..64).map(|n| format!("sku-{n:02}")).collect();
    order(&store, &items.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let run = run(&store).await;
    let takes = pending(&store).await;

    let other = std::fs::File::open(place.dir().join("ledger.jsonl")).unwrap();
    other.lock().unwrap();
    let before = store.commits();
    let mut claims = Box::pin(join_all(takes.iter().map(|take| claim(&store, take, run))));
    assert!((&mut claims).now_or_never().is_none(), "nothing is durable while another process writes");
    other.unlock().unwrap();

    assert!(claims.await.iter().all(Result::is_ok));
    assert_eq!(store.commits() - before, 1);
    assert_eq!(place.kinds(), vec!["intent"; 64]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_claims_at_once_never_overshoot_any_budget() {
    // Ten clips and a half.
    let cap = Some(cents(210));
    let budgets = [
        (Cap::Invocation, Caps { invocation: cap, ..Caps::default() }),
        (Cap::Run, Caps { run: cap, ..Caps::default() }),
        (Cap::Day, Caps { day: cap, ..Caps::default() }),
        (Cap::Month, Caps { month: cap, ..Caps::default() }),
    ];
    for (which, caps) in budgets {
        let place = Place::new();
        let store = place.drive();
        let items: Vec<String> = (0..50).map(|n| format!("sku-{n:02}")).collect();
        order(&store, &items.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let run = store.begin_run(PROJECT, "run", caps, now()).await.unwrap();
        let takes = pending(&store).await;
        let claims = join_all(takes.iter().map(|take| claim(&store, take, run))).await;
        assert_eq!(claims.iter().filter(|claim| claim.is_ok()).count(), 10, "{which}");
        let refused = OverCap { which, cap: cents(210), available: cents(10), price: cents(20) };
        let refusals = claims.into_iter().filter_map(Result::err);
        assert!(refusals.into_iter().all(|e| e == ClaimError::OverCap(refused.clone())), "{which}");
        assert_eq!(store.spent(Window::Run(run)).await.unwrap().reserved, cents(200));
    }
}

#[tokio::test]
async fn p28_money_spent_while_the_clock_was_ahead_counts_in_every_budget() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["bowl", "cup"]).await;
    let caps = Caps { day: Some(cents(30)), month: Some(cents(30)), ..Caps::default() };
    let run = store.begin_run(PROJECT, "run", caps, now()).await.unwrap();
    claim(&store, &get(&store, "bowl").await, run).await.unwrap();
    // The clock was ahead, and was set back since.
    for days in [1, 40] {
        let corrected = later(-days * 24 * 60);
        for window in [Window::Day(corrected), Window::Month(corrected)] {
            assert_eq!(store.spent(window).await.unwrap().total(), cents(20));
        }
    }
    let tomorrow = Window::Day(later(24 * 60));
    assert_eq!(store.spent(tomorrow).await.unwrap().total(), Usd::ZERO);
}

#[tokio::test]
async fn a_rejection_gives_its_money_back_and_a_doubt_keeps_it() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["bowl", "cup", "vase"]).await;
    let caps = Caps { run: Some(cents(40)), ..Caps::default() };
    let run = store.begin_run(PROJECT, "run", caps, now()).await.unwrap();
    let bowl = claim(&store, &get(&store, "bowl").await, run).await.unwrap();
    let cup = claim(&store, &get(&store, "cup").await, run).await.unwrap();
    let vase = get(&store, "vase").await;

    happen(&store, &cup, Event::Unanswered).await.unwrap();
    assert!(matches!(claim(&store, &vase, run).await, Err(ClaimError::OverCap(_))));
    happen(&store, &bowl, Event::Rejected(Refusal::Policy)).await.unwrap();
    claim(&store, &vase, run).await.unwrap();

    let spent = store.spent(Window::Day(now())).await.unwrap();
    assert_eq!((spent.settled, spent.reserved, spent.in_doubt), (Usd::ZERO, cents(20), cents(20)));
    let tomorrow = later(24 * 60);
    assert_eq!(store.spent(Window::Day(tomorrow)).await.unwrap().total(), Usd::ZERO);
    assert_eq!(store.spent(Window::Month(tomorrow)).await.unwrap().total(), cents(40));
    let counted = store.counts(Some(PROJECT)).await.unwrap();
    assert_eq!(counted.values().map(|count| count.usd).sum::<Usd>(), spent.total());
    assert_eq!(counted[&Phase::Failed].usd, Usd::ZERO);
}

#[tokio::test]
async fn an_interrupted_run_goes_on_with_its_budget_and_a_finished_one_does_not() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["bowl", "cup"]).await;
    let caps = Caps { run: Some(cents(30)), ..Caps::default() };
    let first = store.begin_run(PROJECT, "run", caps, now()).await.unwrap();
    submitted(&store, "bowl", first).await;
    store.end_run(first, 130, now()).await.unwrap();

    let second = store.begin_run(PROJECT, "run", caps, now()).await.unwrap();
    assert_eq!(store.spent(Window::Run(second)).await.unwrap().total(), cents(20));
    assert_eq!(store.spent(Window::Invocation(second)).await.unwrap().total(), Usd::ZERO);
    let cup = get(&store, "cup").await;
    assert!(matches!(claim(&store, &cup, second).await, Err(ClaimError::OverCap(_))));
    store.end_run(second, 8, now()).await.unwrap();

    let third = store.begin_run(PROJECT, "run", caps, now()).await.unwrap();
    claim(&store, &cup, third).await.unwrap();
}

#[tokio::test]
async fn a27_a_task_belongs_to_one_take_only() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["bowl", "cup"]).await;
    let run = run(&store).await;
    submitted(&store, "bowl", run).await;
    let cup = claim(&store, &get(&store, "cup").await, run).await.unwrap();
    let held = happen(&store, &cup, Event::Accepted(TaskId("task-bowl".into()))).await.unwrap();
    assert!(matches!(held.state, State::Held { reason: HeldReason::IdConflict, .. }));
    assert_eq!(store.held(Some(PROJECT)).await.unwrap(), std::slice::from_ref(&held));
    assert_eq!(place.kinds(), ["intent", "accepted", "intent", "held"]);
    let taken = happen(&store, &held, Event::Adopt(TaskId("task-bowl".into()))).await;
    let owner = get(&store, "bowl").await.key;
    assert_eq!(taken, Err(ApplyError::TaskTaken { task: TaskId("task-bowl".into()), owner }));
    assert_eq!(get(&store, "cup").await, held, "the refusal wrote nothing");
}

#[tokio::test]
async fn a27_tasks_that_were_named_for_the_wrong_takes_can_be_exchanged() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["bowl", "cup"]).await;
    let run = run(&store).await;
    let one = || TaskId("task-1".into());
    let two = || TaskId("task-2".into());
    let mut held = Vec::new();
    for (item, wrong) in [("bowl", two()), ("cup", one())] {
        let mut take = claim(&store, &get(&store, item).await, run).await.unwrap();
        for event in [Event::Unanswered, Event::Adopt(wrong)] {
            take = happen(&store, &take, event).await.unwrap();
        }
        while !matches!(take.state, State::Held { reason: HeldReason::IdMismatch, .. }) {
            take = happen(&store, &take, Event::Mistaken).await.unwrap();
        }
        held.push(take);
    }
    let bowl = happen(&store, &held[0], Event::Adopt(one())).await.unwrap();
    assert_eq!(bowl.state.task().unwrap().id, one());
    // The task is the bowl's now, so the cup cannot ask for it again, but a person can still end the cup.
    let taken = happen(&store, &held[1], Event::Again).await;
    assert_eq!(taken, Err(ApplyError::TaskTaken { task: one(), owner: bowl.key.clone() }));
    let cup = happen(&store, &held[1], Event::Adopt(two())).await.unwrap();
    assert_eq!(cup.state.task().unwrap().id, two());
}

#[tokio::test]
async fn what_another_process_decided_is_seen_and_not_overwritten() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["bowl", "cup"]).await;
    let run = run(&store).await;
    let bowl = claim(&store, &get(&store, "bowl").await, run).await.unwrap();
    let held = happen(&store, &bowl, Event::Unanswered).await.unwrap();
    let cup = get(&store, "cup").await;
    let before = store.changes().await.unwrap();

    let person = place.second_store();
    let adopted = happen(&person, &held, Event::Adopt(TaskId("from-the-console".into()))).await.unwrap();
    happen(&person, &cup, Event::Cancel(CancelledBy::User)).await.unwrap();

    assert!(store.changes().await.unwrap() > before);
    assert_eq!(happen(&store, &held, Event::WriteOff).await, Err(ApplyError::Changed));
    assert_eq!(claim(&store, &cup, run).await, Err(ClaimError::Changed));
    assert_eq!(store.owed(None, 9).await.unwrap(), [adopted]);
    // Both processes wrote to one ledger, whose numbers still grow.
    order(&store, &["dish"]).await;
    submitted(&store, "dish", run).await;
    let seqs: Vec<u64> = place
        .ledger()
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["seq"].as_u64().unwrap())
        .collect();
    assert!(seqs.is_sorted_by(|a, b| a < b), "{seqs:?}");
    assert_eq!(place.kinds(), ["intent", "held", "adopted", "cancelled", "intent", "accepted"]);
}

#[tokio::test]
async fn the_queue_follows_the_manifest_and_leaves_out_what_is_not_wanted() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["a", "b", "c", "d"]).await;
    let names = |takes: Vec<Take>| takes.into_iter().map(|take| take.key.item).collect::<Vec<_>>();
    assert_eq!(names(pending(&store).await), ["a", "b", "c", "d"]);

    let mut moved = admission(["d", "b", "a"].map(wanted).into());
    moved.wanted[2].path = "elsewhere/a.mp4".into();
    store.admit(moved.into(), now()).await.unwrap();
    let queue = pending(&store).await;
    assert_eq!(queue[2].path, "elsewhere/a.mp4", "what was not sent goes where it is wanted now");
    assert_eq!(names(queue), ["d", "b", "a"]);

    let partial = Asked { partial: true, ..admission(vec![wanted("c")]) };
    store.admit(partial.into(), now()).await.unwrap();
    let mut all = names(pending(&store).await);
    all.sort();
    assert_eq!(all, ["a", "b", "c", "d"], "naming one job leaves the others wanted");
}

#[tokio::test]
async fn a_take_that_rests_is_queued_again_only_afresh_and_a_superseded_one_never() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["a", "b"]).await;
    let run = run(&store).await;
    let one_try = Policy { submit_tries: 1, ..Policy::standard() };
    let mut tired = admission(["a", "b"].map(wanted).into());
    (tired.afresh, tired.policy) = (vec![take_id("a")], one_try);
    store.admit(tired.into(), now()).await.unwrap();
    let a = claim(&store, &get(&store, "a").await, run).await.unwrap();
    let busy = shotlist::domain::lifecycle::SentBack::Busy { after: None };
    happen(&store, &a, Event::SentBack(busy)).await.unwrap();
    let queued = |takes: Vec<Take>| takes.into_iter().map(|take| take.id).collect::<Vec<_>>();
    assert_eq!(queued(pending(&store).await), [take_id("b")]);

    let mut next = admission(["a", "b"].map(wanted).into());
    (next.afresh, next.supersede) = (vec![take_id("a")], vec![take_id("b")]);
    next.wanted[1].price = Some(cents(30));
    next.new = vec![new(1, TakeId("take-b2".into()))];
    store.admit(next.into(), now()).await.unwrap();
    let expected = [take_id("a"), TakeId("take-b2".into())];
    assert_eq!(queued(pending(&store).await), expected);
    assert_eq!(get(&store, "b").await.state, State::Cancelled { by: CancelledBy::Superseded });
    let newest = store.take(PROJECT, &JobKey::new("hero", "b")).await.unwrap().unwrap();
    assert_eq!((newest.id, newest.price), (TakeId("take-b2".into()), cents(30)));
}

#[tokio::test]
async fn an_adopted_take_is_the_newest_of_its_new_job_and_its_clip_is_told_to_move_when_it_has() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["old", "other"]).await;
    let run = run(&store).await;
    let paid = done(&store, "old", run).await;
    done(&store, "other", run).await;

    let mut renamed = admission(["new", "other"].map(wanted).into());
    renamed.adopt = vec![(paid.id.clone(), 0)];
    store.admit(renamed.into(), now()).await.unwrap();
    let takes = |known: &[KnownJob], item: &str| {
        let job = known.iter().find(|job| job.key.item == item).unwrap();
        (job.takes.first().map(|take| take.id.clone()), job.filed.clone().map(|filed| filed.path))
    };
    let after = known(&store).await;
    assert_eq!(takes(&after, "old"), (None, Some(paid.path.clone())), "the file is still there");
    assert_eq!(takes(&after, "new"), (Some(paid.id.clone()), None));

    let key = JobKey::new("hero", "new");
    let filed = Filed { take: paid.id.clone(), path: "renders/new/new_hero.mp4".into(), file: clip_file() };
    store.file(PROJECT, &key, filed.clone(), Some(paid.path.clone()), now()).await.unwrap();
    let after = known(&store).await;
    assert_eq!(takes(&after, "old"), (None, None));
    assert_eq!(takes(&after, "new"), (Some(paid.id), Some(filed.path.clone())));
    assert_eq!(store.history(PROJECT, &key).await.unwrap().unwrap().filed, Some(filed.clone()));
    assert_eq!(place.kinds().last().map(String::as_str), Some("filed"));
    let unknown = store.file(PROJECT, &JobKey::new("hero", "unknown"), filed, None, now()).await;
    assert_eq!(unknown, Err(ApplyError::Changed));
}

#[tokio::test]
async fn a_take_that_went_to_another_job_meanwhile_is_written_down_as_that_jobs() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["old"]).await;
    let run = run(&store).await;
    let seen = claim(&store, &get(&store, "old").await, run).await.unwrap();
    let mut renamed = admission(vec![wanted("new")]);
    renamed.adopt = vec![(seen.id.clone(), 0)];
    store.admit(renamed.into(), now()).await.unwrap();

    let held = happen(&store, &seen, Event::Unanswered).await.unwrap();
    assert_eq!((held.id.clone(), held.key.item.raw()), (seen.id, "new"));
    let ledger = place.ledger();
    let line: serde_json::Value = serde_json::from_str(ledger.lines().last().unwrap()).unwrap();
    assert_eq!((&line["kind"], &line["job"]), (&"held".into(), &"hero/new".into()));
}

/// The same rendering once more, under that name and at that price.
fn renewal(id: &str, price: i64) -> Renewal {
    Renewal { id: TakeId(id.into()), price: cents(price), note: Some("not in the console".into()) }
}

#[tokio::test]
async fn a_held_take_is_written_off_when_it_is_ordered_again() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["bowl"]).await;
    let run = run(&store).await;
    let bowl = claim(&store, &get(&store, "bowl").await, run).await.unwrap();
    let policy = Policy::standard();
    let early = store.renew(&bowl, renewal("early", 25), &policy, now()).await;
    assert_eq!(early, Err(ApplyError::Changed), "what is on the wire is not ordered again");

    let held = happen(&store, &bowl, Event::Unanswered).await.unwrap();
    let again = store.renew(&held, renewal("again", 25), &policy, now()).await.unwrap();
    assert_eq!((again.attempts, again.price, &again.request), (0, cents(25), &bowl.request));
    assert!(matches!(get(&store, "bowl").await.state, State::WrittenOff { .. }));
    assert_eq!(pending(&store).await, [again]);
    assert_eq!(store.spent(Window::Ever).await.unwrap().settled, cents(20), "it stays spent");
    let twice = store.renew(&held, renewal("twice", 25), &policy, now()).await;
    assert_eq!(twice, Err(ApplyError::Changed));
    assert_eq!(place.kinds(), ["intent", "held", "written_off", "ordered"]);
    assert_eq!(place.ledger().matches("not in the console").count(), 2);
}

#[tokio::test]
async fn a_take_in_doubt_is_given_up_only_when_the_one_that_stands_in_for_it_is_accepted() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["bowl"]).await;
    let run = run(&store).await;
    let bowl = claim(&store, &get(&store, "bowl").await, run).await.unwrap();
    let held = happen(&store, &bowl, Event::Unanswered).await.unwrap();
    let again = |id: &str| {
        let mut again = admission(vec![wanted("bowl")]);
        again.wanted[0].price = Some(cents(25));
        again.new = vec![(0, NewTake { id: TakeId(id.into()), instead_of: Some(held.id.clone()) })];
        again
    };
    assert_eq!(resubmitted(&store), Usd::ZERO);
    store.admit(again("edited before it was sent").into(), now()).await.unwrap();
    store.admit(again("again").into(), now()).await.unwrap();
    assert_eq!(place.kinds(), ["intent", "held"]);
    assert_eq!(store.held(Some(PROJECT)).await.unwrap(), slice::from_ref(&held));
    assert_eq!(pending(&store).await.len(), 1);
    let poor = Caps { invocation: Some(cents(24)), ..Caps::default() };
    let poor = store.begin_run(PROJECT, "run", poor, now()).await.unwrap();
    assert_eq!(resubmitted(&store), cents(25), "also before it is sent");
    let newest = store.take(PROJECT, &held.key).await.unwrap().unwrap();
    assert_eq!((newest.id.0.as_str(), newest.price), ("again", cents(25)));
    assert!(matches!(claim(&store, &newest, poor).await, Err(ClaimError::OverCap(_))));
    assert_eq!(get(&store, "bowl").await, held, "what is not sent gives nothing up");

    let sent = claim(&store, &newest, run).await.unwrap();
    let back = happen(&store, &sent, Event::SentBack(SentBack::Stopped)).await.unwrap();
    assert_eq!(place.kinds(), ["intent", "held", "intent", "sent_back"], "nor does what came back");
    let sent = claim(&store, &back, run).await.unwrap();
    happen(&store, &sent, Event::Accepted(TaskId("second".into()))).await.unwrap();
    assert_eq!(place.kinds()[4..], ["intent", "written_off", "accepted"]);
    assert_eq!(store.spent(Window::Ever).await.unwrap().settled, cents(20), "it stays spent");
    // As if it had been settled while the plan was being agreed to.
    store.admit(again("too late").into(), now()).await.unwrap();
    assert_eq!(store.take(PROJECT, &held.key).await.unwrap().unwrap().id.0, "again");
}

#[tokio::test]
async fn a_take_in_doubt_outlives_one_that_is_refused_in_its_stead_and_can_still_be_found() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["bowl"]).await;
    let run = run(&store).await;
    let bowl = claim(&store, &get(&store, "bowl").await, run).await.unwrap();
    let held = happen(&store, &bowl, Event::Unanswered).await.unwrap();
    let mut again = admission(vec![wanted("bowl")]);
    again.new = vec![(0, NewTake { id: TakeId("again".into()), instead_of: Some(held.id.clone()) })];
    store.admit(again.into(), now()).await.unwrap();
    let waiting = store.take_by_id(&TakeId("again".into())).await.unwrap().unwrap();
    let sent = claim(&store, &waiting, run).await.unwrap();
    happen(&store, &sent, Event::Rejected(Refusal::Input)).await.unwrap();

    assert_eq!(store.held(Some(PROJECT)).await.unwrap(), slice::from_ref(&held));
    assert_eq!(
        store.ended(Some(PROJECT), Box::new(|_| None)).await.unwrap(),
        [],
        "first a person decides about the older one"
    );
    assert_eq!(resubmitted(&store), Usd::ZERO, "what surely cost nothing is not counted");
    let found = happen(&store, &held, Event::Adopt(TaskId("from-the-console".into()))).await.unwrap();
    assert!(matches!(found.state, State::Running { .. }));
    assert_eq!(place.kinds(), ["intent", "held", "intent", "rejected", "adopted"]);
}

#[tokio::test]
async fn what_is_on_hold_is_not_claimed_until_it_is_let_go() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["bowl"]).await;
    let run = run(&store).await;
    let bowl = get(&store, "bowl").await;
    let person = place.second_store();
    let before = store.changes().await.unwrap();
    for provider in [None, Some(bowl.request.model.provider.as_str())] {
        person.pause(PROJECT, provider, Some("the bill"), now()).await.unwrap();
        person.pause(PROJECT, provider, None, now()).await.unwrap();
        assert_eq!(claim(&store, &bowl, run).await, Err(ClaimError::Paused));
        let pauses = store.pauses(Some(PROJECT)).await.unwrap();
        assert_eq!((pauses.len(), pauses[0].provider.as_deref()), (1, provider));
        assert_eq!((pauses[0].waiting, pauses[0].reason.as_deref()), (1, Some("the bill")));
        assert_eq!(person.resume(PROJECT, provider).await.unwrap(), pauses);
    }
    assert!(store.changes().await.unwrap() > before);
    person.pause(PROJECT, Some("another"), None, now()).await.unwrap();
    person.pause("winter", None, None, now()).await.unwrap();
    assert_eq!(place.kinds(), Vec::<String>::new(), "it is not about money");
    claim(&store, &bowl, run).await.unwrap();
}

#[tokio::test]
async fn what_stands_in_for_a_take_is_not_sent_once_a_person_has_settled_that_one() {
    let policy = Policy::standard();
    let task = TaskId("from-the-console".into());
    for how in [Some(Event::Adopt(task)), Some(Event::WriteOff), None] {
        let place = Place::new();
        let store = place.drive();
        order(&store, &["bowl"]).await;
        let run = run(&store).await;
        let bowl = claim(&store, &get(&store, "bowl").await, run).await.unwrap();
        let held = happen(&store, &bowl, Event::Unanswered).await.unwrap();
        let mut again = admission(vec![wanted("bowl")]);
        again.new = vec![(0, NewTake { id: TakeId("again".into()), instead_of: Some(held.id.clone()) })];
        store.admit(again.into(), now()).await.unwrap();
        let waiting = store.take_by_id(&TakeId("again".into())).await.unwrap().unwrap();

        let person = place.second_store();
        let ordered = match &how {
            Some(event) => happen(&person, &held, event.clone()).await.map(|_| 0).unwrap(),
            None => person.renew(&held, renewal("asked", 20), &policy, now()).await.map(|_| 1).unwrap(),
        };
        assert_eq!(claim(&store, &waiting, run).await, Err(ClaimError::Changed), "{how:?}");
        let settled = store.take_by_id(&waiting.id).await.unwrap().unwrap().state;
        assert_eq!(settled, State::Cancelled { by: CancelledBy::Superseded }, "{how:?}");
        assert_eq!(pending(&store).await.len(), ordered, "{how:?}");
        assert_eq!(resubmitted(&store), Usd::ZERO, "{how:?}");
    }
}

#[tokio::test]
async fn what_is_held_in_another_project_is_seen_where_it_stands_in_the_way() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["bowl"]).await;
    let run = run(&store).await;
    let bowl = claim(&store, &get(&store, "bowl").await, run).await.unwrap();
    let held = happen(&store, &bowl, Event::Unanswered).await.unwrap();
    let mut renamed = admission(vec![wanted("cup")]);
    renamed.project = "summer".into();
    store.admit(renamed.clone().into(), now()).await.unwrap();
    assert_eq!(store.held(Some("summer")).await.unwrap(), []);
    renamed.wanted = vec![wanted("bowl")];
    store.admit(renamed.clone().into(), now()).await.unwrap();
    assert_eq!(store.held(Some("summer")).await.unwrap(), slice::from_ref(&held));
    // It has a take of its own by now.
    renamed.new = vec![new(0, TakeId("own".into()))];
    store.admit(renamed.into(), now()).await.unwrap();
    assert_eq!(store.held(Some("summer")).await.unwrap(), []);
}

#[tokio::test]
async fn what_waits_unsent_takes_over_todays_price_and_order_and_what_was_sent_does_not() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["a", "b", "c"]).await;
    let run = run(&store).await;
    let sent = claim(&store, &get(&store, "a").await, run).await.unwrap();
    let mut dearer = admission(["a", "b", "c"].map(wanted).into());
    for wanted in &mut dearer.wanted {
        wanted.price = Some(cents(30));
        wanted.request.prompt = Some("the same picture under another name".into());
    }
    // Another order than the one that waits: nothing of it is that one's.
    dearer.wanted[2].fingerprint = Fingerprint(Sha256::of(b"another"));
    let request = dearer.wanted[1].request.clone();
    store.admit(dearer.into(), now()).await.unwrap();
    assert_eq!(get(&store, "a").await, Take { state: sent.state.clone(), ..sent });
    let b = get(&store, "b").await;
    assert_eq!((b.price, b.request), (cents(30), request));
    assert_eq!(get(&store, "c").await.price, cents(20));
}

#[tokio::test]
async fn the_output_folder_is_remembered_as_long_as_a_clip_is_there_or_on_its_way() {
    let place = Place::new();
    let store = place.drive();
    assert_eq!(store.keep_output("").await.unwrap(), "");
    assert_eq!(store.keep_output("/mnt/clips").await.unwrap(), "/mnt/clips", "nothing is lost yet");
    order(&store, &["a", "b"]).await;
    let run = run(&store).await;
    assert_eq!(store.keep_output("/mnt/films").await.unwrap(), "/mnt/films");
    let take = submitted(&store, "a", run).await;
    assert_eq!(store.keep_output("/mnt/clips").await.unwrap(), "/mnt/films");
    let failed = Event::Refused { refusal: Refusal::Generation, charged: Charged::No };
    happen(&store, &take, failed).await.unwrap();
    assert_eq!(store.keep_output("/mnt/clips").await.unwrap(), "/mnt/clips");
    done(&store, "b", run).await;
    assert_eq!(store.keep_output("").await.unwrap(), "/mnt/clips");
    drop(store);
    assert_eq!(place.drive().keep_output("").await.unwrap(), "/mnt/clips");
}

#[tokio::test]
async fn links_that_die_first_are_owed_first_and_polls_come_by_their_time() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["a", "b", "c", "d", "e"]).await;
    let run = run(&store).await;
    let mut ids = Vec::new();
    for (item, expires) in [("a", None), ("b", Some(later(90))), ("c", Some(later(60)))] {
        let take = submitted(&store, item, run).await;
        ids.push(happen(&store, &take, Event::Ready(clip(expires))).await.unwrap().id);
    }
    let slow = submitted(&store, "d", run).await;
    let soon = submitted(&store, "e", run).await;
    let tick = Tick::new(later(5), 0.5);
    let (event, policy) = (Event::StillRunning, Policy::standard());
    let slow = store.apply(&slow, event, Details::default(), tick, &policy).await.unwrap();

    let owed = store.owed(Some(PROJECT), 9).await.unwrap();
    let owed: Vec<TakeId> = owed.into_iter().map(|take| take.id).collect();
    let [a, b, c] = <[TakeId; 3]>::try_from(ids).unwrap();
    assert_eq!(owed, [c, b, a, soon.id, slow.id]);
    assert_eq!(names(pages(&store, run, &Queue::Clips).await), owed[..3]);
    assert_eq!(names(pages(&store, run, &Queue::Tasks).await), owed[3..]);
    assert!(store.owed(Some("another"), 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_failure_that_may_have_cost_money_counts_as_spent() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["a", "b"]).await;
    let run = run(&store).await;
    for (item, charged) in [("a", Charged::Unknown), ("b", Charged::No)] {
        let take = submitted(&store, item, run).await;
        happen(&store, &take, Event::Refused { refusal: Refusal::Generation, charged }).await.unwrap();
    }
    assert_eq!(store.spent(Window::Run(run)).await.unwrap().in_doubt, cents(20));
    assert_eq!(store.spent(Window::Run(run)).await.unwrap().total(), cents(20));
}
