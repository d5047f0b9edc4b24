//! The job counts, the money and the unfinished renderings of a run, updated from the run's events.

mod flight;

use crate::domain::durations::RenderKind;
use crate::domain::estimate::{Known, Open, estimate};
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{Charged, Phase, State};
use crate::domain::money::Usd;
use crate::domain::notice::Notice;
use crate::domain::take::Take;
use crate::domain::time::passed;
use crate::plan::bucket::{Bucket, Buckets};
use crate::plan::decide::Decision;
pub use flight::{Flight, TakeStep};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// The jobs of a run, with their status at the start of the run.
#[derive(Debug, Default)]
pub struct RunJobs {
    /// Jobs whose status may change during the run, each with its status (bucket) at the start of the run.
    ///
    /// Two jobs of different projects that have the same key count as one.
    pub jobs: Vec<(JobKey, Bucket)>,
    /// Numbers of jobs, by status, that cannot change their status during the run.
    pub others: Buckets,
    /// Pairs of jobs that share one clip: the job that is rendered, and the job that gets the same clip.
    pub followers: Vec<(JobKey, JobKey)>,
    /// Jobs that need another rendering after their unfinished one, because the input changed or a redo was queued.
    pub outdated: HashSet<JobKey>,
    /// Jobs that have a finished clip and get another one.
    ///
    /// As soon as the new request is sent, the job counts as done, because it keeps the old clip if the request fails.
    pub having: HashSet<JobKey>,
    /// Number of jobs to send, by kind of request: model, length and size of the clip.
    pub unsent: BTreeMap<RenderKind, usize>,
}

impl RunJobs {
    /// Adds a job with the status `bucket`, for example [`Bucket::Missing`] if its clip is missing.
    ///
    /// Unlike [`add`](Self::add), it does not derive the status from the plan's decision.
    pub fn add_as(&mut self, job: &JobKey, bucket: Bucket) {
        self.jobs.push((job.clone(), bucket));
    }

    /// Adds a job with the status that follows from `decision`, the plan's action for the job.
    pub fn add(&mut self, job: &JobKey, decision: &Decision) {
        match decision {
            Decision::Shared { leader: key, from: None, .. } | Decision::Blocked { key, .. }
                if key != job =>
            {
                self.followers.push((key.clone(), job.clone()));
            }
            Decision::Blocked { .. } => drop(self.outdated.insert(job.clone())),
            _ => {}
        }
        self.jobs.push((job.clone(), Bucket::of(job, decision)));
    }
}

/// The jobs, the unsaved clips and the money at the start of a run, from which its totals ([`RunTotals`]) are made.
#[derive(Debug, Default)]
pub struct Start {
    /// Jobs of the manifest, with their status at the start of the run.
    pub run_jobs: RunJobs,
    /// Renderings of earlier runs that were, or may have been, paid for, and whose clips are not saved yet.
    pub owed: Vec<Take>,
    /// Amount charged for certain so far by this run. If this run continues an interrupted run, the charges of that run
    /// are included.
    pub spent: Usd,
    /// Estimated total spending of the run; `None` if nothing is submitted.
    pub estimate: Option<Usd>,
    /// Recorded durations of renderings, for estimates of the remaining time; `None` for no estimate.
    pub known: Option<Arc<dyn Known>>,
}

/// The job counts and amounts of money of a run in progress.
#[derive(Debug, Clone)]
pub struct RunTotals {
    began: Timestamp,
    pub(crate) buckets: Buckets,
    /// Status of each job whose status does not follow from the phase of its take, such as a failed job.
    ///
    /// A job that is done, unsent or in flight is listed only if it is in `outdated` or `having`.
    noted: HashMap<JobKey, Bucket>,
    /// Jobs that get the clip of another job, by the key of the job that is rendered for them.
    followers: HashMap<JobKey, Vec<JobKey>>,
    outdated: HashSet<JobKey>,
    having: HashSet<JobKey>,
    failures: usize,
    reopened: usize,
    pub(crate) flights: BTreeMap<TakeId, Flight>,
    /// Number of jobs that are not sent yet, by kind of request: model, length and size of the clip.
    unsent: BTreeMap<RenderKind, usize>,
    known: Option<Arc<dyn Known>>,
    /// Unfinished takes whose price is already included in the amount spent.
    charged: HashSet<TakeId>,
    pub(crate) spent: Usd,
    pub(crate) estimate: Option<Usd>,
    clips: DeliveredClips,
    pub(crate) stopping: bool,
    moved: bool,
}

