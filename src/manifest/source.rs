//! Holds the manifest's text, and finds the line and column of every value in it.

use crate::domain::problem::Place;
use std::ops::Range;
use std::sync::Arc;

/// A range of the manifest's text, with the line and column at which it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// The position in the file of the range's first byte.
    pub(super) start: usize,
    /// The position in the file of the byte after the range.
    pub(super) end: usize,
    /// The line of the range's first character; 1 for the first line.
    pub(super) line: u32,
    /// The column of the range's first character, counted in characters; 1 for the first.
    pub(super) column: u32,
}

/// The maximum number of characters of a manifest's line that a message shows.
///
/// A catalog may be written on one line of many megabytes, and each of its items keeps a copy of the shown text.
const LONGEST_LINE: usize = 400;

/// The text of a manifest.
#[derive(Debug)]
pub(super) struct Source {
    file: String,
    text: String,
    /// The position of the byte at which each line starts.
    lines: Vec<usize>,
    /// The byte ranges that no message may show, in ascending order: API keys that the file contains.
    secrets: Vec<Range<usize>>,
}

impl Source {
    pub(super) fn new(file: &str, text: &str, mut secrets: Vec<Range<usize>>) -> Self {
        // They are scalars or parts of lines, so they do not overlap.
        secrets.sort_by_key(|secret| secret.start);
        let mut lines = vec![0];
        let bytes = text.as_bytes();
        // A lone carriage return also ends a line (YAML 1.2.2, section 5.4).
        lines.extend((0..bytes.len()).filter_map(|at| match (bytes[at], bytes.get(at + 1)) {
            (b'\n', _) => Some(at + 1),
            (b'\r', next) if next != Some(&b'\n') => Some(at + 1),
            _ => None,
        }));
        Self { file: file.to_owned(), text: text.to_owned(), lines, secrets }
    }

    /// Returns the place of a span, with the text of its line, in which secrets are shown as `*`.
    pub(super) fn place(&self, span: Span) -> Place {
        let line = self.line(span.start);
        let end = span.end.clamp(span.start, line.end.max(span.start));
        let width =
            self.text.get(span.start..end).map_or(0, |meant| meant.chars().take(LONGEST_LINE).count());
        Place::Text {
            file: self.file.clone(),
            line: span.line,
            column: span.column,
            text: self.shown(line),
            width: u32::try_from(width.max(1)).unwrap_or(1),
        }
    }

    /// Returns the place of a problem that concerns the whole file.
    pub(super) fn whole(&self) -> Place {
        Place::File(self.file.clone())
    }

    /// Returns the byte range of the line that contains a position, without the line break.
    fn line(&self, at: usize) -> Range<usize> {
        let number = self.lines.partition_point(|start| *start <= at).saturating_sub(1);
        let start = self.lines[number];
        let end = self.lines.get(number + 1).copied().unwrap_or(self.text.len());
        start..start + self.text[start..end].trim_end_matches(['\n', '\r']).len()
    }

    /// Returns the text of a line with `*` in place of every character of a secret.
    fn shown(&self, line: Range<usize>) -> String {
        let is_secret = |at: usize| {
            let next = self.secrets.partition_point(|secret| secret.start <= at);
            next > 0 && self.secrets[next - 1].contains(&at)
        };
        let characters = self.text[line.clone()].char_indices().take(LONGEST_LINE);
        characters.map(|(at, character)| if is_secret(line.start + at) { '*' } else { character }).collect()
    }

    /// Returns the span in the file for the bytes `range` of `text`, which is the value of the YAML scalar at `scalar`.
    ///
    /// YAML folds lines and strips indentation, but it changes nothing except white space. So the *n*-th character of
    /// the value that is not white space is the *n*-th in the file. If escapes break that rule, the whole scalar is
    /// returned.
    fn within(&self, scalar: Span, text: &str, range: &Range<usize>) -> Span {
        let (Some(before), Some(meant)) = (text.get(..range.start), text.get(range.clone())) else {
            return scalar;
        };
        let raw = &self.text[scalar.start..scalar.end];
        let skipped = match raw.chars().next() {
            Some('|' | '>') => raw.find('\n').map_or(0, |at| at + 1),
            Some('"' | '\'') => 1,
            _ => 0,
        };
        let before = visible(before).count();
        let upto = before + visible(meant).count().max(1);
        let aligned = visible(&raw[skipped..]).zip(visible(text)).take(upto);
        if aligned.clone().any(|((_, written), (_, read))| written != read) {
            return scalar;
        }
        let mut meant = aligned.skip(before).map(|(written, _)| written);
        let Some((first, character)) = meant.next() else { return scalar };
        let (last, character) = meant.last().unwrap_or((first, character));
        let start = scalar.start + skipped + first;
        let end = scalar.start + skipped + last + character.len_utf8();
        let (line, column) = self.text[scalar.start..start].chars().fold(
            (scalar.line, scalar.column),
            |(line, column), character| {
                if character == '\n' { (line + 1, 1) } else { (line, column + 1) }
            },
        );
        Span { start, end, line, column }
    }
}

/// Returns the characters that are not white space, with their positions in bytes.
fn visible(text: &str) -> impl Iterator<Item = (usize, char)> + Clone {
    text.char_indices().filter(|(_, character)| !character.is_whitespace())
}

/// A place in a manifest, in a form that is cheap to keep. The full place is only made for a problem.
#[derive(Debug, Clone)]
pub(super) struct CompactPlace {
    source: Arc<Source>,
    /// The span in the file; `None` for a text that is not in the file, such as a built-in default.
    span: Option<Span>,
}

impl CompactPlace {
    pub(super) fn new(source: &Arc<Source>, span: Option<Span>) -> Self {
        Self { source: Arc::clone(source), span }
    }

    pub(super) fn place(&self) -> Place {
        self.span.map_or_else(|| self.source.whole(), |span| self.source.place(span))
    }

    /// Returns the position in the file, in bytes, at which this place starts; `None` for a text that is not in the
    /// file.
    pub(super) fn start(&self) -> Option<usize> {
        self.span.map(|span| span.start)
    }

    /// Returns the number of the line, 1 for the first; 0 for a text that is not in the file.
    pub(super) fn line(&self) -> u32 {
        self.span.map_or(0, |span| span.line)
    }

    /// Returns the place of a part of the YAML value at this place. `text` is the value as it was read, and `range` has
    /// the part's bytes in `text`.
    pub(super) fn within(&self, text: &str, range: &Range<usize>) -> Place {
        match self.span {
            Some(span) => self.source.place(self.source.within(span, text, range)),
            None => self.source.whole(),
        }
    }
}

/// A value with the place where it was written.
#[derive(Debug, Clone)]
pub struct Located<T> {
    /// The value that was read.
    pub value: T,
    spot: CompactPlace,
}

impl<T> Located<T> {
    pub(super) fn new(value: T, spot: CompactPlace) -> Self {
        Self { value, spot }
    }

    /// Returns the place of the value, for messages.
    #[must_use]
    pub fn place(&self) -> Place {
        self.spot.place()
    }
}
