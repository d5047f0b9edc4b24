//! The remaining time of a run, estimated from its latest jobs.

use std::collections::VecDeque;
use std::time::Duration;

/// Maximum number of finished jobs in the estimate.
const RECENT: usize = 20;
/// Minimum number of finished jobs for an estimate.
const BASIS: usize = 3;

/// The rendering times of the latest jobs of a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pace {
    /// Times from sending to the clip, latest first.
    recent: VecDeque<Duration>,
    most_at_once: usize,
}

impl Pace {
    /// Records the number of jobs in flight.
    pub(crate) fn in_flight(&mut self, count: usize) {
        self.most_at_once = self.most_at_once.max(count);
    }

    /// Records the time from a request to its clip.
    pub(crate) fn clip_after(&mut self, time: Duration) {
        self.recent.truncate(RECENT - 1);
        self.recent.push_front(time);
    }

    /// Returns the estimated time for the remaining jobs in words; `None` if too few jobs are finished.
    ///
    /// It assumes the average time of the latest jobs and the highest concurrency so far. Jobs in flight count as
    /// half done.
    #[must_use]
    pub(crate) fn time_for(&self, left: usize, in_flight: usize) -> Option<String> {
        if self.recent.len() < BASIS || left == 0 || self.most_at_once == 0 {
            return None;
        }
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let each = self.recent.iter().sum::<Duration>() / number(self.recent.len());
        let halves = (2 * left).saturating_sub(in_flight.min(left));
        Some(about(each.saturating_mul(number(halves)) / number(2 * self.most_at_once)))
    }
}

/// Returns a rounded time in words: to five seconds, one minute or ten minutes.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_are_roughly_known_are_told_roughly() {
        let told = [0, 1, 6, 59, 60, 61, 3_599, 3_600, 3_601, 7_200]
            .map(|seconds| about(Duration::from_secs(seconds)));
        let expected = ["5 s", "5 s", "10 s", "60 s", "1 min", "2 min", "60 min", "1 h", "1 h 10 min", "2 h"];
        assert_eq!(told, expected);
    }
}
