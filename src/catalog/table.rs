//! Where the readers of all formats put what they read: headers and rows in, a catalog out.

use super::about::{self, at_letter, letters};
use super::cells::is_shortened;
use super::dialect::{self, Columns, Confidence, Detected, Dialect};
use super::items::{Made, Maker};
use super::products::{Products, Row};
use super::{About, Catalog, Stop};
use crate::domain::digest::Sha256;
use crate::domain::item::{Item, OnePer, Reading};
use crate::domain::numbering::Numbering;
use crate::domain::problem::{Causes, Place, Problem, Severity, did_you_mean};
use std::collections::HashMap;
use std::sync::Arc;

/// Feeds and lists have no header: so many of their records are looked at before their program is told.
const LOOKED_AT: usize = 100;

/// Most columns. A feed or a list whose records share no names would grow a column with each.
const WIDEST: usize = 4096;

/// What is known of a file so far.
pub(super) struct Table<'a> {
    pub(super) file: &'a str,
    pub(super) options: &'a Reading,
    /// Who gets the items as soon as they are complete.
    take: Option<&'a mut dyn FnMut(Item)>,
    pub(super) problems: Causes,
    /// Whether something is wrong with the names of the columns.
    is_spoilt: bool,
    /// Names of the columns.
    headers: Vec<String>,
    /// Where each name stands, in a file without a header.
    places: HashMap<String, usize>,
    /// What is read and waits for the dialect.
    waiting: Vec<Row>,
    /// Those that were taken.
    rows: usize,
    known: Option<Known>,
    /// How the file is written, for people.
    pub(super) format: String,
    pub(super) encoding: &'static str,
}

/// A file whose dialect is known.
struct Known {
    dialect: &'static Dialect,
    confidence: Confidence,
    columns: Columns,
    products: Products,
    made: Made,
    /// Of a file whose items are handed on while it is read.
    stream: Option<Streamed>,
}

