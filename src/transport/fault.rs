//! Classifies calls that got no complete answer: either nothing was sent for certain, or the request may have reached
//! the server.

use crate::domain::fault::Said;
use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

/// The failure of a call that got no complete answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendFault {
    /// The class of the failure, which tells whether the request may have been sent.
    pub kind: SendFaultKind,
    /// The message for the user. It contains neither the full URL nor the key.
    pub said: Said,
}

/// The class of a call without a complete answer, which tells whether the request may have been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SendFaultKind {
    /// No byte of the request was sent: looking up the name, connecting, or the tunnel through the proxy failed.
    NotSent,
    /// No byte of the request was sent: this process or this computer could open no more files, which a connection
    /// needs.
    NoFiles,
    /// Nothing was sent, and a retry would not help. TLS or a certificate failed, or the key has forbidden characters.
    Setup,
    /// The request may have been sent, but no complete answer came. A paid request may have been charged.
    Lost,
}

/// The failure of a download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchFault {
    /// The kind of failure.
    pub kind: FetchFaultKind,
    /// The message for the user. It contains only the host of the link.
    pub said: Said,
}

/// The kind of failure of a download.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FetchFaultKind {
    /// The connection failed. The clip may still exist.
    Unreachable,
    /// The connection failed, because this process or this computer could open no more files or sockets.
    NoFiles,
    /// The host answered that it cannot send the file now. The clip may still exist.
    Busy {
        /// The waiting time that the header `Retry-After` asks for; `None` if there is no such header.
        after: Option<Duration>,
    },
    /// The link has expired or is invalid: the host answered 401, 403, 404 or 410.
    Dead,
    /// The link or a redirect is not a valid URL, or leads to an address that is not allowed and was not contacted.
    Unsafe,
    /// No HTTP request can carry the link, for example because it is too long. No connection was made.
    Unusable,
    /// The link was redirected too often.
    Redirects,
    /// The host answered with any other HTTP status, or with an invalid redirect.
    Refused,
    /// The download was interrupted or too slow.
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

/// The error for a host name that resolves to an address from which clips may not be downloaded.
#[derive(Debug, thiserror::Error)]
#[error("{host} is {why}")]
pub(super) struct UnsafeAddress {
    pub(super) host: String,
    pub(super) why: &'static str,
}

/// Classifies a failed call by its error. The returned kind tells whether the request may have been sent.
///
/// hyper reports a connect error only before it passes the request to a connection. Such errors are from the name
/// look-up, TCP, the proxy tunnel and the TLS handshake. Every other error, and also a timeout, can occur after the
/// request was sent.
pub(super) fn kind(error: &reqwest::Error) -> SendFaultKind {
    if !error.is_connect() && !error.is_builder() {
        return SendFaultKind::Lost;
    }
    // rustls reports faults of the server as invalid data. A handshake that is only interrupted is not reported so.
    let tls = sources(error)
        .filter_map(|source| source.downcast_ref::<io::Error>())
        .any(|error| error.kind() == io::ErrorKind::InvalidData);
    if tls || error.is_builder() {
        return SendFaultKind::Setup;
    }
    let is_out = sources(error).filter_map(|source| source.downcast_ref()).any(is_out_of_files);
    // A resolver that cannot open a file only reports that it failed, so this is tested separately.
    if is_out || is_none_left() { SendFaultKind::NoFiles } else { SendFaultKind::NotSent }
}

/// Returns true if an error says that this process or this computer can open no more files.
#[must_use]
pub fn is_out_of_files(error: &io::Error) -> bool {
    let errno = rustix::io::Errno::from_io_error(error);
    matches!(errno, Some(rustix::io::Errno::MFILE | rustix::io::Errno::NFILE))
}

/// Returns true if this process can open no more files at present.
fn is_none_left() -> bool {
    std::fs::File::open("/dev/null").is_err_and(|error| is_out_of_files(&error))
}

/// Returns the message of the innermost error that caused an error, or `it took too long` for a timeout.
pub(super) fn cause(error: &(dyn Error + 'static)) -> String {
    if sources(error)
        .any(|source| source.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout))
    {
        return "it took too long".to_owned();
    }
    sources(error).last().map_or_else(|| error.to_string(), ToString::to_string)
}

/// Returns the refused host and the reason, if a call failed because the host's address is not allowed. Returns `None`
/// for any other error.
pub(super) fn unsafe_address(error: &reqwest::Error) -> Option<&UnsafeAddress> {
    sources(error).find_map(|source| source.downcast_ref())
}

/// Returns an error and all errors that caused it, the outermost first.
fn sources<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<io::Error>() {
        // An io::Error does not report the error that it wraps as its source.
        Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    })
}
