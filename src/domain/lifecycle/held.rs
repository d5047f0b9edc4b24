//! The reasons why a person must decide about a take (one paid rendering of a job).

/// The reason why a person must decide about a take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HeldReason {
    /// The submission got no answer; it may have been accepted and charged.
    AmbiguousSubmit,
    /// The provider named a task that belongs to another take.
    IdConflict,
    /// The provider answered about another task than the requested one.
    IdMismatch,
    /// The provider no longer finds the task.
    TaskLost,
    /// The task has been running for a week.
    TaskStuck,
    /// The task succeeded, but it brought no complete clip.
    NoResult,
    /// The link of the clip has expired, and so have the fresh links that were requested in its place.
    UrlExpired,
    /// The link leads to a place where no clip can be, such as a private address, plain HTTP or a redirect loop.
    UnsafeUrl,
    /// The clip's final name belongs to a file that this program did not write.
    NameConflict,
}

impl HeldReason {
    /// All reasons.
    pub const ALL: [Self; 9] = [
        Self::AmbiguousSubmit,
        Self::IdConflict,
        Self::IdMismatch,
        Self::TaskLost,
        Self::TaskStuck,
        Self::NoResult,
        Self::UrlExpired,
        Self::UnsafeUrl,
        Self::NameConflict,
    ];

    /// Returns true if it is unknown whether the provider charged. If false, the provider did charge, but there is no
    /// clip.
    #[must_use]
    pub const fn charge_in_doubt(self) -> bool {
        match self {
            Self::AmbiguousSubmit
            | Self::IdConflict
            | Self::IdMismatch
            | Self::TaskLost
            | Self::TaskStuck => true,
            Self::NoResult | Self::UrlExpired | Self::UnsafeUrl | Self::NameConflict => false,
        }
    }

    /// Returns the name of the reason in tables, JSON and `resolve --reason`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AmbiguousSubmit => "ambiguous_submit",
            Self::IdConflict => "id_conflict",
            Self::IdMismatch => "id_mismatch",
            Self::TaskLost => "task_lost",
            Self::TaskStuck => "task_stuck",
            Self::NoResult => "no_result",
            Self::UrlExpired => "url_expired",
            Self::UnsafeUrl => "unsafe_url",
            Self::NameConflict => "name_conflict",
        }
    }
}
