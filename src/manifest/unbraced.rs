//! Finds texts in templates that look like placeholders, but insert nothing because their brackets are wrong.
//!
//! `{ item.title }` and `[title]` are valid texts, so a paid request would contain them as they are written.

use super::template::Template;
use crate::domain::item::Item;
use crate::domain::problem::Problem;
use std::collections::BTreeMap;
use std::ops::Range;

/// The maximum length of a text in brackets that may be meant as a placeholder, in bytes.
const LONGEST: usize = 80;

/// The delimiters of placeholders, blocks and comments in a template.
const MARKS: [(&str, &str); 3] = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")];

/// A text in single brackets that may be meant as a placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unbraced {
    /// The range of bytes in the template's source, with the brackets.
    range: Range<usize>,
    /// The text without its brackets, and without white space at its ends.
    inside: String,
    bracket: char,
}

/// Returns the texts in single brackets in the source of a template that may be meant as placeholders.
pub(super) fn find(source: &str) -> Vec<Unbraced> {
    let mut found = Vec::new();
    // The author of a raw block wants braces to stay as they are.
    if source.contains("{% raw") || source.contains("{%- raw") {
        return found;
    }
    let mut at = 0;
    while let Some(next) = source[at..].find(['{', '[', '<']) {
        let start = at + next;
        let rest = &source[start..];
        if let Some((_, close)) = MARKS.iter().find(|(open, _)| rest.starts_with(open)) {
            let Some(end) = rest.find(close) else { break };
            at = start + end + close.len();
            continue;
        }
        at = start + 1;
        let (bracket, close) = match rest.as_bytes()[0] {
            b'{' => ('{', '}'),
            b'[' => ('[', ']'),
            _ => ('<', '>'),
        };
        let Some(length) = rest[1..].find([bracket, close, '\n']) else { continue };
        let inside = rest[1..=length].trim();
        let is_likely = inside.len() <= LONGEST
            && inside.starts_with(|first: char| first.is_alphabetic() || first == '_')
            && rest[1 + length..].starts_with(close);
        if is_likely {
            at = start + 1 + length + close.len_utf8();
            found.push(Unbraced { range: start..at, inside: inside.to_owned(), bracket });
        }
    }
    found
}

/// Returns whether a text begins like a placeholder of the template language, such as `item.title`.
fn is_path(text: &str) -> bool {
    ["item.", "vars.", "matrix."].iter().any(|root| {
        let rest = text.strip_prefix(root).unwrap_or_default();
        rest.starts_with(|first: char| first.is_alphabetic() || first == '_')
    })
}

/// Returns the name of the item's column or field that equals a text in brackets, ignoring case; `None` if there is
/// none.
fn named<'i>(item: &'i Item, written: &str) -> Option<&'i str> {
    let fields = item.facts.iter().filter(|fact| fact.column.is_some()).map(|fact| fact.name);
    let mut names = item.columns.names().chain(fields).chain(["id"]);
    names.find(|name| name.eq_ignore_ascii_case(written))
}

impl Unbraced {
    /// Returns the warning about a text that is certainly meant as a placeholder, such as `{ item.title }`. Returns
    /// `None` for a text such as `{title}`: only the columns of an item can show whether it is meant as one.
    pub(super) fn problem(&self, template: &Template, vars: &BTreeMap<String, String>) -> Option<Problem> {
        let inside = self.inside.as_str();
        if is_path(inside) {
            return Some(self.warning(template, inside));
        }
        if vars.contains_key(inside) {
            return Some(self.warning(template, &format!("vars.{inside}")));
        }
        let is_name = self.bracket == '{' && matches!(inside, "shot" | "variant" | "feedback");
        is_name.then(|| self.warning(template, inside))
    }

    /// Returns the warning about a text that names a column or field of this item; `None` if it names none.
    pub(super) fn problem_for(&self, template: &Template, item: &Item) -> Option<Problem> {
        named(item, &self.inside).map(|name| self.warning(template, &template.spelled(name)))
    }

    fn warning(&self, template: &Template, meant: &str) -> Problem {
        let brackets = match self.bracket {
            '{' => "single braces",
            '[' => "square brackets",
            _ => "angle brackets",
        };
        let written = &template.source()[self.range.clone()];
        let message = format!("`{written}` inserts nothing: {brackets} are sent as they are");
        Problem::warning(template.part(Some(self.range.clone())), message)
            .hint(format!("write `{{{{ {meant} }}}}`"))
    }
}

#[cfg(test)]
mod tests;
