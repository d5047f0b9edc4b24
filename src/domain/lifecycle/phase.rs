//! The states of a take by name alone, for columns, tables and JSON.

use std::fmt;
use std::str::FromStr;

/// A [`State`](super::State) without its data. Its name here is the only spelling of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Waits to be submitted.
    Pending,
    /// The request may be on the wire.
    Submitting,
    /// No answer came; the provider is being asked.
    Doubtful,
    /// Accepted, and being rendered.
    Running,
    /// Rendered, and being downloaded.
    Downloading,
    /// Downloaded, and on the way to its name.
    Placing,
    /// The clip stands under its name.
    Done,
    /// Needs a person's decision.
    Held,
    /// Ended without a clip.
    Failed,
    /// Taken off the list before it was sent.
    Cancelled,
    /// Given up by a person.
    WrittenOff,
}

impl Phase {
    /// Every phase, in the order of a take's life.
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

    /// Sent, or perhaps sent, and not at its end.
    pub const IN_FLIGHT: [Self; 5] =
        [Self::Submitting, Self::Doubtful, Self::Running, Self::Downloading, Self::Placing];

    /// Sent, or perhaps sent, and not at its end, or for a person to decide.
    pub const UNSETTLED: [Self; 6] =
        [Self::Submitting, Self::Doubtful, Self::Running, Self::Downloading, Self::Placing, Self::Held];

    /// Waiting, sent, or perhaps sent, and not at its end.
    pub const OPEN: [Self; 6] =
        [Self::Pending, Self::Submitting, Self::Doubtful, Self::Running, Self::Downloading, Self::Placing];

    /// Nothing happens any more by itself, and no person is asked.
    pub const FINAL: [Self; 4] = [Self::Done, Self::Failed, Self::Cancelled, Self::WrittenOff];

    /// Returns the name in the database, in tables and in JSON.
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
