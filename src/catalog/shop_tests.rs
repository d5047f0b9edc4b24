use super::*;
use crate::domain::item::FactValue;
use crate::domain::problem::{Place, Severity};
use proptest::prelude::*;

macro_rules! fixture {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../../tests/fixtures/catalogs/", $name)).as_slice())
    };
}

const SHOPIFY: (&str, &[u8]) = fixture!("shopify-legacy.csv");
const WOOCOMMERCE: (&str, &[u8]) = fixture!("woocommerce.csv");
const GOOGLE: (&str, &[u8]) = fixture!("google.tsv");

fn read_as((file, bytes): (&str, &[u8]), reading: &Reading) -> Catalog {
    let catalog = read(file, bytes, reading);
    let errors: Vec<_> = catalog.problems.iter().filter(|problem| problem.is_error()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    catalog
}

fn per(one_per: OnePer) -> Reading {
    Reading { one_per, ..Reading::default() }
}

/// Returns the ids of a catalog with their rows and pictures.
fn reported(catalog: &Catalog) -> Vec<String> {
    let tell = |item: &Item| {
        let Place::Row { row, .. } = item.origin else { panic!("{:?}", item.origin) };
        let picture = item.get("image").unwrap_or_default().trim_start_matches("https://pictures.example/");
        format!("{row} {}: {picture}", item.id)
    };
    catalog.items.iter().map(tell).collect()
}

fn parts<'a>(item: &'a Item, name: &str) -> Vec<&'a str> {
    match item.fact(name).map(|fact| &fact.value) {
        Some(FactValue::List { parts, .. }) => parts.iter().map(String::as_str).collect(),
        other => panic!("{name}: {other:?}"),
    }
}

