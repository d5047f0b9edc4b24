//! Reads a product file into items.
//!
//! The steps: prepare the bytes (`lines`); read rows, with a reader for each format (`sheet`, `workbook`, `xml`,
//! `json`); find the meaning of the columns, by the program that wrote the file (`table`, `dialect`); group rows into
//! products with variants and pictures (`products`); make items (`items`).

mod append;
mod cells;
mod delimiter;
mod dialect;
#[cfg(test)]
mod doubt_tests;
mod encoding;
mod header;
#[cfg(test)]
mod hostile_tests;
mod items;
mod json;
mod letters;
mod lines;
mod listed;
mod lost;
mod mapping;
mod products;
mod quote_scanner;
mod records;
mod sheet;
#[cfg(test)]
mod shop_tests;
mod single;
mod survey;
#[cfg(test)]
mod systems_tests;
mod table;
#[cfg(test)]
mod tests;
mod words;
mod workbook;
mod xml;

pub use crate::domain::item::{OnePer, Reading};
pub use append::{Appended, Columns as NewColumns, Layout, Refused, append, defused};
pub use dialect::names as dialects;
pub use items::ItemCounts;
pub use mapping::{By, in_yaml};
pub use products::Counts;

use crate::domain::item::Item;
use crate::domain::problem::{Place, Problem, Severity};
use encoding_rs_io::DecodeReaderBytesBuilder;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};
use table::Table;

/// Limit on the number of columns. A feed in which each record has other names would otherwise add columns without end.
const WIDEST: usize = 4096;

/// Limit on the name of a column, in bytes: each item repeats the name.
const LONGEST_NAME: usize = 1024;

/// The end of the message about a column that the user names but the file lacks.
pub const NO_SUCH_COLUMN: &str = "the file has no such column";

/// The hint that explains how Excel and `LibreOffice` save a readable sheet.
const AS_CSV: &str = "save the file in Excel with File, Save As, `CSV UTF-8 (Comma delimited)`, in LibreOffice as \
                                 Text CSV with the character set Unicode (UTF-8)";

/// The content of a product file.
#[derive(Debug, Default)]
pub struct Catalog {
    /// The items in the order of their rows; empty if they were passed on while the file was read.
    pub items: Vec<Item>,
    /// The problems in the order of the rows. If one is an error, items are missing.
    pub problems: Vec<Problem>,
    /// The description of the file. `None` if the columns could not be chosen, or if [`stream`] passed the items to its
    /// caller while the file was read.
    pub about: Option<About>,
    /// True if the header was read without an error; otherwise the names of the items' columns are not reliable.
    pub is_headed: bool,
    /// The numbers of items if each product, each variant or each picture gets one clip. All are zero for a plain file
    /// (one that no known program wrote), in which each row is an item.
    pub makes: ItemCounts,
    /// The columns that hold pictures.
    pub pictures: Pictures,
    /// The format of the file and the position of its products, which are needed to add columns to the file. `None` if
    /// the file could not be read.
    pub layout: Option<Layout>,
    /// The name of the encoding in which the file was read.
    pub encoding: &'static str,
    /// The ids that several items of the file have; only the first item with such an id is in `items`.
    pub doubled: BTreeSet<String>,
}

/// The columns of a file that hold pictures, and the one column that the picture of each product is read from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pictures {
    /// The column that holds the picture of a product; `None` if there is none.
    pub chosen: Option<String>,
    /// The way in which the column `chosen` was chosen; `None` if there is no such column.
    pub by: Option<By>,
    /// All columns that hold pictures.
    pub columns: Vec<String>,
    /// The first pictures of the chosen column.
    pub samples: Vec<String>,
}

/// A field of an item with the columns that it is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    /// The name of the field in templates.
    pub field: &'static str,
    /// The columns that the field is read from, in the order of preference.
    pub columns: Vec<String>,
    /// The way in which the columns were chosen.
    pub by: By,
    /// Examples for the user: the first different texts of the field, from its first column that is not empty.
    pub samples: Vec<String>,
    /// Other columns that the user may mean for the field.
    pub others: Vec<String>,
}

