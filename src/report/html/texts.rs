//! Stores each text of a page once in a table, so that repeated texts do not make the page larger.

use serde::Serialize;
use std::collections::HashMap;

/// The number of a text in the table of texts.
pub type TextId = usize;

/// A table of texts that is being filled.
#[derive(Debug, Default)]
pub(super) struct Texts {
    known: HashMap<String, TextId>,
    all: Vec<String>,
}

impl Texts {
    /// Returns the number of a text, and adds the text if it is new.
    pub(super) fn id(&mut self, text: &str) -> TextId {
        if let Some(known) = self.known.get(text) {
            return *known;
        }
        let id = self.all.len();
        self.all.push(text.to_owned());
        self.known.insert(text.to_owned(), id);
        id
    }

    /// Returns the numbers of the parts of a long text, such as a prompt. Joined, the parts are the text.
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

/// A finished table of texts. The number of a text is its position.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Table(Vec<String>);

#[cfg(test)]
#[path = "texts_tests.rs"]
mod tests;
