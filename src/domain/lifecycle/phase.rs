//! The names of a take's states, for columns, tables and JSON.

use std::fmt;
use std::str::FromStr;

/// The name of a [`State`](super::State), without its data. All code takes the names of states from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// The take waits to be submitted.
    Pending,
    /// The request may have been sent.
    Submitting,
    /// The request got no answer, and the provider is asked whether it created a task.
    Doubtful,
    /// The task was accepted and is being rendered.
    Running,
    /// The clip is rendered and is being downloaded.
    Downloading,
    /// The clip is downloaded and gets its final name next.
    Placing,
    /// The clip has its final name.
    Done,
    /// The take needs a person's decision.
    Held,
    /// The take ended without a clip.
    Failed,
    /// The take was cancelled before it was sent.
    Cancelled,
    /// A person wrote the take off: it ended without a clip.
    WrittenOff,
}

impl Phase {
    /// All phases, in the order of a take's life cycle.
    pub const ALL: [Self; 11] = [
        Self::Pending,
        Self::Submitting,
        Self::Doubtful,
        Self::Running,
        Self::Downloading,
        Self::Placing,
        Self::Done,
        Self::Held,
        Self::Failed,
        Self::Cancelled,
        Self::WrittenOff,
    ];

    /// The phases in which the take was or may have been submitted, and the program still works on it.
    pub const IN_FLIGHT: [Self; 5] =
        [Self::Submitting, Self::Doubtful, Self::Running, Self::Downloading, Self::Placing];

    /// The phases of [`Self::IN_FLIGHT`] and [`Phase::Held`]: the take was or may have been submitted, and its result
    /// is open.
    pub const UNSETTLED: [Self; 6] =
        [Self::Submitting, Self::Doubtful, Self::Running, Self::Downloading, Self::Placing, Self::Held];

    /// The phases of [`Self::IN_FLIGHT`] and [`Phase::Pending`]: the program can continue the take without a person.
    pub const OPEN: [Self; 6] =
        [Self::Pending, Self::Submitting, Self::Doubtful, Self::Running, Self::Downloading, Self::Placing];

    /// The phases in which nothing more happens automatically and no decision is needed.
    pub const FINAL: [Self; 4] = [Self::Done, Self::Failed, Self::Cancelled, Self::WrittenOff];

    /// Returns the name of the phase in the database, in tables and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Submitting => "submitting",
            Self::Doubtful => "doubtful",
            Self::Running => "running",
            Self::Downloading => "downloading",
            Self::Placing => "placing",
            Self::Done => "done",
            Self::Held => "held",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::WrittenOff => "written_off",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Phase {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|phase| phase.name() == name).ok_or(())
    }
}
