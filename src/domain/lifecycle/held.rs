//! Why a take waits for a person.

/// Why a person must decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HeldReason {
    /// A submission got no answer; it may have been accepted.
    AmbiguousSubmit,
    /// The provider named a task that another take owns.
    IdConflict,
    /// The provider answered about another task than the one asked for.
    IdMismatch,
    /// The provider no longer knows the task.
    TaskLost,
    /// The task has been running for a week.
    TaskStuck,
    /// The task succeeded, but no whole clip came of it.
    NoResult,
    /// The link is dead and fresh ones are too.
    UrlExpired,
    /// The link points where no clip can be: a private address, plain HTTP, a redirect loop.
    UnsafeUrl,
    /// A foreign file has the clip's name.
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

    /// Whether it is open if the provider charged. Otherwise it did: the clip is what is missing.
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

    /// The name in tables, JSON and `resolve --reason`.
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
