//! Ends a run in two steps: first no new submissions, then no more waits. A paid request is never interrupted here.

use crate::store::Cap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The reason why a run ends before its work does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StopReason {
    /// The user pressed Ctrl-C.
    Interrupted,
    /// The process received SIGTERM.
    Terminated,
    /// The process received SIGHUP: the terminal is gone.
    HungUp,
    /// The time of `--max-time` is used up.
    MaxTime,
    /// A budget is reached.
    Budget(Cap),
    /// The money that may have been charged leaves no room under `guards.max_in_doubt`.
    InDoubt,
    /// The disk is full or gone, or shotlist's records cannot be written.
    Local,
}

/// The request to stop a run, with the tokens that end the run's waits. The tokens never interrupt a paid request.
#[derive(Debug, Default)]
pub struct Stop {
    submissions: CancellationToken,
    waiting: CancellationToken,
    reason: Mutex<Option<StopReason>>,
    /// The time at which `--max-time` ends; `None` without that option.
    deadline: Option<Instant>,
}

impl Stop {
    /// Returns a [`Stop`] that stops nothing yet and has no deadline.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns a [`Stop`] that stops nothing yet and has this deadline, if there is one.
    #[must_use]
    pub fn by(deadline: Option<Instant>) -> Self {
        Self { deadline, ..Self::default() }
    }

    /// Returns the time by which the run is to end; `None` if there is no `--max-time`.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Checks whether work of this duration would end after the run's deadline; `false` if there is no deadline.
    #[must_use]
    pub fn is_too_late_for(&self, time: Duration) -> bool {
        self.deadline.is_some_and(|deadline| deadline.saturating_duration_since(Instant::now()) < time)
    }

    /// Records that a request was not sent because its rendering would have ended after the run's deadline.
    pub fn out_of_time(&self) {
        self.note(StopReason::MaxTime);
    }

    /// Stops new submissions; paid clips are still collected.
    pub fn no_more_submissions(&self, reason: StopReason) {
        self.note(reason);
        self.submissions.cancel();
    }

    /// Stops everything: waits end, downloads stop at their next chunk, and only answers to paid requests are awaited.
    pub fn everything(&self, reason: StopReason) {
        self.note(reason);
        self.submissions.cancel();
        self.waiting.cancel();
    }

    /// Returns the token that is cancelled when nothing more is to be submitted.
    #[must_use]
    pub fn submissions(&self) -> &CancellationToken {
        &self.submissions
    }

    /// Returns the token that is cancelled when all waits and downloads are to end.
    #[must_use]
    pub fn waiting(&self) -> &CancellationToken {
        &self.waiting
    }

    /// Returns the reason for the stop; `None` if nothing was stopped. The first reason counts, unless it is a limit,
    /// such as a budget: then a later reason replaces it.
    #[must_use]
    pub fn reason(&self) -> Option<StopReason> {
        *self.reason.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, reason: StopReason) {
        let mut known = self.reason.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = matches!(*known, Some(StopReason::MaxTime | StopReason::Budget(_) | StopReason::InDoubt));
        if known.is_none() || limit {
            *known = Some(reason);
        }
    }
}
