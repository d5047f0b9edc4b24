//! What a terminal shows while a run is at work: a line for each job in flight, and below them a bar with the counts,
//! the money and the time left.
//!
//! A [`Board`] is told what stands at the start and then every [`Notice`]; it knows of no terminal. Its lines always
//! fit the columns they are asked for.

use super::flight::Flight;
use super::pace::Pace;
use super::text::{passed, shorten, width};
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{Charged, Phase, State};
use crate::domain::money::Usd;
use crate::domain::notice::Notice;
use crate::domain::take::Take;
use crate::plan::bucket::{Bucket, Buckets};
use crate::plan::decide::Decision;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

/// Jobs in flight that are shown; the others are counted.
const SHOWN: usize = 8;
/// Columns between the brackets of the bar, at least and at most.
const BAR: (usize, usize) = (8, 26);

/// The jobs that a run counts, and where each stands before anything is done.
#[derive(Debug, Default)]
pub struct Roster {
    /// Jobs about which something may happen. Jobs of two projects with one name count as one.
    pub jobs: Vec<(JobKey, Bucket)>,
    /// Numbers of the jobs beside these.
    pub others: Buckets,
    /// Jobs that get the clip of another job: that one first.
    pub followers: Vec<(JobKey, JobKey)>,
    /// Jobs whose clip in flight was ordered with an older input: once it is there, they are still to be rendered.
    pub outdated: HashSet<JobKey>,
    /// Jobs that have their clip: another rendering is on its way, and the clip stays whatever comes of that.
    pub having: HashSet<JobKey>,
}

impl Roster {
    /// Adds a job of which something else than its decision says where it stands.
    pub fn add_as(&mut self, job: &JobKey, bucket: Bucket) {
        self.jobs.push((job.clone(), bucket));
    }

    /// Adds a job for which this was decided.
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

/// What is known before the run begins.
#[derive(Debug, Default)]
pub struct Start {
    /// The jobs of the manifest.
    pub roster: Roster,
    /// What was paid before and is still to come.
    pub owed: Vec<Take>,
    /// What this run, or the interrupted one that it goes on with, has spent so far.
    pub spent: Usd,
    /// What it will have spent when all is done; `None` where nothing is ordered.
    pub estimate: Option<Usd>,
}

/// The state of the display.
#[derive(Debug, Clone)]
pub struct Board {
    began: Timestamp,
    buckets: Buckets,
    /// Jobs of which the last phase of a take does not tell the bucket.
    noted: HashMap<JobKey, Bucket>,
    /// Jobs that get the clip of another job, by that one.
    followers: HashMap<JobKey, Vec<JobKey>>,
    outdated: HashSet<JobKey>,
    having: HashSet<JobKey>,
    /// Number of renderings that failed in this run.
    failures: usize,
    flights: BTreeMap<TakeId, Flight>,
    pace: Pace,
    /// Takes whose price is counted and that have not ended.
    charged: HashSet<TakeId>,
    spent: Usd,
    estimate: Option<Usd>,
    clips: Clips,
    stopping: bool,
    moved: bool,
}

/// Clips that this run brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clips {
    /// How many.
    pub count: usize,
    /// The path of the only one, or the folder that all of them are below; relative to the output root.
    pub below: String,
}

