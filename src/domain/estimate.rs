//! Estimates of the time that renderings take, from the limits of their models and from learned durations.
//!
//! The estimates are only shown to people; no decision of the program depends on them.

use super::durations::{Durations, RenderKind};
use super::key::ModelName;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

/// The limits that a provider sets on the submissions to one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flow {
    /// The maximum number of tasks at the same time.
    pub slots: usize,
    /// The minimum time between two submissions.
    pub interval: Duration,
    /// The provider's maximum number of submissions in a day; `None` if there is no such limit.
    pub per_day: Option<u32>,
}

/// The limits and the learned durations for one kind of request: one model, one length and one size of clip.
#[derive(Debug, Clone, Default)]
pub struct RenderFigures {
    /// The provider's limits on submissions to the model. `None` if no more requests of this kind (a model with a
    /// length and size of clip) will be sent.
    pub flow: Option<Flow>,
    /// The learned rendering durations; `None` before a task of this kind (a model with a length and size of clip) has
    /// finished.
    pub durations: Option<Arc<Durations>>,
}

/// A source of the limits and learned durations for each kind of request (model, length and size of the clip).
pub trait Known: Debug + Send + Sync {
    /// Returns the limits and the learned durations for a kind of request (model, length and size of the clip).
    fn of(&self, kind: &RenderKind) -> RenderFigures;
}

/// The unfinished renderings of one kind of request: one model, one length and one size of clip.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Open {
    /// The number of jobs whose requests are not sent yet.
    pub unsent: usize,
    /// The ages of the running tasks.
    pub ages: Vec<Duration>,
}

/// An estimate of the time until all renderings are finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// The time until the last rendering is finished.
    pub time: Duration,
    /// The maximum number of tasks at the same time, over all models.
    pub at_once: usize,
    /// True if the rendering durations of all requests are known. If false, `time` is only a lower bound.
    pub is_whole: bool,
}

/// The length of a day, for limits on the submissions in a day.
const DAY: Duration = Duration::from_hours(24);

/// Returns the estimated time until all these renderings are finished; `None` if nothing is left to render.
///
/// Models render at the same time, so the slowest model counts. A provider's daily quota sets a lower bound: with 100
/// submissions a day, 250 unsent jobs take at least two days.
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

/// The unfinished renderings of one model, with the model's limits.
#[derive(Debug, Default)]
struct Model {
    flow: Option<Flow>,
    unsent: usize,
    running: usize,
    /// The total rendering time of the unsent jobs, in seconds.
    work: f64,
    /// The remaining rendering times of the running tasks, in seconds: first their sum, then the longest of them.
    rest: (f64, f64),
    has_unknown: bool,
}

impl Model {
    fn add(&mut self, open: &Open, prospect: &RenderFigures) {
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

    /// Returns the time until the model's last rendering is finished.
    ///
    /// The last job is sent when the interval between submissions allows it and a slot (one of the tasks that the
    /// provider allows at the same time) is free. Until then the work is spread evenly over the slots. Near the end,
    /// half of the slots are idle on average, because no more jobs are waiting.
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
