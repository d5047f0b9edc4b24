//! What a file is, in words.

use super::dialect::Columns;
use super::items::Made;
use super::table::Table;
use crate::domain::item::OnePer;
use crate::domain::problem::{Problem, Severity};

/// Which columns stand for what.
pub(super) fn mapping(columns: &Columns, headers: &[String]) -> Vec<(&'static str, Vec<String>)> {
    let named = |found: &[usize]| found.iter().filter_map(|column| headers.get(*column).cloned()).collect();
    let fields = columns.fields.iter().map(|(field, found)| (field.name(), named(found)));
    let id = std::iter::once(("id", named(&columns.together)));
    id.chain(fields).filter(|(_, columns): &(_, Vec<String>)| !columns.is_empty()).collect()
}

/// What is said of rows that make no clips.
pub(super) fn left_out(table: &Table<'_>, made: &Made) -> Option<Problem> {
    let left: usize = made.left_out.values().sum();
    if left == 0 {
        return None;
    }
    let reasons: Vec<String> =
        made.left_out.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    let what = match (table.options.one_per, left) {
        (OnePer::Product, 1) => "1 product is",
        (OnePer::Product, _) => &format!("{left} products are"),
        (_, 1) => "1 variant is",
        (_, _) => &format!("{left} variants are"),
    };
    let mut problem = table.whole(format!("{what} left out: {}", reasons.join(", ")));
    if made.count == 0 && table.problems.is_empty() {
        problem = problem.note("nothing else is in the file");
    } else {
        problem.severity = Severity::Note;
    }
    Some(if table.options.all {
        problem
    } else {
        problem.hint("to take them too, write `all: true` under `items:`")
    })
}

/// A column as people name it in a message: `3 (C)`.
pub(super) fn at_letter(at: usize) -> String {
    format!("{} ({})", at + 1, letters(at))
}

/// A column as a spreadsheet heads it: `A`, `Z`, `AA`.
pub(super) fn letters(at: usize) -> String {
    let last = char::from(b'A' + u8::try_from(at % 26).unwrap_or_default());
    match at / 26 {
        0 => last.to_string(),
        before => format!("{}{last}", letters(before - 1)),
    }
}
