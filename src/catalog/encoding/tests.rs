use super::*;
use encoding_rs as encodings;

/// Words for products, with one language per line and bars between the words.
const WORDS_OF_SHOPS: &str = include_str!("tests/words.txt");

fn languages() -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    WORDS_OF_SHOPS.lines().map(|line| {
        let mut words = line.split('|');
        (words.next().unwrap(), words.collect())
    })
}

/// Builds a sheet of `rows` rows, each with one of `words` as the title, beginning with the word at index `from`.
fn sheet(words: &[&str], from: usize, rows: usize) -> String {
    let rows = (0..rows).map(|at| format!("{at},{},a.png\n", words[(from + at) % words.len()]));
    format!("id,title,image\n{}", rows.collect::<String>())
}

/// Returns the encodings in which the tests write sheets: all that the program can recognise, and four rare ones.
fn legacy() -> Vec<&'static Encoding> {
    let mut legacy = all();
    legacy.extend([
        encodings::ISO_8859_4,
        encodings::ISO_8859_6,
        encodings::ISO_8859_10,
        encodings::ISO_8859_14,
    ]);
    legacy
}

/// Writes sheets of these words in an encoding, and counts how often the encoding is found with certainty and how often
/// not.
fn decided(words: &[&str], encoding: &'static Encoding, rows: usize) -> (usize, usize) {
    let (mut certain, mut uncertain) = (0, 0);
    let step = if rows < 10 { 5 } else { 23 };
    for from in (0..words.len()).step_by(step) {
        let text = sheet(words, from, rows);
        let (bytes, _, is_wrong) = encoding.encode(&text);
        if is_wrong || bytes.is_ascii() {
            continue;
        }
        match decide(&bytes) {
            Decision::Certain(read) => {
                certain += 1;
                let (decoded, _) = read.encoding.decode_without_bom_handling(&bytes);
                assert_eq!(decoded, text, "{} read as {}", encoding.name(), read.encoding.name());
                assert!(text.contains(&read.word), "{}", read.word);
            }
            Decision::Uncertain(readings) => {
                uncertain += 1;
                assert!(readings.len() > 1 || rows < FEWEST, "{readings:?}");
            }
            Decision::Unknown => panic!("{} is not known", encoding.name()),
        }
    }
    (certain, uncertain)
}

#[test]
fn the_document_of_languages_is_right() {
    assert_eq!(language::labels_that_are_unknown(), Vec::<String>::new());
}

#[test]
fn what_is_certain_is_right_in_every_language_and_encoding() {
    for (language, words) in languages() {
        assert!(words.len() > 20, "{language}");
        for encoding in legacy().into_iter().filter(|it| it.output_encoding() == *it) {
            for rows in [1, 3, 10, 50] {
                decided(&words, encoding, rows);
            }
        }
    }
}

#[test]
fn sheets_of_ten_products_in_the_usual_encoding_are_read() {
    let usual = [
        ("de", "windows-1252"),
        ("fr", "windows-1252"),
        ("es", "windows-1252"),
        ("it", "windows-1252"),
        ("pt", "windows-1252"),
        ("nl", "windows-1252"),
        ("sv", "windows-1252"),
        ("pl", "windows-1250"),
        ("pl", "iso-8859-2"),
        ("cs", "windows-1250"),
        ("ru", "windows-1251"),
        ("ru", "koi8-r"),
        ("uk", "windows-1251"),
        ("el", "windows-1253"),
        ("tr", "windows-1254"),
        ("ja", "shift_jis"),
    ];
    for (wanted, label) in usual {
        let (_, words) = languages().find(|(language, _)| *language == wanted).unwrap();
        let encoding = Encoding::for_label(label.as_bytes()).unwrap();
        assert_eq!(decided(&words, encoding, 10).1, 0, "{wanted} in {label}");
    }
    for (wanted, label) in [("zh-CN", "gbk"), ("zh-TW", "big5"), ("hu", "windows-1250"), ("cs", "iso-8859-2")]
    {
        let (_, words) = languages().find(|(language, _)| *language == wanted).unwrap();
        let encoding = Encoding::for_label(label.as_bytes()).unwrap();
        assert_eq!(decided(&words, encoding, 50).1, 0, "{wanted} in {label}");
    }
}

