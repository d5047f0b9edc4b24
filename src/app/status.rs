//! The status of a project: its jobs, its money and the decisions that it needs.
//!
//! It can be read while a run is active.

mod next;

use super::budget::{Level, caps, levels};
use super::check::tally;
use super::checker::Tally;
use super::error::Error;
use super::exit::Exit;
use super::find::manifest;
use super::lost::SavedClips;
use super::namesakes;
use super::outlook::{time, unsent};
use super::prices::review_counts;
use super::project::Project;
use super::project_status::{ProjectStatus, buckets};
use super::reporter::News;
use super::session::reader;
use crate::domain::clip_damage::ClipDamage;
use crate::domain::durations::RenderKind;
use crate::domain::lifecycle::{MoneyState, Phase, State};
use crate::domain::take::Take;
use crate::domain::time::passed;
use crate::load::{cards, providers};
use crate::manifest::{Items, OnMissing};
use crate::plan::bucket::{Bucket, Buckets};
use crate::store::{Holder, Lock, Pause, Reader, ReviewCounts, Run, RunId, Spent, Window};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::time::Duration;

/// Time before the expiry of a clip's link at which the status begins to warn about it.
const SOON: SignedDuration = SignedDuration::from_hours(2);

/// Least number of finished clips that is needed to compute a run's pace. The time before the first clip is mostly time
/// in the provider's queue.
const ENOUGH: u64 = 2;

/// The status of a project.
pub struct StatusReport {
    /// Time of the report.
    pub now: Timestamp,
    /// Name of the project; `None` for all projects of the folder if the manifest cannot be read.
    pub project: Option<String>,
    /// Process that holds the project's lock; `None` if no process holds it.
    pub holder: Option<Holder>,
    /// Run that the process in `holder` works on, perhaps of another project of the folder.
    ///
    /// `None` if no process holds the lock, or if the process has not begun a run.
    pub active: Option<Run>,
    /// Last run of the project, with the amount that it spent; `None` if there was none.
    pub run: Option<(Run, Spent)>,
    /// Amount spent today (UTC).
    pub today: Spent,
    /// Amount spent this month (UTC).
    pub month: Spent,
    /// Budgets of the manifest with the amounts spent against them; empty if the manifest cannot be read.
    pub budget: Vec<Level>,
    /// Number of takes (renderings) by state, and the takes that need a person's attention.
    pub standing: ProjectStatus,
    /// Number of jobs in each status (bucket). The jobs are those of the manifest as the database last recorded it.
    pub buckets: Buckets,
    /// Number of clips by review outcome, with the number and price of the queued redos (further renderings).
    pub reviews: ReviewCounts,
    /// Takes (renderings) that were, or may have been, paid for and whose clips are not saved yet.
    pub in_flight: Vec<Take>,
    /// Number of the jobs' current clips by verdict of the automatic checks; earlier versions do not count.
    pub checks: Tally,
    /// Pauses that stop new submissions to providers.
    pub paused: Vec<Pause>,
    /// Pace of the active run; `None` without a run or before enough clips are finished.
    pub pace: Option<Pace>,
    /// Reason why the saved clips cannot be found: their folder is missing or on another disk than before; `None` if
    /// there is no such problem.
    pub folder_problem: Option<String>,
    /// True if the items come from a product file, to which `export sheet` can add columns.
    has_sheet: bool,
    /// Command to type next.
    pub next: String,
}

/// The pace at which the active run delivers clips, and the renderings that remain.
#[derive(Debug, Clone, PartialEq)]
pub struct Pace {
    /// Number of clips that the run has delivered.
    pub done: u64,
    /// Number of delivered clips per minute.
    pub a_minute: f64,
    /// Number of takes (renderings) that are not finished: unsent ones and those in flight.
    pub left: u64,
    /// Estimated time until the last unfinished take is rendered; `None` if it is not known.
    pub time_left: Option<Duration>,
}

/// The takes (renderings) in one unfinished state: their number, and the oldest one.
#[derive(Debug, Clone, Copy)]
pub struct Oldest<'a> {
    /// State of the takes.
    pub phase: Phase,
    /// Number of takes.
    pub takes: usize,
    /// The oldest of the takes, by the time at which it was submitted or accepted.
    pub take: &'a Take,
    /// Time at which the oldest take was submitted or accepted.
    pub since: Timestamp,
}

