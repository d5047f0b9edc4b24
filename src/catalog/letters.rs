//! Decodes the bytes of a sheet from any encoding to UTF-8.
//!
//! ASCII passes unchanged. At the first byte beyond ASCII the encoding is decided once for the whole sheet, on a sample
//! that begins there. Bytes that cannot be decoded become a byte that is invalid in UTF-8, which later causes an error
//! for their cell.

use super::encoding::{Certain, Decision, decide};
use super::lines::Broken;
use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::cell::{Cell, RefCell};
use std::io::{self, Read};
use std::rc::Rc;

/// Number of bytes in the sample on which an encoding is decided.
const SAMPLE: usize = 1024 * 1024;

/// Number of bytes that are decoded in one step.
const CHUNK: usize = 64 * 1024;

/// Number of bytes before the sample that are kept, so that the first word of the sample is complete.
const BEFORE: usize = 64;

/// The byte that replaces bytes that cannot be decoded; it never occurs in UTF-8.
const WRONG: u8 = 0xFF;

/// Number of characters of an undecodable cell that its error message shows.
const ECHOED: usize = 40;

/// The encoding of a sheet, as known so far while the sheet is read.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The encoding of the sheet; `None` for UTF-8.
    pub(super) encoding: Cell<Option<&'static Encoding>>,
    /// A decoded word of the sample, if the encoding was decided on a sample.
    pub(super) word: RefCell<Option<String>>,
    /// True if the user or a byte-order mark determines the encoding, so that no sample is needed.
    pub(super) is_given: Cell<bool>,
    broken: RefCell<Option<Broken>>,
}

impl Known {
    /// Returns the reason why the reading of the sheet stopped; `None` if it did not stop.
    pub(super) fn broken(&self) -> Option<Broken> {
        self.broken.borrow().clone()
    }

    /// Returns the name of the sheet's encoding.
    pub(super) fn name(&self) -> &'static str {
        self.encoding.get().unwrap_or(UTF_8).name()
    }
}

/// The way in which the next bytes are decoded.
enum State {
    /// All bytes so far are ASCII, so the encoding is not decided yet.
    Open,
    /// The sheet is UTF-8, so bytes pass unchanged.
    Utf8,
    /// The sheet has another encoding, so bytes are decoded. The listed bytes count as undecodable, because equally
    /// likely encodings decode them differently.
    Other(Box<Decoder>, Vec<u8>),
    /// All bytes of the sheet were decoded.
    Ended,
}

/// A reader that returns a sheet of any encoding as UTF-8, without a byte-order mark.
pub(super) struct Letters<R> {
    source: R,
    state: State,
    /// The bytes of the source that are not decoded yet.
    pending: Vec<u8>,
    /// The decoded text; `at` is the number of its bytes that were already returned.
    decoded: Vec<u8>,
    at: usize,
    /// The last bytes that were returned, at most [`BEFORE`]. The sample for the choice of the encoding begins with
    /// them, so that its first word is complete.
    before: Vec<u8>,
    known: Rc<Known>,
}

impl<R: Read> Letters<R> {
    /// Returns a reader of a sheet whose first bytes are `head`.
    ///
    /// The encoding is the one that the user names, or else that of the byte-order mark. Without both it is determined
    /// from the bytes of the sheet. Returns an error if the byte-order mark contradicts the user.
    pub(super) fn new(
        mut head: Vec<u8>,
        source: R,
        named: Option<&'static Encoding>,
    ) -> Result<(Self, Rc<Known>), Broken> {
        let marked = Encoding::for_bom(&head);
        if let (Some(named), Some((marked, _))) = (named, marked)
            && named != marked
        {
            return Err(Broken::Marked { named: named.name(), marked: marked.name() });
        }
        head.drain(..marked.map_or(0, |(_, length)| length));
        let known = Rc::new(Known::default());
        let given = named.or(marked.map(|(encoding, _)| encoding));
        known.is_given.set(given.is_some());
        let state = match given.or_else(|| unmarked_utf_16(&head)) {
            None => State::Open,
            Some(encoding) if encoding == UTF_8 => State::Utf8,
            Some(encoding) => {
                known.encoding.set(Some(encoding));
                State::Other(Box::new(encoding.new_decoder_without_bom_handling()), Vec::new())
            }
        };
        // The head goes through the same decoding as the rest of the source.
        let (pending, decoded, before) = (head, Vec::new(), Vec::new());
        let letters = Self { source, state, pending, decoded, at: 0, before, known: Rc::clone(&known) };
        Ok((letters, known))
    }

