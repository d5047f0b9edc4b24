use super::*;

#[test]
fn every_character_is_one_that_xml_allows() {
    let text: String = (0..=0x1_0000).filter_map(char::from_u32).collect();
    let is_allowed =
        |letter: char| matches!(letter, '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert!(legal(&text).chars().all(is_allowed));
    assert_eq!(legal("]]> & <b>"), "]]> & <b>");
}

#[test]
fn seconds_have_three_decimals() {
    assert_eq!(seconds(Duration::from_millis(61_005)), "61.005");
}
