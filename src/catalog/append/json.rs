//! Adds columns to a JSON file. Each column becomes a further name in the object of every product. The objects are
//! found by the same rules as when the catalog is read.

use super::text::Edits;
use super::{Columns, Layout, Refused};
use crate::catalog::json::values::{alone, at, by_id, entries, unwrapped, within};
use serde_json::value::RawValue;
use std::fmt::Write as _;

pub(super) fn edits(text: &str, layout: &Layout, columns: &Columns<'_>) -> Result<Edits, Refused> {
    let mut edits = Edits::default();
    if *layout == Layout::Lines {
        // A carriage return alone does not end a line; JSON allows it as white space around an object.
        for (number, line) in (1..).zip(text.split('\n')) {
            if !line.trim().is_empty() {
                let object: &RawValue = serde_json::from_str(line).map_err(|error| unfit(&error))?;
                add(text, object, number, columns, &mut edits)?;
            }
        }
        return Ok(edits);
    }
    let document: &RawValue = serde_json::from_str(text).map_err(|error| unfit(&error))?;
    let named = |path: &Option<String>| match path {
        Some(path) => at(document, path),
        None => alone(document),
    };
    let objects = match layout {
        Layout::List { path } => {
            let mut objects = Vec::new();
            gather(document, "", path, &mut objects)?;
            objects
        }
        Layout::ById { path } => {
            let place = named(path).filter(|_| path.is_some()).unwrap_or(document);
            by_id(place).unwrap_or_default().into_iter().map(|(_, object)| object).collect()
        }
        Layout::One { path } => vec![named(path).unwrap_or(document)],
        Layout::Lines | Layout::Sheet { .. } | Layout::Workbook { .. } | Layout::Elements { .. } => {
            Vec::new()
        }
    };
    for (number, object) in (1..).zip(objects) {
        add(text, object, number, columns, &mut edits)?;
    }
    Ok(edits)
}

fn unfit(error: &serde_json::Error) -> Refused {
    Refused::Unfit(error.to_string())
}

/// Searches `value` for the list at the path `wanted`, and adds the products of the list to `objects`. `here` is the
/// path of `value` in the document. The search follows the rules for reading the catalog.
fn gather<'a>(
    value: &'a RawValue,
    here: &str,
    wanted: &str,
    objects: &mut Vec<&'a RawValue>,
) -> Result<(), String> {
    if value.get().starts_with('{') {
        for (name, value) in entries(value.get())? {
            let here = if here.is_empty() { name } else { format!("{here}.{name}") };
            gather(value, &here, wanted, objects)?;
        }
    } else if value.get().starts_with('[') {
        let rest = wanted.strip_prefix(here).map(|rest| rest.strip_prefix('.').unwrap_or(rest));
        if wanted == here {
            let list: Vec<&RawValue> =
                serde_json::from_str(value.get()).map_err(|error| error.to_string())?;
            objects.extend(list);
        } else if let Some(rest) =
            rest.filter(|rest| here.is_empty() || rest.len() + here.len() < wanted.len())
        {
            objects.extend(within(value, rest)?);
        }
    }
    Ok(())
}

/// Adds the new cells of row `number` at the end of the row's JSON object, spaced like the object's own entries.
/// Returns an error if the object already has an entry with the name of a new column.
fn add(
    text: &str,
    object: &RawValue,
    number: u64,
    columns: &Columns<'_>,
    edits: &mut Edits,
) -> Result<(), Refused> {
    let object = unwrapped(object).get();
    let Some(inside) = object.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
        return Ok(());
    };
    let known = entries(object)?;
    if let Some(taken) = columns.names.iter().find(|name| known.iter().any(|(known, _)| known == *name)) {
        return Err(Refused::Taken((*taken).to_owned()));
    }
    let Some(texts) = columns.rows.get(&number) else { return Ok(()) };
    let before = &inside[..inside.len() - inside.trim_start().len()];
    let between = if before.is_empty() && !inside.contains("\": ") { ":" } else { ": " };
    // Objects on one line have a space after each comma, or none.
    let before = if before.is_empty() && inside.contains("\", \"") { " " } else { before };
    let mut added = String::new();
    for (name, text) in columns.names.iter().zip(texts) {
        if !(known.is_empty() && added.is_empty()) {
            added.push(',');
        }
        let _ = write!(added, "{before}\"{name}\"{between}{}", in_ascii(text));
    }
    let start = object.as_ptr().addr() - text.as_ptr().addr();
    edits.insert(start + 1 + inside.trim_end().len(), added);
    edits.rows += 1;
    Ok(())
}

/// Returns a text as a JSON string that has only ASCII characters, so that it fits any encoding. All other characters
/// are escaped: `ü` becomes `\u00fc`.
fn in_ascii(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 2);
    for letter in serde_json::Value::from(text).to_string().chars() {
        if letter.is_ascii() {
            written.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                let _ = write!(written, "\\u{unit:04x}");
            }
        }
    }
    written
}
