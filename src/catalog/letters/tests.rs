use super::*;
use encoding_rs::{BIG5, EUC_KR, GBK, KOI8_R, SHIFT_JIS, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252};

/// Returns the decoded text of a sheet and the name of its encoding, or the encodings between which the user must
/// choose.
///
/// Checks that the result is the same whether the source returns the bytes one by one or all at once.
fn read(
    bytes: &[u8],
    named: Option<&'static Encoding>,
) -> Result<(Vec<u8>, &'static str), Vec<&'static str>> {
    struct Drops<'a>(&'a [u8], usize);
    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(self.0.len()).min(buffer.len());
            buffer[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }
    let read = |size: usize| {
        let head = bytes.len().min(16);
        let source = Drops(&bytes[head..], size);
        let (mut letters, known) = Letters::new(bytes[..head].to_vec(), source, named).unwrap();
        let mut text = Vec::new();
        match letters.read_to_end(&mut text) {
            Ok(_) => Ok((text, known.name())),
            Err(_) => match known.broken().unwrap() {
                Broken::Uncertain(readings) => Err(readings.into_iter().map(|(name, _)| name).collect()),
                other => panic!("{other:?}"),
            },
        }
    };
    let whole = read(usize::MAX);
    assert_eq!(read(1), whole);
    whole
}

#[track_caller]
fn is_read(bytes: &[u8], text: &str, encoding: &str) {
    assert_eq!(
        read(bytes, None),
        Ok((text.as_bytes().to_vec(), Encoding::for_label(encoding.as_bytes()).unwrap().name()))
    );
}

const ROWS: &str = "id,title\n1,Größe S\n2,Kübel\n3,Plätzchen\n";

#[test]
fn ascii_and_utf_8_pass_as_they_are() {
    is_read(b"id,title\n1,a\n", "id,title\n1,a\n", "utf-8");
    is_read(ROWS.as_bytes(), ROWS, "utf-8");
    is_read(&[b"\xEF\xBB\xBF", ROWS.as_bytes()].concat(), ROWS, "utf-8");
    is_read("id,title\n1,e\u{301}té\n".as_bytes(), "id,title\n1,e\u{301}té\n", "utf-8");
}

#[test]
fn utf_16_is_read_with_a_mark_and_without() {
    let units: Vec<u16> = ROWS.encode_utf16().collect();
    let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    is_read(&little, ROWS, "utf-16le");
    is_read(&big, ROWS, "utf-16be");
    is_read(&[b"\xFF\xFE", &little[..]].concat(), ROWS, "utf-16le");
    is_read(&[b"\xFE\xFF", &big[..]].concat(), ROWS, "utf-16be");
    // Half a letter at the end cannot be decoded.
    let (text, _) = read(&little[..little.len() - 1], None).unwrap();
    assert!(text.ends_with(&[WRONG]));
}

#[test]
fn what_is_certain_is_decoded_and_what_is_not_is_asked() {
    let (bytes, ..) = WINDOWS_1252.encode(ROWS);
    is_read(&bytes, ROWS, "windows-1252");
    let (bytes, ..) = WINDOWS_1251.encode("id,title\n1,Стеклянный шар\n");
    assert_eq!(read(&bytes, None).unwrap_err()[0], "windows-1251");
    assert_eq!(read(&bytes, Some(WINDOWS_1251)).unwrap().0, "id,title\n1,Стеклянный шар\n".as_bytes());
    let rows = "Деревянный стол\nСтеклянная ваза\nКухонный нож\nЗелёная лампа\n";
    for encoding in [WINDOWS_1251, KOI8_R] {
        is_read(&encoding.encode(rows).0, rows, encoding.name());
    }
}

#[test]
fn letters_may_come_long_after_the_first_rows() {
    let rows = "1,plain text\n".repeat(20_000) + ROWS;
    is_read(&WINDOWS_1252.encode(&rows).0, &rows, "windows-1252");
}

#[test]
fn letters_behind_the_sample_that_other_encodings_read_differently_are_wrong() {
    let start = "id,title\n1,Größe\n2,Kübel\n".to_owned() + &"3,Plätzchen\n".repeat(SAMPLE / 10);
    let (known, open) = (start.clone() + "4,Höhe\n", start.clone() + "4,Piñata\n");
    is_read(&WINDOWS_1252.encode(&known).0, &known, "windows-1252");
    let (text, _) = read(&WINDOWS_1252.encode(&open).0, None).unwrap();
    assert!(text.ends_with(b"4,Pi\xFFata\n"), "{}", String::from_utf8_lossy(&text[text.len() - 20..]));
    assert_eq!(read(&WINDOWS_1252.encode(&open).0, Some(WINDOWS_1252)).unwrap().0, open.as_bytes());
}

#[test]
fn utf_8_and_other_letters_in_one_sheet_stay_apart() {
    for other in [WINDOWS_1252, WINDOWS_1250] {
        let bytes = [ROWS.as_bytes(), &other.encode("4,Mädchen\n").0].concat();
        assert_eq!(read(&bytes, None), Ok((bytes.clone(), "UTF-8")));
        let bytes = [&other.encode("4,Mädchen\n5,Hände\n6,Bär\n").0, "7,Größe\n".as_bytes()].concat();
        assert_eq!(read(&bytes, None), Ok((bytes.clone(), "UTF-8")));
    }
}

#[test]
fn two_letters_that_are_utf_8_by_chance_are_asked() {
    for (word, encoding) in [("품", EUC_KR), ("홈", EUC_KR)] {
        let (bytes, ..) = encoding.encode(word);
        let bytes = [b"id,title\n1,", &bytes[..], b"\n"].concat();
        assert!(std::str::from_utf8(&bytes).is_ok());
        assert!(read(&bytes, None).unwrap_err().contains(&"UTF-8"), "{word}");
    }
}

#[test]
fn a_named_encoding_is_taken_at_its_word() {
    let rows = "id,title\n1,枕|台\n";
    for encoding in [SHIFT_JIS, BIG5, GBK] {
        assert_eq!(read(&encoding.encode(rows).0, Some(encoding)), Ok((rows.into(), encoding.name())));
    }
    let (text, _) = read(b"id\n\x81\n", Some(WINDOWS_1250)).unwrap();
    assert_eq!(text, b"id\n\xFF\n");
    let (text, _) = read(b"id\n\x81 \n", Some(SHIFT_JIS)).unwrap();
    assert!(text.contains(&WRONG));
    assert!(Letters::new(b"\xEF\xBB\xBFid\n".to_vec(), io::empty(), Some(WINDOWS_1250)).is_err());
}

#[test]
fn a_cell_that_cannot_be_read_shows_the_letters_around_it() {
    assert_eq!(text("Größe".as_bytes()), Ok("Größe"));
    assert_eq!(text(b"gr\xFCn").unwrap_err(), "gr\u{fffd}n");
    let long = [&b"x".repeat(100)[..], b"\xFF", &b"y".repeat(100)].concat();
    assert_eq!(text(&long).unwrap_err(), format!("{}\u{fffd}{}", "x".repeat(20), "y".repeat(19)));
}

#[test]
fn letters_that_are_utf_8_by_accident_leave_the_choice_to_the_user() {
    let readings =
        read(b"id;title\n1;C\xCFur\n2;Chaise pli\x8Ee\n3;Coussin d\xD5\x8Et\x8E\n", None).unwrap_err();
    assert!(readings.contains(&"macintosh") && !readings.contains(&"UTF-8"), "{readings:?}");
}
