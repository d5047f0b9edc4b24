//! The cells of a matrix: every combination of its axes without those that are excluded, and what is included.

use super::condition::Condition;
use super::context::Seen;
use super::settings::Setting;
use super::source::{Located, Spot};
use super::template::Template;
use crate::domain::problem::Place;
use std::collections::BTreeSet;
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization as _;

/// The variants in which a shot is made of each item.
#[derive(Debug, Clone, Default)]
pub struct Matrix {
    /// What varies, in the order of the file.
    pub axes: Vec<Located<String>>,
    /// In the order of the axes, the first varying slowest, and then what is added. None where something is wrong.
    pub(super) cells: Vec<Cell>,
}

impl Matrix {
    /// How many variants there are of an item, as far as no condition leaves some out.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there are none, which a manifest that is right does not have.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Everything that the manifest says of cells.
    pub(super) fn choices(&self) -> impl Iterator<Item = &Arc<Choice>> {
        self.cells.iter().flat_map(|cell| {
            let added = cell.extensions.iter().flat_map(|extension| &extension.choices);
            cell.choices.iter().chain(added)
        })
    }

    /// The conditions of its entries.
    pub(super) fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.cells.iter().flat_map(|cell| {
            let extensions = cell.extensions.iter().filter_map(|extension| extension.when.as_ref());
            cell.when.iter().chain(extensions)
        })
    }
}

/// One combination.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    /// The ids of its values, joined by `_`.
    pub(super) variant: String,
    /// Its values, in the order of the axes.
    pub(super) choices: Vec<Arc<Choice>>,
    /// Of which items it is made; of all where nothing is said.
    pub(super) when: Option<Condition>,
    /// What entries of `include` add to it, in their order.
    pub(super) extensions: Vec<Arc<Extension>>,
}

/// What an entry of `include` adds to cells that are there.
#[derive(Debug)]
pub(super) struct Extension {
    /// For which items.
    pub(super) when: Option<Condition>,
    pub(super) choices: Vec<Arc<Choice>>,
}

/// A value of a matrix under its key.
#[derive(Debug)]
pub(super) struct Choice {
    /// The axis, or the key of an `include`.
    pub(super) key: Arc<str>,
    /// As written.
    pub(super) id: String,
    /// What it is called in variants; empty for what names no cell.
    pub(super) name: String,
    /// What templates see.
    pub(super) seen: Seen,
    /// What it sets, if its key is that of a field or `model`.
    pub(super) sets: Option<Setting<Template>>,
    /// Where it was written.
    pub(super) spot: Spot,
}

impl Choice {
    /// Where it was written.
    pub(super) fn place(&self) -> Place {
        self.spot.place()
    }

    /// The text of a key of a group.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match &self.seen {
            Seen::Text(_) => None,
            Seen::Group(texts) => texts.iter().find(|(known, _)| known == key).map(|(_, text)| text.as_str()),
        }
    }

    /// Whether somebody who writes this text means this value.
    pub(super) fn is_called(&self, text: &str) -> bool {
        self.id == text || self.name == text || self.text("value") == Some(text)
    }
}

/// The id of a value as a part of keys and file names: letters, digits, `.` and `-` stay, `9:16` is `9x16`, and
/// anything else becomes `-`, also `_`, which joins ids.
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

/// Of each axis the position of a value; nothing where a cell has none, or where any will do.
pub(super) type Positions = Vec<Option<usize>>;

/// What cells are meant: of each axis the positions of values, none where any will do.
pub(super) type Pattern = Vec<Vec<usize>>;

/// A cell by the positions of its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outline {
    pub(super) positions: Positions,
    /// The entries of `include` that add something to it, or the one that it is made by.
    pub(super) included: Vec<usize>,
    pub(super) is_added: bool,
}

/// The cells of axes of these lengths, none of them 0, by the rules of GitHub Actions: `exclude` takes cells away;
/// then each entry of `include` goes to the cells that it contradicts in no axis, and where there are none, it makes
/// a cell of its own, to which no later entry goes. An entry may name values behind the end of an axis: such values
/// are new.
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

/// Every combination of positions, the first axis varying slowest; none without axes.
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

/// The keys that templates can read of at least one of the cells: `mood`, `mood.set`.
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
