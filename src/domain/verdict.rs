//! The verdict of the automatic checks about a clip.
//!
//! A verdict never buys or sends anything. It orders what a person looks at.

use std::fmt;
use std::str::FromStr;

/// The result of a check, and of all checks of a clip. The worst one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Nothing was found.
    Pass,
    /// Something may be wrong.
    Warn,
    /// Something is surely wrong.
    Fail,
}

impl Verdict {
    /// Every verdict, the best first.
    pub const ALL: [Self; 3] = [Self::Pass, Self::Warn, Self::Fail];

    /// Returns the name in JSON and in the database, which is also the word for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Verdict {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|verdict| verdict.name() == text).ok_or(())
    }
}

/// One thing that a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Name of the check: `black`, `frozen`, `duration` …
    pub check: String,
    /// Verdict of the finding: `warn` or `fail`.
    pub verdict: Verdict,
    /// One sentence with the measured value and the threshold.
    pub reason: String,
}

/// The findings of the checks in one clip.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// Findings, the worst first; empty if the clip passed.
    pub findings: Vec<Finding>,
    /// True if the frames were looked at, and not the file's own data alone.
    pub frames: bool,
}

impl Checked {
    /// Returns the worst verdict of the findings.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Pass)
    }
}