/// The description of a product file, for the commands `init` and `catalog`.
#[derive(Debug, Clone)]
pub struct About {
    /// The format of the file in messages, such as `CSV (comma)`.
    pub format: String,
    /// The name of the file's encoding.
    pub encoding: &'static str,
    /// The dialect (the kind of program that wrote the file) as a manifest names it, such as `shopify`.
    pub dialect: &'static str,
    /// The dialect as messages name it, such as `Shopify product export`.
    pub title: &'static str,
    /// The number of columns in the file that are typical of the program that wrote it.
    pub known: usize,
    /// The number of columns that are typical of the program that wrote the file; 0 for a plain file (one that no known
    /// program wrote).
    pub of: usize,
    /// The number of all columns of the file.
    pub columns: usize,
    /// The fields and their columns.
    pub mapping: Vec<Mapped>,
    /// Columns that have texts but belong to no field. Templates can read them by their names.
    pub unused: Vec<String>,
    /// True if the file has a column with the titles of the products: one that holds words, or one that the user names.
    pub is_titled: bool,
    /// Columns that the user may choose for the titles of the products. Empty if [`Self::is_titled`] is true.
    pub titles: Vec<String>,
    /// The numbers of products and variants in the file, including those that are skipped.
    pub counts: Counts,
    /// The numbers of items if each product, each variant or each picture gets one clip. Skipped products and variants
    /// do not count.
    pub makes: ItemCounts,
    /// The number of rows of each kind, such as product or variant. Each key is the word for the kind in the file.
    /// Empty if the file has no column that says the kind of a row.
    pub kinds: BTreeMap<String, usize>,
    /// The reasons for skipping products or variants, each with the number of skipped ones.
    pub left_out: Vec<(String, usize)>,
    /// Examples of skipped rows, by the reason for skipping them.
    pub examples: BTreeMap<String, Vec<String>>,
}

impl Pictures {
    /// Returns the warning that clips are made without pictures although the file has some; `None` if no column holds
    /// pictures.
    ///
    /// The caller checks that no clip uses a picture.
    #[must_use]
    pub fn passed_over(&self, file: &str) -> Option<Problem> {
        let first = self.columns.first()?;
        let names: Vec<String> = self.columns.iter().map(|name| format!("`{name}`")).collect();
        let (column, holds) = if names.len() == 1 { ("column", "holds") } else { ("columns", "hold") };
        let message = format!(
            "the clips are made from words alone, although {column} {} {holds} pictures",
            names.join(", ")
        );
        let shot = "`image: \"{{ item.image }}\"` in the shot, with a model that takes a picture";
        let hint = match &self.chosen {
            Some(_) => format!("to use the pictures, write {shot}"),
            None => format!("to use the pictures, {}, and {shot}", mapping::named("image", first)),
        };
        Some(Problem::warning(Place::File(file.to_owned()), message).hint(hint))
    }

    /// Returns the note that a column of pictures was chosen by its name or content, with the first pictures in it.
    /// Returns `None` if the column was chosen in another way.
    #[must_use]
    pub fn note(&self, file: &str) -> Option<Problem> {
        let column = self.chosen.as_ref().filter(|_| matches!(self.by, Some(By::Name | By::Content)))?;
        let message = format!("the pictures come from column `{column}`: {}", self.samples.join(", "));
        let note =
            Problem { severity: Severity::Note, ..Problem::error(Place::File(file.to_owned()), message) };
        Some(note.hint(format!("to keep this choice, {}", mapping::named("image", column))))
    }
}

/// Reads a product file. The first bytes decide the format, but a file named `.csv`, `.tsv` or `.txt` is never read as
/// XML or JSON.
///
/// Problems have row numbers as a spreadsheet shows them; problems with the same cause are joined into one. Memory
/// grows with the number of items.
pub fn read(file: &str, source: impl Read, options: &Reading) -> Catalog {
    let mut table = Table::new(file, options, None);
    if let Err(Stop::Broken(problem)) = rows(&mut table, source) {
        table.problems.add(*problem);
    }
    table.finish()
}

/// The error that the rows of one product are not next to each other, so that the file must be read as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowsApart;

