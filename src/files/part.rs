//! Receives a clip: collects its bytes in memory, hands them to the disk in large pieces, and joins the next group of
//! downloads that are made durable together.

use super::folders::Folders;
use super::groups::Groups;
use super::received::{End, ReceiveFault, Received};
use super::steps::start_writing;
use super::stored::Stored;
use super::tree::Tree;
use crate::domain::key::TakeId;
use crate::wire::{ClipHead, Span};
use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use std::fmt::Display;
use std::io;
use std::pin::pin;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// Bytes that are collected before a thread writes them: hosts send pieces of 8 to 400 KiB.
const PIECE: usize = 256 * 1024;

/// A download to go on with.
#[derive(Debug)]
pub struct Part {
    tree: Tree,
    arriving: Groups<Arriving>,
    stored: Stored,
}

/// What was found of a download.
#[derive(Debug)]
pub enum TakenUp {
    /// Bytes are missing, perhaps all.
    Part(Part),
    /// It had arrived whole before the last run ended: nothing needs to be fetched.
    Whole(Received),
}

/// A download that is over, with the bytes that are still in memory.
pub(super) struct Arriving {
    stored: Stored,
    pieces: Vec<Bytes>,
    end: End,
    caller: oneshot::Sender<Result<Received, ReceiveFault>>,
}

/// Takes a download up where it was left.
///
/// Without notes there is nothing to go on with, and nothing is opened before the first bytes come.
pub(super) async fn take_up(
    tree: Tree,
    arriving: Groups<Arriving>,
    take: &TakeId,
    target: &str,
) -> Result<TakenUp, ReceiveFault> {
    let stored = Stored::new(take, target);
    if !tree.has_notes(take)? {
        return Ok(TakenUp::Part(Part { tree, arriving, stored }));
    }
    blocking(move || {
        Ok(match stored.take_up(&tree)? {
            (_, Some(received)) => TakenUp::Whole(received),
            (stored, None) => TakenUp::Part(Part { tree, arriving, stored }),
        })
    })
    .await
}

impl Part {
    /// What to ask for.
    #[must_use]
    pub fn span(&self) -> Span {
        self.stored.span()
    }

    /// Writes what comes to the disk, until the clip is whole, checked and durable.
    ///
    /// Holds no thread while it waits for the host. Dropping the future is safe: what is durable is kept. To go on
    /// after a fault, take the download up again.
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

/// Ends downloads together: those that are whole are on their way to the disk before the first of them is waited for.
fn end_all(tree: &Tree, group: Vec<Arriving>) {
    let mut folders = Folders::new(tree);
    let mut whole = Vec::new();
    for Arriving { stored, pieces, end, caller } in group {
        match stored.end(&mut folders, &pieces, end) {
            Ok((stored, received)) => whole.push((stored, received, caller)),
            // A caller that no longer waits needs no answer; the same below.
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

/// Runs on the threads that may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ReceiveFault> + Send + 'static,
) -> Result<T, ReceiveFault> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(died) => Err(ReceiveFault::Io(io::Error::other(died))),
    }
}
