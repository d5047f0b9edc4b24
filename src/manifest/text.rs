//! Bytes of a file become text, or one problem that says how to save it; and what of a text may be a key.

use super::source::{Source, Span};
use crate::domain::problem::{Place, Problem};
use std::ops::Range;

/// Largest manifest. Larger ones hold a catalog, which belongs into a sheet.
const LARGEST: usize = 64 * 1024 * 1024;

const AS_UTF8: &str = "save it as UTF-8: most editors offer that as the encoding in File, Save as";

/// The text of a manifest, without a byte-order mark.
pub(super) fn decode<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, Box<Problem>> {
    let error = |place, message: String, hint: &str| Box::new(Problem::error(place, message).hint(hint));
    let whole = Place::File(file.to_owned());
    if bytes.len() > LARGEST {
        let megabytes = bytes.len().div_ceil(1024 * 1024);
        let message = format!("the file has {megabytes} MiB; a manifest may have 64");
        let hint = "write the items into a sheet and name it: `items: { from: items.csv }`";
        return Err(error(whole, message, hint));
    }
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(error(
            whole,
            "the file is saved as “Unicode” (UTF-16); shotlist reads UTF-8".into(),
            AS_UTF8,
        ));
    }
    let text = std::str::from_utf8(bytes).map_err(|invalid| {
        let at = invalid.valid_up_to();
        let message = "this letter is not stored as UTF-8, the way shotlist reads text".to_owned();
        error(place(file, bytes, at), message, AS_UTF8)
    })?;
    if let Some(at) = text.find('\0') {
        let message = format!("the file is not text: it holds a NUL at byte offset {at}");
        return Err(error(place(file, bytes, at), message, AS_UTF8));
    }
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The place of the first byte that is no text, with its line as far as it can be read.
fn place(file: &str, bytes: &[u8], at: usize) -> Place {
    // Everything before that byte stays where it is.
    let text = String::from_utf8_lossy(bytes);
    let line_start = text[..at].rfind(['\n', '\r']).map_or(0, |end| end + 1);
    let count = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
    let line = count(text[..at].matches('\n').count());
    let column = count(text[line_start..at].chars().count());
    let end = at + text[at..].chars().next().map_or(0, char::len_utf8);
    Source::new(file, &text, secrets(&text)).place(Span { start: at, end, line, column })
}

/// Names whose values are keys wherever they stand.
pub(super) const NAMES: [&str; 7] =
    ["api_key", "apikey", "api-key", "token", "secret", "password", "authorization"];

/// Returns what may be a key in text that is not valid YAML, generously: what follows such a name, and every value
/// below `providers`.
pub(super) fn secrets(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut in_providers = false;
    let mut goes_on = false;
    for line in text.split_inclusive('\n') {
        let lower = line.to_ascii_lowercase();
        let end = start + line.trim_end().len();
        if line.starts_with(|first: char| !first.is_whitespace() && !matches!(first, '#' | '}' | ']')) {
            in_providers = lower.trim_start_matches(['"', '\'', '{', ' ']).starts_with("providers");
        }
        let name = NAMES.iter().filter_map(|name| lower.find(name).map(|at| at + name.len())).min();
        let colon = match name {
            Some(name) => lower[name..].find(':').map(|at| name + at + 1),
            None if in_providers => lower.find(':').map(|at| at + 1),
            None => None,
        };
        match colon {
            Some(colon) => {
                found.push(start + colon..end);
                // The value may stand on the next line.
                goes_on = name.is_some()
                    && line[colon..].trim().trim_start_matches(['|', '>', '-', '+']).is_empty();
            }
            None if goes_on || in_providers => {
                found.push(start..end);
                goes_on = false;
            }
            None => {}
        }
        start += line.len();
    }
    found
}
