//! Works on one take (a paid rendering of a job) from its present state until the take must wait for something outside
//! this run.
//!
//! This file has the loop and the paid request. The module `answer` handles the answers to that request, and the free
//! calls are in `ask` and `collect`.
//!
//! The loop finds the next action, waits until it is due, acts, saves and reports. A stop ends any wait, but never a
//! request that may cost money: the run always awaits its answer.

mod answer;
mod ask;
mod collect;
mod cost;
mod left;
mod times;

pub(super) use left::Left;

use times::Heard;

use super::blocking::blocking;
use super::doubt::DoubtShare;
use super::handles::SUBMISSION;
use super::lane::{Account, Closed, Lane, Slot, Ticket, Times};
use super::owed::OwedClip;
use super::world::{Failure, World};
use crate::domain::breaker::TaskEnd;
use crate::domain::digest::Sha256;
use crate::domain::fault::{Fault, FaultKind, Said, Stop};
use crate::domain::lifecycle::{Event, HeldReason, Intent, MoneyState, NextAction, State};
use crate::domain::money::Usd;
use crate::domain::notice::Notice;
use crate::domain::policy::Tick;
use crate::domain::take::Take;
use crate::files::{self, PictureChanged};
use crate::store::{self, ApplyError, ClaimError, Details};
use crate::transport::{Paid, SendFaultKind};
use crate::wire::{Body, PaidCall};
use bytes::Bytes;
use futures::FutureExt as _;
use jiff::Timestamp;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The values that are needed to work on one take (a paid rendering of a job).
pub(super) struct Drive {
    pub(super) world: Arc<World>,
    pub(super) account: Arc<Account>,
    /// The lane (queue and pace) of the take's model.
    pub(super) lane: Arc<Lane>,
    /// The rendering times learned for clips of the take's model, length and size.
    pub(super) times: Arc<Times>,
    /// The transport for paid requests; `None` in a run that only collects, and for a take that this run may not
    /// submit.
    pub(super) paid: Option<Arc<dyn Paid>>,
    /// True if the take was not submitted yet when the work on it began. The work on such a take ends before the
    /// download, so that another submission can begin.
    pub(super) is_new: bool,
    /// True if the take's job already has another take's clip, which this take's clip will replace.
    pub(super) replaces: bool,
}

impl Drive {
    /// Works on the take until this run can do no more for the take, and returns the reason.
    pub(super) async fn drive(self, mut take: Take) -> Result<Left, Failure> {
        // Held from the submission until the provider is finished, not during the download.
        let running = matches!(take.state, State::Running { .. });
        let mut slot: Option<Slot> = running.then(|| self.lane.occupy()).flatten();
        let mut heard = Heard::default();
        let mut owed_clip = OwedClip::new(&self.world.owed, &self.account);
        // At the start a take in doubt is looked up immediately, whatever its schedule is.
        let mut at_once = matches!(take.state, State::Doubtful { .. });
        let mut is_fresh = false;
        let mut others = Vec::new();
        loop {
            owed_clip.follow(&take.state, self.lane.link_life);
            if let State::Downloading { clip, .. } = &take.state {
                others.clone_from(&clip.others);
            }
            let (todo, _) = take.state.todo();
            let due = take.state.due(self.world.clock.tick(), &self.lane.policy);
            let stop = match todo {
                NextAction::Submit => self.world.stop.submissions(),
                _ => self.world.stop.waiting(),
            };
            if !matches!(take.state, State::Running { .. }) {
                drop(slot.take());
            }
            let next = match todo {
                NextAction::Nothing | NextAction::Decide | NextAction::Reconcile => {
                    return Ok(if matches!(take.state, State::Done { .. }) {
                        Left::Done
                    } else {
                        Left::Settled
                    });
                }
                NextAction::Rest => return Ok(Left::Resting),
                NextAction::Place => self.place(&take, &others).await?,
                NextAction::Submit => {
                    let Some(paid) = &self.paid else { return Ok(Left::Settled) };
                    if self.is_late(&take) {
                        return Ok(Left::Late);
                    }
                    let admitted = tokio::select! {
                        biased;
                        () = self.account.paused() => return Ok(Left::Paused),
                        admitted = self.admission(&take, due, stop, &mut owed_clip) => admitted,
                    };
                    let Some(Admitted { slot: own, ticket, room }) = admitted else {
                        return Ok(if stop.is_cancelled() { Left::Stopping } else { Left::Closed });
                    };
                    // The take may have waited for long.
                    if self.is_late(&take) {
                        return Ok(Left::Late);
                    }
                    slot = Some(own);
                    let submitted = self.submit(&**paid, &take, ticket, room).await?;
                    heard.submitted(&submitted);
                    submitted
                }
                NextAction::LookUp => {
                    if !std::mem::take(&mut at_once) && !self.world.clock.until(due, stop).await {
                        return Ok(Left::Stopping);
                    }
                    let looked = self.look_up(&take).await?;
                    if let Ok(Take { state: State::Running { .. } | State::Pending { .. }, .. }) = &looked {
                        self.world.doubt_limit.settle(&take.id);
                    }
                    if matches!(&looked, Ok(Take { state: State::Running { .. }, .. })) {
                        slot = self.lane.occupy();
                    }
                    looked
                }
                NextAction::Poll => self.poll_in_time(&take, due, stop, &mut heard).await?,
                NextAction::Download => {
                    if !self.world.clock.until(due, stop).await {
                        return Ok(Left::Stopping);
                    }
                    let downloaded = self.download(&take, &mut is_fresh).await?;
                    heard.rendered_before(&downloaded);
                    downloaded
                }
            };
            match next {
                Ok(moved) if self.is_new && matches!(moved.state, State::Downloading { .. }) => {
                    return Ok(Left::Rendered { take: Box::new(moved), replaces: self.replaces });
                }
                Ok(moved) => {
                    // The answer named the task of another job, so it is unknown whether this request was charged.
                    if moved.state.account() == MoneyState::InDoubt
                        && matches!(moved.state, State::Held { .. })
                        && take.state.account() != MoneyState::InDoubt
                    {
                        self.world.doubt_limit.doubt(&moved);
                    }
                    take = moved;
                }
                Err(Left::Changed) => return self.changed(&take).await,
                Err(left) => return Ok(left),
            }
        }
    }

