//! A product file becomes items.
//!
//! Bytes (`lines`) → rows, by a reader for each format (`sheet`, `workbook`, `xml`, `json`) → the columns that mean
//! something, by the program that wrote the file (`table`, `dialect`) → products with their variants and pictures
//! (`products`) → items (`items`).

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
mod mapping;
mod products;
mod quotes;
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
pub use items::Makes;
pub use mapping::{By, in_yaml};
pub use products::Counts;

use crate::domain::item::Item;
use crate::domain::problem::{Place, Problem, Severity};
use encoding_rs_io::DecodeReaderBytesBuilder;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};
use table::Table;

/// Largest number of columns. A feed or a list whose records share no names would grow a column with each.
const WIDEST: usize = 4096;

/// Bytes of the longest name of a column. Each item repeats it.
const LONGEST_NAME: usize = 1024;

/// The end of the message about a column that is named and is not there.
pub const NO_SUCH_COLUMN: &str = "the file has no such column";

/// How the usual programs write a sheet that can be read.
const AS_CSV: &str = "save it in Excel with File, Save As, `CSV UTF-8 (Comma delimited)`, in LibreOffice as \
                                 Text CSV with the character set Unicode (UTF-8)";

/// What is in a file.
#[derive(Debug, Default)]
pub struct Catalog {
    /// The items, in the order of their rows; none where they were handed on.
    pub items: Vec<Item>,
    /// What is wrong, in the order of the rows; with an error among it, the items are not all there.
    pub problems: Vec<Problem>,
    /// What the file is, where that can be told.
    pub about: Option<About>,
    /// Whether its header can be relied on: without, nobody knows which columns its items have.
    pub is_headed: bool,
    /// How many items there would be of each kind; none where the file does not tell kinds apart.
    pub makes: Makes,
    /// Which of its columns hold pictures.
    pub pictures: Pictures,
    /// Where its rows stand, where they could be read.
    pub layout: Option<Layout>,
    /// Name of the encoding in which it was read.
    pub encoding: &'static str,
    /// The ids of which there are several items; the first of each is among the items.
    pub doubled: BTreeSet<String>,
}

/// The pictures in the columns of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pictures {
    /// Column of the picture of a product.
    pub chosen: Option<String>,
    /// The way in which that column was chosen.
    pub by: Option<By>,
    /// All columns that hold pictures.
    pub columns: Vec<String>,
    /// First pictures of the chosen column.
    pub samples: Vec<String>,
}

/// What a column of a file stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    /// Name of the field in templates.
    pub field: &'static str,
    /// Columns that it is read from, the best first.
    pub columns: Vec<String>,
    /// The way in which they were chosen.
    pub by: By,
    /// First texts of the first of these columns.
    pub samples: Vec<String>,
    /// Other columns that may be meant.
    pub others: Vec<String>,
}

/// What a file is.
#[derive(Debug, Clone)]
pub struct About {
    /// Its format, for people.
    pub format: String,
    /// How its letters are written.
    pub encoding: &'static str,
    /// The program that wrote it, as a manifest names it.
    pub dialect: &'static str,
    /// The same for people.
    pub title: &'static str,
    /// So many of the headers that speak for the program are there …
    pub known: usize,
    /// … of so many; 0 for a plain file.
    pub of: usize,
    /// All its columns.
    pub columns: usize,
    /// Which columns stand for what.
    pub mapping: Vec<Mapped>,
    /// Filled columns that stand for nothing; templates read them under their own names.
    pub unused: Vec<String>,
    /// Whether the titles are words, or the user says which column has them.
    pub is_titled: bool,
    /// Columns that may be the title, where it is no words.
    pub titles: Vec<String>,
    /// What is in it, before anything is left out.
    pub counts: Counts,
    /// How many items it makes, without what is left out.
    pub makes: Makes,
    /// Rows of each kind, where the file tells kinds apart.
    pub kinds: BTreeMap<String, usize>,
    /// Of each reason, how many products or variants it left out.
    pub left_out: Vec<(String, usize)>,
    /// Of each reason, the first rows that it left out.
    pub examples: BTreeMap<String, Vec<String>>,
}

