//! Collects the headers and rows that the readers of all formats find, and makes a catalog of them.

mod about;
mod guards;
mod record;
mod settle;

use super::cells::{Row, at_letter, is_shortened, letters};
use super::dialect::{self, Columns, Confidence, Detected, Dialect};
use super::items::{ItemBuilder, ItemSet};
use super::mapping::Mapping;
use super::products::Products;
use super::survey::Survey;
use super::{Catalog, Layout, Stop};
use crate::domain::digest::{Sha256, Short};
use crate::domain::ident::composed;
use crate::domain::item::{Item, Reading};
use crate::domain::problem::{Causes, Place, Problem, Severity, meant_or_all};
use guards::Guards;
use settle::Pending;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// Number of records at the start of an XML or JSON file that are examined. Their names show which program wrote the
/// file.
const LOOKED_AT: usize = 100;

/// Number of rows of a sheet that are examined before its columns are chosen; `MOST_HELD` limits the bytes in them.
const LOOKED_AT_ROWS: usize = 500;
const MOST_HELD: usize = 8 << 20;

/// Limit on the number of cells that are examined to suggest an id column in an error.
const WATCHED: usize = 4 << 20;

/// Limit on the rows held in memory, which is also the limit of a spreadsheet. `MOST_CELLS` limits their cells, because
/// even an empty cell takes 24 bytes.
///
/// The limit does not apply to a file whose items are passed to the caller while the file is read.
const MOST_ROWS: u64 = 1 << 20;
const MOST_CELLS: usize = 1 << 25;

/// The state of a product file while it is read: the rows, columns, items and problems found so far.
pub(super) struct Table<'a> {
    pub(super) file: &'a str,
    pub(super) options: &'a Reading,
    /// The caller's function that takes each complete item; `None` if all items are kept until the end.
    take: Option<&'a mut dyn FnMut(Item)>,
    pub(super) problems: Causes,
    /// True if a problem with a column's name was found. No more items are then passed to the caller, because their
    /// columns are not reliable.
    is_spoilt: bool,
    pub(super) headers: Vec<String>,
    /// The index of each column by its name, for an XML or JSON file. Such a file has no header: the names come from
    /// its records, which name their own values.
    places: HashMap<String, usize>,
    /// The rows that are kept until the columns are chosen; `bytes` is the number of bytes in them.
    waiting: Vec<Read>,
    bytes: usize,
    /// The recognised dialect (kind of program) of a file whose columns are not chosen yet; `None` before and after
    /// that.
    pending: Option<Pending>,
    /// Columns that received a new name, because their own name was empty or repeated. The second index is the earlier
    /// column of the same name; `None` for an empty name.
    renamed: Vec<(usize, Option<usize>)>,
    /// Statistics about the texts in each column, from the first rows, such as the number of filled cells.
    survey: Survey,
    mapping: Mapping,
    guards: Guards,
    /// The number of rows added to products so far.
    rows: usize,
    known: Option<Known>,
    /// The format of the file in messages, such as `CSV (comma)`.
    pub(super) format: String,
    pub(super) encoding: &'static str,
    /// The format of the file and the position of its products, which are needed to add columns to the file.
    pub(super) layout: Option<Layout>,
    /// The number of rows held in memory, and the number of their cells.
    held: (u64, usize),
}

/// A part of a record, such as a variant, that may become a row. It has the name of the list that contains the part,
/// and each of the part's values after the index of its column.
type Part = (String, Vec<(usize, String)>);

/// A row of a sheet, or a record of an XML or JSON file with its parts. A sheet's row has no parts.
type Read = (Row, Vec<Part>);

/// The state of a file whose columns are chosen.
struct Known {
    dialect: &'static Dialect,
    confidence: Confidence,
    columns: Columns,
    products: Products,
    made: ItemSet,
    /// The state for passing items to the caller while the file is read; `None` if all items are kept until the end.
    stream: Option<Streamed>,
}

