//! JSON: one object a line, or a list of objects.

use super::lines::{Broken, LARGEST_ROW, Metered, Watch};
use super::records::Record;
use super::sheet::broken_off;
use super::table::{LONGEST_NAME, Table};
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
        let length = length.map_err(|error| Box::new(stopped(table, row, &watch, &error.to_string())))?;
        if length == 0 {
            break;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match serde_json::from_slice(&line) {
            Ok(Value::Object(object)) => take(table, row, &Value::Object(object))?,
            Ok(_) => return Err(Box::new(no_object(table, row))),
            Err(error) => {
                let message = format!("the line is no JSON object: {}", without_line(&error.to_string()));
                let problem = table.at(row, None, message);
                let problem =
                    problem.hint("write one object a line, or one list, `[{ … }, { … }]`, of all of them");
                return Err(Box::new(problem));
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
    let (row, stop) = (objects.row, objects.stopped.take());
    if let Some(problem) = stop {
        return Err(problem);
    }
    read.map_err(|error| Box::new(stopped(table, row + 1, &watch, &error.to_string())))?;
    table.end_of_records()
}

/// A list that was not read to its end.
fn stopped(table: &Table<'_>, row: u64, watch: &Watch, why: &str) -> Problem {
    match watch.broken() {
        Some(Broken::TooLong) => {
            let megabytes = LARGEST_ROW / 1024 / 1024;
            let problem = table.at(row, None, format!("the object goes on for more than {megabytes} MiB"));
            problem.hint("a quote or a bracket in it may never be closed")
        }
        Some(broken) => broken_off(table, row, &broken),
        None => table
            .at(row, None, format!("this is no JSON: {why}"))
            .hint("let a program write the file; in a text editor, look at the line that is named"),
    }
}

fn no_object(table: &Table<'_>, row: u64) -> Problem {
    table
        .at(row, None, "an object should stand here")
        .hint("write each item as `{ \"id\": \"…\", \"title\": \"…\" }`")
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
            let taken = match &value {
                Value::Object(_) => take(self.table, self.row, &value),
                _ => Err(Box::new(no_object(self.table, self.row))),
            };
            if let Err(problem) = taken {
                self.stopped = Some(problem);
                return Err(A::Error::custom("no more is taken"));
            }
        }
        Ok(())
    }
}

fn take(table: &mut Table<'_>, row: u64, object: &Value) -> Result<(), Box<Problem>> {
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
