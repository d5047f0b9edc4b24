//! The folder itself: its lock, its modes, reading without a trace, and databases of earlier versions.

#![expect(clippy::disallowed_methods, reason = "files of a test need no atomic writes")]

use super::*;
use crate::snapshot::stable;
use shotlist::store::{Holder, LockError, Reader};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

#[test]
fn p31_a_second_driver_learns_who_holds_the_lock_and_a_dead_one_holds_nothing() {
    let place = Place::new();
    assert_eq!(Lock::holder(&place.dir()).unwrap(), None);
    let lock = Lock::acquire(&place.dir(), "run", now()).unwrap();
    let error = Lock::acquire(&place.dir(), "collect", later(1)).unwrap_err();
    let LockError::Held(Some(holder)) = &error else { panic!("{error}") };
    let Holder { pid, started, command, .. } = holder;
    assert_eq!(
        (*pid, started.as_str(), command.as_str()),
        (std::process::id(), "2026-11-21T02:14:07Z", "run")
    );
    insta::assert_snapshot!(stable(&error.to_string()), @"another `shotlist run` has been running here since [time] (process [id] on [host]); nothing was sent");
    assert_eq!(Lock::holder(&place.dir()).unwrap().as_ref(), Some(holder));
    drop(lock);
    assert_eq!(Lock::holder(&place.dir()).unwrap(), None, "its words stay in the file, the lock does not");
    Lock::acquire(&place.dir(), "collect", later(2)).unwrap();
}

#[test]
fn a_store_keeps_the_lock_until_it_is_dropped() {
    let place = Place::new();
    let store = place.drive();
    assert!(matches!(Lock::acquire(&place.dir(), "collect", now()), Err(LockError::Held(_))));
    drop(store);
    Lock::acquire(&place.dir(), "collect", now()).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn modes(dir: &Path) -> Vec<(String, u32)> {
    let entries = fs::read_dir(dir).unwrap().map(Result::unwrap);
    let mut modes: Vec<_> =
        entries.map(|entry| (entry.file_name().into_string().unwrap(), mode(&entry.path()))).collect();
    modes.sort();
    modes
}

#[tokio::test]
async fn s23_every_file_is_for_its_owner_alone() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["a"]).await;
    assert_eq!(mode(&place.dir()), 0o700);
    let names = [".gitignore", "ledger.jsonl", "lock", "reserve", "state.db", "state.db-shm", "state.db-wal"];
    assert_eq!(modes(&place.dir()), names.map(|name| (name.to_owned(), 0o600)));
    assert_eq!(fs::read_to_string(place.dir().join(".gitignore")).unwrap(), "*\n");
}

#[test]
fn s23_a_umask_that_hides_nothing_opens_nothing() {
    // In a process of its own: the umask belongs to the whole process.
    let program = std::env::current_exe().unwrap();
    let output = Command::new("sh")
        .args(["-c", "umask 000; exec \"$0\" --exact store::folder::s23_every_file_is_for_its_owner_alone"])
        .arg(program)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}