/// Reads a product file and passes each item to `take` as soon as the item is complete.
///
/// In a plain sheet (one that no known program wrote) each row is an item, which is complete immediately. In any other
/// sheet, the items of a product are complete when the next product begins. Only the digests that detect duplicates
/// stay in memory. An XML or JSON file, or a file whose rows refer to other rows, is read as a whole first. No item is
/// then passed before the end of the file.
///
/// If the error is [`RowsApart`], the caller must discard the items that it received.
pub fn stream(
    file: &str,
    source: impl Read,
    options: &Reading,
    take: &mut dyn FnMut(Item),
) -> Result<Catalog, RowsApart> {
    let mut table = Table::new(file, options, Some(&mut *take));
    match rows(&mut table, source) {
        Ok(()) => {}
        Err(Stop::Broken(problem)) => {
            table.problems.add(*problem);
        }
        Err(Stop::RowsApart) => return Err(RowsApart),
    }
    Ok(handed_on(table.finish(), take))
}

/// Reads a product file as a whole, because the rows of its products are scattered, and then passes each item to
/// `take`.
pub fn gather(file: &str, source: impl Read, options: &Reading, take: &mut dyn FnMut(Item)) -> Catalog {
    handed_on(read(file, source, options), take)
}

fn handed_on(mut catalog: Catalog, take: &mut dyn FnMut(Item)) -> Catalog {
    let items = std::mem::take(&mut catalog.items);
    if catalog.is_headed {
        items.into_iter().for_each(take);
    }
    catalog
}

/// The reason why reading ends before the end of the file.
enum Stop {
    /// The rest of the file cannot be read.
    Broken(Box<Problem>),
    /// The rows of a product are not next to each other; see [`RowsApart`].
    RowsApart,
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Broken(Box::new(problem))
    }
}

impl From<Box<Problem>> for Stop {
    fn from(problem: Box<Problem>) -> Self {
        Self::Broken(problem)
    }
}

/// Reads all rows of a file into a table. An error ends the reading; a problem of a single row is only recorded.
fn rows(table: &mut Table<'_>, mut source: impl Read) -> Result<(), Stop> {
    let head = lines::head(&mut source).map_err(|broken| sheet::broken_off(table, 1, &broken))?;
    let start = head.strip_prefix(lines::MARK).unwrap_or(&head).trim_ascii_start();
    let name = table.file.to_lowercase();
    let is_sheet = [".csv", ".tsv", ".txt"].iter().any(|ending| name.ends_with(ending));
    let unmarked = || head.strip_prefix(lines::MARK).unwrap_or(&head).to_vec();
    match start.first() {
        _ if head.starts_with(b"PK\x03\x04") => workbook::read(table, head, source)?,
        _ if head.starts_with(b"\xD0\xCF\x11\xE0") => {
            let problem = table
                .whole("the file is a workbook of an old Excel (.xls), which cannot be read")
                .hint(AS_CSV);
            return Err(problem.note("a workbook that is saved as XLSX can be read, too").into());
        }
        _ if lines::is_utf16(&head)
            && !is_sheet
            && matches!(first_of_utf16(&head), Some(b'<' | b'{' | b'[')) =>
        {
            table.encoding = "UTF-16";
            let is_xml = first_of_utf16(&head) == Some(b'<');
            let letters = DecodeReaderBytesBuilder::new().build(Cursor::new(head).chain(source));
            if is_xml {
                xml::read(table, Vec::new(), letters)?;
            } else {
                json::read(table, Vec::new(), letters)?;
            }
        }
        Some(b'<') if !is_sheet => xml::read(table, unmarked(), source)?,
        Some(b'{' | b'[') if !is_sheet => json::read(table, unmarked(), source)?,
        _ => sheet::read(table, head, source)?,
    }
    table.end_of_rows()?;
    if !table.is_empty() {
        return Ok(());
    }
    if table.has_header() {
        return Err(sheet::no_rows(table).into());
    }
    let hint = "the first row names the columns, such as id,title,image; each further row is a product";
    Err(table.whole("the sheet is empty").hint(hint).into())
}

/// Returns the first character of a UTF-16 text after white space; `None` if the character is not ASCII.
fn first_of_utf16(head: &[u8]) -> Option<u8> {
    head.get(2..)?.iter().copied().find(|byte| *byte != 0 && !byte.is_ascii_whitespace())
}
