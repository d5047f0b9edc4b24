//! Finds the cells of a shot's matrix, each of which makes one variant of the shot.
//!
//! A matrix has axes, which are keys with lists of values. A cell is a combination of one value of each axis. The list
//! `exclude` removes cells, and the list `include` adds values or cells.

use super::condition::Condition;
use super::context::Seen;
use super::settings::Setting;
use super::source::{CompactPlace, Located};
use super::template::Template;
use crate::domain::problem::Place;
use std::collections::BTreeSet;
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization as _;

/// The variants of a shot that are made for each item.
#[derive(Debug, Clone, Default)]
pub struct Matrix {
    /// The names of the axes (the keys with lists of values), in the order of the file.
    pub axes: Vec<Located<String>>,
    /// The cells (combinations of values) in the order of the axes, the first axis varying slowest, followed by the
    /// cells that `include` adds. Empty after an error.
    pub(super) cells: Vec<Cell>,
}

impl Matrix {
    /// Returns the number of variants that are made for an item if no condition leaves any out.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Returns whether the matrix makes no variants, which only happens if the matrix has an error.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Returns the values in all cells (combinations of values), and those that `include` adds. A value occurs once for
    /// each of its cells.
    pub(super) fn choices(&self) -> impl Iterator<Item = &Arc<Choice>> {
        self.cells.iter().flat_map(|cell| {
            let added = cell.extensions.iter().flat_map(|extension| &extension.choices);
            cell.choices.iter().chain(added)
        })
    }

    /// Returns the conditions (`when`) of the matrix's `include` entries.
    pub(super) fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.cells.iter().flat_map(|cell| {
            let extensions = cell.extensions.iter().filter_map(|extension| extension.when.as_ref());
            cell.when.iter().chain(extensions)
        })
    }
}

/// A cell of a matrix: one combination of values, which makes one variant of a shot.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    /// The name of the variant: the names of the values in `choices`, joined by `_`.
    pub(super) variant: String,
    /// The values of this combination, in the order of the axes (the lists of values). If an entry of `include` made
    /// this combination, the entry's values under other keys follow.
    pub(super) choices: Vec<Arc<Choice>>,
    /// The condition that an item must meet to get this variant; `None` if all items get it.
    pub(super) when: Option<Condition>,
    /// The values that entries of the list `include` add to this combination of values, in the order of the entries.
    pub(super) extensions: Vec<Arc<Extension>>,
}

/// The values that an entry of a matrix's list `include` adds to existing cells (combinations of values).
#[derive(Debug)]
pub(super) struct Extension {
    /// The condition that an item must meet to get these values; `None` if all items get them.
    pub(super) when: Option<Condition>,
    pub(super) choices: Vec<Arc<Choice>>,
}

/// A value of a shot's matrix, with its key.
#[derive(Debug)]
pub(super) struct Choice {
    /// The key under which the matrix has the value: the name of an axis (a list of values), or a key in an entry of
    /// `include`.
    pub(super) key: Arc<str>,
    /// The id of this matrix value as written in the manifest. A value that is a single string is its own id.
    pub(super) id: String,
    /// The text that this matrix value adds to the names of variants; empty if the value adds nothing to the names.
    pub(super) name: String,
    /// The matrix value in the form in which templates read it.
    pub(super) seen: Seen,
    /// The setting that this value gives to the request's field `key`, or to `model`. `None` if `key` is neither a
    /// field nor `model`.
    pub(super) sets: Option<Setting<Template>>,
    /// The place of the value in the manifest.
    pub(super) spot: CompactPlace,
}

impl Choice {
    pub(super) fn place(&self) -> Place {
        self.spot.place()
    }

    /// Returns the string under `key` if the value is a group of strings; `None` if the value is a single string or
    /// does not have the key.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match &self.seen {
            Seen::Text(_) => None,
            Seen::Group(texts) => texts.iter().find(|(known, _)| known == key).map(|(_, text)| text.as_str()),
        }
    }

    /// Returns whether `text` names this value: by its id, by its name or, for a group of strings, by the string under
    /// the key `value`.
    pub(super) fn is_called(&self, text: &str) -> bool {
        self.id == text || self.name == text || self.text("value") == Some(text)
    }
}

