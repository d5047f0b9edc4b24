//! The check of a single clip, which the command `check` and every run use.

pub(crate) mod background;
mod file;
mod frames;
mod one;

use crate::domain::verdict::{Checked, Verdict};
pub use background::{Found, RunChecks};
pub(crate) use one::Checker;

/// The number of clips by verdict of the automatic checks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Number of clips in which the checks found no defect.
    pub passed: usize,
    /// Number of clips in which something may be wrong.
    pub warned: usize,
    /// Number of clips in which something is surely wrong.
    pub failed: usize,
    /// Number of clips that were not checked.
    pub unchecked: usize,
}

impl Tally {
    /// Counts a clip by its verdict; `None` counts as not checked.
    pub fn add(&mut self, checked: Option<&Checked>) {
        *match checked.map(Checked::verdict) {
            Some(Verdict::Pass) => &mut self.passed,
            Some(Verdict::Warn) => &mut self.warned,
            Some(Verdict::Fail) => &mut self.failed,
            None => &mut self.unchecked,
        } += 1;
    }

    /// Returns the counts in words: `5 pass · 1 warn · 0 fail`.
    #[must_use]
    pub fn line(&self) -> String {
        let Self { passed, warned, failed, unchecked } = self;
        let rest = if *unchecked > 0 { format!(" · {unchecked} not checked") } else { String::new() };
        format!("{passed} pass · {warned} warn · {failed} fail{rest}")
    }
}
