//! Defines templates (texts of the manifest with placeholders), with the names that they read and their places.

use super::source::CompactPlace;
use crate::domain::problem::Place;
use minijinja::Error;
use std::ops::Range;
use std::sync::Arc;

/// A template of the manifest with its place.
#[derive(Debug, Clone)]
pub struct Template {
    source: Arc<str>,
    /// The text that the template engine compiles: the source itself or, for a condition, a longer template that
    /// contains the source.
    pub(super) compiled: Arc<str>,
    /// The number of bytes in `compiled` that precede the template's source text.
    before: usize,
    /// The columns of the item that the template reads, including `id`.
    pub(super) columns: Arc<[String]>,
    /// The matrix keys that the template reads, such as `mood` or `mood.set`; `""` if it reads `matrix` as a whole.
    pub(super) cell: Arc<[String]>,
    /// The variables of the manifest that the template reads; `""` if it reads all of them as a whole.
    pub(super) vars: Arc<[String]>,
    /// The text that the template always produces; `None` if it has placeholders.
    pub(super) constant: Option<Arc<str>>,
    spot: CompactPlace,
}

impl Template {
    /// Creates a template that is not compiled yet.
    pub(super) fn new(source: &str, compiled: Arc<str>, before: usize, spot: CompactPlace) -> Self {
        let (columns, cell, vars) = Default::default();
        Self { source: source.into(), compiled, before, columns, cell, vars, constant: None, spot }
    }

    /// Returns the template's source text as written in the manifest.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns the place of the template, for messages.
    #[must_use]
    pub fn place(&self) -> Place {
        self.spot.place()
    }

    /// Returns the position at which the template starts in the manifest, in bytes; `None` for a built-in default.
    pub(super) fn start(&self) -> Option<usize> {
        self.spot.start()
    }

    /// Returns the columns of the item that the template reads, including `id`.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Returns the matrix keys that the template reads, such as `mood` or `mood.set`; `""` if it reads `matrix` as a
    /// whole.
    pub(super) fn cell(&self) -> &[String] {
        &self.cell
    }

    /// Returns whether the template reads the variable `name` of the manifest.
    pub(super) fn reads_var(&self, name: &str) -> bool {
        self.vars.iter().any(|read| read.is_empty() || read == name)
    }

    /// Returns the place at which the template reads a column; the whole template if that place is unknown.
    #[must_use]
    pub fn place_of(&self, column: &str) -> Place {
        let find = |quote| self.find(&spelled(column, quote));
        self.part(find('"').or_else(|| find('\'')))
    }

    /// Returns the expression that reads a column in this template, such as `item.title` or `item.raw['Body (HTML)']`.
    #[must_use]
    pub fn spelled(&self, column: &str) -> String {
        spelled(column, self.quote())
    }

    /// Returns whether the template is a single placeholder and nothing else.
    #[must_use]
    pub fn is_one_hole(&self) -> bool {
        let source = self.source.trim();
        source.starts_with("{{") && source.find("}}") == Some(source.len() - 2)
    }

    /// Returns whether the template is a column and nothing else, so that it produces exactly the text in the sheet.
    #[must_use]
    pub fn is_one_column(&self) -> bool {
        self.is_one_hole() && self.columns.len() == 1
    }

    /// Returns the kind of quote (`'` or `"`) that hints can use inside the template. A quote of that kind does not end
    /// the YAML text around the template.
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

    /// Returns the byte range in the source at which the template engine found an error; `None` if it is unknown.
    pub(super) fn range(&self, error: &Error) -> Option<Range<usize>> {
        let range = error.range()?;
        let range = range.start.checked_sub(self.before)?..range.end.checked_sub(self.before)?;
        (range.end <= self.source.len()).then_some(range)
    }

    /// Returns the byte range of the first use of a name as a whole word. In a template only uses
    /// inside braces count; in a condition, all uses count.
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

    /// Returns the place of a range of bytes of the template, or of the whole template.
    pub(super) fn part(&self, range: Option<Range<usize>>) -> Place {
        match range {
            Some(range) => self.spot.within(&self.source, &range),
            None => self.place(),
        }
    }
}

/// Returns the expression that reads a column in a template: `item.title`, or `item.raw['Body (HTML)']` with quotes of
/// the kind `quote`.
fn spelled(column: &str, quote: char) -> String {
    let is_name = column.chars().all(|character| character.is_alphanumeric() || character == '_')
        && !column.starts_with(|first: char| first.is_numeric());
    if is_name { format!("item.{column}") } else { format!("item.raw[{quote}{column}{quote}]") }
}