/// Returns the id of a value in the form for job keys and file names.
///
/// Letters, digits, `.` and `-` are kept, `9:16` becomes `9x16`, and anything else becomes `-`, including `_`, which
/// joins ids.
pub(super) fn safe(id: &str) -> String {
    let letters: Vec<char> = id.trim().nfc().collect();
    let is_digit = |at: Option<usize>| {
        at.and_then(|at| letters.get(at)).is_some_and(|letter: &char| letter.is_ascii_digit())
    };
    let kept = letters.iter().enumerate().map(|(at, letter)| match letter {
        ':' if is_digit(at.checked_sub(1)) && is_digit(Some(at + 1)) => 'x',
        '.' | '-' => *letter,
        letter if letter.is_alphanumeric() => *letter,
        _ => '-',
    });
    kept.collect()
}

/// The positions of one value on each axis (list of values) of a matrix. In a combination of values, `None` means no
/// value of the axis. In an entry of `include`, `None` means any value of the axis.
pub(super) type Positions = Vec<Option<usize>>;

/// A pattern that selects cells (combinations of values). For each axis (list of values) the pattern has the positions
/// of the matching values, or an empty list if any value matches.
pub(super) type Pattern = Vec<Vec<usize>>;

/// A cell (combination of values) of a matrix, described by the positions of the values on the axes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outline {
    pub(super) positions: Positions,
    /// The positions, in the list `include`, of the entries that add values to this cell, or of the one entry that
    /// creates the cell.
    pub(super) included: Vec<usize>,
    pub(super) is_added: bool,
}

/// Returns the cells of a matrix, by the rules that GitHub Actions has for a matrix. `lengths` has the number of values
/// of each axis, at least 1.
///
/// First, `exclude` removes cells. Then each entry of `include` extends all cells that have the entry's values. For an
/// axis of which the entry has no value, any value fits. An entry that extends no cell creates its own cell, which
/// later entries do not extend. A value that is not on its axis has a position after the end of the axis, so an entry
/// with such a value always creates a cell.
pub(super) fn outlines(lengths: &[usize], exclude: &[Pattern], include: &[Positions]) -> Vec<Outline> {
    let is_excluded = |positions: &Positions| {
        let fits = |(meant, position): (&Vec<usize>, &Option<usize>)| {
            meant.is_empty() || position.is_some_and(|position| meant.contains(&position))
        };
        exclude.iter().any(|pattern| pattern.iter().zip(positions).all(fits))
    };
    let agree = |entry: &Positions, cell: &Positions| {
        entry.iter().zip(cell).all(|(wanted, position)| wanted.is_none() || wanted == position)
    };
    let mut cells: Vec<Outline> = combinations(lengths)
        .filter(|positions| !is_excluded(positions))
        .map(|positions| Outline { positions, included: Vec::new(), is_added: false })
        .collect();
    let mut added = Vec::new();
    for (entry, wanted) in include.iter().enumerate() {
        let mut is_alone = true;
        for cell in cells.iter_mut().filter(|cell| agree(wanted, &cell.positions)) {
            cell.included.push(entry);
            is_alone = false;
        }
        if is_alone {
            added.push(Outline { positions: wanted.clone(), included: vec![entry], is_added: true });
        }
    }
    cells.append(&mut added);
    cells
}

/// Returns every combination of positions on axes of these lengths, the first axis varying slowest; none without axes.
fn combinations(lengths: &[usize]) -> impl Iterator<Item = Positions> {
    let count = if lengths.is_empty() { 0 } else { lengths.iter().product() };
    (0..count).map(|number: usize| {
        let mut rest = number;
        let mut positions: Positions = lengths
            .iter()
            .rev()
            .map(|length| {
                let position = rest % length;
                rest /= length;
                Some(position)
            })
            .collect();
        positions.reverse();
        positions
    })
}

/// Returns the keys under which templates can read these values of a matrix, such as `mood` and `mood.set`.
pub(super) fn readable<'a>(choices: impl Iterator<Item = &'a Arc<Choice>>) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for choice in choices {
        if let Seen::Group(texts) = &choice.seen {
            keys.extend(texts.iter().map(|(key, _)| format!("{}.{key}", choice.key)));
        }
        keys.insert(choice.key.to_string());
    }
    keys
}

#[cfg(test)]
mod tests;
