//! Handles answers to paid requests: saves an accepted task before anything else, and adjusts the provider's limits
//! after a refusal.

use super::{Drive, Left, Next};
use crate::domain::fault::{Fault, FaultKind, Stop};
use crate::domain::key::TaskId;
use crate::domain::lifecycle::{Event, SentBack, State};
use crate::domain::take::Take;
use crate::engine::doubt::DoubtShare;
use crate::engine::lane::Ticket;
use crate::engine::world::Failure;
use std::sync::atomic::Ordering;

impl Drive {
    /// Saves an accepted task, and records that the provider's address accepts submissions.
    pub(super) async fn accepted(&self, claimed: &Take, id: TaskId) -> Next {
        let is_first = !self.account.proven.swap(true, Ordering::Relaxed);
        let next = match self.own(claimed, Event::Accepted(id.clone())).await? {
            Err(Left::Changed) => self.accepted_late(claimed, id).await?,
            owned => owned,
        };
        if is_first {
            let (provider, address) = (self.account.provider.name(), &self.account.endpoint.base_url);
            self.world.store.accepts_at(provider, address.as_str()).await.map_err(Failure::store)?;
        }
        Ok(next)
    }

    /// Saves the task of an accepted submission. If that fails, the message of the error names the job and its price:
    /// it may be the only record of a paid task.
    pub(super) async fn own(&self, take: &Take, event: Event) -> Next {
        self.record(take, event, None, None).await.map_err(|failure| match failure {
            Failure::Store(error) => Failure::unsaved(take, &error),
            other => other,
        })
    }

    /// Saves a task that the provider accepted after another process had recorded that its submission got no answer.
    async fn accepted_late(&self, claimed: &Take, id: TaskId) -> Next {
        let now = self
            .world
            .store
            .take_by_id(&claimed.id)
            .await
            .map_err(|error| Failure::unsaved(claimed, &error))?;
        let settled_otherwise = || {
            Failure::unsaved(
                claimed,
                &format!(
                    "task {id} was accepted (it may be charged), but the job already has another outcome"
                ),
            )
        };
        let Some(take) = now else { return Err(settled_otherwise()) };
        if take.state.task().is_some_and(|task| task.id == id) {
            // Another process looked the task up and found it meanwhile.
            return Ok(Err(Left::Changed));
        }
        let event = match take.state {
            State::Doubtful { .. } => Event::Found(id.clone()),
            _ => Event::AcceptedLate(id.clone()),
        };
        match self.own(&take, event).await {
            Ok(Err(Left::Changed)) | Err(Failure::Illegal(_)) => Err(settled_otherwise()),
            saved => saved,
        }
    }

    /// Saves the outcome of a submission that was refused or got no answer, and adjusts the provider's limits to it.
    pub(super) async fn refused(
        &self,
        claimed: &Take,
        mut fault: Fault,
        ticket: Ticket<'_>,
        room: DoubtShare<'_>,
    ) -> Next {
        let at = self.world.clock.tick();
        let model = &claimed.request.model;
        if fault.kind == FaultKind::NoRoute {
            let proven = self.account.proven.load(Ordering::Relaxed);
            fault.kind = if proven { FaultKind::Unknown } else { FaultKind::Stop(Stop::Setup) };
        }
        if matches!(fault.kind, FaultKind::Gone | FaultKind::Unknown) {
            room.doubt(claimed.id.clone());
        }
        let learned = self.account.learn(&self.lane, &model.model, &fault, at, ticket);
        if fault.kind == FaultKind::Barred {
            self.world
                .warn_once(format!("{model}: {}; not charged, and not sent again in this run", fault.said));
        }
        let event = match fault.kind {
            FaultKind::NotSent => Event::SentBack(SentBack::NotSent),
            FaultKind::Throttled { after } => Event::SentBack(SentBack::Throttled { after }),
            FaultKind::Busy { after } => Event::SentBack(SentBack::Busy { after }),
            FaultKind::Stop(_) | FaultKind::Barred => Event::SentBack(SentBack::Stopped),
            FaultKind::Rejected(refusal) => Event::Rejected(refusal),
            // "No such task" answers no submission.
            FaultKind::Gone | FaultKind::NoRoute | FaultKind::Unknown => Event::Unanswered,
        };
        let recorded = self.record(claimed, event, Some(fault.said), None).await?;
        if let Some(notice) = learned {
            self.world.tell(&notice);
        }
        // A barrier in front of the provider would refuse the same request again.
        Ok(if fault.kind == FaultKind::Barred { recorded.and(Err(Left::Closed)) } else { recorded })
    }
}
