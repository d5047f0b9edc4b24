//! The connection a request came in on, kept within reach of its handler, so that a fault can cut it.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::counts::Counts;

/// How a connection ends before its answer is written.
#[derive(Clone, Copy)]
pub(super) enum Cut {
    /// An orderly end (FIN) without an answer.
    Close = 1,
    /// A reset (RST): what the client has not read yet is lost to it.
    Reset = 2,
}

/// What a handler can do to the connection of its request.
pub(super) struct Line {
    cut: AtomicU8,
    /// Close after each answer without announcing it, as a server does whose idle time has just run out.
    close_idle: bool,
    answered: AtomicBool,
    flushes: watch::Sender<u64>,
}

impl Line {
    /// The next write fails and the connection ends in the given way; nothing of the answer leaves.
    pub(super) fn cut(&self, cut: Cut) {
        self.cut.store(cut as u8, Ordering::Release);
    }

    /// Says that a complete answer follows; with `close_idle` the connection ends once it is written.
    pub(super) fn answered(&self) {
        self.answered.store(true, Ordering::Release);
    }

    /// Waits until everything handed to the connection so far has reached the socket.
    pub(super) async fn flushed(&self) {
        // The sender lives in `self`, so the only error, a closed channel, cannot come up.
        let _ = self.flushes.subscribe().changed().await;
    }
}

/// Accepts connections, each with a [`Line`] of its own.
pub(super) struct Door {
    pub(super) listener: TcpListener,
    pub(super) close_idle: bool,
    pub(super) stop: CancellationToken,
    pub(super) counts: Arc<Counts>,
}

impl Listener for Door {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        let (stream, from) = Listener::accept(&mut self.listener).await;
        Counts::add(&self.counts.connections);
        let line = Arc::new(Line {
            cut: AtomicU8::new(0),
            close_idle: self.close_idle,
            answered: AtomicBool::new(false),
            flushes: watch::Sender::new(0),
        });
        (Wire { stream, line, stop: Box::pin(self.stop.clone().cancelled_owned()), ended: false }, from)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A TCP stream that obeys its [`Line`], and that fails once the sandbox stops.
pub(super) struct Wire {
    stream: TcpStream,
    line: Arc<Line>,
    stop: Pin<Box<WaitForCancellationFutureOwned>>,
    ended: bool,
}

impl Wire {
    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if self.stop.as_mut().poll(context).is_ready() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        match self.line.cut.load(Ordering::Acquire) {
            0 => Ok(()),
            cut if cut == Cut::Reset as u8 => {
                // Closing a socket that does not linger sends RST in place of FIN.
                self.stream.set_zero_linger()?;
                Err(io::ErrorKind::ConnectionReset.into())
            }
            _ => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(context)?;
        if self.ended {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if flushed.is_ready() {
            self.line.flushes.send_modify(|count| *count += 1);
            if self.line.close_idle && self.line.answered.load(Ordering::Acquire) && !self.ended {
                self.ended = true;
                // The server reads again and finds the end.
                context.waker().wake_by_ref();
            }
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// The connection, as handlers receive it.
#[derive(Clone)]
pub(super) struct Peer(pub(super) Arc<Line>);

impl Connected<IncomingStream<'_, Door>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        Self(Arc::clone(&stream.io().line))
    }
}
