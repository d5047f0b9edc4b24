//! Receives the bytes of one clip: collects them in memory and writes them in large pieces. A complete clip is made
//! durable in one group with the other downloads that end at the same time.

use super::folders::Folders;
use super::groups::Groups;
use super::received::{End, ReceiveFault, Received};
use super::steps::start_writing;
use super::stored::Stored;
use super::tree::Tree;
use crate::wire::{ClipHead, Span};
use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use std::fmt::Display;
use std::io;
use std::pin::pin;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// The number of received bytes that are collected before a thread writes them. Hosts send pieces of 8 to 400 KiB.
const PIECE: usize = 256 * 1024;

/// An unfinished download of a clip, which can be continued.
#[derive(Debug)]
pub struct PartialDownload {
    tree: Tree,
    arriving: Groups<Arriving>,
    stored: Stored,
}

/// The state of a take's download when it is resumed.
#[derive(Debug)]
pub enum Resumed {
    /// The download to continue, because some or all of the clip's bytes are missing.
    Part(PartialDownload),
    /// The clip was already complete when the last run ended: nothing needs to be fetched.
    Whole(Received),
}

/// A download whose last bytes have arrived and are still in memory.
pub(super) struct Arriving {
    stored: Stored,
    pieces: Vec<Bytes>,
    end: End,
    caller: oneshot::Sender<Result<Received, ReceiveFault>>,
}

/// Resumes the download of a take if a notes file in `partial/` describes one; otherwise begins the download.
///
/// A download that begins opens no file before its first bytes arrive.
pub(super) async fn take_up(
    tree: Tree,
    arriving: Groups<Arriving>,
    stored: Stored,
) -> Result<Resumed, ReceiveFault> {
    if !stored.has_notes(&tree)? {
        return Ok(Resumed::Part(PartialDownload { tree, arriving, stored }));
    }
    blocking(move || {
        Ok(match stored.take_up(&tree)? {
            (_, Some(received)) => Resumed::Whole(received),
            (stored, None) => Resumed::Part(PartialDownload { tree, arriving, stored }),
        })
    })
    .await
}

impl PartialDownload {
    /// Returns the range of bytes to request from the host.
    #[must_use]
    pub fn span(&self) -> Span {
        self.stored.span()
    }

    /// Writes arriving bytes to the disk until the clip is complete, checked and durable.
    ///
    /// No thread is blocked while the host sends nothing. Dropping the future is safe: durable bytes are kept. After a
    /// fault, resume the download to continue.
    pub async fn receive<E: Display>(
        self,
        head: &ClipHead,
        bytes: impl Stream<Item = Result<Bytes, E>>,
        stop: &CancellationToken,
    ) -> Result<Received, ReceiveFault> {
        let Self { tree, arriving, mut stored } = self;
        if stored.is_on_disk() {
            let (tree, head) = (tree.clone(), head.clone());
            stored = blocking(move || stored.begin(&tree, &head)).await?;
        } else {
            stored = stored.begin(&tree, head)?;
        }
        let mut bytes = pin!(bytes);
        let (mut pieces, mut waiting) = (Vec::new(), 0);
        let end = loop {
            let next = tokio::select! {
                biased;
                () = stop.cancelled() => break End::Stopped,
                next = bytes.next() => next,
            };
            match next {
                None => break End::Over,
                Some(Err(error)) => break End::Broken(error.to_string()),
                Some(Ok(piece)) => {
                    waiting += piece.len();
                    pieces.push(piece);
                }
            }
            if waiting >= PIECE {
                let (tree, full) = (tree.clone(), std::mem::take(&mut pieces));
                stored = blocking(move || stored.append(&mut Folders::new(&tree), &full)).await?;
                waiting = 0;
            }
        };
        let (caller, answer) = oneshot::channel();
        arriving.hand_over(Arriving { stored, pieces, end, caller }, move |group| end_all(&tree, group));
        answer.await.unwrap_or_else(|died| Err(ReceiveFault::Io(io::Error::other(died))))
    }
}

/// Finishes a group of downloads. First asks the operating system to start writing all complete clips, and then syncs
/// the clips one by one.
fn end_all(tree: &Tree, group: Vec<Arriving>) {
    let mut folders = Folders::new(tree);
    let mut whole = Vec::new();
    for Arriving { stored, pieces, end, caller } in group {
        match stored.end(&mut folders, &pieces, end) {
            Ok((stored, received)) => whole.push((stored, received, caller)),
            // A caller that no longer waits needs no reply; the same applies below.
            Err(fault) => drop(caller.send(Err(fault))),
        }
    }
    if whole.len() > 1 {
        whole.iter().filter_map(|(stored, ..)| stored.file()).for_each(|file| start_writing(file, 0));
    }
    for (stored, received, caller) in whole {
        drop(caller.send(stored.arrive(tree).map(|()| received)));
    }
}

/// Runs the given work on a thread that may block, and waits for its result.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ReceiveFault> + Send + 'static,
) -> Result<T, ReceiveFault> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(died) => Err(ReceiveFault::Io(io::Error::other(died))),
    }
}