    /// Returns the next bytes of the source that are not decoded yet; no bytes at the end of the source.
    fn next(&mut self) -> io::Result<Vec<u8>> {
        if !self.pending.is_empty() {
            return Ok(std::mem::take(&mut self.pending));
        }
        let mut chunk = vec![0; CHUNK];
        let length = self.source.read(&mut chunk)?;
        chunk.truncate(length);
        Ok(chunk)
    }

    /// Decides the encoding of the sheet from a sample: the bytes `start`, which are decoded later, and the bytes
    /// around them. Returns an error if several encodings are possible.
    fn decide(&mut self, start: &[u8]) -> io::Result<()> {
        self.pending.splice(0..0, start.iter().copied());
        let mut chunk = vec![0; CHUNK];
        let mut is_whole = false;
        while self.pending.len() < SAMPLE {
            match self.source.read(&mut chunk) {
                Ok(0) => {
                    is_whole = true;
                    break;
                }
                Ok(length) => self.pending.extend_from_slice(&chunk[..length]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The next read returns the same error.
                Err(_) => break,
            }
        }
        let end = match self.pending.iter().rposition(|byte| matches!(byte, b'\n' | b'\r')) {
            Some(end) if !is_whole => end,
            _ => self.pending.len(),
        };
        let sample = [&self.before[..], &self.pending[..end]].concat();
        self.state = match encoding(&sample) {
            Found::Utf8 => State::Utf8,
            Found::Other(Certain { encoding, word, doubtful, .. }) => {
                self.known.encoding.set(Some(encoding));
                *self.known.word.borrow_mut() = Some(word);
                let doubtful = if is_whole { Vec::new() } else { doubtful };
                State::Other(Box::new(encoding.new_decoder_without_bom_handling()), doubtful)
            }
            Found::Uncertain(readings) => {
                *self.known.broken.borrow_mut() = Some(Broken::Uncertain(readings));
                return Err(io::ErrorKind::InvalidData.into());
            }
        };
        Ok(())
    }

    /// Copies decoded text into the buffer and returns the number of copied bytes.
    fn hand_on(&mut self, buffer: &mut [u8]) -> usize {
        let ready = &self.decoded[self.at..];
        let length = ready.len().min(buffer.len());
        buffer[..length].copy_from_slice(&ready[..length]);
        self.at += length;
        length
    }
}

impl<R: Read> Read for Letters<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.known.broken.borrow().is_some() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        loop {
            if self.at < self.decoded.len() {
                return Ok(self.hand_on(buffer));
            }
            match &mut self.state {
                State::Ended => return Ok(0),
                State::Utf8 if self.pending.is_empty() => return self.source.read(buffer),
                State::Utf8 => (self.decoded, self.at) = (std::mem::take(&mut self.pending), 0),
                State::Open => {
                    let mut chunk = self.next()?;
                    if chunk.is_empty() {
                        return Ok(0);
                    }
                    let ascii = chunk.iter().position(|byte| !byte.is_ascii()).unwrap_or(chunk.len());
                    let beyond = chunk.split_off(ascii);
                    let kept = chunk.len().saturating_sub(BEFORE);
                    self.before.extend_from_slice(&chunk[kept..]);
                    let kept = self.before.len().saturating_sub(BEFORE);
                    self.before.drain(..kept);
                    (self.decoded, self.at) = (chunk, 0);
                    if !beyond.is_empty() {
                        self.decide(&beyond)?;
                    }
                }
                State::Other(..) => {
                    let chunk = self.next()?;
                    let State::Other(decoder, doubtful) = &mut self.state else { continue };
                    self.decoded.clear();
                    self.at = 0;
                    let is_last = chunk.is_empty();
                    decode(decoder, doubtful, &chunk, is_last, &mut self.decoded);
                    if is_last {
                        self.state = State::Ended;
                    }
                }
            }
        }
    }
}

