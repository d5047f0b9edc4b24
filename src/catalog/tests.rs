use super::*;
use crate::domain::problem::Place;
use proptest::prelude::*;
use sheet::LARGEST_CELL;

fn read(file: &str, source: impl Read) -> (Vec<Item>, Vec<Problem>) {
    let catalog = super::read(file, source, &Reading::default());
    (catalog.items, catalog.problems)
}

fn read_text(text: &str) -> (Vec<Item>, Vec<Problem>) {
    read("products.csv", text.as_bytes())
}

/// Returns the ids of a sheet with their rows.
#[track_caller]
fn rows(text: &str) -> Vec<(String, u64)> {
    let (items, problems) = read_text(text);
    assert_eq!(problems, []);
    items
        .into_iter()
        .map(|item| match item.origin {
            Place::Row { row, .. } => (item.id, row),
            other => panic!("{other:?}"),
        })
        .collect()
}

/// Returns every problem as `row column: message (label)`.
fn reported(problems: &[Problem]) -> Vec<String> {
    let tell = |problem: &Problem| {
        let place = match &problem.place {
            Place::Row { row, column: Some(column), .. } => format!("{row} {column}"),
            Place::Row { row, column: None, .. } => format!("{row}"),
            _ => "file".to_owned(),
        };
        let label = problem.label.as_ref().map(|label| format!(" ({label})")).unwrap_or_default();
        format!("{place}: {}{label}", problem.message)
    };
    problems.iter().map(tell).collect()
}

#[test]
fn i10_ids_stay_text_and_columns_keep_their_order() {
    let (items, problems) = read_text("title, sku ,price\nLamp,0123,1e3\nDesk,no,\"1,5\"\n");
    assert_eq!(problems, []);
    assert_eq!((items[0].id.as_str(), items[1].id.as_str()), ("0123", "no"));
    let pairs = [("title", "Desk"), ("sku", "no"), ("price", "1,5")];
    assert_eq!(items[1].columns.iter().collect::<Vec<_>>(), pairs);
}

#[test]
fn the_first_of_id_sku_and_handle_identifies_an_item() {
    assert_eq!(rows("Handle,SKU\nlamp,L1\n"), [("L1".to_owned(), 2)]);
    assert_eq!(rows("sku,ID\nlamp,L1\n"), [("L1".to_owned(), 2)]);
    assert_eq!(rows("Title,Handle\nLamp,lamp\n"), [("lamp".to_owned(), 2)]);
    let (_, problems) = read_text("name,price\nlamp,1\n");
    assert_eq!(reported(&problems), ["1: no column is called `id`, `sku` or `handle`"]);
    assert!(problems[0].hint.as_ref().is_some_and(|hint| hint.contains("`columns: { id: name }`")));
    assert_eq!(problems[0].notes, ["or `price`: `columns: { id: price }`", "columns: name, price"]);
}

#[test]
fn rows_are_those_of_a_spreadsheet_whatever_breaks_cells_hold() {
    let sheet = "id,body\na,\"one\ntwo\n\nthree\"\nb,x\n\n\nc,y\n,\nd,\"\n\"\ne,z";
    let expected: Vec<_> = [("a", 2), ("b", 3), ("c", 6), ("d", 8), ("e", 9)]
        .map(|(id, row): (&str, u64)| (id.to_owned(), row))
        .into();
    for ending in ["\n", "\r\n", "\r"] {
        assert_eq!(rows(&sheet.replace('\n', ending)), expected, "{ending:?}");
    }
}

#[test]
fn i05_i06_line_endings_make_no_other_item() {
    let (unix, _) = read_text("id,body\na,\"one\ntwo\"\n");
    let (windows, _) = read_text("\u{feff}id,body\r\na,\"one\r\ntwo\"\r\n");
    assert_eq!(unix, windows);
}

#[test]
fn i17_semicolons_and_tabs_are_recognised_by_the_header() {
    for separator in [",", ";", "\t"] {
        let sheet = "id|\"a,b;c,d\"|image\n1|x,y;z|u\n".replace('|', separator);
        let sheet = if separator == "\t" { sheet } else { sheet.replace("x,y;z", "\"x,y;z\"") };
        let (items, problems) = read_text(&sheet);
        assert_eq!(problems, [], "{separator:?}");
        assert_eq!(items[0].get("a,b;c,d"), Some("x,y;z"), "{separator:?}");
    }
}

