//! Checks that the numbers in a ledger line are in their permitted ranges. This program never writes other numbers.

use super::Entry;
use crate::domain::money::Usd;

/// The largest line number, run number, review number and size in bytes. It is the largest integer that every JSON
/// reader keeps exact. A real ledger stays far below this limit, and the database can still count upwards from it.
pub(in crate::store) const MOST: u64 = (1 << 53) - 1;

/// The largest number of submissions of one take.
const MOST_ATTEMPTS: u32 = 1_000_000;

/// The largest amount that a ledger line may have. Thousands of such amounts can be added without an overflow.
const MOST_USD: Usd = Usd::from_micros(1_000_000_000_000_000);

impl Entry {
    /// Returns the name of the first field whose number is out of its range; `None` if all numbers are in range.
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
