//! Reads XML elements of a workbook and the texts in them.

use crate::domain::text::decode_entities;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::io::{BufReader, Read};

/// A reader of the XML in one file of a workbook's archive.
pub(super) struct Xml<R: Read> {
    reader: Reader<BufReader<R>>,
    buffer: Vec<u8>,
}

impl<R: Read> Xml<R> {
    pub(super) fn new(source: R) -> Self {
        Self { reader: Reader::from_reader(BufReader::with_capacity(64 * 1024, source)), buffer: Vec::new() }
    }

    pub(super) fn next(&mut self) -> Result<Event<'_>, String> {
        self.buffer.clear();
        self.reader.read_event_into(&mut self.buffer).map_err(|error| error.to_string())
    }
}

/// Returns the value of an attribute, whatever namespace prefix its name has; `None` if there is no such attribute.
pub(super) fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let is_meant = |key: &str| key.rsplit(':').next() == Some(name);
    let found = start.attributes().flatten().find(|attribute| is_meant(attribute.key.as_ref()))?;
    Some(decode_entities(&found.value))
}

pub(super) fn is_set(start: &BytesStart<'_>, name: &str) -> bool {
    attribute(start, name).is_some_and(|value| value == "1" || value == "true")
}

pub(super) fn add_text(text: &mut String, event: &Event<'_>) {
    match event {
        Event::Text(part) => text.push_str(&part.xml10_content()),
        Event::CData(part) => text.push_str(&part.xml10_content()),
        Event::GeneralRef(name) => text.push_str(&decode_entities(&format!("&{};", &**name))),
        _ => {}
    }
}

/// Replaces escaped characters such as `_x000D_` in a text of a workbook.
pub(super) fn unescaped(text: &str) -> String {
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

/// A text of a cell, collected from its differently formatted pieces; phonetic guides to pronunciation are left out.
#[derive(Default)]
pub(super) struct Rich {
    pub(super) text: String,
    is_text: bool,
    is_phonetic: bool,
}

impl Rich {
    pub(super) fn take(&mut self, event: &Event<'_>) {
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

/// The texts that the cells of a workbook share, joined in one string, with the position at which each ends.
#[derive(Default)]
pub(super) struct Texts {
    pub(super) all: String,
    pub(super) ends: Vec<usize>,
}

impl Texts {
    pub(super) fn get(&self, at: usize) -> Option<&str> {
        let start = if at == 0 { 0 } else { *self.ends.get(at - 1)? };
        self.all.get(start..*self.ends.get(at)?)
    }
}
