//! Fake providers as a server on loopback: the far end of the tests and of `--sandbox`.
//!
//! It plays four providers, and those that a caller adds ([`Options::providers`]), each below a prefix of its own, and
//! serves the clips that they pretend to make:
//!
//! | prefix | who | known for |
//! |---|---|---|
//! | `/zai` | Z.AI | a `request_id` of the client, accepted once; few tasks at once |
//! | `/vtrix` | Vtrix, its Vidu models | an envelope around the parameters; errors in three forms; the cost in the answer |
//! | `/uniall` | `UniAll`, its Vidu Q3 models | a price by the second; two ways to ask for a task; pictures by URL only |
//! | `/echo` | nobody: a protocol of our own | look-up by the client's name, questions about many tasks, cancelling |
//!
//! It shares no table and no type with the code that talks to providers: it checks requests by its own reading of the
//! providers' documents, so that an error on either side shows on the other. Vtrix and `UniAll` publish no prices;
//! theirs are made up here.
//!
//! What it accepts, charges and cancels is on disk before the answer leaves, and a killed server knows it again when
//! it starts on the same directory. Time passes for its tasks whether it runs or not. A provider knows only its own
//! tasks.
//!
//! # The parts
//!
//! `desk` does what all providers do alike: it checks the key, takes a request, enters it into the book (`tasks`) and
//! the `log`, and tells how a task stands. How a provider words all that, and what it lets pass, is its `dialect`:
//! `zai`, `vtrix`, `uniall` and `echo`, which share kinds of parameters (`fields`) and the check and the keeping of
//! pictures (`images`). `provider` says who speaks where. `faults` says what goes wrong, `reply` and `line` carry it out, and
//! `defects` what is wrong in the picture of a clip. `files` serves what `clips` draws. `admin` tells what happened, and `counts` how often.

mod admin;
mod clips;
mod counts;
mod defects;
mod desk;
mod dialect;
mod echo;
mod faults;
mod fields;
mod files;
mod images;
mod line;
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
pub use dialect::{Dialect, Link, Refusal, State, Why};
pub use faults::{Fault, On, Rule, Shape, When};
pub use images::Size;
pub use options::{Caption, Captions, Clips, Clock, Limits, Options};
pub use provider::Provider;
pub use tasks::{Order, Request, Task};

use counts::Counts;
use faults::Faults;
use images::Pictures;
use line::{Door, Peer};
use log::{Line, Log};
use provider::Dialects;
use tasks::Book;

/// Returns the providers that are played unless the options say otherwise.
#[must_use]
pub fn providers() -> Vec<Provider> {
    vec![
        // One line for each provider.
        zai::provider(),
        vtrix::provider(),
        uniall::provider(),
        echo::provider(),
    ]
}

/// What all handlers share.
struct Shared {
    providers: Vec<Provider>,
    dialects: Dialects,
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
    pictures: Pictures,
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
    /// Signatures of links that were refused for want of a key.
    denied: HashSet<String>,
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
    /// Returns the only key that it accepts.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.shared.key
    }

    /// Reads the state directory and starts to listen on 127.0.0.1.
    ///
    /// Fails when a rule is impossible, the directory cannot be used or is in use, its log is damaged other than by a
    /// torn last line, or the given port is taken.
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
        // After a restart the dice go on elsewhere, else they would repeat themselves.
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

    /// The `base_url` of a provider by its name, for instance `zai`: it stands for `https://api.z.ai/api`.
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
            Line::Cancel(task) => book.cancel(&task),
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

/// Answers 421 to a request that names another server: a site may point a name of its own to this computer.
async fn refuse_foreign_host(request: axum::extract::Request, next: Next) -> Response {
    let named = request.headers().get_all(header::HOST).iter().map(|host| host.to_str().unwrap_or_default());
    let mut named = named.chain(request.uri().authority().map(Authority::as_str));
    if named.all(is_this_computer) {
        next.run(request).await
    } else {
        (StatusCode::MISDIRECTED_REQUEST, "the request names another server").into_response()
    }
}

/// Returns whether an authority (`host:port`) is a loopback address or `localhost`.
fn is_this_computer(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else { return false };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
