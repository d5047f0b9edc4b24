//! The parts of a workbook: the list of its sheets, its texts, its number formats, and the rows of a sheet.

use super::format::Format;
use crate::catalog::sheet::LARGEST_CELL;
use crate::domain::text::decode_entities;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::collections::HashMap;
use std::io::{BufReader, Cursor, Read};
use zip::ZipArchive;

/// Most columns of a sheet (Excel's specification).
const WIDEST: usize = 16_384;

/// Error for a part that breaks off.
const ENDS: &str = "one of its parts ends too early";

type Archive = ZipArchive<Cursor<Vec<u8>>>;

/// A workbook with all that its sheets share.
pub(super) struct Workbook {
    archive: Archive,
    pub(super) sheets: Vec<SheetPart>,
    texts: Texts,
    /// Formats by the style of a cell.
    formats: Vec<Format>,
    is_1904: bool,
}

/// A sheet in the list of a workbook.
#[derive(Debug, Clone)]
pub(super) struct SheetPart {
    pub(super) name: String,
    pub(super) is_hidden: bool,
    path: String,
}

/// Texts that cells share, one behind the other.
#[derive(Default)]
struct Texts {
    all: String,
    ends: Vec<usize>,
}

impl Texts {
    fn get(&self, at: usize) -> Option<&str> {
        let start = if at == 0 { 0 } else { *self.ends.get(at - 1)? };
        self.all.get(start..*self.ends.get(at)?)
    }
}

/// A part of a workbook as XML.
struct Xml<R: Read> {
    reader: Reader<BufReader<R>>,
    buffer: Vec<u8>,
}

impl<R: Read> Xml<R> {
    fn new(source: R) -> Self {
        Self { reader: Reader::from_reader(BufReader::with_capacity(64 * 1024, source)), buffer: Vec::new() }
    }

    fn next(&mut self) -> Result<Event<'_>, String> {
        self.buffer.clear();
        self.reader.read_event_into(&mut self.buffer).map_err(|error| error.to_string())
    }
}

/// Returns the value of an attribute, whatever prefix its name has.
fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let is_meant = |key: &str| key.rsplit(':').next() == Some(name);
    let found = start.attributes().flatten().find(|attribute| is_meant(attribute.key.as_ref()))?;
    Some(decode_entities(&found.value))
}

fn is_set(start: &BytesStart<'_>, name: &str) -> bool {
    attribute(start, name).is_some_and(|value| value == "1" || value == "true")
}

/// Adds the text of an event.
fn add_text(text: &mut String, event: &Event<'_>) {
    match event {
        Event::Text(part) => text.push_str(&part.xml10_content()),
        Event::CData(part) => text.push_str(&part.xml10_content()),
        Event::GeneralRef(name) => text.push_str(&decode_entities(&format!("&{};", &**name))),
        _ => {}
    }
}

/// Returns a text with the characters that a workbook cannot write otherwise: `_x000D_`.
fn unescaped(text: &str) -> String {
    let mut read = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        read.push_str(&rest[..at]);
        rest = &rest[at..];
        let code = rest.get(2..6).filter(|_| rest.get(6..7) == Some("_"));
        let code = code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
        let (character, length) = code.map_or(('_', 1), |character| (character, 7));
        read.push(character);
        rest = &rest[length..];
    }
    read.push_str(rest);
    read
}

