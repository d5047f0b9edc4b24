//! Reads the rows of a sheet of a workbook, one at a time.

use super::elements::{Rich, Texts, Xml, add_text, attribute, is_set, unescaped};
use super::format::Format;
use crate::catalog::sheet::LARGEST_CELL;
use quick_xml::events::{BytesStart, Event};
use std::collections::BTreeSet;
use std::io::Read;
use std::ops::Range;

/// Limit on the columns of a sheet (Excel's specification).
const WIDEST: usize = 16_384;

/// Limit on the rows of a sheet (ECMA-376); a larger row number is ignored.
const TALLEST: u64 = 1 << 20;

/// The error for a file in the workbook's archive that ends too early.
const ENDS: &str = "one of its parts ends too early";

/// A row of a sheet.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) is_hidden: bool,
    pub(super) cells: Vec<String>,
    /// The cells without a value, each with its column and the reason.
    pub(super) wrong: Vec<(usize, Wrong)>,
}

/// The reason why a cell has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wrong {
    /// An error such as `#N/A`.
    Error(String),
    /// A formula that no program has computed.
    Formula,
    /// A text larger than [`LARGEST_CELL`].
    TooLarge,
}

/// A reader of the rows of a sheet.
pub(super) struct Rows<'w, R: Read> {
    xml: Xml<R>,
    texts: &'w Texts,
    formats: &'w [Format],
    is_1904: bool,
    row: u64,
    /// The indexes of hidden columns; complete before the first row is returned.
    pub(super) hidden: BTreeSet<usize>,
}

/// A cell that is being read.
#[derive(Default)]
struct Cell {
    column: usize,
    style: usize,
    kind: String,
    value: String,
    inline: Rich,
    has_formula: bool,
}

impl<'w, R: Read> Rows<'w, R> {
    /// Returns a reader of the rows of the sheet whose XML is `part`.
    pub(super) fn new(part: R, texts: &'w Texts, formats: &'w [Format], is_1904: bool) -> Self {
        Self { xml: Xml::new(part), texts, formats, is_1904, row: 0, hidden: BTreeSet::new() }
    }

    /// Returns the next row that has cells; `None` after the last.
    pub(super) fn next(&mut self) -> Result<Option<Line>, String> {
        let mut line: Option<Line> = None;
        let mut cell: Option<Cell> = None;
        let mut column = 0;
        let (mut is_value, mut is_inline) = (false, false);
        loop {
            let event = self.xml.next()?;
            match &event {
                Event::Start(start) | Event::Empty(start) => {
                    let is_open = matches!(event, Event::Start(_));
                    match start.local_name().as_ref() {
                        "row" => {
                            let number = attribute(start, "r").and_then(|number| number.parse().ok());
                            self.row = number.filter(|row| *row <= TALLEST).unwrap_or(self.row + 1);
                            let is_hidden = is_set(start, "hidden");
                            line = is_open.then(|| Line { number: self.row, is_hidden, ..Line::default() });
                            column = 0;
                        }
                        "c" => {
                            let new = opened(start, column)?;
                            column = new.column + 1;
                            cell = is_open.then_some(new);
                        }
                        "col" if is_set(start, "hidden") => self.hidden.extend(stretch(start)),
                        "v" => is_value = is_open,
                        "is" => is_inline = is_open,
                        "f" => cell.iter_mut().for_each(|cell| cell.has_formula = true),
                        _ => {}
                    }
                    if let Some(cell) = cell.as_mut().filter(|_| is_inline) {
                        cell.inline.take(&event);
                    }
                }
                Event::End(end) => {
                    if let Some(cell) = cell.as_mut().filter(|_| is_inline) {
                        cell.inline.take(&event);
                    }
                    match end.local_name().as_ref() {
                        "v" => is_value = false,
                        "is" => is_inline = false,
                        "c" => {
                            if let (Some(line), Some(cell)) = (&mut line, cell.take()) {
                                cell.close(line, self.texts, self.formats, self.is_1904);
                            }
                        }
                        "row" => {
                            if let Some(line) = line.take().filter(|line| !line.cells.is_empty()) {
                                return Ok(Some(line));
                            }
                        }
                        "sheetData" => return Ok(None),
                        _ => {}
                    }
                }
                Event::Eof if self.row == 0 && line.is_none() => return Ok(None),
                Event::Eof => return Err(ENDS.to_owned()),
                _ => {
                    if let Some(cell) = &mut cell {
                        if is_value {
                            add_text(&mut cell.value, &event);
                        } else if is_inline {
                            cell.inline.take(&event);
                        }
                    }
                }
            }
        }
    }

