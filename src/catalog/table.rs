//! Where the readers of all formats put what they read: headers and rows in, a catalog out.

use super::cells::is_shortened;
use super::dialect::{self, Columns, Confidence, Detected, Dialect};
use super::items::{Made, Maker};
use super::products::{Products, Row};
use super::records::Record;
use super::{About, Catalog};
use crate::domain::item::{OnePer, Reading};
use crate::domain::problem::{Place, Problem, Severity, did_you_mean};
use std::collections::HashMap;

/// Feeds and lists have no header: so many of their records are looked at before their program is told.
const LOOKED_AT: usize = 100;

/// Most columns. A feed or a list whose records share no names would grow a column with each.
pub(super) const WIDEST: usize = 4096;

/// Bytes of the longest name of a column. Each item repeats it.
pub(super) const LONGEST_NAME: usize = 1024;

/// Most rows, as many as a spreadsheet has, and most cells of them all together. A catalog of 100,000 products may have
/// 300 columns. In memory an empty cell takes 24 bytes, in a file one or none.
const MOST_ROWS: u64 = 1 << 20;
const MOST_CELLS: usize = 1 << 25;

/// So many rows with faults are told, of errors and of warnings each: a file that has more is wrong from its first row on.
pub(super) const MOST_SPOILT: usize = 10_000;

/// What is known of a file so far.
pub(super) struct Table<'a> {
    pub(super) file: &'a str,
    options: &'a Reading,
    pub(super) problems: Vec<Problem>,
    /// Names of the columns.
    headers: Vec<String>,
    /// Where each name stands, in a file without a header.
    places: HashMap<String, usize>,
    /// What is read and waits for the dialect.
    waiting: Vec<Row>,
    known: Option<Known>,
    /// How the file is written, for people.
    pub(super) format: String,
    pub(super) encoding: &'static str,
    /// Rows and cells so far.
    rows: u64,
    cells: usize,
    /// Rows with errors and with warnings so far.
    spoilt: [usize; 2],
}

/// A file whose dialect is known.
struct Known {
    dialect: &'static Dialect,
    confidence: Confidence,
    columns: Columns,
    products: Products,
}

impl<'a> Table<'a> {
    pub(super) fn new(file: &'a str, options: &'a Reading) -> Self {
        Self {
            file,
            options,
            problems: Vec::new(),
            headers: Vec::new(),
            places: HashMap::new(),
            waiting: Vec::new(),
            known: None,
            format: String::new(),
            encoding: "UTF-8",
            rows: 0,
            cells: 0,
            spoilt: [0; 2],
        }
    }

    pub(super) fn headers(&self) -> &[String] {
        &self.headers
    }