/// Decodes bytes; a byte that cannot be decoded with certainty becomes [`WRONG`], which later causes an error for its
/// cell.
fn decode(decoder: &mut Decoder, doubtful: &[u8], bytes: &[u8], is_last: bool, into: &mut Vec<u8>) {
    // Only single-byte encodings have doubtful bytes, so the bytes can be split there.
    for piece in bytes.split_inclusive(|byte| doubtful.contains(byte)) {
        match piece.split_last() {
            Some((last, rest)) if doubtful.contains(last) => {
                decode_piece(decoder, rest, false, into);
                into.push(WRONG);
            }
            _ => decode_piece(decoder, piece, false, into),
        }
    }
    if is_last {
        decode_piece(decoder, &[], true, into);
    }
}

fn decode_piece(decoder: &mut Decoder, mut bytes: &[u8], is_last: bool, into: &mut Vec<u8>) {
    let mut text = vec![0; bytes.len() * 3 + 16];
    loop {
        let (result, read, written) = decoder.decode_to_utf8_without_replacement(bytes, &mut text, is_last);
        add(&text[..written], into);
        bytes = &bytes[read..];
        match result {
            DecoderResult::InputEmpty => return,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => into.push(WRONG),
        }
    }
}

/// Adds decoded text to `into`. A control character beyond ASCII becomes [`WRONG`], because its byte has no meaning in
/// the encoding.
fn add(text: &[u8], into: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = rest.windows(2).position(|pair| pair[0] == 0xC2 && matches!(pair[1], 0x80..=0x9F)) {
        into.extend_from_slice(&rest[..at]);
        into.push(WRONG);
        rest = &rest[at + 2..];
    }
    into.extend_from_slice(rest);
}

