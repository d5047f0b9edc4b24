use super::*;

#[test]
fn a_workbook_is_measured_unpacked() {
    let bytes = include_bytes!("../../../tests/fixtures/catalogs/workbook.xlsx");
    let packed = u64::try_from(bytes.len()).unwrap();
    assert!(unpacks_within(bytes, UNPACKED));
    assert!(!unpacks_within(bytes, packed), "its parts are larger than the file");
    assert!(unpacks_within(b"PK\x03\x04 and nothing more", 0));
}
