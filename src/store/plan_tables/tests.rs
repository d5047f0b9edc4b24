//! Tests that a plan makes the same decisions with temporary tables in SQLite as with maps in memory, whatever the
//! project's history is.

use super::*;
use crate::domain::digest::Sha256;
use crate::domain::fault::Refusal;
use crate::domain::key::{RequestId, TaskId};
use crate::domain::lifecycle::{Charged, ClipFile, HeldReason, Intent, PollCounters, State, Task};
use crate::domain::request::Request;
use crate::manifest::{OnChange, Reuse, Rules};
use crate::plan::expand::Placed;
use crate::plan::fingerprint::fingerprint as taken_over;
use crate::plan::known::{Filed, KnownJob, KnownTake};
use crate::plan::map::{All, decide_all};
use crate::store::rows;
use jiff::Timestamp;
use proptest::prelude::*;
use std::collections::BTreeMap;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const PRICE: Usd = Usd::from_micros(200_000);

fn request(prompt: u8) -> Request {
    let mut request = Request::new("zai/vidu2-image".parse().unwrap());
    request.prompt = Some(prompt.to_string());
    request
}

fn state(kind: u8) -> State {
    let intent = Intent { attempt: 1, request_id: RequestId("sl-1".into()), at: NOW };
    let task = Task { id: TaskId("1".into()), intent: intent.clone(), accepted: NOW, charged: false };
    match kind {
        0 => State::Done { task, file: clip() },
        1 => State::Running { task, counters: PollCounters::default(), due: NOW },
        2 => State::Held { reason: HeldReason::AmbiguousSubmit, intent, task: None, since: NOW },
        3 => State::Pending { tries_left: 5, setbacks: 0, due: NOW },
        4 => State::Failed { refusal: Refusal::Policy, charged: Charged::No, task: None },
        5 => State::Failed { refusal: Refusal::Policy, charged: Charged::Yes, task: None },
        _ => State::WrittenOff { reason: HeldReason::AmbiguousSubmit, task: None },
    }
}

fn clip() -> ClipFile {
    ClipFile { size: 1, sha256: Sha256::of(b"clip") }
}

fn key((item, shot, variant): (u8, u8, u8)) -> JobKey {
    let variant = if variant == 0 { String::new() } else { variant.to_string() };
    JobKey { shot: format!("shot {shot}"), item: format!("50%/{item}").into(), variant }
}

type Takes = BTreeMap<u8, u8>;

/// Generates jobs with their takes. A job is three numbers for its key, and a take is a number for the prompt and one
/// for the state. There are few prompts, so that many takes have the same fingerprint.
fn jobs() -> impl Strategy<Value = BTreeMap<(u8, u8, u8), Takes>> {
    let takes = prop::collection::btree_map(0u8..4, 0u8..7, 0..3);
    prop::collection::btree_map((0u8..4, 0u8..2, 0u8..3), takes, 0..8)
}

fn known(project: &str, jobs: BTreeMap<(u8, u8, u8), Takes>) -> Vec<KnownJob> {
    let job = |(name, takes): ((u8, u8, u8), Takes)| {
        let key = key(name);
        let takes: Vec<KnownTake> = takes
            .into_iter()
            .map(|(prompt, kind)| KnownTake {
                id: TakeId(format!("{project} {key} {prompt}")),
                fingerprint: taken_over(&request(prompt)),
                price: PRICE,
                path: format!("{project}/{key}-{prompt}"),
                state: state(kind),
                instead_of: None,
            })
            .collect();
        let done = takes.iter().find(|take| matches!(take.state, State::Done { .. }));
        let filed = done.map(|take| Filed { take: take.id.clone(), path: take.path.clone(), file: clip() });
        // A third of all jobs was no longer wanted.
        KnownJob { wanted: (name.0 + name.1) % 3 > 0, key, takes, filed }
    };
    jobs.into_iter().map(job).collect()
}

/// Writes jobs and their takes to the database, as a run would have recorded them.
fn write(tables: &LockedTables, project: &str, jobs: &[KnownJob], place: &mut i64) {
    // A job is written before the take that made its clip.
    tables.db.pragma_update(None, "foreign_keys", false).unwrap();
    let mut job = tables
        .db
        .prepare("INSERT INTO jobs VALUES (NULL, ?1, ?2, ?3, ?4, '', ?5, 0, '', '', ?6, ?7, ?8, ?9, '[]')")
        .unwrap();
    let mut take = tables
        .db
        .prepare(
            "INSERT INTO takes (id, place, job, fingerprint, request, provider, model, price, path, created, state, data, due,
                 account) VALUES (?1, ?2, ?3, ?4, ?5, 'zai', 'vidu2-image', ?6, ?7, 0, ?8, ?9, 0, 'free')",
        )
        .unwrap();
    for known in jobs {
        let JobKey { shot, item, variant } = &known.key;
        let filed = known.filed.as_ref();
        let (id, path) = (filed.map(|filed| &filed.take.0), filed.map(|filed| &filed.path));
        let (size, hash) = (filed.map(|_| 1), filed.map(|_| clip().sha256.to_string()));
        let row = job.insert((project, shot, item, variant, known.wanted, id, path, size, hash)).unwrap();
        // The newest take comes first and has the highest place; places rise between jobs.
        *place += 10;
        for (at, known) in (0..).zip(&known.takes) {
            let prompt: u8 = known.id.0.rsplit(' ').next().unwrap().parse().unwrap();
            let (order, price) = (known.fingerprint.to_string(), known.price.micros());
            let (order_of, data) = (rows::request_json(&request(prompt)), rows::state_json(&known.state));
            let name = known.state.name();
            take.execute((&known.id.0, *place - at, row, order, order_of, price, &known.path, name, data))
                .unwrap();
        }
    }
}

