//! Finds the pictures in a cell of a plain file (one that no known program wrote). A cell has one picture, or a list in
//! any of the usual spellings.

use serde_json::Value;
use std::borrow::Cow;

/// Endings of picture files, which show that a column holds pictures. Video models accept only some of these formats.
const ENDINGS: [&str; 12] =
    ["jpg", "jpeg", "png", "webp", "gif", "avif", "svg", "bmp", "tif", "tiff", "heic", "jfif"];

/// Names under which JSON objects hold the address of a picture, in the order of preference.
const KEYS: [&str; 16] = [
    "src",
    "url",
    "original",
    "full",
    "large",
    "main",
    "href",
    "link",
    "image",
    "file",
    "path",
    "medium",
    "small",
    "thumb",
    "thumbnail",
    "icon",
];

/// Characters that may separate two pictures. A space may too, before an address or a name without spaces.
const MARKS: [char; 4] = [',', ';', '|', '\n'];

/// Returns the pictures of a cell, in their order.
///
/// Addresses and file names may contain commas and spaces, so a cell is split only where another address or the name of
/// another picture follows.
pub(super) fn listed(cell: &str) -> Vec<Cow<'_, str>> {
    let cell = cell.trim();
    if cell.is_empty() {
        return Vec::new();
    }
    if cell.starts_with(['[', '{'])
        && let Ok(value) = serde_json::from_str::<Value>(cell)
    {
        let mut found = Vec::new();
        gather(&value, &mut found);
        return found.into_iter().map(Cow::Owned).collect();
    }
    if cell.starts_with("data:") {
        return vec![Cow::Borrowed(cell)];
    }
    let written = quoted(cell).or_else(|| in_brackets(cell)).or_else(|| shown(cell));
    if let Some(found) = written {
        return found.into_iter().map(Cow::Borrowed).collect();
    }
    let mut found = Vec::new();
    let mut start = 0;
    let marks = |letter: char| MARKS.contains(&letter) || letter.is_whitespace();
    for (at, mark) in cell.match_indices(marks) {
        if at < start {
            continue;
        }
        let (before, after) = (cell[start..at].trim(), &cell[at + mark.len()..]);
        let rest = after.trim_start_matches(|letter: char| letter.is_whitespace() || MARKS.contains(&letter));
        let is_space = mark.starts_with(|mark: char| mark != '\n' && mark.is_whitespace());
        // In `a.jpg , b.jpg` the comma after the space separates them.
        if is_space && after.trim_start().starts_with(MARKS) {
            continue;
        }
        if parts(before, after, rest, is_space) {
            found.push(Cow::Borrowed(before));
            start = cell.len() - rest.len();
        }
    }
    found.push(Cow::Borrowed(
        cell[start..].trim_end_matches(|letter: char| letter.is_whitespace() || MARKS.contains(&letter)),
    ));
    found.retain(|picture| !picture.is_empty());
    found
}

/// Reports whether the mark between `before` and `after`, such as a comma or a space, separates two pictures.
///
/// `rest` is the text `after` without the white space and marks at its start.
fn parts(before: &str, after: &str, rest: &str, is_space: bool) -> bool {
    if rest.is_empty() || before.is_empty() {
        return before.is_empty() && !rest.is_empty();
    }
    let is_before = is_address(before) || has_ending(before);
    if starts_as_address(rest) {
        return is_before;
    }
    let ends = |letter: char| MARKS.contains(&letter) || (is_space && letter.is_whitespace());
    let next = rest.split(ends).next().unwrap_or(rest).trim();
    // The query of an address may contain commas, and its next part may end like a picture.
    let is_query = before.contains('?') && !after.starts_with(char::is_whitespace);
    has_ending(before) && has_ending(next) && !is_query
}

/// Returns the texts of a list in Python's notation: `['a.jpg', 'b.jpg']`; `None` for any other cell.
fn quoted(cell: &str) -> Option<Vec<&str>> {
    let mut rest = cell.strip_prefix('[')?.strip_suffix(']')?.trim();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let quote = rest.chars().next().filter(|first| matches!(first, '\'' | '"'))?;
        let (text, after) = rest[1..].split_once(quote)?;
        found.push(text.trim());
        rest = after.trim_start();
        rest = if rest.is_empty() { rest } else { rest.strip_prefix(',')?.trim_start() };
    }
    Some(found)
}

/// Returns the addresses in parentheses after the names of files: `a.jpg (https://a.example/a.jpg),…`; `None` for any
/// other cell.
fn in_brackets(cell: &str) -> Option<Vec<&str>> {
    let mut rest = cell;
    let mut found = Vec::new();
    while !rest.is_empty() {
        let is_start = |at: &usize| starts_as_address(&rest[at + 2..]);
        let start = rest.match_indices(" (").map(|(at, _)| at).find(is_start)?;
        let (name, after) = (&rest[..start], &rest[start + 2..]);
        let end = after.match_indices(')').map(|(at, _)| at).find(|at| {
            let behind = after[at + 1..].trim_start();
            behind.is_empty() || behind.starts_with(MARKS)
        })?;
        let address = after[..end].trim();
        if is_address(name) || !is_address(address) {
            return None;
        }
        found.push(address);
        rest = after[end + 1..]
            .trim_start_matches(|letter: char| letter.is_whitespace() || MARKS.contains(&letter));
    }
    Some(found)
}

/// Returns the addresses of the pictures in an HTML text, as in `<img src="a.jpg">`; `None` if it has none.
pub(super) fn shown(text: &str) -> Option<Vec<&str>> {
    let tags = text.match_indices('<').filter_map(|(at, _)| {
        let tag = &text[at..];
        let is_picture = tag.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("<img "));
        let tag = is_picture.then(|| tag.split('>').next())??;
        let (_, after) = tag.split_once("src=").or_else(|| tag.split_once("SRC="))?;
        let quote = after.chars().next().filter(|first| matches!(first, '\'' | '"'))?;
        after[1..].split(quote).next().filter(|address| !address.trim().is_empty())
    });
    let found: Vec<&str> = tags.map(str::trim).collect();
    (!found.is_empty()).then_some(found)
}

/// Adds the pictures in a JSON value to `found`: all texts of a list, and the value of the best of [`KEYS`] in an
/// object.
fn gather(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if !text.trim().is_empty() => found.push(text.trim().to_owned()),
        Value::Array(values) => values.iter().for_each(|value| gather(value, found)),
        Value::Object(values) => {
            if let Some(value) = KEYS.iter().find_map(|key| values.get(*key)) {
                gather(value, found);
            }
        }
        _ => {}
    }
}

/// Reports whether a text is a web address, or a data URI of a picture.
pub(super) fn is_address(text: &str) -> bool {
    let text = text.trim();
    starts_as_address(text) && !text.contains(char::is_whitespace) || text.starts_with("data:image/")
}

fn starts_as_address(text: &str) -> bool {
    let after = |scheme: &str| {
        text.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
            .then(|| &text[scheme.len()..])
    };
    let rest = ["https://", "http://", "//"].into_iter().find_map(after);
    rest.is_some_and(|rest| rest.starts_with(|first: char| first.is_alphanumeric()))
}

/// Reports whether a text ends like the name or address of a picture.
pub(super) fn has_ending(text: &str) -> bool {
    let text = text.trim();
    let path = text.split(['?', '#']).next().unwrap_or(text);
    let Some((name, ending)) = path.rsplit_once('.') else { return false };
    !name.is_empty() && ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known))
}

#[cfg(test)]
#[path = "listed_tests.rs"]
mod tests;
