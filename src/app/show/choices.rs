//! Chooses the actions that a person can take for a job, and the command for each.

use super::standing::Settled;
use super::{TASK_ID, cost, has_clip};
use crate::app::places::{Places, quoted};
use crate::app::prices::Prices;
use crate::domain::clip_damage::ClipDamage;
use crate::domain::fault::Refusal;
use crate::domain::lifecycle::{Charged, HeldReason, State};
use crate::domain::price::{amount, counts_as_spent};
use crate::store::{History, TakeHistory};

/// An action that a person can choose for a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Words to show before the command: what the command is for, or when to type it, and what it costs.
    pub when: String,
    /// Command to type; the user must replace words in capitals.
    pub command: String,
}

/// The facts by which the actions for a job are chosen.
pub(super) struct Facts<'a> {
    pub(super) history: &'a History,
    pub(super) places: &'a Places,
    pub(super) prices: &'a Prices,
    /// The problem with the job's clip: missing or altered; `None` if there is none.
    pub(super) loss: Option<ClipDamage>,
    /// The way in which a failure of the job was settled; `None` if it was not.
    pub(super) settled: Option<Settled>,
}

impl Facts<'_> {
    /// Returns the available actions for the job; the first one suits most people.
    pub(super) fn choices(&self) -> Vec<Choice> {
        if let Some(settled) = self.settled {
            return self.of_settled(settled);
        }
        let Some(decisive) = self.history.decisive() else {
            return match self.history.filed {
                Some(_) => self.of_finished(),
                None => vec![self.choice("render it", "run --only {}")],
            };
        };
        self.of_decisive(decisive)
    }

    fn choice(&self, when: &str, words: &str) -> Choice {
        let key = quoted(&self.history.key.to_string());
        Choice { when: when.to_owned(), command: self.places.typed(&words.replace("{}", &key)) }
    }

    fn nothing(&self, why: &str) -> Choice {
        self.choice(&format!("nothing to do{why}; see the state of all jobs"), "status")
    }

    /// Returns the actions for a job whose failure or missing clip a person has accepted.
    fn of_settled(&self, settled: Settled) -> Vec<Choice> {
        match settled {
            Settled::KeepsClip => {
                let mut choices = self.of_finished();
                if let Some(decisive) = self.history.decisive() {
                    let price = amount([self.prices.of(&decisive.take)]);
                    let when = format!("render it again (a new charge of {price})");
                    choices.push(self.choice(&when, "redo {}"));
                }
                choices
            }
            Settled::Dismissed => vec![
                self.unless_changed(": you dismissed this job"),
                self.choice("take the dismissal back (free)", "dismiss {} --undo"),
            ],
        }
    }

    /// Returns the actions for a job that has its clip. A run may still render it: its input may have changed, or a
    /// person may have queued a redo.
    fn of_finished(&self) -> Vec<Choice> {
        let why = match self.settled {
            Some(Settled::KeepsClip) => ": the job keeps its earlier clip",
            _ => "",
        };
        if self.history.wanted { vec![self.unless_changed(why)] } else { vec![self.nothing(why)] }
    }

    fn unless_changed(&self, why: &str) -> Choice {
        let when = format!("nothing to do{why}; see whether a run would render it as it is now");
        self.choice(&when, "plan --only {}")
    }

    fn of_decisive(&self, decisive: &TakeHistory) -> Vec<Choice> {
        let (history, loss) = (self.history, self.loss);
        let take = &decisive.take;
        let price = amount([self.prices.of(take)]);
        match &take.state {
            State::Held { reason, task, .. } => {
                let first = if task.is_none() {
                    self.choice(
                        "if you find its task in the provider's console (free)",
                        &format!("resolve {{}}{TASK_ID}"),
                    )
                } else if *reason == HeldReason::NameConflict {
                    self.choice(
                        "move the other file away, then get the paid clip (free)",
                        "resolve {} --again",
                    )
                } else {
                    self.choice("ask the provider for the result again (free)", "resolve {} --again")
                };
                let mut choices = vec![first];
                if *reason == HeldReason::TaskLost {
                    choices.push(self.choice(
                        "if a person mistyped its task id (free)",
                        &format!("resolve {{}}{TASK_ID}"),
                    ));
                }
                if history.wanted {
                    let when = format!("resubmit it (a new charge of {price})");
                    choices.push(self.choice(&when, "resolve {} --resubmit"));
                }
                let spent = counts_as_spent(cost(decisive).1);
                choices.push(self.choice(&format!("write it off ({spent})"), "resolve {} --write-off"));
                choices
            }
            State::Failed { refusal, charged, .. } => self.of_failed(*refusal, *charged, &price),
            State::Done { .. } if history.wanted && loss == Some(ClipDamage::Missing) => vec![
                self.choice("restore its clip from a copy or the provider (free)", "verify --repair"),
                self.choice(&format!("render it again (a new charge of {price})"), "redo {}"),
            ],
            State::Done { .. } if history.wanted && loss == Some(ClipDamage::Altered) => {
                vec![self.choice(
                    "set the altered clip aside and restore the paid one (free)",
                    "verify --repair --replace-altered",
                )]
            }
            State::Done { .. } if history.wanted => self.of_finished(),
            State::Pending { .. } if history.wanted => vec![self.choice("send it", "run --only {}")],
            State::Running { .. } | State::Downloading { .. } | State::Placing { .. } => {
                vec![self.choice("download the paid clip (free)", "collect")]
            }
            State::Submitting { .. } | State::Doubtful { .. } => {
                vec![self.choice("find out whether the provider received the request (free)", "collect")]
            }
            // The clip of such a job was rejected; otherwise the failed redo counts as settled.
            State::WrittenOff { .. } if history.wanted && has_clip(history) => vec![
                self.choice(&format!("render it again (a new charge of {price})"), "redo {}"),
                self.choice("keep the clip that is there (free)", "dismiss {}"),
            ],
            State::WrittenOff { .. } if history.wanted => vec![
                self.choice("accept that it has no clip (free)", "dismiss {}"),
                self.choice(
                    &format!("send it again (a new charge of {price})"),
                    "retry --only {} --written-off",
                ),
            ],
            _ => vec![self.choice("see what the manifest asks for now", "plan --only {}")],
        }
    }

    fn of_failed(&self, refusal: Refusal, charged: Charged, price: &str) -> Vec<Choice> {
        let paid = if charged == Charged::No { "" } else { " --charged" };
        let cost = match charged {
            Charged::No => price.to_owned(),
            Charged::Yes => format!("a second charge of {price}"),
            Charged::Unknown => format!("{price}, perhaps a second charge"),
        };
        let again = format!("retry --only {{}} --include-permanent{paid}");
        let mut choices = if refusal == Refusal::Model {
            vec![
                self.choice(
                    &format!("have the model enabled for your account, then send the job again ({cost})"),
                    &again,
                ),
                self.choice(
                    &format!("choose another model in the manifest, then send the job ({cost})"),
                    "run --only {}",
                ),
            ]
        } else if refusal.permanent() {
            vec![
                self.choice(
                    &format!("change its prompt or picture, then send the changed job ({cost})"),
                    "run --only {}",
                ),
                self.choice(&format!("send the same request again ({cost})"), &again),
            ]
        } else {
            vec![self.choice(&format!("try again ({cost})"), &format!("retry --only {{}}{paid}"))]
        };
        if self.history.wanted && has_clip(self.history) {
            choices.push(self.choice("keep the clip that is there (free)", "dismiss {}"));
        }
        choices
    }
}