impl Project {
    /// Returns the status of the project.
    ///
    /// It sends nothing and changes nothing.
    pub async fn status(&self) -> Result<StatusReport, Error> {
        let places = &self.places;
        let reader = reader(places)?;
        for warning in reader.damage() {
            self.tell(&News::Warning(warning));
        }
        let (manifest, now) = (manifest(places), self.clock.now());
        let budget = match &manifest {
            Some(manifest) => levels(&reader, &manifest.project, "run", caps(manifest, None), now).await?,
            None => Vec::new(),
        };
        let is_watched = manifest.as_ref().is_none_or(|manifest| manifest.on_missing != OnMissing::Ignore);
        let settings = manifest.as_ref().map(|manifest| manifest.checks.digest());
        let has_sheet =
            manifest.as_ref().is_some_and(|manifest| matches!(manifest.items, Items::File { .. }));
        let name = manifest.map(|manifest| manifest.project);
        if let Some(what) = name.as_deref().and_then(|name| namesakes::warning(places, name)) {
            self.tell(&News::Warning(&what));
        }
        let mut report = self.read_status(&reader, name, now).await?;
        report.budget = budget;
        report.has_sheet = has_sheet;
        let mut lost = Vec::new();
        if is_watched {
            let root = places.clips(reader.output().await?.as_deref());
            let clips = SavedClips::look(places, &root, &reader, report.project.as_deref()).await?;
            let dismissed = reader.dismissed().await?;
            lost = clips.found.lost;
            for (clip, loss) in lost.iter().filter(|(clip, _)| clip.wanted) {
                let is_meant = *loss == ClipDamage::Missing && dismissed.contains(&clip.filed.take);
                let bucket = if is_meant { Bucket::Dismissed } else { Bucket::lost(*loss) };
                report.buckets.shift(Bucket::Done, bucket);
            }
            report.folder_problem = clips.problem.map(|error| error.what);
        }
        report.checks = tally(&reader, report.project.as_deref(), settings, &lost).await?;
        report.next = places.typed(&self.next_words(&report).await?);
        Ok(report)
    }

    /// Reads the status without the budgets, the checks, the lost clips and the next command, which the caller adds.
    async fn read_status(
        &self,
        reader: &Reader,
        project: Option<String>,
        now: Timestamp,
    ) -> Result<StatusReport, Error> {
        let named = project.as_deref();
        let buckets = buckets(reader, &self.places, BTreeSet::new()).await?.0;
        let standing = ProjectStatus::read(self, reader, named).await?;
        let holder = Lock::holder(&self.places.state)?;
        let active = match &holder {
            Some(holder) => reader.last_run(None).await?.filter(|run| is_of(run, holder)),
            None => None,
        };
        let run = match reader.last_run(named).await? {
            Some(run) => {
                let spent = reader.spent(Window::Invocation(run.id)).await?;
                Some((run, spent))
            }
            None => None,
        };
        let (today, month) = (reader.spent(Window::Day(now)).await?, reader.spent(Window::Month(now)).await?);
        let in_flight = reader.in_flight(named).await?;
        let paused = reader.pauses(named).await?;
        let reviews = review_counts(self, reader, named).await?;
        let own = run.as_ref().filter(|(run, _)| active.as_ref().is_some_and(|active| active.id == run.id));
        let pace = match own {
            Some((run, _)) => {
                let left = standing.count(Phase::Pending) + standing.in_flight();
                let time_left = self.time_left(reader, run.id, &in_flight, now).await?;
                let done = reader.done_in(run.id).await?;
                Pace::of(done, left, now.duration_since(run.started), time_left)
            }
            None => None,
        };
        let (budget, next) = (Vec::new(), String::new());
        Ok(StatusReport {
            now,
            project,
            holder,
            active,
            run,
            today,
            month,
            budget,
            standing,
            buckets,
            reviews,
            in_flight,
            checks: Tally::default(),
            paused,
            pace,
            folder_problem: None,
            has_sheet: false,
            next,
        })
    }
}

impl Project {
    /// Returns the estimated time until the last rendering of a run is finished; `None` if it is not known.
    async fn time_left(
        &self,
        reader: &Reader,
        run: RunId,
        in_flight: &[Take],
        now: Timestamp,
    ) -> Result<Option<Duration>, Error> {
        let mut open = unsent(&reader.unsent(run).await?);
        for take in in_flight {
            let is_rendered = matches!(
                take.state,
                State::Submitting { .. } | State::Doubtful { .. } | State::Running { .. }
            );
            if let Some(since) = since(take).filter(|_| is_rendered) {
                open.entry(RenderKind::of(&take.request)).or_default().ages.push(passed(since, now));
            }
        }
        let places = &self.places;
        let configs = providers(&places.manifest).unwrap_or_default();
        let cards = cards(&places.manifest, &self.registry);
        let left = time(self, &configs, &cards, Some(reader), &open).await?;
        Ok(left.filter(|left| left.is_whole).map(|left| left.time))
    }
}

