//! What people wrote down with their decisions: the ledger alone keeps it.

use super::error::StoreError;
use super::folder;
use super::ledger::{Entry, Kind};
use crate::domain::key::TakeId;
use std::fs::File;
use std::io::{BufRead as _, BufReader, ErrorKind};
use std::path::Path;

/// The lines of a folder's ledger in which a person gives a reason for what was done about one of these takes, oldest
/// first. Reads the whole ledger, a line at a time; one that cannot be read is passed over: a run tells of it.
pub fn remarks(dir: &Path, takes: &[TakeId]) -> Result<Vec<Entry>, StoreError> {
    let path = dir.join(folder::LEDGER);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StoreError::io(&path, &error)),
    };
    let mut lines = BufReader::new(file);
    let mut remarks = Vec::new();
    let mut line = String::new();
    while lines.read_line(&mut line).map_err(|error| StoreError::io(&path, &error))? > 0 {
        // Most lines are about other takes, and need not be understood.
        if takes.iter().any(|take| line.contains(&take.0))
            && let Ok(entry) = serde_json::from_str::<Entry>(&line)
            && takes.iter().any(|take| take.0 == entry.take)
            && (entry.note.is_some() || entry.kind == Kind::Adjusted)
        {
            remarks.push(entry);
        }
        line.clear();
    }
    Ok(remarks)
}
