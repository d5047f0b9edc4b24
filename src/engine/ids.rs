//! New names: random, or random and sortable by time.

use crate::domain::key::RequestId;
use jiff::Timestamp;

/// Crockford's Base32: no I, L, O or U, so that a name survives being read aloud.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// 26 random characters (128 bits).
#[must_use]
pub fn random() -> String {
    encode(rand::random())
}

/// 26 characters, the first ten of which are the time in milliseconds: names sort by age.
#[must_use]
pub fn sortable(now: Timestamp) -> String {
    let millis = u128::try_from(now.as_millisecond()).unwrap_or(0) & ((1 << 48) - 1);
    let noise = rand::random::<u128>() & ((1 << 80) - 1);
    encode(millis << 80 | noise)
}

/// Returns a new name for a request.
#[must_use]
pub fn request() -> RequestId {
    RequestId(format!("{OURS}{}", random()))
}

/// Returns whether a client's name for a request has the form of ours.
#[must_use]
pub fn is_ours(label: &RequestId) -> bool {
    label
        .0
        .strip_prefix(OURS)
        .is_some_and(|rest| rest.len() == 26 && rest.bytes().all(|c| ALPHABET.contains(&c)))
}

/// What the names of requests begin with.
const OURS: &str = "sl-";

fn encode(number: u128) -> String {
    (0..26).rev().map(|at| char::from(ALPHABET[(number >> (at * 5) & 31) as usize])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_26_characters_and_sort_by_time() {
        let at = |second| sortable(Timestamp::from_second(second).unwrap());
        assert!(at(1) < at(2) && at(1_800_000_000) < at(1_800_000_001));
        assert_eq!(random().len(), 26);
        assert_ne!(random(), random());
        assert_eq!(encode(0), "0".repeat(26));
        assert_eq!(encode(u128::MAX), format!("7{}", "Z".repeat(25)));
    }
}
