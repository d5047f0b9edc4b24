//! Evaluates conditions on the cells of a row, and knows the words that shops write for states such as `sold out`.

use super::header::Header;
use crate::catalog::words;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

/// The words that shops write for each state of a product, such as `sold out`, in all languages and spellings.
static STATES: LazyLock<HashMap<String, HashSet<String>>> = LazyLock::new(|| {
    let document = include_str!("../dialects/states.yaml");
    let states: HashMap<String, Vec<String>> =
        serde_yaml::from_str(document).expect("it is compiled in, and a test reads it");
    let folded = |words: Vec<String>| words.iter().map(|word| fold(word)).collect();
    states.into_iter().map(|(state, words)| (state, folded(words))).collect()
});

/// The states of [`STATES`] in which a shop does not sell a product.
const NOT_SOLD: [&str; 4] = ["sold out", "hidden", "draft", "archived"];

/// A condition on a row: columns, each with its allowed values. All columns must match.
///
/// A cell matches if one of its parts, separated by commas, is an allowed value. The value `*` allows any text that is
/// not empty. The empty text allows an empty or missing cell; `null` allows an empty cell of an existing column. `<=0`
/// allows numbers that are not positive; `@draft` allows any word for the state `draft`.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct When(pub(super) BTreeMap<Header, Vec<String>>);

/// A rule by which products or variants are skipped.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Skip {
    /// The reason for skipping the product or variant, in two or three words.
    pub(super) reason: String,
    /// The part that is skipped: the whole product, or one variant.
    #[serde(default)]
    pub(super) of: RuleSubject,
    pub(super) when: When,
}

/// The part of a product that a rule skips.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::catalog) enum RuleSubject {
    /// The product with all its variants.
    #[default]
    Product,
    /// A single variant of the product.
    Variant,
}

/// A condition on the rows of one file: its columns, each with the allowed values. A column that the file lacks is
/// `None`.
#[derive(Debug, Default)]
pub(super) struct Conditions(Vec<(Option<usize>, &'static [String])>);

impl When {
    /// Converts this condition for one file: replaces its column names by the indexes of the file's columns. `folded`
    /// has the column names of the file in the form that `header::fold` returns.
    pub(super) fn conditions(&'static self, folded: &[String]) -> Conditions {
        let column = |header: &Header| folded.iter().position(|name| header.fits(name));
        Conditions(self.0.iter().map(|(header, values)| (column(header), values.as_slice())).collect())
    }
}

impl Conditions {
    /// Reports whether a row with these cells meets the condition: each column of the condition has an allowed value.
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

/// Reports whether a cell matches an allowed value of a condition, such as the special value `*`; see [`When`].
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

/// The meaning of the cells in a column that may mark an item as not for sale. Such columns are looked for only in
/// plain files (written by no known program).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::catalog) enum SaleMark {
    /// Each cell has a word for the state of its item, such as `draft`.
    State,
    /// Each cell has a word for yes or no, which says whether the shop shows the item.
    Shown,
    /// Each cell says whether the item is in stock: by a word for yes or no, or by the number in stock.
    Stocked,
}

/// Returns the state by which a cell marks its item as not for sale, such as `sold out`; `None` for any other cell.
pub(in crate::catalog) fn not_sold(cell: &str, says: SaleMark) -> Option<&'static str> {
    let state = NOT_SOLD.into_iter().find(|state| is_state(cell, state));
    match says {
        SaleMark::Shown if is_state(cell, "no") => Some("hidden"),
        SaleMark::Stocked if is_state(cell, "no") || is_value(cell, "<=0") => Some("sold out"),
        _ => state,
    }
}

/// Returns a word in the form in which words are compared: without case, accents and punctuation, and without
/// `https://schema.org/` at its start.
fn fold(word: &str) -> String {
    let word = word.trim();
    let name = ["https://schema.org/", "http://schema.org/"]
        .iter()
        .find(|start| word.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start)))
        .map_or(word, |start| &word[start.len()..]);
    words::fold(name)
}

/// Returns the names of all states, such as `draft`, that the conditions on rows may use.
#[cfg(test)]
pub(super) fn states() -> Vec<&'static str> {
    STATES.keys().map(String::as_str).collect()
}