#[test]
fn i14_i16_everything_wrong_is_told_at_once_with_its_row() {
    let (items, problems) = read_text("id,title\na,x\n,y\na,z\nb\nc,1,2\nd,w\n");
    assert_eq!(items.len(), 2);
    let expected = [
        "3 id: the row has no id",
        "4 id: two rows have the same id (`a` is also in row 2)",
        "5: the row has 1 cell, but the header has 2",
        "6: the row has 3 cells, but the header has 2",
    ];
    assert_eq!(reported(&problems), expected);
    assert_eq!(problems[1].examples, ["item a (sheet rows 2 and 4)"]);
}

#[test]
fn a_column_without_a_name_of_its_own_is_called_by_its_letter() {
    let (items, problems) = read_text("id,,title, title\na,b,c,d\n");
    assert_eq!(
        reported(&problems),
        [
            "1: column B has no name; use `B`",
            "1: columns C and D have the same name: `title` is the first, and the other is called `title (D)`"
        ]
    );
    assert!(problems.iter().all(|problem| !problem.is_error()));
    assert_eq!(
        (items[0].get("title"), items[0].get("title (D)"), items[0].get("B")),
        (Some("c"), Some("d"), Some("b"))
    );
}

#[test]
fn a_sheet_without_rows_is_an_error() {
    assert_eq!(reported(&read_text("").1), ["file: the sheet is empty"]);
    assert_eq!(reported(&read_text("\n\n").1), ["file: the sheet is empty"]);
    assert_eq!(reported(&read_text("id,title\n").1), ["file: the sheet has a header and no rows"]);
}

#[test]
fn i13_an_unclosed_quote_is_told_with_the_row_where_it_opened() {
    let expected = ["4 title: a quote is opened in this row and never closed"];
    assert_eq!(reported(&read_text("id,title\na,\"x\n\"\nb,y\nc,\"z\nd,w\ne,v\n").1), expected);
    assert_eq!(reported(&read_text("id,title\na,x\nb,y\nc,\"").1), expected);
    assert_eq!(rows("id,title\na,\"x\n\""), [("a".to_owned(), 2)]);
}

#[test]
fn i12_cells_and_rows_have_a_bound() {
    let large = "x".repeat(LARGEST_CELL + 1);
    let (items, problems) = read_text(&format!("id,title\na,{large}\nb,y\n"));
    assert_eq!(items.len(), 1);
    assert_eq!(reported(&problems), ["2 title: the cell is larger than 1 MiB (1048577 bytes)"]);
    // Reading stops even if the source never ends.
    let endless = "id,title\na,b\nc,\"".as_bytes().chain(std::io::repeat(b'x'));
    assert_eq!(reported(&read("products.csv", endless).1), ["3: the row is larger than 4 MiB"]);
}

#[test]
fn i04_other_encodings_are_told_with_row_and_byte() {
    let (_, problems) = read("p.csv", &b"\xEF\xBB\xBFid,title\na,\xC3\xA4\nb,gr\xFCn\nc,\xFC\n"[..]);
    let expected = ["3 title: a character in this cell is not saved as UTF-8 (read as `gr\u{fffd}n`)"];
    assert_eq!(
        (reported(&problems), problems[0].rows.stretches()),
        (expected.map(str::to_owned).to_vec(), &[(3, 4)][..])
    );
    assert!(problems[0].hint.as_deref().is_some_and(|hint| hint.contains("CSV UTF-8 (Comma delimited)")));
    let (_, problems) = read("p.csv", &b"\xFF\xFEi\0d\0\n\0a\0\0\xD8\n\0"[..]);
    assert_eq!(
        reported(&problems),
        ["2 id: a character in this cell cannot be read as UTF-16LE (read as `a\u{fffd}`)"]
    );
    let (_, problems) = read("p.csv", &b"id,title\na,x\nb,\0\n"[..]);
    assert_eq!(reported(&problems), ["file: the sheet is not text: a NUL is at byte offset 15"]);
}

