//! Finds the part of a file that a request asks for in its headers `Range` and `If-Range`.

use axum::http::header::{IF_RANGE, RANGE};
use axum::http::{HeaderMap, Method};
use std::ops::Range;

/// The part of a file that is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ByteRange {
    /// The whole file.
    Whole,
    /// A range of bytes of the file.
    Bytes(Range<u64>),
    /// No bytes at all: the request asks only for bytes that the file does not have.
    Nothing,
}

/// Returns the part of a file of `size` bytes that a request asks for.
///
/// Several parts, other units and unreadable ranges count as a request for the whole file. So does a part of a file
/// whose tag has changed.
pub(super) fn part(method: &Method, headers: &HeaderMap, size: u64, tag: &str) -> ByteRange {
    let mut ranges = headers.get_all(RANGE).iter();
    let (Some(range), None, true) = (ranges.next(), ranges.next(), method == Method::GET) else {
        return ByteRange::Whole;
    };
    if headers.get_all(IF_RANGE).iter().any(|known| known != tag) {
        return ByteRange::Whole;
    }
    range.to_str().ok().and_then(|range| read(range, size)).unwrap_or(ByteRange::Whole)
}

/// Parses a range like `bytes=0-99`, `bytes=100-` or `bytes=-100`; `None` for any other text.
fn read(range: &str, size: u64) -> Option<ByteRange> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
        // A number that is too large is after the end of every file.
        is_number.then(|| text.parse::<u64>().unwrap_or(u64::MAX))
    };
    let bytes = match (first, last) {
        ("", last) => size.saturating_sub(number(last)?)..size,
        (first, "") => number(first)?..size,
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return None;
            }
            first..last.saturating_add(1).min(size)
        }
    };
    Some(if bytes.is_empty() { ByteRange::Nothing } else { ByteRange::Bytes(bytes) })
}

#[cfg(test)]
mod tests;
