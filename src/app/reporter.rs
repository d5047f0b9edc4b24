//! The trait that receives news while a use case works, before its report exists.

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

/// The receiver of news from a use case at work.
///
/// Money and files are recorded before the news about them is sent.
pub trait Reporter: Send + Sync {
    /// Receives one piece of news.
    ///
    /// It must not block for long, because the work waits for it.
    fn hear(&self, news: &News<'_>);
}

/// The counts of the current run, shared with the display.
pub type SharedBoard = Arc<Mutex<Board>>;

/// A piece of news from a use case.
#[derive(Clone)]
pub enum News<'a> {
    /// A sentence about a possible problem.
    Warning(&'a str),
    /// A sentence of general interest.
    Note(&'a str),
    /// Errors and warnings about the user's files.
    Problems(&'a [Problem]),
    /// An error that does not keep paid work from being collected.
    Failed(&'a super::error::Error),
    /// A repair of the state that was made when it was opened.
    Repaired(&'a Repair),
    /// The other place from which the project was last run.
    Elsewhere(&'a Elsewhere),
    /// Pauses of providers.
    Paused {
        /// The pauses.
        pauses: &'a [Pause],
        /// Current time.
        now: Timestamp,
    },
    /// The plan that is about to be carried out.
    Plan {
        /// The plan.
        plan: &'a Plan,
        /// Text that follows its amounts where they are not real money.
        mark: &'static str,
    },
    /// The guards of the manifest that stop the plan.
    Guards {
        /// Guards, each with the measured value.
        trips: &'a [Trip],
        /// Commands that accept the plan: at once, and by approval in two steps.
        commands: Option<[String; 3]>,
    },
    /// Changes that invalidate an approved plan.
    Moved(&'a [Moved]),
    /// A job that is not ordered now.
    Skipped {
        /// Key of the job.
        job: &'a JobKey,
        /// Reason in a sentence.
        why: &'a str,
    },
    /// A job that waits for another rendering.
    Waiting {
        /// Key of the job.
        job: &'a JobKey,
        /// Job whose rendering it waits for; it may be the same job.
        other: &'a JobKey,
        /// True if that rendering needs a person's decision.
        is_held: bool,
    },
    /// Jobs that the manifest no longer asks for, before their clips are moved.
    Unwanted(&'a [&'a JobKey]),
    /// A job that is ordered once more.
    Again {
        /// Key of the job.
        job: &'a JobKey,
        /// Price of the new order.
        price: Usd,
        /// Text that follows the amount where it is not real money.
        mark: &'static str,
    },
    /// A budget, and how much of the order fits it.
    Budget {
        /// The budget with the part that fits.
        fit: &'a Fit,
        /// Text that follows the amounts where they are not real money.
        mark: &'static str,
    },
    /// Work of earlier runs that continues at no new cost.
    Owed {
        /// Number of clips that were paid before.
        paid: usize,
        /// Number of submissions whose arrival is unknown.
        doubtful: usize,
    },
    /// A job that was cancelled, or could not be cancelled.
    Cancelled(&'a CancelledJob),
    /// A held job that was settled, or stays held.
    Resolved(&'a ResolvedJob),
    /// The engine starts.
    Started(&'a SharedBoard),
    /// An event of one job.
    Notice {
        /// The event.
        notice: &'a Notice,
        /// Time of the event.
        at: Timestamp,
    },
    /// The run ends within seconds although requests are still open.
    Leaving {
        /// Number of open requests.
        requests: usize,
        /// Price of these requests.
        price: Usd,
    },
    /// Progress of comparing clips with their records.
    Compared {
        /// Number of clips compared so far.
        compared: u64,
        /// Number of clips in all.
        all: u64,
        /// Number of bytes in the compared clips.
        bytes: u64,
        /// Number of clips with a problem.
        wrong: u64,
    },
    /// Progress of the automatic checks of clips.
    Checking {
        /// Number of clips checked so far.
        checked: u64,
        /// Number of clips to check.
        all: u64,
    },
    /// A clip that differs from its record.
    Wrong {
        /// The clip.
        clip: &'a Clip,
        /// Problem: `missing`, `damaged`, `foreign`, `unreadable` or `sidecar`.
        word: &'static str,
        /// Details; may be empty.
        why: &'a str,
    },
    /// The result of restoring one clip.
    Restoring {
        /// The clip.
        clip: &'a Clip,
        /// Result: `restored`, `asked`, `kept`, `left` or `forgotten`.
        word: &'static str,
        /// Meaning of the result in a sentence.
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

/// A reporter that ignores all news.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Reporter for Silent {
    fn hear(&self, _: &News<'_>) {}
}
