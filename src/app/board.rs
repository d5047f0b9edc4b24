//! The counts, the money and the active takes of a run, updated from its notices.

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
pub use flight::{Doing, Flight};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// The jobs that a run counts, each with its initial status.
#[derive(Debug, Default)]
pub struct Roster {
    /// Jobs whose status may change. Jobs of two projects with the same name count as one.
    pub jobs: Vec<(JobKey, Bucket)>,
    /// Number of other jobs in each bucket.
    pub others: Buckets,
    /// Pairs of a job and another job that shares its clip.
    pub followers: Vec<(JobKey, JobKey)>,
    /// Jobs whose clip in flight was ordered with an older input; they still need a rendering after it arrives.
    pub outdated: HashSet<JobKey>,
    /// Jobs that keep their finished clip while another rendering is in flight.
    pub having: HashSet<JobKey>,
    /// Number of jobs that are to be sent, by the kind of their requests.
    pub unsent: BTreeMap<RenderKind, usize>,
}

impl Roster {
    /// Adds a job whose bucket does not follow from its decision.
    pub fn add_as(&mut self, job: &JobKey, bucket: Bucket) {
        self.jobs.push((job.clone(), bucket));
    }

    /// Adds a job with its decision.
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

/// The facts about a run before it starts.
#[derive(Debug, Default)]
pub struct Start {
    /// Jobs of the manifest.
    pub roster: Roster,
    /// Takes that were paid before and have no clip yet.
    pub owed: Vec<Take>,
    /// Amount spent so far by this run, including the interrupted run that it continues.
    pub spent: Usd,
    /// Estimated total spending of the run; `None` where nothing is ordered.
    pub estimate: Option<Usd>,
    /// Facts for the time that is left; `None` where it is not estimated.
    pub known: Option<Arc<dyn Known>>,
}

/// The current counts and amounts of a run.
#[derive(Debug, Clone)]
pub struct Board {
    began: Timestamp,
    pub(crate) buckets: Buckets,
    /// Jobs whose bucket does not follow from the last phase of their take.
    noted: HashMap<JobKey, Bucket>,
    /// Jobs that share the clip of another job, by that job.
    followers: HashMap<JobKey, Vec<JobKey>>,
    outdated: HashSet<JobKey>,
    having: HashSet<JobKey>,
    /// Number of renderings that failed in this run.
    failures: usize,
    pub(crate) flights: BTreeMap<TakeId, Flight>,
    /// Number of jobs that are not sent yet, by the kind of their requests.
    unsent: BTreeMap<RenderKind, usize>,
    known: Option<Arc<dyn Known>>,
    /// Active takes whose price is counted as spent.
    charged: HashSet<TakeId>,
    pub(crate) spent: Usd,
    pub(crate) estimate: Option<Usd>,
    clips: Clips,
    pub(crate) stopping: bool,
    moved: bool,
}

/// The clips that a run delivered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clips {
    /// Number of clips.
    pub count: usize,
    /// Path of the only clip, or the folder that holds all of them; relative to the output folder.
    pub below: String,
}

impl Clips {
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

impl Board {
    /// Returns the board at the start of a run.
    #[must_use]
    pub fn new(start: Start, now: Timestamp) -> Self {
        let roster = start.roster;
        let mut board = Self {
            began: now,
            buckets: roster.others,
            noted: HashMap::new(),
            followers: HashMap::new(),
            outdated: roster.outdated,
            having: roster.having,
            failures: 0,
            flights: BTreeMap::new(),
            unsent: roster.unsent,
            known: start.known,
            charged: HashSet::new(),
            spent: start.spent,
            estimate: start.estimate,
            clips: Clips::default(),
            stopping: false,
            moved: false,
        };
        let mut jobs: HashMap<JobKey, Bucket> = roster.jobs.into_iter().collect();
        for take in &start.owed {
            jobs.insert(take.key.clone(), board.after(&take.key, &take.state));
            board.update_flight(&take.id, &take.key, &RenderKind::of(&take.request), &take.state, now);
        }
        for (key, bucket) in jobs {
            board.put(key, None, bucket);
        }
        for (leader, follower) in roster.followers {
            board.followers.entry(leader).or_default().push(follower);
        }
        board
    }

    /// Updates the board from a notice.
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

    /// Returns the bucket of a job before its take changes state; `None` where it was not counted yet.
    fn before(&self, take: &TakeId, key: &JobKey, from: Phase) -> Option<Bucket> {
        let paid = || self.flights.get(take).filter(|flight| flight.is_paid()).map(|_| Bucket::InFlight);
        self.noted.get(key).copied().or_else(paid).or(match from {
            Phase::Done => Some(Bucket::Done),
            Phase::Pending => Some(Bucket::ToRender),
            _ => None,
        })
    }

    /// Returns the bucket of a job whose take is in this state.
    fn after(&self, key: &JobKey, state: &State) -> Bucket {
        match Bucket::after(state) {
            Bucket::Done | Bucket::Failed if self.outdated.contains(key) => Bucket::ToRender,
            Bucket::ToRender => Bucket::ToRender,
            _ if self.having.contains(key) => Bucket::Done,
            bucket => bucket,
        }
    }

    /// Moves the jobs that share a job's clip to their new bucket.
    ///
    /// A finished clip is skipped, because each of these jobs gets its own notice about it.
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

    /// Counts a job that was sent, or that is to be sent again.
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

    /// Returns whether nothing happened to any job.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        !self.moved
    }

    /// Returns the clips that the run delivered.
    #[must_use]
    pub fn clips(&self) -> &Clips {
        &self.clips
    }

    /// Returns the estimated total spending of the run; `None` where nothing was ordered.
    #[must_use]
    pub fn estimate(&self) -> Option<Usd> {
        self.estimate
    }

    /// Returns the number of renderings that failed in this run.
    #[must_use]
    pub const fn failures(&self) -> usize {
        self.failures
    }

    /// Returns the numbers of jobs by bucket.
    #[must_use]
    pub fn buckets(&self) -> &Buckets {
        &self.buckets
    }

    /// Returns the time since the run began.
    #[must_use]
    pub fn lasted(&self, now: Timestamp) -> Duration {
        passed(self.began, now)
    }

    /// Returns the time until the last rendering of the run is finished; `None` where it is not known.
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
