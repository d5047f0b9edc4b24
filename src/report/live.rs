//! What a terminal shows while a run is at work: a line for each job in flight, and below them a bar with the counts,
//! the money and the time left.
//!
//! A [`Board`] is told what stands at the start and then every [`Notice`]; it knows of no terminal. Its lines always
//! fit the columns they are asked for.

use super::text::{lasted, shorten, width};
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{Charged, State};
use crate::domain::money::Usd;
use crate::domain::notice::Notice;
use crate::domain::take::Take;
use crate::plan::decide::Decision;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::Duration;

/// Jobs in flight that are shown; the others are counted.
const SHOWN: usize = 8;
/// Finished jobs whose times make the estimate of the time left …
const RECENT: usize = 20;
/// … and how many of them it takes to venture one.
const BASIS: usize = 3;
/// Columns between the brackets of the bar, at least and at most.
const BAR: (usize, usize) = (8, 26);

/// Where a job stands, as far as a run is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stand {
    /// Its clip is there.
    Done,
    /// Nothing came of it.
    Failed,
    /// A person must decide.
    Held,
    /// A person gave it up.
    GivenUp,
    /// Something is still to be done about it.
    Left,
}

impl Stand {
    /// Where a job stands before anything is done about it.
    #[must_use]
    pub fn of(decision: &Decision) -> Self {
        match decision {
            Decision::Unchanged { refile: None, .. } => Self::Done,
            Decision::Blocked { state, .. } | Decision::Failed { state, .. } => Self::after(state),
            Decision::Unchanged { refile: Some(_), .. }
            | Decision::Underway { .. }
            | Decision::Renamed { .. }
            | Decision::Shared { .. }
            | Decision::New
            | Decision::Changed { .. } => Self::Left,
        }
    }

    fn after(state: &State) -> Self {
        match state {
            State::Done { .. } => Self::Done,
            State::Failed { .. } => Self::Failed,
            State::Held { .. } => Self::Held,
            State::WrittenOff { .. } | State::Cancelled { .. } => Self::GivenUp,
            State::Pending { .. }
            | State::Submitting { .. }
            | State::Doubtful { .. }
            | State::Running { .. }
            | State::Downloading { .. }
            | State::Placing { .. } => Self::Left,
        }
    }
}

/// What is known before the run begins.
#[derive(Debug, Default)]
pub struct Start {
    /// The jobs of this run. Jobs of two projects with one name count as one.
    pub jobs: Vec<(JobKey, Stand)>,
    /// What was paid before and is still to come.
    pub owed: Vec<Take>,
    /// What this run, or the interrupted one that it goes on with, has spent so far.
    pub spent: Usd,
    /// What it will have spent when all is done. Nothing where nothing is ordered.
    pub estimate: Usd,
}

/// The state of the display.
#[derive(Debug, Clone)]
pub struct Board {
    began: Timestamp,
    jobs: HashMap<JobKey, Stand>,
    flights: BTreeMap<TakeId, Flight>,
    most_in_flight: usize,
    /// From being sent to the clip, of the latest jobs that were sent in this run.
    recent: VecDeque<Duration>,
    charged: HashSet<TakeId>,
    spent: Usd,
    estimate: Usd,
    clips: Clips,
    stopping: bool,
    moved: bool,
}

#[derive(Debug, Clone)]
struct Flight {
    key: JobKey,
    doing: Doing,
    /// Since when; for [`Doing::Again`], when.
    at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    Sending,
    Checking,
    Rendering,
    Downloading,
    Filing,
    /// Something did not get through and is tried again.
    Again,
}

