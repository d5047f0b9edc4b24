//! Reasons for which a take is left in a run.

use crate::domain::take::Take;

/// The reason for which a take is left in this run.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::engine) enum Left {
    /// The take is final, or a person must decide.
    Settled,
    /// The clip is in place.
    Done,
    /// Its provider has finished it: from now on it is owed, and leaves its place to one that is to be submitted.
    Rendered { take: Box<Take>, replaces: bool },
    /// The run is stopping.
    Stopping,
    /// Its provider or model takes nothing more in this run, or the day's quota is used up.
    Closed,
    /// A picture is not what it was when the job was planned.
    InputChanged,
    /// It would probably be finished only after the end of the run.
    Late,
    /// The host of its clip has given out nothing for an hour.
    HostAway,
    /// It was refused for passing reasons too often; the next run tries again.
    Resting,
    /// It has been rendering longer than a run waits.
    Overdue,
    /// The folder of the clip cannot be used, for this reason; other clips have other folders.
    Obstructed(String),
    /// A person has put its provider on hold.
    Paused,
    /// Another process changed it meanwhile.
    Changed,
}
