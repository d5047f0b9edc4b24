//! Formats the lines that a terminal shows during a run: one for each active job, and a progress bar below.
//!
//! The bar shows the counts, the money and the time left. No line is wider than the given number of columns.

use super::layout::{lasted, shorten, width};
use crate::app::totals::{Flight, RunTotals, TakeStep};
use crate::domain::time::passed;
use crate::domain::units::about;
use crate::plan::bucket::Bucket;
use jiff::Timestamp;

/// The maximum number of active jobs that are shown. Further active jobs are only counted.
const SHOWN: usize = 8;
/// The minimum and the maximum width of the progress bar between its brackets, in columns.
const BAR: (usize, usize) = (8, 26);

impl RunTotals {
    /// Returns the lines that show the run on a terminal. No line is wider than `columns`, and together they fill at
    /// most half of the `rows`.
    #[must_use]
    pub fn lines(&self, now: Timestamp, columns: usize, rows: usize) -> Vec<String> {
        let bar = self.bar(now, columns);
        // The other half of the terminal is for the lines about past events.
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
                0 => format!("  {all} waiting for the result"),
                _ => format!("  … and {} more", all - fitting),
            });
        }
        lines.into_iter().map(|line| cut(&line, columns)).collect()
    }

    fn bar(&self, now: Timestamp, columns: usize) -> Vec<String> {
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
            rest.extend(self.time_left(now).map(|time| format!("about {} left", about(time))));
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

impl Flight {
    /// Returns the current step of a job, 11 columns wide, and then a time, 6 columns wide.
    ///
    /// The time is the duration of the step so far or, before a retry, the time until the retry.
    #[must_use]
    pub(crate) fn words(&self, now: Timestamp) -> String {
        let (word, time) = match self.doing {
            TakeStep::Sending => ("sending", passed(self.at, now)),
            TakeStep::Checking => ("checking", passed(self.at, now)),
            TakeStep::Rendering => ("rendering", passed(self.at, now)),
            TakeStep::Downloading => ("downloading", passed(self.at, now)),
            TakeStep::Filing => ("saving", passed(self.at, now)),
            TakeStep::Again => ("retrying in", passed(now, self.at)),
        };
        format!("{word:<11}  {:>6}", lasted(time))
    }
}

/// Cuts a line after the last character that fits into `columns` columns.
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
