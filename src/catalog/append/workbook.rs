//! Adds columns to a sheet of an XLSX workbook.
//!
//! The XML of the sheet is edited in place. All other files of the workbook's ZIP archive are copied as they are, still
//! compressed.

use super::xml::is_written;
use super::{Appended, Columns, Refused};
use crate::catalog::cells::letters;
use crate::catalog::workbook::column;
use quick_xml::Reader;
use quick_xml::escape::escape;
use quick_xml::events::{BytesStart, Event};
use std::fmt::Write as _;
use std::io::{Cursor, Read as _, Write as _};
use std::ops::Range;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Limit on the columns of a sheet (Excel's specification).
const WIDEST: usize = 16_384;

/// Adds columns to the sheet whose XML is the file `part` of the workbook's archive.
pub(super) fn append(
    bytes: &[u8],
    part: &str,
    header: u64,
    columns: &Columns<'_>,
) -> Result<Appended, Refused> {
    let unfit = |error: &dyn std::fmt::Display| Refused::Unfit(error.to_string());
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| unfit(&error))?;
    let mut text = String::new();
    let read = archive.by_name(part).map_err(|error| unfit(&error))?.read_to_string(&mut text);
    read.map_err(|_| Refused::Unfit(format!("{part} is not written in UTF-8")))?;
    let sheet = Sheet::read(&text)?;
    let (edited, rows) = sheet.edited(&text, header, columns)?;
    let mut writer = ZipWriter::new(Cursor::new(Vec::with_capacity(bytes.len())));
    writer.set_raw_comment(archive.comment().into()).map_err(|error| unfit(&error))?;
    for at in 0..archive.len() {
        let file = archive.by_index_raw(at).map_err(|error| unfit(&error))?;
        if file.name().map_err(|error| unfit(&error))? == part {
            let mut options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
            if let Some(modified) = file.last_modified() {
                options = options.last_modified_time(modified);
            }
            writer.start_file(part, options).map_err(|error| unfit(&error))?;
            writer.write_all(edited.as_bytes()).map_err(|error| unfit(&error))?;
        } else {
            writer.raw_copy_file(file).map_err(|error| unfit(&error))?;
        }
    }
    let bytes = writer.finish().map_err(|error| unfit(&error))?.into_inner();
    Ok(Appended { bytes, rows, untouched: Vec::new(), replaced: 0 })
}

/// A sheet of a workbook: its rows and cells with their positions in the XML, which show where new cells belong.
#[derive(Default)]
struct Sheet {
    rows: Vec<Row>,
    /// The area that the sheet declares, such as `A1:F20`, and the position of the declaration in the XML.
    area: Option<(String, Range<usize>)>,
}

struct Row {
    number: u64,
    /// The name of the row's XML element, with its namespace prefix.
    name: String,
    tag: Range<usize>,
    /// The position of the row's end tag.
    end: usize,
    cells: Vec<Cell>,
}

struct Cell {
    column: usize,
    style: Option<String>,
    /// True if the XML element of the cell has content, such as a value.
    is_filled: bool,
    place: Range<usize>,
}

impl Sheet {
    fn read(text: &str) -> Result<Self, String> {
        let mut reader = Reader::from_str(text);
        let mut sheet = Self::default();
        let (mut row, mut cell): (Option<Row>, Option<Cell>) = (None, None);
        let mut last = 0;
        loop {
            let before = place(&reader)?;
            let event = reader.read_event().map_err(|error| error.to_string())?;
            let after = place(&reader)?;
            let is_open = matches!(event, Event::Start(_));
            match &event {
                Event::Start(start) | Event::Empty(start) => match start.local_name().as_ref() {
                    "dimension" => {
                        sheet.area = attribute(start, "ref").map(|area| (area, before..after));
                    }
                    "row" => {
                        let number = attribute(start, "r").and_then(|number| number.parse().ok());
                        last = number.unwrap_or(last + 1);
                        let name = start.name().as_ref().to_owned();
                        row = is_open.then(|| Row {
                            number: last,
                            name,
                            tag: before..after,
                            end: after,
                            cells: Vec::new(),
                        });
                    }
                    "c" if cell.is_none() => {
                        let next =
                            row.as_ref().and_then(|row| Some(row.cells.last()?.column + 1)).unwrap_or(0);
                        let column = attribute(start, "r").and_then(|name| column(&name)).unwrap_or(next);
                        let style = attribute(start, "s");
                        let new = Cell { column, style, is_filled: false, place: before..after };
                        if is_open {
                            cell = Some(new);
                        } else if let Some(row) = &mut row {
                            row.cells.push(new);
                        }
                    }
                    _ => cell.iter_mut().for_each(|cell| cell.is_filled = true),
                },
                Event::End(end) => match end.local_name().as_ref() {
                    "c" => {
                        if let (Some(row), Some(mut cell)) = (&mut row, cell.take()) {
                            cell.place.end = after;
                            row.cells.push(cell);
                        }
                    }
                    "row" => {
                        if let Some(mut row) = row.take() {
                            row.end = before;
                            sheet.rows.push(row);
                        }
                    }
                    "sheetData" => return Ok(sheet),
                    _ => {}
                },
                Event::Eof => return Ok(sheet),
                _ => {}
            }
        }
    }

