//! What a terminal shows while a run is at work: a line for each job in flight, and below them a bar with the counts,
//! the money and the time left.
//!
//! A [`Board`] is told what stands at the start and then every [`Notice`]; it knows of no terminal. Its lines always
//! fit the columns they are asked for.

use super::flight::Flight;
use super::pace::Pace;
use super::text::{passed, shorten, width};
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{Charged, State};
use crate::domain::money::Usd;
use crate::domain::notice::Notice;
use crate::domain::take::Take;
use crate::files::Loss;
use crate::plan::decide::Decision;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

/// Jobs in flight that are shown; the others are counted.
const SHOWN: usize = 8;
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
    /// Nothing came of it or its clip is gone, and a person said that this is meant.
    Dismissed,
    /// Its clip was there and is gone.
    Missing,
    /// Something else than its clip has the name.
    Altered,
    /// Something is still to be done about it.
    Left,
}

impl Stand {
    /// Where a job stands before anything is done about it.
    #[must_use]
    pub fn of(decision: &Decision) -> Self {
        match decision {
            Decision::Unchanged { refile: None, .. } | Decision::Kept { refile: None, .. } => Self::Done,
            Decision::Blocked { state, .. } | Decision::Failed { state, .. } => Self::after(state),
            Decision::Unchanged { refile: Some(_), .. }
            | Decision::Kept { refile: Some(_), .. }
            | Decision::Underway { .. }
            | Decision::Renamed { .. }
            | Decision::Shared { .. }
            | Decision::New
            | Decision::Changed { .. }
            | Decision::Again { .. } => Self::Left,
        }
    }

    /// Where a job stands whose clip is not as it was placed.
    #[must_use]
    pub const fn lost(loss: Loss) -> Self {
        match loss {
            Loss::Missing => Self::Missing,
            Loss::Altered => Self::Altered,
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
    /// Jobs beside these whose clips are there, as everybody knows.
    pub up_to_date: usize,
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
    jobs: HashMap<JobKey, Stand>,
    /// How many of them stand how.
    stands: HashMap<Stand, usize>,
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
        let mut board = Self {
            began: now,
            jobs: HashMap::new(),
            stands: HashMap::from([(Stand::Done, start.up_to_date)]),
            flights: BTreeMap::new(),
            pace: Pace::default(),
            charged: HashSet::new(),
            spent: start.spent,
            estimate: start.estimate,
            clips: Clips::default(),
            stopping: false,
            moved: false,
        };
        for (key, stand) in start.jobs {
            board.stands(key, stand);
        }
        for take in &start.owed {
            board.moves(&take.id, &take.key, &take.state, now);
        }
        board
    }

    /// Takes in what happened.
    pub fn hear(&mut self, notice: &Notice, now: Timestamp) {
        match notice {
            Notice::Moved { take, key, price, path, to, .. } => {
                self.moved = true;
                self.moves(take, key, to, now);
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
                self.stands(key.clone(), Stand::Done);
                self.clips.add(path);
            }
            Notice::Stopping { .. } => self.stopping = true,
            Notice::Stopped { .. } | Notice::Warning(_) | Notice::Trouble(_) => {}
        }
    }

    fn moves(&mut self, take: &TakeId, key: &JobKey, state: &State, now: Timestamp) {
        self.stands(key.clone(), Stand::after(state));
        let before = self.flights.remove(take);
        if let Some(flight) = Flight::new(key, state, before.as_ref(), now) {
            self.flights.insert(take.clone(), flight);
        }
        self.pace.in_flight(self.in_flight());
    }

    fn stands(&mut self, key: JobKey, stand: Stand) {
        if let Some(count) = self.jobs.insert(key, stand).and_then(|before| self.stands.get_mut(&before)) {
            *count -= 1;
        }
        *self.stands.entry(stand).or_default() += 1;
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

    /// How many jobs stand so.
    #[must_use]
    pub fn count(&self, stand: Stand) -> usize {
        self.stands.get(&stand).copied().unwrap_or(0)
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
        let troubles = [
            (Stand::Failed, "failed"),
            (Stand::Held, "held"),
            (Stand::GivenUp, "written off"),
            (Stand::Dismissed, "dismissed"),
            (Stand::Missing, "missing"),
            (Stand::Altered, "altered"),
        ];
        troubles
            .map(|(stand, word)| (self.count(stand), word))
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
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
        let all: usize = self.stands.values().sum();
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