/// What a file that is handed on row by row has shown so far.
struct Streamed {
    /// The headers as all items share them.
    names: Arc<[Arc<str>]>,
    /// The product whose rows are being read.
    open: Option<String>,
    /// The products that were read.
    keys: Numbering,
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
            rows: 0,
            known: None,
            format: String::new(),
            encoding: "UTF-8",
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
        problem.label = label;
        problem.examples.push(example);
        problem.rows.push(row);
        self.problems.add(problem.of_item());
    }

    /// Notes what is wrong with a name of a column.
    pub(super) fn spoil_header(&mut self, problem: Problem) {
        self.is_spoilt = true;
        self.problems.add(problem);
    }

    /// Whether the names of the columns are known.
    pub(super) fn has_header(&self) -> bool {
        self.known.is_some()
    }

    /// Takes the header of a sheet, which stands in this row. An error ends the reading.
    pub(super) fn header(&mut self, row: u64, names: Vec<String>) -> Result<(), Box<Problem>> {
        self.headers = names;
        let (dialect, confidence) = self.dialect()?;
        for at in 0..self.headers.len() {
            let name = self.headers[at].clone();
            let first = self.headers[..at].iter().position(|known| *known == name);
            if dialect.is_plain() {
                self.check_header(row, at, first);
            } else if name.is_empty() || first.is_some() {
                // Exports of shops repeat names, and nobody named these by hand.
                let letters = letters(at);
                self.headers[at] = if name.is_empty() { letters } else { format!("{name} ({letters})") };
            }
        }
        self.know(row, dialect, confidence)?;
        if let Some(known) = self.known.as_mut().filter(|known| known.columns.parent.is_none()) {
            let names = shared(&self.headers);
            let stream = Streamed { names, open: None, keys: Numbering::default() };
            known.stream = self.take.is_some().then_some(stream);
        }
        Ok(())
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
        self.spoil_header(problem);
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
        let made = Made::default();
        self.known = Some(Known { dialect, confidence, columns, products, made, stream: None });
        for row in std::mem::take(&mut self.waiting) {
            self.gather(row);
        }
        Ok(())
    }

    /// Takes a row of a file whose header is known.
    pub(super) fn row(&mut self, row: Row) -> Result<(), Stop> {
        if let Some(Known { dialect, columns, stream: Some(stream), .. }) = &mut self.known
            && let Some(key) = columns.key(&row)
            && (dialect.is_plain() || stream.open.as_deref() != Some(key))
        {
            if !dialect.is_plain() {
                if stream.keys.before(&Sha256::of(key.as_bytes())).is_some() {
                    return Err(Stop::Scattered);
                }
                stream.open = Some(key.to_owned());
            }
            self.hand_on();
        }
        self.gather(row);
        Ok(())
    }

    /// Hands on the items of all products so far.
    fn hand_on(&mut self) {
        let Some(Known { dialect, columns, products, made, stream: Some(stream), .. }) = &mut self.known
        else {
            return;
        };
        let Reading { one_per, all, .. } = *self.options;
        let (file, headers, names) = (self.file, self.headers.as_slice(), &stream.names);
        let maker = Maker { file, dialect, headers, names, columns, one_per, all };
        maker.items(products.take(columns), made);
        self.problems.extend(made.problems.drain(..));
        for item in made.items.drain(..) {
            // Of a header that is wrong nobody knows which columns there are.
            if let Some(take) = self.take.as_mut().filter(|_| !self.is_spoilt) {
                take(item);
            }
        }
    }

    /// Adds a row to its product.
    fn gather(&mut self, row: Row) {
        let Some(Known { dialect, columns, products, .. }) = &mut self.known else { return };
        self.rows += 1;
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
    pub(super) fn record(&mut self, number: u64, values: Vec<(String, String)>) -> Result<(), Box<Problem>> {
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
            let message = format!("the records have more than {WIDEST} different names");
            return Err(Box::new(
                self.at(number, None, message).hint("give the same thing the same name in each"),
            ));
        }
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            return Ok(());
        }
        let row = Row { number, cells };
        if let Some(known) = &mut self.known {
            if self.headers.len() > before {
                known.columns = known.dialect.columns(&self.headers);
            }
            self.gather(row);
            return Ok(());
        }
        self.waiting.push(row);
        if self.waiting.len() < LOOKED_AT { Ok(()) } else { self.look() }
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
        self.problems.is_empty() && self.rows == 0
    }

    /// What came of it all, in the order of the rows. With an error among the problems, the items are not all there;
    /// those that were handed on already are not among them.
    pub(super) fn finish(mut self) -> Catalog {
        self.hand_on();
        let mut catalog =
            Catalog { is_headed: self.known.is_some() && !self.is_spoilt, ..Catalog::default() };
        if let Some(mut known) = self.known.take() {
            if known.stream.is_none() {
                catalog.about = Some(self.gathered(&mut known));
            }
            self.problems.extend(known.made.problems.drain(..));
            let left_out = about::left_out(&self, &known.made);
            self.problems.extend(left_out);
            (catalog.items, catalog.doubled) = (known.made.items, known.made.doubled);
        }
        catalog.problems = self.problems.finish();
        catalog.problems.sort_by_key(|problem| match &problem.place {
            Place::Row { row, .. } => *row,
            Place::Nowhere | Place::File(_) | Place::Text { .. } => 0,
        });
        catalog
    }

    /// Makes the items of a file that was gathered, and says what the file is.
    fn gathered(&self, known: &mut Known) -> About {
        let Known { dialect, confidence, columns, products, made, .. } = known;
        products.close(columns);
        let Reading { one_per, all, .. } = *self.options;
        let names = shared(&self.headers);
        let (file, headers, names) = (self.file, self.headers.as_slice(), &names);
        let maker = Maker { file, dialect, headers, names, columns, one_per, all };
        let mut about = About {
            format: self.format.clone(),
            encoding: self.encoding,
            dialect: &dialect.name,
            title: &dialect.title,
            known: confidence.known,
            of: confidence.of,
            columns: self.headers.len(),
            mapping: about::mapping(columns, &self.headers),
            counts: products.counts(),
            makes: maker.makes(products),
            kinds: std::mem::take(&mut products.kinds),
            left_out: Vec::new(),
        };
        maker.items(std::mem::take(&mut products.list), made);
        about.left_out = made.left_out.iter().map(|(reason, count)| ((*reason).to_owned(), *count)).collect();
        about
    }
}

/// Names as all items of a file share them.
fn shared(headers: &[String]) -> Arc<[Arc<str>]> {
    headers.iter().map(|name| Arc::from(name.as_str())).collect()
}
