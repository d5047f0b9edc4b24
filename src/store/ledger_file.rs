//! Reads the lines of the ledger file, and adds new lines durably: all lines of a batch, or none.

use super::error::StoreError;
use super::folder;
use super::ledger::bounds::MOST;
use super::ledger::{Entry, Kind, VERSION};
use crate::domain::key::TakeId;
use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The lines of the ledger file from a certain position to its end, with the errors that were found in them.
#[derive(Debug, Default)]
pub(super) struct Tail {
    pub(super) entries: Vec<Entry>,
    /// The number of bytes of an incomplete last line; 0 if the last line is complete.
    pub(super) torn: u64,
    /// True if the file lost lines that the database had seen, for example because the file is shorter than before.
    /// Then the file was read from its beginning.
    pub(super) cut: bool,
    /// The lines that cannot be read. If there are any, the file was read from its beginning.
    pub(super) damaged: Vec<DamagedLine>,
}

/// A line of the ledger that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DamagedLine {
    /// The number of the line, from 1.
    number: usize,
    /// The position of the line in the file, in bytes.
    pub(super) bytes: Range<u64>,
    /// The error message of the JSON reader, or the field that is out of range.
    detail: String,
    /// The line's `seq` number; `None` if it cannot be read any more.
    seq: Option<u64>,
    /// The `seq` numbers of the readable lines before and after the damaged line: 0 if there is none before, `u64::MAX`
    /// if there is none after.
    between: (u64, u64),
}

impl fmt::Display for DamagedLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.number, self.detail)
    }
}

impl Tail {
    /// Returns the first damaged line whose content the database may lack; `None` if there is none. `heard` is the
    /// number of the line up to which the database has all lines.
    pub(super) fn unheard(&self, heard: u64) -> Option<&DamagedLine> {
        self.damaged.iter().find(|line| {
            let (before, after) = line.between;
            let alike = |other: &&DamagedLine| other.seq.is_none() && other.between == line.between;
            let damaged = self.damaged.iter().filter(alike).count() as u64;
            match line.seq {
                Some(seq) => seq > heard,
                // The database must have given out at least as many numbers that are missing.
                None => heard.min(after - 1).saturating_sub(before) < damaged,
            }
        })
    }
}

/// Finds the `seq` number in the readable part of a damaged line; returns `None` if the number is damaged too.
fn seq_in(line: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(line);
    let (_, rest) = text.split_once("\"seq\":")?;
    let end = rest.find(|c: char| !c.is_ascii_digit())?;
    let seq = rest[end..].starts_with(',').then(|| rest[..end].parse().ok())?;
    seq.filter(|seq| (1..=MOST).contains(seq))
}

pub(super) struct Ledger {
    path: PathBuf,
    file: File,
    /// The position after the last complete line that this process read or wrote, in bytes.
    end: u64,
    /// The highest `seq` number that this process has read or written.
    last: u64,
    /// The `seq` numbers of lines that this process read from the file or wrote to it. The set is emptied when the
    /// database records that the file has these lines.
    pub(super) seen: BTreeSet<u64>,
}

impl Ledger {
    /// Opens the ledger of a state folder, creates it if it is missing, and locks it until [`Ledger::unlock`].
    pub(super) fn open_locked(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(folder::LEDGER);
        let file = folder::open_private(&path)?;
        let ledger = Self { path, file, end: 0, last: 0, seen: BTreeSet::new() };
        ledger.lock()?;
        Ok(ledger)
    }

    /// Opens the ledger of a state folder for reading only; returns `None` if it is missing.
    pub(super) fn open_to_read(dir: &Path) -> Result<Option<Self>, StoreError> {
        let path = dir.join(folder::LEDGER);
        match folder::open_to_read(&path) {
            Ok(file) => Ok(Some(Self { path, file, end: 0, last: 0, seen: BTreeSet::new() })),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(StoreError::io(&path, &e)),
        }
    }

    /// Locks the file, and waits until no other process holds the lock. A process holds it from before its commit to
    /// the database until its lines are in the ledger.
    pub(super) fn lock(&self) -> Result<(), StoreError> {
        self.file.lock().map_err(|e| StoreError::io(&self.path, &e))
    }

