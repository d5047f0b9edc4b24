//! Crashes and full disks between any two steps, and databases that do not fit their ledger.

use super::*;
use crate::snapshot::stable;
use shotlist::store::{Kept, Reader, Rehearsal, Repair, Step};
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A disk that can be told to be full for the next so many steps of that kind.
fn full(step: Step) -> (Options, Arc<AtomicUsize>) {
    let left = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&left);
    let rehearsal: Rehearsal = Arc::new(move |at| {
        let fails =
            at == step && count.try_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
        if fails { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    });
    (Options { rehearsal: Some(rehearsal), ..Options::default() }, left)
}

/// One take whose intent could not be written, because that step failed.
async fn failed_claim(place: &Place, step: Step) {
    let (options, fail) = full(step);
    let store = place.try_drive(&options).unwrap().0;
    order(&store, &["bowl"]).await;
    let run = run(&store).await;
    let bowl = get(&store, "bowl").await;
    fail.store(1, Ordering::SeqCst);
    let error = claim(&store, &bowl, run).await.unwrap_err();
    assert!(matches!(error, ClaimError::Store(StoreError::DiskFull { .. })), "{error}");
    let words = stable(&error.to_string()).replace("state.db", "[file]").replace("ledger.jsonl", "[file]");
    insta::allow_duplicates! { insta::assert_snapshot!(words, @"disk full on [home]/.shotlist/[file], [room] free: nothing more is sent, and paid results are kept; free some space and run the same command again"); }
    assert!(place.dir().join("reserve").exists(), "the reserve is not for what was not sent yet");
}

#[tokio::test]
async fn p20_a_disk_that_is_full_at_the_commit_leaves_the_take_waiting() {
    let place = Place::new();
    failed_claim(&place, Step::Commit).await;
    let (store, opened) = place.try_drive(&Options::default()).unwrap();
    assert_eq!(opened.repairs, []);
    assert!(matches!(get(&store, "bowl").await.state, State::Pending { .. }));
    assert_eq!(place.ledger(), "");
}

#[tokio::test]
async fn p02_an_intent_that_did_not_reach_the_ledger_was_never_sent() {
    let place = Place::new();
    failed_claim(&place, Step::Append).await;
    let (store, opened) = place.try_drive(&Options::default()).unwrap();
    let bowl = get(&store, "bowl").await;
    assert!(matches!(bowl.state, State::Pending { .. }));
    assert_eq!(opened.repairs, [Repair::NeverSent(bowl.clone())]);
    assert_eq!(store.spent(Window::Ever).await.unwrap().total(), Usd::ZERO);
    let history = store.history(PROJECT, &bowl.key).await.unwrap().unwrap();
    assert_eq!(history.takes[0].attempts[0].outcome.as_deref(), Some("never_sent"));
    let again = claim(&store, &bowl, run(&store).await).await.unwrap();
    assert_eq!(again.attempts, 2);
    assert_eq!(place.kinds(), ["intent"]);
}

#[tokio::test]
async fn p02_nobody_adds_the_line_of_an_intent_whose_caller_was_told_that_it_failed() {
    let place = Place::new();
    failed_claim(&place, Step::Append).await;
    let person = place.second_store();
    person.begin_run(PROJECT, "resolve", Caps::default(), now()).await.unwrap();
    drop(person);
    assert_eq!(place.ledger(), "");
    let (_, opened) = place.try_drive(&Options::default()).unwrap();
    assert!(matches!(opened.repairs[..], [Repair::NeverSent(_)]));
}

#[tokio::test]
async fn p03_an_intent_in_the_ledger_without_an_outcome_is_held_or_looked_up_never_sent_again() {
    for (policy, state) in [(blind as fn(&ModelName) -> Policy, "held"), (seeing, "doubtful")] {
        let place = Place::new();
        let store = place.drive();
        order(&store, &["bowl"]).await;
        claim(&store, &get(&store, "bowl").await, run(&store).await).await.unwrap();
        drop(store);
        let lock = Lock::acquire(&place.dir(), "run", now()).unwrap();
        let mode = Mode::Drive { lock, policy: &policy };
        let (store, opened) = Store::open(&place.dir(), mode, &Options::default(), later(1)).unwrap();
        let bowl = get(&store, "bowl").await;
        assert_eq!(bowl.state.name(), state);
        assert_eq!(opened.repairs, [Repair::Unanswered(bowl)]);
        assert_eq!(store.spent(Window::Ever).await.unwrap().in_doubt, cents(20));
        assert!(pending(&store).await.is_empty());
    }
}

