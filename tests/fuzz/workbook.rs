//! Any texts as the parts of a workbook: no panic, no hang, and no more items than there can be.
//!
//! The parts stand one after the other, each from its XML declaration on, as `unzip -p` prints them. They are packed
//! here: bytes of a packed file that were changed would hardly ever be unpacked.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shotlist::catalog::{Reading, read};
use std::io::{Cursor, Write as _};
use zip::write::{SimpleFileOptions, ZipWriter};

const DECLARATION: &str = "<?xml";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

fuzz_target!(|text: &str| {
    let (mut sheets, mut texts, mut styles, mut workbook) = (Vec::new(), None, None, None);
    for part in text.split(DECLARATION).filter(|part| !part.is_empty()) {
        if part.contains("<sst") {
            texts = Some(part);
        } else if part.contains("<styleSheet") {
            styles = Some(part);
        } else if part.contains("<workbook") {
            workbook = Some(part);
        } else if part.contains("<worksheet") {
            sheets.push(part);
        }
    }
    let book = pack(&sheets, texts, styles, workbook);
    let options = Reading { all: text.len() % 2 == 1, ..Reading::default() };
    let catalog = read("p.xlsx", book.as_slice(), &options);
    assert!(!catalog.items.is_empty() || !catalog.problems.is_empty());
    assert!(catalog.items.len() <= text.len());
});

/// Returns a workbook of these parts.
fn pack(sheets: &[&str], texts: Option<&str>, styles: Option<&str>, workbook: Option<&str>) -> Vec<u8> {
    let mut parts = Vec::new();
    let mut related = String::new();
    let mut listed = String::new();
    let mut add = |id: String, kind: &str, path: String, part: &str| {
        related += &format!("<Relationship Id=\"{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{path}\"/>");
        parts.push((format!("xl/{path}"), format!("{DECLARATION}{part}")));
    };
    for (number, sheet) in (1..).zip(sheets) {
        add(format!("rId{number}"), "worksheet", format!("worksheets/sheet{number}.xml"), sheet);
        listed += &format!("<sheet name=\"S{number}\" r:id=\"rId{number}\"/>");
    }
    for (kind, part) in [("sharedStrings", texts), ("styles", styles)] {
        if let Some(part) = part {
            add(kind.to_owned(), kind, format!("{kind}.xml"), part);
        }
    }
    let book = match workbook {
        Some(part) => format!("{DECLARATION}{part}"),
        None => format!("<workbook><sheets>{listed}</sheets></workbook>"),
    };
    parts.push(("xl/workbook.xml".to_owned(), book));
    parts.push(("xl/_rels/workbook.xml.rels".to_owned(), format!("<Relationships>{related}</Relationships>")));
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (path, part) in parts {
        archive.start_file(path, stored).expect("the names differ");
        archive.write_all(part.as_bytes()).expect("memory takes it");
    }
    archive.finish().expect("memory takes it").into_inner()
}