    /// The name of the sheet that is wanted.
    pub(super) fn sheet(&self) -> Option<&'a str> {
        self.options.sheet.as_deref()
    }

    /// A new error in a row.
    pub(super) fn at(&self, row: u64, column: Option<&str>, message: impl Into<String>) -> Problem {
        let column = column.map(str::to_owned);
        Problem::error(Place::Row { file: self.file.to_owned(), row, column }, message)
    }

    /// A new error of the file as a whole.
    pub(super) fn whole(&self, message: impl Into<String>) -> Problem {
        Problem::error(Place::File(self.file.to_owned()), message)
    }

    /// Notes what spoils a row.
    pub(super) fn spoilt(&mut self, row: u64, mut problem: Problem, label: Option<String>, example: String) {
        let spoilt = &mut self.spoilt[usize::from(!problem.is_error())];
        *spoilt += 1;
        if *spoilt > MOST_SPOILT {
            if *spoilt == MOST_SPOILT + 1 {
                let mut more = self.at(row, None, "from here on, rows with such faults are no longer told");
                more.severity = problem.severity;
                self.problems.push(more.hint("mend those that are, and look again"));
            }
            return;
        }
        problem.label = label;
        problem.examples.push(example);
        problem.rows.push(row);
        self.problems.push(problem);
    }

    /// Whether the names of the columns are known.
    pub(super) fn has_header(&self) -> bool {
        self.known.is_some()
    }

    /// Takes the header of a sheet, which stands in this row. An error ends the reading.
    pub(super) fn header(&mut self, row: u64, names: Vec<String>) -> Result<(), Box<Problem>> {
        self.headers = names;
        let (dialect, confidence) = self.dialect()?;
        let mut firsts: HashMap<String, usize> = HashMap::new();
        for at in 0..self.headers.len() {
            let name = self.headers[at].clone();
            let first = firsts.get(&name).copied();
            if dialect.is_plain() {
                self.check_header(row, at, first);
            } else if name.is_empty() || first.is_some() {
                // Exports of shops repeat names, and nobody named these by hand.
                let letters = letters(at);
                self.headers[at] = if name.is_empty() { letters } else { format!("{name} ({letters})") };
            }
            firsts.entry(self.headers[at].clone()).or_insert(at);
        }
        self.know(row, dialect, confidence)
    }

    /// Notes what is wrong with a name that a person gave.
    fn check_header(&mut self, row: u64, at: usize, first: Option<usize>) {
        let name = &self.headers[at];
        let problem = if name.is_empty() {
            let hint =
                format!("write a name into cell {}1, such as `notes`, or remove the column", letters(at));
            self.at(row, Some(&at_letter(at)), "this column has no name").hint(hint)
        } else if let Some(first) = first {
            let message = format!("columns {} and {} have the same name", letters(first), letters(at));
            let hint = format!("write another name into cell {}1, or remove the column", letters(at));
            self.at(row, Some(name), message).hint(hint)
        } else {
            return;
        };
        self.problems.push(problem);
    }

    /// The dialect of the manifest, else the one that the headers speak for.
    fn dialect(&self) -> Result<(&'static Dialect, Confidence), Box<Problem>> {
        let Some(wanted) = &self.options.dialect else {
            return match dialect::detect(&self.headers) {
                Detected::One(dialect, confidence) => Ok((dialect, confidence)),
                Detected::Either(first, second) => {
                    let message = format!("this may be a {} or a {}", first.title, second.title);
                    let hint = format!(
                        "write `dialect: {}` or `dialect: {}` under `items:`",
                        first.name, second.name
                    );
                    Err(Box::new(self.whole(message).hint(hint)))
                }
            };
        };
        let names = dialect::names();
        let Some(dialect) = dialect::find(wanted) else {
            let problem = self.whole(format!("there is no dialect `{wanted}`"));
            return Err(Box::new(match did_you_mean(wanted, names.iter().copied()) {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem.hint(format!("the dialects are: {}", names.join(", "))),
            }));
        };
        dialect.confidence(&self.headers).map(|confidence| (dialect, confidence)).ok_or_else(|| {
            let missing = dialect.missing(&self.headers).join("` and `");
            let problem =
                self.whole(format!("a {} has the columns `{missing}`, and this file has not", dialect.title));
            Box::new(match dialect::detect(&self.headers) {
                Detected::One(found, _) => problem.hint(format!("write `dialect: {}`", found.name)),
                Detected::Either(..) => problem.hint("write the dialect of the program that wrote the file"),
            })
        })
    }

    /// The dialect is settled: what has waited is taken.
    fn know(
        &mut self,
        row: u64,
        dialect: &'static Dialect,
        confidence: Confidence,
    ) -> Result<(), Box<Problem>> {
        let columns = dialect.columns(&self.headers);
        if columns.together.is_empty() {
            let names = dialect.id_headers();
            let (last, others) = names.split_last().map_or(("", &[][..]), |(last, others)| (*last, others));
            let names = format!("`{}` or `{last}`", others.join("`, `"));
            let problem = self.at(row, None, format!("no column is called {names}"));
            let problem = problem.hint("rename the column that tells the items apart to `id`");
            return Err(Box::new(problem.note(format!("columns: {}", self.headers.join(", ")))));
        }
        let products = Products::new(dialect, self.options.one_per != OnePer::Product);
        self.known = Some(Known { dialect, confidence, columns, products });
        for row in std::mem::take(&mut self.waiting) {
            self.row(row);
        }
        Ok(())
    }

    fn is_in_bounds(&self) -> bool {
        self.rows <= MOST_ROWS && self.cells <= MOST_CELLS
    }

    /// Takes a row of a file whose header is known.
    pub(super) fn row(&mut self, row: Row) {
        let was_in_bounds = self.is_in_bounds();
        self.rows += 1;
        self.cells = self.cells.saturating_add(row.cells.len());
        if !self.is_in_bounds() {
            if was_in_bounds {
                let message = format!("the file has more than {MOST_ROWS} rows or {MOST_CELLS} cells");
                let problem = self.at(row.number, None, message);
                self.problems.push(problem.hint("split it, or leave out the columns that no clip needs"));
            }
            return;
        }
        let Some(Known { dialect, columns, products, .. }) = &mut self.known else { return };
        let number = row.number;
        let shortened = columns.codes.iter().copied().find(|column| is_shortened(row.cell(*column)));
        let text = shortened.map(|column| (column, row.cell(column).to_owned()));
        let dialect: &'static Dialect = dialect;
        let is_named = products.add(&self.headers, columns, row);
        if let Some((column, text)) = text.filter(|_| !dialect.is_plain()) {
            let header = self.headers[column].clone();
            let mut problem = self.at(number, Some(&header), "a spreadsheet has shortened this number");
            problem.severity = Severity::Warning;
            let problem = problem.hint("clips do not depend on it; for true numbers, export the file again");
            self.spoilt(number, problem, Some(format!("`{text}`")), format!("sheet row {number}"));
        }
        if !is_named {
            let header = self.known.as_ref().and_then(|known| known.columns.together.first());
            let header = header.and_then(|column| self.headers.get(*column)).cloned();
            let problem = self
                .at(number, header.as_deref(), "the row has no id")
                .hint("fill the cell with an id that no other row has, and do not change it later");
            self.spoilt(number, problem, None, format!("sheet row {number}"));
        }
    }

    /// Takes a record of a file without a header: each value with its name.
    pub(super) fn record(&mut self, number: u64, record: Record) -> Result<(), Box<Problem>> {
        let Some(values) = record.finish() else { return Err(Box::new(self.too_wide(number))) };
        let mut cells: Vec<String> = Vec::new();
        let before = self.headers.len();
        for (name, value) in values {
            let at = *self.places.entry(name).or_insert_with_key(|name| {
                self.headers.push(name.clone());
                self.headers.len() - 1
            });
            if cells.len() <= at {
                cells.resize(at + 1, String::new());
            }
            cells[at] = value;
        }
        if self.headers.len() > WIDEST {
            return Err(Box::new(self.too_wide(number)));
        }
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            return Ok(());
        }
        let row = Row { number, cells };
        if let Some(known) = &mut self.known {
            if self.headers.len() > before {
                known.columns = known.dialect.columns(&self.headers);
            }
            self.row(row);
            return Ok(());
        }
        self.waiting.push(row);
        if self.waiting.len() < LOOKED_AT { Ok(()) } else { self.look() }
    }

    fn too_wide(&self, number: u64) -> Problem {
        let message = format!(
            "the records have more than {WIDEST} different names, or one of more than {LONGEST_NAME} bytes"
        );
        self.at(number, None, message).hint("give the same thing the same short name in each")
    }

    /// Settles the dialect of a file without a header.
    fn look(&mut self) -> Result<(), Box<Problem>> {
        let (dialect, confidence) = self.dialect()?;
        let first = self.waiting.first().map_or(1, |row| row.number);
        self.know(first, dialect, confidence)
    }

    /// The end of a file without a header.
    pub(super) fn end_of_records(&mut self) -> Result<(), Box<Problem>> {
        if self.known.is_none() && !self.waiting.is_empty() { self.look() } else { Ok(()) }
    }

    /// Whether nothing was read and nothing was wrong.
    pub(super) fn is_empty(&self) -> bool {
        self.problems.is_empty() && self.known.as_ref().is_none_or(|known| known.products.list.is_empty())
    }

    /// What came of it all, in the order of the rows. With an error among the problems, the items are not all there.
    pub(super) fn finish(mut self) -> Catalog {
        let mut catalog = Catalog::default();
        if let Some(mut known) = self.known.take() {
            known.products.close(&known.columns);
            let maker = Maker {
                file: self.file,
                dialect: known.dialect,
                headers: &self.headers,
                columns: &known.columns,
                one_per: self.options.one_per,
                all: self.options.all,
            };
            let mut about = About {
                format: self.format.clone(),
                encoding: self.encoding,
                dialect: &known.dialect.name,
                title: &known.dialect.title,
                known: known.confidence.known,
                of: known.confidence.of,
                columns: self.headers.len(),
                mapping: mapping(&known, &self.headers),
                counts: known.products.counts(),
                makes: maker.makes(&known.products),
                kinds: std::mem::take(&mut known.products.kinds),
                left_out: Vec::new(),
            };
            let Made { items, mut problems, left_out } = maker.items(known.products.list);
            self.problems.append(&mut problems);
            about.left_out = left_out.into_iter().map(|(reason, count)| (reason.to_owned(), count)).collect();
            self.problems.extend(self.left_out(&about, items.is_empty()));
            (catalog.items, catalog.about) = (items, Some(about));
        }
        self.problems.sort_by_key(|problem| match &problem.place {
            Place::Row { row, .. } => *row,
            Place::Nowhere | Place::File(_) | Place::Text { .. } => 0,
        });
        catalog.problems = self.problems;
        catalog
    }

    /// What is said of rows that make no clips.
    fn left_out(&self, about: &About, is_all: bool) -> Option<Problem> {
        let left: usize = about.left_out.iter().map(|(_, count)| count).sum();
        if left == 0 {
            return None;
        }
        let reasons: Vec<String> =
            about.left_out.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        let what = match (self.options.one_per, left) {
            (OnePer::Product, 1) => "1 product is",
            (OnePer::Product, _) => &format!("{left} products are"),
            (_, 1) => "1 variant is",
            (_, _) => &format!("{left} variants are"),
        };
        let mut problem = self.whole(format!("{what} left out: {}", reasons.join(", ")));
        if is_all && self.problems.is_empty() {
            problem = problem.note("nothing else is in the file");
        } else {
            problem.severity = Severity::Note;
        }
        Some(if self.options.all {
            problem
        } else {
            problem.hint("to take them too, write `all: true` under `items:`")
        })
    }
}

