//! Brings clips into a tree. Those that wait at the same time are written and synced together.

use super::groups::Groups;
use super::part::{self, Arriving, TakenUp};
use super::place::{PlaceFault, Placement, place_all};
use super::received::ReceiveFault;
use super::tree::Tree;
use crate::domain::key::TakeId;
use std::collections::HashSet;
use std::io;
use std::time::Duration;
use tokio::sync::oneshot;

/// The clips on their way into a tree. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Intake {
    tree: Tree,
    arriving: Groups<Arriving>,
    placing: Groups<Placing>,
}

/// A clip that waits for the group in which it gets its name.
struct Placing {
    placement: Placement,
    caller: oneshot::Sender<Result<(), PlaceFault>>,
}

impl Intake {
    /// Returns an intake of a tree, with nothing on its way.
    #[must_use]
    pub fn new(tree: Tree) -> Self {
        Self { tree, arriving: Groups::default(), placing: Groups::default() }
    }

    /// Takes a download up where it was left: a part to go on with, or a clip that had arrived whole.
    pub async fn take_up(&self, take: &TakeId, target: &str) -> Result<TakenUp, ReceiveFault> {
        part::take_up(self.tree.clone(), self.arriving.clone(), take, target).await
    }

    /// Gives a received clip its name, as [`Tree::place`] does, together with all that wait for theirs.
    pub async fn place(&self, placement: Placement) -> Result<(), PlaceFault> {
        let (caller, answer) = oneshot::channel();
        let tree = self.tree.clone();
        self.placing.hand_over(Placing { placement, caller }, move |group| place_group(&tree, group));
        answer.await.unwrap_or_else(|died| Err(PlaceFault::Io(io::Error::other(died))))
    }
}

/// Places a group of clips. Two of the same name get it one after the other.
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
                // One folder that another program holds locked is waited for without keeping the others waiting.
                Err(PlaceFault::Obstructed(error)) if error.kind() == io::ErrorKind::ResourceBusy => {
                    let tree = tree.clone();
                    drop(tokio::task::spawn_blocking(move || caller.send(tree.place(&placement))));
                }
                // A caller that no longer waits needs no answer.
                outcome => drop(caller.send(outcome)),
            }
        }
        group = later;
    }
}