impl Pictures {
    /// Returns the warning for clips that are made from words alone, although the file has columns of pictures.
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
            Some(_) => format!("to use them, write {shot}"),
            None => format!("to use them, {}, and {shot}", mapping::named("image", first)),
        };
        Some(Problem::warning(Place::File(file.to_owned()), message).hint(hint))
    }

    /// Returns the note that shows which column was chosen without anybody's word, and what is in it.
    #[must_use]
    pub fn note(&self, file: &str) -> Option<Problem> {
        let column = self.chosen.as_ref().filter(|_| matches!(self.by, Some(By::Name | By::Content)))?;
        let message = format!("pictures: column \"{column}\": {}", self.samples.join(", "));
        let note =
            Problem { severity: Severity::Note, ..Problem::error(Place::File(file.to_owned()), message) };
        Some(note.hint(format!("to keep this choice, {}", mapping::named("image", column))))
    }
}

/// Reads a product file; its format is seen from its first bytes, and only where these leave it open from its name.
///
/// Problems carry rows as a spreadsheet shows them, and those of one cause are joined. The memory it takes is that of
/// its items.
pub fn read(file: &str, source: impl Read, options: &Reading) -> Catalog {
    let mut table = Table::new(file, options, None);
    if let Err(Stop::Broken(problem)) = rows(&mut table, source) {
        table.problems.add(*problem);
    }
    table.finish()
}

/// Rows of one product stand apart from each other: only a file that is read as a whole shows its products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scattered;

/// Reads a product file and hands on each item as soon as it is complete: a row of a plain sheet at once, a product
/// when the next one begins.
///
/// Nothing is kept of a sheet but what tells ids apart. Where items can only be told when everything was read (a
/// product names its parent, or a list or feed has no header) they are gathered first, as [`read`] does it.
///
/// Items that were handed on before rows turn out to be scattered are to be forgotten.
pub fn stream(
    file: &str,
    source: impl Read,
    options: &Reading,
    take: &mut dyn FnMut(Item),
) -> Result<Catalog, Scattered> {
    let mut table = Table::new(file, options, Some(&mut *take));
    match rows(&mut table, source) {
        Ok(()) => {}
        Err(Stop::Broken(problem)) => {
            table.problems.add(*problem);
        }
        Err(Stop::Scattered) => return Err(Scattered),
    }
    Ok(handed_on(table.finish(), take))
}

/// As [`stream`], for a file whose rows are scattered.
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

/// Why the reading ends before the file does.
enum Stop {
    /// The file cannot be read on.
    Broken(Box<Problem>),
    /// See [`Scattered`].
    Scattered,
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

/// Reads all there is. An error ends the reading; what spoils only a row is noted.
fn rows(table: &mut Table<'_>, mut source: impl Read) -> Result<(), Stop> {
    let head = lines::head(&mut source).map_err(|broken| sheet::broken_off(table, 1, &broken))?;
    let start = head.strip_prefix(lines::MARK).unwrap_or(&head).trim_ascii_start();
    let name = table.file.to_lowercase();
    let is_sheet = [".csv", ".tsv", ".txt"].iter().any(|ending| name.ends_with(ending));
    let unmarked = || head.strip_prefix(lines::MARK).unwrap_or(&head).to_vec();
    match start.first() {
        _ if head.starts_with(b"PK\x03\x04") => workbook::read(table, head, source)?,
        _ if head.starts_with(b"\xD0\xCF\x11\xE0") => {
            let problem = table.whole("this is a workbook of an old Excel (.xls)").hint(AS_CSV);
            return Err(problem.note("XLSX can be read, too").into());
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

/// Returns the first letter of a text in UTF-16 that is no white space, where it is one of ASCII.
fn first_of_utf16(head: &[u8]) -> Option<u8> {
    head.get(2..)?.iter().copied().find(|byte| *byte != 0 && !byte.is_ascii_whitespace())
}
