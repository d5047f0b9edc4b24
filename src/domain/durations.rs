//! Durations of renderings, learned from polls.
//!
//! A poll tells that a task was still running, or that it has finished since the poll before. [`Durations`] keeps the
//! recent ones of these intervals as a histogram over the logarithm of time, which has the same size for ever.

use super::key::ModelName;
use super::request::{Request, Value};
use std::time::Duration;

/// Requests whose renderings take equally long: one model, one length and size of clip.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RenderKind {
    /// The model.
    pub model: ModelName,
    /// Length and size as they were ordered, such as `5 s 1280x720`; empty where the request sets neither.
    pub class: String,
}

impl RenderKind {
    /// Returns the kind of a request.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        let seconds = request.duration.map(|seconds| format!("{seconds} s"));
        // Some models name the size by a word of their own.
        let word = || match request.params.get("resolution") {
            Some(Value::Text(word)) => Some(word.clone()),
            _ => None,
        };
        let size = request.size.clone().or_else(word);
        let class = [seconds, size].into_iter().flatten().collect::<Vec<_>>().join(" ");
        Self { model: request.model.clone(), class }
    }
}

/// While no more tasks than this have finished, each one says much about the others.
pub const FEW: u64 = 20;

/// Number of buckets: the last one ends after 50 hours.
const BUCKETS: usize = 188;
/// Seconds at which the first bucket ends, and the ratio between the ends of two neighbours.
const FIRST: f64 = 0.1;
const RATIO: f64 = 1.08;
/// Finished tasks after which an older one counts a third: so soon a provider that changed is followed.
const MEMORY: f64 = 48.0;
/// Share of what is known that is spread evenly over the time in which a task finished, so that new lengths are learned.
const NEW: f64 = 0.05;
/// Tasks that are thought to render longer than any known one.
const SLOW: f64 = 0.5;

/// Lower ends of the buckets in seconds, and the upper end of the last one.
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

/// Durations of the last tasks of one kind.
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
    /// Returns what was saved; a bucket that does not exist, or a weight that is none, is left out.
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

    /// Returns the buckets that are not empty, with their weights.
    pub fn weights(&self) -> impl Iterator<Item = (usize, f32)> + '_ {
        self.weights.iter().copied().enumerate().filter(|(_, weight)| *weight > 0.0)
    }

    /// Returns the number of finished tasks that were seen so far.
    #[must_use]
    pub fn finished(&self) -> u64 {
        self.finished
    }

    fn total(&self) -> f64 {
        self.weights.iter().copied().map(f64::from).sum()
    }

    /// Takes in a task that was still running at one age and finished at another.
    ///
    /// Where within that time it finished is not known: it is shared out in proportion to what the other tasks tell, a
    /// little of it evenly over the later half of that age.
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
            // What is too small to count needs no place in the store.
            self.weights[at] = if weight < 1e-4 { 0.0 } else { weight };
        }
        self.finished = self.finished.saturating_add(1);
    }

    /// Returns the time within which this share of the tasks finishes; `None` while nothing is known.
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

    /// Returns the time that a task that was running at this age still takes on average; `None` while nothing is known.
    ///
    /// A task that has outlasted all known ones is thought to take a quarter of its age more.
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

    /// Returns the wait after which a task that was running at this age has been finished for `idle` on average.
    ///
    /// This is the integral over the chance that it has finished: short where many tasks finish, long before the first
    /// ones do and after the last. A few are always thought to take longer, the more so the longer they have taken.
    /// `None` while nothing is known.
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
                // Within a bucket the chance grows evenly, so that the integral is a parabola.
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
