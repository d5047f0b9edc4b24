//! A database that is rebuilt from a ledger alone, and from one of the first version.

use super::*;
use shotlist::store::{Adjustment, ClipFinder, Rebuilt, Recovery};
use std::fs;
use std::path::Path;

/// An output folder in which the finished clips stand, or none does.
struct Shelf {
    full: bool,
}

impl ClipFinder for Shelf {
    fn stands(&self, _: &str, file: &ClipFile) -> bool {
        self.full && *file == clip_file()
    }

    fn kept(&self, _: &str, _: &TakeId, _: &ClipFile) -> Option<String> {
        None
    }

    fn of_take(&self, path: &str, take: &TakeId) -> Option<ClipFile> {
        (self.full && take.0 == "take-placing" && path.contains("placing")).then(clip_file)
    }

    fn sidecars(&self) -> Vec<(String, serde_json::Value)> {
        Vec::new()
    }
}

fn rebuild(place: &Place, full: bool, at: Timestamp) -> Option<Rebuilt> {
    let lock = Lock::acquire(&place.dir(), "recover", at).unwrap();
    let mut recovery = Recovery::begin(&place.dir(), &lock).unwrap();
    let shelf = Shelf { full };
    recovery.examine(&shelf).unwrap().then(|| recovery.rebuild(&blind, &shelf, ".", at).unwrap())
}

/// The ledger of version 1, and no database.
fn of_version_1() -> Place {
    let place = Place::new();
    fs::create_dir(place.dir()).unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/state/v1.jsonl");
    fs::copy(fixture, place.dir().join("ledger.jsonl")).unwrap();
    place
}

async fn states(store: &Store) -> Vec<(String, &'static str)> {
    let known = known(store).await;
    let mut states: Vec<_> =
        known.iter().map(|job| (job.key.item.raw().to_owned(), job.takes[0].state.name())).collect();
    states.sort();
    states
}

#[tokio::test]
async fn a_ledger_of_version_1_is_enough_to_know_everything_that_was_paid() {
    let place = of_version_1();
    let rebuilt = rebuild(&place, true, later(60)).unwrap();
    assert_eq!((rebuilt.submissions, rebuilt.takes, rebuilt.missing, rebuilt.old), (9, 9, 0, None));
    assert_eq!(rebuilt.sum, cents(180));
    let (store, opened) = place.try_drive(&Options::default()).unwrap();
    assert!(matches!(&opened.repairs[..], [shotlist::store::Repair::Unanswered(_)]), "{opened:?}");
    let expected = [
        ("done", "done"),
        ("doubtful", "held"),
        ("downloading", "running"),
        ("failed", "failed"),
        ("held", "held"),
        ("placing", "placing"),
        ("running", "running"),
        ("submitting", "held"),
        ("written_off", "written_off"),
    ];
    assert_eq!(states(&store).await, expected.map(|(item, state)| (item.to_owned(), state)));
    let spent = store.spent(Window::Day(now())).await.unwrap();
    assert_eq!((spent.settled, spent.reserved, spent.in_doubt), (cents(40), cents(60), cents(80)));
    let done = store.history(PROJECT, &JobKey::new("hero", "done")).await.unwrap().unwrap();
    assert_eq!(done.filed.unwrap().path, "renders/done/done_hero.mp4");
    assert_eq!((&done.takes[0].take.request, done.title.raw()), (&wanted("done").request, "The done"));
    assert_eq!(done.takes[0].attempts[0].outcome.as_deref(), Some("settled"));
    drop(store);
    assert_eq!(rebuild(&place, true, later(61)), None, "what is rebuilt is sound");
}

#[tokio::test]
async fn a_clip_that_is_gone_is_asked_for_as_long_as_its_link_may_live() {
    for (age, state) in [(60, "running"), (25 * 60, "held")] {
        let place = of_version_1();
        assert_eq!(rebuild(&place, false, later(age)).unwrap().missing, 1);
        let store = place.drive();
        let done = get(&store, "done").await;
        assert_eq!(done.state.name(), state);
        assert_eq!(done.state.task().unwrap().id.0, "task-done");
        let settled = store.spent(Window::Ever).await.unwrap().settled;
        assert_eq!(settled, cents(40), "both clips were charged for certain");
    }
}

