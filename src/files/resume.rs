//! What an answer means for the bytes that are there already: pure.

use crate::wire::ClipHead;
use std::time::Duration;

/// Largest clip that is accepted, in bytes: far beyond any clip that is sold, below what fills a disk.
pub const LARGEST_CLIP: u64 = 2 * 1024 * 1024 * 1024;

/// A `Last-Modified` tells two versions apart only when it is this much older than the answer (RFC 9110, 8.8.2.2).
const LAST_MODIFIED_AGE: Duration = Duration::from_mins(1);

/// Characters of a page that are shown.
const MOST_WORDS: usize = 200;

/// What an answer means for the bytes that are there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Admission {
    /// The rest comes.
    Append,
    /// The clip comes from its first byte.
    Restart {
        /// Its length, where announced.
        total: Option<u64>,
        /// With what the rest can be asked for, should it break off.
        validator: Option<String>,
    },
    /// The answer is about other bytes: those that are there are worthless, and what comes does not replace them.
    Discard(String),
    /// What comes is no clip.
    Refuse(String),
}

/// What an answer means when `have` bytes of a clip of `total` bytes are there, fetched under `validator`.
pub(super) fn admit(head: &ClipHead, have: u64, total: Option<u64>, validator: Option<&str>) -> Admission {
    if let Some(why) = not_a_clip(head) {
        return Admission::Refuse(why);
    }
    match head.status {
        206 => match part(head, have, total, validator) {
            Ok(()) => Admission::Append,
            Err(why) => Admission::Discard(why),
        },
        200 => Admission::Restart {
            total: head.content_length,
            validator: head.content_length.and_then(|_| strong_validator(head)),
        },
        status => Admission::Discard(format!("the host answered a request for the rest with HTTP {status}")),
    }
}

fn not_a_clip(head: &ClipHead) -> Option<String> {
    let encoding = head.content_encoding.as_deref().unwrap_or_default().trim();
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
        return Some(format!("the host sent the clip encoded as {encoding}, which was not asked for"));
    }
    let announced = head.content_length.filter(|length| *length > LARGEST_CLIP)?;
    Some(format!("the host announced {announced} bytes; more than {LARGEST_CLIP} is no clip"))
}

/// Whether a 206 is the rest of what is there.
fn part(head: &ClipHead, have: u64, total: Option<u64>, validator: Option<&str>) -> Result<(), String> {
    let range = head.content_range.as_deref().unwrap_or_default();
    let wrong = || format!("the host sent the range `{range}` instead of the rest from byte {have}");
    let (first, last, whole) = parse_range(range).ok_or_else(wrong)?;
    if first != have || Some(whole) != total || last >= whole || last < first {
        return Err(wrong());
    }
    if head.content_length.is_some_and(|length| length != last - first + 1) {
        return Err(wrong());
    }
    match (strong_etag(head), validator) {
        (Some(etag), Some(known)) if known.starts_with('"') && etag != known => {
            Err("the clip changed while it was fetched".to_owned())
        }
        _ => Ok(()),
    }
}

/// `bytes 5-9/10` as first byte, last byte and total.
fn parse_range(text: &str) -> Option<(u64, u64, u64)> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?, total.parse().ok()?))
}

/// What can stand in `If-Range`.
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

/// Returns whether the answer calls itself text.
pub(super) fn announces_text(head: &ClipHead) -> bool {
    let kind = head.content_type.as_deref().unwrap_or_default().trim().to_ascii_lowercase();
    head.status < 300 && (kind.starts_with("text/") || kind.contains("json") || kind.contains("xml"))
}

/// Returns whether the first bytes are those of a video file.
pub(super) fn is_video(start: &[u8]) -> bool {
    start.get(4..8) == Some(b"ftyp")
}

/// Returns the first words of a page, on one line: for people.
pub(super) fn first_words(page: &[u8]) -> String {
    let text = String::from_utf8_lossy(&page[..page.len().min(4 * MOST_WORDS)]);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(MOST_WORDS).collect()
}

/// Whether the first bytes are those of HTML, XML or JSON.
pub(super) fn is_text(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    matches!(start.iter().find(|byte| !byte.is_ascii_whitespace()), Some(b'<' | b'{' | b'['))
}

#[cfg(test)]
mod tests;