#[tokio::test]
async fn p05_a_saved_task_is_owed_at_the_next_start() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["bowl"]).await;
    let bowl = submitted(&store, "bowl", run(&store).await).await;
    drop(store);
    let (store, opened) = place.try_drive(&Options::default()).unwrap();
    assert_eq!(opened.repairs, []);
    assert_eq!(store.owed(None, 9).await.unwrap(), [bowl]);
}

/// A task that is accepted while so many steps of that kind fail.
async fn accepted(place: &Place, step: Step, times: usize) -> Result<Take, ApplyError> {
    let (options, fail) = full(step);
    let store = place.try_drive(&options).unwrap().0;
    order(&store, &["bowl"]).await;
    let bowl = claim(&store, &get(&store, "bowl").await, run(&store).await).await.unwrap();
    fail.store(times, Ordering::SeqCst);
    happen(&store, &bowl, Event::Accepted(TaskId("task-bowl".into()))).await
}

#[tokio::test]
async fn p21_a_paid_task_is_saved_with_the_reserve_when_the_disk_is_full() {
    for step in [Step::Commit, Step::Append] {
        let place = Place::new();
        let saved = accepted(&place, step, 1).await.unwrap();
        assert_eq!(saved.state.name(), "running");
        assert!(!place.dir().join("reserve").exists(), "{step:?}");
        assert_eq!(place.kinds(), ["intent", "accepted"]);
        let (store, opened) = place.try_drive(&Options::default()).unwrap();
        assert_eq!(opened.repairs, []);
        assert_eq!(get(&store, "bowl").await, saved);
        assert_eq!(place.dir().join("reserve").metadata().unwrap().len(), 8 << 20, "set aside again");
    }
}

#[tokio::test]
async fn p21_a_paid_task_that_the_database_cannot_take_in_comes_back_from_the_ledger() {
    let place = Place::new();
    let error = accepted(&place, Step::Commit, 2).await.unwrap_err();
    let ApplyError::Store(StoreError::Unsaved { task, kept, .. }) = &error else { panic!("{error}") };
    assert_eq!((task.0.raw(), *kept), ("task-bowl", Kept::Ledger));
    insta::assert_snapshot!(stable(&error.to_string()), @"task task-bowl was accepted by the provider and is paid, but saving it failed: disk full on [home]/.shotlist/state.db, [room] free: nothing more is sent, and paid results are kept; free some space and run the same command again; the task id is on disk: free some space, and the next run downloads the clip");

    // A small verb in between must not call the two in agreement.
    let person = place.second_store();
    person.begin_run(PROJECT, "resolve", Caps::default(), now()).await.unwrap();
    drop(person);
    let (store, opened) = place.try_drive(&Options::default()).unwrap();
    let bowl = get(&store, "bowl").await;
    assert_eq!(bowl.state.task().unwrap().id.0, "task-bowl");
    assert_eq!(opened.repairs, [Repair::Imported(bowl)]);
}

