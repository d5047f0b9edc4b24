use super::*;
use crate::domain::item::{Item, Reading};
use crate::domain::problem::Place;

#[test]
fn a_workbook_is_measured_unpacked() {
    let bytes = include_bytes!("../../../tests/fixtures/catalogs/workbook.xlsx");
    let packed = u64::try_from(bytes.len()).unwrap();
    assert!(unpacks_within(bytes, UNPACKED));
    assert!(!unpacks_within(bytes, packed), "its parts are larger than the file");
    assert!(unpacks_within(b"PK\x03\x04 and nothing more", 0));
}

const QUIRKS: &[u8] = include_bytes!("../../../tests/fixtures/catalogs/quirks.xlsx");

fn read_quirks(options: &Reading) -> (Vec<[String; 5]>, Vec<String>) {
    let catalog = crate::catalog::read("quirks.xlsx", QUIRKS, options);
    let cells = |item: &Item| {
        ["id", "title", "image", "price", "since"]
            .map(|name| item.column(name).unwrap_or_default().to_owned())
    };
    let reported = catalog.problems.iter().map(|problem| {
        let column = match &problem.place {
            Place::Row { row, column, .. } => format!("{row} {}: ", column.as_deref().unwrap_or_default()),
            _ => String::new(),
        };
        format!("{column}{}", problem.message)
    });
    (catalog.items.iter().map(cells).collect(), reported.collect())
}

#[test]
fn a_cell_is_what_its_user_sees_and_what_is_no_value_is_told() {
    let (items, reported) = read_quirks(&Reading::default());
    let texts = |cells: [&str; 5]| cells.map(str::to_owned);
    assert_eq!(
        items,
        [
            texts(["000123", "Oak lamp & shade", "a.png", "12.50", "2024-01-01"]),
            texts(["000127", "Desk\r one", "a.png", "15%", ""]),
        ]
    );
    assert_eq!(
        reported,
        [
            "sheet `Range` is read; sheets `Notes`, `Old` (hidden) are not",
            "3 : the header is row 3; row 1 above it is not read",
            "3 : cells of the header are merged: only the first of them has a value",
            "5 : 1 hidden row is left out",
            "6 title: the formula of this cell fails: `#N/A`",
            "7 title: the formula of this cell was never computed",
        ]
    );
}

#[test]
fn hidden_rows_are_read_where_all_is_asked_for() {
    let (items, reported) = read_quirks(&Reading { all: true, ..Reading::default() });
    let ids: Vec<&str> = items.iter().map(|cells| cells[0].as_str()).collect();
    assert_eq!(ids, ["000123", "000124", "000127"]);
    assert!(!reported.iter().any(|message| message.contains("hidden row")), "{reported:?}");
}

#[test]
fn a_sheet_is_found_by_its_name() {
    let with = |name: &str| Reading { sheet: Some(name.to_owned()), ..Reading::default() };
    let (_, reported) = read_quirks(&with("Range"));
    assert!(!reported.iter().any(|message| message.contains("is read")), "{reported:?}");
    let (_, reported) = read_quirks(&with("Rang"));
    assert_eq!(reported, ["the workbook has no sheet `Rang`"]);
}

#[test]
fn columns_are_counted_by_their_letters() {
    for (name, column) in
        [("A1", Some(0)), ("Z9", Some(25)), ("AB7", Some(27)), ("XFD1", Some(16_383)), ("1", None)]
    {
        assert_eq!(rows::column(name), column, "{name}");
    }
}
