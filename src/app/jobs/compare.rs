//! Compares the jobs at the end of an earlier run with those of now, or with those at the end of another run.
//!
//! The state of a job at a moment is derived from records with times. A rendering exists from its order, and has its
//! last state from its end; before that it is in flight. A hold counts from the time that it was noted, and one that was
//! settled since counts as in flight. The clip of a job at an earlier moment is its newest rendering that was done by
//! then; now it is the one that stands under its name. A decision is the newest review until then, held against that
//! clip and that order. A verdict is the one that is known now about the clip of each moment. Renderings that ended before
//! the program noted their ends count as ended when they were submitted. Files that are missing have no times and are not
//! compared, and jobs that are no longer wanted are left out.

mod moment;

use moment::ReviewLog;
pub use moment::{Clip, Moment, Stage};

use super::Filter;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::find::project_name;
use crate::app::gallery::GalleryJob;
use crate::app::project::Project;
use crate::app::session::reader;
use crate::domain::foreign::Foreign;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{Account, State};
use crate::domain::money::Usd;
use crate::domain::time::passed;
use crate::plan::bucket::Bucket;
use crate::store::TakeRecord;
use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;
use std::time::Duration;

/// The runs to compare, as they are typed: `12`, or `12..15`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Number of the earlier run.
    pub from: i64,
    /// Number of the later run; `None` for now.
    pub to: Option<i64>,
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused =
            || format!("`{text}` is not a run: write its number as status shows it, or two as in 12..15");
        let number = |text: &str| text.parse::<i64>().ok().filter(|number| *number > 0).ok_or_else(refused);
        match text.split_once("..") {
            Some((from, to)) => Ok(Self { from: number(from)?, to: Some(number(to)?) }),
            None => Ok(Self { from: number(text)?, to: None }),
        }
    }
}

/// The difference between two moments of a project.
pub struct Comparison {
    /// Name of the project; `None` for all projects of the folder if the manifest cannot be read.
    pub project: Option<String>,
    /// True if the clips were made in the sandbox.
    pub sandbox: bool,
    /// Earlier moment.
    pub from: Moment,
    /// Later moment.
    pub to: Moment,
    /// Jobs that changed, in the order of the manifest.
    pub changed: Vec<Change>,
    /// Number of selected jobs without a change.
    pub unchanged: usize,
    /// Money that the renderings submitted until each moment have cost for sure.
    pub spent: [Usd; 2],
    /// Durations of renderings by model.
    pub durations: Vec<Durations>,
    /// Command to type next.
    pub next: String,
}

/// A job that changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Name of the job.
    pub key: JobKey,
    /// Name of the item for people.
    pub title: Foreign,
    /// The job at the earlier moment.
    pub then: Stage,
    /// The job at the later moment.
    pub now: Stage,
}

impl Change {
    /// Returns whether the job got its first clip.
    #[must_use]
    pub fn is_newly_done(&self) -> bool {
        self.then.clip.is_none() && self.now.clip.is_some()
    }

    /// Returns whether the newest rendering of the job failed, which it had not before.
    #[must_use]
    pub fn is_newly_failed(&self) -> bool {
        self.now.state == Bucket::Failed && self.then.state != Bucket::Failed
    }

    /// Returns whether another rendering took the place of the job's clip.
    #[must_use]
    pub fn is_rendered_again(&self) -> bool {
        self.clips().is_some_and(|(then, now)| then.take != now.take)
    }

    /// Returns the two clips of the job, if it had one at both moments.
    #[must_use]
    pub fn clips(&self) -> Option<(&Clip, &Clip)> {
        self.then.clip.as_ref().zip(self.now.clip.as_ref())
    }
}

/// The median durations of a model's renderings, from submission to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Durations {
    /// The model.
    pub model: String,
    /// Median and number of the renderings that were done until the earlier moment.
    pub then: Option<(Duration, usize)>,
    /// Median and number of those that were done between the two moments.
    pub since: Option<(Duration, usize)>,
}

impl Project {
    /// Compares the selected jobs at the end of an earlier run with those of now, or of the end of another run.
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
        let from = Moment::end_of(&runs, span.from, now).map_err(wrong)?;
        let to = match span.to {
            Some(run) => Moment::end_of(&runs, run, now).map_err(wrong)?,
            None => Moment { run: None, at: now },
        };
        if from.at > to.at {
            return Err(wrong(format!("run {} did not end before run {}", span.from, span.to.unwrap_or(0))));
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
            let [then, now] = [&from, &to].map(|moment| moment.stage(job, &all, &reviews));
            if then != now {
                changed.push(Change { key: job.key().clone(), title: job.record.title.clone(), then, now });
            }
        }
        Ok(Comparison {
            project: named,
            sandbox: report.gallery.sandbox,
            unchanged: jobs.len() - changed.len(),
            changed,
            spent: [&from, &to].map(|moment| spent(jobs, moment)),
            durations: durations(jobs, &from, &to),
            next: report.next.clone(),
            from,
            to,
        })
    }
}

/// Returns what the renderings submitted until a moment have cost for sure.
fn spent(jobs: &[GalleryJob], moment: &Moment) -> Usd {
    let takes = jobs.iter().flat_map(|job| &job.record.takes);
    let sent = takes.filter(|take| take.submitted.is_some_and(|at| at <= moment.at));
    let settled = sent.filter(|take| take.take.state.account() == Account::Settled);
    settled.map(|take| take.take.cost()).sum()
}

/// Returns the durations of the done renderings by model, until a moment and between it and the next one.
fn durations(jobs: &[GalleryJob], from: &Moment, to: &Moment) -> Vec<Durations> {
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

/// Returns the median of durations with their number; of an even number, the mean of the two in the middle.
fn median(mut durations: Vec<Duration>) -> Option<(Duration, usize)> {
    durations.sort_unstable();
    let (number, middle) = (durations.len(), durations.len() / 2);
    let upper = *durations.get(middle)?;
    let lower = if number % 2 == 0 { durations[middle - 1] } else { upper };
    Some(((lower + upper) / 2, number))
}

#[cfg(test)]
mod tests;
