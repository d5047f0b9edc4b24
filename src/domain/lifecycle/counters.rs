//! Counts what happened to a paid task so far.

/// The numbers of polls and downloads of a task so far, by their results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PollCounters {
    /// The number of answers "still running".
    pub polls: u32,
    /// The number of answers "still running" at ages above [`Policy::patience`](crate::domain::policy::Policy::patience).
    pub overdue: u32,
    /// The number of polls in a row that failed.
    pub setbacks: u32,
    /// The number of answers "no such task" that came after the grace period of a new task.
    pub missing: u8,
    /// The number of answers that reported success but named no clip.
    pub empty: u8,
    /// The number of answers in a row that were about another task or request.
    pub mistaken: u8,
    /// The number of expired links to the clip that were replaced so far.
    pub fresh_links: u8,
    /// The number of downloads that brought something other than a clip, since a download last made progress.
    pub damaged: u8,
    /// The number of downloads that failed because of the clip's host, since a download last made progress.
    pub troubles: u32,
}
