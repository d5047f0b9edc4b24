//! The trait that receives progress and warnings while a command such as `run` works, before its report exists.

use super::budget::Fit;
use super::outcome::{CancelledJob, ResolvedJob};
use super::planned::Plan;
use super::totals::RunTotals;
use crate::domain::key::JobKey;
use crate::domain::money::Usd;
use crate::domain::notice::Notice;
use crate::domain::problem::Problem;
use crate::plan::approval::Moved;
use crate::plan::guards::ExceededGuard;
use crate::store::{Clip, OtherCopy, Pause, Repair};
use jiff::Timestamp;
use std::sync::{Arc, Mutex};

/// A receiver of the progress and the warnings of a command.
///
/// Money and files are recorded before the news about them is sent.
pub trait Reporter: Send + Sync {
    /// Receives one piece of news.
    ///
    /// It must not block for long, because the work waits for it.
    fn hear(&self, news: &News<'_>);
}

/// The job counts and amounts of money of the current run, shared with the display that shows them.
pub type SharedTotals = Arc<Mutex<RunTotals>>;

/// A piece of news (progress or a warning) that a command sends while it works.
#[derive(Clone)]
pub enum News<'a> {
    /// A sentence about a possible problem.
    Warning(&'a str),
    /// A sentence that the user may want to know.
    Note(&'a str),
    /// Errors and warnings about the user's files.
    Problems(&'a [Problem]),
    /// An error after which the command continues, for example to download paid clips.
    Failed(&'a super::error::Error),
    /// A repair of the database that was made when it was opened.
    Repaired(&'a Repair),
    /// A warning that the project was last run from a copy in another folder or on another machine.
    OtherCopy(&'a OtherCopy),
    /// Pauses that stop new submissions to providers.
    Paused {
        /// Pauses in effect.
        pauses: &'a [Pause],
        /// Current time.
        now: Timestamp,
    },
    /// The plan that the run is about to carry out.
    Plan {
        /// Plan with the number and prices of its jobs.
        plan: &'a Plan,
        /// Text that follows each amount of money: `(sandbox money)` in a rehearsal, otherwise empty.
        mark: &'static str,
    },
    /// The guards (safety limits of the manifest) that the plan exceeds.
    Guards {
        /// Exceeded guards, each with the measured value.
        trips: &'a [ExceededGuard],
        /// Three commands that accept the plan; `None` for `prune`, which sends nothing.
        ///
        /// The first runs the plan at once. The second writes the plan to a file, and the third runs the plan from that
        /// file.
        commands: Option<[String; 3]>,
    },
    /// The jobs that have changed since an approved plan was written, so the plan is not carried out.
    Moved(&'a [Moved]),
    /// A job that this command does not send, with the reason.
    Skipped {
        /// Key of the job.
        job: &'a JobKey,
        /// Reason why the job is not sent.
        why: &'a str,
    },
    /// A job that is sent only after an unfinished rendering has its result.
    ///
    /// The rendering is of the same job, or of another job whose clip this job needs.
    Waiting {
        /// Key of the job.
        job: &'a JobKey,
        /// Job whose unfinished rendering must have its result first; it may be the same job.
        other: &'a JobKey,
        /// True if the unfinished rendering needs a person's decision.
        is_held: bool,
    },
    /// The jobs that the manifest no longer has and whose clips are about to be moved to the archive.
    Unwanted(&'a [&'a JobKey]),
    /// A job that is submitted again.
    Again {
        /// Name of the command that submits the job: `retry` or `redo`.
        command: &'static str,
        /// Key of the job.
        job: &'a JobKey,
        /// Price of the new request, which is charged if it is accepted.
        price: Usd,
        /// Text that follows the price: `(sandbox money)` in a rehearsal, otherwise empty.
        mark: &'static str,
    },
    /// A budget with the number of planned jobs that it can pay for.
    Budget {
        /// Budget with the number of planned jobs that it can pay for.
        fit: &'a Fit,
        /// Text that follows each amount of money: `(sandbox money)` in a rehearsal, otherwise empty.
        mark: &'static str,
    },
    /// Renderings of earlier runs that the run finishes at no new cost.
    Owed {
        /// Number of renderings that were paid for earlier and whose clips are not saved yet.
        paid: usize,
        /// Number of submissions for which it is not known whether the provider received them.
        doubtful: usize,
    },
    /// The result for one job of a request to cancel jobs.
    Cancelled(&'a CancelledJob),
    /// The result for one job of a request to settle jobs that need a decision.
    Resolved(&'a ResolvedJob),
    /// The start of a run, with its job counts and amounts, which the display can read at any time.
    Started(&'a SharedTotals),
    /// An event of a run, such as the new state of a job.
    Notice {
        /// Event that the engine reported.
        notice: &'a Notice,
        /// Time of the event.
        at: Timestamp,
    },
    /// An announcement that a stopped run ends within seconds, although answers to requests are still missing.
    Leaving {
        /// Number of requests without an answer.
        requests: usize,
        /// Price of the requests without an answer, which may be charged.
        price: Usd,
    },
    /// The progress of comparing clips with their records.
    Compared {
        /// Number of clips compared so far.
        compared: u64,
        /// Number of clips to compare.
        all: u64,
        /// Number of bytes in the clips compared so far.
        bytes: u64,
        /// Number of clips compared so far that have a problem.
        wrong: u64,
    },
    /// The progress of the automatic checks of clips.
    Checking {
        /// Number of clips checked so far.
        checked: u64,
        /// Number of clips to check.
        all: u64,
    },
    /// A clip that differs from its record.
    Wrong {
        /// Clip that differs from its record.
        clip: &'a Clip,
        /// Kind of the problem: `missing`, `damaged`, `foreign` (another file), `unreadable` or `sidecar`.
        ///
        /// The word `sidecar` means that the clip is intact, but the JSON file next to it is missing or wrong.
        word: &'static str,
        /// Details of the problem; may be empty.
        why: &'a str,
    },
    /// The result of restoring one missing or altered clip.
    Restoring {
        /// Clip that was to be restored.
        clip: &'a Clip,
        /// Result: `restored`, `asked` (it will be downloaded again), `kept` (the altered file has another name now),
        /// `left` (not restored) or `forgotten` (an older version is gone for good).
        word: &'static str,
        /// Sentence that explains the result.
        what: &'a str,
    },
    /// The end of a run, of a comparison of clips or of a series of checks.
    Ended,
}

impl<F: Fn(&News<'_>) + Send + Sync> Reporter for F {
    fn hear(&self, news: &News<'_>) {
        self(news);
    }
}

impl<R: Reporter> Reporter for Arc<R> {
    fn hear(&self, news: &News<'_>) {
        R::hear(self, news);
    }
}

/// A reporter that ignores everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Reporter for Silent {
    fn hear(&self, _: &News<'_>) {}
}