#[test]
fn s23_files_that_were_open_to_others_are_closed_with_a_warning() {
    let place = Place::new();
    drop(place.drive());
    fs::set_permissions(place.dir(), Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(place.dir().join("state.db"), Permissions::from_mode(0o644)).unwrap();
    let (_, opened) = place.try_drive(&Options::default()).unwrap();
    assert_eq!((mode(&place.dir()), mode(&place.dir().join("state.db"))), (0o700, 0o600));
    assert_eq!(opened.warnings.len(), 2, "{:?}", opened.warnings);
    insta::assert_snapshot!(stable(&opened.warnings.join("\n")), @r"
    other users had access to [home]/.shotlist (mode 755); shotlist changed the mode to 700
    other users had access to [home]/.shotlist/state.db (mode 644); shotlist changed the mode to 600
    ");
}

#[test]
fn a_pipe_in_the_place_of_a_record_is_refused_without_waiting() {
    use rustix::fs::{CWD, FileType, Mode as Bits, mknodat};
    let names = ["ledger.jsonl", "state.db", "state.db-wal", "lock", "reserve", ".gitignore"];
    for name in names {
        let place = Place::new();
        drop(place.drive());
        let _ = fs::remove_file(place.dir().join(name));
        mknodat(CWD, place.dir().join(name), FileType::Fifo, Bits::RUSR | Bits::WUSR, 0).unwrap();
        let (done, outcome) = std::sync::mpsc::channel();
        let dir = place.dir();
        // In a thread of its own, which a failure of this test leaves waiting.
        std::thread::spawn(move || {
            let driven =
                Lock::acquire(&dir, "run", now()).map_err(|error| error.to_string()).and_then(|lock| {
                    let mode = Mode::Drive { lock, policy: &blind };
                    Store::open(&dir, mode, &Options::default(), now())
                        .map(drop)
                        .map_err(|error| error.to_string())
                });
            let read = Reader::open(&dir).map(drop).map_err(|error| error.to_string());
            done.send((driven, read)).unwrap();
        });
        let (driven, read) = outcome.recv_timeout(std::time::Duration::from_secs(20)).expect(name);
        // A run makes a new database where there was none with records, and needs no `.gitignore`.
        if ["state.db", ".gitignore"].contains(&name) {
            continue;
        }
        assert!(
            driven.as_ref().is_err_and(|error| error.contains("not a regular file")),
            "{name}: {driven:?}"
        );
        if name == "state.db-wal" {
            assert!(
                read.as_ref().is_err_and(|error| error.contains("not a regular file")),
                "{name}: {read:?}"
            );
        }
    }
}

#[test]
fn s23_no_mode_is_changed_through_a_link_in_the_place_of_a_file() {
    let names = ["ledger.jsonl", "state.db", "state.db-wal", "state.db-shm", "reserve", "lock", ".gitignore"];
    for name in names {
        let place = Place::new();
        drop(place.drive());
        let (other, link) = (place.dir().with_file_name("other"), place.dir().join(name));
        fs::write(&other, "").unwrap();
        fs::set_permissions(&other, Permissions::from_mode(0o644)).unwrap();
        let _ = fs::remove_file(&link);
        std::os::unix::fs::symlink(&other, &link).unwrap();
        // Most of these links are refused; that is tested elsewhere.
        if let Ok(lock) = Lock::acquire(&place.dir(), "run", now()) {
            let mode = Mode::Drive { lock, policy: &blind };
            let _ = Store::open(&place.dir(), mode, &Options::default(), now());
        }
        assert_eq!(mode(&other), 0o644, "{name}");
        assert_eq!(fs::read(&other).unwrap(), b"", "{name}");
    }
}

#[test]
fn s23_a_state_folder_that_is_a_link_is_judged_by_its_target_and_never_changed() {
    let place = Place::new();
    drop(place.drive());
    let real = place.dir().with_file_name("elsewhere");
    fs::rename(place.dir(), &real).unwrap();
    std::os::unix::fs::symlink(&real, place.dir()).unwrap();
    let (_, opened) = place.try_drive(&Options::default()).unwrap();
    assert_eq!(opened.warnings, Vec::<String>::new(), "the target is closed to others");

    fs::set_permissions(&real, Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(real.join("reserve"), Permissions::from_mode(0o644)).unwrap();
    let (_, opened) = place.try_drive(&Options::default()).unwrap();
    assert_eq!((mode(&real), mode(&real.join("reserve"))), (0o755, 0o644));
    insta::assert_snapshot!(stable(&opened.warnings.join("\n")), @r"
    other users have access to [home]/.shotlist (mode 755); shotlist does not change it, because the state folder is a symbolic link
    other users have access to [home]/.shotlist/reserve (mode 644); shotlist does not change it, because the state folder is a symbolic link
    ");
    // The state of a rehearsal is reached through the same link.
    let sandbox = place.dir().join("sandbox");
    fs::create_dir(&sandbox).unwrap();
    fs::set_permissions(&sandbox, Permissions::from_mode(0o755)).unwrap();
    assert!(shotlist::store::Folder::look_at(&sandbox).unwrap().is_through_link);
    let lock = Lock::acquire(&sandbox, "run", now()).unwrap();
    Store::open(&sandbox, Mode::Drive { lock, policy: &blind }, &Options::default(), now()).unwrap();
    assert_eq!(mode(&real.join("sandbox")), 0o755);
}

#[tokio::test]
async fn reading_leaves_no_trace_where_nothing_was_run_and_none_in_the_database() {
    let place = Place::new();
    assert!(Reader::open(&place.dir()).unwrap().is_none());
    let absent = Store::open(&place.dir(), Mode::Concurrent, &Options::default(), now()).err();
    assert_eq!(absent, Some(StoreError::Absent { path: place.dir() }));
    assert!(!place.dir().exists());

    let store = place.drive();
    order(&store, &["a"]).await;
    let reader = Reader::open(&place.dir()).unwrap().unwrap();
    assert_eq!(known(&reader).await, known(&store).await);
    drop(store);
    let before = fs::read(place.dir().join("state.db")).unwrap();
    let reader = Reader::open(&place.dir()).unwrap().unwrap();
    assert_eq!(reader.counts(Some(PROJECT)).await.unwrap()[&Phase::Pending].takes, 1);
    drop(reader);
    assert_eq!(fs::read(place.dir().join("state.db")).unwrap(), before);
}

#[tokio::test]
async fn readers_see_the_last_commit_while_a_write_waits() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["a"]).await;
    let other = fs::File::open(place.dir().join("ledger.jsonl")).unwrap();
    other.lock().unwrap();
    let mut write = Box::pin(store.begin_run(PROJECT, "run", Caps::default(), now()));
    assert!((&mut write).now_or_never().is_none());
    let reader = Reader::open(&place.dir()).unwrap().unwrap();
    assert_eq!(reader.counts(Some(PROJECT)).await.unwrap()[&Phase::Pending].takes, 1);
    assert_eq!(get(&store, "a").await.state.name(), "pending");
    other.unlock().unwrap();
    write.await.unwrap();
}

/// Databases of versions 1 to 4 and 6 with one take in each state; they must open for ever.
#[tokio::test]
async fn databases_of_older_versions_open_with_all_that_was_in_them() {
    for name in ["v1.db", "v2.db", "v3.db", "v4.db", "v6.db"] {
        opens_with_all_that_was_in_it(name).await;
    }
}

async fn opens_with_all_that_was_in_it(name: &str) {
    let place = Place::new();
    fs::create_dir(place.dir()).unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/state");
    fs::copy(fixtures.join(name), place.dir().join("state.db")).unwrap();
    fs::copy(fixtures.join("v1.jsonl"), place.dir().join("ledger.jsonl")).unwrap();
    let before = fs::read(fixtures.join(name)).unwrap();
    let (store, opened) = place.try_drive(&Options::default()).unwrap();

    let kept = place.dir().join(format!("state.db.version-{}", &name[1..2]));
    assert!(
        opened.warnings.last().unwrap().contains(&format!("{} is a copy of the old version", kept.display())),
        "{opened:?}"
    );
    let rows = |path: &Path| {
        let db = rusqlite::Connection::open(path).unwrap();
        let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        let takes: i64 = db.query_row("SELECT count(*) FROM takes", [], |row| row.get(0)).unwrap();
        (version, takes)
    };
    assert_eq!(rows(&kept), (name[1..2].parse().unwrap(), 11), "{name}");
    assert_eq!(fs::read(fixtures.join(name)).unwrap(), before);
    let [shotlist::store::Repair::Unanswered(unanswered)] = &opened.repairs[..] else { panic!("{opened:?}") };
    assert_eq!(unanswered.id, take_id("submitting"));
    let known = known(&store).await;
    assert_eq!(known.len(), 11);
    for job in &known {
        let item = job.key.item.raw();
        let take = &job.takes[0];
        let state = if item == "submitting" { "held" } else { item };
        assert_eq!(take.state.name(), state);
        let request = store.take_by_id(&take.id).await.unwrap().unwrap().request;
        assert_eq!((request, take.price), (wanted(item).request, cents(20)));
        assert_eq!(job.filed.is_some(), item == "done");
    }
    let owed = store.owed(None, 9).await.unwrap();
    let owed: Vec<_> = owed.iter().map(|take| take.key.item.raw()).collect();
    assert_eq!(owed, ["downloading", "placing", "doubtful", "running"]);
    let spent = store.spent(Window::Ever).await.unwrap();
    assert_eq!((spent.settled, spent.reserved, spent.in_doubt), (cents(40), cents(60), cents(80)));
    let failed = store.history(PROJECT, &JobKey::new("hero", "failed")).await.unwrap().unwrap();
    let said = failed.takes[0].attempts[0].said.as_ref().unwrap();
    assert_eq!(said.to_string(), "generation failed (code 8008003098)");
    let paused = store.pauses(Some(PROJECT)).await.unwrap();
    let reasons: Vec<_> = paused.iter().filter_map(|pause| pause.reason.as_deref()).collect();
    let expected: &[&str] = if matches!(name, "v4.db" | "v6.db") { &["the bill first"] } else { &[] };
    assert_eq!(reasons, expected, "{name}");
}

#[tokio::test]
async fn p35_a_kill_while_the_tables_are_brought_up_to_date_leaves_a_state_that_opens() {
    let place = Place::new();
    fs::create_dir(place.dir()).unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/state");
    fs::copy(fixtures.join("v6.db"), place.dir().join("state.db")).unwrap();
    fs::copy(fixtures.join("v1.jsonl"), place.dir().join("ledger.jsonl")).unwrap();
    // A copy that was being made, and a copy that was whole: the first is made again, the second is kept.
    fs::write(place.dir().join("state.db.new"), "SQLite format 3\0 and no more").unwrap();
    drop(place.try_drive(&Options::default()).unwrap());
    let kept = place.dir().join("state.db.version-6");
    let copy = fs::read(&kept).unwrap();
    assert!(!place.dir().join("state.db.new").exists());
    fs::copy(fixtures.join("v6.db"), place.dir().join("state.db")).unwrap();
    let (store, _) = place.try_drive(&Options::default()).unwrap();
    assert_eq!(fs::read(&kept).unwrap(), copy);
    store.drop_copies();
    assert!(!kept.exists());
}

/// A transaction that made the first tables before version 7 left a journal that no reader may undo.
#[tokio::test]
async fn p11_what_a_kill_leaves_of_a_database_that_was_being_made_opens_for_readers_and_runs() {
    for size in [0, 1, 512, 4096] {
        let place = Place::new();
        fs::create_dir(place.dir()).unwrap();
        let (db, journal) = (place.dir().join("state.db"), place.dir().join("state.db-journal"));
        // A database whose first transaction is on its way to the disk, with its journal.
        let maker = rusqlite::Connection::open(&db).unwrap();
        maker
            .execute_batch(
                "PRAGMA cache_size = 1; BEGIN; CREATE TABLE a (b); INSERT INTO a VALUES (zeroblob(90000));",
            )
            .unwrap();
        let (bytes, log) = (fs::read(&db).unwrap(), fs::read(&journal).unwrap());
        maker.execute_batch("ROLLBACK").unwrap();
        drop(maker);
        assert!(log.len() > 512);
        fs::write(&db, &bytes[..size.min(bytes.len())]).unwrap();
        fs::write(&journal, &log).unwrap();
        assert!(Reader::open(&place.dir()).unwrap().is_none(), "{size}");
        fs::write(&db, &bytes[..size.min(bytes.len())]).unwrap();
        fs::write(&journal, &log).unwrap();
        let (store, _) = place.try_drive(&Options::default()).unwrap();
        assert!(!journal.exists(), "{size}");
        drop(store);
        assert!(Reader::open(&place.dir()).unwrap().is_some());
    }
}

/// Checks the ledger's lines too: a repair or a rebuild reads each of them again.
#[test]
fn every_line_of_a_ledger_of_version_1_is_read_again_as_it_was() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/state/v1.jsonl");
    for line in fs::read_to_string(fixture).unwrap().lines() {
        let entry: shotlist::store::Entry = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_string(&entry).unwrap(), line);
    }
}

#[tokio::test]
async fn a_copy_that_is_driven_elsewhere_says_once_what_waits_in_both_places() {
    let home = Place::new();
    let at = |host: &str, folder: &str| {
        let (machine, host, folder) = (format!("id of {host}"), host.to_owned(), folder.to_owned());
        shotlist::store::Place { machine, host, folder }
    };
    let drive = |place| home.try_drive(&Options { place: Some(place), ..Options::default() }).unwrap();
    let (store, opened) = drive(at("laptop", "/home/shop"));
    assert_eq!(opened.elsewhere, None, "the first place is no other one");
    order(&store, &["a", "b"]).await;
    drop(store);
    assert_eq!(drive(at("laptop", "/home/shop")).1.elsewhere, None);
    for other in [at("desktop", "/home/shop"), at("desktop", "/mnt/backup/shop")] {
        let elsewhere = drive(other.clone()).1.elsewhere.unwrap();
        assert_eq!((elsewhere.waiting, elsewhere.usd), (2, cents(40)));
        assert_ne!(elsewhere.place, other);
        assert_eq!(drive(other).1.elsewhere, None, "once is enough");
    }
}
