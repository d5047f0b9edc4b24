//! The report as a page that this program serves on loopback, where people decide about clips.
//!
//! One address serves the page, its data, a stream of changes, and the files of the renderings that are shown; see
//! [`Server`]. Nothing is sent to a provider from here: a redo is queued, and a run sends it.
//!
//! `gate` checks every request before anything is done for it, with the `secrets` of the link. `route` answers it:
//! from `shown`, the jobs as they were last read; `live`, which sees changes; `clips`, which opens files and sends the
//! `range` that is asked for; and `writes`, which records decisions. `door` bounds the connections.

mod clips;
mod door;
mod failed;
mod gate;
mod live;
mod opener;
mod page;
mod range;
mod route;
mod secrets;
mod shown;
mod writes;

use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::project::Project;
use axum::Router;
use door::{Door, Local};
pub use opener::Opener;
use secrets::Secrets;
use shown::Source;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Longest time in which answers that are on their way are finished when a review ends.
const GRACE: Duration = Duration::from_secs(2);

/// The options of a review.
#[derive(Debug, Clone)]
pub struct Options {
    /// Keys, items or patterns of the jobs to show; empty for all.
    pub only: Vec<String>,
    /// True if nothing can be decided.
    pub read_only: bool,
    /// Address to listen on; port 0 is any free one.
    pub listen: SocketAddr,
    /// True if other computers may connect.
    pub allow_remote: bool,
    /// Name of the reviewer, which is kept with each decision.
    pub who: String,
}

impl Options {
    /// Returns the options for all jobs, on any free port of 127.0.0.1, for this reviewer.
    #[must_use]
    pub fn new(who: impl Into<String>) -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self { only: Vec::new(), read_only: false, listen, allow_remote: false, who: who.into() }
    }
}

/// A running review. Dropped, it stops at once; [`Server::stop`] lets answers finish.
pub struct Server {
    shared: Arc<Shared>,
    listen: SocketAddr,
    work: JoinSet<io::Result<()>>,
    stop: DropGuard,
}

/// The state that all requests share.
struct Shared {
    project: Project,
    secrets: Secrets,
    read_only: bool,
    who: String,
    source: Source,
    /// Number of changes of the state that were seen.
    changes: watch::Receiver<u64>,
    /// Places for streams of changes.
    streams: Arc<Semaphore>,
    stop: CancellationToken,
}

impl Server {
    /// Reads the jobs and starts to listen.
    ///
    /// It fails if nothing was ever run, if `only` matches no job, if the address is in use, and if other computers
    /// could connect without a word that they may.
    pub async fn start(project: Project, options: Options) -> Result<Self, Error> {
        let Options { only, read_only, listen, allow_remote, who } = options;
        if !listen.ip().is_loopback() && !allow_remote {
            let what = format!(
                "{listen} is not of this computer alone, and whoever gets the link could decide: add --allow-remote \
                 if that is meant"
            );
            let hint = project.places().typed(&format!("review --listen {listen} --allow-remote"));
            return Err(Error::new(Exit::Usage, what).money("not charged").hint(hint));
        }
        let (sender, changes) = watch::channel(0);
        let source = Source::new(project.clone(), only, changes.clone());
        source.shown().await?;
        let cannot = |error: io::Error| {
            Error::new(Exit::Local, format!("the review cannot listen on {listen}: {error}"))
                .money("not charged")
        };
        let listener = TcpListener::bind(listen).await.map_err(cannot)?;
        let listen = listener.local_addr().map_err(cannot)?;
        let stop = CancellationToken::new();
        let secrets = Secrets::new().map_err(cannot)?;
        let streams = Arc::new(Semaphore::new(live::STREAMS));
        let state = project.places().state.clone();
        let shared =
            Shared { project, secrets, read_only, who, source, changes, streams, stop: stop.clone() };
        let shared = Arc::new(shared);
        let router = Router::new().fallback(route::answer).with_state(Arc::clone(&shared));
        let service = router.into_make_service_with_connect_info::<Local>();
        let stopped = stop.clone();
        let mut work = JoinSet::new();
        work.spawn(async move {
            axum::serve(Door::new(listener), service).with_graceful_shutdown(stopped.cancelled_owned()).await
        });
        let stopped = stop.clone();
        work.spawn(async move {
            tokio::select! {
                () = live::watch_state(&state, &sender) => {}
                () = stopped.cancelled() => {}
            }
            Ok(())
        });
        Ok(Self { shared, listen, work, stop: stop.drop_guard() })
    }

    /// Returns the address that it listens on.
    #[must_use]
    pub const fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// Returns the link to the page, whose reader sees the clips but cannot decide.
    #[must_use]
    pub fn read_link(&self) -> String {
        format!("http://{}/{}/", reached(self.listen), self.shared.secrets.read)
    }

    /// Returns the link to the page, whose reader can decide unless the review is read-only.
    #[must_use]
    pub fn link(&self) -> String {
        let link = self.read_link();
        if self.shared.read_only { link } else { format!("{link}#token={}", self.shared.secrets.write) }
    }

    /// Stops, and returns once no answer is on its way, or after two seconds.
    pub async fn stop(mut self) -> io::Result<()> {
        drop(self.stop);
        let ended = async {
            while let Some(ended) = self.work.join_next().await {
                ended.map_err(io::Error::other)??;
            }
            Ok(())
        };
        // Whatever is still on its way is a clip: a decision is recorded in far less time.
        tokio::time::timeout(GRACE, ended).await.unwrap_or(Ok(()))
    }
}

/// Returns the address under which a browser reaches a server that listens on this one.
fn reached(listen: SocketAddr) -> SocketAddr {
    if !listen.ip().is_unspecified() {
        return listen;
    }
    SocketAddr::new(outward().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), listen.port())
}

/// Returns the address of this computer on the way to others. Nothing is sent.
fn outward() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // An address for documents: the system chooses the network without asking it.
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}
