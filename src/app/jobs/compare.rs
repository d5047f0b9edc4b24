//! Compares the jobs at the end of an earlier run with the jobs now, or at the end of a later run.
//!
//! The database keeps only the last state of a rendering. States at an earlier time are derived from recorded times:
//!
//! - A rendering exists from the time at which it was recorded. From its submission it counts as waiting for its
//!   result, and from its end it has its last state. If an earlier version of the program recorded no end, the time of
//!   the submission is used.
//! - A rendering needs a person's decision from the time at which this need was recorded. The decision deletes that
//!   time. So a rendering that was decided since then counts as waiting for its result at the earlier time.
//! - The clip of a job at an earlier time is that of its newest rendering that was done then. The clip of a job now is
//!   the current one, which a person may have chosen.
//! - The review is the newest one before that time, if it was about the clip and the input of that time.
//! - The verdict is the one that is known now about the clip of that time.
//!
//! Missing files have no times and are not compared. Jobs that the manifest no longer asks for are left out.

mod snapshot;

use snapshot::ReviewLog;
pub use snapshot::{Clip, JobSnapshot, Snapshot};

use super::Filter;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::find::project_name;
use crate::app::gallery::GalleryJob;
use crate::app::project::Project;
use crate::app::session::reader;
use crate::app::words::Words;
use crate::domain::foreign::Foreign;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{MoneyState, State};
use crate::domain::money::Usd;
use crate::domain::time::passed;
use crate::plan::bucket::Bucket;
use crate::store::TakeRecord;
use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;
use std::time::Duration;

/// The two points in time to compare, given as runs: `12` (run 12 and now), or `12..15`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Number of the earlier run.
    pub from: i64,
    /// Number of the later run; `None` to compare with the jobs now.
    pub to: Option<i64>,
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused =
            || format!("`{text}` is not a run: write the number that `status` shows, or two such as 12..15");
        let number = |text: &str| text.parse::<i64>().ok().filter(|number| *number > 0).ok_or_else(refused);
        match text.split_once("..") {
            Some((from, to)) => Ok(Self { from: number(from)?, to: Some(number(to)?) }),
            None => Ok(Self { from: number(text)?, to: None }),
        }
    }
}

/// The difference between a project's jobs at two points in time.
pub struct Comparison {
    /// Name of the project; `None` for all projects of the folder if the manifest cannot be read.
    pub project: Option<String>,
    /// True if the clips come from a rehearsal with fake providers.
    pub sandbox: bool,
    /// Earlier of the two points in time.
    pub from: Snapshot,
    /// Later of the two points in time.
    pub to: Snapshot,
    /// Jobs that differ between the two points in time of the comparison, in the order of the manifest.
    pub changed: Vec<Change>,
    /// Number of selected jobs that are the same at both points in time.
    pub unchanged: usize,
    /// Total charges at the earlier and at the later of the two points in time.
    ///
    /// A charge counts from the time at which its rendering was submitted.
    pub spent: [Usd; 2],
    /// Median durations of finished renderings, one entry for each model.
    pub durations: Vec<Durations>,
    /// Command to type next.
    pub next: String,
}

/// A job that differs between the two points in time of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Key of the job.
    pub key: JobKey,
    /// Title of the job's item.
    pub title: Foreign,
    /// The job at the earlier of the two points in time of the comparison.
    pub then: JobSnapshot,
    /// The job at the later of the two points in time of the comparison.
    pub now: JobSnapshot,
}

impl Change {
    /// Returns whether the job has a clip at the later of the two compared times, but not at the earlier.
    #[must_use]
    pub fn is_newly_done(&self) -> bool {
        self.then.clip.is_none() && self.now.clip.is_some()
    }

    /// Returns whether the job's status is failed at the later of the two compared times, but not at the earlier.
    #[must_use]
    pub fn is_newly_failed(&self) -> bool {
        self.now.state == Bucket::Failed && self.then.state != Bucket::Failed
    }

    /// Returns whether the job has a clip at both compared times, and the two clips are from different renderings.
    #[must_use]
    pub fn is_rendered_again(&self) -> bool {
        self.clips().is_some_and(|(then, now)| then.take != now.take)
    }

    /// Returns the job's clips at the earlier and at the later of the two compared times. The result is `None` unless
    /// the job has a clip at both times.
    #[must_use]
    pub fn clips(&self) -> Option<(&Clip, &Clip)> {
        self.then.clip.as_ref().zip(self.now.clip.as_ref())
    }
}

