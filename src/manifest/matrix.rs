//! The cells of a matrix: all combinations of its axes, without the excluded ones, plus the included ones.

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
    /// The names of the axes, in the order of the file.
    pub axes: Vec<Located<String>>,
    /// The cells in the order of the axes, the first axis varying slowest, followed by the cells that `include` adds.
    /// Empty after an error.
    pub(super) cells: Vec<Cell>,
}

impl Matrix {
    /// Returns the number of variants that are made for an item if no condition leaves any out.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Returns whether there are no cells, which never happens in a valid manifest.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Returns all values of the matrix's cells.
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
    /// The ids of the cell's values, joined by `_`.
    pub(super) variant: String,
    /// The cell's values, in the order of the axes.
    pub(super) choices: Vec<Arc<Choice>>,
    /// The condition that an item must meet to get this variant; `None` if all items get it.
    pub(super) when: Option<Condition>,
    /// The values that entries of `include` add to the cell, in the order of the entries.
    pub(super) extensions: Vec<Arc<Extension>>,
}

/// The values that an entry of `include` adds to existing cells.
#[derive(Debug)]
pub(super) struct Extension {
    /// The condition that an item must meet to get these values; `None` if all items get them.
    pub(super) when: Option<Condition>,
    pub(super) choices: Vec<Arc<Choice>>,
}

/// A value of a matrix, with its key.
#[derive(Debug)]
pub(super) struct Choice {
    /// The name of the axis, or the key in an entry of `include`.
    pub(super) key: Arc<str>,
    /// The value's id as written in the manifest.
    pub(super) id: String,
    /// The value's part of the names of cells; empty if the value adds nothing to the names.
    pub(super) name: String,
    /// The text for this value in the names of variants; empty if the value is not in the names.
    pub(super) seen: Seen,
    /// The setting that the value makes for a field or for `model`; `None` if its key is neither.
    pub(super) sets: Option<Setting<Template>>,
    /// The place of the value in the manifest.
    pub(super) spot: CompactPlace,
}

impl Choice {
    pub(super) fn place(&self) -> Place {
        self.spot.place()
    }

    /// Returns the text under `key` if the value is a group of texts; `None` if it is a single text or lacks the key.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match &self.seen {
            Seen::Text(_) => None,
            Seen::Group(texts) => texts.iter().find(|(known, _)| known == key).map(|(_, text)| text.as_str()),
        }
    }

    /// Returns whether a text names this value, by its id, its name or its text under `value`.
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

/// The position of one value on each axis. In a cell, `None` means no value on that axis; in an entry of `include`, any
/// value.
pub(super) type Positions = Vec<Option<usize>>;

/// A pattern that selects cells. For each axis it has the positions of the matching values, or an empty list if any
/// value matches.
pub(super) type Pattern = Vec<Vec<usize>>;

/// A cell of a matrix, described by the positions of its values on the axes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outline {
    pub(super) positions: Positions,
    /// The positions in `include` of the entries that extend the cell, or of the entry that creates it.
    pub(super) included: Vec<usize>,
    pub(super) is_added: bool,
}

/// Returns the cells of a matrix by the rules of GitHub Actions. `lengths` are the numbers of values of the axes; none
/// is 0.
///
/// `exclude` removes cells. Then each entry of `include` extends all cells that have the values which the entry sets on
/// axes. An entry that extends no cell creates its own cell, which no later entry extends. A position after the end of
/// an axis stands for a new value.
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

/// Returns the keys that templates can read from at least one of the cells: `mood`, `mood.set`.
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
