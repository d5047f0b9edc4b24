//! Defines the reasons why a run does no more for a take.

use crate::domain::take::Take;

/// The reason why a run does no more for a take.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::engine) enum Left {
    /// The take is finished, a person must decide about it, or this run may not submit it.
    Settled,
    /// The clip is saved under its name.
    Done,
    /// The provider has rendered the clip, and only the download is left. Before the download, another take may be
    /// submitted. `replaces` is true if the job already has the clip of another take.
    Rendered { take: Box<Take>, replaces: bool },
    /// The run is stopping.
    Stopping,
    /// The provider or model accepts no more submissions in this run, or the day's quota is used up.
    Closed,
    /// A picture of the job has changed since the job was planned.
    InputChanged,
    /// The take's rendering would probably finish only after the time limit of the run (`--max-time`).
    Late,
    /// The host of the clip has delivered nothing for an hour.
    HostAway,
    /// The take was refused too often for temporary reasons; the next run tries again.
    Resting,
    /// The task has been rendering longer than a run waits.
    Overdue,
    /// The folder of the clip cannot be used; the text is the reason. Clips in other folders may still be saved.
    Obstructed(String),
    /// A person has paused the provider.
    Paused,
    /// Another process changed the take while this run worked on it.
    Changed,
}
