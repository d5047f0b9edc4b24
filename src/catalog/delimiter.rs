//! Finds the character between the cells of a text sheet.
//!
//! The delimiter is the one with which two neighbouring rows, the header and the row below it, have the same number of
//! cells. Only rows at the start count, so that rows added to a file never change the choice.

use super::header::is_comment;

/// The delimiters that are recognised, the least likely first.
const ALL: [u8; 4] = [b'|', b'\t', b';', b','];

/// Returns the delimiter of a sheet that begins with these bytes; `None` if more bytes are needed.
///
/// If `is_all` is true, there are no bytes after `head`, and a delimiter is always returned.
pub(super) fn delimiter(head: &[u8], is_all: bool) -> Option<u8> {
    let lines = lines(head, is_all);
    if let Some(separator) = lines.first().and_then(|line| separator_line(line)) {
        return Some(separator);
    }
    let is_told = |line: &&[u8]| {
        let start = String::from_utf8_lossy(&line[..line.len().min(64)]);
        !start.trim().is_empty() && !is_comment(start.trim_start_matches('\u{feff}').trim_start())
    };
    let counts: Vec<[usize; 4]> = lines.into_iter().filter(is_told).map(count).collect();
    let most = |counts: &[usize; 4]| counts.iter().copied().max().unwrap_or_default();
    let mut widest = 0;
    for pair in counts.windows(2) {
        let same = (0..ALL.len()).filter(|at| pair[0][*at] == pair[1][*at] && pair[0][*at] > widest);
        if let Some(at) = same.max_by_key(|at| pair[0][*at]) {
            return Some(ALL[at]);
        }
        // The rows below a title have more cells than the title, so narrower pairs do not count.
        widest = widest.max(most(&pair[0]));
    }
    is_all.then(|| {
        let header = counts.first().copied().unwrap_or_default();
        // `max_by_key` returns the last of equal counts: the comma.
        (0..ALL.len()).max_by_key(|at| header[*at]).map_or(b',', |at| ALL[at])
    })
}

/// Returns the delimiter that Excel's line `sep=;` names; `None` for any other line.
fn separator_line(line: &[u8]) -> Option<u8> {
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    match line {
        [name @ .., separator] if name.eq_ignore_ascii_case(b"sep=") => {
            ALL.contains(separator).then_some(*separator)
        }
        // A tab at the end of the line is trimmed.
        name if name.eq_ignore_ascii_case(b"sep=") => Some(b'\t'),
        _ => None,
    }
}

/// Counts each delimiter of [`ALL`] in a line, outside of quotes; the counts have the order of [`ALL`].
fn count(line: &[u8]) -> [usize; 4] {
    let mut counts = [0; 4];
    walk(line, |byte| {
        if let Some(at) = ALL.iter().position(|delimiter| *delimiter == byte) {
            counts[at] += 1;
        }
        true
    });
    counts
}

/// Calls `show` with each byte outside of quotes until `show` returns false, and returns the position of that byte.
/// Returns `None` if `show` never returned false.
fn walk(bytes: &[u8], mut show: impl FnMut(u8) -> bool) -> Option<usize> {
    let (mut is_quoted, mut is_start) = (false, true);
    for (at, byte) in bytes.iter().copied().enumerate() {
        if byte == b'"' && (is_quoted || is_start) {
            // A doubled quote closes the quotation and opens it again.
            is_quoted = !is_quoted;
            is_start = !is_quoted;
            continue;
        }
        if !is_quoted {
            if !show(byte) {
                return Some(at);
            }
            is_start = ALL.contains(&byte);
        }
    }
    None
}

/// Returns the complete lines of a sheet's start. If `is_all` is true, the last line counts as complete.
///
/// A line break within quotes does not end a line.
fn lines(head: &[u8], is_all: bool) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    let mut rest = head;
    while let Some(end) = walk(rest, |byte| !matches!(byte, b'\n' | b'\r')) {
        lines.push(&rest[..end]);
        rest = &rest[end + 1..];
    }
    if is_all && !rest.is_empty() {
        lines.push(rest);
    }
    lines
}

#[cfg(test)]
mod tests;
