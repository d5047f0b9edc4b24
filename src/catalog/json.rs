//! Reads product files in JSON: one object per line, or a document that holds a list of objects.

pub(super) mod values;
mod walk;

use super::lines::{Broken, LARGEST_ROW, Metered, RowGuard};
use super::sheet::{broken_off, too_long};
use super::table::Table;
use super::{Layout, dialect};
use crate::domain::problem::{Problem, meant_or_all};
use serde::de::{DeserializeSeed as _, IgnoredAny};
use serde_json::Deserializer;
use serde_json::value::RawValue;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::rc::Rc;
use walk::{Found, Rank, Step, Walk, Wanted};

/// Number of bytes at the start of a file that are read to find its structure: one object per line, or a list of
/// products.
const LOOKED_AT: u64 = LARGEST_ROW as u64;

/// The hint in the error about a JSON object that is too large.
const ENDLESS: &str = "a quote or a bracket in the object may be unclosed";

pub(super) fn read(table: &mut Table<'_>, head: Vec<u8>, source: impl Read) -> Result<(), Box<Problem>> {
    let is_list = head.trim_ascii_start().starts_with(b"[");
    let (mut metered, guard) = Metered::new(head, source);
    if is_list {
        let path = table.options.path.clone().unwrap_or_default();
        return document(table, Wanted::Path(path), metered, &guard);
    }
    let mut start = Vec::new();
    let read = metered.by_ref().take(LOOKED_AT).read_to_end(&mut start);
    read.map_err(|error| stopped(table, 1, &guard, &error.to_string()))?;
    let is_whole = (start.len() as u64) < LOOKED_AT;
    let line = start.iter().position(|byte| *byte == b'\n').map_or(start.len(), |at| at + 1);
    let (first, rest) = start.split_at(line);
    let goes_on = !is_whole || !rest.iter().all(u8::is_ascii_whitespace);
    let is_lines = goes_on && first.starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(first).is_ok();
    if is_lines && table.options.path.is_none() {
        return lines(table, Cursor::new(start).chain(metered), &guard);
    }
    if is_whole && let Ok(value) = serde_json::from_slice::<&RawValue>(start.trim_ascii()) {
        let single = match &table.options.path {
            Some(path) => values::at(value, path),
            None => values::alone(value),
        };
        let place = single.filter(|_| table.options.path.is_some()).unwrap_or(value);
        if let Some(products) = values::by_id(place) {
            return by_id(table, &products);
        }
        if let Some(value) = single {
            return one(table, value);
        }
    }
    let wanted = match &table.options.path {
        Some(path) => Wanted::Path(path.clone()),
        None if start.trim_ascii_start().starts_with(b"[") => Wanted::Path(String::new()),
        None if is_whole => {
            let Some(path) = find(table, &start)? else {
                let value = serde_json::from_slice::<&RawValue>(start.trim_ascii());
                let value = value.map_err(|error| stopped(table, 1, &guard, &error.to_string()))?;
                return one(table, value);
            };
            Wanted::Path(path)
        }
        None => Wanted::First,
    };
    document(table, wanted, Cursor::new(start).chain(metered), &guard)
}