#[test]
fn a_source_that_fails_says_so() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the cable is out"))
        }
    }
    let (_, problems) = read("-", "id,title\na,b\n".as_bytes().chain(Failing));
    assert_eq!(reported(&problems), ["3: the sheet cannot be read: the cable is out"]);
}

/// A reader that returns a few bytes at a time, as a pipe may.
struct Drops<'a>(&'a [u8], usize);

impl Read for Drops<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.1.min(self.0.len()).min(buffer.len());
        buffer[..length].copy_from_slice(&self.0[..length]);
        self.0 = &self.0[length..];
        Ok(length)
    }
}

proptest! {
    #[test]
    fn i42_no_bytes_make_it_panic_and_no_chunking_changes_the_answer(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "(id|sku|title)(,|;)[a-z,;\"\r\n\u{0}é]{0,80}".prop_map(String::into_bytes),
            "id,b\r?\n([a-z\"]{0,3},[a-z\" é]{0,3}(\r\n|\n|\r)){0,8}".prop_map(String::into_bytes),
        ],
        size in 1..9usize,
    ) {
        let whole = read("p.csv", &bytes[..]);
        let drops = read("p.csv", Drops(&bytes, size));
        prop_assert_eq!(drops.1.is_empty(), whole.1.is_empty());
        if whole.1.is_empty() {
            prop_assert_eq!(&drops.0, &whole.0);
        }
        prop_assert!(!whole.0.is_empty() || !whole.1.is_empty());
        let mut ids: Vec<_> = whole.0.iter().map(|item| &item.id).collect();
        ids.sort();
        ids.dedup();
        prop_assert_eq!(ids.len(), whole.0.len());
    }
}

/// Reads a sheet with these options, and returns its items as `id title` and its problems.
fn titles(bytes: &[u8], options: &Reading) -> (Vec<String>, Vec<String>) {
    let catalog = super::read("products.csv", bytes, options);
    let title = |item: &Item| format!("{} {}", item.id, item.get("title").unwrap_or_default());
    (catalog.items.iter().map(title).collect(), reported(&catalog.problems))
}

#[test]
fn what_stands_above_the_header_is_told_and_rows_keep_their_numbers() {
    let sheet = "Products export 2026\n\n# all prices in EUR\nid,title\na,Mug\n,Bowl\n";
    let (titles, reported) = titles(sheet.as_bytes(), &Reading::default());
    assert_eq!(titles, ["a Mug"]);
    assert_eq!(
        reported,
        ["4: the header is row 4; rows 1–3 above it are not read", "6 id: the row has no id"]
    );
}

#[test]
fn a_line_that_names_the_delimiter_and_a_mark_behind_a_blank_line_are_no_cells() {
    for sheet in ["sep=;\r\nid;title\r\na;Mug, blue\r\n", "\n\t\u{feff}id;title\na;Mug, blue\n"] {
        let (titles, reported) = titles(sheet.as_bytes(), &Reading::default());
        assert_eq!((titles, reported), (vec!["a Mug, blue".to_owned()], Vec::new()), "{sheet:?}");
    }
}

#[test]
fn a_template_without_products_says_so() {
    let sheet = "#INFO,Version=1,,\n#INFO,,,\nAction,Custom label (SKU),Item photo,Title\n";
    assert_eq!(
        titles(sheet.as_bytes(), &Reading::default()).1,
        [
            "file: the sheet has a header and no rows",
            "3: the header is row 3; rows 1–2 above it are not read"
        ]
    );
}

#[test]
fn a_named_delimiter_is_taken_at_its_word() {
    let sheet = b"id|title,full\na|b,c\n";
    let options = Reading { delimiter: Some("bar".parse().unwrap()), ..Reading::default() };
    let catalog = super::read("products.csv", &sheet[..], &options);
    assert_eq!(catalog.items[0].get("title,full"), Some("b,c"), "{:?}", catalog.problems);
    assert_eq!(catalog.about.unwrap().format, "CSV (bar)");
}

