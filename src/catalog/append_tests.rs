//! Tests that added columns leave the other bytes of the user's files unchanged.

use super::*;
use crate::catalog::{Reading, read};
use encoding_rs::WINDOWS_1250;
use std::io::{Cursor, Read as _, Write as _};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

const NAMES: [&str; 2] = ["s_state", "s_file"];

/// Adds the columns [`NAMES`] to a file. The second column holds a clip's path, which contains the id of the row's
/// item.
fn appended(name: &str, bytes: &[u8]) -> Result<Appended, Refused> {
    let catalog = read(name, bytes, &Reading::default());
    let texts = |id: &str| vec!["ok".to_owned(), format!("clips/{id}.mp4")];
    let rows = catalog.items.iter().map(|item| (item.line(), texts(&item.id))).collect();
    let layout = catalog.layout.unwrap_or_else(|| panic!("{name} has no rows: {:?}", catalog.problems));
    append(bytes, &layout, catalog.encoding, &Columns { names: &NAMES, rows })
}

fn text(name: &str, file: &str) -> String {
    String::from_utf8(appended(name, file.as_bytes()).unwrap().bytes).unwrap()
}

#[test]
fn each_line_of_a_sheet_keeps_its_start_and_its_end() {
    let cases = [
        (
            "id,title\r\na,Mug\r\nb,Cup\r\n",
            "id,title,s_state,s_file\r\na,Mug,ok,clips/a.mp4\r\nb,Cup,ok,clips/b.mp4\r\n",
        ),
        ("id;title\ra;Mug", "id;title;s_state;s_file\ra;Mug;ok;clips/a.mp4"),
        (
            "\u{feff}id\ttitle\na\tMug\n\nb\tCup\n",
            "\u{feff}id\ttitle\ts_state\ts_file\na\tMug\tok\tclips/a.mp4\n\nb\tCup\tok\tclips/b.mp4\n",
        ),
        ("sep=;\nid;title\na;Mug\n", "sep=;\nid;title;s_state;s_file\na;Mug;ok;clips/a.mp4\n"),
        (
            "Our products\n\nid,title,x\na,Mug,1\n",
            "Our products\n\nid,title,x,s_state,s_file\na,Mug,1,ok,clips/a.mp4\n",
        ),
        (
            "\"id\",\"title\"\n\"a\",\"a \"\"big\"\",\nmug\"\n",
            "\"id\",\"title\",\"s_state\",\"s_file\"\n\"a\",\"a \"\"big\"\",\nmug\",\"ok\",\"clips/a.mp4\"\n",
        ),
    ];
    for (file, expected) in cases {
        assert_eq!(text("a.csv", file), expected, "{file:?}");
    }
}

#[test]
fn short_rows_are_filled_up_and_rows_with_too_many_cells_stay() {
    let file = "id,title,x\na,Mug,1\nb,Cup\nc,Pot,1,2\nd,Pan,1,\n";
    let appended = appended("a.csv", file.as_bytes()).unwrap();
    let expected = "id,title,x,,s_state,s_file\na,Mug,1,,ok,clips/a.mp4\nb,Cup,,,,\nc,Pot,1,2\nd,Pan,1,,ok,clips/d.mp4\n";
    assert_eq!(String::from_utf8(appended.bytes).unwrap(), expected);
    assert_eq!((appended.rows, appended.untouched), (2, vec![4]));
}

#[test]
fn the_encoding_of_the_file_is_that_of_the_columns() {
    let (file, _, _) =
        WINDOWS_1250.encode("id,title\nšálek,Červený hrnek s rukojetí a víčkem pro děti\nž2,Žlutý talíř\n");
    let reading = Reading { encoding: Some("windows-1250".to_owned()), ..Reading::default() };
    let catalog = read("a.csv", &*file, &reading);
    let texts = |id: &str| vec!["…Ж".to_owned(), format!("clips/{id}.mp4")];
    let rows = catalog.items.iter().map(|item| (item.line(), texts(&item.id))).collect();
    let columns = Columns { names: &NAMES, rows };
    let appended = append(&file, &catalog.layout.unwrap(), catalog.encoding, &columns).unwrap();
    let expected = "id,title,s_state,s_file\nšálek,Červený hrnek s rukojetí a víčkem pro děti,…?,clips/šálek.mp4\nž2,Žlutý talíř,…?,clips/ž2.mp4\n";
    assert_eq!(WINDOWS_1250.decode(&appended.bytes).0, expected);
    assert_eq!(appended.replaced, 2);
    for is_little in [true, false] {
        let units = |text: &str| -> Vec<u8> {
            let bytes = |unit: u16| if is_little { unit.to_le_bytes() } else { unit.to_be_bytes() };
            format!("\u{feff}{text}").encode_utf16().flat_map(bytes).collect()
        };
        let appended = super::tests::appended("a.csv", &units("id\ttitle\r\n𝔞1\tЧашка\r\n")).unwrap();
        assert_eq!(appended.bytes, units("id\ttitle\ts_state\ts_file\r\n𝔞1\tЧашка\tok\tclips/𝔞1.mp4\r\n"));
    }
}

#[test]
fn s16_only_texts_of_ours_lose_the_look_of_formulas() {
    let layout = Layout::Sheet { delimiter: b',', header: 1 };
    let rows = HashMap::from([(2, vec!["=1+1".to_owned(), "@x, \"y\"".to_owned()])]);
    let appended =
        append(b"id,title\n=2,-Mug\n", &layout, "UTF-8", &Columns { names: &NAMES, rows }).unwrap();
    assert_eq!(appended.bytes, b"id,title,s_state,s_file\n=2,-Mug,'=1+1,\"'@x, \"\"y\"\"\"\n");
}