proptest! {
    #[test]
    fn tables_decide_as_maps_do(
        own in jobs(),
        elsewhere in jobs(),
        gone in jobs(),
        left_out in 0u8..6,
        wanted in prop::collection::btree_map((0u8..4, 0u8..2, 0u8..3), 0u8..4, 0..16),
        never in 0u8..3,
        unselected in 0u8..6,
        allowed in prop::option::of(0i64..4),
        waiting in 0u8..6,
        on_change in prop::sample::select(vec![OnChange::Render, OnChange::Ask, OnChange::Keep]),
    ) {
        let jobs: Vec<Wanted> = wanted
            .into_iter()
            .map(|(name, prompt)| {
                let (key, request) = (key(name), request(prompt));
                let path = format!("shop/{key}-0");
                let fingerprint = taken_over(&request);
                Wanted { key, title: "".into(), fingerprint, likeness: None, tags: Vec::new(), request, price: Some(PRICE), path }
            })
            .collect();
        let requests = (0..4).map(|prompt| (taken_over(&request(prompt)), request(prompt))).collect();
        let held_back =
            jobs.iter().map(|job| job.key.clone()).filter(|key| key.item == format!("50%/{waiting}")).collect();
        let all = All {
            jobs: known("shop", own),
            elsewhere: known("older", elsewhere),
            gone: known("gone", gone),
            resubmitted: Usd::ZERO,
            requests,
            aliases: Vec::new(),
            rejections: Vec::new(),
            signatures: std::collections::HashMap::new(),
            held_back,
        };
        let plan_tables = PlanTables::new(None).unwrap();
        let mut tables = plan_tables.lock();
        for job in &jobs {
            let template = all.held_back.contains(&job.key).then(|| Sha256::of(b"template"));
            tables.take(job, Placed { urgency: 0, template });
        }
        tables.know("shop", None, &|_| true).unwrap();
        let mut place = 0;
        write(&tables, "shop", &all.jobs, &mut place);
        write(&tables, "gone", &all.gone, &mut place);
        write(&tables, "older", &all.elsewhere, &mut place);
        tables.look_around(&|project| project != "gone").unwrap();

        tables.keep_back([(&Sha256::of(b"template"), &[][..])].into_iter()).unwrap();
        let rules = |key: &JobKey| Rules {
            on_change,
            reuse: if key.shot == format!("shot {never}") { Reuse::Never } else { Reuse::Always },
        };
        let is_left_out = |key: &JobKey| key.item == format!("50%/{left_out}");
        let selected = |key: &JobKey| key.item != format!("50%/{unselected}");
        let resubmit = allowed.map(|times| Usd::from_micros(times * 200_000));
        let scope = Scope { selected: &selected, resubmit, rules: &rules, left_out: &is_left_out, ..Scope::ALL };
        tables.decide(scope, None).unwrap();
        let mut decided = vec![None; jobs.len()];
        tables.each::<StoreError>(|_, job| {
            decided[usize::try_from(job.at).unwrap()] = Some(job.decision.clone());
            Ok(())
        })
        .unwrap();
        prop_assert_eq!(decided, decide_all(&jobs, &all, scope));
    }
}

#[test]
fn the_most_urgent_jobs_come_first_and_among_equals_the_order_of_the_items_stays() {
    let plan_tables = PlanTables::new(None).unwrap();
    let mut tables = plan_tables.lock();
    for (item, urgency) in [(0, 0), (1, 5), (2, -1), (3, 5)] {
        let (key, request) = (key((item, 0, 0)), request(item));
        let fingerprint = taken_over(&request);
        let (title, path) = ("".into(), key.to_string());
        tables.take(
            &Wanted { key, title, fingerprint, likeness: None, tags: Vec::new(), request, price: None, path },
            Placed { urgency, template: None },
        );
    }
    tables.know("shop", None, &|_| true).unwrap();
    let mut items = Vec::new();
    tables
        .each_wanted::<StoreError>(|wanted| {
            items.push(wanted.key.item);
            Ok(())
        })
        .unwrap();
    assert_eq!(items, ["50%/1", "50%/3", "50%/0", "50%/2"]);
}

#[test]
fn plan_tables_leave_nothing_in_the_folder_of_the_state() {
    let dir = tempfile::tempdir().unwrap();
    let plan_tables = PlanTables::new(Some(dir.path())).unwrap();
    plan_tables.lock().know("shop", None, &|_| true).unwrap();
    assert!(plan_tables.lock().is_empty());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    assert!(PlanTables::new(Some(&dir.path().join("missing"))).is_ok(), "elsewhere, where there is no state");
}

#[test]
fn an_error_of_plan_tables_names_the_folder_that_has_them() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(PlanTables::new(Some(dir.path())).unwrap().lock().path, dir.path());
    assert_eq!(PlanTables::new(None).unwrap().lock().path, std::env::temp_dir());
}