/// The number of clips that a run saved in the output folder, and the path to them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveredClips {
    /// Number of clips that the run saved in the output folder.
    pub count: usize,
    /// Path of the only clip, relative to the output folder. For several clips it is the path of the folder that holds
    /// them all.
    pub below: String,
}

impl DeliveredClips {
    pub(crate) fn add(&mut self, path: &str) {
        self.count += 1;
        if self.count == 1 {
            path.clone_into(&mut self.below);
            return;
        }
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let same = self.below.split('/').zip(folder.split('/')).take_while(|(old, new)| old == new);
        self.below = same.map(|(name, _)| name).collect::<Vec<_>>().join("/");
    }
}

impl RunTotals {
    /// Returns the job counts and the amounts of money of a run that starts now.
    #[must_use]
    pub fn new(start: Start, now: Timestamp) -> Self {
        let run_jobs = start.run_jobs;
        let mut totals = Self {
            began: now,
            buckets: run_jobs.others,
            noted: HashMap::new(),
            followers: HashMap::new(),
            outdated: run_jobs.outdated,
            having: run_jobs.having,
            failures: 0,
            reopened: 0,
            flights: BTreeMap::new(),
            unsent: run_jobs.unsent,
            known: start.known,
            charged: HashSet::new(),
            spent: start.spent,
            estimate: start.estimate,
            clips: DeliveredClips::default(),
            stopping: false,
            moved: false,
        };
        let mut jobs: HashMap<JobKey, Bucket> = run_jobs.jobs.into_iter().collect();
        for take in &start.owed {
            jobs.insert(take.key.clone(), totals.after(&take.key, &take.state));
            totals.update_flight(&take.id, &take.key, &RenderKind::of(&take.request), &take.state, now);
        }
        for (key, bucket) in jobs {
            totals.put(key, None, bucket);
        }
        for (leader, follower) in run_jobs.followers {
            totals.followers.entry(leader).or_default().push(follower);
        }
        totals
    }

    /// Updates the job counts and the amounts of money from an event of the run.
    pub fn hear(&mut self, notice: &Notice, now: Timestamp) {
        match notice {
            Notice::Moved { take, key, kind, price, path, from, to, .. } => {
                self.moved = true;
                let before = self.before(take, key, *from);
                self.put(key.clone(), before, self.after(key, to));
                self.failures += usize::from(matches!(**to, State::Failed { .. }));
                self.tell_followers(key, to);
                self.update_flight(take, key, kind, to, now);
                self.count_unsent(kind, *from, to.phase());
                let charged = match &**to {
                    State::Done { .. } => {
                        self.clips.add(path);
                        true
                    }
                    State::Failed { charged, .. } => *charged == Charged::Yes,
                    State::Held { reason, .. } => !reason.charge_in_doubt(),
                    _ => false,
                };
                let counted =
                    if to.is_final() { self.charged.remove(take) } else { self.charged.contains(take) };
                if charged && !counted {
                    self.spent += *price;
                    if !to.is_final() {
                        self.charged.insert(take.clone());
                    }
                }
            }
            Notice::Filed { key, path } => {
                self.moved = true;
                let before = self.noted.get(key).copied().unwrap_or(Bucket::Done);
                self.put(key.clone(), Some(before), Bucket::Done);
                self.clips.add(path);
            }
            Notice::Stopping { .. } => self.stopping = true,
            Notice::Stopped { .. } | Notice::Warning(_) | Notice::Trouble(_) => {}
        }
    }

    /// Returns the status under which a job was counted while its take (paid rendering) was in the phase `from`. The
    /// result is `None` if the totals did not count the job yet.
    fn before(&self, take: &TakeId, key: &JobKey, from: Phase) -> Option<Bucket> {
        let paid = || self.flights.get(take).filter(|flight| flight.is_paid()).map(|_| Bucket::InFlight);
        self.noted.get(key).copied().or_else(paid).or(match from {
            Phase::Done => Some(Bucket::Done),
            Phase::Pending => Some(Bucket::ToRender),
            _ => None,
        })
    }

    /// Returns the status (bucket) of a job whose take has reached `state`.
    fn after(&self, key: &JobKey, state: &State) -> Bucket {
        match Bucket::after(state) {
            Bucket::Done | Bucket::Failed if self.outdated.contains(key) => Bucket::ToRender,
            Bucket::ToRender => Bucket::ToRender,
            _ if self.having.contains(key) => Bucket::Done,
            bucket => bucket,
        }
    }

