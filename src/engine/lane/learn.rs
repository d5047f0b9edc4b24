//! Adjusts a provider's pace and pauses to the outcomes of its submissions, and ends the submissions after too many
//! failures.

use super::{Account, Closed, History, Lane, Ticket, lock};
use crate::domain::breaker::{SubmitOutcome, TaskEnd};
use crate::domain::fault::{Fault, FaultKind, Refusal, Said, Stop};
use crate::domain::notice::{Notice, WhyStopped};
use crate::domain::policy::Tick;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;

/// The number of connection failures in a row after which the whole provider pauses.
const UNREACHED: u32 = 5;
/// The shortest and the longest pause of a provider after connection failures.
const PAUSE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_mins(10));
/// The time after which submissions to a provider end for this run if all of them were throttled, not sent or not
/// answered.
const GIVE_UP: Duration = Duration::from_hours(1);
/// The number of refusals in a row after which a model gets no more submissions in this run.
const MODEL_REFUSALS: u32 = 3;
/// The time after which a refused API key is tried a second time, because a person may have been replacing the key.
pub(in crate::engine) const AUTH_RETRY: Duration = Duration::from_secs(5);

impl Account {
    /// Records an accepted submission. Returns a warning the first time that the model's submissions must slow down.
    pub(in crate::engine) fn accepted(&self, lane: &Lane, model: &str, ticket: Ticket<'_>) -> Option<Notice> {
        ticket.turn.heard(SubmitOutcome::Answer);
        let slower = ticket.pass.accepted();
        *lock(&lane.refusals) = 0;
        let mut history = self.history();
        history.unreached = 0;
        history.auth_refused = None;
        history.trouble = None;
        let rate = slower.filter(|_| !lane.slowed.swap(true, Ordering::Relaxed))?;
        let name = self.provider.name();
        let rate = (rate * 60.0).max(1.0);
        Some(Notice::Warning(format!(
            "{name}/{model}: the provider accepts fewer submissions than the limits allow; about {rate:.0} a minute are \
             sent now"
        )))
    }

    /// Records how a paid task ended. If too many tasks ended badly, ends the submissions to the provider for this run
    /// and returns the reason.
    pub(in crate::engine) fn ended(&self, ending: &TaskEnd) -> Option<Closed> {
        if !self.breakers.ended(ending) || !self.is_open() {
            return None;
        }
        let (why, said) = match ending {
            TaskEnd::Clip | TaskEnd::Named => return None,
            TaskEnd::Lost => (WhyStopped::TasksLost, "it answers that there are no such tasks".to_owned()),
            TaskEnd::Empty => (WhyStopped::TasksEmpty, "its answers contain no clip".to_owned()),
            TaskEnd::Unsafe => (WhyStopped::TasksEmpty, "its links are not safe to follow".to_owned()),
            TaskEnd::Failed(code) if code.is_empty() => {
                (WhyStopped::TasksFail, "it gives no reason".to_owned())
            }
            TaskEnd::Failed(code) => (WhyStopped::TasksFail, format!("each failed with the code {code}")),
        };
        Some(self.close(why, Said::text(said)))
    }

    /// Ends the submissions to the provider for this run, and returns what to report.
    pub(in crate::engine) fn close(&self, why: WhyStopped, said: Said) -> Closed {
        self.history().why = Some(why);
        self.closed.cancel();
        Closed { who: self.provider.name().to_owned(), why, said: self.with_key(why, said) }
    }

    /// Adds to the message `said` the name of the variable with the API key if the provider refused the key. Returns
    /// any other message unchanged.
    pub(in crate::engine) fn with_key(&self, why: WhyStopped, said: Said) -> Said {
        match &self.endpoint.key_env {
            Some(name) if why == WhyStopped::Provider(Stop::Auth) => {
                Said { text: format!("{} (the key in {name})", said.text), ..said }
            }
            _ => said,
        }
    }

    /// Records that the provider did not answer a free query. If the provider has failed for too long, ends the
    /// submissions to it for this run and returns the reason.
    pub(in crate::engine) fn unreached(&self, said: Said) -> Option<Closed> {
        let is_over = out_of_patience(&mut self.history());
        (is_over && self.is_open()).then(|| self.close(WhyStopped::NoProgress, said))
    }

