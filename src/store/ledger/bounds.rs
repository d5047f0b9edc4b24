//! The numbers that a line of the ledger can have. One beyond them was not written by this program.

use super::Entry;
use crate::domain::money::Usd;

/// Largest number of a line, a run, a review, and of bytes: the largest that every reader of JSON keeps exact. No
/// ledger comes near it, and the database can count on from it.
pub(in crate::store) const MOST: u64 = (1 << 53) - 1;

/// Most submissions of one take.
const MOST_ATTEMPTS: u32 = 1_000_000;

/// Largest amount of a line: thousands of these can be added up.
const MOST_USD: Usd = Usd::from_micros(1_000_000_000_000_000);

impl Entry {
    /// Returns the name of a number that no line can have; `None` where all are within bounds.
    pub(in crate::store) fn out_of_bounds(&self) -> Option<&'static str> {
        let is_amount = |usd: Usd| (Usd::ZERO..=MOST_USD).contains(&usd);
        let within = [
            ("seq", (1..=MOST).contains(&self.seq)),
            ("attempt", self.attempt <= MOST_ATTEMPTS),
            ("usd", is_amount(self.usd)),
            ("was", self.was.is_none_or(is_amount)),
            ("size", self.size.is_none_or(|size| size <= MOST)),
            ("run", self.run.is_none_or(|run| u64::try_from(run).is_ok_and(|run| run <= MOST))),
            ("revision", self.revision.is_none_or(|revision| revision <= MOST)),
        ];
        within.into_iter().find(|(_, is_within)| !is_within).map(|(name, _)| name)
    }
}

#[cfg(test)]
#[path = "bounds_tests.rs"]
mod tests;
