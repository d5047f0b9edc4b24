//! Runs fake providers as a server on loopback, for the tests and for `--sandbox`.
//!
//! The server has four providers, and those that a caller adds ([`Options::providers`]). Each has a prefix for its
//! paths. The server also serves the clips that the providers pretend to make:
//!
//! | prefix | provider | characteristics |
//! |---|---|---|
//! | `/zai` | Z.AI | each `request_id` of the client is accepted once; few tasks at once |
//! | `/vtrix` | Vtrix, its Vidu models | an envelope around the parameters; three forms of errors; costs in answers |
//! | `/uniall` | `UniAll`, its Vidu Q3 models | a price by the second; two paths to poll a task; pictures by URL only |
//! | `/echo` | an invented provider | look-up by the client's label, polls of many tasks, cancelling |
//!
//! The sandbox shares no data and no types with the code that calls providers. It checks requests by its own reading of
//! the providers' documents, so that tests notice an error on either side. Vtrix and `UniAll` publish no prices, so the
//! sandbox invents them.
//!
//! The acceptance, the charge and the cancellation of a task are on disk before the answer is sent. A killed server has
//! all tasks again when it restarts on the same directory. Time also passes for its tasks while it is stopped. A call
//! to a provider finds only the tasks of that provider.
//!
//! # The parts
//!
//! - `handler` has the common part of all providers. It checks the key, records each request in memory (`tasks`) and on
//!   disk (`log`), and returns the state of a task.
//! - `dialect` defines the trait for the protocol of a provider: the check of requests and the form of the answers.
//!   `zai`, `vtrix`, `uniall` and `echo` implement the trait with the help of `fields`, which checks parameters, and of
//!   `images`, which checks and stores pictures.
//! - `provider` assigns the protocols to paths.
//! - `faults` decides which calls go wrong, and `reply` and `connection` make them go wrong. `defects` has the visual
//!   defects of clips.
//! - `files` serves the clips that `clips` draws.
//! - `admin` lists charges and requests, and `counts` has the numbers of calls.

mod admin;
mod clips;
mod connection;
mod counts;
mod defects;
mod dialect;
mod echo;
mod faults;
mod fields;
mod files;
mod handler;
mod images;
mod log;
mod options;
mod provider;
mod reply;
mod tasks;
mod uniall;
mod vtrix;
mod zai;

use std::collections::HashSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::uri::Authority;
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::task::{JoinSet, spawn_blocking};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

pub use admin::Charge;
pub use counts::Stats;
pub use defects::Defect;
pub use dialect::{Dialect, Link, Refusal, RefusalReason, State};
pub use faults::{Fault, On, Rule, Shape, When};
pub use images::Size;
pub use options::{Caption, Captions, ClipDetail, Clock, Limits, Options};
pub use provider::Provider;
pub use tasks::{Order, Request, Task};

use connection::{Acceptor, Peer};
use counts::Counts;
use faults::Faults;
use images::Pictures;
use log::{Log, LogEntry};
use provider::Dialects;
use tasks::TaskRecords;

/// Returns the providers that the sandbox has by default, with their protocols and paths.
#[must_use]
pub fn providers() -> Vec<Provider> {
    vec![
        // One line for each provider keeps changes simple.
        zai::provider(),
        vtrix::provider(),
        uniall::provider(),
        echo::provider(),
    ]
}

/// The data of a running sandbox, which all handlers share.
struct Shared {
    providers: Vec<Provider>,
    dialects: Dialects,
    key: String,
    now: Clock,
    clips: ClipDetail,
    captions: Option<Captions>,
    task_time: RangeInclusive<Duration>,
    answer_delay: Duration,
    limits: Limits,
    link_life: Duration,
    address: SocketAddr,
    log: Log,
    pictures: Pictures,
    inner: Mutex<Inner>,
    cache: Mutex<files::Cache>,
    counts: Arc<Counts>,
    tasks: TaskTracker,
}

/// The data that calls change; one mutex protects it.
struct Inner {
    book: TaskRecords,
    faults: Faults,
    dice: StdRng,
    /// The values of `signature` in the links that a fault rule made invalid before they expired.
    expired: HashSet<String>,
    /// The values of `signature` in the links that were refused (401 or 403) to a client that sent no key.
    denied: HashSet<String>,
}

/// Locks a mutex even if a thread has panicked while it held the lock. The data are usable then, because every change
/// is one step.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running sandbox server. If it is dropped, it stops some time later; [`Sandbox::stop`] waits for the stop.
pub struct Sandbox {
    shared: Arc<Shared>,
    server: JoinSet<io::Result<()>>,
    stop: DropGuard,
}

