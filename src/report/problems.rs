//! Formats problems in the style of a compiler: the line, a caret under the cause, and a hint for the correction.

use crate::domain::foreign::{is_hidden, shown};
use crate::domain::problem::{EXAMPLES, Place, Problem, Rows, Severity};
use crate::report::layout::wrap;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Returns all problems as text, separated by blank lines.
///
/// Lines of the user's files are shortened to `width` columns. Messages are broken between words to fit into `columns`.
#[must_use]
pub fn render(problems: &[Problem], color: bool, width: u16, columns: usize) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(usize::from(width));
    let mut shown = String::new();
    for problem in problems {
        if !shown.is_empty() {
            shown.push('\n');
        }
        shown.push_str(&renderer.render(&[group(problem, columns)]));
        shown.push('\n');
    }
    shown
}

/// The number of columns that are reserved before the text of a message, a hint or a note, for example for `warning:`.
const MARGIN: usize = 14;

/// The minimum number of columns to which a message, a hint or a note is wrapped.
const NARROWEST: usize = 30;

fn group(problem: &Problem, columns: usize) -> Group<'static> {
    let room = columns.saturating_sub(MARGIN).max(NARROWEST);
    let escaped = |text: &str| {
        let text = escaped(text);
        if text.len() <= room {
            return text;
        }
        text.lines().flat_map(|line| wrap(line, room, 0)).collect::<Vec<_>>().join("\n")
    };
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(escaped(&problem.message));
    let label = problem.label.as_deref().map(self::escaped);
    let mut group = match &problem.place {
        Place::Nowhere => Group::with_title(title),
        Place::File(file) => title.element(Origin::path(self::escaped(file))),
        Place::Row { file, row, column } => {
            let mut place = format!("{} row {row}", self::escaped(file));
            if let Some(column) = column {
                let _ = write!(place, ", column `{}`", self::escaped(column));
            }
            title.element(Origin::path(place))
        }
        Place::Text { file, line, column, text, width } => {
            let at = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
            let line = usize::try_from(*line).unwrap_or(usize::MAX);
            match marked(text, at, usize::try_from(*width).unwrap_or(usize::MAX)) {
                Some((text, span)) => {
                    let mark = AnnotationKind::Primary.span(span).label(label.clone());
                    let snippet =
                        Snippet::source(text).line_start(line).path(self::escaped(file)).fold(false);
                    title.element(snippet.annotation(mark))
                }
                // Only the beginning of a very long line is kept, and the place is after it.
                None => title.element(Origin::path(self::escaped(file)).line(line).char_column(at + 1)),
            }
        }
    };
    if let (Some(label), false) = (&label, matches!(problem.place, Place::Text { .. })) {
        group = group.element(Level::NOTE.no_name().message(label.clone()));
    }
    if let Some(examples) = examples(problem) {
        group = group.element(Level::NOTE.no_name().message(examples));
    }
    if let Some(hint) = &problem.hint {
        group = group.element(Level::HELP.message(escaped(hint)));
    }
    for note in &problem.notes {
        group = group.element(Level::NOTE.message(escaped(note)));
    }
    group
}

/// The maximum number of characters of a line that are marked as the cause of a problem.
const LONGEST_MARK: usize = 60;

/// Escapes control characters in a line of the user's file. Returns the line and the range of bytes to mark in it.
///
/// Returns `None` if `column` is after the end of the line.
fn marked(line: &str, column: usize, width: usize) -> Option<(String, std::ops::Range<usize>)> {
    // Marking only the beginning of a long text keeps the label at the caret visible.
    let (limit, width) = match width {
        0..=LONGEST_MARK => (usize::MAX, width),
        _ => (column.saturating_add(LONGEST_MARK), LONGEST_MARK),
    };
    let mut seen = String::with_capacity(line.len());
    let (mut start, mut end) = (None, None);
    for (at, character) in line.chars().enumerate() {
        if at == limit {
            end = Some(seen.len());
            seen.push('…');
            break;
        }
        if at == column {
            start = Some(seen.len());
        }
        if at == column.saturating_add(width) {
            end = Some(seen.len());
        }
        if character != '\t' && is_hidden(character) {
            seen.extend(character.escape_default());
        } else {
            seen.push(character);
        }
    }
    // If something is missing at the end of a line, the caret is after the last character.
    if column == line.chars().count() {
        start = Some(seen.len());
    }
    let start = start?;
    let end = end.unwrap_or(seen.len());
    Some((seen, start..end))
}

/// Returns in words the further places or values that have the same problem; `None` if there are none.
fn examples(problem: &Problem) -> Option<String> {
    // The first example is the row of the problem's place, which is shown already.
    let (word, first) = match problem.place {
        Place::Row { .. } => ("also: ", 1),
        Place::Text { .. } | Place::File(_) | Place::Nowhere => ("for: ", 0),
    };
    let listed: Vec<String> = problem.examples.iter().skip(first).map(|text| escaped(text)).collect();
    if listed.is_empty() {
        return None;
    }
    let listed = listed.join("; ");
    if problem.count > problem.examples.len().max(1) && problem.examples.len() <= EXAMPLES {
        let rows = if problem.rows.is_one() { String::new() } else { rows(&problem.rows) };
        return Some(format!("{word}{listed}; …, {} in all{rows}", problem.count));
    }
    Some(format!("{word}{listed}"))
}

/// The maximum number of ranges of sheet rows, such as `3–7`, that a problem lists.
const STRETCHES: usize = 12;

/// Returns the row ranges of a sheet in words, such as `: sheet rows 3–7, 9`.
fn rows(rows: &Rows) -> String {
    let stretches = rows.stretches();
    let shown = stretches.iter().take(STRETCHES).map(|(first, last)| match last - first {
        0 => first.to_string(),
        _ => format!("{first}–{last}"),
    });
    let shown = shown.collect::<Vec<_>>().join(", ");
    let more = if stretches.len() > STRETCHES || rows.has_more() { ", …" } else { "" };
    format!(": sheet rows {shown}{more}")
}

/// Returns one problem as JSON. The names of the fields are stable; fields that do not apply are `null` or empty.
#[must_use]
pub fn json(problem: &Problem) -> Value {
    let severity = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let place = match &problem.place {
        Place::Nowhere => Value::Null,
        Place::File(file) => json!({ "file": file }),
        Place::Text { file, line, column, width, .. } => {
            json!({ "file": file, "line": line, "column": column, "width": width })
        }
        Place::Row { file, row, column } => json!({ "file": file, "sheet_row": row, "sheet_column": column }),
    };
    json!({
        "event": severity,
        "severity": severity,
        "message": problem.message,
        "place": place,
        "label": problem.label,
        "hint": problem.hint,
        "notes": problem.notes,
        "examples": problem.examples,
        "count": problem.count.max(1),
    })
}

/// Returns text of a user or provider with its control characters escaped for a terminal.
fn escaped(text: &str) -> String {
    shown(text).into_owned()
}