impl Doing {
    fn word(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Checking => "checking",
            Self::Rendering => "rendering",
            Self::Downloading => "downloading",
            Self::Filing => "filing",
            Self::Again => "again in",
        }
    }
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
        let mut board = Self {
            began: now,
            jobs: start.jobs.into_iter().collect(),
            flights: BTreeMap::new(),
            most_in_flight: 0,
            recent: VecDeque::new(),
            charged: HashSet::new(),
            spent: start.spent,
            estimate: start.estimate,
            clips: Clips::default(),
            stopping: false,
            moved: false,
        };
        for take in &start.owed {
            board.stands(&take.id, &take.key, &take.state, now);
        }
        board
    }

    /// Takes in what happened.
    pub fn hear(&mut self, notice: &Notice, now: Timestamp) {
        match notice {
            Notice::Moved { take, key, price, path, to, .. } => {
                self.moved = true;
                self.stands(take, key, to, now);
                let charged = match &**to {
                    State::Done { task, .. } => {
                        self.clips.add(path);
                        if task.intent.at >= self.began {
                            self.recent.truncate(RECENT - 1);
                            self.recent.push_front(passed(task.intent.at, now));
                        }
                        true
                    }
                    State::Failed { charged, .. } => *charged == Charged::Yes,
                    State::Held { reason, .. } => !reason.charge_in_doubt(),
                    _ => false,
                };
                if charged && self.charged.insert(take.clone()) {
                    self.spent += *price;
                }
            }
            Notice::Filed { key, path } => {
                self.moved = true;
                self.jobs.insert(key.clone(), Stand::Done);
                self.clips.add(path);
            }
            Notice::Stopping { .. } => self.stopping = true,
            Notice::Stopped { .. } | Notice::Warning(_) => {}
        }
    }

    fn stands(&mut self, take: &TakeId, key: &JobKey, state: &State, now: Timestamp) {
        self.jobs.insert(key.clone(), Stand::after(state));
        let Some((doing, at)) = doing(state, now) else {
            self.flights.remove(take);
            return;
        };
        let known = self.flights.get(take).filter(|known| known.doing == doing && doing != Doing::Again);
        let at = known.map_or(at, |known| known.at);
        self.flights.insert(take.clone(), Flight { key: key.clone(), doing, at });
        let in_flight = self.in_flight();
        self.most_in_flight = self.most_in_flight.max(in_flight);
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

    /// What the run will have spent when all is done; nothing where nothing was ordered.
    #[must_use]
    pub fn estimate(&self) -> Usd {
        self.estimate
    }

    /// How many jobs stand so.
    #[must_use]
    pub fn count(&self, stand: Stand) -> usize {
        self.jobs.values().filter(|known| **known == stand).count()
    }

    /// How long the run has lasted.
    #[must_use]
    pub fn lasted(&self, now: Timestamp) -> Duration {
        passed(self.began, now)
    }

    /// Where all jobs stand at the end, in one line.
    #[must_use]
    pub fn counts(&self) -> String {
        // A job is in flight when it is paid; one that waits for its next try is left.
        let in_flight: HashSet<&JobKey> = self.paid_flights().map(|flight| &flight.key).collect();
        let in_flight = in_flight.len();
        let mut counts = vec![format!("{} done", self.count(Stand::Done))];
        counts.extend(self.troubles());
        if in_flight > 0 {
            counts.push(format!("{in_flight} in flight"));
        }
        let left = self.count(Stand::Left).saturating_sub(in_flight);
        if left > 0 {
            counts.push(format!("{left} left"));
        }
        counts.join(" · ")
    }

    fn troubles(&self) -> impl Iterator<Item = String> {
        [(Stand::Failed, "failed"), (Stand::Held, "held"), (Stand::GivenUp, "given up")]
            .map(|(stand, word)| (self.count(stand), word))
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
    }

    fn paid_flights(&self) -> impl Iterator<Item = &Flight> {
        self.flights.values().filter(|flight| flight.doing != Doing::Again)
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
        let waits = |flight: &Flight| flight.doing == Doing::Again;
        let shown = |flight: &&Flight| match flight.doing {
            // Its time has come: from now on it waits for its turn, like all that were not sent yet.
            Doing::Again => !self.stopping && flight.at > now,
            // After a stop nobody asks how a task goes on, but answers to paid requests are awaited.
            Doing::Sending => true,
            _ => !self.stopping,
        };
        let mut flights: Vec<&Flight> = self.flights.values().filter(shown).collect();
        flights.sort_by_key(|flight| waits(flight));
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
                let time = if waits(flight) { passed(now, flight.at) } else { passed(flight.at, now) };
                let pad = " ".repeat(widest - width(key));
                format!("  {key}{pad}  {:<11}  {:>6}", flight.doing.word(), lasted(time))
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
        let all = self.jobs.len();
        if all == 0 {
            return Vec::new();
        }
        let left = self.count(Stand::Left);
        let mut counts = vec![format!("{}/{all} done", self.count(Stand::Done))];
        counts.extend(self.troubles());
        if left > 0 {
            counts.push(format!("{left} left"));
        }
        let counts = counts.join("  ");
        let mut rest = Vec::new();
        if self.estimate > Usd::ZERO {
            rest.push(format!("{} of {}", self.spent, self.estimate.max(self.spent)));
        } else if left > 0 {
            rest.push("no new cost".to_owned());
        }
        if self.stopping {
            rest.push("stopping".to_owned());
        } else {
            rest.extend(self.time_left().map(|time| format!("about {time} left")));
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

    /// As long as the latest jobs took, for all that are left, as many at once as there have been. Jobs in flight are
    /// taken as half done.
    fn time_left(&self) -> Option<String> {
        let left = self.count(Stand::Left);
        if self.recent.len() < BASIS || left == 0 || self.most_in_flight == 0 {
            return None;
        }
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let each = self.recent.iter().sum::<Duration>() / number(self.recent.len());
        let halves = (2 * left).saturating_sub(self.in_flight().min(left));
        Some(about(each.saturating_mul(number(halves)) / number(2 * self.most_in_flight)))
    }
}

/// What is being done about a take that this run works on, and since when or when.
fn doing(state: &State, now: Timestamp) -> Option<(Doing, Timestamp)> {
    match state {
        State::Pending { tries_left, setbacks, due } => {
            (*tries_left > 0 && *setbacks > 0).then_some((Doing::Again, *due))
        }
        State::Submitting { intent, .. } => Some((Doing::Sending, intent.at)),
        State::Doubtful { .. } => Some((Doing::Checking, now)),
        State::Running { task, .. } => Some((Doing::Rendering, task.accepted)),
        State::Downloading { .. } => Some((Doing::Downloading, now)),
        State::Placing { .. } => Some((Doing::Filing, now)),
        State::Done { .. }
        | State::Held { .. }
        | State::Failed { .. }
        | State::Cancelled { .. }
        | State::WrittenOff { .. } => None,
    }
}

/// Nothing where the clock was set back.
fn passed(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or(Duration::ZERO)
}

/// A time that is only roughly known: to five seconds, to a minute, to ten minutes.
fn about(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{} s", seconds.next_multiple_of(5).max(5)),
        60..3_600 => format!("{} min", seconds.div_ceil(60)),
        _ => {
            let tens = seconds.div_ceil(600);
            match (tens / 6, tens % 6 * 10) {
                (hours, 0) => format!("{hours} h"),
                (hours, minutes) => format!("{hours} h {minutes} min"),
            }
        }
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
