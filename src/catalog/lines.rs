//! Prepares the bytes of a product file for its reader: it unifies the line ends of sheets, and limits the size of
//! rows.

use super::delimiter::delimiter;
use super::quote_scanner::{QuoteScanner, TextAfterQuote};
use csv::ByteRecord;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::{self, Read};
use std::rc::Rc;

/// Limit on a row, in bytes.
pub(super) const LARGEST_ROW: usize = 4 * 1024 * 1024;

/// Number of bytes at the start of a file that are enough to recognise its format and its delimiter.
const LOOKED_AT: usize = 64 * 1024;

/// The byte-order mark of UTF-8.
pub(super) const MARK: &[u8] = b"\xEF\xBB\xBF";

/// The row that is added after the last row of a sheet, to detect a quote that is never closed.
///
/// The added row then becomes part of the quoted cell. Without it, the CSV reader takes the end of a file for a closing
/// quote. No sheet has such a row, because a NUL is refused.
const END: &[u8] = b"\n\0\n";

/// The reason why the rest of a file cannot be read.
#[derive(Debug, Clone)]
pub(super) enum Broken {
    /// The byte-order mark contradicts the encoding that the user names.
    Marked { named: &'static str, marked: &'static str },
    /// Several encodings are possible. The list has their names, each with some words of the sheet as that encoding
    /// reads them.
    Uncertain(Vec<(&'static str, String)>),
    /// The file is not text, because it has a NUL at this byte offset.
    Nul(u64),
    /// A row is larger than [`LARGEST_ROW`].
    TooLong,
    /// The disk or pipe reported this error.
    Unreadable(String),
}

/// The size limit of the current row, the misplaced quotes found so far, and the reason to stop. The loop that reads
/// rows shares this state with the reader of bytes.
#[derive(Debug, Default)]
pub(super) struct RowGuard {
    /// The number of further bytes that the current row may have.
    left: Cell<usize>,
    broken: RefCell<Option<Broken>>,
    /// Misplaced quotes in rows that the reader has not returned yet: cells with text after a closing quote.
    flaws: RefCell<VecDeque<TextAfterQuote>>,
}

impl RowGuard {
    /// Resets the byte limit at the start of a row.
    pub(super) fn renew(&self) {
        self.left.set(LARGEST_ROW);
    }

    /// Returns the reason why reading stopped before the end of the file; `None` if it did not stop.
    pub(super) fn broken(&self) -> Option<Broken> {
        self.broken.borrow().clone()
    }

    /// Returns the misplaced quotes in a row (cells with text after a closing quote), and drops those of earlier rows.
    pub(super) fn flaws(&self, row: u64) -> Vec<TextAfterQuote> {
        let mut flaws = self.flaws.borrow_mut();
        let end = flaws.partition_point(|flaw| flaw.row <= row);
        flaws.drain(..end).filter(|flaw| flaw.row == row).collect()
    }

    /// Counts `length` more bytes of the current row; returns an error if the row is then too large.
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

/// Reads the first line of a source, and any bytes after it that arrive in the same read. Returns an error if the disk
/// or pipe reports one.
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

/// Reports whether a source starts with a byte-order mark of UTF-16.
pub(super) fn is_utf16(head: &[u8]) -> bool {
    head.starts_with(&[0xFF, 0xFE]) || head.starts_with(&[0xFE, 0xFF])
}

/// Reads the start of a sheet until its delimiter is found, and returns the bytes and the delimiter.
pub(super) fn start(source: &mut impl Read) -> (Vec<u8>, u8) {
    let mut head = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let length = match source.read(&mut chunk) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // The next read returns the same error.
            Err(_) => 0,
        };
        head.extend_from_slice(&chunk[..length]);
        let is_all = length == 0 || head.len() >= LOOKED_AT;
        if let Some(delimiter) = delimiter(&head[..head.len().min(LOOKED_AT)], is_all) {
            return (head, delimiter);
        }
    }
}

/// A reader of an XML or JSON document that limits each product to [`LARGEST_ROW`] bytes.
#[derive(Debug)]
pub(super) struct Metered<R> {
    source: io::Chain<io::Cursor<Vec<u8>>, R>,
    guard: Rc<RowGuard>,
}

impl<R: Read> Metered<R> {
    /// Returns a reader, and the size limit that it shares with the caller. `head` is the part of the source that was
    /// already read, without a byte-order mark.
    pub(super) fn new(head: Vec<u8>, source: R) -> (Self, Rc<RowGuard>) {
        let guard = Rc::new(RowGuard::default());
        guard.renew();
        (Self { source: io::Cursor::new(head).chain(source), guard: Rc::clone(&guard) }, guard)
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.guard.spend(length)?;
        Ok(length)
    }
}

/// Reports whether a record is [`END`], the row that was added after the last one.
pub(super) fn is_end(record: &ByteRecord) -> bool {
    record.len() == 1 && &record[0] == b"\0"
}

/// Reports whether a row has swallowed the added row [`END`], because a quote in the row is never closed.
pub(super) fn has_swallowed_end(record: &ByteRecord) -> bool {
    record.as_slice().contains(&0)
}

/// A reader of a sheet in which every line ends with a line feed.
#[derive(Debug)]
pub(super) struct Lines<R> {
    /// The bytes that were already read, and the remaining bytes of the source.
    source: io::Chain<io::Cursor<Vec<u8>>, R>,
    /// The bytes of [`END`] that were not returned yet. `END` is a row that this reader adds after the last row to
    /// detect a quote that is never closed.
    end: &'static [u8],
    guard: Rc<RowGuard>,
    quotes: QuoteScanner,
    /// The number of bytes of the decoded sheet that were read so far.
    offset: u64,
    /// True if the last byte was a carriage return, so that a line feed after it does not end another line.
    after_return: bool,
}

impl<R: Read> Lines<R> {
    /// Returns a reader, and the state that it shares with the caller. `head` is the part of the source that was
    /// already read; `before` is the number of bytes before `head`.
    pub(super) fn new(head: Vec<u8>, source: R, delimiter: u8, before: usize) -> (Self, Rc<RowGuard>) {
        let guard = Rc::new(RowGuard::default());
        let lines = Self {
            source: io::Cursor::new(head).chain(source),
            end: END,
            guard: Rc::clone(&guard),
            quotes: QuoteScanner::new(delimiter),
            offset: u64::try_from(before).unwrap_or(0),
            after_return: false,
        };
        (lines, guard)
    }

    /// Makes every line of a chunk end with one line feed, and returns the number of bytes that remain in the chunk.
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
                return Err(self.guard.stop(Broken::Nul(self.offset + at as u64)));
            }
            if length == 0 {
                length = self.end.read(buffer)?;
            }
            if length == 0 {
                return Ok(0);
            }
            let chunk = &mut buffer[..length];
            self.offset += length as u64;
            self.guard.spend(length)?;
            let kept = self.unify(chunk);
            if kept > 0 {
                self.quotes.follow(&buffer[..kept], &mut self.guard.flaws.borrow_mut());
                return Ok(kept);
            }
        }
    }
}
