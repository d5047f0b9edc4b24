//! The money of a take: whether a failure was charged, and how the take stands in the books.

/// Whether a failed take cost money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Charged {
    /// Surely not.
    No,
    /// The provider said so.
    Yes,
    /// A task existed and failed; the provider's documents do not say whether that is charged.
    Unknown,
}

impl Charged {
    /// Returns the name for programs: `no`, `yes` or `unknown`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Yes => "yes",
            Self::Unknown => "unknown",
        }
    }
}

/// Where the money of a take stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Account {
    /// Nothing was asked of the provider, or it surely charged nothing.
    Free,
    /// On the wire or accepted: the price is set aside.
    Reserved,
    /// May have been charged; counts as spent.
    InDoubt,
    /// Spent.
    Settled,
}

impl Account {
    /// Returns the name for programs, which the database keeps as well.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Reserved => "reserved",
            Self::InDoubt => "in_doubt",
            Self::Settled => "settled",
        }
    }
}