fn pairs(item: &Item) -> String {
    match item.fact("options").map(|fact| &fact.value) {
        Some(FactValue::Pairs(pairs)) => {
            pairs.iter().flat_map(|(name, text)| [name, "=", text, ";"]).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn rows_of_one_handle_are_one_product_and_a_picture_row_makes_no_clip() {
    let catalog = read_as(SHOPIFY, &Reading::default());
    assert_eq!(reported(&catalog), ["2 oak-stool: stool-1.jpg?v=1", "6 linen-cloth: cloth.jpg"]);
    let stool = &catalog.items[0];
    assert_eq!(stool.get("title"), Some("Three-legged stool “Kråka” 🪑"));
    assert_eq!(stool.get("description"), Some("Solid oak, oiled by hand. 45 cm"));
    assert!(stool.get("description_html").unwrap().contains("<li>45&nbsp;cm</li>"));
    assert_eq!((stool.get("type"), stool.get("vendor")), (Some("Stools"), Some("Nordverk")));
    assert_eq!(parts(stool, "tags"), ["oak", "Kitchen"]);
    assert_eq!(parts(stool, "images").len(), 5);
    assert_eq!(pairs(stool), "Finish=Natural, Smoked;Height=45 cm, 65 cm;");
    // A product without options has no option pairs.
    assert_eq!(pairs(&catalog.items[1]), "");
    let counts = catalog.about.unwrap().counts;
    let expected = Counts {
        rows: 7,
        products: 4,
        variants: 6,
        image_only_rows: 1,
        distinct_pictures: 7,
        variant_pictures: 4,
        variants_without_sku: 1,
    };
    assert_eq!(counts, expected);
}

#[test]
fn variants_take_over_what_their_product_says() {
    let catalog = read_as(SHOPIFY, &per(OnePer::Variant));
    let expected = [
        "2 0450: stool-natural.jpg?v=1",
        "3 oak-stool-smoked-45-cm: stool-smoked.jpg?v=1",
        "6 LC-1: cloth.jpg",
    ];
    assert_eq!(reported(&catalog), expected);
    let smoked = &catalog.items[1];
    assert_eq!(smoked.get("title"), Some("Three-legged stool “Kråka” 🪑"));
    assert_eq!((smoked.get("handle"), smoked.get("sku")), (Some("oak-stool"), Some("")));
    assert_eq!(pairs(smoked), "Finish=Smoked;Height=45 cm;");
    assert_eq!(smoked.column("Variant Price"), Some("95"));
    assert_eq!(smoked.column("SEO Title"), Some("Oak stool"));
    assert_eq!(smoked.column("Image Alt Text"), Some(""));
    assert_eq!(parts(smoked, "images")[0], "https://pictures.example/stool-smoked.jpg?v=1");
}

#[test]
fn one_clip_a_picture_is_one_for_all_variants_that_show_it() {
    let catalog = read_as(GOOGLE, &per(OnePer::Image));
    assert_eq!(reported(&catalog), ["2 013864106276: shoe-black.jpg", "5 1e3: bottle.jpg"]);
    let all = Reading { all: true, ..per(OnePer::Image) };
    assert_eq!(reported(&read_as(GOOGLE, &all)).len(), 3);
}

#[test]
fn what_is_left_out_is_counted_and_told() {
    let catalog = read_as(SHOPIFY, &Reading::default());
    let note = catalog.problems.iter().find(|problem| problem.severity == Severity::Note).unwrap();
    assert_eq!(note.message, "2 products are left out: 1 archived, 1 draft");
    let variants = read_as(SHOPIFY, &per(OnePer::Variant)).about.unwrap().left_out;
    let expected = [("archived", 1), ("draft", 1), ("sold out", 1)];
    assert_eq!(variants, expected.map(|(reason, count)| (reason.to_owned(), count)));
    let all = read_as(SHOPIFY, &Reading { all: true, ..Reading::default() });
    assert_eq!((all.items.len(), all.about.unwrap().left_out.len()), (4, 0));
}

#[test]
fn a_file_of_which_nothing_is_left_is_an_error() {
    let sheet = "Handle,Title,Variant SKU,Image Src,Status,Vendor,Published\na,A,1,a.png,draft,v,TRUE\n";
    let catalog = read("p.csv", sheet.as_bytes(), &Reading::default());
    assert!(catalog.items.is_empty());
    assert!(catalog.problems[0].is_error(), "{:?}", catalog.problems);
}

#[test]
fn variations_find_their_parent_by_sku_or_id_wherever_it_stands() {
    let catalog = read_as(WOOCOMMERCE, &Reading::default());
    assert_eq!(reported(&catalog), ["3 mug: mug.jpg", "5 20: bowl.jpg"]);
    let mug = &catalog.items[0];
    assert_eq!(mug.get("description"), Some("Stoneware. Dishwasher & oven."));
    assert_eq!((mug.get("type"), mug.get("status")), (Some("Kitchen > Mugs"), Some("active")));
    assert_eq!(pairs(mug), "Colour=Blue, Green;");
    let variants = read_as(WOOCOMMERCE, &per(OnePer::Variant));
    assert_eq!(reported(&variants), ["2 mug-blue: mug-blue.jpg", "6 bowl-s: bowl.jpg"]);
    assert_eq!(variants.items[0].get("description"), Some("Stoneware. Dishwasher & oven."));
    assert_eq!(variants.items[0].get("title"), Some("Mug - Blue"));
    let left_out = catalog.about.unwrap().left_out;
    let expected = [("download", 1), ("draft", 1), ("grouped product", 1), ("sold out", 1)];
    assert_eq!(left_out, expected.map(|(reason, count)| (reason.to_owned(), count)));
}

#[test]
fn feeds_are_decoded_and_their_repeated_pictures_are_a_list() {
    let all = Reading { all: true, ..Reading::default() };
    let catalog = read_as(fixture!("google-rss.xml"), &all);
    assert_eq!(reported(&catalog), ["1 0815: tent.jpg?w=1&h=2", "2 rope: rope.jpg"]);
    let tent = &catalog.items[0];
    assert_eq!(tent.get("title"), Some("Tent \"Skare\" & poles"));
    assert_eq!(tent.get("description"), Some("For two & a dog."));
    assert_eq!(tent.get("link"), Some("https://shop.example/tent?a=1&b=2"));
    assert_eq!(parts(tent, "images").len(), 3);
    assert_eq!(tent.column("shipping.country"), Some("NO"));
    // Only the other product has this field.
    assert_eq!(tent.column("color"), Some(""));
    assert_eq!(catalog.items[1].get("title"), Some("Grünes Seil"));
    let atom = read_as(fixture!("google-atom.xml"), &Reading::default());
    assert_eq!(atom.items[0].get("title"), Some("Kåpe og lue"));
    assert_eq!(atom.items[0].column("link"), Some("https://shop.example/77?x=1&y=2"));
    assert_eq!(atom.about.unwrap().encoding, "Windows-1252");
}

#[test]
fn columns_of_a_plain_file_keep_their_names_and_texts() {
    let catalog = read_as(fixture!("products.jsonl"), &Reading::default());
    assert_eq!(reported(&catalog), ["1 0123: mug.png", "3 1000: mug.png"]);
    assert_eq!(catalog.items[0].get("tags"), Some("red, mug"));
    assert_eq!(catalog.items[1].column("dimensions.width"), Some("8.5"));
    assert_eq!(catalog.items[0].column("dimensions.width"), Some(""));
    let list = read_as(fixture!("products.json"), &Reading::default());
    assert_eq!(reported(&list), ["1 no: ", "2 2024-01-01: calendar.png"]);
    assert_eq!(list.items[0].get("title"), Some("Nordic bowl"));
    let sheet = "id,title,row,image,description\n1,T,west,a,<b>x</b>\n";
    let plain = read_as(("p.csv", sheet.as_bytes()), &Reading::default());
    let item = &plain.items[0];
    assert_eq!((item.get("row"), item.get("description")), (Some("west"), Some("<b>x</b>")));
}

#[test]
fn a_workbook_is_read_from_the_sheet_that_is_wanted() {
    let workbook = fixture!("workbook.xlsx");
    let catalog = read_as(workbook, &Reading::default());
    assert_eq!(reported(&catalog), ["2 13864106276: mug.png", "4 0123: mug.png"]);
    assert_eq!(
        (catalog.items[0].get("price"), catalog.items[0].get("in stock")),
        (Some("12.5"), Some("TRUE"))
    );
    let autumn = Reading { sheet: Some("Autumn".to_owned()), ..Reading::default() };
    let problems = read(workbook.0, workbook.1, &autumn).problems;
    let messages: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(messages, ["two rows have the same id", "this cell is in a column without a name"]);
}

#[test]
fn a_comma_behind_every_row_is_no_column() {
    let catalog = read_as(fixture!("trailing-commas.csv"), &Reading::default());
    assert_eq!(reported(&catalog), ["2 mug-1: mug.png", "3 mug-2: mug.png"]);
    assert_eq!(catalog.items[0].columns.names().count(), 3);
    let filled = read("p.csv", "id,title,,\na,b,,\nc,d,e,\n".as_bytes(), &Reading::default());
    assert_eq!(filled.problems[0].message, "this column has no name");
}

#[test]
fn letters_of_windows_are_read_unless_the_sheet_is_utf8() {
    let file = fixture!("windows-1252.csv");
    let catalog = read_as(file, &Reading::default());
    assert_eq!(catalog.items[0].id, "nø-1");
    assert_eq!(catalog.items[0].get("title"), Some("Grüne Schüssel – 3 €"));
    assert_eq!(catalog.problems[0].severity, Severity::Note);
    let named = Reading { encoding: Some("windows-1252".to_owned()), ..Reading::default() };
    let catalog = read_as(file, &named);
    assert_eq!((catalog.items[0].id.as_str(), catalog.problems), ("nø-1", Vec::new()));
    let mixed = read("p.csv", &b"id,title\na,gr\xFCn\nb,gr\xC3\xBCn\n"[..], &Reading::default());
    assert_eq!(mixed.problems[0].message, "a character in this cell is not saved as UTF-8");
    assert!(mixed.problems[0].is_error());
}

/// Returns the errors of a file as `row: message`.
fn errors(file: (&str, &[u8]), reading: &Reading) -> Vec<String> {
    let tell = |problem: &Problem| match &problem.place {
        Place::Row { row, .. } => format!("{row}: {}", problem.message),
        _ => problem.message.clone(),
    };
    read(file.0, file.1, reading).problems.iter().filter(|problem| problem.is_error()).map(tell).collect()
}

#[test]
fn an_id_that_a_spreadsheet_has_shortened_is_an_error_in_each_row() {
    let shortened = "2: a spreadsheet has shortened this id, and the missing digits are lost";
    let file = fixture!("shortened-ids.csv");
    assert_eq!(errors(file, &Reading::default()), [shortened]);
    let problems = read(file.0, file.1, &Reading::default()).problems;
    let wrong = problems.iter().find(|problem| problem.is_error()).unwrap();
    assert_eq!(wrong.rows.stretches(), [(2, 3)]);
}

#[test]
fn two_variants_of_one_sku_are_an_error_only_where_each_makes_a_clip() {
    let file = fixture!("same-sku-twice.csv");
    assert_eq!(errors(file, &Reading::default()), [""; 0]);
    assert_eq!(errors(file, &per(OnePer::Variant)), ["3: two rows have the same id"]);
}

#[test]
fn a_dialect_is_asked_for_taken_and_checked() {
    let with = |dialect: &str| Reading { dialect: Some(dialect.to_owned()), ..Reading::default() };
    let between = fixture!("between-two.csv");
    let either =
        "the columns fit two formats: Google Merchant feed and Shopify product export (older headers)";
    assert_eq!(errors(between, &Reading::default()), [either]);
    assert_eq!(errors(between, &with("google")), [""; 0]);
    let short = fixture!("cut-short.csv");
    assert_eq!(errors(short, &Reading::default()), ["3: two rows have the same id"]);
    assert_eq!(reported(&read_as(short, &with("shopify-legacy"))), ["2 oak-stool: a.jpg"]);
    let wrong =
        "a WooCommerce product export has the columns `Type` and `SKU` and `Name`, and this file does not";
    assert_eq!(errors(short, &with("woocommerce")), [wrong]);
}

#[test]
fn feeds_and_lists_that_are_broken_are_told_with_their_place() {
    let errors = |text: &str| errors(("feed", text.as_bytes()), &Reading::default()).join(" ");
    assert!(errors("<rss><item><id>1</id></item><item><id>2").starts_with("2: the feed ends"));
    assert!(errors("<rss><item><id>1</title></item></rss>").starts_with("1: the feed cannot be read"));
    assert!(errors("<html><body/></html>").starts_with("the file has no product"));
    assert!(errors("[{\"id\": \"1\"}, 2]").starts_with("2: a JSON object is expected here"));
    assert!(errors("[{\"id\": \"1\"},").starts_with("2: the file is not valid JSON"));
    assert!(errors("{\"id\": \"1\"}\n{\"id\": }\n").starts_with("2: the line is not a JSON object"));
    assert!(errors("[{\"name\": \"1\"}]").starts_with("1: no column is called"));
    let endless = "<rss><item><id>".as_bytes().chain(std::io::repeat(b'x'));
    let problems = read("feed", endless, &Reading::default()).problems;
    assert_eq!(problems[0].message, "the product is larger than 4 MiB");
}

fn document() -> impl Strategy<Value = Vec<u8>> {
    let start = prop_oneof![
        Just("Handle,Title,Variant SKU,Option1 Value,Image Src,Vendor\n"),
        Just("ID,Type,SKU,Name,Parent,Images,Published,In stock?\n"),
        Just("id\ttitle\tlink\timage_link\tprice\titem_group_id\n"),
        Just("<rss><channel><item>"),
        Just("[{\"id\":"),
        Just("{\"id\":"),
        Just(""),
    ];
    let rest = prop_oneof![
        "([a-c]{0,2}[,\t]){0,6}(\n([a-c]{0,2}[,\t]){5}[a-c]){0,6}",
        "(</?(g:)?(id|item|x)( href='a')?/?>|&amp;|&#x41;|[a-z ]{1,3}|<!\\[CDATA\\[x\\]\\]>){0,12}",
        "([0-9]|\"a\"|\\{\"id\":|\\}|\\[|\\]|,|\n|null){0,12}",
    ];
    (start, rest).prop_map(|(start, rest)| format!("{start}{rest}").into_bytes())
}

proptest! {
    #[test]
    fn no_file_makes_it_panic_and_no_two_items_share_an_id(
        bytes in prop_oneof![
            document(),
            // A workbook with one wrong byte.
            (0..WORKBOOK.len(), any::<u8>()).prop_map(|(at, byte)| {
                let mut bytes = WORKBOOK.to_vec();
                bytes[at] = byte;
                bytes
            }),
        ],
        per in prop::sample::select(OnePer::ALL.to_vec()),
    ) {
        let catalog = read("file", &bytes[..], &Reading { one_per: per.1, ..Reading::default() });
        prop_assert!(!catalog.items.is_empty() || !catalog.problems.is_empty());
        let mut ids: Vec<_> = catalog.items.iter().map(|item| &item.id).collect();
        ids.sort();
        ids.dedup();
        prop_assert_eq!(ids.len(), catalog.items.len());
    }
}

/// Returns the items that are passed on one at a time, and the problems.
fn streamed(bytes: &[u8], reading: &Reading) -> Result<(Vec<Item>, Vec<Problem>), RowsApart> {
    let mut items = Vec::new();
    let read = stream("file", bytes, reading, &mut |item| items.push(item))?;
    Ok((items, read.problems))
}

/// Generates rows of a Shopify export. There are only a few handles (keys of products), SKUs, options and pictures, so
/// they are often repeated.
fn shop() -> impl Strategy<Value = Vec<String>> {
    let row = (0u8..5, 0u8..9, 0u8..4, any::<bool>(), 0u8..9);
    let line = |(handle, sku, picture, is_named, option): (u8, u8, u8, bool, u8)| {
        let handle = if handle == 0 && option == 0 { String::new() } else { format!("handle-{handle}") };
        let title = if is_named { "Stool" } else { "" };
        format!(
            "{handle},{title},text,maker,true,Size,{option},S{sku},1.00,https://pictures.example/{picture}.png"
        )
    };
    prop::collection::vec(row.prop_map(line), 0..24)
}

const SHOP: &str = "Handle,Title,Body (HTML),Vendor,Published,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src\n";

proptest! {
    #[test]
    fn item_by_item_comes_the_same_as_at_once(
        rows in shop(),
        is_plain: bool,
        is_sorted: bool,
        per in prop::sample::select(OnePer::ALL.to_vec()),
    ) {
        let mut rows = rows;
        if is_sorted {
            rows.sort_by_key(|row| row.split(',').next().map(str::to_owned));
        }
        let dialect = Some(if is_plain { "generic" } else { "shopify-legacy" }.to_owned());
        let reading = Reading { one_per: per.1, dialect, ..Reading::default() };
        let text = format!("{SHOP}{}\n", rows.join("\n"));
        let whole = read("file", text.as_bytes(), &reading);
        if let Ok((items, problems)) = streamed(text.as_bytes(), &reading) {
            prop_assert_eq!(items, whole.items);
            prop_assert_eq!(problems, whole.problems);
        } else {
            // The rows of a product must then be in two places.
            let handles: Vec<&str> = rows.iter().filter_map(|row| row.split(',').next()).collect();
            let mut runs: Vec<&str> = handles.into_iter().filter(|handle| !handle.is_empty()).collect();
            runs.dedup();
            let count = runs.len();
            runs.sort_unstable();
            runs.dedup();
            prop_assert!(!is_plain && runs.len() < count);
        }
    }
}

#[test]
fn a_plain_row_is_handed_on_before_the_next_but_one_is_read() {
    // A reader that returns one line at a time, and records the number of items received before each line.
    struct Lines<'a>(Vec<&'a [u8]>, &'a std::cell::Cell<usize>, &'a std::cell::RefCell<Vec<usize>>);
    impl Read for Lines<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.2.borrow_mut().push(self.1.get());
            let Some(line) = self.0.pop() else { return Ok(0) };
            buffer[..line.len()].copy_from_slice(line);
            Ok(line.len())
        }
    }
    let (count, seen) = (std::cell::Cell::new(0), std::cell::RefCell::default());
    // The first rows wait until the columns are chosen.
    let waiting = 500;
    let rows: Vec<String> = (0..waiting + 10).map(|at| format!("a{at},t{at}\n")).collect();
    let header = std::iter::once("id,title\n");
    let mut lines: Vec<&[u8]> = header.chain(rows.iter().map(String::as_str)).map(str::as_bytes).collect();
    lines.reverse();
    let source = Lines(lines, &count, &seen);
    let read = stream("p.csv", source, &Reading::default(), &mut |_| count.set(count.get() + 1));
    assert_eq!(read.unwrap().problems, []);
    assert_eq!(count.get(), waiting + 10);
    let seen = seen.into_inner();
    let after: Vec<usize> = seen.into_iter().filter(|taken| *taken > 0).collect();
    assert!(after[0] < waiting + 1 && after.contains(&(waiting + 2)), "{after:?}");
    assert!(after.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{after:?}");
}

const WORKBOOK: &[u8] = fixture!("workbook.xlsx").1;
