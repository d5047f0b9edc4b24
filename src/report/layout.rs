//! Measures, wraps and shortens text for a terminal, and writes durations.

use std::time::Duration;
use textwrap::WordSeparator::AsciiSpace;
use textwrap::core::{Fragment, display_width};
use textwrap::wrap_algorithms::wrap_first_fit;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The minimum width of wrapped text in columns. In fewer columns most lines would hold one word, which is harder to
/// read than a long line that the terminal breaks.
const NARROWEST: usize = 24;

/// The zero-width joiner, which joins two emoji into one.
const JOINER: char = '\u{200d}';

/// Returns the number of columns that a text takes on a terminal; the larger number if terminals disagree about emoji.
#[must_use]
pub(crate) fn width(text: &str) -> usize {
    text.width().max(display_width(text))
}

/// Splits a text into clusters, each of which a terminal shows as one character: a letter with its accents, or an emoji
/// with joined parts.
fn clusters(text: &str) -> Vec<&str> {
    let mut starts = Vec::new();
    let mut is_joined = false;
    for (at, letter) in text.char_indices() {
        if starts.is_empty() || (!is_joined && letter.width().is_none_or(|width| width > 0)) {
            starts.push(at);
        }
        is_joined = letter == JOINER;
    }
    let ends = starts.iter().copied().skip(1).chain([text.len()]);
    starts.iter().copied().zip(ends).map(|(start, end)| &text[start..end]).collect()
}

/// A piece of text, such as a word, that is never broken between two lines.
#[derive(Debug)]
struct Piece<'a> {
    text: &'a str,
    /// The number of spaces after this piece of text.
    spaces: usize,
}

#[expect(clippy::cast_precision_loss, reason = "a double holds every number of columns of a line")]
impl Fragment for Piece<'_> {
    fn width(&self) -> f64 {
        width(self.text) as f64
    }

    fn whitespace_width(&self) -> f64 {
        self.spaces as f64
    }

    fn penalty_width(&self) -> f64 {
        0.0
    }
}

/// Splits a text into words, and cuts a word that takes more than `longest` columns.
///
/// An East Asian letter or an emoji, which takes two columns, is a piece of its own, because such text has no spaces.
fn pieces(text: &str, longest: usize) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    for word in AsciiSpace.find_words(text) {
        let (text, mut start, mut used) = (word.word, 0, 0);
        let mut was_wide = false;
        let mut at = 0;
        for cluster in clusters(text) {
            let columns = width(cluster);
            let is_wide = columns > 1;
            if at > start && (is_wide || was_wide || used + columns > longest) {
                pieces.push(Piece { text: &text[start..at], spaces: 0 });
                (start, used) = (at, 0);
            }
            (at, used, was_wide) = (at + cluster.len(), used + columns, is_wide);
        }
        pieces.push(Piece { text: &text[start..], spaces: word.whitespace.len() });
    }
    pieces
}

/// Breaks a text into lines: the first is no wider than `first` columns, the others no wider than `others`.
///
/// A word that is wider than `longest` columns is cut.
#[expect(clippy::cast_precision_loss, reason = "a double holds every number of columns of a line")]
fn broken(text: &str, longest: usize, first: usize, others: usize) -> Vec<String> {
    let pieces = pieces(text, longest);
    let line = |pieces: &[Piece<'_>]| {
        let mut line = String::new();
        for piece in pieces {
            line += piece.text;
            line.extend(std::iter::repeat_n(' ', piece.spaces));
        }
        line.truncate(line.trim_end_matches(' ').len());
        line
    };
    wrap_first_fit(&pieces, &[first as f64, others as f64]).into_iter().map(line).collect()
}

/// Breaks a text between words into lines no wider than `columns`, and indents all lines except the first.
///
/// A word that is wider than a line is not cut; it gets a line of its own.
#[must_use]
pub(crate) fn wrap(text: &str, columns: usize, indent: usize) -> Vec<String> {
    let body = text.trim_start_matches(' ');
    let margin = text.len() - body.len();
    let lines = broken(body, usize::MAX, columns.saturating_sub(margin), columns.saturating_sub(indent));
    let indented = |(at, line)| format!("{}{line}", " ".repeat(if at == 0 { margin } else { indent }));
    lines.into_iter().enumerate().map(indented).collect()
}

/// Wraps a text to the right of a label into lines no wider than `columns`, and aligns them below the first.
///
/// The line breaks and the indentation of the text are kept. A word that is wider than a line is cut.
#[must_use]
pub(crate) fn labelled(label: &str, text: &str, columns: usize) -> Vec<String> {
    let indent = width(label);
    let room = columns.saturating_sub(indent).max(NARROWEST);
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        // Indentation, such as that of JSON, is part of the text.
        let body = paragraph.trim_start_matches(' ');
        let margin = (paragraph.len() - body.len()).min(room / 2);
        let room = room - margin;
        lines.extend(broken(body, room, room, room).into_iter().map(|line| " ".repeat(margin) + &line));
    }
    if lines.is_empty() {
        lines.push(String::new());
    }
    let blank = " ".repeat(indent);
    let labelled = |(at, line): (usize, &String)| {
        format!("{}{line}", if at == 0 { label } else { &blank }).trim_end().to_owned()
    };
    lines.iter().enumerate().map(labelled).collect()
}

/// Returns a heading and a text as lines. The text is to the right of the heading, or below it if there is no room.
pub(crate) fn hanging(head: &str, text: &str, columns: usize) -> Vec<String> {
    if columns.saturating_sub(width(head)) >= NARROWEST {
        return labelled(head, text, columns);
    }
    let mut lines = vec![head.trim_end().to_owned()];
    lines.extend(labelled("    ", text, columns));
    lines
}

/// A line of a report that is wrapped text or an unbroken command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Row {
    /// Text that is wrapped between words, and the indentation of its further lines.
    Text(String, usize),
    /// A line with a command. It is never broken, so that it can be copied.
    Command(String),
}

impl Row {
    /// Returns the lines of this row. Text is wrapped to `columns`; a command may be wider.
    pub(crate) fn lines(self, columns: usize) -> Vec<String> {
        match self {
            Self::Text(text, indent) => wrap(&text, columns, indent),
            Self::Command(line) => vec![line],
        }
    }
}

/// Shortens a text in the middle, so that it is no wider than `columns`.
///
/// Two thirds of the kept text are from the end, because names differ most at their end.
#[must_use]
pub(crate) fn shorten(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(1) else { return String::new() };
    let front = room / 3;
    let clusters = clusters(text);
    let head = fitting(clusters.iter(), front);
    let tail = fitting(clusters.iter().rev(), room - front);
    format!("{}…{}", clusters[..head].concat(), clusters[clusters.len() - tail..].concat())
}

/// Returns how many clusters, from the first on, fit into `columns`. A terminal shows a cluster as one character.
fn fitting<'a>(clusters: impl Iterator<Item = &'a &'a str>, columns: usize) -> usize {
    let mut used = 0;
    let fits = |cluster: &&&str| {
        used += width(cluster);
        used <= columns
    };
    clusters.take_while(fits).count()
}

/// Cuts a text to at most `most` characters. A cut text ends with an ellipsis.
#[must_use]
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// Returns a duration in short form, such as `48s`, `1m12s` or `2h05m`.
#[must_use]
pub(crate) fn lasted(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{:02}s", seconds % 60),
        _ => format!("{hours}h{minutes:02}m"),
    }
}

#[cfg(test)]
mod tests;
