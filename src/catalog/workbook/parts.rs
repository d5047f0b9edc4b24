//! Reads the shared parts of a workbook: the list of its sheets, its texts and its number formats.

use super::elements::{Rich, Texts, Xml, attribute, is_set, unescaped};
use super::format::Format;
use super::rows::Rows;
use quick_xml::events::Event;
use std::collections::HashMap;
use std::io::{Cursor, Read};
use zip::ZipArchive;

type Archive = ZipArchive<Cursor<Vec<u8>>>;

/// A workbook with the data that its sheets share.
pub(super) struct Workbook {
    archive: Archive,
    pub(super) sheets: Vec<SheetPart>,
    texts: Texts,
    /// The number formats, by the index of a cell's style.
    formats: Vec<Format>,
    is_1904: bool,
}

/// A sheet of a workbook, as listed in the workbook.
#[derive(Debug, Clone)]
pub(super) struct SheetPart {
    pub(super) name: String,
    pub(super) is_hidden: bool,
    /// The path of the sheet's XML in the workbook's archive.
    pub(super) path: String,
}

impl Workbook {
    /// Opens a workbook and reads the data that its sheets share. The error describes what is wrong with the file.
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

    /// Returns a reader of the rows of a sheet, which begins at the first row.
    pub(super) fn rows(&mut self, sheet: &SheetPart) -> Result<Rows<'_, impl Read>, String> {
        let Self { archive, texts, formats, is_1904, .. } = self;
        let part = archive.by_name(&sheet.path).map_err(|error| format!("{}: {error}", sheet.path))?;
        Ok(Rows::new(part, texts, formats, *is_1904))
    }
}

fn part<'a>(archive: &'a mut Archive, path: &str) -> Result<Option<Xml<impl Read + 'a>>, String> {
    match archive.by_name(path) {
        Ok(part) => Ok(Some(Xml::new(part))),
        Err(zip::result::ZipError::FileNotFound) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// Reads the relations (links to other files of the archive) in the file at `path`. Returns the kind and path of each
/// linked file by the id of the relation.
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

/// A sheet in the workbook's list: the name, the id of the relation to its XML, and true if it is hidden.
type Listed = (String, String, bool);

/// Returns the sheets that a workbook lists, and true if it counts dates from 1904.
fn sheets(archive: &mut Archive, path: &str) -> Result<(Vec<Listed>, bool), String> {
    let (mut sheets, mut is_1904) = (Vec::new(), false);
    let Some(mut xml) = part(archive, path)? else { return Err(format!("it has no part `{path}`")) };
    loop {
        match xml.next()? {
            Event::Start(start) | Event::Empty(start) => match start.local_name().as_ref() {
                "workbookPr" => is_1904 = is_set(&start, "date1904"),
                "sheet" => {
                    // `r:id` is the id of the part; `sheetId` is only a number.
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
