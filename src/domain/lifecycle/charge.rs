//! The money of a take: whether a failure was charged, and the status of the take's price.

/// Tells whether a failed take was charged, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Charged {
    /// The failure was surely not charged.
    No,
    /// The provider said that it charged.
    Yes,
    /// A task existed and failed, and the provider's documents do not say whether that is charged.
    Unknown,
}

impl Charged {
    /// Returns the name of the charge in JSON: `no`, `yes` or `unknown`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Yes => "yes",
            Self::Unknown => "unknown",
        }
    }
}

/// The status of a take's money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MoneyState {
    /// The take was not submitted, or the provider surely charged nothing.
    Free,
    /// The take was or may have been submitted, and its price is set aside.
    Reserved,
    /// The price may have been charged; it counts as spent.
    InDoubt,
    /// The price is spent.
    Settled,
}

impl MoneyState {
    /// Returns the name of the money's status in JSON and in the database.
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
