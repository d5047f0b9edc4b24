//! A table of the texts that a page repeats.

use serde::Serialize;
use std::collections::HashMap;

/// Number of a text in the table.
pub type TextId = usize;

/// Texts, each once.
#[derive(Debug, Default)]
pub(super) struct Texts {
    known: HashMap<String, TextId>,
    all: Vec<String>,
}

impl Texts {
    /// Returns the number of a text, which is added if it is new.
    pub(super) fn id(&mut self, text: &str) -> TextId {
        if let Some(known) = self.known.get(text) {
            return *known;
        }
        let id = self.all.len();
        self.all.push(text.to_owned());
        self.known.insert(text.to_owned(), id);
        id
    }

    /// Returns the numbers of the parts of a long text, which differ little between the items of a catalog.
    ///
    /// A part ends behind a comma, a colon or a full stop that a space follows; the parts joined are the text.
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

    /// Returns the table.
    pub(super) fn into_all(self) -> Table {
        Table(self.all)
    }
}

/// The texts in the order of their numbers.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Table(Vec<String>);

#[cfg(test)]
#[path = "texts_tests.rs"]
mod tests;
