//! A project without a manifest: a state folder, a clock that only moves while everybody waits, and a provider in
//! memory.

use super::death::{self, Death, When};
use super::test_server::{Collecting, TestServer, clip_of, link};
use jiff::{SignedDuration, Timestamp};
use shotlist::domain::key::{JobKey, ModelName, TakeId};
use shotlist::domain::lifecycle::Event;
use shotlist::domain::limits::{Limits, Rate};
use shotlist::domain::money::Usd;
use shotlist::domain::notice::Notice;
use shotlist::domain::policy::{Policy, Tick};
use shotlist::domain::request::Request;
use shotlist::domain::take::{Take, Wanted};
use shotlist::engine::clock::Clock;
use shotlist::engine::owed::FreeSpace;
use shotlist::engine::stop::Stop;
use shotlist::engine::world::{Parts, World};
use shotlist::engine::{Outcome, Work, collect, run};
use shotlist::files::Tree;
use shotlist::plan::expand::LeftOut;
use shotlist::plan::fingerprint::fingerprint;
use shotlist::provider::Registry;
use shotlist::provider::cards::Cards;
use shotlist::store::{
    Admission, Admitted, Caps, Details, Jobs, Lock, LockError, Mode, NewTake, Options, Store,
};
use shotlist::transport::{Endpoint, Free, Paid};
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

pub(crate) const PROJECT: &str = "shop";

/// A provider that cannot be asked whether a submission arrived, and one that can.
pub(crate) const ZAI: &str = "zai/viduq1-text";
pub(crate) const ECHO: &str = "echo/clip";

/// The price of a clip here, whatever the model.
pub(crate) const PRICE: Usd = Usd::from_micros(200_000);

pub(crate) const TWO: NonZeroU32 = NonZeroU32::new(2).unwrap();

/// So many in a time.
pub(crate) fn rate(count: u32, per: Duration) -> Rate {
    Rate { count: NonZeroU32::new(count).unwrap(), per }
}

/// A job of that item, with a prompt that belongs to it.
pub(crate) fn wanted(model: &str, item: &str, prompt: &str) -> Wanted {
    let mut request = Request::new(model.parse().unwrap());
    request.prompt = Some(prompt.to_owned());
    Wanted {
        key: JobKey::new("hero", item),
        title: format!("The {item}").into(),
        fingerprint: fingerprint(&request),
        likeness: None,
        tags: Vec::new(),
        request,
        price: Some(PRICE),
        path: format!("renders/{item}.mp4"),
    }
}

pub(crate) struct Bench {
    folder: TempDir,
    model: &'static str,
    /// The bench that the run belongs to.
    pub(crate) project: String,
    pub(crate) server: Arc<TestServer>,
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
    pub(crate) caps: Caps,
    pub(crate) options: Options,
    /// The pause between two looks at what others decide; long, so that hours cost nothing.
    pub(crate) look_every: Duration,
    /// Every job has the same prompt.
    pub(crate) same_words: bool,
    pub(crate) max_in_doubt: Usd,
    /// When the time box of the next runs ends.
    pub(crate) deadline: Option<tokio::time::Instant>,
    /// The free bytes of the disk.
    pub(crate) free_space: FreeSpace,
    /// When the next process dies.
    death: Arc<Death>,
}

/// A run that came to its end.
pub(crate) struct Ran {
    pub(crate) outcome: Outcome,
    pub(crate) told: Vec<Notice>,
    pub(crate) world: Arc<World>,
}