    /// Returns the areas of merged cells, such as `A1:B2`, which are in the XML after the rows. Call it after the last
    /// row.
    pub(super) fn merged(&mut self) -> Result<Vec<String>, String> {
        let mut areas = Vec::new();
        loop {
            match self.xml.next()? {
                Event::Start(start) | Event::Empty(start) if start.local_name().as_ref() == "mergeCell" => {
                    areas.extend(attribute(&start, "ref"));
                }
                Event::Eof => return Ok(areas),
                _ => {}
            }
        }
    }
}

/// Returns the range of column indexes that an element gives by its attributes `min` and `max`, which count from 1.
fn stretch(start: &BytesStart<'_>) -> Range<usize> {
    let place = |name| attribute(start, name).and_then(|place| place.parse::<usize>().ok()).unwrap_or(0);
    place("min").saturating_sub(1)..place("max").min(WIDEST)
}

fn opened(start: &BytesStart<'_>, next: usize) -> Result<Cell, String> {
    let mut cell = Cell { column: next, ..Cell::default() };
    for attribute in start.attributes().flatten() {
        match attribute.key.as_ref() {
            "r" => cell.column = column(&attribute.value).unwrap_or(next),
            "s" => cell.style = attribute.value.parse().unwrap_or(0),
            "t" => cell.kind = attribute.value.to_string(),
            _ => {}
        }
    }
    if cell.column < WIDEST { Ok(cell) } else { Err(format!("a row has more than {WIDEST} columns")) }
}

/// Returns the index of the column in a cell's name, such as 27 for `AB7`; `None` if the name has no letters.
pub(in crate::catalog) fn column(name: &str) -> Option<usize> {
    let letters = name.bytes().take_while(u8::is_ascii_alphabetic);
    let number =
        letters.take(4).fold(0, |sum, letter| sum * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1);
    number.checked_sub(1)
}

impl Cell {
    /// Adds the cell's text to the row `line`, as the user sees the text in the spreadsheet.
    fn close(self, line: &mut Line, texts: &Texts, formats: &[Format], is_1904: bool) {
        let Self { column, style, kind, value, inline, has_formula } = self;
        let is_missing = has_formula && value.is_empty() && inline.text.is_empty() && kind != "str";
        let text = match kind.as_str() {
            "s" => value.trim().parse().ok().and_then(|at| texts.get(at)).unwrap_or_default().to_owned(),
            "inlineStr" => unescaped(&inline.text),
            "str" => unescaped(&value),
            "b" => match value.trim() {
                "" => String::new(),
                "1" | "true" => "TRUE".to_owned(),
                _ => "FALSE".to_owned(),
            },
            "e" | "d" => value.trim().to_owned(),
            _ if value.is_empty() => String::new(),
            _ => formats.get(style).unwrap_or(&Format::General).show(&value, is_1904),
        };
        let wrong = match kind.as_str() {
            "e" => Some(Wrong::Error(text.clone())),
            _ if is_missing => Some(Wrong::Formula),
            _ if text.len() > LARGEST_CELL => Some(Wrong::TooLarge),
            _ => None,
        };
        if text.is_empty() && wrong.is_none() {
            return;
        }
        if line.cells.len() <= column {
            line.cells.resize(column + 1, String::new());
        }
        line.wrong.extend(wrong.clone().map(|wrong| (column, wrong)));
        line.cells[column] = if wrong == Some(Wrong::TooLarge) { String::new() } else { text };
    }
}