    /// Returns the sheet's XML with the added columns, and the number of rows that received new cells. Returns an error
    /// if the sheet would have more than [`WIDEST`] columns.
    fn edited(&self, text: &str, header: u64, columns: &Columns<'_>) -> Result<(String, usize), Refused> {
        let below = || self.rows.iter().filter(|row| row.number >= header);
        if below().next().is_none_or(|row| row.number != header) {
            return Err(Refused::Unfit(format!("row {header} is no longer the header")));
        }
        let filled = below().flat_map(|row| row.cells.iter().filter(|cell| cell.is_filled));
        let first = filled.map(|cell| cell.column + 1).max().unwrap_or(0);
        let end = first + columns.names.len();
        if end > WIDEST {
            return Err(Refused::Unfit("the sheet has no room for more columns".to_owned()));
        }
        let (mut edited, mut kept, mut count) = (String::with_capacity(text.len() + text.len() / 4), 0, 0);
        if let Some((area, tag)) = &self.area {
            edited.push_str(&text[..tag.start]);
            edited.push_str(&text[tag.clone()].replacen(area.as_str(), &widened(area, end), 1));
            kept = tag.end;
        }
        for row in below() {
            let names: Vec<String> = columns.names.iter().map(|name| (*name).to_owned()).collect();
            let is_header = row.number == header;
            let Some(texts) = (if is_header { Some(&names) } else { columns.rows.get(&row.number) }) else {
                continue;
            };
            count += usize::from(!is_header);
            edited.push_str(&text[kept..row.tag.start]);
            edited.push_str(&spanned(&text[row.tag.clone()], end));
            kept = row.tag.end;
            let start =
                row.cells.iter().find(|cell| cell.column >= first).map_or(row.end, |cell| cell.place.start);
            edited.push_str(&text[kept..start]);
            kept = start;
            let prefix = row.name.strip_suffix("row").unwrap_or_default();
            let style = row.cells.iter().rfind(|cell| is_header && cell.is_filled);
            let style = style.and_then(|cell| cell.style.as_deref());
            for (at, text) in texts.iter().enumerate() {
                add(&mut edited, prefix, first + at, row.number, style, text);
            }
            // Empty cells in the place of the new ones are dropped.
            for cell in row.cells.iter().filter(|cell| (first..end).contains(&cell.column)) {
                edited.push_str(&text[kept..cell.place.start]);
                kept = cell.place.end;
            }
        }
        edited.push_str(&text[kept..]);
        Ok((edited, count))
    }
}

fn place(reader: &Reader<&[u8]>) -> Result<usize, String> {
    usize::try_from(reader.buffer_position()).map_err(|error| error.to_string())
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = start.attributes().flatten().find(|attribute| attribute.key.as_ref() == name)?;
    Some(found.value.to_string())
}

/// Appends the XML of a cell to `edited`, or nothing for an empty text. The text is written into the cell itself, not
/// among the workbook's shared strings, so a spreadsheet never treats it as a formula.
fn add(edited: &mut String, prefix: &str, column: usize, row: u64, style: Option<&str>, text: &str) {
    if text.is_empty() {
        return;
    }
    let text: String = text.chars().filter(|letter| is_written(*letter)).collect();
    let style = style.map(|style| format!(" s=\"{style}\"")).unwrap_or_default();
    let _ = write!(
        edited,
        "<{prefix}c r=\"{}{row}\"{style} t=\"inlineStr\"><{prefix}is><{prefix}t xml:space=\"preserve\">{}</{prefix}t></{prefix}is></{prefix}c>",
        letters(column),
        escape(text.as_str())
    );
}

/// Returns a cell area such as `A1:F20`, widened if it has fewer columns than `columns`.
fn widened(area: &str, columns: usize) -> String {
    let (from, to) = area.split_once(':').unwrap_or((area, area));
    let Some(last) = column(to).filter(|last| last + 1 < columns) else { return area.to_owned() };
    let row = to.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
    format!("{from}:{}{row}", letters(last.max(columns - 1)))
}

/// Returns the start tag of a row, with the attribute `spans`, if present, widened to at least `columns` columns.
fn spanned(tag: &str, columns: usize) -> String {
    let spans = tag.split_once(" spans=\"").and_then(|(before, rest)| {
        let (spans, after) = rest.split_once('"')?;
        let (from, to) = spans.split_once(':')?;
        let to: usize = to.parse().ok()?;
        Some(format!("{before} spans=\"{from}:{}\"{after}", to.max(columns)))
    });
    spans.unwrap_or_else(|| tag.to_owned())
}
