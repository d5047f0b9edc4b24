use super::*;

#[test]
fn a_cell_may_list_pictures() {
    for (cell, expected) in [
        ("a.png", vec!["a.png"]),
        ("https://a/1.png?v=1,2, https://a/2.png", vec!["https://a/1.png?v=1,2", "https://a/2.png"]),
        ("https://a/1.png,https://a/2.png", vec!["https://a/1.png", "https://a/2.png"]),
        ("a.png | b.png\nc.png;", vec!["a.png", "b.png", "c.png"]),
        ("data:image/png;base64,AAAA", vec!["data:image/png;base64,AAAA"]),
        (" , ", vec![]),
    ] {
        assert_eq!(pictures(cell, ""), expected, "{cell}");
    }
}

#[test]
fn a_shop_may_part_pictures_with_a_character_of_its_own() {
    assert_eq!(pictures("a~mv2.jpg;b~mv2.jpg", ";"), ["a~mv2.jpg", "b~mv2.jpg"]);
    assert_eq!(pictures("https://a/1.png https://a/2.png", " "), ["https://a/1.png", "https://a/2.png"]);
    assert_eq!(pictures("a.png;b.png", ""), ["a.png;b.png"]);
    assert_eq!(pictures("data:image/png;base64,AA", ";,"), ["data:image/png;base64,AA"]);
}

#[test]
fn only_what_a_spreadsheet_shortened_is_shortened() {
    for text in ["1.38641E+11", "4,0129E+12", "1E+15", "3.65e+11"] {
        assert!(is_shortened(text), "{text}");
    }
    for text in ["1e3", "12E4", "013864106276", "E+11", "1.2.3E+4", "A1E+11", "1.5E-7", ""] {
        assert!(!is_shortened(text), "{text}");
    }
}
