//! Collects statistics about the columns of a product file from its first rows, such as the number of filled cells.

use super::cells::Row;
use super::listed::{has_ending, is_address, listed, shown};
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

/// Number of different texts of a column that are shown to the user.
pub(super) const SAMPLES: usize = 3;

/// Limit on the number of different texts that are counted for a column.
const COUNTED: usize = 100_000;

/// Number of bytes of a text that are kept for display.
const KEPT: usize = 300;

/// Statistics about the columns of a product file, such as the number of filled cells, from the file's first rows.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) rows: usize,
    columns: Vec<Held>,
    /// Columns that are hidden in the spreadsheet.
    pub(super) hidden: BTreeSet<usize>,
}

/// Statistics about the texts in one column, such as the number of filled cells and of addresses.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// The number of filled cells.
    pub(super) filled: usize,
    /// The number of cells that begin with a picture's name or address, which ends in `.jpg` for example.
    pictures: usize,
    /// The number of cells that begin with an address.
    addresses: usize,
    /// The number of cells with digits only.
    numbers: usize,
    /// The number of cells with a letter.
    words: usize,
    /// The length of the longest cell in bytes.
    pub(super) longest: usize,
    /// The number of cells with HTML that shows a picture.
    shown: usize,
    /// The digests of the column's different texts, up to [`COUNTED`], with the number of cells for each.
    different: BTreeMap<u64, usize>,
    /// The number of cells that have the most frequent text of the column.
    most: usize,
    /// The first different texts of the column, as examples for the user.
    pub(super) samples: Vec<String>,
}

static NOTHING: Held = Held {
    filled: 0,
    pictures: 0,
    addresses: 0,
    numbers: 0,
    words: 0,
    longest: 0,
    shown: 0,
    different: BTreeMap::new(),
    most: 0,
    samples: Vec::new(),
};

impl Survey {
    /// Adds one row of the file to the statistics of each column, such as the number of its filled cells.
    pub(super) fn add(&mut self, row: &Row) {
        self.rows += 1;
        if self.columns.len() < row.cells.len() {
            self.columns.resize_with(row.cells.len(), Held::default);
        }
        for (held, cell) in self.columns.iter_mut().zip(&row.cells) {
            held.add(cell.trim());
        }
    }

    pub(super) fn column(&self, at: usize) -> &Held {
        self.columns.get(at).unwrap_or(&NOTHING)
    }

    /// Reports whether each row has a unique text in this column.
    pub(super) fn tells_apart(&self, at: usize) -> bool {
        let held = self.column(at);
        held.filled == self.rows && held.different.len() == held.filled && self.rows > 0
    }
}

impl Held {
    fn add(&mut self, cell: &str) {
        if cell.is_empty() {
            return;
        }
        self.filled += 1;
        self.longest = self.longest.max(cell.len());
        self.numbers += usize::from(cell.bytes().all(|byte| byte.is_ascii_digit()));
        self.words += usize::from(cell.contains(char::is_alphabetic));
        // A picture in a description may show anything: it is counted apart, and not used as that of the product.
        if shown(cell).is_some() {
            self.shown += 1;
        } else if let Some(first) = listed(cell).first() {
            self.pictures += usize::from(has_ending(first));
            self.addresses += usize::from(is_address(first));
        }
        let mut digest = DefaultHasher::new();
        cell.hash(&mut digest);
        let is_full = self.different.len() >= COUNTED;
        let digest = digest.finish();
        let is_new = !is_full && !self.different.contains_key(&digest);
        if !is_full || self.different.contains_key(&digest) {
            let same = self.different.entry(digest).or_default();
            *same += 1;
            self.most = self.most.max(*same);
        }
        if is_new && self.samples.len() < SAMPLES {
            let end = (0..=KEPT.min(cell.len())).rev().find(|end| cell.is_char_boundary(*end)).unwrap_or(0);
            self.samples.push(cell[..end].to_owned());
        }
    }

    /// Reports whether at least half of the column's texts begin with the name or address of a picture, such as
    /// `a.jpg`.
    pub(super) fn is_pictures(&self) -> bool {
        self.filled > 0 && self.pictures * 2 >= self.filled
    }

    /// Reports whether at least four fifths of the column's texts begin with the name or address of a picture.
    pub(super) fn is_all_pictures(&self) -> bool {
        self.filled > 0 && self.pictures * 5 >= self.filled * 4
    }

    /// Reports whether at least half of the column's texts begin with an address.
    pub(super) fn is_addresses(&self) -> bool {
        self.filled > 0 && self.addresses * 2 >= self.filled
    }

    /// Reports whether all texts of the column have only digits.
    pub(super) const fn is_numbers(&self) -> bool {
        self.filled > 0 && self.numbers == self.filled
    }

    /// Reports whether at least half of the column's texts have letters, and the column does not hold addresses or
    /// pictures.
    pub(super) fn is_words(&self) -> bool {
        self.filled > 0 && self.words * 2 >= self.filled && !self.is_addresses() && !self.is_pictures()
    }

    /// Reports whether the column has a text in three or more rows, and the same text in all of them.
    pub(super) fn is_one_text(&self) -> bool {
        self.filled >= 3 && self.different.len() == 1
    }

    /// Returns the number of rows with the column's most frequent text. Returns `None` if fewer than six cells are
    /// filled, or if less than half of those have that text.
    pub(super) fn shared(&self) -> Option<usize> {
        (self.filled >= 6 && self.most * 2 >= self.filled).then_some(self.most)
    }

    /// Reports whether at least half of the column's texts are HTML that shows a picture.
    pub(super) fn shows_pictures(&self) -> bool {
        self.filled > 0 && self.shown * 2 >= self.filled
    }

    /// Reports whether the texts of the column mostly differ: at least one different text for every two filled cells.
    /// True as well for fewer than three filled cells.
    pub(super) fn differs(&self) -> bool {
        self.filled < 3 || self.different.len() * 2 >= self.filled
    }

    /// Returns the number of rows whose text in this column occurs already in an earlier row.
    pub(super) fn repeated(&self) -> usize {
        self.filled - self.different.len().min(self.filled)
    }
}