/// Saves the task of a take that is in doubt from a second process, whose disk is full, while a run writes on.
#[tokio::test]
async fn p21_a_task_that_a_second_process_could_only_save_in_the_ledger_comes_back_after_the_run() {
    for others in [0, 1] {
        let place = Place::new();
        let store = place.drive();
        order(&store, &["bowl", "cup", "dish"]).await;
        let run = run(&store).await;
        let bowl = claim(&store, &get(&store, "bowl").await, run).await.unwrap();
        let (options, fail) = full(Step::Commit);
        let person = place.second_store_with(&options);
        fail.store(2, Ordering::SeqCst);
        let error = happen(&person, &bowl, Event::Accepted(TaskId("task-bowl".into()))).await.unwrap_err();
        assert!(
            matches!(error, ApplyError::Store(StoreError::Unsaved { kept: Kept::Ledger, .. })),
            "{error}"
        );
        for _ in 0..others {
            // A third process that writes before the run does must not hide the line.
            place.second_store().begin_run(PROJECT, "resolve", Caps::default(), now()).await.unwrap();
        }
        submitted(&store, "cup", run).await;
        submitted(&store, "dish", run).await;
        drop((person, store));
        let (store, opened) = place.try_drive(&Options::default()).unwrap();
        let bowl = get(&store, "bowl").await;
        assert_eq!(bowl.state.task().unwrap().id.0, "task-bowl");
        assert!(opened.repairs.contains(&Repair::Imported(bowl)), "{opened:?}");
        drop(store);
        // The mark is gone: later starts find both in agreement.
        assert_eq!(place.try_drive(&Options::default()).unwrap().1.repairs, []);
    }
}

#[tokio::test]
async fn p21_a_request_on_the_wire_counts_as_sent_although_another_line_is_in_the_ledger_alone() {
    let place = Place::new();
    let (options, fail) = full(Step::Commit);
    let store = place.try_drive(&options).unwrap().0;
    order(&store, &["bowl", "cup"]).await;
    let run = run(&store).await;
    let bowl = claim(&store, &get(&store, "bowl").await, run).await.unwrap();
    claim(&store, &get(&store, "cup").await, run).await.unwrap();
    fail.store(2, Ordering::SeqCst);
    happen(&store, &bowl, Event::Accepted(TaskId("task-bowl".into()))).await.unwrap_err();
    drop(store);
    let (store, opened) = place.try_drive(&Options::default()).unwrap();
    let cup = get(&store, "cup").await;
    assert!(opened.repairs.contains(&Repair::Unanswered(cup)), "{:?}", opened.repairs);
}

#[tokio::test]
async fn p21_a_paid_task_that_the_ledger_cannot_take_in_is_added_at_the_next_start() {
    let place = Place::new();
    let error = accepted(&place, Step::Append, 2).await.unwrap_err();
    let ApplyError::Store(StoreError::Unsaved { kept: Kept::Database, .. }) = error else {
        panic!("{error}")
    };
    let (store, opened) = place.try_drive(&Options::default()).unwrap();
    assert_eq!(opened.repairs, [Repair::LinesAdded { count: 1 }]);
    assert_eq!(get(&store, "bowl").await.state.name(), "running");
    assert_eq!(place.kinds(), ["intent", "accepted"]);
}

#[tokio::test]
async fn two_takes_that_name_one_task_while_the_database_is_full_do_not_share_it() {
    let place = Place::new();
    let (options, fail) = full(Step::Commit);
    let store = place.try_drive(&options).unwrap().0;
    order(&store, &["bowl", "cup"]).await;
    let run = run(&store).await;
    for item in ["bowl", "cup"] {
        fail.store(0, Ordering::SeqCst);
        let take = claim(&store, &get(&store, item).await, run).await.unwrap();
        fail.store(2, Ordering::SeqCst);
        happen(&store, &take, Event::Accepted(TaskId("one".into()))).await.unwrap_err();
    }
    drop(store);
    let (store, _) = place.try_drive(&Options::default()).unwrap();
    assert_eq!(get(&store, "bowl").await.state.task().unwrap().id.0, "one");
    assert!(matches!(get(&store, "cup").await.state, State::Held { reason: HeldReason::IdConflict, .. }));
}

#[tokio::test]
async fn a_torn_last_line_is_dropped() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["bowl"]).await;
    submitted(&store, "bowl", run(&store).await).await;
    drop(store);
    let whole = place.ledger();
    let mut ledger = OpenOptions::new().append(true).open(place.dir().join("ledger.jsonl")).unwrap();
    ledger.write_all(br#"{"v":1,"seq":3,"ki"#).unwrap();
    let (_, opened) = place.try_drive(&Options::default()).unwrap();
    assert_eq!(opened.repairs, [Repair::TornLine { bytes: 18 }]);
    assert_eq!(place.ledger(), whole);
}

