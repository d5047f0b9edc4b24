//! What the columns of a file hold, by its first rows.

use super::cells::Row;
use super::listed::{has_ending, is_address, listed, shown};
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

/// Different texts of a column that are shown.
pub(super) const SAMPLES: usize = 3;

/// Different texts of a column that are counted.
const COUNTED: usize = 100_000;

/// Bytes of a text that are kept to be shown.
const KEPT: usize = 300;

/// What the columns of a file hold.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) rows: usize,
    columns: Vec<Held>,
    /// Columns that a spreadsheet does not show.
    pub(super) hidden: BTreeSet<usize>,
}

/// What a column holds.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Cells with a text.
    pub(super) filled: usize,
    /// Cells that begin with the name or address of a picture, by its ending.
    pictures: usize,
    /// Cells that begin with an address.
    addresses: usize,
    /// Cells of digits alone.
    numbers: usize,
    /// Cells with a letter in them.
    words: usize,
    /// Bytes of the longest cell.
    pub(super) longest: usize,
    /// Cells with a text in HTML that shows a picture.
    shown: usize,
    /// Digests of different texts, as far as they are counted, and how many cells have each.
    different: BTreeMap<u64, usize>,
    /// Cells with the text that most cells have.
    most: usize,
    /// The first texts that differ from each other.
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
    /// Looks at one more row.
    pub(super) fn add(&mut self, row: &Row) {
        self.rows += 1;
        if self.columns.len() < row.cells.len() {
            self.columns.resize_with(row.cells.len(), Held::default);
        }
        for (held, cell) in self.columns.iter_mut().zip(&row.cells) {
            held.add(cell.trim());
        }
    }

    /// Returns what a column holds.
    pub(super) fn column(&self, at: usize) -> &Held {
        self.columns.get(at).unwrap_or(&NOTHING)
    }

    /// Returns whether each row has a text of its own in this column.
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
        // What a description shows may be any picture: it is told, and not taken for that of the product.
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

    /// Returns whether most of its texts are names or addresses of pictures by their endings.
    pub(super) fn is_pictures(&self) -> bool {
        self.filled > 0 && self.pictures * 2 >= self.filled
    }

    /// Returns whether nearly all its texts are names or addresses of pictures by their endings.
    pub(super) fn is_all_pictures(&self) -> bool {
        self.filled > 0 && self.pictures * 5 >= self.filled * 4
    }

    /// Returns whether most of its texts are addresses.
    pub(super) fn is_addresses(&self) -> bool {
        self.filled > 0 && self.addresses * 2 >= self.filled
    }

    /// Returns whether all its texts are digits.
    pub(super) const fn is_numbers(&self) -> bool {
        self.filled > 0 && self.numbers == self.filled
    }

    /// Returns whether most of its texts have letters and are no addresses or pictures.
    pub(super) fn is_words(&self) -> bool {
        self.filled > 0 && self.words * 2 >= self.filled && !self.is_addresses() && !self.is_pictures()
    }

    /// Returns whether three or more rows have one text and no row has another.
    pub(super) fn is_one_text(&self) -> bool {
        self.filled >= 3 && self.different.len() == 1
    }

    /// Returns how many rows have one text, where these are at least half of six rows or more.
    pub(super) fn shared(&self) -> Option<usize> {
        (self.filled >= 6 && self.most * 2 >= self.filled).then_some(self.most)
    }

    /// Returns whether most of its texts show pictures in HTML.
    pub(super) fn shows_pictures(&self) -> bool {
        self.filled > 0 && self.shown * 2 >= self.filled
    }

    /// Returns whether at least every second row has a text of its own.
    pub(super) fn differs(&self) -> bool {
        self.filled < 3 || self.different.len() * 2 >= self.filled
    }

    /// Returns how many of its rows have a text that an earlier row has.
    pub(super) fn repeated(&self) -> usize {
        self.filled - self.different.len().min(self.filled)
    }
}
