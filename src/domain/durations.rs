//! Rendering durations of clips, learned from polls (requests for the status of a task).
//!
//! A poll shows that a task is still running, or that it has finished since the previous poll. So polls give an
//! interval that contains the duration. [`Durations`] adds up such intervals in a histogram of logarithmic buckets, in
//! which recent tasks weigh most.

use super::key::ModelName;
use super::request::{Request, Value};
use std::time::Duration;

/// A kind of request whose clips take about equally long to render: one model, one length and one size of clip.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RenderKind {
    /// The model that renders.
    pub model: ModelName,
    /// The length and size of the requested clip, such as `5 s 1280x720`; empty if the request sets neither.
    pub class: String,
}

impl RenderKind {
    /// Returns the kind of a request.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        let seconds = request.duration.map(|seconds| format!("{seconds} s"));
        // Some models have their own word for the size.
        let word = || match request.params.get("resolution") {
            Some(Value::Text(word)) => Some(word.clone()),
            _ => None,
        };
        let size = request.size.clone().or_else(word);
        let class = [seconds, size].into_iter().flatten().collect::<Vec<_>>().join(" ");
        Self { model: request.model.clone(), class }
    }
}

/// The number of finished tasks below which a further task may still change the learned durations considerably.
pub const FEW: u64 = 20;

/// The number of buckets of the histogram of durations; the last bucket ends after 50 hours.
const BUCKETS: usize = 188;
/// The upper end of the histogram's first bucket, in seconds.
const FIRST: f64 = 0.1;
/// The ratio between the upper ends of two neighbouring buckets of the histogram.
const RATIO: f64 = 1.08;
/// The number of further tasks after which a finished task has only a third of its weight in the histogram.
const MEMORY: f64 = 48.0;
/// The share of the histogram's total weight that counts as spread evenly over a new task's possible durations when the
/// task's own weight is divided among them.
///
/// With this share, the histogram can learn durations that no earlier task had.
const NEW: f64 = 0.05;
/// The weight of the possibility that a task takes longer than every finished task; 1 is the weight of the newest
/// finished task.
const SLOW: f64 = 0.5;

/// The lower ends of the histogram's buckets in seconds, followed by the upper end of the last bucket.
const ENDS: [f64; BUCKETS + 1] = ends();

const fn ends() -> [f64; BUCKETS + 1] {
    let mut ends = [0.0; BUCKETS + 1];
    let (mut at, mut end) = (1, FIRST);
    while at <= BUCKETS {
        ends[at] = end;
        end *= RATIO;
        at += 1;
    }
    ends
}

/// A histogram of the rendering durations of one kind of request (model, length and size of the clip). Recent tasks
/// weigh most in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Durations {
    weights: [f32; BUCKETS],
    finished: u64,
}

impl Default for Durations {
    fn default() -> Self {
        Self { weights: [0.0; BUCKETS], finished: 0 }
    }
}

impl Durations {
    /// Restores saved durations from the histogram's buckets: `weights` has the index and the weight of each. Ignores
    /// pairs with an unknown index or an invalid weight.
    #[must_use]
    pub fn restored(finished: u64, weights: impl IntoIterator<Item = (usize, f32)>) -> Self {
        let mut restored = Self { finished, ..Self::default() };
        for (at, weight) in weights {
            if let Some(own) = restored.weights.get_mut(at).filter(|_| weight.is_finite() && weight > 0.0) {
                *own = weight;
            }
        }
        if restored.total() <= 0.0 {
            restored.finished = 0;
        }
        restored
    }

