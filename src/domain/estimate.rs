//! The time that renderings take, from the limits of their models and from learned durations.
//!
//! It is an estimate for people. Nothing is decided by it.

use super::durations::{Durations, RenderKind};
use super::key::ModelName;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

/// The limits under which one model takes submissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flow {
    /// Maximum number of tasks in flight.
    pub slots: usize,
    /// Minimum time between two submissions.
    pub interval: Duration,
    /// Maximum number of submissions of the provider in a day.
    pub per_day: Option<u32>,
}

/// The facts about one kind of request.
#[derive(Debug, Clone, Default)]
pub struct Prospect {
    /// Limits of its model; `None` where no more of these requests are sent.
    pub flow: Option<Flow>,
    /// Learned durations; `None` before a task has finished.
    pub durations: Option<Arc<Durations>>,
}

/// A source of the facts about kinds of requests.
pub trait Known: Debug + Send + Sync {
    /// Returns the facts about a kind.
    fn of(&self, kind: &RenderKind) -> Prospect;
}

/// The renderings of one kind that are not finished.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Open {
    /// Number of jobs that were not sent yet.
    pub unsent: usize,
    /// Ages of the tasks in flight.
    pub ages: Vec<Duration>,
}

/// An estimated time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// Time until the last rendering is finished.
    pub time: Duration,
    /// Maximum number of tasks in flight, over all models.
    pub at_once: usize,
    /// True if the durations of all kinds are known. Without them the limits alone give a lower bound.
    pub is_whole: bool,
}

/// Length of the day of a quota.
const DAY: Duration = Duration::from_hours(24);

/// Returns the time for all these renderings; `None` where nothing is left to render.
///
/// Models render at the same time, so the slowest one counts. Jobs beyond a provider's quota of the day wait a day for
/// each further quota.
#[must_use]
pub fn estimate(open: &BTreeMap<RenderKind, Open>, known: &dyn Known) -> Option<Estimate> {
    let mut models: BTreeMap<&ModelName, Model> = BTreeMap::new();
    for (kind, open) in open {
        models.entry(&kind.model).or_default().add(open, &known.of(kind));
    }
    models.retain(|_, model| model.unsent + model.running > 0);
    let mut days: BTreeMap<&str, (usize, u32)> = BTreeMap::new();
    for (name, model) in &models {
        if let Some(per_day) = model.flow.and_then(|flow| flow.per_day) {
            days.entry(&name.provider).or_insert((0, per_day)).0 += model.unsent;
        }
    }
    let waits = days.values().map(|(unsent, per_day)| {
        let waits = unsent.saturating_sub(1) / (*per_day).max(1) as usize;
        DAY.saturating_mul(u32::try_from(waits).unwrap_or(u32::MAX))
    });
    let time = models.values().map(Model::time).chain(waits).max()?;
    Some(Estimate {
        time,
        at_once: models.values().map(Model::at_once).sum(),
        is_whole: models.values().all(|model| !model.has_unknown),
    })
}

/// The open renderings of one model.
#[derive(Debug, Default)]
struct Model {
    flow: Option<Flow>,
    unsent: usize,
    running: usize,
    /// Time that the unsent jobs will render, in seconds.
    work: f64,
    /// Time that the tasks in flight still render, in seconds: all of them together, and the longest.
    rest: (f64, f64),
    has_unknown: bool,
}

impl Model {
    fn add(&mut self, open: &Open, prospect: &Prospect) {
        let rest = |age| prospect.durations.as_deref().and_then(|known| known.rest(age));
        let seconds = |rest: Option<Duration>| rest.unwrap_or_default().as_secs_f64();
        let unsent = if prospect.flow.is_some() { open.unsent } else { 0 };
        self.flow = self.flow.or(prospect.flow);
        self.unsent += unsent;
        self.running += open.ages.len();
        self.work += number(unsent) * seconds(rest(Duration::ZERO));
        for age in &open.ages {
            let left = seconds(rest(*age));
            self.rest = (self.rest.0 + left, self.rest.1.max(left));
        }
        self.has_unknown |= unsent + open.ages.len() > 0 && rest(Duration::ZERO).is_none();
    }

    fn at_once(&self) -> usize {
        let all = self.unsent + self.running;
        self.flow.map_or(self.running, |flow| all.min(flow.slots.max(self.running)))
    }

    /// Returns the time until the last rendering is finished.
    ///
    /// The last job is sent when the pace allows it and a slot is free. Slots become free at different times: on
    /// average the work is shared out evenly, and at its end half of the slots are idle for lack of jobs.
    fn time(&self) -> Duration {
        let (all_rest, longest_rest) = self.rest;
        let mut time = longest_rest;
        if let Some(flow) = self.flow.filter(|_| self.unsent > 0) {
            let slots = number(flow.slots.max(1));
            let each = self.work / number(self.unsent);
            let by_pace = number(self.unsent - 1) * flow.interval.as_secs_f64();
            let by_slots = (all_rest + self.work) / slots - each * (slots + 1.0) / (2.0 * slots);
            let has_room = self.unsent + self.running <= flow.slots;
            let last = if has_room { by_pace } else { by_pace.max(by_slots) };
            time = time.max(last + each);
        }
        Duration::try_from_secs_f64(time).unwrap_or(Duration::MAX)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of jobs are far below what a double holds")]
fn number(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
#[path = "estimate_tests.rs"]
mod tests;
