//! Removes an API key from answers, in every spelling in which it may appear.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use bytes::Bytes;

/// The text that replaces a key. It is safe inside JSON, HTML and URLs.
const HIDDEN: &[u8] = b"***";

/// The minimum length in bytes of a key that is removed from answers. Shorter keys look like ordinary words, which must
/// stay.
const SHORTEST: usize = 6;

/// The maximum number of backslashes before an escaped character. Seven are enough for three layers of JSON inside
/// JSON.
const MOST_BACKSLASHES: usize = 7;

/// The maximum number of `25` after the `%` of an escaped character. Each further URL encoding adds a `25`: `%2B`
/// becomes `%252B`.
const MOST_REPEATS: usize = 3;

/// The maximum number of digits of a numeric HTML entity, with leading zeros.
const MOST_DIGITS: usize = 7;

/// The length of the longest spelling of one character: seven backslashes and `u002B`.
const LONGEST_SPELLING: usize = 12;

/// The HTML entities with names for characters that a key may contain.
const ENTITIES: [(&[u8], u8); 6] = [
    (b"&amp;", b'&'),
    (b"&lt;", b'<'),
    (b"&gt;", b'>'),
    (b"&quot;", b'"'),
    (b"&apos;", b'\''),
    (b"&plus;", b'+'),
];

/// Replaces `key` in an answer by `***`. The key is found as plain text, and in Base64 at any alignment. Each of its
/// characters may be escaped as in JSON, in a URL or in HTML.
///
/// So text that is later decoded from the answer does not contain the key either. A key with several backslashes in a
/// row, which no provider issues, is found only plain and in JSON's usual form.
#[must_use]
pub fn redact(bytes: Vec<u8>, key: &str) -> Vec<u8> {
    let spellings = Spellings::of(key);
    let mut kept: Option<Vec<u8>> = None;
    let (mut at, mut copied) = (0, 0);
    while at < bytes.len() {
        let Some(length) = spellings.length(&bytes[at..]) else {
            at += 1;
            continue;
        };
        let kept = kept.get_or_insert_with(|| Vec::with_capacity(bytes.len()));
        kept.extend_from_slice(&bytes[copied..at]);
        kept.extend_from_slice(HIDDEN);
        at += length;
        copied = at;
    }
    match kept {
        Some(mut kept) => {
            kept.extend_from_slice(&bytes[copied..]);
            kept
        }
        None => bytes,
    }
}

/// The texts to remove from answers (needles): a key as plain text, as JSON writes it, and in Base64.
struct Spellings {
    needles: Vec<String>,
    /// For each byte: true if one of the `needles` may begin with this byte, plain or escaped.
    begins: [bool; 256],
}

impl Spellings {
    fn of(key: &str) -> Self {
        let (mut needles, mut begins) = (Vec::new(), [false; 256]);
        if key.len() < SHORTEST {
            return Self { needles, begins };
        }
        needles.push(key.to_owned());
        needles.push(serde_json::Value::from(key).to_string().trim_matches('"').to_owned());
        // The text before the key shifts its bits relative to the six bits of a Base64 digit. Digits that also contain
        // bits of the neighbours are left out at both ends.
        for (shift, shared) in [(0, 0), (1, 2), (2, 3)] {
            let mut shifted = vec![0; shift];
            shifted.extend(key.as_bytes());
            let own = shifted.len() * 8 / 6;
            needles.push(STANDARD_NO_PAD.encode(&shifted)[shared..own].to_owned());
            needles.push(URL_SAFE_NO_PAD.encode(&shifted)[shared..own].to_owned());
        }
        needles.sort_unstable();
        needles.dedup();
        let firsts = needles.iter().filter_map(|needle| needle.bytes().next());
        firsts.chain(*b"\\%&").for_each(|first| begins[usize::from(first)] = true);
        Self { needles, begins }
    }

    /// Returns the length in bytes of the longest of the `needles` at the start of `bytes`, plain or escaped. Returns
    /// `None` if none is there.
    fn length(&self, bytes: &[u8]) -> Option<usize> {
        if !self.begins[usize::from(*bytes.first()?)] {
            return None;
        }
        self.needles.iter().filter_map(|needle| spelled(bytes, needle.as_bytes())).max()
    }

    /// Returns the maximum length in bytes that one of the `needles` can have in an answer, if every character is
    /// escaped.
    fn longest(&self) -> usize {
        LONGEST_SPELLING * self.needles.iter().map(String::len).max().unwrap_or_default()
    }
}

/// Returns the length in bytes of `needle`, plain or escaped, at the start of `bytes`; `None` if it is not there.
fn spelled(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    // The needle itself may contain what looks like an escape.
    if bytes.starts_with(needle) {
        return Some(needle.len());
    }
    let mut at = 0;
    for wanted in needle {
        at += character(&bytes[at..], *wanted)?;
    }
    Some(at)
}

