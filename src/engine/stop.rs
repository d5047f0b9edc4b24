//! How a run is asked to end: first no new submissions, then nothing that waits, then nothing at all.

use crate::store::Cap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Why a run ends before its work does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StopReason {
    /// Ctrl-C.
    Interrupted,
    /// SIGTERM.
    Terminated,
    /// SIGHUP: the terminal is gone.
    HungUp,
    /// The time box of `--max-time` is used up.
    MaxTime,
    /// A budget is reached.
    Budget(Cap),
    /// Too much money is in doubt.
    InDoubt,
    /// The disk is full, or state or ledger cannot be written.
    Local,
}

/// The tokens that everything waiting listens to. Nothing that is doing is ever cut off by them.
#[derive(Debug, Default)]
pub struct Stop {
    submissions: CancellationToken,
    waiting: CancellationToken,
    reason: Mutex<Option<StopReason>>,
    /// The end of the time box of `--max-time`.
    deadline: Option<Instant>,
}

impl Stop {
    /// No stop yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns no stop yet, with a time by which the run is to end if there is one.
    #[must_use]
    pub fn by(deadline: Option<Instant>) -> Self {
        Self { deadline, ..Self::default() }
    }

    /// Returns the time by which the run is to end.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Returns whether something that takes so long would end after the run.
    #[must_use]
    pub fn is_too_late_for(&self, time: Duration) -> bool {
        self.deadline.is_some_and(|deadline| deadline.saturating_duration_since(Instant::now()) < time)
    }

    /// Notes that something was not sent because it would have ended after the run.
    pub fn out_of_time(&self) {
        self.note(StopReason::MaxTime);
    }

    /// No new submissions; what was paid is still collected.
    pub fn no_more_submissions(&self, reason: StopReason) {
        self.note(reason);
        self.submissions.cancel();
    }

    /// Nothing new at all: waits end, downloads stop at a chunk, answers to paid requests are awaited.
    pub fn everything(&self, reason: StopReason) {
        self.note(reason);
        self.submissions.cancel();
        self.waiting.cancel();
    }

    /// Cancelled when nothing more is to be submitted.
    #[must_use]
    pub fn submissions(&self) -> &CancellationToken {
        &self.submissions
    }

    /// Cancelled when everything is to end.
    #[must_use]
    pub fn waiting(&self) -> &CancellationToken {
        &self.waiting
    }

    /// Why, if anything was stopped. A signal is named before a limit that was met earlier.
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
