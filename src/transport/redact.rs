//! Removes an API key from an answer, in every encoding in which it may appear.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The text that replaces a key. It is safe inside JSON, HTML and URLs.
const HIDDEN: &[u8] = b"***";

/// The characters that strict URL encoders escape: all except the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The minimum length of a key that is removed. Shorter keys look like ordinary words, and removing these would damage
/// every answer.
const SHORTEST: usize = 6;

/// Replaces `key` in bytes by `***`: as plain text, URL-encoded, escaped as in JSON, and in Base64 at any alignment.
#[must_use]
pub fn redact(bytes: Vec<u8>, key: &str) -> Vec<u8> {
    if key.len() < SHORTEST {
        return bytes;
    }
    disguises(key).iter().fold(bytes, |bytes, needle| replace(bytes, needle.as_bytes()))
}

fn disguises(key: &str) -> Vec<String> {
    let json = serde_json::Value::from(key).to_string();
    let mut known = vec![key.to_owned(), json.trim_matches('"').replace('/', "\\/")];
    for escaped in [NON_ALPHANUMERIC, RESERVED] {
        let encoded = utf8_percent_encode(key, escaped).to_string();
        known.push(with_small_escapes(&encoded));
        known.push(encoded);
    }
    // The text before the key shifts its bits relative to the six bits of a Base64 digit. Digits that also contain bits
    // of the neighbours are left out at both ends.
    for (shift, shared) in [(0, 0), (1, 2), (2, 3)] {
        let mut shifted = vec![0; shift];
        shifted.extend(key.as_bytes());
        let own = shifted.len() * 8 / 6;
        known.push(STANDARD_NO_PAD.encode(&shifted)[shared..own].to_owned());
        known.push(URL_SAFE_NO_PAD.encode(&shifted)[shared..own].to_owned());
    }
    // The longest comes first, so that no encoding is split by a shorter one.
    known.sort_unstable_by_key(|needle| std::cmp::Reverse(needle.len()));
    known.dedup();
    known
}

/// Returns percent-encoded text with lower-case escapes, such as `%2f` for `%2F`.
fn with_small_escapes(encoded: &str) -> String {
    let mut pieces = encoded.split('%');
    let mut small = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        // An escape is two ASCII digits, so the split is at a character.
        let (digits, rest) = piece.split_at(2);
        small.push('%');
        small.push_str(&digits.to_ascii_lowercase());
        small.push_str(rest);
    }
    small
}

fn replace(bytes: Vec<u8>, needle: &[u8]) -> Vec<u8> {
    let find = |from: usize| {
        bytes[from..].windows(needle.len()).position(|window| window == needle).map(|at| from + at)
    };
    let Some(mut at) = find(0) else { return bytes };
    let (mut kept, mut from) = (Vec::with_capacity(bytes.len()), 0);
    loop {
        kept.extend(&bytes[from..at]);
        kept.extend(HIDDEN);
        from = at + needle.len();
        match find(from) {
            Some(next) => at = next,
            None => break,
        }
    }
    kept.extend(&bytes[from..]);
    kept
}

#[cfg(test)]
mod tests;
