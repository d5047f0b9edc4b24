//! Counts what happened to a paid task so far.

/// The numbers of polls and downloads of a task so far, by their results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PollCounters {
    /// The number of answers "still running".
    pub polls: u32,
    /// The number of answers "still running" at ages above
    /// [`Policy::patience`](crate::domain::policy::Policy::patience).
    pub overdue: u32,
    /// The number of polls that failed since the last answer "still running".
    pub setbacks: u32,
    /// The number of answers "no such task" since the last answer "still running". Answers in the grace period of a new
    /// task do not count.
    pub missing: u8,
    /// The number of answers that reported success but named no clip.
    pub empty: u8,
    /// The number of answers in a row that were about another task or request.
    pub mistaken: u8,
    /// The number of times a fresh link was requested because the link was dead. Requests only because of a link's age
    /// do not count.
    pub fresh_links: u8,
    /// The number of downloads that brought something other than a clip, since a download last made progress.
    pub damaged: u8,
    /// The number of downloads that failed because of the clip's host, since a download last made progress.
    pub troubles: u32,
}

impl PollCounters {
    /// Checks whether the provider has reported before that the task succeeded. A success is charged for certain.
    #[must_use]
    pub const fn has_succeeded(&self) -> bool {
        self.empty > 0 || self.fresh_links > 0 || self.damaged > 0 || self.troubles > 0
    }
}
