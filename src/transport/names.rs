//! Resolves the names of hosts.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::thread;
use tokio::sync::oneshot;

/// Returns the addresses of a host, without a port.
///
/// The system's resolver may block for a minute. It gets a thread of its own each time, so that no number of slow
/// answers keeps the few threads of the runtime from saving what is paid.
pub(super) async fn addresses(host: String) -> io::Result<Vec<SocketAddr>> {
    let (answer, found) = oneshot::channel();
    thread::Builder::new().name("resolver".to_owned()).spawn(move || {
        // Whoever asked may have given up meanwhile.
        let _ = answer.send((host.as_str(), 0).to_socket_addrs().map(Iterator::collect));
    })?;
    found.await.map_err(io::Error::other)?
}

/// The resolver of the clients that talk to providers.
pub(super) struct Names;

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        Box::pin(async move { Ok(Box::new(addresses(host).await?.into_iter()) as Addrs) })
    }
}