#[tokio::test]
async fn what_a_run_had_spent_when_the_database_was_lost_counts_for_the_next() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["a", "b"]).await;
    let caps = Caps { run: Some(cents(50)), ..Caps::default() };
    let cut_off = store.begin_run(PROJECT, "run", caps, now()).await.unwrap();
    submitted(&store, "a", cut_off).await;
    submitted(&store, "b", cut_off).await;
    drop(store);
    fs::remove_file(place.dir().join("state.db")).unwrap();
    assert_eq!(rebuild(&place, true, now()).unwrap().submissions, 2);
    let store = place.drive();
    order(&store, &["c"]).await;
    let run = store.begin_run(PROJECT, "run", caps, now()).await.unwrap();
    assert_eq!(store.spent(Window::Run(run)).await.unwrap().reserved, cents(40));
    let refused = claim(&store, &get(&store, "c").await, run).await.unwrap_err();
    assert!(matches!(refused, ClaimError::OverCap(OverCap { which: Cap::Run, .. })), "{refused}");
}

#[tokio::test]
async fn the_providers_own_figure_and_a_correction_come_back() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["a", "b"]).await;
    let run = run(&store).await;
    for item in ["a", "b"] {
        let take = submitted(&store, item, run).await;
        let details = Details { settled: Some(cents(18)), ..Details::default() };
        let take = happen_with(&store, &take, Event::Ready(clip(None)), details).await.unwrap();
        let take = happen(&store, &take, Event::Fetched(clip_file())).await.unwrap();
        happen(&store, &take, Event::Placed).await.unwrap();
    }
    let seen = store.costs(&take_id("b")).await.unwrap().unwrap();
    assert_eq!(seen.usd, cents(18));
    let adjustment = Adjustment { seen, usd: cents(15), reason: "invoice".into() };
    store.adjust(adjustment.clone(), now()).await.unwrap();
    let again = store.adjust(adjustment, now()).await;
    assert_eq!(again, Err(ApplyError::Changed), "the amount is no longer the one that was seen");
    assert_eq!(store.spent(Window::Run(run)).await.unwrap().settled, cents(33));
    drop(store);
    fs::remove_file(place.dir().join("state.db")).unwrap();
    rebuild(&place, true, now()).unwrap();
    assert_eq!(place.drive().spent(Window::Ever).await.unwrap().settled, cents(33));
}

/// Fetches the clip of a take, about which the provider reports this charge.
async fn placed(store: &Store, take: &Take, told: Usd) -> Take {
    let details = Details { settled: Some(told), ..Details::default() };
    let take = happen_with(store, take, Event::Ready(clip(None)), details).await.unwrap();
    let take = happen(store, &take, Event::Fetched(clip_file())).await.unwrap();
    happen(store, &take, Event::Placed).await.unwrap()
}

async fn adjust(store: &Store, item: &str, usd: Usd) {
    let seen = store.costs(&take_id(item)).await.unwrap().unwrap();
    store.adjust(Adjustment { seen, usd, reason: "invoice".into() }, now()).await.unwrap();
}

/// Rebuilds the database from the ledger alone, and returns what is settled.
async fn rebuilt(place: &Place) -> Usd {
    fs::remove_file(place.dir().join("state.db")).unwrap();
    rebuild(place, true, now()).unwrap();
    place.drive().spent(Window::Ever).await.unwrap().settled
}

#[tokio::test]
async fn a36_a_charge_that_was_reported_when_the_clip_was_fetched_again_comes_back() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["a"]).await;
    let run = run(&store).await;
    let take = placed(&store, &submitted(&store, "a", run).await, cents(60)).await;
    let gone = happen(&store, &take, Event::ClipGone).await.unwrap();
    placed(&store, &gone, cents(80)).await;
    assert_eq!(store.spent(Window::Ever).await.unwrap().settled, cents(80));
    drop(store);
    assert_eq!(rebuilt(&place).await, cents(80));
}

