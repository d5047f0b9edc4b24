//! The results of the automatic checks of a clip.
//!
//! They never cause a paid request. They only sort the clips for the person who reviews them.

use std::fmt;
use std::str::FromStr;

/// The result of one check, or the worst result of all checks of a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The checks found nothing.
    Pass,
    /// The clip may have a defect.
    Warn,
    /// The clip surely has a defect.
    Fail,
}

impl Verdict {
    /// All verdicts, the best first.
    pub const ALL: [Self; 3] = [Self::Pass, Self::Warn, Self::Fail];

    /// Returns the name of the verdict in JSON and in the database, which messages use too.
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

/// A defect that a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The name of the check: `black`, `frozen`, `duration` …
    pub check: String,
    /// The verdict of the finding: `warn` or `fail`.
    pub verdict: Verdict,
    /// A sentence with the measured value and the threshold.
    pub reason: String,
}

/// The findings of all checks of one clip.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// The findings, the worst first; empty if the clip passed.
    pub findings: Vec<Finding>,
    /// True if the checks read the frames of the clip, and not only the file's metadata.
    pub frames: bool,
}

impl Checked {
    /// Returns the worst verdict of all findings.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Pass)
    }
}
