//! How long a run will still take, from how long its latest jobs took.

use std::collections::VecDeque;
use std::time::Duration;

/// Finished jobs whose times make the estimate …
const RECENT: usize = 20;
/// … and how many of them it takes to venture one.
const BASIS: usize = 3;

/// The pace of a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pace {
    /// From being sent to the clip, latest first.
    recent: VecDeque<Duration>,
    most_at_once: usize,
}

impl Pace {
    /// So many jobs are in flight.
    pub(crate) fn in_flight(&mut self, count: usize) {
        self.most_at_once = self.most_at_once.max(count);
    }

    /// A clip came, so long after its request was sent.
    pub(crate) fn clip_after(&mut self, time: Duration) {
        self.recent.truncate(RECENT - 1);
        self.recent.push_front(time);
    }

    /// The time that so many jobs will take, `in_flight` of which are under way, in words; `None` where there is no
    /// basis for it yet. Each takes as long as the latest ones, as many at once as there have been; those in flight are
    /// taken as half done.
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