impl Workbook {
    /// Reads all that the sheets share. The error says what is wrong with the file.
    pub(super) fn open(bytes: Vec<u8>) -> Result<Self, String> {
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
        let start = relations(&mut archive, "_rels/.rels", "")?;
        let named = start.iter().find(|(_, (kind, _))| kind.ends_with("/officeDocument"));
        let path = named.map_or("xl/workbook.xml".to_owned(), |(_, (_, path))| path.clone());
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let related = relations(&mut archive, &format!("{folder}/_rels/{name}.rels"), folder)?;
        let of_kind = |kind: &str| {
            related.values().find(|(known, _)| known.ends_with(kind)).map(|(_, path)| path.clone())
        };
        let (listed, is_1904) = sheets(&mut archive, &path)?;
        let sheets = listed.into_iter().filter_map(|(name, id, is_hidden)| {
            let (kind, path) = related.get(&id)?;
            kind.ends_with("/worksheet").then(|| SheetPart { name, is_hidden, path: path.clone() })
        });
        let sheets = sheets.collect();
        let texts = match of_kind("/sharedStrings") {
            Some(path) => texts(&mut archive, &path)?,
            None => Texts::default(),
        };
        let formats = match of_kind("/styles") {
            Some(path) => formats(&mut archive, &path)?,
            None => Vec::new(),
        };
        Ok(Self { archive, sheets, texts, formats, is_1904 })
    }

    /// Returns the rows of a sheet from its start.
    pub(super) fn rows(&mut self, sheet: &SheetPart) -> Result<Rows<'_, impl Read>, String> {
        let Self { archive, texts, formats, is_1904, .. } = self;
        let part = archive.by_name(&sheet.path).map_err(|error| format!("{}: {error}", sheet.path))?;
        Ok(Rows { xml: Xml::new(part), texts, formats, is_1904: *is_1904, row: 0 })
    }
}

fn part<'a>(archive: &'a mut Archive, path: &str) -> Result<Option<Xml<impl Read + 'a>>, String> {
    match archive.by_name(path) {
        Ok(part) => Ok(Some(Xml::new(part))),
        Err(zip::result::ZipError::FileNotFound { .. }) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// Returns the parts that a part names: kind and path by id.
fn relations(
    archive: &mut Archive,
    path: &str,
    folder: &str,
) -> Result<HashMap<String, (String, String)>, String> {
    let mut related = HashMap::new();
    let Some(mut xml) = part(archive, path)? else { return Ok(related) };
    loop {
        match xml.next()? {
            Event::Start(start) | Event::Empty(start) if start.local_name().as_ref() == "Relationship" => {
                let value = |name| attribute(&start, name);
                if let (Some(id), Some(kind), Some(target)) = (value("Id"), value("Type"), value("Target")) {
                    let path = match target.strip_prefix('/') {
                        Some(path) => path.to_owned(),
                        None if folder.is_empty() => target,
                        None => format!("{folder}/{target}"),
                    };
                    related.insert(id, (kind, path));
                }
            }
            Event::Eof => return Ok(related),
            _ => {}
        }
    }
}

/// A sheet in the list: its name, its id among the parts, and whether it is hidden.
type Listed = (String, String, bool);

/// Returns the list of the sheets, and whether dates are counted from 1904.
fn sheets(archive: &mut Archive, path: &str) -> Result<(Vec<Listed>, bool), String> {
    let (mut sheets, mut is_1904) = (Vec::new(), false);
    let Some(mut xml) = part(archive, path)? else { return Err(format!("it has no part `{path}`")) };
    loop {
        match xml.next()? {
            Event::Start(start) | Event::Empty(start) => match start.local_name().as_ref() {
                "workbookPr" => is_1904 = is_set(&start, "date1904"),
                "sheet" => {
                    // The id of the part has a prefix, `r:id`; `sheetId` is a number.
                    if let (Some(name), Some(id)) = (attribute(&start, "name"), attribute(&start, "id")) {
                        let state = attribute(&start, "state");
                        sheets.push((name, id, state.is_some_and(|state| state.ends_with("idden"))));
                    }
                }
                _ => {}
            },
            Event::Eof => return Ok((sheets, is_1904)),
            _ => {}
        }
    }
}

fn texts(archive: &mut Archive, path: &str) -> Result<Texts, String> {
    let mut texts = Texts::default();
    let Some(mut xml) = part(archive, path)? else { return Ok(texts) };
    let mut text = Rich::default();
    loop {
        match xml.next()? {
            Event::End(end) if end.local_name().as_ref() == "si" => {
                texts.all.push_str(&unescaped(&std::mem::take(&mut text).text));
                texts.ends.push(texts.all.len());
            }
            Event::Empty(start) if start.local_name().as_ref() == "si" => texts.ends.push(texts.all.len()),
            Event::Eof => return Ok(texts),
            event => text.take(&event),
        }
    }
}

/// A text of several runs, without the pronunciation that may stand beside it.
#[derive(Default)]
struct Rich {
    text: String,
    is_text: bool,
    is_phonetic: bool,
}

impl Rich {
    fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(start) => match start.local_name().as_ref() {
                "t" => self.is_text = true,
                "rPh" => self.is_phonetic = true,
                _ => {}
            },
            Event::End(end) => match end.local_name().as_ref() {
                "t" => self.is_text = false,
                "rPh" => self.is_phonetic = false,
                _ => {}
            },
            event if self.is_text && !self.is_phonetic => add_text(&mut self.text, event),
            _ => {}
        }
    }
}

