//! A fake provider as a server on loopback: the far end of the tests and of `--sandbox`.
//!
//! It speaks Z.AI's video API under the prefix `/zai` and serves the clips that it pretends to make. It shares no
//! table and no type with the code that talks to providers: it checks requests by its own reading of the provider's
//! documents, so that an error on either side shows on the other.
//!
//! What it accepts and charges is on disk before the answer leaves, and a killed server knows it again when it starts
//! on the same directory. Time passes for its tasks whether it runs or not.

mod admin;
mod check;
mod clips;
mod faults;
mod files;
mod images;
mod line;
mod log;
mod reply;
mod tasks;
mod zai;

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use jiff::Timestamp;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::task::{JoinSet, spawn_blocking};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

pub use admin::{Charge, Stats};
pub use faults::{Fault, On, Rule, Shape, When};
pub use tasks::{Request, Task};

use admin::Counts;
use faults::Faults;
use line::{Door, Peer};
use log::{Line, Log};
use tasks::Book;

/// Where the sandbox reads the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How a sandbox behaves.
pub struct Options {
    /// Its state. Made if it is not there; one sandbox at a time.
    pub dir: PathBuf,
    /// The port on 127.0.0.1. 0 takes the one of the last start, so that links handed out then still work, or any.
    pub port: u16,
    /// The only valid API key.
    pub key: String,
    /// The time.
    pub now: Clock,
    /// What the clips look like.
    pub clips: Clips,
    /// What stands on full clips besides the model and the prompt.
    pub captions: Option<Captions>,
    /// How long a task runs, drawn for each.
    pub task_time: RangeInclusive<Duration>,
    /// How long an answer to a submission is held back once its charge is on disk.
    pub answer_delay: Duration,
    /// How many tasks may run at once.
    pub limits: Limits,
    /// How long a result link works. Z.AI documents one day.
    pub link_life: Duration,
    /// Where the dice start: the same seed and the same calls give the same run.
    pub seed: u64,
    /// Closes each connection after an answer without announcing it, as a server does whose idle time runs out just
    /// then: a client that keeps connections meets the race.
    pub close_idle: bool,
    /// The fault rules in force from the start.
    pub faults: Vec<Rule>,
}

impl Options {
    /// A well-behaved provider: any port, full clips, tasks of 1 to 3 seconds, the documented limits, links for a
    /// day.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>, key: impl Into<String>, now: Clock) -> Self {
        Self {
            dir: dir.into(),
            port: 0,
            key: key.into(),
            now,
            clips: Clips::Full,
            captions: None,
            task_time: Duration::from_secs(1)..=Duration::from_secs(3),
            answer_delay: Duration::ZERO,
            limits: Limits::Documented,
            link_life: Duration::from_hours(24),
            seed: 0,
            close_idle: false,
            faults: Vec::new(),
        }
    }
}

/// What the clips look like; the duration is always the one ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clips {
    /// Of the ordered size and rate; about 100 KB for 5 seconds of 1920 × 1080.
    Full,
    /// 64 × 64 pixels, one frame a second, without text; about 2 KB.
    Tiny,
}

/// Whose clip a request orders, which the request itself does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caption {
    /// The item's id. The colour follows from it.
    pub item: String,
    /// The item's title; may be empty.
    pub title: String,
    /// The shot's name.
    pub shot: String,
}

/// Looks up the caption of a `request_id`. It is asked whenever a clip is drawn, on a thread that may block. The
/// answer for an id must stay the same, else a resumed download does not fit what was there.
pub type Captions = Arc<dyn Fn(&str) -> Option<Caption> + Send + Sync>;

/// How many tasks may run at once before a submission gets 429 with code 1302.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limits {
    /// One for `cogvideox-3`, five for each other model.
    Documented,
    /// No limit.
    Unlimited,
    /// By model; the documented limit for models not named.
    PerModel(BTreeMap<String, u32>),
}

impl Limits {
    fn at_once(&self, model: &check::Model) -> Option<u32> {
        match self {
            Self::Documented => Some(model.at_once),
            Self::Unlimited => None,
            Self::PerModel(limits) => Some(limits.get(model.name).copied().unwrap_or(model.at_once)),
        }
    }
}

/// What all handlers share.
struct Shared {
    key: String,
    now: Clock,
    clips: Clips,
    captions: Option<Captions>,
    task_time: RangeInclusive<Duration>,
    answer_delay: Duration,
    limits: Limits,
    link_life: Duration,
    address: SocketAddr,
    log: Log,
    inner: Mutex<Inner>,
    cache: Mutex<files::Cache>,
    counts: Arc<Counts>,
    tasks: TaskTracker,
}

/// What changes from call to call.
struct Inner {
    book: Book,
    faults: Faults,
    dice: StdRng,
    /// Signatures of links that a fault has ended before their time.
    expired: HashSet<String>,
}

