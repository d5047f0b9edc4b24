//! The check of a single clip, which the command `check` and every run use.

pub(crate) mod background;
mod file;
mod frames;
mod one;

use crate::domain::clip_damage::ClipDamage;
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
    /// Number of clips without a verdict: they were not checked, or they are missing or altered.
    pub unchecked: usize,
    /// Number of the clips without a verdict that are missing.
    pub missing: usize,
    /// Number of the clips without a verdict that are altered.
    pub altered: usize,
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

    /// Counts a clip that has no verdict because it is missing or altered.
    pub fn add_lost(&mut self, loss: ClipDamage) {
        self.unchecked += 1;
        match loss {
            ClipDamage::Missing => self.missing += 1,
            ClipDamage::Altered => self.altered += 1,
        }
    }

    /// Returns the number of clips that have no verdict and that `check` can check.
    #[must_use]
    pub const fn due(&self) -> usize {
        self.unchecked.saturating_sub(self.missing + self.altered)
    }

    /// Returns the counts in words: `5 pass · 1 warn · 0 fail`.
    #[must_use]
    pub fn line(&self) -> String {
        let Self { passed, warned, failed, unchecked, missing, altered } = self;
        let rest = if *unchecked > 0 { format!(" · {unchecked} not checked") } else { String::new() };
        let lost = [(missing, ClipDamage::Missing), (altered, ClipDamage::Altered)];
        let lost = lost.into_iter().filter(|(clips, _)| **clips > 0);
        let lost: Vec<String> = lost.map(|(clips, loss)| format!("{clips} {}", loss.name())).collect();
        let lost = if lost.is_empty() { String::new() } else { format!(" ({})", lost.join(", ")) };
        format!("{passed} pass · {warned} warn · {failed} fail{rest}{lost}")
    }
}
