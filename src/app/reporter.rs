//! Whoever hears what a use case does before its report is there.

use super::board::Board;
use super::budget::Fit;
use super::outcome::{CancelledJob, ResolvedJob};
use super::planned::Plan;
use crate::domain::key::JobKey;
use crate::domain::money::Usd;
use crate::domain::notice::Notice;
use crate::domain::problem::Problem;
use crate::plan::approval::Moved;
use crate::plan::guards::Trip;
use crate::store::{Clip, Elsewhere, Pause, Repair};
use jiff::Timestamp;
use std::sync::{Arc, Mutex};

/// Hears what happens while a use case is at work. Money and files are settled before it is told of them.
pub trait Reporter: Send + Sync {
    /// Hears one thing. It must not block for long: the work waits for it.
    fn hear(&self, news: &News<'_>);
}

/// The counts of the run at work, shared with whoever draws them.
pub type SharedBoard = Arc<Mutex<Board>>;

/// One thing that a use case tells.
#[derive(Clone)]
pub enum News<'a> {
    /// A sentence about something doubtful.
    Warning(&'a str),
    /// A sentence worth knowing.
    Note(&'a str),
    /// What is wrong or doubtful in the user's files.
    Problems(&'a [Problem]),
    /// An error after which paid work goes on all the same.
    Failed(&'a super::error::Error),
    /// The state was repaired when it was opened.
    Repaired(&'a Repair),
    /// The project was last run from another place.
    Elsewhere(&'a Elsewhere),
    /// Providers are on hold.
    Paused {
        /// Each of them.
        pauses: &'a [Pause],
        /// The time.
        now: Timestamp,
    },
    /// The plan that is about to be carried out. `mark` stands behind its amounts.
    Plan {
        /// The plan.
        plan: &'a Plan,
        /// The word behind amounts that are not real money.
        mark: &'static str,
    },
    /// The plan is too much for the manifest's guards.
    Guards {
        /// Each guard, with what was found.
        trips: &'a [Trip],
        /// The commands that accept the plan: at once, and by approval in two steps.
        commands: Option<[String; 3]>,
    },
    /// An approved plan does not hold any more.
    Moved(&'a [Moved]),
    /// A job is not ordered now, with the reason.
    Skipped {
        /// The job.
        job: &'a JobKey,
        /// The reason.
        why: &'a str,
    },
    /// A job waits for another rendering of it or of another job.
    Waiting {
        /// The job.
        job: &'a JobKey,
        /// The job whose rendering it waits for.
        other: &'a JobKey,
        /// Whether that one needs a person's decision.
        is_held: bool,
    },
    /// Clips of jobs that the manifest no longer asks for, before they are moved.
    Unwanted(&'a [&'a JobKey]),
    /// A job is ordered once more.
    Again {
        /// The job.
        job: &'a JobKey,
        /// Its price.
        price: Usd,
        /// The word behind amounts that are not real money.
        mark: &'static str,
    },
    /// A budget, and how much of what is ordered fits.
    Budget {
        /// The budget.
        fit: &'a Fit,
        /// The word behind amounts that are not real money.
        mark: &'static str,
    },
    /// Work of earlier runs is taken up at no new cost.
    Owed {
        /// Clips that were paid before.
        paid: usize,
        /// Submissions of which nobody knows whether they arrived.
        doubtful: usize,
    },
    /// A job was cancelled, or stays as it is.
    Cancelled(&'a CancelledJob),
    /// A held job was settled, or stays held.
    Resolved(&'a ResolvedJob),
    /// The engine begins.
    Started(&'a SharedBoard),
    /// Something happened to a job.
    Notice {
        /// The notice.
        notice: &'a Notice,
        /// When.
        at: Timestamp,
    },
    /// The run ends within seconds although requests are on the wire.
    Leaving {
        /// Number of requests.
        requests: usize,
        /// Their price.
        price: Usd,
    },
    /// Clips were compared with what was placed.
    Compared {
        /// Number of clips so far.
        compared: u64,
        /// Number of clips in all.
        all: u64,
        /// Bytes of those that were compared.
        bytes: u64,
        /// Number of clips with something wrong.
        wrong: u64,
    },
    /// A clip is not as it was placed.
    Wrong {
        /// The clip.
        clip: &'a Clip,
        /// What is wrong: `missing`, `damaged`, `foreign`, `unreadable` or `sidecar`.
        word: &'static str,
        /// More about it; may be empty.
        why: &'a str,
    },
    /// A clip was brought back, or could not be.
    Restoring {
        /// The clip.
        clip: &'a Clip,
        /// What was done: `restored`, `asked`, `kept`, `left` or `forgotten`.
        word: &'static str,
        /// What it means.
        what: &'a str,
    },
    /// The work has ended.
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

/// Hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Reporter for Silent {
    fn hear(&self, _: &News<'_>) {}
}