/// Reads one object per line; the number of the line is the row number of the product.
fn lines(table: &mut Table<'_>, source: impl Read, guard: &RowGuard) -> Result<(), Box<Problem>> {
    "JSON, one object a line".clone_into(&mut table.format);
    table.layout = Some(Layout::Lines);
    let mut reader = BufReader::with_capacity(64 * 1024, source);
    let mut line = Vec::new();
    for row in 1.. {
        line.clear();
        guard.renew();
        let length = reader.read_until(b'\n', &mut line);
        if length.map_err(|error| stopped(table, row, guard, &error.to_string()))? == 0 {
            break;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match serde_json::from_slice::<&RawValue>(&line) {
            Ok(value) => values::take(table, row, value)?,
            Err(error) => {
                let message = format!("the line is not a JSON object: {}", without_line(&error.to_string()));
                let hint = "write one object on each line, or one list of all objects: `[{ … }, { … }]`";
                return Err(table.at(row, None, message).hint(hint).into());
            }
        }
    }
    table.end_of_records()
}

/// Reads the list of products in a document; a product's row number is its position, 1 for the first.
fn document(
    table: &mut Table<'_>,
    wanted: Wanted,
    source: impl Read,
    guard: &Rc<RowGuard>,
) -> Result<(), Box<Problem>> {
    guard.renew();
    let (mut walk, read) = walked(table, wanted, BufReader::with_capacity(64 * 1024, source), guard);
    if let Some(problem) = walk.stopped.take() {
        return Err(problem);
    }
    let is_ambiguous = walk.is_ambiguous;
    let (row, found, taken) = (walk.row, std::mem::take(&mut walk.found), walk.taken.take());
    if is_ambiguous {
        return Err(several(table, &found).into());
    }
    if let Err(why) = read {
        return Err(stopped(table, row + 1, guard, &why).into());
    }
    if taken.is_none() {
        let problem = match &table.options.path {
            Some(path) => {
                let problem = table.whole(format!("the document has no list at `{path}`"));
                let paths = found.iter().map(|found| found.path.as_str());
                problem.hint(if found.is_empty() {
                    "the document has no list of objects that a path can name; write one list, `[{ … }, { … }]`"
                        .to_owned()
                } else {
                    meant_or_all(path, paths, "the document's lists of objects are at")
                })
            }
            None if !found.is_empty() => several(table, &found),
            // The document is longer than the examined start, and no list of objects was found.
            None => too_long(table, 1, "object", ENDLESS),
        };
        return Err(problem.into());
    }
    let path = table.options.path.clone().or_else(|| taken.clone()).unwrap_or_default();
    table.layout = Some(Layout::List { path });
    table.format = match taken.filter(|path| !path.is_empty()) {
        Some(path) => format!("JSON, the list `{path}`"),
        None => "JSON, a list".to_owned(),
    };
    table.end_of_records()
}

/// Reads a JSON document, and returns the final state of the reading, which has the lists of objects that were found.
/// Objects of the list `wanted` are added to `table`. The second value is an error if the JSON is invalid or the
/// reading was stopped.
fn walked<'s, 'a>(
    table: &'s mut Table<'a>,
    wanted: Wanted,
    source: impl Read,
    guard: &Rc<RowGuard>,
) -> (Walk<'s, 'a>, Result<(), String>) {
    let mut walk = Walk::new(table, wanted, Rc::clone(guard));
    let mut reader = Deserializer::from_reader(source);
    let read = Step(&mut walk).deserialize(&mut reader).and_then(|()| reader.end());
    (walk, read.map_err(|error| error.to_string()))
}

/// Returns the path of the list of products; `None` if the document is one product. Returns an error if several lists
/// may be the list of products.
fn find(table: &mut Table<'_>, bytes: &[u8]) -> Result<Option<String>, Box<Problem>> {
    let guard = Rc::new(RowGuard::default());
    let (walk, read) = walked(table, Wanted::None, bytes, &guard);
    let (found, names) = (walk.found, walk.names);
    if let Err(why) = read {
        return Err(stopped(table, 1, &guard, &why).into());
    }
    let likely = found.iter().find(|found| found.rank > Rank::Aside);
    let is_item = dialect::names_items(&names) || (values::has(&names, "id") && values::has(&names, "title"));
    let is_product = likely.is_none_or(|found| found.rank < Rank::Known) && is_item;
    let first = found.iter().find(|found| found.rank > Rank::Other);
    let taken = likely.or(first).filter(|_| !is_product);
    if taken.is_none() && !found.is_empty() && !is_product {
        return Err(several(table, &found).into());
    }
    let others = taken.iter().flat_map(|taken| found.iter().filter(|found| found.path != taken.path));
    if taken.is_some_and(|taken| others.clone().any(|other| !taken.rules_out(other) || likely.is_none())) {
        return Err(several(table, &found).into());
    }
    Ok(taken.map(|taken| taken.path.clone()))
}

/// Reads a document that is a single object, the only product.
fn one(table: &mut Table<'_>, value: &RawValue) -> Result<(), Box<Problem>> {
    "JSON, one object".clone_into(&mut table.format);
    table.layout = Some(Layout::One { path: table.options.path.clone() });
    values::take(table, 1, value)?;
    table.end_of_records()
}

/// Reads an object that holds products by their ids; a product's row number is its position, 1 for the first.
fn by_id(table: &mut Table<'_>, products: &[(String, &RawValue)]) -> Result<(), Box<Problem>> {
    "JSON, objects by their ids".clone_into(&mut table.format);
    table.layout = Some(Layout::ById { path: table.options.path.clone() });
    for (row, (id, product)) in (1..).zip(products) {
        values::take_as(table, row, id, product)?;
    }
    table.end_of_records()
}

/// Builds the error about a document with several lists, each of which may be the list of products.
fn several(table: &Table<'_>, found: &[Found]) -> Problem {
    let mut found: Vec<&Found> = found.iter().collect();
    found.sort_by_key(|found| std::cmp::Reverse(found.rank));
    let paths = found.iter().map(|found| format!("`{}`", found.path)).collect::<Vec<_>>().join(", ");
    let first = found.first().map_or("products", |found| found.path.as_str());
    let problem = table.whole(if found.iter().all(|found| found.rank == Rank::Other) {
        format!("the document has no list of products, only lists of other things: {paths}")
    } else {
        format!("the document has several lists of objects: {paths}")
    });
    problem.hint(format!(
        "write the path of the products under `items:`, such as `path: {first}`; for `init` and `catalog`, \
         `--path {first}`"
    ))
}

/// Builds the error about a document that could not be read to its end.
fn stopped(table: &Table<'_>, row: u64, guard: &RowGuard, why: &str) -> Problem {
    match guard.broken() {
        Some(Broken::TooLong) => too_long(table, row, "object", ENDLESS),
        Some(broken) => broken_off(table, row, &broken),
        None => table.at(row, None, format!("the file is not valid JSON: {why}")).hint(
            "export the file again with a program; in a text editor, correct the line that the message names",
        ),
    }
}

/// Returns the message of a JSON error without the line and column numbers.
fn without_line(error: &str) -> &str {
    error.split(" at line ").next().unwrap_or(error)
}

#[cfg(test)]
mod tests;
