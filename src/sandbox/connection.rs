//! Gives the handler of a request access to the request's connection, so that a simulated fault can cut the connection.

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

/// A way to end a connection before its answer is complete.
#[derive(Clone, Copy)]
pub(super) enum Cut {
    /// An orderly end (FIN) without an answer.
    Close = 1,
    /// A reset (RST). The client loses what it has not read yet.
    Reset = 2,
}

/// The control that the handler of a request has over the request's connection.
pub(super) struct Connection {
    cut: AtomicU8,
    /// True to close the connection after its first answer, without warning the client, like a server whose idle
    /// timeout ends.
    close_idle: bool,
    answered: AtomicBool,
    flushes: watch::Sender<u64>,
}

impl Connection {
    /// Ends the connection in the given way at its next use. No further byte of the answer is sent.
    pub(super) fn cut(&self, cut: Cut) {
        self.cut.store(cut as u8, Ordering::Release);
    }

    /// Records that a complete answer follows. With `close_idle`, the connection is closed once that answer is written.
    pub(super) fn answered(&self) {
        self.answered.store(true, Ordering::Release);
    }

    /// Waits until everything handed to the connection so far has reached the socket.
    pub(super) async fn flushed(&self) {
        // The sender is in `self`, so the only error, a closed channel, cannot occur.
        let _ = self.flushes.subscribe().changed().await;
    }
}

/// A listener that gives each accepted connection its own [`Connection`].
pub(super) struct Acceptor {
    pub(super) listener: TcpListener,
    pub(super) close_idle: bool,
    pub(super) stop: CancellationToken,
    pub(super) counts: Arc<Counts>,
}

impl Listener for Acceptor {
    type Io = Stream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Stream, SocketAddr) {
        let (stream, from) = Listener::accept(&mut self.listener).await;
        Counts::add(&self.counts.connections);
        let connection = Arc::new(Connection {
            cut: AtomicU8::new(0),
            close_idle: self.close_idle,
            answered: AtomicBool::new(false),
            flushes: watch::Sender::new(0),
        });
        (
            Stream {
                tcp: stream,
                connection,
                stop: Box::pin(self.stop.clone().cancelled_owned()),
                ended: false,
            },
            from,
        )
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A TCP stream that ends when its [`Connection`] is cut. All its reads and writes fail once the sandbox stops.
pub(super) struct Stream {
    tcp: TcpStream,
    connection: Arc<Connection>,
    stop: Pin<Box<WaitForCancellationFutureOwned>>,
    ended: bool,
}

impl Stream {
    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if self.stop.as_mut().poll(context).is_ready() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        match self.connection.cut.load(Ordering::Acquire) {
            0 => Ok(()),
            cut if cut == Cut::Reset as u8 => {
                // Closing a socket that does not linger sends RST instead of FIN.
                self.tcp.set_zero_linger()?;
                Err(io::ErrorKind::ConnectionReset.into())
            }
            _ => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(context)?;
        if self.ended {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.tcp).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check(context)?;
        Pin::new(&mut self.tcp).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        let flushed = Pin::new(&mut self.tcp).poll_flush(context);
        if flushed.is_ready() {
            self.connection.flushes.send_modify(|count| *count += 1);
            if self.connection.close_idle && self.connection.answered.load(Ordering::Acquire) && !self.ended {
                self.ended = true;
                // The server reads again and finds the end.
                context.waker().wake_by_ref();
            }
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }
}

/// The [`Connection`] of a request, as the HTTP framework passes it to the request's handler.
#[derive(Clone)]
pub(super) struct Peer(pub(super) Arc<Connection>);

impl Connected<IncomingStream<'_, Acceptor>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Acceptor>) -> Self {
        Self(Arc::clone(&stream.io().connection))
    }
}
