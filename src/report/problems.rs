//! Problems as compilers show them: the line, a caret under what is meant, and what to type instead.

use crate::domain::foreign::{is_hidden, shown};
use crate::domain::problem::{EXAMPLES, Place, Problem, Rows, Severity};
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Returns all problems, with a blank line between them.
#[must_use]
pub fn render(problems: &[Problem], color: bool, width: u16) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(usize::from(width));
    let mut shown = String::new();
    for problem in problems {
        if !shown.is_empty() {
            shown.push('\n');
        }
        shown.push_str(&renderer.render(&[group(problem)]));
        shown.push('\n');
    }
    shown
}

fn group(problem: &Problem) -> Group<'static> {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(escaped(&problem.message));
    let label = problem.label.as_deref().map(escaped);
    let mut group = match &problem.place {
        Place::Nowhere => Group::with_title(title),
        Place::File(file) => title.element(Origin::path(escaped(file))),
        Place::Row { file, row, column } => {
            let mut place = format!("{} row {row}", escaped(file));
            if let Some(column) = column {
                let _ = write!(place, ", column {}", escaped(column));
            }
            title.element(Origin::path(place))
        }
        Place::Text { file, line, column, text, width } => {
            let at = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
            let line = usize::try_from(*line).unwrap_or(usize::MAX);
            match marked(text, at, usize::try_from(*width).unwrap_or(usize::MAX)) {
                Some((text, span)) => {
                    let mark = AnnotationKind::Primary.span(span).label(label.clone());
                    let snippet = Snippet::source(text).line_start(line).path(escaped(file)).fold(false);
                    title.element(snippet.annotation(mark))
                }
                // Beyond what was kept of a very long line.
                None => title.element(Origin::path(escaped(file)).line(line).char_column(at + 1)),
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

/// Most characters that are marked.
const LONGEST_MARK: usize = 60;

/// Returns a line as it may be shown, and the bytes in it that a problem is about; `None` if they lie beyond the line.
fn marked(line: &str, column: usize, width: usize) -> Option<(String, std::ops::Range<usize>)> {
    // Of a long text its beginning is enough, and keeps the words at the caret in sight.
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
    // A caret may stand behind the last character, where something is missing.
    if column == line.chars().count() {
        start = Some(seen.len());
    }
    let start = start?;
    let end = end.unwrap_or(seen.len());
    Some((seen, start..end))
}

/// Returns the other places at which a problem was found.
fn examples(problem: &Problem) -> Option<String> {
    // A row names itself in its place.
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

/// Most stretches of rows that are named.
const STRETCHES: usize = 12;

/// Returns the rows of a sheet in words, such as `: sheet rows 3–7, 9`.
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

/// Returns one problem for programs. The names are stable; what does not apply is `null` or empty.
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

/// Returns text of a user or a provider as a terminal may show it.
fn escaped(text: &str) -> String {
    shown(text).into_owned()
}
