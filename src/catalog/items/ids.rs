//! Handles ids that are too long, list several ids, or occur twice.

use super::ItemBuilder;
use crate::catalog::dialect::{self, Dialect};
use crate::domain::ident;
use crate::domain::item::Item;
use crate::domain::problem::Problem;

/// Limit on an id, in bytes. A name in a path may have 200 bytes, and the shot, the variant and the file extension
/// follow the id.
const LONGEST: usize = 160;

/// Least number of digits of an id that has only digits, in a cell that lists several ids. An id with letters may be
/// shorter.
const SHORTEST_NUMBER: usize = 4;

/// Returns a short form of an id that is too long for a file name, or that lists several ids. Returns `None` for any
/// other id.
///
/// The short form is the start of the id, or of the first id in the list, with a digest of the whole text.
pub(super) fn shortened(id: &str, dialect: &Dialect) -> Option<String> {
    let mark = dialect.id_list.or_else(|| list_mark(id).filter(|_| dialect.is_plain()));
    let first = mark.and_then(|mark| id.split_once(mark)).map(|(first, _)| first.trim());
    if first.is_none() && id.len() <= LONGEST {
        return None;
    }
    let start = first.filter(|first| !first.is_empty()).unwrap_or(id);
    Some(ident::shortened(start, id))
}

/// Returns the separator of an id that is only a list of codes, such as `A-1, A-2`; `None` for any other id.
fn list_mark(id: &str) -> Option<char> {
    let is_code = |part: &str| {
        let part = part.trim();
        let has_digit = part.contains(|letter: char| letter.is_ascii_digit());
        let is_long = part.len() >= SHORTEST_NUMBER || part.contains(char::is_alphabetic);
        has_digit && is_long && !part.contains(char::is_whitespace)
    };
    [',', ';', '|'].into_iter().find(|mark| id.contains(*mark) && id.split(*mark).all(is_code))
}

impl ItemBuilder<'_> {
    /// Adds hints to a problem about two rows with the same id.
    pub(super) fn doubled(&self, problem: Problem, item: &Item) -> Problem {
        let other = dialect::resembling(self.headers).filter(|_| self.dialect.is_plain());
        let ids: Vec<&String> = self.columns.ids().filter_map(|column| self.headers.get(column)).collect();
        let is_empty = |name: &String| item.column(name).unwrap_or_default().trim().is_empty();
        let problem = match ids.split_first() {
            // The id already comes from the last column, so only the first column can identify the rows.
            Some((first, [.., last])) if !self.dialect.is_plain() && is_empty(first) => {
                return problem.hint(format!(
                    "write a unique id into column `{first}` of each such row, or change `{last}` in one of the rows"
                ));
            }
            _ => problem.hint("give one of the rows another id, or remove it"),
        };
        match (other, ids.split_first()) {
            (Some(Dialect { title, name, .. }), _) => {
                problem.note(format!("if the file is a {title}, write `dialect: {name}` under `items:`"))
            }
            (None, Some((_, [.., column]))) if !self.dialect.is_plain() => problem.note(format!(
                "another column may identify the rows: write `columns: {{ id: \"{column}\" }}` under `items:`"
            )),
            _ => problem,
        }
    }
}