impl Clips {
    fn add(&mut self, path: &str) {
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
    /// The display at the start of a run.
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
            pace: Pace::default(),
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
            board.flies(&take.id, &take.key, &take.state, now);
        }
        for (key, bucket) in jobs {
            board.put(key, None, bucket);
        }
        for (leader, follower) in roster.followers {
            board.followers.entry(leader).or_default().push(follower);
        }
        board
    }

    /// Takes in what happened.
    pub fn hear(&mut self, notice: &Notice, now: Timestamp) {
        match notice {
            Notice::Moved { take, key, price, path, from, to, .. } => {
                self.moved = true;
                let before = self.before(take, key, *from);
                self.put(key.clone(), before, self.after(key, to));
                self.failures += usize::from(matches!(**to, State::Failed { .. }));
                self.tell_followers(key, to);
                self.flies(take, key, to, now);
                let charged = match &**to {
                    State::Done { task, .. } => {
                        self.clips.add(path);
                        if task.intent.at >= self.began {
                            self.pace.clip_after(passed(task.intent.at, now));
                        }
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

    /// Returns where a job stood whose take moves on; `None` where it was not counted yet.
    fn before(&self, take: &TakeId, key: &JobKey, from: Phase) -> Option<Bucket> {
        let flies = || self.flights.get(take).filter(|flight| flight.is_paid()).map(|_| Bucket::InFlight);
        self.noted.get(key).copied().or_else(flies).or(match from {
            Phase::Done => Some(Bucket::Done),
            Phase::Pending => Some(Bucket::ToRender),
            _ => None,
        })
    }

    /// Returns the bucket of a job whose take is in this state now.
    fn after(&self, key: &JobKey, state: &State) -> Bucket {
        match Bucket::after(state) {
            Bucket::Done | Bucket::Failed if self.outdated.contains(key) => Bucket::ToRender,
            Bucket::ToRender => Bucket::ToRender,
            _ if self.having.contains(key) => Bucket::Done,
            bucket => bucket,
        }
    }

    /// Gives those that wait for the job's clip their bucket. A clip that is there comes to each with a notice of its own.
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

    fn flies(&mut self, take: &TakeId, key: &JobKey, state: &State, now: Timestamp) {
        let before = self.flights.remove(take);
        if let Some(flight) = Flight::new(key, state, before.as_ref(), now) {
            self.flights.insert(take.clone(), flight);
        }
        self.pace.in_flight(self.in_flight());
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

    /// Whether nothing at all happened to any job.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        !self.moved
    }

    /// Clips that this run brought.
    #[must_use]
    pub fn clips(&self) -> &Clips {
        &self.clips
    }

    /// What the run will have spent when all is done; `None` where nothing was ordered.
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

    fn paid_flights(&self) -> impl Iterator<Item = &Flight> {
        self.flights.values().filter(|flight| flight.is_paid())
    }

    fn in_flight(&self) -> usize {
        self.paid_flights().count()
    }

    /// The lines for a terminal of that size: none is wider than it, and together they leave room above.
    #[must_use]
    pub fn lines(&self, now: Timestamp, columns: usize, rows: usize) -> Vec<String> {
        let bar = self.bar(columns);
        // Half of the terminal belongs to what has happened.
        let room = (rows / 2).saturating_sub(bar.len());
        let mut lines = self.flight_lines(now, columns, room);
        lines.extend(bar);
        lines
    }

    fn flight_lines(&self, now: Timestamp, columns: usize, room: usize) -> Vec<String> {
        let shown = |flight: &&Flight| flight.is_shown(self.stopping, now);
        let mut flights: Vec<&Flight> = self.flights.values().filter(shown).collect();
        flights.sort_by_key(|flight| !flight.is_paid());
        let all = flights.len();
        let fitting = if all <= room.min(SHOWN) { all } else { room.saturating_sub(1).min(SHOWN) };
        flights.truncate(fitting);
        // Two columns at the left, 11 for the word, 6 for the time, two between each.
        let most = columns.saturating_sub(2 + 2 + 11 + 2 + 6);
        let keys: Vec<String> = flights.iter().map(|flight| shorten(&flight.key.to_string(), most)).collect();
        let widest = keys.iter().map(|key| width(key)).max().unwrap_or(0);
        let mut lines: Vec<String> = keys
            .iter()
            .zip(&flights)
            .map(|(key, flight)| {
                let pad = " ".repeat(widest - width(key));
                format!("  {key}{pad}  {}", flight.words(now))
            })
            .collect();
        if all > fitting && room > 0 {
            lines.push(match fitting {
                0 => format!("  {all} in flight"),
                _ => format!("  … and {} more", all - fitting),
            });
        }
        lines.into_iter().map(|line| cut(&line, columns)).collect()
    }

    fn bar(&self, columns: usize) -> Vec<String> {
        let all = self.buckets.jobs();
        if all == 0 {
            return Vec::new();
        }
        let left = self.buckets.open();
        let mut counts = self.buckets.parts();
        counts[0] = format!("{}/{all} done", self.buckets.count(Bucket::Done));
        let counts = counts.join("  ");
        let mut rest = Vec::new();
        match self.estimate {
            Some(estimate) => rest.push(format!("{} of {}", self.spent, estimate.max(self.spent))),
            None if left > 0 => rest.push("no new cost".to_owned()),
            None => {}
        }
        if self.stopping {
            rest.push("stopping".to_owned());
        } else {
            rest.extend(self.pace.time_for(left, self.in_flight()).map(|time| format!("about {time} left")));
        }
        let rest = rest.join("  ");
        let one = if rest.is_empty() { counts.clone() } else { format!("{counts}  {rest}") };
        // The brackets and a space.
        let room = |text: &str| columns.saturating_sub(width(text) + 3).min(BAR.1);
        let drawn = |inner: usize| {
            let full = inner * (all - left) / all;
            format!("[{}{}]", "#".repeat(full), "-".repeat(inner - full))
        };
        let lines = if room(&one) >= BAR.0 {
            vec![format!("{} {one}", drawn(room(&one)))]
        } else if room(&counts) >= BAR.0 {
            vec![format!("{} {counts}", drawn(room(&counts))), rest]
        } else {
            vec![counts, rest]
        };
        lines.into_iter().filter(|line| !line.is_empty()).map(|line| cut(&line, columns)).collect()
    }
}

/// Without the end that does not fit.
fn cut(line: &str, columns: usize) -> String {
    let mut used = 0;
    let mut cut = String::new();
    for c in line.chars() {
        used += width(c.encode_utf8(&mut [0; 4]));
        if used > columns {
            break;
        }
        cut.push(c);
    }
    cut
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;