#[test]
fn a_file_that_has_the_columns_is_refused() {
    for (name, file) in [
        ("a.csv", "id,title,s_file\na,Mug,x\n"),
        ("a.json", r#"[{"id":"a","title":"Mug","s_file":"x"}]"#),
        ("a.xml", "<rss><channel><item><id>a</id><title>Mug</title><s_file/></item></channel></rss>"),
    ] {
        assert_eq!(appended(name, file.as_bytes()), Err(Refused::Taken("s_file".to_owned())), "{file}");
    }
}

#[test]
fn objects_get_names_in_the_way_in_which_they_are_written() {
    let cases = [
        (
            r#"[{"id":"a","title":"Mug"}]"#,
            r#"[{"id":"a","title":"Mug","s_state":"ok","s_file":"clips/a.mp4"}]"#,
        ),
        (
            "{\"id\": \"a\", \"title\": \"Mug\"}\r\n\r\n{\"id\": \"b\", \"title\": \"Cup\"}\r\n",
            "{\"id\": \"a\", \"title\": \"Mug\", \"s_state\": \"ok\", \"s_file\": \"clips/a.mp4\"}\r\n\r\n{\"id\": \"b\", \"title\": \"Cup\", \"s_state\": \"ok\", \"s_file\": \"clips/b.mp4\"}\r\n",
        ),
        (
            "{ \"products\": [\n  {\n    \"id\": \"ä\",\n    \"title\": \"Mug\"\n  }\n], \"n\": 1.0 }\n",
            "{ \"products\": [\n  {\n    \"id\": \"ä\",\n    \"title\": \"Mug\",\n    \"s_state\": \"ok\",\n    \"s_file\": \"clips/\\u00e4.mp4\"\n  }\n], \"n\": 1.0 }\n",
        ),
    ];
    for (file, expected) in cases {
        assert_eq!(text("a.json", file), expected, "{file}");
    }
}

#[test]
fn elements_get_others_in_the_way_in_which_they_are_written() {
    let head =
        "<?xml version=\"1.0\"?><rss xmlns:g=\"http://base.google.com/ns/1.0\"><channel><title>x</title>";
    let item = |inside: &str| format!("{head}<item>{inside}</item></channel></rss>\n");
    let ours = "<s_state>ok</s_state><s_file>clips/a.mp4</s_file>";
    let own = "<g:id>a</g:id><title><![CDATA[Mug & <item>]]></title><!-- </item> -->";
    assert_eq!(text("a.xml", &item(own)), item(&format!("{own}{ours}")));
    let own = "\r\n  <g:id>a</g:id>\r\n  <title>Mug</title>";
    let expected = format!("{own}\r\n  <s_state>ok</s_state>\r\n  <s_file>clips/a.mp4</s_file>\r\n");
    assert_eq!(text("a.xml", &item(&format!("{own}\r\n"))), item(&expected));
    let empty = "<shop><product id=\"a\" title=\"Mug\"/><product id=\"b\" title=\"Cup\"/></shop>";
    let expected = "<shop><product id=\"a\" title=\"Mug\"><s_state>ok</s_state><s_file>clips/a.mp4</s_file></product><product id=\"b\" title=\"Cup\"><s_state>ok</s_state><s_file>clips/b.mp4</s_file></product></shop>";
    assert_eq!(text("a.xml", empty), expected);
}

fn workbook(sheet: &str) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let main = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let relations = |kind: &str, target: &str| {
        format!(
            "<Relationships><Relationship Id=\"r1\" Type=\"{main}/{kind}\" Target=\"{target}\"/></Relationships>"
        )
    };
    let parts = [
        ("_rels/.rels", relations("officeDocument", "xl/workbook.xml")),
        (
            "xl/workbook.xml",
            "<workbook><sheets><sheet name=\"One\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
                .to_owned(),
        ),
        ("xl/_rels/workbook.xml.rels", relations("worksheet", "worksheets/sheet1.xml")),
        ("xl/worksheets/sheet1.xml", sheet.to_owned()),
        ("xl/other.bin", "kept".to_owned()),
    ];
    for (name, text) in parts {
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn a_workbook_keeps_all_but_the_rows_that_get_cells() {
    let cell =
        |place: &str, text: &str| format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let rows = |first: &str, second: &str, spans: u8, area: &str| {
        format!(
            "<worksheet><dimension ref=\"{area}\"/><sheetData><row r=\"1\" spans=\"1:{spans}\">{}{}{first}</row><row r=\"3\" \
             hidden=\"0\">{}<c r=\"B3\" s=\"4\"><f>UPPER(\"m\")</f><v>12</v></c>{second}<c r=\"Z3\" s=\"5\"/></row></sheetData><mergeCells/></worksheet>",
            cell("A1", "id"),
            cell("B1", "title"),
            cell("A3", "a")
        )
    };
    let before = workbook(&rows("", "<c r=\"C3\" s=\"7\"/>", 2, "A1:B3"));
    let appended = appended("a.xlsx", &before).unwrap();
    let mut archive = ZipArchive::new(Cursor::new(&appended.bytes)).unwrap();
    let mut part = |name: &str| {
        let mut text = String::new();
        archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    let ours = |place: &str, text: &str| {
        format!("<c r=\"{place}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{text}</t></is></c>")
    };
    let expected = rows(
        &(ours("C1", "s_state") + &ours("D1", "s_file")),
        &(ours("C3", "ok") + &ours("D3", "clips/a.mp4")),
        4,
        "A1:D3",
    );
    assert_eq!(part("xl/worksheets/sheet1.xml"), expected);
    assert_eq!(part("xl/other.bin"), "kept");
    assert_eq!(appended.rows, 1);
    assert_eq!(self::appended("a.xlsx", &appended.bytes), Err(Refused::Taken("s_state".to_owned())));
}