impl Sandbox {
    /// Returns the only key that the sandbox accepts.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.shared.key
    }

    /// Reads the state directory and starts to listen on 127.0.0.1.
    ///
    /// Returns an error if a provider, a fault rule or the range of task times is invalid, or if the given port is in
    /// use. Returns an error too if another sandbox uses the directory, or if the log in it is damaged. An incomplete
    /// last line of the log is allowed.
    pub async fn start(options: Options) -> io::Result<Self> {
        let invalid = |why| io::Error::new(io::ErrorKind::InvalidInput, why);
        provider::check(&options.providers).map_err(invalid)?;
        let names = provider::names(&options.providers);
        options.faults.iter().try_for_each(|rule| rule.check(&names)).map_err(invalid)?;
        if options.task_time.is_empty() {
            return Err(invalid("the range of task times is empty".to_owned()));
        }
        let Options { dir, port, .. } = &options;
        let (dir, port) = (dir.clone(), *port);
        let pictures = Pictures::new(&dir);
        let opened = spawn_blocking(move || open(&dir, port)).await.map_err(io::Error::other)?;
        let (log, book, listener) = opened?;
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let mut faults = Faults::default();
        for rule in options.faults {
            faults.add(rule);
        }
        // After a restart the random numbers must not repeat, so their seed includes the number of requests.
        let dice = StdRng::seed_from_u64(options.seed.wrapping_add(book.requests().len() as u64));
        let counts = Arc::<Counts>::default();
        let spoken = |provider: &Provider| (provider.name(), Arc::clone(provider.dialect()));
        let shared = Arc::new(Shared {
            dialects: options.providers.iter().map(spoken).collect(),
            providers: options.providers,
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
            pictures,
            inner: Mutex::new(Inner { book, faults, dice, expired: HashSet::new(), denied: HashSet::new() }),
            cache: Mutex::default(),
            counts: Arc::clone(&counts),
            tasks: TaskTracker::new(),
        });
        let stop = CancellationToken::new();
        let acceptor = Acceptor { listener, close_idle: options.close_idle, stop: stop.clone(), counts };
        let service = router(Arc::clone(&shared)).into_make_service_with_connect_info::<Peer>();
        let stopped = stop.clone().cancelled_owned();
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(acceptor, service).with_graceful_shutdown(stopped).await });
        Ok(Self { shared, server, stop: stop.drop_guard() })
    }

    /// Returns `http://127.0.0.1:PORT`, without a provider's prefix.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    /// Returns the `base_url` of a provider, such as `http://127.0.0.1:PORT/zai` in place of `https://api.z.ai/api`.
    #[must_use]
    pub fn provider_url(&self, provider: &str) -> String {
        format!("http://{}/{provider}", self.shared.address)
    }

    /// Returns the address at which the sandbox listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.shared.address
    }

    /// Returns one entry for each task that was ever accepted in this state directory, in the order of acceptance.
    #[must_use]
    pub fn charges(&self) -> Vec<Charge> {
        self.shared.charges()
    }

    /// Returns each request for a task that was ever received in this state directory, in the order of arrival. A
    /// request whose body was cut off, or is larger than 256 MiB, is missing.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        held(&self.shared.inner).book.requests().to_vec()
    }

    /// Returns the counters of the calls that this sandbox received since it was started.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.stats()
    }

    /// Adds a fault rule after the existing rules. An error says what is wrong with the rule.
    pub fn add_fault(&self, rule: Rule) -> Result<(), String> {
        self.shared.add_rules(vec![rule])
    }

    /// Stops the server: cuts all connections, and waits until nothing writes to the directory any more.
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

/// Reads the log in the directory and binds the port. The port 0 means the port of the last start or, if that is taken,
/// any free port.
fn open(dir: &std::path::Path, port: u16) -> io::Result<(Log, TaskRecords, TcpListener)> {
    let (log, lines) = Log::open(dir)?;
    let mut book = TaskRecords::default();
    let mut last = 0;
    for line in lines {
        match line {
            LogEntry::Port(port) => last = port,
            LogEntry::Request(request) => book.enter(*request),
            LogEntry::Cancel(task) => book.cancel(&task),
        }
    }
    let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let listener = if port == 0 && last != 0 { bind(last).or_else(|_| bind(0)) } else { bind(port) }?;
    let bound = listener.local_addr()?.port();
    if bound != last {
        let ticket = log.push(&LogEntry::Port(bound))?;
        log.sync(ticket)?;
    }
    Ok((log, book, listener))
}

fn router(shared: Arc<Shared>) -> Router {
    let router = shared.providers.iter().cloned().fold(Router::new(), |router, provider| {
        router.nest(&format!("/{}", provider.name()), provider.router())
    });
    router
        .route("/files/{name}", get(files::fetch))
        .route("/admin/charges", get(admin::charges))
        .route("/admin/requests", get(admin::requests))
        .route("/admin/stats", get(admin::stats))
        .route("/admin/faults", post(admin::add_faults).delete(admin::clear_faults))
        .fallback((StatusCode::NOT_FOUND, "there is no such provider"))
        .layer(middleware::from_fn(refuse_foreign_host))
        .with_state(shared)
}

/// Refuses, with the status 421, a request whose host name is not this computer's. Otherwise a web site could point its
/// own name to this computer and call the sandbox.
async fn refuse_foreign_host(request: axum::extract::Request, next: Next) -> Response {
    let named = request.headers().get_all(header::HOST).iter().map(|host| host.to_str().unwrap_or_default());
    let mut named = named.chain(request.uri().authority().map(Authority::as_str));
    if named.all(is_this_computer) {
        next.run(request).await
    } else {
        (StatusCode::MISDIRECTED_REQUEST, "the request names another server").into_response()
    }
}

/// Returns true if an authority (`host:port`) is a loopback address or `localhost`.
fn is_this_computer(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else { return false };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
