//! Inserts texts into a file of any encoding, without changing the other bytes of the file.

use crate::catalog::encoding::named;
use encoding_rs::{Decoder, EncoderResult, Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE};

/// A text that is inserted into a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Inserted {
    /// The position of the insertion in the decoded text of the file, in bytes.
    pub(super) at: usize,
    /// The number of bytes of the decoded text, from the position on, that the inserted text replaces; 0 if nothing is
    /// removed.
    pub(super) instead_of: usize,
    pub(super) text: String,
}

/// The insertions into a file, in ascending order of their positions.
#[derive(Debug, Default)]
pub(super) struct Edits {
    pub(super) inserted: Vec<Inserted>,
    /// The number of rows that receive new cells.
    pub(super) rows: usize,
    /// The numbers of the rows that are left unchanged.
    pub(super) untouched: Vec<u64>,
}

impl Edits {
    /// Adds an insertion of `text` at the position `at` (in bytes) of the decoded text.
    pub(super) fn insert(&mut self, at: usize, text: String) {
        self.inserted.push(Inserted { at, instead_of: 0, text });
    }
}

/// The decoded text of a file, and the encoding in which inserted texts are written.
pub(super) struct Read {
    pub(super) text: String,
    encoding: &'static Encoding,
    /// The length of the byte-order mark in bytes; 0 if the file has none.
    mark: usize,
    /// True if the bytes after the byte-order mark are valid UTF-8, so that they need no decoding.
    is_plain: bool,
    /// True for an XML file: a character that the encoding lacks is then written as a reference such as `&#1234;`.
    has_references: bool,
}

impl Read {
    /// Decodes a file in the encoding of its byte-order mark, or else in the encoding `name`. Returns an error if that
    /// encoding does not exist or cannot be edited in place.
    pub(super) fn new(bytes: &[u8], name: &str, has_references: bool) -> Result<Self, String> {
        let (encoding, mark) = match Encoding::for_bom(bytes) {
            Some(marked) => marked,
            None => (named(name).map_err(|_| format!("`{name}` is not an encoding"))?, 0),
        };
        if encoding == ISO_2022_JP {
            return Err(format!("{name} cannot be edited in place; save the file as UTF-8"));
        }
        let body = &bytes[mark..];
        if encoding == UTF_8
            && let Ok(text) = std::str::from_utf8(body)
        {
            return Ok(Self { text: text.to_owned(), encoding, mark, is_plain: true, has_references });
        }
        let text = encoding.decode_without_bom_handling(body).0.into_owned();
        Ok(Self { text, encoding, mark, is_plain: false, has_references })
    }

    /// Returns the bytes of the file with the insertions, and the number of characters that were replaced by `?`.
    /// Returns an error if the insertions are not in ascending order, or are beyond the end of the file.
    pub(super) fn written(&self, bytes: &[u8], inserted: Vec<Inserted>) -> Result<(Vec<u8>, usize), String> {
        let mut places = Places::new(self, bytes);
        let mut written = Vec::with_capacity(bytes.len() + bytes.len() / 4);
        let (mut kept, mut replaced) = (0, 0);
        for Inserted { at, instead_of, text } in inserted {
            let start = places.of(at)?;
            let kept_now = bytes.get(kept..start).ok_or("its rows are not in order")?;
            written.extend_from_slice(kept_now);
            replaced += self.encode(&text, &mut written);
            kept = if instead_of == 0 { start } else { places.of(at + instead_of)? };
        }
        written.extend_from_slice(bytes.get(kept..).unwrap_or_default());
        Ok((written, replaced))
    }

    /// Appends a text in the encoding of the file to `written`; returns the number of characters that became `?`.
    fn encode(&self, text: &str, written: &mut Vec<u8>) -> usize {
        if self.encoding == UTF_8 {
            written.extend_from_slice(text.as_bytes());
            return 0;
        }
        let is_little = self.encoding == UTF_16LE;
        if is_little || self.encoding == UTF_16BE {
            let bytes = |unit: u16| if is_little { unit.to_le_bytes() } else { unit.to_be_bytes() };
            written.extend(text.encode_utf16().flat_map(bytes));
            return 0;
        }
        let mut replaced = 0;
        let (mut rest, mut buffer) = (text, [0; 1024]);
        let mut encoder = self.encoding.new_encoder();
        loop {
            let (result, read, length) =
                encoder.encode_from_utf8_without_replacement(rest, &mut buffer, true);
            written.extend_from_slice(&buffer[..length]);
            rest = &rest[read..];
            match result {
                EncoderResult::InputEmpty => return replaced,
                EncoderResult::OutputFull => {}
                EncoderResult::Unmappable(letter) if self.has_references => {
                    written.extend_from_slice(format!("&#{};", u32::from(letter)).as_bytes());
                }
                EncoderResult::Unmappable(_) => {
                    written.push(b'?');
                    replaced += 1;
                }
            }
        }
    }
}

/// A converter from positions in a file's decoded text to positions in the file's bytes. It takes positions in
/// ascending order only.
struct Places<'a> {
    bytes: &'a [u8],
    mark: usize,
    /// The decoder; `None` if the bytes of the file are UTF-8 and need no decoding.
    decoder: Option<Decoder>,
    /// The number of the file's bytes that were decoded so far; `decoded` is the number of bytes of the resulting text.
    read: usize,
    decoded: usize,
}

impl<'a> Places<'a> {
    fn new(read: &Read, bytes: &'a [u8]) -> Self {
        let decoder = (!read.is_plain).then(|| read.encoding.new_decoder_without_bom_handling());
        Self { bytes, mark: read.mark, decoder, read: read.mark, decoded: 0 }
    }

    /// Returns the position in the file's bytes for the position `at` in the decoded text. Returns an error if the file
    /// is too short.
    fn of(&mut self, at: usize) -> Result<usize, String> {
        let Some(decoder) = &mut self.decoder else { return Ok(self.mark + at) };
        let mut buffer = [0; 32];
        while self.decoded < at {
            let next = self.bytes.get(self.read..=self.read).ok_or("it ends too early")?;
            let (_, _, length, _) = decoder.decode_to_utf8(next, &mut buffer, false);
            if self.decoded + length > at {
                // The decoder returned a broken letter and the next one together; the place is between them.
                return Ok(self.read);
            }
            self.read += 1;
            self.decoded += length;
        }
        Ok(self.read)
    }
}