/// The encoding of a sheet, as found from the bytes of a sample.
enum Found {
    Utf8,
    Other(Certain),
    /// Several encodings are possible. The list has their names, each with some words of the sheet as that encoding
    /// reads them.
    Uncertain(Vec<(&'static str, String)>),
}

/// Returns the encoding of a sheet without a byte-order mark if it is UTF-16.
///
/// In UTF-16, every second byte of the first ASCII letters is a NUL.
fn unmarked_utf_16(head: &[u8]) -> Option<&'static Encoding> {
    let pairs = || head.chunks_exact(2).take(32);
    if pairs().len() < 4 {
        return None;
    }
    let is_ascii = |letter: u8, other: u8| other == 0 && letter != 0 && letter.is_ascii();
    if pairs().all(|pair| is_ascii(pair[0], pair[1])) {
        return Some(UTF_16LE);
    }
    pairs().all(|pair| is_ascii(pair[1], pair[0])).then_some(UTF_16BE)
}

/// The uninterrupted sequences of bytes beyond ASCII in a sample of a sheet, counted by whether they are valid UTF-8.
#[derive(Default)]
struct Runs {
    /// The number of byte sequences that are not valid UTF-8.
    others: usize,
    /// The number of byte sequences that are valid UTF-8.
    utf8: usize,
    /// True if the sequences of valid UTF-8 may be valid by accident, because each has only one or two letters of two
    /// bytes.
    is_accident: bool,
    /// True if hardly any language uses the letters in the sequences that are valid UTF-8.
    is_odd: bool,
    /// The first sequence of bytes that is valid UTF-8, as text.
    word: String,
}

impl Runs {
    fn of(sample: &[u8]) -> Self {
        let mut runs = Self { is_accident: true, is_odd: true, ..Self::default() };
        let mut is_after_letter = false;
        for run in sample.chunk_by(|a, b| a.is_ascii() == b.is_ascii()) {
            if run.is_ascii() {
                is_after_letter = run.last().is_some_and(u8::is_ascii_alphabetic);
                continue;
            }
            let Ok(text) = std::str::from_utf8(run) else {
                runs.others += 1;
                continue;
            };
            runs.utf8 += 1;
            runs.is_accident &= run.len() <= 4 && text.chars().all(|letter| letter.len_utf8() == 2);
            let is_mark = |letter: char| is_after_letter && ('\u{300}'..='\u{36f}').contains(&letter);
            runs.is_odd &= text.chars().all(|letter| is_odd(letter) && !is_mark(letter));
            if runs.word.is_empty() {
                text.clone_into(&mut runs.word);
            }
        }
        runs
    }
}

/// Reports whether hardly any language uses this letter, which takes two bytes in UTF-8.
fn is_odd(letter: char) -> bool {
    match letter {
        '\u{180}'..='\u{36f}' => !"ƏəƠơƯưȘșȚțǍǎǏǐǑǒǓǔǦǧ".contains(letter),
        '\u{80}'..='\u{9f}' | '\u{460}'..='\u{48f}' | '\u{4b0}'..='\u{58f}' | '\u{591}'..='\u{5cf}' => true,
        '\u{600}'..='\u{620}' | '\u{64b}'..='\u{7ff}' => !"٪،؛؟پچژکگیۀەہےۓڈڑںھ".contains(letter),
        _ => false,
    }
}

/// Decides whether a sample is UTF-8, and otherwise determines its encoding.
fn encoding(sample: &[u8]) -> Found {
    let runs = Runs::of(sample);
    // A file with a NUL is not text; the reader reports that when it reaches the NUL.
    let is_text = !sample.contains(&0);
    if !is_text || (runs.others == 0 && !(runs.is_odd && runs.is_accident)) {
        return Found::Utf8;
    }
    if runs.others > 0 && runs.utf8 > 0 && !runs.is_accident {
        // The sheet mixes texts of two encodings: read as UTF-8, the wrong cells are reported.
        return Found::Utf8;
    }
    match decide(sample) {
        decision if runs.others == 0 => {
            let mut readings = match decision {
                Decision::Certain(Certain { encoding, word, .. }) => vec![(encoding.name(), word)],
                Decision::Uncertain(readings) => readings,
                Decision::Unknown => return Found::Utf8,
            };
            readings.insert(0, (UTF_8.name(), runs.word));
            Found::Uncertain(readings)
        }
        // The accented letters of a Latin text never form valid UTF-8 together.
        Decision::Certain(certain)
            if runs.utf8 == 0 || (!certain.is_latin && runs.utf8 * 6 < runs.others) =>
        {
            Found::Other(certain)
        }
        Decision::Uncertain(readings) if runs.utf8 == 0 || runs.utf8 * 6 < runs.others || runs.is_odd => {
            Found::Uncertain(readings)
        }
        // UTF-8 letters that hardly any language uses are probably an accident.
        Decision::Certain(Certain { encoding, word, .. }) if runs.is_odd => {
            Found::Uncertain(vec![(encoding.name(), word)])
        }
        _ => Found::Utf8,
    }
}

/// Returns a cell as text. If a letter could not be decoded, the error is the part of the cell around that letter.
pub(super) fn text(cell: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(cell).map_err(|invalid| {
        let text = String::from_utf8_lossy(cell);
        let before = String::from_utf8_lossy(&cell[..invalid.valid_up_to()]).chars().count();
        // In a long cell the part around the wrong letter is shown.
        text.chars().skip(before.saturating_sub(ECHOED / 2)).take(ECHOED).collect()
    })
}

#[cfg(test)]
mod tests;