/// Returns the length in bytes that the character `wanted` takes up at the start of `bytes`, plain or escaped; `None`
/// if it is not there.
fn character(bytes: &[u8], wanted: u8) -> Option<usize> {
    let first = *bytes.first()?;
    let escaped = match first {
        b'\\' => after_backslashes(bytes, wanted),
        b'%' => after_percent(bytes, wanted),
        b'&' => entity(bytes, wanted),
        _ => None,
    };
    escaped.or_else(|| (first == wanted).then_some(1))
}

/// Returns the length of a JSON escape of `wanted`, such as `\u002B`, `\x2B` or `\/`; `None` if there is none.
fn after_backslashes(bytes: &[u8], wanted: u8) -> Option<usize> {
    let backslashes = bytes.iter().take(MOST_BACKSLASHES).take_while(|byte| **byte == b'\\').count();
    let behind = bytes.get(backslashes..)?;
    let digits = match behind.first()? {
        b'u' => 4,
        b'x' => 2,
        _ => 0,
    };
    if digits > 0 && behind.get(1..=digits).and_then(hex) == Some(u32::from(wanted)) {
        return Some(backslashes + 1 + digits);
    }
    (wanted != b'\\' && behind.first() == Some(&wanted)).then_some(backslashes + 1)
}

/// Returns the length of a URL escape of `wanted`, such as `%2B` or `%252B`; `None` if there is none.
fn after_percent(bytes: &[u8], wanted: u8) -> Option<usize> {
    let mut at = 1;
    for _ in 0..=MOST_REPEATS {
        if bytes.get(at..at + 2).and_then(hex) == Some(u32::from(wanted)) {
            return Some(at + 2);
        }
        bytes.get(at..)?.starts_with(b"25").then(|| at += 2)?;
    }
    None
}

/// Returns the length of an HTML entity for `wanted` such as `&#43;`, `&#x2B;` or `&amp;`; `None` if there is none.
fn entity(bytes: &[u8], wanted: u8) -> Option<usize> {
    let named = |(name, character): &&(&[u8], u8)| *character == wanted && bytes.starts_with(name);
    if let Some((name, _)) = ENTITIES.iter().find(named) {
        return Some(name.len());
    }
    let number = bytes.strip_prefix(b"&#")?;
    let end = number.iter().take(MOST_DIGITS + 2).position(|byte| *byte == b';')?;
    let code = match &number[..end] {
        [b'x' | b'X', digits @ ..] => hex(digits),
        digits => std::str::from_utf8(digits).ok()?.parse().ok(),
    };
    (code == Some(u32::from(wanted))).then_some(2 + end + 1)
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number: u32, digit| {
        number.checked_mul(16)?.checked_add(char::from(*digit).to_digit(16)?)
    })
}

/// A filter that removes a key from the body of a download while it arrives.
///
/// Each byte of the key is replaced by `*`, so that the body keeps its announced length. The bytes of a clip stay
/// unchanged: they are never shown as text, and their hash is recorded.
pub(super) struct Masker {
    spellings: Spellings,
    /// Bytes that may begin a key, until further bytes arrive.
    waiting: Vec<u8>,
    /// True if the body is a clip; `None` before its first bytes.
    is_clip: Option<bool>,
}

/// The number of bytes at the start of a body that show whether it is a clip.
const START: usize = 8;

impl Masker {
    pub(super) fn of(key: &str) -> Self {
        Self { spellings: Spellings::of(key), waiting: Vec::new(), is_clip: None }
    }

    /// Takes the next bytes of the body. Returns the bytes that are already searched for the key, which is masked in
    /// them. The bytes of a clip are returned unchanged.
    pub(super) fn push(&mut self, bytes: Bytes) -> Bytes {
        if self.is_clip == Some(true) {
            return bytes;
        }
        self.waiting.extend_from_slice(&bytes);
        if self.is_clip.is_none() {
            if self.waiting.len() < START {
                return Bytes::new();
            }
            // A page of text cannot begin with a zero byte.
            let is_clip = self.waiting[0] == 0 && self.waiting[4..START] == *b"ftyp";
            self.is_clip = Some(is_clip);
            if is_clip {
                return std::mem::take(&mut self.waiting).into();
            }
        }
        let decided = self.waiting.len().saturating_sub(self.spellings.longest());
        self.mask(decided)
    }

    /// Returns the last bytes of the body, which waited to be searched for the key. The key is masked in them.
    pub(super) fn finish(&mut self) -> Bytes {
        self.mask(self.waiting.len())
    }

    /// Masks the keys that begin in the first `decided` bytes, and returns these bytes.
    fn mask(&mut self, decided: usize) -> Bytes {
        let mut at = 0;
        while at < decided {
            match self.spellings.length(&self.waiting[at..]) {
                Some(length) => {
                    self.waiting[at..at + length].fill(b'*');
                    at += length;
                }
                None => at += 1,
            }
        }
        let rest = self.waiting.split_off(at);
        std::mem::replace(&mut self.waiting, rest).into()
    }
}

#[cfg(test)]
mod tests;