impl Bench {
    /// With a provider that takes four tasks at once as fast as they come.
    pub(crate) fn new(model: &'static str) -> Self {
        let clock = Clock::starting_at("2026-11-21T02:14:07Z".parse().unwrap());
        let limits = Limits {
            concurrency: NonZeroU32::new(4),
            rate: Some(rate(100, Duration::from_secs(1))),
            polls: NonZeroU32::new(8),
            poll_rate: Some(rate(100, Duration::from_secs(1))),
            first_poll: Some(Duration::from_secs(2)),
            poll_every: Some(Duration::from_secs(2)),
            ..Limits::default()
        };
        let server = TestServer::new(clock.clone());
        Self {
            folder: folder(),
            model,
            project: PROJECT.into(),
            death: Death::at(When::Never, &server),
            server,
            clock,
            limits,
            caps: Caps::default(),
            options: Options::default(),
            look_every: Duration::from_mins(5),
            same_words: false,
            max_in_doubt: PRICE.times(1_000),
            deadline: None,
            free_space: Arc::new(|| None),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn wanted(&self, item: &str) -> Wanted {
        let words = if self.same_words { "it".to_owned() } else { item.to_owned() };
        wanted(self.model, item, &format!("a slow turn around {words}"))
    }

    /// The state, for the one who drives.
    pub(crate) fn store(&self) -> Store {
        let (state, now) = (self.path(".shotlist"), self.clock.now());
        let lock = free_lock(&state, now);
        let providers = Registry::built_in();
        let of_model = |model: &ModelName| providers.policy(&model.provider);
        Store::open(&state, Mode::Drive { lock, policy: &of_model }, &self.options, now).unwrap().0
    }

    /// The state, for a process that dies.
    pub(crate) fn store_until(&mut self, when: When) -> Store {
        self.death = Death::at(when, &self.server);
        self.options.rehearsal = Some(self.death.rehearsal());
        self.store()
    }

    /// Works until the process dies, or nothing more can be done; `None` if it died. A person may act at the same time.
    pub(crate) async fn live(
        &mut self,
        store: Store,
        work: Option<Work>,
        act: impl AsyncFnOnce(&World),
    ) -> Option<Outcome> {
        let death = Arc::clone(&self.death);
        let world = self.world(store, &Arc::default()).await;
        death.arm();
        let drive = async {
            match work {
                Some(work) => self.drive(&world, work).await,
                None => collect(&world, &self.accounts()).await,
            }
        };
        let acted = async {
            act(&world).await;
            std::future::pending::<()>().await;
        };
        let outcome = tokio::select! {
            biased;
            () = death.came() => None,
            outcome = Box::pin(drive) => Some(outcome),
            () = acted => None,
        };
        // The drives of a dead process end where they next wait.
        while Arc::strong_count(&world) > 1 {
            tokio::task::yield_now().await;
        }
        drop(world);
        // Paused time goes on as soon as no other thread works any more.
        self.later(Duration::from_millis(1)).await;
        self.options.rehearsal = None;
        self.death = Death::at(When::Never, &self.server);
        outcome
    }

    /// Opens the store as a second process does during a run.
    pub(crate) fn second_store(&self) -> Store {
        Store::open(&self.path(".shotlist"), Mode::Concurrent, &Options::default(), self.clock.now())
            .unwrap()
            .0
    }

    /// Orders a clip of each item, and returns the names of the takes.
    pub(crate) async fn order(&self, store: &Store, items: &[&str]) -> HashSet<TakeId> {
        self.order_as(store, items.iter().map(|item| self.wanted(item))).await
    }

    /// Orders these, and returns the names of the takes.
    pub(crate) async fn order_as(
        &self,
        store: &Store,
        jobs: impl IntoIterator<Item = Wanted>,
    ) -> HashSet<TakeId> {
        let take = |wanted: &Wanted| TakeId(format!("take-{}", wanted.key.item.raw()));
        let jobs: Vec<Wanted> = jobs.into_iter().collect();
        let takes = jobs.iter().map(take).collect();
        let order = |wanted: Wanted| {
            let new = NewTake { id: take(&wanted), instead_of: None };
            Admitted { new: Some(new), ..Admitted::new(wanted) }
        };
        self.admit(store, jobs.into_iter().map(order)).await;
        takes
    }

    /// Records what a plan has decided about these jobs.
    pub(crate) async fn admit(&self, store: &Store, jobs: impl IntoIterator<Item = Admitted>) {
        let admission = Admission {
            project: PROJECT.into(),
            jobs: Jobs::These(jobs.into_iter().collect()),
            partial: true,
            gone: Vec::new(),
            left_out: LeftOut::default(),
            policy: Policy::standard(),
            run: None,
        };
        store.admit(admission, self.clock.now()).await.unwrap();
    }

    pub(crate) async fn world(&self, store: Store, told: &Arc<Mutex<Vec<Notice>>>) -> Arc<World> {
        let run = store.begin_run(&self.project, "run", self.caps, self.clock.now()).await.unwrap();
        let heard = Arc::clone(told);
        Arc::new(World::new(Parts {
            store,
            free: Box::new(Collecting(Arc::clone(&self.server))) as Box<dyn Free>,
            tree: Tree::open(&self.path(".shotlist"), &self.path("clips")).unwrap(),
            free_space: Arc::clone(&self.free_space),
            pictures: self.path(""),
            clock: self.clock.clone(),
            stop: Arc::new(Stop::by(self.deadline)),
            run,
            project: self.project.clone(),
            look_every: self.look_every,
            max_in_doubt: self.max_in_doubt,
            sandbox: false,
            listener: Box::new(move |notice| heard.lock().unwrap().push(notice.clone())),
            reach: death::reach,
        }))
    }

    pub(crate) fn accounts(&self) -> BTreeMap<String, Arc<shotlist::engine::lane::Account>> {
        let cards = Cards::built_in();
        let provider = cards.providers().find(self.model.split('/').next().unwrap()).unwrap();
        let endpoint = Endpoint {
            base_url: "https://api.example".parse().unwrap(),
            key: None,
            key_env: Some("FAR_KEY".into()),
        };
        let account =
            shotlist::engine::lane::Account::new(Arc::clone(provider), endpoint, self.limits, &cards);
        BTreeMap::from([(provider.name().to_owned(), Arc::new(account))])
    }

    /// Puts the engine to work in a world.
    pub(crate) async fn drive(&self, world: &Arc<World>, work: Work) -> Outcome {
        let paid: Arc<dyn Paid> = Arc::clone(&self.server) as Arc<dyn Paid>;
        let accounts = self.accounts();
        for account in accounts.values() {
            let day = self
                .clock
                .now()
                .to_zoned_datetime(jiff::tz::TimeZone::UTC)
                .start_of_day()
                .unwrap()
                .timestamp();
            let sent = world.store.attempts_since(account.provider.name(), day).await.unwrap();
            account.sent_today(self.clock.now(), sent);
        }
        run(world, &accounts, paid, work).await
    }

    /// Orders these and works until nothing more can be done.
    pub(crate) async fn run(&self, items: &[&str]) -> Ran {
        self.run_beside(items, async |_| {}).await
    }

    /// Runs the jobs while another process acts.
    pub(crate) async fn run_beside(&self, items: &[&str], act: impl AsyncFnOnce(&World)) -> Ran {
        let store = self.store();
        let submit = self.order(&store, items).await;
        self.go(store, submit, act).await
    }

    /// Goes on with what was ordered before, all of it.
    pub(crate) async fn resume(&self) -> Ran {
        let store = self.store();
        let open = store.open_takes(None).await.unwrap();
        self.go(store, open.into_iter().map(|take| take.id).collect(), async |_| {}).await
    }

    /// Collects, and submits nothing.
    pub(crate) async fn collect(&self) -> Ran {
        let told = Arc::default();
        let world = self.world(self.store(), &told).await;
        let outcome = collect(&world, &self.accounts()).await;
        Ran { outcome, told: std::mem::take(&mut told.lock().unwrap()), world }
    }

    pub(crate) async fn go(
        &self,
        store: Store,
        submit: HashSet<TakeId>,
        act: impl AsyncFnOnce(&World),
    ) -> Ran {
        let told = Arc::default();
        let world = self.world(store, &told).await;
        let work = Work { submit, ..Work::default() };
        let (outcome, ()) = tokio::join!(Box::pin(self.drive(&world, work)), act(&world));
        Ran { outcome, told: std::mem::take(&mut told.lock().unwrap()), world }
    }

    /// Waits so long, as everybody does.
    pub(crate) async fn later(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

impl Ran {
    /// The newest take of an item.
    pub(crate) async fn take(&self, item: &str) -> Take {
        self.world.store.take(PROJECT, &JobKey::new("hero", item)).await.unwrap().unwrap()
    }

    /// The name of the state of each item's newest take.
    pub(crate) async fn states(&self, items: &[&str]) -> Vec<&'static str> {
        let mut states = Vec::new();
        for item in items {
            states.push(self.take(item).await.state.name());
        }
        states
    }

    /// It ended as it should: nothing is left, nothing went wrong.
    pub(crate) fn expect_all_done(&self) -> &Self {
        let Outcome { failures, panicked, unfiled, .. } = &self.outcome;
        assert!(failures.is_empty() && *panicked == 0 && unfiled.is_empty(), "{:?}", self.outcome);
        assert!(!self.outcome.leaves_work(), "{:?}", self.outcome);
        self
    }

    /// Returns the texts of the warnings and stops.
    pub(crate) fn said(&self) -> Vec<String> {
        let words = |notice: &Notice| match notice {
            Notice::Warning(text) | Notice::Trouble(text) => Some(text.clone()),
            Notice::Stopped { who, why, .. } => Some(format!("{who}: {why:?}")),
            _ => None,
        };
        self.told.iter().filter_map(words).collect()
    }
}

/// The file of an item's clip is that of the task that was paid for it.
pub(crate) fn is_in_place(bench: &Bench, item: &str, task: &str) -> bool {
    fs::read(bench.path(&format!("clips/renders/{item}.mp4")))
        .is_ok_and(|bytes| bytes == clip_of(&link(task)))
        && bench.path(&format!("clips/renders/{item}.mp4.json")).exists()
}

/// Another process decides about a take.
pub(crate) async fn decide(store: &Store, take: &Take, event: Event, now: Timestamp) {
    store
        .apply(take, event, Details::default(), Tick::new(now, 0.5), &Registry::built_in().policy("zai"))
        .await
        .unwrap();
}

/// Seconds between two times.
pub(crate) fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    SignedDuration::as_secs_f64(&to.duration_since(from))
}

/// In memory where the system offers that: nothing here is about disks.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// Every model here is one that can be ordered.
#[test]
fn the_models_have_cards() {
    let providers = Registry::built_in();
    assert!([ZAI, ECHO].iter().all(|model| providers.card(&model.parse().unwrap()).is_some()));
}

/// The store works on other threads: paused time must not run on meanwhile, or every wait would be over at once.
#[tokio::test(start_paused = true)]
async fn paused_time_stands_still_while_another_thread_works() {
    let clock = Clock::starting_at(Timestamp::UNIX_EPOCH);
    let (done, wait) = std::sync::mpsc::channel::<()>();
    let work = tokio::task::spawn_blocking(move || wait.recv());
    let sleep = tokio::time::sleep(Duration::from_hours(1));
    tokio::select! {
        biased;
        () = async { for _ in 0..1_000 { tokio::task::yield_now().await; } } => {}
        () = sleep => panic!("an hour went by"),
    }
    assert_eq!(clock.now(), Timestamp::UNIX_EPOCH);
    done.send(()).unwrap();
    work.await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!(clock.now(), Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1));
}

/// Takes the lock as soon as it is free. Other tests of this process start programs: until such a child has become the
/// program, it holds a copy of every open file, locks that were given back among them.
pub(crate) fn free_lock(state: &Path, now: Timestamp) -> Lock {
    for _ in 0..500 {
        match Lock::acquire(state, "run", now) {
            Err(LockError::Held(_)) => std::thread::sleep(Duration::from_millis(10)),
            taken => return taken.unwrap(),
        }
    }
    panic!("the lock of {} stays taken", state.display());
}
