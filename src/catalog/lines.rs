//! The bytes of a file as its reader gets them: in sheets every line ended by a line feed, and no row without bound.

use super::delimiter::delimiter;
use super::quotes::{Flaw, Quotes};
use csv::ByteRecord;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::{self, Read};
use std::rc::Rc;

/// Bytes of the longest row.
pub(super) const LARGEST_ROW: usize = 4 * 1024 * 1024;

/// The start of a file is looked at before anything is read; so much of it is enough to see what the file is, and what
/// separates its cells.
const LOOKED_AT: usize = 64 * 1024;

/// How UTF-8 may be marked.
pub(super) const MARK: &[u8] = b"\xEF\xBB\xBF";

/// A row of our own behind the last one. A quote that is never closed swallows it, and that shows: the CSV reader
/// itself takes the end of the file for a closing quote. No sheet has it, because a NUL is refused.
const END: &[u8] = b"\n\0\n";

/// Why a sheet cannot be read on.
#[derive(Debug, Clone)]
pub(super) enum Broken {
    /// Its mark is not that of the encoding that the user names.
    Marked { named: &'static str, marked: &'static str },
    /// Its letters can be read in several ways: encodings, each with words as it reads them.
    Uncertain(Vec<(&'static str, String)>),
    /// It is no text: a NUL, at this byte.
    Nul(u64),
    /// A row passes [`LARGEST_ROW`].
    TooLong,
    /// The disk or pipe says so.
    Unreadable(String),
}

/// What the reading loop shares with the bytes that pass below the CSV reader.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Bytes that may still pass before the row must end.
    left: Cell<usize>,
    broken: RefCell<Option<Broken>>,
    /// Cells that are wrong and that no row was asked about yet.
    flaws: RefCell<VecDeque<Flaw>>,
}

impl Watch {
    /// A new row begins.
    pub(super) fn renew(&self) {
        self.left.set(LARGEST_ROW);
    }

    /// Why the bytes stopped.
    pub(super) fn broken(&self) -> Option<Broken> {
        self.broken.borrow().clone()
    }

    /// Returns the flaws of a row; those of rows before it are forgotten.
    pub(super) fn flaws(&self, row: u64) -> Vec<Flaw> {
        let mut flaws = self.flaws.borrow_mut();
        let end = flaws.partition_point(|flaw| flaw.row <= row);
        flaws.drain(..end).filter(|flaw| flaw.row == row).collect()
    }

    /// So many bytes pass.
    fn spend(&self, length: usize) -> io::Result<()> {
        match self.left.get().checked_sub(length) {
            Some(left) => self.left.set(left),
            None => return Err(self.stop(Broken::TooLong)),
        }
        Ok(())
    }

    fn stop(&self, broken: Broken) -> io::Error {
        *self.broken.borrow_mut() = Some(broken);
        io::Error::from(io::ErrorKind::InvalidData)
    }
}

/// The first line of a source, and more if it came at once.
pub(super) fn head(source: &mut impl Read) -> Result<Vec<u8>, Broken> {
    let mut head = Vec::new();
    let mut chunk = [0; 4096];
    while head.len() < LOOKED_AT && !head.contains(&b'\n') {
        match source.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => head.extend_from_slice(&chunk[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Broken::Unreadable(error.to_string())),
        }
    }
    Ok(head)
}

/// Returns whether a source starts with the mark of UTF-16.
pub(super) fn is_utf16(head: &[u8]) -> bool {
    head.starts_with(&[0xFF, 0xFE]) || head.starts_with(&[0xFE, 0xFF])
}

/// The start of a sheet that tells its delimiter, and the delimiter.
pub(super) fn start(source: &mut impl Read) -> (Vec<u8>, u8) {
    let mut head = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let length = match source.read(&mut chunk) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // The next reading meets it again.
            Err(_) => 0,
        };
        head.extend_from_slice(&chunk[..length]);
        let is_all = length == 0 || head.len() >= LOOKED_AT;
        if let Some(delimiter) = delimiter(&head[..head.len().min(LOOKED_AT)], is_all) {
            return (head, delimiter);
        }
    }
}

/// The bytes of a feed or a list, none of whose records may pass [`LARGEST_ROW`].
#[derive(Debug)]
pub(super) struct Metered<R> {
    source: io::Chain<io::Cursor<Vec<u8>>, R>,
    watch: Rc<Watch>,
}

impl<R: Read> Metered<R> {
    /// The head is what was read of the source before, without a byte-order mark.
    pub(super) fn new(head: Vec<u8>, source: R) -> (Self, Rc<Watch>) {
        let watch = Rc::new(Watch::default());
        watch.renew();
        (Self { source: io::Cursor::new(head).chain(source), watch: Rc::clone(&watch) }, watch)
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.watch.spend(length)?;
        Ok(length)
    }
}

/// The row behind the last one.
pub(super) fn is_end(record: &ByteRecord) -> bool {
    record.len() == 1 && &record[0] == b"\0"
}

/// Whether a cell of this row runs on beyond the end of the sheet.
pub(super) fn has_swallowed_end(record: &ByteRecord) -> bool {
    record.as_slice().contains(&0)
}

/// See the module.
#[derive(Debug)]
pub(super) struct Lines<R> {
    /// What was looked at, and the rest.
    source: io::Chain<io::Cursor<Vec<u8>>, R>,
    /// What is left of our own row.
    end: &'static [u8],
    watch: Rc<Watch>,
    quotes: Quotes,
    /// Bytes of the file so far, and all that have passed.
    offset: u64,
    /// The last byte was a carriage return: a line feed behind it ends no further line.
    after_return: bool,
}

impl<R: Read> Lines<R> {
    /// Begins a sheet; the head is what was read of the source before, behind so many bytes.
    pub(super) fn new(head: Vec<u8>, source: R, delimiter: u8, before: usize) -> (Self, Rc<Watch>) {
        let watch = Rc::new(Watch::default());
        let lines = Self {
            source: io::Cursor::new(head).chain(source),
            end: END,
            watch: Rc::clone(&watch),
            quotes: Quotes::new(delimiter),
            offset: u64::try_from(before).unwrap_or(0),
            after_return: false,
        };
        (lines, watch)
    }

    /// Makes every line end in one line feed; answers how many bytes are left.
    fn unify(&mut self, chunk: &mut [u8]) -> usize {
        if !self.after_return && !chunk.contains(&b'\r') {
            return chunk.len();
        }
        let mut kept = 0;
        for at in 0..chunk.len() {
            let byte = chunk[at];
            if !(byte == b'\n' && self.after_return) {
                chunk[kept] = if byte == b'\r' { b'\n' } else { byte };
                kept += 1;
            }
            self.after_return = byte == b'\r';
        }
        kept
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let mut length = self.source.read(buffer)?;
            if let Some(at) = buffer[..length].iter().position(|byte| *byte == 0) {
                return Err(self.watch.stop(Broken::Nul(self.offset + at as u64)));
            }
            if length == 0 {
                length = self.end.read(buffer)?;
            }
            if length == 0 {
                return Ok(0);
            }
            let chunk = &mut buffer[..length];
            self.offset += length as u64;
            self.watch.spend(length)?;
            let kept = self.unify(chunk);
            if kept > 0 {
                self.quotes.follow(&buffer[..kept], &mut self.watch.flaws.borrow_mut());
                return Ok(kept);
            }
        }
    }
}