/// Locks; a panic elsewhere does not make the data unusable, since every change is one step.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running server. Dropped, it stops in its own time; [`Sandbox::stop`] waits.
pub struct Sandbox {
    shared: Arc<Shared>,
    server: JoinSet<io::Result<()>>,
    stop: DropGuard,
}

impl Sandbox {
    /// Reads the state directory and starts to listen on 127.0.0.1.
    ///
    /// Fails when a rule is impossible, the directory cannot be used or is in use, its log is damaged other than by a
    /// torn last line, or the given port is taken.
    pub async fn start(options: Options) -> io::Result<Self> {
        let invalid = |why| io::Error::new(io::ErrorKind::InvalidInput, why);
        options.faults.iter().try_for_each(Rule::check).map_err(invalid)?;
        if options.task_time.is_empty() {
            return Err(invalid("the range of task times is empty".to_owned()));
        }
        let Options { dir, port, .. } = &options;
        let (dir, port) = (dir.clone(), *port);
        let opened = spawn_blocking(move || open(&dir, port)).await.map_err(io::Error::other)?;
        let (log, book, listener) = opened?;
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let mut faults = Faults::default();
        for rule in options.faults {
            faults.add(rule);
        }
        // After a restart the dice go on elsewhere, else they would repeat themselves.
        let dice = StdRng::seed_from_u64(options.seed.wrapping_add(book.requests().len() as u64));
        let counts = Arc::<Counts>::default();
        let shared = Arc::new(Shared {
            key: options.key,
            now: options.now,
            clips: options.clips,
            captions: options.captions,
            task_time: options.task_time,
            answer_delay: options.answer_delay,
            limits: options.limits,
            link_life: options.link_life,
            address: listener.local_addr()?,
            log,
            inner: Mutex::new(Inner { book, faults, dice, expired: HashSet::new() }),
            cache: Mutex::default(),
            counts: Arc::clone(&counts),
            tasks: TaskTracker::new(),
        });
        let stop = CancellationToken::new();
        let door = Door { listener, close_idle: options.close_idle, stop: stop.clone(), counts };
        let service = router(Arc::clone(&shared)).into_make_service_with_connect_info::<Peer>();
        let stopped = stop.clone().cancelled_owned();
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(door, service).with_graceful_shutdown(stopped).await });
        Ok(Self { shared, server, stop: stop.drop_guard() })
    }

    /// `http://127.0.0.1:PORT`, without a provider's prefix.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    /// The `base_url` of a provider, for instance `zai`: it stands for `https://api.z.ai/api`.
    #[must_use]
    pub fn provider_url(&self, provider: &str) -> String {
        format!("http://{}/{provider}", self.shared.address)
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.shared.address
    }

    /// One entry for each task ever accepted in this directory, in order.
    #[must_use]
    pub fn charges(&self) -> Vec<Charge> {
        self.shared.charges()
    }

    /// Each request for a task that ever came in, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        held(&self.shared.inner).book.requests().to_vec()
    }

    /// The counters.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.stats()
    }

    /// Adds a fault rule behind those in force; the error says what is impossible about it.
    pub fn add_fault(&self, rule: Rule) -> Result<(), String> {
        self.shared.add_rules(vec![rule])
    }

    /// Cuts all connections, and returns once nothing writes to the directory any more.
    pub async fn stop(mut self) -> io::Result<()> {
        drop(self.stop);
        while let Some(ended) = self.server.join_next().await {
            ended.map_err(io::Error::other)??;
        }
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
        self.shared.log.close()
    }
}

/// Reads the directory and binds the port.
fn open(dir: &std::path::Path, port: u16) -> io::Result<(Log, Book, TcpListener)> {
    let (log, lines) = Log::open(dir)?;
    let mut book = Book::default();
    let mut last = 0;
    for line in lines {
        match line {
            Line::Port(port) => last = port,
            Line::Request(request) => book.enter(*request),
        }
    }
    let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let listener = if port == 0 && last != 0 { bind(last).or_else(|_| bind(0)) } else { bind(port) }?;
    let bound = listener.local_addr()?.port();
    if bound != last {
        let ticket = log.push(&Line::Port(bound))?;
        log.sync(ticket)?;
    }
    Ok((log, book, listener))
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/zai/paas/v4/videos/generations", post(zai::submit))
        .route("/zai/paas/v4/async-result/{id}", get(zai::poll))
        .route("/files/{name}", get(files::fetch))
        .route("/admin/charges", get(admin::charges))
        .route("/admin/requests", get(admin::requests))
        .route("/admin/stats", get(admin::stats))
        .route("/admin/faults", post(admin::add_faults).delete(admin::clear_faults))
        .fallback(async || reply::error(StatusCode::NOT_FOUND, "1222", "The API does not exist"))
        .with_state(shared)
}