/// Which columns stand for what.
fn mapping(known: &Known, headers: &[String]) -> Vec<(&'static str, Vec<String>)> {
    use dialect::Field;
    let named =
        |columns: &[usize]| columns.iter().filter_map(|column| headers.get(*column).cloned()).collect();
    let fields = [
        Field::Sku,
        Field::Handle,
        Field::Title,
        Field::Description,
        Field::Vendor,
        Field::Type,
        Field::Tags,
        Field::Status,
        Field::Image,
        Field::MoreImages,
        Field::VariantImage,
    ];
    let fields = fields.into_iter().map(|field| (field.name(), named(known.columns.of(field))));
    let id = std::iter::once(("id", named(&known.columns.together)));
    id.chain(fields).filter(|(_, columns): &(_, Vec<String>)| !columns.is_empty()).collect()
}

/// A column as people name it in a message: `3 (C)`.
pub(super) fn at_letter(at: usize) -> String {
    format!("{} ({})", at + 1, letters(at))
}

/// A column as a spreadsheet heads it: `A`, `Z`, `AA`.
pub(super) fn letters(at: usize) -> String {
    let last = char::from(b'A' + u8::try_from(at % 26).unwrap_or_default());
    match at / 26 {
        0 => last.to_string(),
        before => format!("{}{last}", letters(before - 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_beyond_the_bounds_are_not_taken_and_that_is_told_once() {
        for (rows, cells) in [(MOST_ROWS - 1, 0), (0, MOST_CELLS - 2)] {
            let options = Reading::default();
            let mut table = Table::new("p.csv", &options);
            table.header(1, vec!["id".into(), "title".into()]).unwrap();
            (table.rows, table.cells) = (rows, cells);
            for number in 2..6 {
                table.row(Row { number, cells: vec![format!("a{number}"), String::new()] });
            }
            let catalog = table.finish();
            assert_eq!((catalog.items.len(), catalog.problems.len()), (1, 1));
            assert!(catalog.problems[0].message.contains("1048576 rows or 33554432 cells"));
        }
    }
}