    /// Waits until the take may be submitted. Returns `None` if the run stopped first, or if nothing more may be
    /// submitted to the provider.
    ///
    /// The take must be due, its model must have a free slot (place for a concurrent task), and the money in doubt must
    /// be within its limit. The clip must be likely to be downloaded before its link expires.
    async fn admission(
        &self,
        take: &Take,
        due: Timestamp,
        stop: &CancellationToken,
        owed_clip: &mut OwedClip,
    ) -> Option<Admitted<'_>> {
        if !self.world.clock.until(due, stop).await || !self.is_let_in().await {
            return None;
        }
        let ask = || self.is_reachable().boxed();
        let life = self.lane.link_life;
        loop {
            let turn = self.lane.turn.lock().await;
            if !self.world.incur(owed_clip, life, stop).await {
                return None;
            }
            drop(turn);
            let (slot, ticket) = self.account.admission(&self.lane, &self.world.clock, stop, &ask).await?;
            let room = self.world.room(take.price, stop).await?;
            // The disk may have filled, or downloads slowed down, during the wait for a place.
            if ticket.holds() && owed_clip.incur(life, self.world.clock.now()).is_ok() {
                return Some(Admitted { slot, ticket, room });
            }
        }
    }

    /// Reports the new state of a take that another process has changed during this run.
    async fn changed(&self, seen: &Take) -> Result<Left, Failure> {
        let now = self.world.store.take_by_id(&seen.id).await.map_err(Failure::store)?;
        if let Some(now) = now.filter(|now| now.state != seen.state) {
            self.world.reported(seen, &now, None);
        }
        Ok(Left::Changed)
    }

    /// Saves the effect of an event on the take, then reports the take's new state.
    async fn record(&self, take: &Take, event: Event, said: Option<Said>, settled: Option<Usd>) -> Next {
        self.record_at(self.world.clock.tick(), take, event, said, settled).await
    }

    /// Counts how a paid task ended, before the task's slot (its place among the model's concurrent tasks) is free for
    /// another task. If too many tasks ended badly, ends the submissions to the provider for this run and reports the
    /// reason.
    fn count_lost(&self, event: &Event, moved: &Take, said: Option<&Said>) {
        let ending = self.paid.as_ref().and_then(|_| TaskEnd::of(event, &moved.state, said));
        if let Some(Closed { who, why, said }) = ending.and_then(|ending| self.account.ended(&ending)) {
            self.world.tell(&Notice::Stopped { who, why, said });
        }
    }

    async fn record_at(
        &self,
        at: Tick,
        take: &Take,
        event: Event,
        said: Option<Said>,
        settled: Option<Usd>,
    ) -> Next {
        let details = Details { said: said.clone(), settled, note: None };
        let named = match &event {
            Event::Accepted(id) | Event::Found(id) => Some(id.clone()),
            _ => None,
        };
        match self.world.store.apply(take, event.clone(), details, at, &self.policy()).await {
            Ok(moved) => {
                self.count_lost(&event, &moved, said.as_ref());
                // The store has saved it as a conflict: the task is another take's.
                let conflict = matches!(moved.state, State::Held { reason: HeldReason::IdConflict, .. });
                let words = named.filter(|_| conflict).map(|id| store::owned_elsewhere(&id));
                self.world.reported(take, &moved, said.or(words));
                Ok(Ok(moved))
            }
            Err(ApplyError::Changed) => Ok(Err(Left::Changed)),
            Err(ApplyError::Illegal(illegal)) => Err(Failure::Illegal(illegal)),
            Err(error) => Err(Failure::store(error)),
        }
    }

    /// Prepares the paid request: builds its body, and saves the intent to send it. The inner error is the reason why
    /// nothing is sent.
    async fn claim(&self, take: &Take) -> Result<Result<Claimed, Left>, Failure> {
        let request_id = super::ids::request();
        let Some(card) = &self.lane.card else { return Ok(Err(Left::Closed)) };
        let call = self.account.provider.submit(card, &take.request, &request_id);
        let body = call.0.body.as_ref();
        let sha256 = body.map_or_else(|| Sha256::of(b""), Body::sha256);
        // The pictures are read before anything is recorded: a picture that changed since the plan is not sent.
        let bytes = match body {
            Some(body) => match self.assemble(body.clone()).await? {
                Ok(bytes) => bytes,
                Err(changed) => {
                    self.world.tell(&Notice::Warning(format!(
                        "{} was not sent (input_changed, not charged): {changed}",
                        take.key
                    )));
                    return Ok(Err(Left::InputChanged));
                }
            },
            None => Bytes::new(),
        };
        let now = self.world.clock.now();
        let intent = Intent { attempt: take.attempts + 1, request_id, at: now };
        self.world.reach("submit.before_intent");
        match self.world.store.claim(take, intent, sha256, self.world.run, now).await {
            Ok(take) => Ok(Ok(Claimed { take, call, bytes })),
            Err(ClaimError::OverCap(over)) => {
                self.world.warn_once(over.to_string());
                self.world.stop.no_more_submissions(super::stop::StopReason::Budget(over.which));
                Ok(Err(Left::Stopping))
            }
            Err(ClaimError::Paused) => Ok(Err(Left::Paused)),
            // Not due: the clock was set back while the take waited for its slot.
            Err(ClaimError::Changed | ClaimError::NotDue(_)) => Ok(Err(Left::Changed)),
            Err(error) => Err(Failure::store(error)),
        }
    }

    /// Makes one paid request: saves the intent, sends one POST, and saves the outcome. A stop never interrupts this.
    async fn submit(
        &self,
        paid: &dyn Paid,
        take: &Take,
        mut ticket: Ticket<'_>,
        room: DoubtShare<'_>,
    ) -> Next {
        let _open = self.world.handles.take(SUBMISSION).await;
        let Claimed { take: claimed, call, bytes } = match self.claim(take).await? {
            Ok(claimed) => claimed,
            Err(left) => return Ok(Err(left)),
        };
        self.world.reach("submit.after_intent");
        self.world.reported(take, &claimed, None);
        let on_wire = self.world.on_wire(take.price);
        ticket.leaves();
        let mut attempts = 0;
        let sent = loop {
            let sent = paid.submit(&self.account.endpoint, &call, bytes.clone()).await;
            // The proof that nothing left allows the same attempt again.
            let is_out = sent.as_ref().is_err_and(|fault| fault.kind == SendFaultKind::NoFiles);
            if !self.world.calls_again(is_out, &mut attempts).await {
                break sent;
            }
        };
        self.world.reach("submit.after_response");
        let outcome = match sent {
            Ok(reply) => {
                self.world.note_date(&reply);
                self.account.provider.submitted(&reply)
            }
            Err(fault) => Err(match fault.kind {
                SendFaultKind::NotSent | SendFaultKind::NoFiles => Fault::new(FaultKind::NotSent, fault.said),
                SendFaultKind::Setup => Fault::new(FaultKind::Stop(Stop::Setup), fault.said),
                SendFaultKind::Lost => Fault::new(FaultKind::Unknown, fault.said),
            }),
        };
        let next = match outcome {
            Ok(id) => {
                let slower = self.account.accepted(&self.lane, &claimed.request.model.model, ticket);
                let next = self.accepted(&claimed, id).await?;
                if let Some(notice) = slower {
                    self.world.tell(&notice);
                }
                next
            }
            Err(fault) => self.refused(&claimed, fault, ticket, room).await?,
        };
        drop(on_wire);
        self.world.reach("submit.after_commit");
        Ok(next)
    }

    /// Reads the pictures into the body. The outer error is a failed worker thread, the inner one a picture that
    /// changed since the plan.
    async fn assemble(&self, body: Body) -> Result<Result<Bytes, PictureChanged>, Failure> {
        let root = self.world.pictures.clone();
        if !body.has_files() {
            return Ok(files::assemble(&root, &body));
        }
        blocking(move || files::assemble(&root, &body)).await
    }
}

/// The permissions of one submission, held until its answer.
struct Admitted<'a> {
    slot: Slot,
    ticket: Ticket<'a>,
    room: DoubtShare<'a>,
}

/// A take whose intent to submit is saved, with the request to send.
struct Claimed {
    take: Take,
    call: PaidCall,
    bytes: Bytes,
}

/// The result of one action on a take: its new state, or the reason why this run leaves it. A [`Failure`] ends the run.
type Next = Result<Result<Take, Left>, Failure>;
