//! Reads YAML nodes, and records each problem and continues, so that all problems are reported together.

use super::source::{CompactPlace, Located, Source, Span};
use super::template::Template;
use super::templates::Templates;
use super::yaml::{Entry, Node, Value};
use crate::domain::problem::{Problem, did_you_mean};
use std::rc::Rc;
use std::sync::Arc;

/// The maximum number of characters of a wrong value in a message; the source line below the message shows more.
const ECHOED: usize = 40;

/// A reader of the manifest's YAML tree that collects problems.
pub(super) struct Decoder {
    source: Arc<Source>,
    pub(super) problems: Vec<Problem>,
}

impl Decoder {
    pub(super) fn new(source: Arc<Source>) -> Self {
        Self { source, problems: Vec::new() }
    }

    /// Creates an error at a span, to be passed to [`Self::report`] after hints are added.
    pub(super) fn error(&self, span: Span, message: impl Into<String>) -> Problem {
        Problem::error(self.source.place(span), message)
    }

    /// Creates a warning at a span, to be passed to [`Self::report`].
    pub(super) fn warning(&self, span: Span, message: impl Into<String>) -> Problem {
        Problem::warning(self.source.place(span), message)
    }

    pub(super) fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    pub(super) fn spot(&self, span: Span) -> CompactPlace {
        CompactPlace::new(&self.source, Some(span))
    }

    /// Returns the entries of a map. Reports any other node, with `example` in the hint, and returns `None`.
    pub(super) fn map(&mut self, node: &Node, name: &str, example: &str) -> Option<Rc<Vec<Entry>>> {
        if let Value::Map(entries) = &node.value {
            return Some(Rc::clone(entries));
        }
        self.wrong_kind(node, name, "a group of fields", example);
        None
    }

    pub(super) fn wrong_kind(&mut self, node: &Node, name: &str, wanted: &str, example: &str) {
        let message = if node.is_null() {
            format!("`{name}` has no value")
        } else {
            format!("`{name}` must be {wanted}, but it is {}", node.kind())
        };
        self.report(self.error(node.span, message).hint(format!("write `{example}`")));
    }

    /// Reports every key of `entries` that is not in the list `known`. The message says that the key is in `owner`.
    pub(super) fn known(&mut self, entries: &[Entry], owner: &str, known: &[&str]) {
        for (at, entry) in entries.iter().enumerate().filter(|(_, entry)| !known.contains(&&*entry.key)) {
            let before = at.checked_sub(1).map(|before| &entries[before]);
            if let Some((problem, hint)) = before.and_then(|before| decimal_comma(before, entry)) {
                self.report(self.error(entry.key_span, problem).hint(hint));
                continue;
            }
            let message = match owner {
                "" => format!("unknown key `{}`", entry.key),
                _ => format!("unknown key `{}` in `{owner}`", entry.key),
            };
            let problem = self.error(entry.key_span, message);
            self.report(match did_you_mean(&entry.key, known.iter().copied()) {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem.hint(format!("known keys: {}", known.join(", "))),
            });
        }
    }

    /// Returns a single text as written. Reports a missing value, a list or a map, and returns `None`.
    pub(super) fn text<'n>(&mut self, node: &'n Node, name: &str) -> Option<&'n str> {
        match &node.value {
            Value::Text { text, .. } if !node.is_null() => Some(text),
            Value::Text { .. } => {
                let problem = self.error(node.span, format!("`{name}` has no value"));
                self.report(problem.hint("write a value, or remove the key; `\"\"` is an empty string"));
                None
            }
            Value::List(_) | Value::Map(_) => {
                let message = format!("`{name}` must be a string, but it is {}", node.kind());
                let problem = self.error(node.span, message);
                let key = name.rsplit('.').next().unwrap_or(name);
                self.report(problem.hint(format!("write a string in quotes: `{key}: \"…\"`")));
                None
            }
        }
    }

    pub(super) fn located(&mut self, node: &Node, name: &str) -> Option<Located<String>> {
        let text = self.text(node, name)?.to_owned();
        Some(Located::new(text, self.spot(node.span)))
    }

    /// Parses the text of a node with `parse`. If that fails, reports a problem with the error of `parse` as its hint,
    /// and returns `None`.
    pub(super) fn parsed<T>(
        &mut self,
        node: &Node,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(node, name)?;
        match parse(text) {
            Ok(value) => Some(value),
            Err(hint) => {
                let shown: String = text.chars().take(ECHOED).collect();
                let problem = self.error(node.span, format!("`{shown}` is not a valid value for `{name}`"));
                self.report(problem.hint(hint));
                None
            }
        }
    }

    pub(super) fn template(
        &mut self,
        node: &Node,
        name: &str,
        templates: &mut Templates,
    ) -> Option<Template> {
        let text = self.text(node, name)?;
        match templates.compile(text, self.spot(node.span)) {
            Ok(template) => Some(template),
            Err(problems) => {
                self.problems.extend(problems);
                None
            }
        }
    }
}

/// Returns the value of `key` in `entries`; `None` if the key is missing.
pub(super) fn get<'n>(entries: &'n [Entry], key: &str) -> Option<&'n Node> {
    entries.iter().find(|entry| &*entry.key == key).map(|entry| &entry.node)
}

/// Returns the message and hint for a number with a decimal comma, such as `{ run: 1,5 }`. YAML reads its `5` as the
/// next key. Returns `None` for other entries.
fn decimal_comma(before: &Entry, entry: &Entry) -> Option<(String, String)> {
    let Value::Text { text, plain: true } = &before.node.value else { return None };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let decimals = entry.key.trim_end_matches('%');
    if !is_digits(text) || !is_digits(decimals) || !entry.node.is_null() {
        return None;
    }
    let (key, whole, rest) = (&before.key, text, &entry.key);
    let message = format!("a comma ends the value of `{key}`, so `{whole},{rest}` is not one number");
    let hint = format!("write a point: `{key}: {whole}.{rest}`");
    Some((message, if decimals.len() == 3 { format!("{hint}, or `{key}: {whole}{rest}`") } else { hint }))
}
