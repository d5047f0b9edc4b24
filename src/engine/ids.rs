//! Generates new ids: random for requests, random and sortable by time for takes.

use crate::domain::key::RequestId;
use jiff::Timestamp;

/// The alphabet of Crockford's Base32. It lacks I, L, O and U, so that ids are easy to read aloud and to copy.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Returns 26 random characters (128 bits).
#[must_use]
pub fn random() -> String {
    encode(rand::random())
}

/// Returns 26 characters: ten that encode the time in milliseconds, so that ids sort by age, and 16 random ones.
#[must_use]
pub fn sortable(now: Timestamp) -> String {
    let millis = u128::try_from(now.as_millisecond()).unwrap_or(0) & ((1 << 48) - 1);
    let noise = rand::random::<u128>() & ((1 << 80) - 1);
    encode(millis << 80 | noise)
}

/// Returns a new request id.
#[must_use]
pub fn request() -> RequestId {
    RequestId(format!("{OURS}{}", random()))
}

/// Checks whether a request id has the form of those that shotlist generates.
#[must_use]
pub fn is_ours(label: &RequestId) -> bool {
    label
        .0
        .strip_prefix(OURS)
        .is_some_and(|rest| rest.len() == 26 && rest.bytes().all(|c| ALPHABET.contains(&c)))
}

/// The prefix of the request ids that shotlist generates.
const OURS: &str = "sl-";

fn encode(number: u128) -> String {
    (0..26).rev().map(|at| char::from(ALPHABET[(number >> (at * 5) & 31) as usize])).collect()
}

#[cfg(test)]
mod tests;