#[tokio::test]
async fn a36_a_corrected_amount_stays_until_the_next_correction_whatever_the_provider_reports_again() {
    for amount in [cents(10), cents(150)] {
        let place = Place::new();
        let store = place.drive();
        order(&store, &["a"]).await;
        let run = run(&store).await;
        let take = placed(&store, &submitted(&store, "a", run).await, cents(60)).await;
        adjust(&store, "a", amount).await;
        let gone = happen(&store, &take, Event::ClipGone).await.unwrap();
        let take = placed(&store, &gone, cents(80)).await;
        assert_eq!((take.settled, take.adjusted), (Some(amount), true));
        assert_eq!(store.spent(Window::Ever).await.unwrap().settled, amount);
        drop(store);
        assert_eq!(rebuilt(&place).await, amount);
        let store = place.drive();
        adjust(&store, "a", cents(70)).await;
        drop(store);
        assert_eq!(rebuilt(&place).await, cents(70));
    }
}

#[tokio::test]
async fn a_corrected_amount_settles_whether_a_failed_task_was_charged() {
    let place = Place::new();
    let store = place.drive();
    let items = ["free", "part", "price", "mistaken"];
    order(&store, &items).await;
    let run = run(&store).await;
    for item in items {
        let take = submitted(&store, item, run).await;
        let failed = Event::Refused { refusal: Refusal::Generation, charged: Charged::Unknown };
        happen(&store, &take, failed).await.unwrap();
    }
    let before = store.spent(Window::Ever).await.unwrap();
    assert_eq!((before.settled, before.in_doubt), (cents(0), cents(80)));
    for (item, usd) in [("free", 0), ("part", 15), ("price", 20), ("mistaken", 0), ("mistaken", 5)] {
        adjust(&store, item, cents(usd)).await;
    }
    drop(store);
    for is_rebuilt in [false, true] {
        if is_rebuilt {
            rebuilt(&place).await;
        }
        let store = place.drive();
        let spent = store.spent(Window::Ever).await.unwrap();
        assert_eq!((spent.settled, spent.in_doubt), (cents(40), cents(0)), "rebuilt: {is_rebuilt}");
        for (item, expected) in [("free", Charged::No), ("part", Charged::Yes), ("price", Charged::Yes)] {
            let state = get(&store, item).await.state;
            assert!(
                matches!(state, State::Failed { charged, .. } if charged == expected),
                "{item}: {state:?}"
            );
        }
        let in_doubt = store.in_doubt(Some(PROJECT)).await.unwrap();
        assert!(in_doubt.is_empty(), "{in_doubt:?}");
    }
}

/// In doubt a person put it at half the price, and then it was found: the provider's word is the last, also where that
/// is the price of the list.
#[tokio::test]
async fn the_last_figure_comes_back_also_where_it_is_that_of_the_list() {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["a"]).await;
    let run = run(&store).await;
    let claimed = claim(&store, &get(&store, "a").await, run).await.unwrap();
    happen(&store, &claimed, Event::Unanswered).await.unwrap();
    let seen = store.costs(&take_id("a")).await.unwrap().unwrap();
    let adjustment = Adjustment { seen, usd: cents(10), reason: "half".into() };
    store.adjust(adjustment, now()).await.unwrap();
    let held = get(&store, "a").await;
    let take = happen(&store, &held, Event::Adopt(TaskId("task-a".into()))).await.unwrap();
    assert_eq!(store.spent(Window::Ever).await.unwrap().reserved, cents(10));
    let details = Details { settled: Some(cents(20)), ..Details::default() };
    let take = happen_with(&store, &take, Event::Ready(clip(None)), details).await.unwrap();
    let take = happen(&store, &take, Event::Fetched(clip_file())).await.unwrap();
    happen(&store, &take, Event::Placed).await.unwrap();
    assert_eq!(store.spent(Window::Ever).await.unwrap().settled, cents(20));
    drop(store);
    fs::remove_file(place.dir().join("state.db")).unwrap();
    rebuild(&place, true, now()).unwrap();
    assert_eq!(place.drive().spent(Window::Ever).await.unwrap().settled, cents(20));
}

