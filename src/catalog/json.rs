//! JSON: one object a line, or a list of objects.

use super::LONGEST_NAME;
use super::lines::{Broken, Metered, Watch};
use super::records::Record;
use super::sheet::{broken_off, too_long};
use super::table::Table;
use crate::domain::problem::Problem;
use serde::de::{Deserializer as _, Error as _, SeqAccess, Visitor};
use serde_json::{Deserializer, Value};
use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::rc::Rc;

/// Reads one object a line; its row is the line.
pub(super) fn lines(table: &mut Table<'_>, head: Vec<u8>, source: impl Read) -> Result<(), Box<Problem>> {
    "JSON, one object a line".clone_into(&mut table.format);
    let (metered, watch) = Metered::new(head, source);
    let mut reader = BufReader::new(metered);
    let mut line = Vec::new();
    for row in 1.. {
        line.clear();
        watch.renew();
        let length = reader.read_until(b'\n', &mut line);
        if length.map_err(|error| stopped(table, row, &watch, &error.to_string()))? == 0 {
            break;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match serde_json::from_slice(&line) {
            Ok(value) => take(table, row, &value)?,
            Err(error) => {
                let message = format!("the line is no JSON object: {}", without_line(&error.to_string()));
                let hint = "write one object a line, or one list, `[{ … }, { … }]`, of all of them";
                return Err(table.at(row, None, message).hint(hint).into());
            }
        }
    }
    table.end_of_records()
}

/// Reads a list of objects; the row is the position, 1 for the first.
pub(super) fn list(table: &mut Table<'_>, head: Vec<u8>, source: impl Read) -> Result<(), Box<Problem>> {
    "JSON, a list".clone_into(&mut table.format);
    let (metered, watch) = Metered::new(head, source);
    let mut reader = Deserializer::from_reader(BufReader::new(metered));
    let mut objects = Objects { table, watch: Rc::clone(&watch), row: 0, stopped: None };
    let read = reader.deserialize_seq(&mut objects).and_then(|()| reader.end());
    match (read, objects) {
        (_, Objects { stopped: Some(problem), .. }) => Err(problem),
        (Err(error), Objects { table, row, .. }) => {
            Err(stopped(table, row + 1, &watch, &error.to_string()).into())
        }
        (Ok(()), Objects { table, .. }) => table.end_of_records(),
    }
}

/// A list that was not read to its end.
fn stopped(table: &Table<'_>, row: u64, watch: &Watch, why: &str) -> Problem {
    match watch.broken() {
        Some(Broken::TooLong) => {
            too_long(table, row, "object", "a quote or a bracket in it may never be closed")
        }
        Some(broken) => broken_off(table, row, &broken),
        None => table
            .at(row, None, format!("this is no JSON: {why}"))
            .hint("let a program write the file; in a text editor, look at the line that is named"),
    }
}

/// What is wrong, without a place within the line.
fn without_line(error: &str) -> &str {
    error.split(" at line ").next().unwrap_or(error)
}

/// Takes the objects of a list one by one.
struct Objects<'s, 'a> {
    table: &'s mut Table<'a>,
    watch: Rc<Watch>,
    row: u64,
    /// Why no more are taken.
    stopped: Option<Box<Problem>>,
}

impl<'de> Visitor<'de> for &mut Objects<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.watch.renew();
        while let Some(value) = list.next_element::<Value>()? {
            self.row += 1;
            self.watch.renew();
            if let Err(problem) = take(self.table, self.row, &value) {
                self.stopped = Some(problem);
                return Err(A::Error::custom("no more is taken"));
            }
        }
        Ok(())
    }
}

fn take(table: &mut Table<'_>, row: u64, object: &Value) -> Result<(), Box<Problem>> {
    if !object.is_object() {
        let problem = table.at(row, None, "an object should stand here");
        return Err(problem.hint("write each item as `{ \"id\": \"…\", \"title\": \"…\" }`").into());
    }
    let mut record = Record::default();
    gather(&mut record, "", object);
    table.record(row, record)
}

/// Values by name: of an object within an object the names are joined by a full stop, of a list the values by commas.
fn gather(record: &mut Record, name: &str, value: &Value) {
    match value {
        Value::Null => record.add(name, ""),
        Value::Bool(flag) => record.add(name, if *flag { "true" } else { "false" }),
        Value::Number(number) => record.add(name, &number.to_string()),
        Value::String(text) => record.add(name, text),
        Value::Array(values) => {
            record.add(name, "");
            for value in values {
                gather(record, name, value);
            }
        }
        Value::Object(values) => {
            for (key, value) in values {
                if name.is_empty() {
                    gather(record, key, value);
                } else if name.len() <= LONGEST_NAME {
                    gather(record, &format!("{name}.{key}"), value);
                } else {
                    // Too long already: it is refused, and not made longer for each of its values.
                    record.add(name, "");
                }
            }
        }
    }
}