    pub(super) fn unlock(&self) {
        // Fails only for a file that is closed, and then the lock is gone as well.
        let _ = self.file.unlock();
    }

    pub(super) fn end(&self) -> u64 {
        self.end
    }

    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Reads the ledger lines that begin at or after a byte position; the database has every earlier line. Changes
    /// nothing in the file.
    ///
    /// Reads the whole file if no line ends at the position `agreed`, or if a line is damaged.
    pub(super) fn read_from(&mut self, agreed: u64) -> Result<Tail, StoreError> {
        let cut = agreed > 0 && !self.is_end_of_line(agreed)?;
        self.end = if cut { 0 } else { agreed };
        let mut tail = self.read_on()?;
        if !tail.damaged.is_empty() && self.end > 0 && !cut && agreed > 0 {
            // The numbers of damaged lines, and their neighbours, can only be found from the whole file.
            self.end = 0;
            tail = self.read_on()?;
        }
        Ok(Tail { cut, ..tail })
    }

    /// Replaces the file by its readable lines, byte for byte, followed by the new `lines`. The damaged file is kept
    /// under the name `aside`.
    pub(super) fn rewrite(
        &mut self,
        damaged: &[DamagedLine],
        lines: &[String],
        aside: &Path,
    ) -> Result<(), StoreError> {
        let io = |path: &Path, e: &std::io::Error| StoreError::io(path, e);
        let mut bytes = vec![0; usize::try_from(self.end).unwrap_or(usize::MAX)];
        let read = self.file.seek(SeekFrom::Start(0)).and_then(|_| self.file.read_exact(&mut bytes));
        read.map_err(|e| io(&self.path, &e))?;
        let is_damaged = |at: u64| damaged.iter().any(|line| line.bytes.contains(&at));
        let mut whole = Vec::with_capacity(bytes.len());
        let mut at = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if !is_damaged(at) {
                whole.extend_from_slice(line);
            }
            at += line.len() as u64;
        }
        whole.extend_from_slice(lines.concat().as_bytes());
        let new = self.path.with_extension("jsonl.new");
        let mut file = folder::open_private(&new)?;
        let written = file.set_len(0).and_then(|()| file.write_all(&whole)).and_then(|()| file.sync_all());
        written.map_err(|e| io(&new, &e))?;
        file.lock().map_err(|e| io(&new, &e))?;
        std::fs::hard_link(&self.path, aside)
            .or_else(|_| std::fs::copy(&self.path, aside).map(drop))
            .map_err(|e| io(aside, &e))?;
        std::fs::rename(&new, &self.path).map_err(|e| io(&self.path, &e))?;
        self.end = whole.len() as u64;
        self.file = file;
        Ok(())
    }

    fn is_end_of_line(&mut self, at: u64) -> Result<bool, StoreError> {
        let mut byte = [0];
        let read = self.file.seek(SeekFrom::Start(at - 1)).and_then(|_| self.file.read(&mut byte));
        let read = read.map_err(|e| StoreError::io(&self.path, &e))?;
        Ok(read == 1 && byte == *b"\n")
    }

    fn read_on(&mut self) -> Result<Tail, StoreError> {
        let mut bytes = Vec::new();
        let read = self.file.seek(SeekFrom::Start(self.end)).and_then(|_| self.file.read_to_end(&mut bytes));
        read.map_err(|e| StoreError::io(&self.path, &e))?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let mut tail = Tail { torn: (bytes.len() - whole) as u64, ..Tail::default() };
        let (mut before, mut open) = (0, 0);
        for (number, line) in (1..).zip(bytes[..whole].split_inclusive(|byte| *byte == b'\n')) {
            let bytes = self.end..self.end + line.len() as u64;
            match self.entry(line) {
                Ok(entry) => {
                    tail.damaged[open..].iter_mut().for_each(|line| line.between.1 = entry.seq);
                    (before, open) = (entry.seq, tail.damaged.len());
                    self.last = self.last.max(entry.seq);
                    self.seen.insert(entry.seq);
                    tail.entries.push(entry);
                }
                Err(StoreError::Damaged { detail, .. }) => {
                    let seq = seq_in(line);
                    self.last = self.last.max(seq.unwrap_or(0));
                    let between = (before, u64::MAX);
                    tail.damaged.push(DamagedLine { number, bytes: bytes.clone(), detail, seq, between });
                }
                Err(other) => return Err(other),
            }
            self.end = bytes.end;
        }
        Ok(tail)
    }

    /// Parses a line. A line of a newer version gives [`StoreError::Newer`], whatever else the line contains.
    fn entry(&self, line: &[u8]) -> Result<Entry, StoreError> {
        #[derive(serde::Deserialize)]
        struct Version {
            v: u32,
        }
        let read = serde_json::from_slice::<Entry>(line);
        let version = match &read {
            Ok(entry) => entry.v,
            Err(_) => serde_json::from_slice::<Version>(line).map_or(VERSION, |line| line.v),
        };
        if version > VERSION {
            let (found, known) = (i64::from(version), i64::from(VERSION));
            return Err(StoreError::Newer { path: self.path.clone(), found, known });
        }
        let damaged = |detail| StoreError::Damaged { path: self.path.clone(), detail };
        let entry = read.map_err(|e| damaged(e.to_string()))?;
        match entry.out_of_bounds() {
            Some(name) => Err(damaged(format!("the value of `{name}` is out of range"))),
            None => Ok(entry),
        }
    }

    /// Builds the error for a damaged line of the ledger.
    pub(super) fn damaged(&self, line: &DamagedLine) -> StoreError {
        StoreError::Damaged { path: self.path.clone(), detail: line.to_string() }
    }

    /// Reads the ledger lines that other processes wrote, and drops an incomplete line that one of these processes
    /// left. Returns true if a line cannot be read.
    pub(super) fn catch_up(&mut self) -> Result<bool, StoreError> {
        let length = self.file.metadata().map_err(|e| StoreError::io(&self.path, &e))?.len();
        if length == self.end {
            return Ok(false);
        }
        let tail = self.read_on()?;
        if tail.torn > 0 {
            self.file.set_len(self.end).map_err(|e| StoreError::io(&self.path, &e))?;
        }
        Ok(!tail.damaged.is_empty())
    }

    /// Adds lines, given as `(seq, text)`, to the file and makes them durable: all or none.
    pub(super) fn append(&mut self, lines: &[(u64, String)]) -> Result<(), StoreError> {
        let text: String = lines.iter().map(|(_, line)| line.as_str()).collect();
        let write = |file: &mut File| {
            file.seek(SeekFrom::Start(self.end))?;
            file.write_all(text.as_bytes())?;
            file.sync_data()
        };
        if let Err(e) = write(&mut self.file) {
            // If this fails too, the rest is dropped as a torn line, or counts as written: both are safe.
            let _ = self.file.set_len(self.end);
            return Err(StoreError::io(&self.path, &e));
        }
        self.end += text.len() as u64;
        for (seq, _) in lines {
            self.last = self.last.max(*seq);
            self.seen.insert(*seq);
        }
        Ok(())
    }
}

/// Returns the ledger lines in which a person gives a reason for a decision about one of these takes, oldest first.
///
/// Reads the whole ledger, a line at a time. A line that cannot be read is skipped, because the next run reports it.
pub fn remarks(dir: &Path, takes: &[TakeId]) -> Result<Vec<Entry>, StoreError> {
    let path = dir.join(folder::LEDGER);
    let file = match folder::open_to_read(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StoreError::io(&path, &error)),
    };
    let mut lines = BufReader::new(file);
    let mut remarks = Vec::new();
    let mut bytes = Vec::new();
    while lines.read_until(b'\n', &mut bytes).map_err(|error| StoreError::io(&path, &error))? > 0 {
        let line = String::from_utf8_lossy(&bytes);
        // Most lines are about other takes, and need not be parsed.
        if takes.iter().any(|take| line.contains(&take.0))
            && let Ok(entry) = serde_json::from_str::<Entry>(&line)
            && takes.iter().any(|take| take.0 == entry.take)
            && (entry.note.is_some() || entry.kind == Kind::Adjusted)
            && entry.kind != Kind::Reviewed
        {
            remarks.push(entry);
        }
        bytes.clear();
    }
    Ok(remarks)
}
