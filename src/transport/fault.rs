//! What is known of a call that brought no answer: proof that nothing left, or doubt.

use crate::domain::fault::Said;
use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

/// A call that brought no whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendFault {
    /// What is known.
    pub kind: SendFaultKind,
    /// For people; holds neither an address nor a key.
    pub said: Said,
}

/// What is known of a call without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SendFaultKind {
    /// Proof that no byte of the request left: no name, no connection, no tunnel through the proxy.
    NotSent,
    /// Proof as well: this process, or this computer, had no file left for a connection.
    NoFiles,
    /// Nothing was sent, and sending again would not help: TLS, a certificate, a key that no header can carry.
    Setup,
    /// The request, or a part of it, left, and no whole answer came.
    Lost,
}

/// A download that brought no clip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchFault {
    /// What is known.
    pub kind: FetchFaultKind,
    /// For people; holds no address beyond the host.
    pub said: Said,
}

/// What is known of a download that brought no clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FetchFaultKind {
    /// No connection: says nothing about the clip.
    Unreachable,
    /// This process, or this computer, had no file left for a connection.
    NoFiles,
    /// The host cannot answer for now, which says nothing about the clip either.
    Busy {
        /// The pause that `Retry-After` asks for.
        after: Option<Duration>,
    },
    /// The link is dead: 403, 404 or 410.
    Dead,
    /// The link leads where no clip can be; nothing was connected there.
    Unsafe,
    /// More redirects than anyone needs.
    Redirects,
    /// Any other status that is no clip.
    Refused,
    /// It broke off, or was too slow.
    Broken,
}

impl FetchFault {
    pub(super) fn new(kind: FetchFaultKind, text: impl AsRef<str>) -> Self {
        Self { kind, said: Said::text(text) }
    }
}

impl fmt::Display for SendFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.said.fmt(f)
    }
}

impl fmt::Display for FetchFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.said.fmt(f)
    }
}

impl Error for SendFault {}
impl Error for FetchFault {}

/// A host has an address that no clip can come from.
#[derive(Debug, thiserror::Error)]
#[error("{host} is {why}")]
pub(super) struct UnsafeAddress {
    pub(super) host: String,
    pub(super) why: &'static str,
}

/// What an error proves.
///
/// hyper reports an error as one of connecting only before it has handed the request to a connection: name, TCP,
/// proxy tunnel and TLS handshake. Everything else, also a timeout, can strike when the request is on its way.
pub(super) fn kind(error: &reqwest::Error) -> SendFaultKind {
    if !error.is_connect() && !error.is_builder() {
        return SendFaultKind::Lost;
    }
    // rustls wraps what it finds wrong with the far side as invalid data; a handshake that merely breaks off is not.
    let tls = sources(error)
        .filter_map(|source| source.downcast_ref::<io::Error>())
        .any(|error| error.kind() == io::ErrorKind::InvalidData);
    if tls || error.is_builder() {
        return SendFaultKind::Setup;
    }
    let is_out = sources(error).filter_map(|source| source.downcast_ref()).any(is_out_of_files);
    // Whoever resolves a name without a file to do it with says no more than that it failed.
    if is_out || is_none_left() { SendFaultKind::NoFiles } else { SendFaultKind::NotSent }
}

/// Returns whether an error says that no further file can be opened.
#[must_use]
pub fn is_out_of_files(error: &io::Error) -> bool {
    let errno = rustix::io::Errno::from_io_error(error);
    matches!(errno, Some(rustix::io::Errno::MFILE | rustix::io::Errno::NFILE))
}

/// Returns whether no further file can be opened just now.
fn is_none_left() -> bool {
    std::fs::File::open("/dev/null").is_err_and(|error| is_out_of_files(&error))
}

/// The innermost reason, in the words of whoever found it.
pub(super) fn cause(error: &(dyn Error + 'static)) -> String {
    if sources(error)
        .any(|source| source.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout))
    {
        return "it took too long".to_owned();
    }
    sources(error).last().map_or_else(|| error.to_string(), ToString::to_string)
}

/// The address that was refused, if that is what stopped the call.
pub(super) fn unsafe_address(error: &reqwest::Error) -> Option<&UnsafeAddress> {
    sources(error).find_map(|source| source.downcast_ref())
}

/// The error and everything beneath it.
fn sources<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<io::Error>() {
        // An io::Error that wraps another does not count it among its sources.
        Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    })
}
