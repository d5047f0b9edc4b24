//! Resolves host names to IP addresses.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::thread;
use tokio::sync::oneshot;

/// Returns the IP addresses of a host, with port 0.
///
/// The system's resolver may block for a minute. Each call gets its own new thread, so that slow answers never block
/// the runtime's few threads, which also save paid results.
pub(super) async fn addresses(host: String) -> io::Result<Vec<SocketAddr>> {
    let (answer, found) = oneshot::channel();
    thread::Builder::new().name("resolver".to_owned()).spawn(move || {
        // The receiver may be gone if the caller has stopped waiting.
        let _ = answer.send((host.as_str(), 0).to_socket_addrs().map(Iterator::collect));
    })?;
    found.await.map_err(io::Error::other)?
}

/// The name resolver of the HTTP clients that call providers.
pub(super) struct Names;

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        Box::pin(async move { Ok(Box::new(addresses(host).await?.into_iter()) as Addrs) })
    }
}