impl StatusReport {
    /// Returns whether the process that holds the lock works on this run.
    #[must_use]
    pub fn is_active(&self, run: &Run) -> bool {
        self.active.as_ref().is_some_and(|active| active.id == run.id)
    }

    /// Returns the project of the active run if it is another one than the project of this report.
    #[must_use]
    pub fn other_project(&self) -> Option<&str> {
        let active = self.active.as_ref().map(|run| run.project.as_str());
        active.filter(|active| !active.is_empty() && self.project.as_deref() != Some(active))
    }

    /// Returns the unfinished states that takes are in, each with the number of its takes and the oldest of them.
    #[must_use]
    pub fn oldest(&self) -> Vec<Oldest<'_>> {
        self.oldest_of(&|_| true)
    }

    /// Returns the paid takes whose clips are downloaded once more, at no charge.
    pub fn fetched_again(&self) -> impl Iterator<Item = &Take> {
        self.in_flight.iter().filter(|take| is_fetched_again(take))
    }

    /// Returns the same as [`oldest`](Self::oldest), but without the takes whose clips are downloaded once more.
    #[must_use]
    pub fn oldest_unpaid(&self) -> Vec<Oldest<'_>> {
        self.oldest_of(&|take| !is_fetched_again(take))
    }

    fn oldest_of(&self, is: &dyn Fn(&Take) -> bool) -> Vec<Oldest<'_>> {
        let of = |phase: Phase| {
            let takes = self.in_flight.iter().filter(move |take| take.state.phase() == phase && is(take));
            let oldest = takes.clone().filter_map(|take| Some((take, since(take)?)));
            let (take, since) = oldest.min_by_key(|(_, since)| *since)?;
            Some(Oldest { phase, takes: takes.count(), take, since })
        };
        Phase::IN_FLIGHT.into_iter().filter_map(of).collect()
    }

    /// Returns the takes whose links to clips expire within the time `SOON`, each with the time of expiry, soonest
    /// first.
    #[must_use]
    pub fn dying(&self) -> Vec<(&Take, Timestamp)> {
        let soon = self.now.checked_add(SOON).unwrap_or(self.now);
        let dies = |take: &'_ Take| match &take.state {
            State::Downloading { clip, .. } => clip.expires.filter(|dies| *dies < soon),
            _ => None,
        };
        let mut dying: Vec<_> = self.in_flight.iter().filter_map(|take| Some((take, dies(take)?))).collect();
        dying.sort_by_key(|(_, dies)| *dies);
        dying
    }

    /// Returns the exit code: [`Exit::Local`] if the folder of the clips cannot be used, as a run would return it,
    /// otherwise [`Exit::Done`].
    #[must_use]
    pub const fn exit(&self) -> Exit {
        if self.folder_problem.is_some() { Exit::Local } else { Exit::Done }
    }
}

impl Pace {
    /// Returns the pace of a run; `None` if too few clips are finished.
    fn of(done: u64, left: u64, elapsed: SignedDuration, time_left: Option<Duration>) -> Option<Self> {
        let minutes = elapsed.as_secs_f64() / 60.0;
        if done < ENOUGH || minutes <= 0.0 {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "counts of clips are far below what a double holds")]
        let a_minute = done as f64 / minutes;
        Some(Self { done, a_minute, left, time_left })
    }
}

/// Returns whether the process that holds the lock began this run, and the run has not ended.
///
/// An interrupted run has no end either, but it began before the process took the lock.
fn is_of(run: &Run, holder: &Holder) -> bool {
    let locked = holder.started.parse::<Timestamp>().map(Timestamp::as_millisecond);
    run.ended.is_none() && locked.is_ok_and(|locked| run.started.as_millisecond() >= locked)
}

/// Returns whether a take was charged for already, so that only its clip is downloaded once more.
fn is_fetched_again(take: &Take) -> bool {
    take.state.account() == MoneyState::Settled
}

/// Returns the time at which a take was accepted by the provider or, before that, submitted; `None` if it was not sent.
fn since(take: &Take) -> Option<Timestamp> {
    match &take.state {
        State::Submitting { intent, .. } | State::Doubtful { intent, .. } => Some(intent.at),
        state => state.task().map(|task| task.accepted),
    }
}

#[cfg(test)]
mod tests;
