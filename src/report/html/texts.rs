//! Stores each string of the report page once in a list, so that repeated strings do not make the page larger.

use serde::Serialize;
use std::collections::HashMap;

/// The position of a string in the list of the report page's strings.
pub type TextId = usize;

/// The list of the report page's strings, while it is being filled.
#[derive(Debug, Default)]
pub(super) struct Texts {
    known: HashMap<String, TextId>,
    all: Vec<String>,
}

impl Texts {
    /// Returns the position of a string in the list, and adds the string if it is new.
    pub(super) fn id(&mut self, text: &str) -> TextId {
        if let Some(known) = self.known.get(text) {
            return *known;
        }
        let id = self.all.len();
        self.all.push(text.to_owned());
        self.known.insert(text.to_owned(), id);
        id
    }

    /// Splits a long text, such as a prompt, into parts, and returns the positions of the parts in the list. The text
    /// is these parts joined in this order.
    ///
    /// Prompts differ little between the items of a catalog, so most parts are shared. A part ends after a comma, a
    /// colon or a full stop that is followed by a space or a line break.
    pub(super) fn parts(&mut self, text: &str) -> Vec<TextId> {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let ends = rest.match_indices([',', ':', '.']).map(|(at, _)| at + 1);
            let mut ends = ends.filter(|end| rest[*end..].starts_with([' ', '\n']));
            let (part, after) = rest.split_at(ends.next().unwrap_or(rest.len()));
            parts.push(self.id(part));
            rest = after;
        }
        parts
    }

    pub(super) fn into_all(self) -> Table {
        Table(self.all)
    }
}

/// The complete list of the report page's strings. The rest of the data refers to a string by its position in this
/// list.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Table(Vec<String>);

#[cfg(test)]
#[path = "texts_tests.rs"]
mod tests;