#[tokio::test]
async fn a_damaged_database_about_which_nothing_else_tells_is_set_aside_and_may_lack_submissions() {
    let place = Place::new();
    drop(place.drive());
    let path = place.dir().join("state.db");
    let mut bytes = fs::read(&path).unwrap();
    bytes[..16].fill(0x5a);
    shotlist::files::atomic_write(&path, &bytes, 0o600).unwrap();
    let rebuilt = rebuild(&place, true, now()).unwrap();
    assert_eq!((rebuilt.bare, rebuilt.has_gaps, rebuilt.takes), (true, true, 0));
    assert_eq!(fs::read(rebuilt.old.unwrap()).unwrap(), bytes);
    assert!(place.drive().gaps().await.unwrap().is_some());
    assert_eq!(rebuild(&place, true, now()), None, "what is rebuilt is sound");
}

/// A state of two submissions, and its ledger with a line damaged.
async fn damaged(line: usize, with: &str) -> (Place, Vec<String>) {
    let place = Place::new();
    let store = place.drive();
    order(&store, &["a", "b"]).await;
    let run = run(&store).await;
    for item in ["a", "b"] {
        submitted(&store, item, run).await;
    }
    drop(store);
    let ledger = place.dir().join("ledger.jsonl");
    let mut lines: Vec<String> = fs::read_to_string(&ledger).unwrap().lines().map(str::to_owned).collect();
    with.clone_into(&mut lines[line - 1]);
    shotlist::files::atomic_write(&ledger, (lines.join("\n") + "\n").as_bytes(), 0o600).unwrap();
    (place, lines)
}

#[tokio::test]
async fn a_damaged_line_that_the_database_knows_blocks_nothing_and_is_named() {
    let (place, _) = damaged(2, "{\"v\":2,garbage").await;
    let reader = shotlist::store::Reader::open(&place.dir()).unwrap().unwrap();
    assert!(matches!(reader.damage(), [one] if one.contains("line 2")), "{:?}", reader.damage());
    let (store, opened) = place.try_drive(&Options::default()).unwrap();
    assert!(opened.warnings.iter().any(|warning| warning.contains("line 2")), "{opened:?}");
    assert_eq!(store.spent(Window::Ever).await.unwrap().reserved, cents(40));
}

#[tokio::test]
async fn a_damaged_line_that_the_database_may_not_know_stops_whoever_submits_and_nobody_else() {
    for last in ["{\"v\":2,\"seq\":9,gar", "garbage"] {
        let (place, mut lines) = damaged(4, last).await;
        // As if another line came after what this database knows.
        if last == "garbage" {
            let mut text = fs::read_to_string(place.dir().join("ledger.jsonl")).unwrap();
            text += "garbage\n";
            shotlist::files::atomic_write(&place.dir().join("ledger.jsonl"), text.as_bytes(), 0o600).unwrap();
            lines.push("garbage".into());
        }
        for _ in 0..2 {
            let error = place.try_drive(&Options::default()).err().unwrap();
            assert!(error.to_string().contains("line 4") && error.is_recoverable(), "{error}");
            let collects = Options { trust_damaged_ledger: true, ..Options::default() };
            drop(place.try_drive(&collects).unwrap());
        }
    }
}

#[tokio::test]
async fn a_rebuilt_ledger_keeps_its_readable_lines_and_gets_what_the_database_knows() {
    let (place, lines) = damaged(3, "garbage").await;
    let rebuilt = rebuild(&place, true, now()).unwrap();
    let kept = fs::read_to_string(rebuilt.old_ledger.unwrap()).unwrap();
    assert_eq!(kept.lines().collect::<Vec<_>>(), lines);
    let text = fs::read_to_string(place.dir().join("ledger.jsonl")).unwrap();
    let readable = [&lines[0], &lines[1], &lines[3]].map(|line| format!("{line}\n")).concat();
    assert!(text.starts_with(&readable), "{text}");
    assert!(text[readable.len()..].contains("\"kind\":\"intent\""), "{text}");
    assert_eq!(rebuild(&place, true, now()), None, "what is rebuilt is sound");
    // The ledger is enough without the database again.
    fs::remove_file(place.dir().join("state.db")).unwrap();
    assert_eq!(rebuild(&place, true, now()).unwrap().unmatched, 0);
    let store = place.drive();
    assert_eq!(states(&store).await, [("a".to_owned(), "running"), ("b".to_owned(), "running")]);
    assert_eq!(store.spent(Window::Ever).await.unwrap().reserved, cents(40));
}