    /// Updates the status of the jobs that get the clip of the job `leader`.
    ///
    /// A finished clip changes nothing here, because each of these jobs then gets an event of its own.
    fn tell_followers(&mut self, leader: &JobKey, state: &State) {
        let bucket = match Bucket::after(state).of_follower() {
            Bucket::Done => return,
            bucket => bucket,
        };
        for follower in self.followers.get(leader).cloned().unwrap_or_default() {
            let before = self.noted.get(&follower).copied();
            if before.is_some() {
                self.put(follower, before, bucket);
            }
        }
    }

    fn update_flight(
        &mut self,
        take: &TakeId,
        key: &JobKey,
        kind: &RenderKind,
        state: &State,
        now: Timestamp,
    ) {
        let before = self.flights.remove(take);
        if let Some(flight) = Flight::new(key, kind, state, before.as_ref(), now) {
            self.flights.insert(take.clone(), flight);
        }
    }

    /// Lowers the number of unsent jobs of this kind when a job is sent, and raises it when a job must be sent again.
    fn count_unsent(&mut self, kind: &RenderKind, from: Phase, to: Phase) {
        match (from, to) {
            (Phase::Pending, Phase::Pending) => {}
            (Phase::Pending, _) => {
                if let Some(unsent) = self.unsent.get_mut(kind) {
                    *unsent = unsent.saturating_sub(1);
                }
            }
            (_, Phase::Pending) => *self.unsent.entry(kind.clone()).or_default() += 1,
            _ => {}
        }
    }

    fn put(&mut self, key: JobKey, before: Option<Bucket>, bucket: Bucket) {
        if let Some(before) = before {
            self.buckets.remove(before);
        }
        self.buckets.add(bucket, 1);
        match bucket {
            Bucket::Done | Bucket::ToRender | Bucket::InFlight
                if !self.outdated.contains(&key) && !self.having.contains(&key) =>
            {
                self.noted.remove(&key);
            }
            _ => drop(self.noted.insert(key, bucket)),
        }
    }

    /// Returns the jobs that need a person's decision according to the events of this run.
    ///
    /// A person may have decided about some of them meanwhile.
    pub(crate) fn held(&self) -> BTreeSet<JobKey> {
        let held = self.noted.iter().filter(|(_, bucket)| **bucket == Bucket::Held);
        held.map(|(key, _)| key.clone()).collect()
    }

    /// Moves a job from the count of [`Bucket::Held`] to the count of `bucket` after a person has decided about it.
    pub(crate) fn decided(&mut self, key: JobKey, bucket: Bucket) {
        self.reopened += usize::from(bucket == Bucket::ToRender);
        self.put(key, Some(Bucket::Held), bucket);
    }

    /// Returns the number of jobs that a person has queued again during the run; the next run sends them.
    #[must_use]
    pub const fn reopened(&self) -> usize {
        self.reopened
    }

    /// Returns whether the run has changed no job so far.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        !self.moved
    }

    /// Returns the number of clips that the run saved in the output folder, and the path to them.
    #[must_use]
    pub fn clips(&self) -> &DeliveredClips {
        &self.clips
    }

    /// Returns the estimated total spending of the run; `None` if nothing was submitted.
    #[must_use]
    pub fn estimate(&self) -> Option<Usd> {
        self.estimate
    }

    /// Returns the number of renderings that failed in this run.
    #[must_use]
    pub const fn failures(&self) -> usize {
        self.failures
    }

    /// Returns the number of jobs by status (bucket).
    #[must_use]
    pub fn buckets(&self) -> &Buckets {
        &self.buckets
    }

    /// Returns the time from the start of the run until `now`.
    #[must_use]
    pub fn lasted(&self, now: Timestamp) -> Duration {
        passed(self.began, now)
    }

    /// Returns the time until the last rendering of the run is finished; `None` if it is not known.
    #[must_use]
    pub fn time_left(&self, now: Timestamp) -> Option<Duration> {
        let kinds = self.unsent.iter().map(|(kind, unsent)| (kind, (*unsent, None)));
        let running = self.flights.values().filter(|flight| flight.is_rendered());
        let kinds = kinds.chain(running.map(|flight| (&flight.kind, (0, Some(passed(flight.at, now))))));
        let mut open: BTreeMap<RenderKind, Open> = BTreeMap::new();
        for (kind, (unsent, age)) in kinds {
            if !open.contains_key(kind) {
                open.insert(kind.clone(), Open::default());
            }
            if let Some(open) = open.get_mut(kind) {
                open.unsent += unsent;
                open.ages.extend(age);
            }
        }
        let left = estimate(&open, self.known.as_deref()?)?;
        Some(left).filter(|left| left.is_whole).map(|left| left.time)
    }
}
