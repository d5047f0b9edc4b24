//! Counts the results of a paid task's polls and downloads.

/// The numbers of a task's polls and downloads so far, counted by their results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PollCounters {
    /// The number of answers "still running".
    pub polls: u32,
    /// The number of answers "still running" from tasks older than
    /// [`Policy::patience`](crate::domain::policy::Policy::patience).
    pub overdue: u32,
    /// The number of polls that failed since the last answer "still running".
    pub setbacks: u32,
    /// The number of answers "no such task" since the last answer about the task. Answers shortly after acceptance do
    /// not count. For a task whose id a person typed, it begins one below the number that makes the take wait for a
    /// decision.
    pub missing: u8,
    /// The number of answers that reported success but contained no link to a clip.
    pub empty: u8,
    /// The number of answers in a row that were about another task or request.
    pub mistaken: u8,
    /// The number of times a fresh link was requested because the old one no longer worked. Requests only because of a
    /// link's age do not count.
    pub fresh_links: u8,
    /// The number of downloads in a row, without progress, that brought no clip although the host worked: damaged files
    /// and too many redirects.
    pub damaged: u8,
    /// The number of downloads that failed because of the server with the clip. Restarts when a download makes
    /// progress.
    pub troubles: u32,
}

impl PollCounters {
    /// Returns the position, among the results of the task, of the result to download; 0 is the first result.
    ///
    /// The first dead link is only exchanged for a fresh link to the first result. Each further dead link moves to the
    /// next result.
    #[must_use]
    pub fn turn(&self) -> usize {
        usize::from(self.fresh_links.saturating_sub(1))
    }

    /// Checks whether the provider has already reported that the task succeeded. A success is charged for certain.
    #[must_use]
    pub const fn has_succeeded(&self) -> bool {
        self.empty > 0 || self.fresh_links > 0 || self.damaged > 0 || self.troubles > 0
    }
}