/// The state of a file whose items are passed to the caller while the file is read.
struct Streamed {
    /// The names of the columns, shared by all items.
    names: Arc<[Arc<str>]>,
    /// The key of the product whose rows are being read; `None` before the first product. It is always `None` in a
    /// plain file (one that no known program wrote), in which each row is an item.
    open: Option<String>,
    /// The digests of the keys of the products read so far.
    keys: HashSet<Short>,
}

impl<'a> Table<'a> {
    pub(super) fn new(file: &'a str, options: &'a Reading, take: Option<&'a mut dyn FnMut(Item)>) -> Self {
        Self {
            file,
            options,
            take,
            problems: Causes::default(),
            is_spoilt: false,
            headers: Vec::new(),
            places: HashMap::new(),
            waiting: Vec::new(),
            bytes: 0,
            pending: None,
            renamed: Vec::new(),
            survey: Survey::default(),
            mapping: Mapping::default(),
            guards: Guards::default(),
            rows: 0,
            known: None,
            format: String::new(),
            encoding: "UTF-8",
            layout: None,
            held: (0, 0),
        }
    }

    pub(super) fn sheet(&self) -> Option<&'a str> {
        self.options.sheet.as_deref()
    }

    pub(super) fn hide(&mut self, columns: &BTreeSet<usize>) {
        self.survey.hidden.clone_from(columns);
    }

    /// Builds an error about a row, or about the cell of the row in `column`.
    pub(super) fn at(&self, row: u64, column: Option<&str>, message: impl Into<String>) -> Problem {
        let column = column.map(str::to_owned);
        Problem::error(Place::Row { file: self.file.to_owned(), row, column }, message)
    }

    /// Builds an error about the file as a whole.
    pub(super) fn whole(&self, message: impl Into<String>) -> Problem {
        Problem::error(Place::File(self.file.to_owned()), message)
    }

    /// Records a problem of one row, which then yields no item.
    pub(super) fn spoilt(&mut self, row: u64, mut problem: Problem) {
        problem.examples.push(format!("sheet row {row}"));
        problem.rows.push(row);
        self.problems.add(problem.of_item());
    }

    /// Records a problem with a column's name. After this problem, no more items are passed to the caller.
    pub(super) fn spoil_header(&mut self, problem: Problem) {
        self.is_spoilt = true;
        self.problems.add(problem);
    }

    /// Reports whether the file has a header (the names of its columns) that was already read.
    pub(super) fn has_header(&self) -> bool {
        self.known.is_some() || self.pending.is_some()
    }

    /// Takes the names of a sheet's columns from row `row`, and determines by these names which program wrote the
    /// sheet. An error ends the reading.
    pub(super) fn header(&mut self, row: u64, names: &[String]) -> Result<(), Box<Problem>> {
        let name = |name: &String| composed(guards::opened(name).unwrap_or(name));
        self.headers = names.iter().map(name).collect();
        let (dialect, confidence) = self.dialect()?;
        self.name_columns();
        self.await_rows(row, dialect, confidence, true);
        Ok(())
    }

    /// Returns the initial state for passing items to the caller while the rows of the file are read.
    fn streamed(&self) -> Streamed {
        Streamed { names: shared(&self.headers), open: None, keys: HashSet::new() }
    }

    /// Builds the error about a column whose name, in row `first` of the file, is empty.
    pub(super) fn nameless(&self, row: u64, at: usize, first: u64) -> Problem {
        let cell = format!("{}{first}", letters(at));
        self.at(row, Some(&at_letter(at)), "this column has no name")
            .hint(format!("write a name into cell {cell}, such as `notes`, or delete the column"))
    }

    /// Returns the dialect (the description of the program that wrote the file) that the manifest names, or else the
    /// one that fits the column names. Returns an error if two dialects fit equally well, or if the dialect in the
    /// manifest is unknown or does not fit.
    fn dialect(&self) -> Result<(&'static Dialect, Confidence), Box<Problem>> {
        let Some(wanted) = &self.options.dialect else {
            return match dialect::detect(&self.headers) {
                Detected::One(dialect, confidence) => Ok((dialect, confidence)),
                Detected::Either(first, second) => {
                    let message =
                        format!("the columns fit two formats: {} and {}", first.title, second.title);
                    let hint = format!(
                        "say which it is: `dialect: {one}` or `dialect: {two}` under `items:`; for `init` and `catalog`, \
                         `--dialect {one}` or `--dialect {two}`",
                        one = first.name,
                        two = second.name
                    );
                    Err(self.whole(message).hint(hint).into())
                }
            };
        };
        let Some(dialect) = dialect::find(wanted) else {
            let problem = self.whole(format!("`{wanted}` is not a known dialect"));
            let hint = meant_or_all(wanted, dialect::names(), "the dialects are");
            return Err(problem.hint(hint).into());
        };
        dialect.confidence(&self.headers).map(|confidence| (dialect, confidence)).ok_or_else(|| {
            let missing = dialect.missing(&self.headers).join("` and `");
            let problem = self
                .whole(format!("a {} has the columns `{missing}`, and this file does not", dialect.title));
            Box::new(match dialect::detect(&self.headers) {
                Detected::One(found, _) => problem.hint(format!("write `dialect: {}`", found.name)),
                Detected::Either(..) => problem.hint("write `dialect:` with the program that wrote the file"),
            })
        })
    }

    /// Reports whether the limits on memory allow another row. Records a problem for the first row that they do not
    /// allow.
    fn holds(&mut self, row: &Row) -> bool {
        let in_bounds = |(rows, cells): (u64, usize)| rows <= MOST_ROWS && cells <= MOST_CELLS;
        let before = in_bounds(self.held);
        self.held = (self.held.0 + 1, self.held.1.saturating_add(row.cells.len()));
        let after = in_bounds(self.held);
        if before && !after {
            let message = format!("the file has more than {MOST_ROWS} rows or {MOST_CELLS} cells");
            let problem = self.at(row.number, None, message);
            self.problems.add(problem.hint("split the file, or delete the columns that no clip needs"));
        }
        after
    }

    /// Processes a row of a sheet. The first rows are kept until the columns are chosen.
    pub(super) fn row(&mut self, mut row: Row) -> Result<(), Stop> {
        self.guards.open(&mut row);
        if self.known.is_some() {
            self.guards.uncover(&mut row);
            return self.flow(row);
        }
        let rows = self.wait((row, Vec::new()), LOOKED_AT_ROWS)?;
        rows.into_iter().try_for_each(|(row, _)| self.flow(row))
    }

    /// Processes the rows that are still kept because the sheet ended before its columns were chosen.
    pub(super) fn end_of_rows(&mut self) -> Result<(), Stop> {
        let rows = self.settle(true)?;
        rows.into_iter().try_for_each(|(row, _)| self.flow(row))
    }

    /// Adds a row of a file whose columns are chosen. If the row begins a new product, the items of the previous one
    /// are complete and passed to the caller. Returns an error if the rows of a product are scattered.
    fn flow(&mut self, mut row: Row) -> Result<(), Stop> {
        if let Some(known) = &self.known {
            known.dialect.unescape(&mut row.cells);
        }
        if let Some(Known { dialect, columns, stream: Some(stream), .. }) = &mut self.known
            && let Some(key) = columns.begins(&row)
            && (dialect.is_plain() || stream.open.as_deref() != Some(key))
        {
            if !dialect.is_plain() {
                if !stream.keys.insert(Sha256::of(key.as_bytes()).short()) {
                    return Err(Stop::RowsApart);
                }
                stream.open = Some(key.to_owned());
            }
            self.hand_on();
        }
        self.gather(row);
        Ok(())
    }

    /// Makes the items of all products read so far, and passes them to the caller.
    fn hand_on(&mut self) {
        let Some(Known { dialect, columns, products, made, stream: Some(stream), .. }) = &mut self.known
        else {
            return;
        };
        let Reading { one_per, all, .. } = *self.options;
        let (file, headers, names) = (self.file, self.headers.as_slice(), &stream.names);
        let maker = ItemBuilder { file, dialect, headers, names, columns, one_per, all };
        let products = products.take(columns);
        if !dialect.is_plain() {
            maker.count(&products, &mut made.makes);
        }
        maker.items(products, made);
        self.problems.extend(made.problems.drain(..));
        for item in made.items.drain(..) {
            // With a wrong header the columns of the items are unknown.
            if let Some(take) = self.take.as_mut().filter(|_| !self.is_spoilt) {
                take(item);
            }
        }
    }

    /// Adds a row to its product, or records a problem if the row has no id.
    fn gather(&mut self, row: Row) {
        let is_held = self.known.as_ref().is_some_and(|known| known.stream.is_none());
        if is_held && !self.holds(&row) {
            return;
        }
        let Some(Known { dialect, columns, products, .. }) = &mut self.known else { return };
        self.rows += 1;
        let number = row.number;
        let mut codes = columns.codes.iter().map(|column| (*column, row.cell(*column)));
        let text = codes.find(|(_, text)| is_shortened(text)).map(|(column, text)| (column, text.to_owned()));
        let dialect: &'static Dialect = dialect;
        let is_named = products.add(columns, row);
        if let Some((column, text)) = text.filter(|_| !dialect.is_plain()) {
            let header = self.headers[column].clone();
            let mut problem = self.at(number, Some(&header), "a spreadsheet has shortened this number");
            problem.severity = Severity::Warning;
            let problem = problem
                .hint("no clip depends on this number; if you need all of its digits, export the file again");
            self.spoilt(number, problem.label(format!("`{text}`")));
        }
        if !is_named {
            let id = self.known.as_ref().and_then(|known| known.columns.ids().next());
            let header = id.and_then(|column| self.headers.get(column)).cloned();
            let problem = self
                .at(number, header.as_deref(), "the row has no id")
                .hint("fill the cell with an id that no other row has, and do not change it later");
            self.spoilt(number, problem);
        }
    }

    /// Reports whether no row was read although there is no error.
    pub(super) fn is_empty(&self) -> bool {
        !self.problems.has_error() && self.rows == 0 && self.waiting.is_empty()
    }

    /// Returns the catalog with its problems in the order of the rows.
    ///
    /// If one of the problems is an error, items are missing. Items that were already passed to the caller are not in
    /// the catalog.
    pub(super) fn finish(mut self) -> Catalog {
        // A file that broke off is described as far as it was read.
        if let Err(Stop::Broken(problem)) = self.end_of_rows() {
            self.problems.add(*problem);
        }
        self.hand_on();
        let mut catalog =
            Catalog { is_headed: self.known.is_some() && !self.is_spoilt, ..Catalog::default() };
        if let Some(mut known) = self.known.take() {
            if known.stream.is_none() {
                catalog.about = Some(self.gathered(&mut known));
            }
            self.problems.extend(known.made.problems.drain(..));
            let notes = self.notes(&known);
            self.problems.extend(notes);
            catalog.makes = known.made.makes;
            catalog.pictures = self.pictures();
            (catalog.items, catalog.doubled) = (known.made.items, known.made.doubled);
        }
        (catalog.layout, catalog.encoding) = (self.layout.take(), self.encoding);
        catalog.problems = self.problems.finish();
        catalog.problems.sort_by_key(|problem| match &problem.place {
            Place::Row { row, .. } => *row,
            Place::Nowhere | Place::File(_) | Place::Text { .. } => 0,
        });
        catalog
    }
}

/// Returns the names of columns as one list that all items of a file share.
fn shared(headers: &[String]) -> Arc<[Arc<str>]> {
    headers.iter().map(|name| Arc::from(name.as_str())).collect()
}

#[cfg(test)]
mod tests;