#[test]
fn quotes_of_a_sheet_with_tabs_are_a_part_of_the_text_where_they_close_before_it_ends() {
    let sheet = "id\ttitle\n1\t12\" lamp \"Retro\"\n2\t\"Oak\" chair\n3\t\"Wool \"\"X\"\" rug\"\n4\t\"24\" monitor\"\n";
    let (titles, reported) = titles(sheet.as_bytes(), &Reading::default());
    assert_eq!(titles, ["1 12\" lamp \"Retro\"", "2 \"Oak\" chair", "3 Wool \"X\" rug"]);
    assert_eq!(reported, ["5 title: text follows the closing quote of this cell"]);
    let apart =
        super::read("p.tsv", &b"id\ttitle\tb\n1\t\"Oak\tx\" chair\n2\ta\tb\n"[..], &Reading::default());
    assert!(
        apart.problems.iter().any(|problem| problem.message.contains("closing quote")),
        "{:?}",
        apart.problems
    );
}

#[test]
fn a_header_of_one_column_that_is_parted_in_another_way_says_in_which() {
    let cause = |sheet: &str, delimiter: Option<&str>| {
        let delimiter = delimiter.map(|name| name.parse().unwrap());
        titles(sheet.as_bytes(), &Reading { delimiter, ..Reading::default() }).1
    };
    let one = "1: the header has one column";
    for mark in ["~", "^"] {
        assert_eq!(
            cause(&"id~title~image\na~Mug, blue~a.png\n".replace('~', mark), None),
            [format!("{one}: `{mark}` separates the cells, which is not supported")]
        );
    }
    let quoted = "\"id,title,image\"\n\"a,Mug,a.png\"\n";
    assert_eq!(
        cause(quoted, None),
        [format!("{one}: each line of the sheet is in quotes (read as `id,title,image`)")]
    );
    let semicolons = "id;title;image\na;b,c;a.png\n";
    assert_eq!(
        cause(semicolons, Some("comma")),
        [format!("{one}: a semicolon separates the cells of the sheet, not a comma")]
    );
    assert!(cause(semicolons, Some("semicolon")).is_empty());
}

#[test]
fn text_behind_a_closing_quote_is_an_error_of_its_cell() {
    let sheet =
        "id,title\n1,\"12\\\" TV stand\"\n2,\"24\" monitor\"\n3,\"27\"\" monitor\" \n4,30\" monitor\n";
    let (titles, reported) = titles(sheet.as_bytes(), &Reading::default());
    assert_eq!(titles, ["3 27\" monitor ", "4 30\" monitor"]);
    let message = "title: text follows the closing quote of this cell";
    assert_eq!(reported, [format!("2 {message}")]);
}

#[test]
fn cells_of_a_sheet_with_tabs_need_no_quotes() {
    let sheet = "id\ttitle\n1\t12\" stand\n2\t\"a\tb\"\n3\tthe \"\"best\"\" mug\n4\t\"\"\n";
    let (titles, reported) = titles(sheet.as_bytes(), &Reading::default());
    assert_eq!(titles, ["1 12\" stand", "2 a\tb", "3 the \"\"best\"\" mug", "4 "]);
    assert_eq!(reported, [""; 0]);
}

#[test]
fn an_encoding_is_named_where_several_are_possible() {
    let (bytes, ..) = encoding_rs::WINDOWS_1251.encode("id,title\na,Ночной светильник\n");
    let (titles, reported) = titles(&bytes, &Reading::default());
    assert_eq!(
        (titles.len(), &reported[..]),
        (0, &["file: the characters of the sheet can be read in several encodings".to_owned()][..])
    );
    let named = |label: &str| Reading { encoding: Some(label.to_owned()), ..Reading::default() };
    let read = |label: &str| self::titles(&bytes, &named(label));
    assert_eq!(read("windows-1251"), (vec!["a Ночной светильник".to_owned()], Vec::new()));
    assert!(read("utf-8").1[0].starts_with("2 title: a character in this cell is not saved as UTF-8"));
    assert_eq!(read("windows-1215").1, ["file: there is no encoding `windows-1215`"]);
    let problems = super::read("products.csv", &bytes[..], &Reading::default()).problems;
    let hint = problems[0].hint.as_deref().unwrap();
    assert!(
        hint.contains("`encoding: windows-1251` under `items:`")
            && hint.contains("`--encoding windows-1251`")
    );
    assert_eq!(problems[0].notes[0], "windows-1251 reads `Ночной светильник`");
}