/// The median durations of a model's finished renderings: up to the earlier of two compared times, and between both.
///
/// A duration runs from the submission of a rendering to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Durations {
    /// Name of the model.
    pub model: String,
    /// Median duration and number of the renderings that finished up to the earlier of the two compared times; `None`
    /// if none did.
    pub then: Option<(Duration, usize)>,
    /// Median duration and number of the renderings that finished between the two compared times; `None` if none did.
    pub since: Option<(Duration, usize)>,
}

impl Project {
    /// Compares the selected jobs at the end of an earlier run with the jobs now, or at the end of a later run.
    ///
    /// It sends nothing and changes nothing.
    pub async fn compare(&self, span: Span, filter: &Filter) -> Result<Comparison, Error> {
        let places = &self.places;
        let reader = reader(places)?;
        let named = project_name(places);
        let runs = reader.runs(named.as_deref()).await?;
        let now = self.clock.now();
        let wrong =
            |what: String| Error::new(Exit::Usage, what).money("not charged").hint(places.typed("status"));
        let from = Snapshot::end_of(&runs, span.from, now).map_err(wrong)?;
        let to = match span.to {
            Some(run) => Snapshot::end_of(&runs, run, now).map_err(wrong)?,
            None => Snapshot { run: None, at: now },
        };
        if let Some(second) = span.to.filter(|_| from.at > to.at) {
            let first = span.from;
            let what =
                format!("--compare takes the earlier run first, but run {second} ended before run {first}");
            let words =
                filter.typed(Words::new("report")).option("--compare", [format!("{second}..{first}")]);
            return Err(wrong(what).hint(places.typed(&words.build())));
        }
        let reviews = ReviewLog::of(reader.reviews().await?);
        let report = self.jobs(filter).await?;
        let jobs = &report.gallery.jobs;
        // A job may show the clip of a job that is not selected.
        let all = reader.records(named.as_deref(), None).await?;
        let all = all.into_iter().flat_map(|record| record.takes);
        let all: HashMap<TakeId, TakeRecord> = all.map(|take| (take.take.id.clone(), take)).collect();
        let mut changed = Vec::new();
        for job in jobs {
            let [then, now] = [&from, &to].map(|snapshot| snapshot.stage(job, &all, &reviews));
            if then != now {
                changed.push(Change { key: job.key().clone(), title: job.record.title.clone(), then, now });
            }
        }
        Ok(Comparison {
            project: named,
            sandbox: report.gallery.sandbox,
            unchanged: jobs.len() - changed.len(),
            changed,
            spent: [&from, &to].map(|snapshot| spent(jobs, snapshot)),
            durations: durations(jobs, &from, &to),
            next: report.next.clone(),
            from,
            to,
        })
    }
}

/// Returns the amount charged for all renderings submitted until the time of `snapshot`, without uncertain charges.
fn spent(jobs: &[GalleryJob], snapshot: &Snapshot) -> Usd {
    let takes = jobs.iter().flat_map(|job| &job.record.takes);
    let sent = takes.filter(|take| take.submitted.is_some_and(|at| at <= snapshot.at));
    let settled = sent.filter(|take| take.take.state.account() == MoneyState::Settled);
    settled.map(|take| take.take.cost()).sum()
}

/// Returns the median durations of finished renderings by model: until `from`, and between `from` and `to`.
fn durations(jobs: &[GalleryJob], from: &Snapshot, to: &Snapshot) -> Vec<Durations> {
    let mut found: BTreeMap<String, [Vec<Duration>; 2]> = BTreeMap::new();
    for take in jobs.iter().flat_map(|job| &job.record.takes) {
        let (Some(submitted), Some(ended)) = (take.submitted, take.ended) else { continue };
        if matches!(take.take.state, State::Done { .. }) && ended <= to.at {
            let of_model = found.entry(take.take.request.model.to_string()).or_default();
            of_model[usize::from(ended > from.at)].push(passed(submitted, ended));
        }
    }
    let durations = |(model, [then, since]): (String, [Vec<Duration>; 2])| Durations {
        model,
        then: median(then),
        since: median(since),
    };
    found.into_iter().map(durations).collect()
}

/// Returns the median of these durations and their number; `None` if there are none.
///
/// The median of an even number is the mean of the two durations in the middle.
fn median(mut durations: Vec<Duration>) -> Option<(Duration, usize)> {
    durations.sort_unstable();
    let (number, middle) = (durations.len(), durations.len() / 2);
    let upper = *durations.get(middle)?;
    let lower = if number % 2 == 0 { durations[middle - 1] } else { upper };
    Some(((lower + upper) / 2, number))
}

#[cfg(test)]
mod tests;