#[tokio::test]
async fn a_lost_ledger_does_not_make_a_submission_unsent() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["bowl", "cup"]).await;
    let run = run(&store).await;
    claim(&store, &get(&store, "bowl").await, run).await.unwrap();
    submitted(&store, "cup", run).await;
    drop(store);
    // The next start writes down that both agree.
    drop(place.drive());
    let store = place.drive();
    order(&store, &["dish"]).await;
    claim(&store, &get(&store, "dish").await, run).await.unwrap();
    drop(store);
    fs::remove_file(place.dir().join("ledger.jsonl")).unwrap();
    let (store, opened) = place.try_drive(&Options::default()).unwrap();
    let dish = get(&store, "dish").await;
    assert_eq!(dish.state.name(), "held");
    assert!(opened.repairs.contains(&Repair::LedgerCut), "{opened:?}");
    assert!(opened.repairs.contains(&Repair::Unanswered(dish)), "{opened:?}");
}

#[tokio::test]
async fn the_lines_of_a_lost_ledger_are_written_again_once() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["bowl", "cup", "dish"]).await;
    let run = run(&store).await;
    submitted(&store, "bowl", run).await;
    let cup = claim(&store, &get(&store, "cup").await, run).await.unwrap();
    happen(&store, &cup, Event::Rejected(Refusal::Input)).await.unwrap();
    // It cost nothing: a line about it alone would look like a request without an answer.
    let dish = claim(&store, &get(&store, "dish").await, run).await.unwrap();
    happen(&store, &dish, Event::SentBack(SentBack::NotSent)).await.unwrap();
    drop(store);
    drop(place.drive());
    fs::remove_file(place.dir().join("ledger.jsonl")).unwrap();
    let (store, opened) = place.try_drive(&Options::default()).unwrap();
    assert_eq!(opened.repairs, [Repair::LedgerCut, Repair::LinesAdded { count: 4 }]);
    drop(store);
    let lines = place.ledger();
    assert_eq!(place.kinds(), ["intent", "accepted", "intent", "rejected"]);
    let (store, opened) = place.try_drive(&Options::default()).unwrap();
    assert_eq!(opened.repairs, []);
    order(&store, &["egg"]).await;
    drop(store);
    assert_eq!(place.ledger(), lines);
}

#[tokio::test]
async fn p37_a_database_whose_log_was_deleted_is_older_than_its_ledger() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["a", "b", "c", "d"]).await;
    let run = run(&store).await;
    drop(store);
    let store = place.drive();
    for item in ["a", "b", "c"] {
        submitted(&store, item, run).await;
    }
    let d = claim(&store, &get(&store, "d").await, run).await.unwrap();
    happen(&store, &d, Event::Rejected(Refusal::Input)).await.unwrap();
    // What a kill and a lost log leave: the database as of the last checkpoint, and the whole ledger.
    let crashed = Place::new();
    fs::create_dir(crashed.dir()).unwrap();
    for name in ["state.db", "ledger.jsonl"] {
        fs::copy(place.dir().join(name), crashed.dir().join(name)).unwrap();
    }
    let before = fs::read(crashed.dir().join("state.db")).unwrap();
    let error = crashed.try_drive(&Options::default()).err().unwrap();
    let StoreError::OlderThanLedger { missing, paid, sum, .. } = &error else { panic!("{error}") };
    assert_eq!((*missing, *paid, *sum), (4, 3, cents(60)));
    insta::assert_snapshot!(stable(&error.to_string()), @"[home]/.shotlist/state.db is older than its ledger: 4 submissions are missing, and 3 of them may have been charged (up to $0.60); nothing was sent and nothing was changed; `recover` rebuilds it from the ledger");
    assert_eq!(fs::read(crashed.dir().join("state.db")).unwrap(), before);
    assert_eq!(crashed.ledger(), place.ledger());
    let second = Store::open(&crashed.dir(), Mode::Concurrent, &Options::default(), now());
    assert!(matches!(second.err(), Some(StoreError::OlderThanLedger { .. })), "nor for a concurrent command");
}

