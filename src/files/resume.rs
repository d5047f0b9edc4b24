//! Decides whether the answer of a clip's host continues a partial download, with pure functions only.

use crate::wire::ClipHead;
use std::time::Duration;

/// The largest accepted clip in bytes: far larger than any clip that is sold, and too small to fill a disk.
pub const LARGEST_CLIP: u64 = 2 * 1024 * 1024 * 1024;

/// The minimum time from `Last-Modified` to the answer's date. A younger `Last-Modified` may not identify one version
/// of a file (RFC 9110, 8.8.2.2), so it is not used.
const LAST_MODIFIED_AGE: Duration = Duration::from_mins(1);

/// The values of `Content-Encoding` that mean no encoding. Some are wrong, but storage services send them.
const PLAIN: [&str; 6] = ["", "identity", "none", "utf-8", "binary", "aws-chunked"];

/// The largest number of characters from a page of text that a message shows.
const MOST_WORDS: usize = 200;

/// The way in which a download continues after the answer of the clip's host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Admission {
    /// The answer continues the received bytes with the missing ones.
    Append,
    /// The answer contains the clip from its first byte.
    Restart {
        /// The clip's length in bytes, if the host announced it.
        total: Option<u64>,
        /// The `ETag` or `Last-Modified` with which a later attempt requests the missing bytes; `None` if the download
        /// cannot be resumed.
        validator: Option<String>,
    },
    /// The answer does not continue the received bytes, for this reason in words. These bytes must be discarded.
    Discard(String),
    /// The answer is not a clip, for this reason in words.
    Refuse(String),
}

/// Decides what to do with a host's answer. `have` of `total` bytes were received before, and the request named the
/// clip's version with `validator`.
pub(super) fn admit(head: &ClipHead, have: u64, total: Option<u64>, validator: Option<&str>) -> Admission {
    if let Some(why) = not_a_clip(head) {
        return Admission::Refuse(why);
    }
    match head.status {
        206 if have == 0
            && let Some(total) = all(head) =>
        {
            Admission::Restart { total: Some(total), validator: strong_validator(head) }
        }
        206 => match part(head, have, total, validator) {
            Ok(()) => Admission::Append,
            Err(why) => Admission::Discard(why),
        },
        // A proxy that changed the answer says so with 203.
        200 | 203 => Admission::Restart {
            total: head.content_length,
            validator: head.content_length.and_then(|_| strong_validator(head)),
        },
        status => {
            Admission::Discard(format!("the host answered HTTP {status} when asked for the remaining bytes"))
        }
    }
}

fn not_a_clip(head: &ClipHead) -> Option<String> {
    let encoding = head.content_encoding.as_deref().unwrap_or_default().trim();
    let is_none = |name: &str| PLAIN.iter().any(|plain| name.trim().eq_ignore_ascii_case(plain));
    if !encoding.split(',').all(is_none) {
        return Some(format!("the host sent the clip encoded as {encoding}, which shotlist did not request"));
    }
    let announced = head.content_length.filter(|length| *length > LARGEST_CLIP)?;
    Some(format!("the host announced {announced} bytes, more than the limit of {LARGEST_CLIP} bytes"))
}

/// Checks that an answer with status 206 continues the received bytes; an error gives the reason why not.
fn part(head: &ClipHead, have: u64, total: Option<u64>, validator: Option<&str>) -> Result<(), String> {
    let range = head.content_range.as_deref().unwrap_or_default();
    let wrong = || format!("the host sent the range `{range}` instead of the bytes from {have} on");
    let (first, last, whole) = parse_range(range).ok_or_else(wrong)?;
    if first != have || Some(whole) != total || last >= whole || last < first {
        return Err(wrong());
    }
    if head.content_length.is_some_and(|length| length != last - first + 1) {
        return Err(wrong());
    }
    // `If-Range` forbids a part of another version, but not every host obeys it.
    let sent = match validator {
        Some(known) if known.starts_with('"') => strong_etag(head),
        _ => head.last_modified.as_deref(),
    };
    match sent {
        Some(_) if sent == validator => Ok(()),
        Some(_) => Err("the clip changed during the download".to_owned()),
        None => Err("the host did not say whether the clip changed during the download".to_owned()),
    }
}

/// Returns the clip's length if an answer with status 206 contains the clip from its first byte to its last.
fn all(head: &ClipHead) -> Option<u64> {
    let (first, last, whole) = parse_range(head.content_range.as_deref()?)?;
    let is_all = first == 0
        && last.checked_add(1) == Some(whole)
        && head.content_length.is_none_or(|length| length == whole)
        && whole <= LARGEST_CLIP;
    is_all.then_some(whole)
}

/// Parses `bytes 5-9/10` into the first byte, the last byte and the total.
fn parse_range(text: &str) -> Option<(u64, u64, u64)> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?, total.parse().ok()?))
}

/// Returns the answer's `ETag` or `Last-Modified`, for a later `If-Range`; `None` if neither identifies one version of
/// the file.
fn strong_validator(head: &ClipHead) -> Option<String> {
    if let Some(etag) = strong_etag(head) {
        return Some(etag.to_owned());
    }
    let modified = httpdate::parse_http_date(head.last_modified.as_deref()?).ok()?;
    let sent = httpdate::parse_http_date(head.date.as_deref()?).ok()?;
    let old = sent.duration_since(modified).is_ok_and(|age| age >= LAST_MODIFIED_AGE);
    head.last_modified.clone().filter(|_| old)
}

fn strong_etag(head: &ClipHead) -> Option<&str> {
    head.etag
        .as_deref()
        .map(str::trim)
        .filter(|etag| etag.len() > 2 && etag.starts_with('"') && etag.ends_with('"'))
}

/// Checks whether the answer's `Content-Type` announces text.
pub(super) fn announces_text(head: &ClipHead) -> bool {
    let kind = head.content_type.as_deref().unwrap_or_default().trim().to_ascii_lowercase();
    head.status < 300 && (kind.starts_with("text/") || kind.contains("json") || kind.contains("xml"))
}

/// Checks whether the first bytes are those of a video file.
pub(super) fn is_video(start: &[u8]) -> bool {
    start.get(4..8) == Some(b"ftyp")
}

/// Returns the first words of a page of text in one line, for messages.
pub(super) fn first_words(page: &[u8]) -> String {
    let text = String::from_utf8_lossy(&page[..page.len().min(4 * MOST_WORDS)]);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(MOST_WORDS).collect()
}

/// Checks whether the first bytes are those of HTML, XML or JSON.
pub(super) fn is_text(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    matches!(start.iter().find(|byte| !byte.is_ascii_whitespace()), Some(b'<' | b'{' | b'['))
}

#[cfg(test)]
mod tests;
