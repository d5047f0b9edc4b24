//! The manifest's text with its lines, so that anything read from it can say where it stands.

use crate::domain::problem::Place;
use std::ops::Range;
use std::sync::Arc;

/// Characters in a row of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// First byte.
    pub(super) start: usize,
    /// Byte after the last.
    pub(super) end: usize,
    /// Of the first character, 1 for the first line.
    pub(super) line: u32,
    /// Of the first character, in characters, 1 for the first.
    pub(super) column: u32,
}

/// So many characters of a line go into a message. A catalog may be written on one line of many megabytes, and
/// each of its items keeps its place.
const LONGEST_LINE: usize = 400;

/// The text of a manifest.
#[derive(Debug)]
pub(super) struct Source {
    file: String,
    text: String,
    /// Byte at which each line starts.
    lines: Vec<usize>,
    /// Bytes that no message may show, in order: keys that were written out.
    secrets: Vec<Range<usize>>,
}

impl Source {
    pub(super) fn new(file: &str, text: &str, mut secrets: Vec<Range<usize>>) -> Self {
        // They are scalars, or parts of lines: none reaches into the next.
        secrets.sort_by_key(|secret| secret.start);
        let mut lines = vec![0];
        let bytes = text.as_bytes();
        // A lone carriage return ends a line, too (YAML 1.2.2, section 5.4).
        lines.extend((0..bytes.len()).filter_map(|at| match (bytes[at], bytes.get(at + 1)) {
            (b'\n', _) => Some(at + 1),
            (b'\r', next) if next != Some(&b'\n') => Some(at + 1),
            _ => None,
        }));
        Self { file: file.to_owned(), text: text.to_owned(), lines, secrets }
    }

    /// The place of a span, with its line as it may be shown.
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

    /// The file as a whole.
    pub(super) fn whole(&self) -> Place {
        Place::File(self.file.clone())
    }

    /// The line around a byte, without its end.
    fn line(&self, at: usize) -> Range<usize> {
        let number = self.lines.partition_point(|start| *start <= at).saturating_sub(1);
        let start = self.lines[number];
        let end = self.lines.get(number + 1).copied().unwrap_or(self.text.len());
        start..start + self.text[start..end].trim_end_matches(['\n', '\r']).len()
    }

    /// A line with its secrets covered.
    fn shown(&self, line: Range<usize>) -> String {
        let is_secret = |at: usize| {
            let next = self.secrets.partition_point(|secret| secret.start <= at);
            next > 0 && self.secrets[next - 1].contains(&at)
        };
        let characters = self.text[line.clone()].char_indices().take(LONGEST_LINE);
        characters.map(|(at, character)| if is_secret(line.start + at) { '*' } else { character }).collect()
    }

    /// The span of a few characters of a scalar: `range` counts bytes of the scalar's value `text`.
    ///
    /// YAML folds lines and strips indentation, but it changes nothing except white space; so the *n*-th character
    /// of the value that is not white space is the *n*-th in the file. Where escapes break that rule, the answer is
    /// the whole scalar.
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

/// The characters that are not white space, with their bytes.
fn visible(text: &str) -> impl Iterator<Item = (usize, char)> + Clone {
    text.char_indices().filter(|(_, character)| !character.is_whitespace())
}

/// A place in a manifest; cheap to keep, shown only when something is wrong.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    source: Arc<Source>,
    /// Nothing for what stands in no line, such as a default of ours.
    span: Option<Span>,
}

impl Spot {
    pub(super) fn new(source: &Arc<Source>, span: Option<Span>) -> Self {
        Self { source: Arc::clone(source), span }
    }

    pub(super) fn place(&self) -> Place {
        self.span.map_or_else(|| self.source.whole(), |span| self.source.place(span))
    }

    /// Where it starts, in bytes.
    pub(super) fn start(&self) -> Option<usize> {
        self.span.map(|span| span.start)
    }

    /// Its line, 1 for the first; 0 for what stands in no line.
    pub(super) fn line(&self) -> u32 {
        self.span.map_or(0, |span| span.line)
    }

    /// The place of some bytes of the scalar `text` that stands here.
    pub(super) fn within(&self, text: &str, range: &Range<usize>) -> Place {
        match self.span {
            Some(span) => self.source.place(self.source.within(span, text, range)),
            None => self.source.whole(),
        }
    }
}

/// A value that knows where it was written.
#[derive(Debug, Clone)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    spot: Spot,
}

impl<T> Located<T> {
    pub(super) fn new(value: T, spot: Spot) -> Self {
        Self { value, spot }
    }

    /// Where it was written, for messages.
    #[must_use]
    pub fn place(&self) -> Place {
        self.spot.place()
    }
}
