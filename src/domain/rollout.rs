//! The rollout of a shot: a person reviews a few clips before the other clips are rendered.
//!
//! The manifest can require a share of approved clips (the rate), and set a maximum probability of a wrong decision
//! (the error). A test then computes one ratio for all worse rates, and one for all better rates: the mean likelihood
//! of the reviews over these rates, divided by the likelihood at the required rate.
//!
//! The test decides as soon as one of these ratios reaches 1 / error. If the true share equals the rate, the
//! probability that a ratio ever reaches 1 / error is at most the error, however often the test is made (Ville's
//! inequality).

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
        /// The share of approved clips that must be exceeded before the remaining clips are rendered.
        rate: Percent,
        /// The maximum probability that the test decides wrongly to render the remaining clips, or wrongly not to
        /// render them.
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

/// The largest number of reviewed clips after which the share of approved clips is tested. Only the first test may come
/// after more clips.
pub const LARGEST_BATCH: u32 = 80;

/// The result of the test whether the share of approved clips is above or below the rate that the manifest requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The share of approved clips is above the required rate, so the remaining clips may be rendered.
    Go,
    /// The share of approved clips is below the required rate, so the remaining clips are not rendered.
    Stop,
    /// The reviews so far do not show whether the share of approved clips is above or below the required rate.
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

/// Returns the numbers of reviewed clips after which the share of approved clips is tested. The first is `first`, and
/// each further number is twice the number before, up to [`LARGEST_BATCH`].
pub fn batches(first: u32) -> impl Iterator<Item = u32> {
    let next = |size: &u32| size.checked_mul(2).filter(|size| *size <= LARGEST_BATCH);
    std::iter::successors(Some(first), next)
}

/// Returns how much better the reviews are explained by approval rates below `rate` than by `rate` itself. The result
/// is the mean likelihood of the reviews over all rates below `rate`, divided by their likelihood at `rate`.
#[must_use]
pub fn stop_ratio(rate: f64, reviewed: u32, approved: u32) -> f64 {
    let tail = approved + 1..=reviewed + 1;
    relative(rate, reviewed, approved, tail) / (f64::from(reviewed + 1) * rate)
}

/// Returns how much better the reviews are explained by approval rates above `rate` than by `rate` itself. The result
/// is the mean likelihood of the reviews over all rates above `rate`, divided by their likelihood at `rate`.
#[must_use]
pub fn go_ratio(rate: f64, reviewed: u32, approved: u32) -> f64 {
    let tail = 0..=approved;
    relative(rate, reviewed, approved, tail) / (f64::from(reviewed + 1) * (1.0 - rate))
}

/// Returns the quotient of two probabilities at `rate`. The first is that, among `reviewed` + 1 clips, the number of
/// approved clips is in `tail`. The second is that exactly `approved` of `reviewed` clips are approved.
///
/// The second probability is the likelihood of the reviews at `rate`. The first is `reviewed` + 1 times the integral of
/// this likelihood over all rates below or all rates above `rate`, as `tail` says. Each probability may be too small
/// for a floating-point number, but their quotient is not.
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