#[tokio::test]
async fn p38_a_database_from_a_backup_or_a_deleted_one_is_older_than_its_ledger() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["a", "b"]).await;
    let run = run(&store).await;
    submitted(&store, "a", run).await;
    drop(store);
    let path = place.dir().join("state.db");
    let backup = fs::read(&path).unwrap();
    let store = place.drive();
    submitted(&store, "b", run).await;
    drop(store);

    fs::remove_file(&path).unwrap();
    let deleted = place.try_drive(&Options::default()).err().unwrap();
    assert_eq!(
        deleted,
        StoreError::OlderThanLedger {
            path: path.clone(),
            is_absent: true,
            missing: 2,
            paid: 2,
            sum: cents(40)
        }
    );
    assert!(
        deleted.to_string().contains("state.db is missing, but its ledger is there: 2 submissions"),
        "{deleted}"
    );
    assert!(!path.exists(), "nothing is written in its stead");
    let mut file = OpenOptions::new().write(true).create_new(true).open(&path).unwrap();
    file.write_all(&backup).unwrap();
    let restored = place.try_drive(&Options::default()).err().unwrap();
    assert_eq!(
        restored,
        StoreError::OlderThanLedger { path, is_absent: false, missing: 1, paid: 1, sum: cents(20) }
    );
}

#[tokio::test]
async fn p34_a_newer_database_is_refused_and_stays_as_it_is() {
    let place = Place::new();
    drop(place.drive());
    let path = place.dir().join("state.db");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.pragma_update(None, "user_version", 10).unwrap();
    drop(db);
    let before = fs::read(&path).unwrap();
    let refused = StoreError::Newer { path: path.clone(), found: 10, known: 9 };
    assert_eq!(place.try_drive(&Options::default()).err(), Some(refused.clone()));
    assert_eq!(Reader::open(&place.dir()).err(), Some(refused));
    assert_eq!(fs::read(&path).unwrap(), before);
}

/// Whatever else the line of a newer program says, it is refused by its version and not called damage.
#[tokio::test]
async fn p34_a_line_of_a_newer_ledger_is_refused_by_its_version() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["bowl"]).await;
    submitted(&store, "bowl", run(&store).await).await;
    drop(store);
    let path = place.dir().join("ledger.jsonl");
    let mut ledger = OpenOptions::new().append(true).open(&path).unwrap();
    ledger.write_all(b"{\"v\":4,\"seq\":9,\"what\":\"is not known yet\"}\n").unwrap();
    let before = place.ledger();
    let refused = StoreError::Newer { path, found: 4, known: 3 };
    assert_eq!(place.try_drive(&Options::default()).err(), Some(refused.clone()));
    assert_eq!(Reader::open(&place.dir()).err(), Some(refused));
    assert_eq!(place.ledger(), before);
}

#[tokio::test]
async fn p36_a_damaged_database_is_refused_and_stays_as_it_is() {
    for (from, to) in [(0, 16), (4_096, 8_192)] {
        let place = Place::new();
        let store = place.drive();
        order(&store, &["a", "b"]).await;
        drop(store);
        let path = place.dir().join("state.db");
        let mut bytes = fs::read(&path).unwrap();
        bytes[from..to].fill(0x5a);
        OpenOptions::new().write(true).open(&path).unwrap().write_all(&bytes).unwrap();
        let error = place.try_drive(&Options::default()).err().unwrap();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        insta::assert_snapshot!(stable(&error.to_string()));
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}

#[tokio::test]
async fn a_damaged_line_inside_the_ledger_is_named_and_not_skipped() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["a"]).await;
    submitted(&store, "a", run(&store).await).await;
    drop(store);
    let path = place.dir().join("ledger.jsonl");
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b"garbage\n{\"v\":1}\n").unwrap();
    let error = place.try_drive(&Options::default()).err().unwrap();
    assert!(matches!(&error, StoreError::Damaged { path: named, .. } if *named == path), "{error}");
}
