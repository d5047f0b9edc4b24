//! The rollout of a shot: a few clips are rendered first, and the other clips wait for the reviews of these.
//!
//! A rollout with a rate tests whether the share of approved clips is above or below this rate. The test uses two
//! likelihood ratios against the rate: one averages uniformly over all worse rates, the other over all better rates. If
//! the true share equals the rate, each ratio is a supermartingale. So the chance that a ratio ever reaches 1/α is at
//! most α, however often the test is made.

use std::fmt;

/// A rule to render a few clips first (the canary), and all others after reviews of the canary allow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rollout {
    /// The number of clips that are rendered first.
    pub canary: u32,
    /// The condition under which the remaining clips are rendered.
    pub then: AfterCanary,
}

/// The condition under which the clips after the canary (the clips rendered first) are rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterCanary {
    /// Every clip of the canary is approved.
    Approve,
    /// A statistical test shows that the share of approved clips is above a rate.
    Rate {
        /// The rate that the share of approved clips must exceed.
        rate: Percent,
        /// The maximum probability of a wrong decision, both to continue and to stop.
        error: Percent,
    },
}

/// A percentage in hundredths of a percent: 9000 is 90 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(pub u32);

impl Percent {
    /// Returns the percentage as a number between 0 and 1.
    #[must_use]
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / 10_000.0
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 100, self.0 % 100) {
            (whole, 0) => write!(f, "{whole} %"),
            (whole, rest) => write!(f, "{whole}.{} %", format!("{rest:02}").trim_end_matches('0')),
        }
    }
}

/// The maximum number of clips that a test of a rate uses, unless the first batch is larger.
pub const LARGEST_BATCH: u32 = 80;

/// The result of the test whether the share of approved clips is above or below a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The share of approved clips is above the rate.
    Go,
    /// The share of approved clips is below the rate.
    Stop,
    /// The reviews so far do not prove that the share is above or below the rate.
    Undecided,
}

/// Returns whether the share of approved clips is above or below `rate`, after a whole batch of reviewed clips.
#[must_use]
pub fn answer(rate: Percent, error: Percent, reviewed: u32, approved: u32) -> Answer {
    let (rate, enough) = (rate.fraction(), 1.0 / error.fraction());
    if stop_ratio(rate, reviewed, approved) >= enough {
        Answer::Stop
    } else if go_ratio(rate, reviewed, approved) >= enough {
        Answer::Go
    } else {
        Answer::Undecided
    }
}

/// Returns the sizes of the batches after which a rate is tested: `first`, and then each time twice the size before.
pub fn batches(first: u32) -> impl Iterator<Item = u32> {
    let next = |size: &u32| size.checked_mul(2).filter(|size| *size <= LARGEST_BATCH);
    std::iter::successors(Some(first), next)
}

/// Returns the mean likelihood of the reviews over all rates worse than `rate`, divided by their likelihood at `rate`.
#[must_use]
pub fn stop_ratio(rate: f64, reviewed: u32, approved: u32) -> f64 {
    let tail = approved + 1..=reviewed + 1;
    relative(rate, reviewed, approved, tail) / (f64::from(reviewed + 1) * rate)
}

/// Returns the mean likelihood of the reviews over all rates better than `rate`, divided by their likelihood at `rate`.
#[must_use]
pub fn go_ratio(rate: f64, reviewed: u32, approved: u32) -> f64 {
    let tail = 0..=approved;
    relative(rate, reviewed, approved, tail) / (f64::from(reviewed + 1) * (1.0 - rate))
}

/// Returns the probability that the number of approved clips among `reviewed` + 1 is in `tail`, divided by the
/// probability of `approved` among `reviewed`.
///
/// Each probability may be too small for a floating-point number; their quotient is not.
fn relative(rate: f64, reviewed: u32, approved: u32, tail: std::ops::RangeInclusive<u32>) -> f64 {
    let seen = ln_binomial(reviewed, approved, rate);
    tail.map(|approved| (ln_binomial(reviewed + 1, approved, rate) - seen).exp()).sum()
}

/// Returns the natural logarithm of the binomial probability of `hits` in `all` trials.
fn ln_binomial(all: u32, hits: u32, rate: f64) -> f64 {
    let choose: f64 =
        (1..=hits).map(|number| (f64::from(all - hits + number) / f64::from(number)).ln()).sum();
    choose + f64::from(hits) * rate.ln() + f64::from(all - hits) * (1.0 - rate).ln()
}

#[cfg(test)]
mod tests;
