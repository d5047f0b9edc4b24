//! Decodes a manifest's bytes to text, and finds possible API keys in text that is not valid YAML.

use super::source::{Source, Span};
use crate::domain::problem::{Place, Problem};
use std::ops::Range;

/// The maximum size of a manifest in bytes. A larger one holds a catalog, which belongs in a sheet.
const LARGEST: usize = 64 * 1024 * 1024;

const AS_UTF8: &str = "save it as UTF-8: most editors offer that as the encoding in File, Save as";

/// Returns the text of a manifest without its byte-order mark. The error has a hint on how to correct the file.
pub(super) fn decode<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, Box<Problem>> {
    let error = |place, message: String, hint: &str| Box::new(Problem::error(place, message).hint(hint));
    let whole = Place::File(file.to_owned());
    if bytes.len() > LARGEST {
        let megabytes = bytes.len().div_ceil(1024 * 1024);
        let message = format!("the file has {megabytes} MiB; a manifest may have at most 64 MiB");
        let hint = "write the items into a sheet and name the sheet: `items: { from: items.csv }`";
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
        let message = "this character is not stored as UTF-8, the encoding that shotlist reads".to_owned();
        error(place(file, bytes, at), message, AS_UTF8)
    })?;
    if let Some(at) = text.find('\0') {
        let message = format!("the file is not text: it holds a NUL at byte offset {at}");
        return Err(error(place(file, bytes, at), message, AS_UTF8));
    }
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Returns the place of the byte `at`, the first that is not valid text, with the readable part of its line.
fn place(file: &str, bytes: &[u8], at: usize) -> Place {
    // The lossy conversion keeps the positions of all bytes before that one.
    let text = String::from_utf8_lossy(bytes);
    let line_start = text[..at].rfind(['\n', '\r']).map_or(0, |end| end + 1);
    let count = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
    let line = count(text[..at].matches('\n').count());
    let column = count(text[line_start..at].chars().count());
    let end = at + text[at..].chars().next().map_or(0, char::len_utf8);
    Source::new(file, &text, secrets(&text)).place(Span { start: at, end, line, column })
}

/// The names whose values count as API keys anywhere in a manifest.
pub(super) const NAMES: [&str; 7] =
    ["api_key", "apikey", "api-key", "token", "secret", "password", "authorization"];

/// Returns the byte ranges of possible API keys in text that is not valid YAML.
///
/// They include everything after one of [`NAMES`], and every value below `providers`.
pub(super) fn secrets(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut in_providers = false;
    // The indentation of a name whose value is on the next lines, and true for the first of them.
    let mut below: Option<(usize, bool)> = None;
    for line in text.split_inclusive('\n') {
        let lower = line.to_ascii_lowercase();
        let end = start + line.trim_end().len();
        let indent = line.len() - line.trim_start().len();
        if let Some((of_name, is_first)) = below {
            if indent > of_name || line.trim().is_empty() {
                found.push(start..end);
                below = Some((of_name, is_first && line.trim().is_empty()));
                start += line.len();
                continue;
            }
            below = Some((of_name, true)).filter(|_| is_first);
        }
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
                let has_value = !line[colon..].trim().trim_start_matches(['|', '>', '-', '+']).is_empty();
                below = (name.is_some() && !has_value).then_some((indent, true));
            }
            None if below.is_some() || in_providers => {
                found.push(start..end);
                below = None;
            }
            None => {}
        }
        start += line.len();
    }
    found
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
