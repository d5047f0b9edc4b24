//! A text of the manifest with holes, which knows what it reads and where it was written.

use super::source::Spot;
use crate::domain::problem::Place;
use minijinja::Error;
use std::ops::Range;
use std::sync::Arc;

/// A template of the manifest, which knows where it was written.
#[derive(Debug, Clone)]
pub struct Template {
    source: Arc<str>,
    /// What the template machine knows it as: the source, or what a condition was put into, behind so many bytes.
    pub(super) compiled: Arc<str>,
    before: usize,
    /// Columns of the item that it reads, `id` among them.
    pub(super) columns: Arc<[String]>,
    /// What it reads of the cell: `mood`, `mood.set`; `""` where it reads the cell as a whole.
    pub(super) cell: Arc<[String]>,
    /// Variables of the manifest that it reads; `""` where it reads all of them as a whole.
    pub(super) vars: Arc<[String]>,
    /// What it renders where it has no hole, and most have none.
    pub(super) constant: Option<Arc<str>>,
    spot: Spot,
}

impl Template {
    /// Not compiled yet.
    pub(super) fn new(source: &str, compiled: Arc<str>, before: usize, spot: Spot) -> Self {
        let (columns, cell, vars) = Default::default();
        Self { source: source.into(), compiled, before, columns, cell, vars, constant: None, spot }
    }

    /// As it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Where it was written, for messages.
    #[must_use]
    pub fn place(&self) -> Place {
        self.spot.place()
    }

    /// Where it starts in the manifest, in bytes; nothing for a default of ours.
    pub(super) fn start(&self) -> Option<usize> {
        self.spot.start()
    }

    /// The columns of the item that it reads, `id` among them.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// What it reads of the cell of a matrix: `mood`, `mood.set`; `""` where it reads the cell as a whole.
    pub(super) fn cell(&self) -> &[String] {
        &self.cell
    }

    /// Returns whether it reads a variable of the manifest.
    pub(super) fn reads_var(&self, name: &str) -> bool {
        self.vars.iter().any(|read| read.is_empty() || read == name)
    }

    /// Where it reads a column; the whole of it where that cannot be told.
    #[must_use]
    pub fn place_of(&self, column: &str) -> Place {
        let find = |quote| self.find(&spelled(column, quote));
        self.part(find('"').or_else(|| find('\'')))
    }

    /// How it may read a column: `item.title`, `item.raw['Body (HTML)']`.
    #[must_use]
    pub fn spelled(&self, column: &str) -> String {
        spelled(column, self.quote())
    }

    /// Whether it is a hole and nothing else.
    #[must_use]
    pub fn is_one_hole(&self) -> bool {
        let source = self.source.trim();
        source.starts_with("{{") && source.find("}}") == Some(source.len() - 2)
    }

    /// Whether it is a column and nothing else, so that what it renders is what the cell holds.
    #[must_use]
    pub fn is_one_column(&self) -> bool {
        self.is_one_hole() && self.columns.len() == 1
    }

    /// The quote that can be typed into it where it stands in the manifest.
    #[must_use]
    pub fn quote(&self) -> char {
        match self.place() {
            Place::Text { text, column, .. } => {
                let first = text.chars().nth(usize::try_from(column).map_or(0, |column| column - 1));
                if first == Some('\'') { '"' } else { '\'' }
            }
            Place::File(_) | Place::Row { .. } | Place::Nowhere => '\'',
        }
    }

    /// Where the template machine stumbled.
    pub(super) fn range(&self, error: &Error) -> Option<Range<usize>> {
        let range = error.range()?;
        let range = range.start.checked_sub(self.before)?..range.end.checked_sub(self.before)?;
        (range.end <= self.source.len()).then_some(range)
    }

    /// Where a name stands, as a word of its own; in a template, within braces.
    pub(super) fn find(&self, name: &str) -> Option<Range<usize>> {
        let is_part = |character: char| character.is_alphanumeric() || matches!(character, '_' | '.');
        let is_condition = self.before > 0;
        self.source.match_indices(name).map(|(at, _)| at..at + name.len()).find(|range| {
            let before = &self.source[..range.start];
            let open = before.rfind("{{").max(before.rfind("{%"));
            let closed = before.rfind("}}").max(before.rfind("%}"));
            (is_condition || (open.is_some() && open > closed))
                && !before.ends_with(is_part)
                && !self.source[range.end..].starts_with(|next| is_part(next) && next != '.')
        })
    }

    /// The place of some bytes of the template, or of all of it.
    pub(super) fn part(&self, range: Option<Range<usize>>) -> Place {
        match range {
            Some(range) => self.spot.within(&self.source, &range),
            None => self.place(),
        }
    }
}

/// How a template reads a column.
fn spelled(column: &str, quote: char) -> String {
    let is_name = column.chars().all(|character| character.is_alphanumeric() || character == '_')
        && !column.starts_with(|first: char| first.is_numeric());
    if is_name { format!("item.{column}") } else { format!("item.raw[{quote}{column}{quote}]") }
}