fn formats(archive: &mut Archive, path: &str) -> Result<Vec<Format>, String> {
    let (mut formats, mut own, mut is_cells) = (Vec::new(), HashMap::new(), false);
    let Some(mut xml) = part(archive, path)? else { return Ok(formats) };
    loop {
        match xml.next()? {
            Event::Start(start) | Event::Empty(start) => {
                let id = || attribute(&start, "numFmtId").and_then(|id| id.parse::<u32>().ok());
                match start.local_name().as_ref() {
                    "numFmt" => {
                        if let (Some(id), Some(code)) = (id(), attribute(&start, "formatCode")) {
                            own.insert(id, Format::read(&code));
                        }
                    }
                    "cellXfs" => is_cells = true,
                    "xf" if is_cells => {
                        let id = id().unwrap_or(0);
                        formats.push(own.get(&id).cloned().unwrap_or_else(|| Format::built_in(id)));
                    }
                    _ => {}
                }
            }
            Event::End(end) if end.local_name().as_ref() == "cellXfs" => is_cells = false,
            Event::Eof => return Ok(formats),
            _ => {}
        }
    }
}

/// A row of a sheet.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) is_hidden: bool,
    pub(super) cells: Vec<String>,
    /// Cells that hold no value: the column, and what stands there instead.
    pub(super) wrong: Vec<(usize, Wrong)>,
}

/// A cell without a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wrong {
    /// An error such as `#N/A`.
    Error(String),
    /// A formula that no program has computed.
    Formula,
    /// A text beyond the bound.
    TooLarge,
}

/// The rows of a sheet, one after the other.
pub(super) struct Rows<'w, R: Read> {
    xml: Xml<R>,
    texts: &'w Texts,
    formats: &'w [Format],
    is_1904: bool,
    row: u64,
}

/// A cell while it is read.
#[derive(Default)]
struct Cell {
    column: usize,
    style: usize,
    kind: String,
    value: String,
    inline: Rich,
    has_formula: bool,
}

impl<R: Read> Rows<'_, R> {
    /// Returns the next row that has cells; nothing behind the last.
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
                            self.row = number.unwrap_or(self.row + 1);
                            let is_hidden = is_set(start, "hidden");
                            line = is_open.then(|| Line { number: self.row, is_hidden, ..Line::default() });
                            column = 0;
                        }
                        "c" => {
                            let new = opened(start, column)?;
                            column = new.column + 1;
                            cell = is_open.then_some(new);
                        }
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

    /// Returns the areas of merged cells, which stand behind the rows.
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

/// Returns the column of a cell by its name: 27 for `AB7`.
pub(super) fn column(name: &str) -> Option<usize> {
    let letters = name.bytes().take_while(u8::is_ascii_alphabetic);
    let number =
        letters.take(4).fold(0, |sum, letter| sum * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1);
    number.checked_sub(1)
}

impl Cell {
    /// Adds what the cell shows to its row.
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
            "e" => value.trim().to_owned(),
            "d" => value.trim().to_owned(),
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