    /// Adjusts the provider's limits after a failed submission. Returns a notice if the failure begins a pause, or ends
    /// the submissions to the provider or the model for this run.
    pub(in crate::engine) fn learn(
        &self,
        lane: &Lane,
        model: &str,
        fault: &Fault,
        at: Tick,
        ticket: Ticket<'_>,
    ) -> Option<Notice> {
        let heard = match fault.kind {
            FaultKind::NotSent => SubmitOutcome::Unsent,
            FaultKind::Unknown | FaultKind::NoRoute | FaultKind::Gone => SubmitOutcome::Silence,
            _ => SubmitOutcome::Answer,
        };
        let pause = ticket.turn.heard(heard);
        match fault.kind {
            FaultKind::Throttled { after } => ticket.pass.throttled(after, at.jitter),
            FaultKind::Busy { after } => ticket.pass.failed(after, at.jitter),
            FaultKind::NotSent | FaultKind::Unknown | FaultKind::NoRoute | FaultKind::Gone => {
                ticket.pass.failed(None, at.jitter);
            }
            FaultKind::Stop(_) | FaultKind::Barred | FaultKind::Rejected(_) => ticket.pass.answered(),
        }
        match self.closed_by(lane, model, fault, at) {
            Some(Closed { who, why, said }) => Some(Notice::Stopped { who, why, said }),
            None => pause.map(|pause| {
                let name = self.provider.name();
                let seconds = pause.as_secs();
                Notice::Warning(format!(
                    "{name}: too many submissions without an answer; the next one follows in {seconds} s, after a \
                     free test request"
                ))
            }),
        }
    }

    fn closed_by(&self, lane: &Lane, model: &str, fault: &Fault, at: Tick) -> Option<Closed> {
        let name = self.provider.name();
        let mut history = self.history();
        let close = |history: &mut History, why| {
            history.why = Some(why);
            self.closed.cancel();
            Some(Closed { who: name.to_owned(), why, said: self.with_key(why, fault.said.clone()) })
        };
        if !self.is_open() {
            return None;
        }
        if !matches!(fault.kind, FaultKind::NotSent) {
            history.unreached = 0;
        }
        if !matches!(
            fault.kind,
            FaultKind::NotSent | FaultKind::Throttled { .. } | FaultKind::Unknown | FaultKind::Gone
        ) {
            history.trouble = None;
        }
        if matches!(fault.kind, FaultKind::NotSent) {
            lane.pace.give_back();
            history.give_back();
        }
        if !matches!(fault.kind, FaultKind::Rejected(Refusal::Model) | FaultKind::Barred) {
            *lock(&lane.refusals) = 0;
        }
        match fault.kind {
            FaultKind::Stop(Stop::Auth) if history.auth_refused.is_none_or(|until| at.now < until) => {
                // Refusals of other requests that were already sent are no news.
                let until = *history.auth_refused.get_or_insert_with(|| at.after(AUTH_RETRY));
                history.not_before = history.not_before.max(Some(until));
                None
            }
            FaultKind::Stop(stop) => close(&mut history, WhyStopped::Provider(stop)),
            FaultKind::Throttled { .. } | FaultKind::Unknown | FaultKind::NoRoute | FaultKind::Gone => {
                out_of_patience(&mut history).then(|| close(&mut history, WhyStopped::NoProgress))?
            }
            FaultKind::NotSent => {
                history.unreached += 1;
                let round = history.unreached / UNREACHED;
                if history.unreached.is_multiple_of(UNREACHED) {
                    let pause = PAUSE.0.saturating_mul(2u32.saturating_pow(round.min(20) - 1)).min(PAUSE.1);
                    history.not_before = Some(at.after(pause));
                }
                out_of_patience(&mut history).then(|| close(&mut history, WhyStopped::NoProgress))?
            }
            FaultKind::Rejected(Refusal::Model) | FaultKind::Barred => {
                let mut refusals = lock(&lane.refusals);
                *refusals += 1;
                (*refusals >= MODEL_REFUSALS && lane.is_open()).then(|| {
                    lane.closed.cancel();
                    Closed {
                        who: format!("{name}/{model}"),
                        why: WhyStopped::Model,
                        said: fault.said.clone(),
                    }
                })
            }
            FaultKind::Busy { .. } | FaultKind::Rejected(_) => None,
        }
    }
}

/// Records a failure. Returns true if no useful answer came for longer than [`GIVE_UP`] since the first failure.
fn out_of_patience(history: &mut History) -> bool {
    history.trouble.get_or_insert_with(Instant::now).elapsed() > GIVE_UP
}