    /// Returns the index and the weight of each non-empty bucket of the histogram.
    pub fn weights(&self) -> impl Iterator<Item = (usize, f32)> + '_ {
        self.weights.iter().copied().enumerate().filter(|(_, weight)| *weight > 0.0)
    }

    /// Returns the number of tasks that have finished so far.
    #[must_use]
    pub fn finished(&self) -> u64 {
        self.finished
    }

    fn total(&self) -> f64 {
        self.weights.iter().copied().map(f64::from).sum()
    }

    /// Adds a task that was still running at the age `running`, and was finished at the age `finished`.
    ///
    /// The exact duration lies between these ages, so the task's weight is spread over the buckets between them. Most
    /// of the weight goes to the ages at which earlier tasks finished. A small part is spread evenly over the ages
    /// above half of `finished`. If no earlier task finished between the two ages, the whole weight is spread evenly.
    pub fn note(&mut self, running: Duration, finished: Duration) {
        let until = finished.as_secs_f64().clamp(FIRST, ENDS[BUCKETS]);
        let from = running.as_secs_f64().min(until * 0.99);
        let late = from.max(until / 2.0);
        let part = |at: usize, from: f64| {
            let (start, end) = (ENDS[at], ENDS[at + 1]);
            ((end.min(until) - start.max(from)) / (end - start)).max(0.0)
        };
        let like_others: f64 = (0..BUCKETS).map(|at| part(at, from) * f64::from(self.weights[at])).sum();
        let evenly: f64 = (0..BUCKETS).map(|at| part(at, late)).sum();
        let new = NEW * self.total().max(1.0);
        for at in 0..BUCKETS {
            let old = f64::from(self.weights[at]);
            let share = (part(at, from) * old + new * part(at, late) / evenly) / (like_others + new);
            #[expect(clippy::cast_possible_truncation, reason = "a weight needs no more digits")]
            let weight = (old * (1.0 - 1.0 / MEMORY) + share) as f32;
            // A weight too small to count is not worth storing.
            self.weights[at] = if weight < 1e-4 { 0.0 } else { weight };
        }
        self.finished = self.finished.saturating_add(1);
    }

    /// Returns the time within which the given share of tasks (0 to 1) finishes; `None` before a task has finished.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let mut left = share.clamp(0.0, 1.0) * self.total();
        let mut last = None;
        for (at, weight) in self.weights() {
            let (start, end, weight) = (ENDS[at], ENDS[at + 1], f64::from(weight));
            if left <= weight {
                return Some(Duration::from_secs_f64(start + (end - start) * left / weight));
            }
            left -= weight;
            last = Some(Duration::from_secs_f64(end));
        }
        last
    }

    /// Returns the average remaining time of a task still running at this age; `None` before a task has finished.
    ///
    /// A task that is older than every known duration is assumed to take another quarter of its age.
    #[must_use]
    pub fn rest(&self, age: Duration) -> Option<Duration> {
        let age = age.as_secs_f64();
        let (mut weights, mut sum) = (0.0, 0.0);
        for (at, weight) in self.weights() {
            let (start, end) = (ENDS[at].max(age), ENDS[at + 1]);
            let share = f64::from(weight) * ((end - start) / (end - ENDS[at])).max(0.0);
            weights += share;
            sum += share * f64::midpoint(start, end);
        }
        let rest = if weights > 0.0 { sum / weights - age } else { age / 4.0 };
        (self.total() > 0.0).then(|| Duration::from_secs_f64(rest.max(0.0)))
    }

    /// Returns the wait until the next poll of a task of this age; `None` before a task has finished.
    ///
    /// The wait is chosen so that a finished task stays unnoticed for the time `idle` on average. This average is the
    /// integral of the probability that the task has finished. So the wait is short at ages at which many tasks finish,
    /// and long before and after them.
    #[must_use]
    pub fn wait(&self, age: Duration, idle: Duration) -> Option<Duration> {
        let median = self.quantile(0.5)?.as_secs_f64();
        let (age, idle) = (age.as_secs_f64(), idle.as_secs_f64());
        let slow = |at: f64| SLOW * (median / at.max(median));
        let first = ENDS.partition_point(|end| *end <= age).clamp(1, BUCKETS) - 1;
        let ahead = ((ENDS[first + 1] - age) / (ENDS[first + 1] - ENDS[first])).clamp(0.0, 1.0);
        let weight = |at: usize| f64::from(self.weights[at]) * if at == first { ahead } else { 1.0 };
        let mut running: f64 = (first..BUCKETS).map(weight).sum();
        let all = running + slow(age);
        let (mut from, mut chance, mut sum) = (age, 0.0, 0.0);
        for at in first..BUCKETS {
            let until = ENDS[at + 1].max(from);
            running -= weight(at);
            let chance_then = 1.0 - (running + slow(until)) / all;
            let length = until - from;
            let more = f64::midpoint(chance, chance_then) * length;
            if sum + more >= idle {
                // Within a bucket the chance grows linearly, so the integral is a parabola.
                let slope = ((chance_then - chance) / length).max(1e-12);
                let rest = ((chance * chance + 2.0 * slope * (idle - sum)).sqrt() - chance) / slope;
                return Some(Duration::from_secs_f64(from + rest.clamp(0.0, length) - age));
            }
            (from, chance, sum) = (until, chance_then, sum + more);
        }
        Some(Duration::from_secs_f64(from - age))
    }
}

#[cfg(test)]
mod tests;
