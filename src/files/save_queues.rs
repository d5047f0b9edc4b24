//! Saves received clips in the output folder. Clips that arrive while others are being saved are then written and
//! synced together.

use super::groups::Groups;
use super::part::{self, Arriving, Resumed};
use super::place::{PlaceFault, Placement, place_all};
use super::received::ReceiveFault;
use super::stored::Stored;
use super::tree::Tree;
use crate::domain::digest::Sha256;
use crate::domain::key::TakeId;
use std::collections::HashSet;
use std::io;
use std::time::Duration;
use tokio::sync::oneshot;

/// The queues of the clips that are to be saved in an output folder. Clones share the same queues.
#[derive(Debug, Clone)]
pub struct SaveQueues {
    tree: Tree,
    arriving: Groups<Arriving>,
    placing: Groups<Placing>,
}

/// A downloaded clip that waits in a queue to be renamed to its final file name.
struct Placing {
    placement: Placement,
    caller: oneshot::Sender<Result<(), PlaceFault>>,
}

impl SaveQueues {
    /// Returns an intake (the queues for saving clips) with no waiting clips, for the output folder of `tree`.
    #[must_use]
    pub fn new(tree: Tree) -> Self {
        Self { tree, arriving: Groups::default(), placing: Groups::default() }
    }

    /// Resumes the download of a take. Returns the unfinished download, or the clip if it is already complete.
    ///
    /// `source` identifies the address from which the clip is downloaded now. Bytes from another address are discarded,
    /// because nothing shows that they belong to the same file.
    pub async fn take_up(
        &self,
        take: &TakeId,
        target: &str,
        source: Sha256,
    ) -> Result<Resumed, ReceiveFault> {
        part::take_up(self.tree.clone(), self.arriving.clone(), Stored::new(take, target, source)).await
    }

    /// Renames a downloaded clip to its final file name, as [`Tree::place`] does. The clips that wait at the
    /// same time are renamed together, and their folders are synced once.
    pub async fn place(&self, placement: Placement) -> Result<(), PlaceFault> {
        let (caller, answer) = oneshot::channel();
        let tree = self.tree.clone();
        self.placing.hand_over(Placing { placement, caller }, move |group| place_group(&tree, group));
        answer.await.unwrap_or_else(|died| Err(PlaceFault::Io(io::Error::other(died))))
    }
}

/// Renames a group of clips to their final names. Clips with the same name are processed one after the other.
fn place_group(tree: &Tree, mut group: Vec<Placing>) {
    while !group.is_empty() {
        let mut targets = HashSet::new();
        let (mut now, later): (Vec<_>, Vec<_>) =
            group.into_iter().partition(|it| targets.insert(it.placement.target.clone()));
        let placements: Vec<&Placement> = now.iter().map(|it| &it.placement).collect();
        let mut outcomes = Vec::new();
        place_all(tree, &placements, Duration::ZERO, |outcome| outcomes.push(outcome));
        for (Placing { placement, caller }, outcome) in now.drain(..).zip(outcomes) {
            match outcome {
                // A folder that another program holds locked must not delay the other clips.
                Err(PlaceFault::Obstructed(error)) if error.kind() == io::ErrorKind::ResourceBusy => {
                    let tree = tree.clone();
                    drop(tokio::task::spawn_blocking(move || caller.send(tree.place(&placement))));
                }
                // A caller that no longer waits needs no reply.
                outcome => drop(caller.send(outcome)),
            }
        }
        group = later;
    }
}