#[test]
fn one_word_with_an_umlaut_is_enough_where_all_encodings_agree() {
    let (bytes, ..) = encodings::WINDOWS_1252.encode("id,title\n1,Größe\n2,Caffé\n");
    let Decision::Certain(read) = decide(&bytes) else { panic!() };
    assert_eq!((read.encoding.name(), read.word.as_str()), ("windows-1252", "Größe"));
    // A byte that does not occur in the sample, such as 0xD0, differs between the equally likely encodings.
    assert!(read.doubtful.contains(&0xD0) && !read.doubtful.contains(&0xF6), "{:?}", read.doubtful);
}

#[test]
fn a_few_words_in_another_script_are_uncertain() {
    let (bytes, ..) = encodings::WINDOWS_1251.encode("id,title\n1,Кухонный нож\n");
    let Decision::Uncertain(readings) = decide(&bytes) else { panic!() };
    assert_eq!(readings[0], ("windows-1251", "Кухонный нож".to_owned()));
    assert!(readings.len() > 1 && readings.iter().skip(1).all(|(_, words)| *words != readings[0].1));
}

#[test]
fn bytes_that_no_encoding_has_are_unknown() {
    assert!(matches!(decide(b"\x81\xff\x8d\xfe\x80\xff\n"), Decision::Unknown | Decision::Uncertain(_)));
    assert!(named("windows-1251").is_ok() && named("latin1").is_ok() && named("utf8").is_ok());
    assert_eq!(named("windows-1215").unwrap_err(), "did you mean `windows-1251`?");
    assert!(named("klingon").unwrap_err().starts_with("the encodings are: UTF-8, UTF-16LE"));
}

#[test]
fn symbols_beside_ascii_words_are_those_of_windows() {
    for text in [
        "5€ tray",
        "5 € tray",
        "Acme® lamp",
        "Lamp™",
        "©2020",
        "90° bracket",
        "±5 mm",
        "Lamp – red",
        "Bob’s mug",
        "“Retro” clock",
        "‘Retro’ clock",
        "½ inch",
        "m² rug",
        "10 µm",
        "2×4 beam",
        "§ 5",
        "£5 mug",
        "«Retro»",
        "5€ – “Retro” lamp",
        "• red • blue",
        "3\u{a0}kg",
        "Girls’ dress",
    ] {
        let (bytes, ..) = WINDOWS_1252.encode(text);
        let Decision::Certain(read) = decide(&[b"id,title\n1,", &bytes[..], b"\n"].concat()) else {
            panic!("{text}")
        };
        assert_eq!(read.encoding, WINDOWS_1252, "{text}");
        assert!(text.contains(&read.word) && read.doubtful.contains(&0xE9), "{text}: {}", read.word);
    }
}

#[test]
fn symbols_that_may_be_letters_of_another_encoding_are_uncertain() {
    // Jamón, año, Straße, María and país from a Mac; Möbel and città from DOS; škola, krzesło and muž from others.
    for bytes in [
        &b"Jam\x97n"[..],
        b"a\x96o",
        b"Stra\xA7e",
        b"Mar\x92a",
        b"pa\x92s",
        b"M\x94bel",
        b"citt\x85",
        b"\xA9kola",
        b"krzes\xB3o",
        b"Fu\xA7",
        b"Malm\x94",
        b"\xABava",
        b"\xAB\xAE\xAC",
    ] {
        match decide(&[b"id,title\n1,", bytes, b"\n"].concat()) {
            Decision::Certain(read) => panic!("{bytes:?} is read as {}", read.word),
            Decision::Uncertain(readings) => {
                assert!(readings.iter().any(|(name, _)| *name == "windows-1252"), "{readings:?}");
            }
            Decision::Unknown => panic!("{bytes:?}"),
        }
    }
}
