//! Serves the report as a page on which people decide about clips, by default only for this computer (loopback).
//!
//! One address serves the page, its data, a stream of changes, and the files of the renderings that are shown; see
//! [`Server`]. Nothing is sent to a provider from here: a redo is queued, and a run sends it.
//!
//! - `acceptor` limits the connections, `gate` checks every request, and `secrets` makes the secrets in the link.
//! - `route` passes each request on. `page` returns the page and its data. `clips` returns a file, or the part of a
//!   file that `range` reads from the request.
//! - `writes` records decisions.
//! - `shown` keeps the jobs as they were last read, and `live` notices changes of the database.

mod acceptor;
mod clips;
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
use acceptor::{Acceptor, Local};
use axum::Router;
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

/// Maximum time to finish sending answers when a review ends.
const GRACE: Duration = Duration::from_secs(2);

/// The options of a review.
#[derive(Debug, Clone)]
pub struct Options {
    /// Keys, items or patterns of the jobs to show; empty for all.
    pub only: Vec<String>,
    /// True if the page shows the clips but records no decisions.
    pub read_only: bool,
    /// Address to listen on; port 0 stands for any free port.
    pub listen: SocketAddr,
    /// True if other computers may connect.
    pub allow_remote: bool,
    /// Name of the reviewer, which is kept with each decision.
    pub who: String,
}

impl Options {
    /// Returns the options of a review of all jobs by this reviewer. The server listens on any free port of 127.0.0.1.
    #[must_use]
    pub fn new(who: impl Into<String>) -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self { only: Vec::new(), read_only: false, listen, allow_remote: false, who: who.into() }
    }
}

/// The server of a running review. Dropping it stops it immediately; [`Server::stop`] first finishes the answers that
/// are being sent.
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
    /// Number of changes of the database that were seen so far.
    changes: watch::Receiver<u64>,
    /// Permits for streams of changes, one for each open tab.
    streams: Arc<Semaphore>,
    stop: CancellationToken,
}

impl Server {
    /// Reads the jobs and starts to listen.
    ///
    /// Fails if nothing was ever run, if `only` matches no job, or if the address is in use. It also fails if other
    /// computers could connect but the options do not allow that.
    pub async fn start(project: Project, options: Options) -> Result<Self, Error> {
        let Options { only, read_only, listen, allow_remote, who } = options;
        if !listen.ip().is_loopback() && !allow_remote {
            let what = format!(
                "other computers can reach {listen}, and anyone with the link could record decisions: add --allow-remote \
                 if you want that"
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
            axum::serve(Acceptor::new(listener), service)
                .with_graceful_shutdown(stopped.cancelled_owned())
                .await
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

    /// Returns the address that the server listens on.
    #[must_use]
    pub const fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// Returns the link to the page that shows the clips but allows no decisions.
    #[must_use]
    pub fn read_link(&self) -> String {
        format!("http://{}/{}/", reached(self.listen), self.shared.secrets.read)
    }

    /// Returns the link to the page. The page allows decisions unless the review is read-only.
    #[must_use]
    pub fn link(&self) -> String {
        let link = self.read_link();
        if self.shared.read_only { link } else { format!("{link}#token={}", self.shared.secrets.write) }
    }

    /// Stops the review, and returns when all answers that were being sent are finished, or after two seconds.
    pub async fn stop(mut self) -> io::Result<()> {
        drop(self.stop);
        let ended = async {
            while let Some(ended) = self.work.join_next().await {
                ended.map_err(io::Error::other)??;
            }
            Ok(())
        };
        // An answer that takes longer is a clip: a decision is recorded in far less time.
        tokio::time::timeout(GRACE, ended).await.unwrap_or(Ok(()))
    }
}

/// Returns the address at which a browser reaches a server that listens on this address.
fn reached(listen: SocketAddr) -> SocketAddr {
    if !listen.ip().is_unspecified() {
        return listen;
    }
    SocketAddr::new(outward().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), listen.port())
}

/// Returns the address of this computer in its network, without sending anything; `None` if it has no network.
fn outward() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // The address is reserved for documentation: the system selects the network without contacting it.
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}
