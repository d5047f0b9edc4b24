//! Conditions on the cells of a row, and the words that shops write for the state of a product.

use super::header::Header;
use crate::catalog::words;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

/// Words for each state, in the languages and spellings of all shops.
static STATES: LazyLock<HashMap<String, HashSet<String>>> = LazyLock::new(|| {
    let document = include_str!("../dialects/states.yaml");
    let states: HashMap<String, Vec<String>> =
        serde_yaml::from_str(document).expect("it is compiled in, and a test reads it");
    let folded = |words: Vec<String>| words.iter().map(|word| fold(word)).collect();
    states.into_iter().map(|(state, words)| (state, folded(words))).collect()
});

/// The states of [`STATES`] in which a shop does not sell a product.
const NOT_SOLD: [&str; 4] = ["sold out", "hidden", "draft", "archived"];

/// Columns with the values that all must have.
///
/// A value is a word of a comma-separated list; `*` stands for any text, the empty text for none, `null` for none in a column that is there, `<=0` for a number
/// that is not positive, and `@state` for the words of a state.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct When(pub(super) BTreeMap<Header, Vec<String>>);

/// A reason to leave a row out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Skip {
    /// The reason in two or three words.
    pub(super) reason: String,
    /// The part of the product that the row speaks for.
    #[serde(default)]
    pub(super) of: Whose,
    pub(super) when: When,
}

/// The part of a product that a reason applies to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::catalog) enum Whose {
    /// The product with all its variants.
    #[default]
    Product,
    /// One variant.
    Variant,
}

/// The conditions of a [`When`] with the places of their columns in a file.
#[derive(Debug, Default)]
pub(super) struct Conditions(Vec<(Option<usize>, &'static [String])>);

impl When {
    /// Finds the columns among the folded headers of a file.
    pub(super) fn conditions(&'static self, folded: &[String]) -> Conditions {
        let column = |header: &Header| folded.iter().position(|name| header.fits(name));
        Conditions(self.0.iter().map(|(header, values)| (column(header), values.as_slice())).collect())
    }
}

impl Conditions {
    /// Returns whether a row meets all of them.
    pub(super) fn hold(&self, cells: &[String]) -> bool {
        self.0.iter().all(|(column, values)| {
            let cell = column.and_then(|column| cells.get(column)).map_or("", |cell| cell.trim());
            values.iter().any(|value| match value.as_str() {
                "null" => column.is_some() && cell.is_empty(),
                value => is_value(cell, value),
            })
        })
    }
}

/// Returns whether a cell has a value of a rule.
fn is_value(cell: &str, value: &str) -> bool {
    match value {
        "" => cell.is_empty(),
        "*" => !cell.is_empty(),
        "<=0" => cell.replace(',', ".").parse::<f64>().is_ok_and(|number| number <= 0.0),
        value => match value.strip_prefix('@') {
            Some(state) => is_state(cell, state),
            None => cell.split(',').any(|word| word.trim().eq_ignore_ascii_case(value)),
        },
    }
}

fn is_state(cell: &str, state: &str) -> bool {
    STATES.get(state).is_some_and(|words| words.contains(&fold(cell)))
}

/// How a column of a plain file says that an item is not sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::catalog) enum Says {
    /// By the word for a state.
    State,
    /// By a no to whether it is shown.
    Shown,
    /// By a no to whether it is in stock, or a number of pieces that is not positive.
    Stocked,
}

/// Returns the state in which a shop does not sell a product, if a cell says so.
pub(in crate::catalog) fn not_sold(cell: &str, says: Says) -> Option<&'static str> {
    let state = NOT_SOLD.into_iter().find(|state| is_state(cell, state));
    match says {
        Says::Shown if is_state(cell, "no") => Some("hidden"),
        Says::Stocked if is_state(cell, "no") || is_value(cell, "<=0") => Some("sold out"),
        _ => state,
    }
}

/// Returns a word as it is compared: without case, accents and marks, and without the address of schema.org before it.
fn fold(word: &str) -> String {
    let word = word.trim();
    let name = ["https://schema.org/", "http://schema.org/"]
        .iter()
        .find(|start| word.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start)))
        .map_or(word, |start| &word[start.len()..]);
    words::fold(name)
}

/// Returns the names of all states that documents may name.
#[cfg(test)]
pub(super) fn states() -> Vec<&'static str> {
    STATES.keys().map(String::as_str).collect()
}
