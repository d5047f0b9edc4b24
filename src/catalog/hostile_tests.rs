//! Tests hostile files: damaged ones, and small ones that would need much memory.

use super::*;
use super::{LONGEST_NAME, WIDEST};
use proptest::prelude::*;
use proptest::sample::{Index, select};

macro_rules! fixtures {
    ($($name:literal)*) => {
        [$(($name, include_bytes!(concat!("../../tests/fixtures/catalogs/", $name)).as_slice())),*]
    };
}

/// Sample files in several formats, from several programs.
const FILES: [(&str, &[u8]); 11] = fixtures!(
    "akeneo.csv" "shopify.csv" "shopify-legacy.csv" "woocommerce.csv" "windows-1252.csv" "google.tsv" "google-rss.xml"
    "google-atom.xml" "products.json" "products.jsonl" "workbook.xlsx"
);

/// Pieces of text, such as quotes and tags, that have a meaning in one of the file formats.
const PIECES: [&str; 34] = [
    "\"",
    "\"\"",
    ",",
    ";",
    "\t",
    "|",
    "\n",
    "\r\n",
    "\r",
    "\u{feff}",
    "\0",
    "é",
    "<item>",
    "</item>",
    "<g:id>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<!DOCTYPE x [<!ENTITY a \"&b;\">]>",
    "&a;",
    "&#x10FFFF;",
    "&#xD800;",
    "{",
    "}",
    "[",
    "]",
    ":",
    "\\u0000",
    "1e999",
    "null",
    "id,id",
    "<script>",
    "PK\u{3}\u{4}",
];

/// A change that damages a file.
#[derive(Debug, Clone)]
enum Damage {
    Cut(Index, Index),
    Twice(Index, Index),
    Piece(Index, &'static str),
    Byte(Index, u8),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<Index>;
    prop_oneof![
        (at(), at()).prop_map(|(from, to)| Damage::Cut(from, to)),
        (at(), at()).prop_map(|(from, to)| Damage::Twice(from, to)),
        (at(), select(PIECES.to_vec())).prop_map(|(at, piece)| Damage::Piece(at, piece)),
        (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
    ]
}

/// Limit on the piece of a file that a test cuts out or doubles, in bytes.
const PIECE: usize = 400;

fn damaged(file: &[u8], damages: &[Damage]) -> Vec<u8> {
    let mut bytes = file.to_vec();
    for damage in damages.iter().filter(|_| !file.is_empty()) {
        let length = bytes.len().max(1);
        let span = |from: &Index, to: &Index, bytes: &[u8]| {
            let from = from.index(length).min(bytes.len());
            from..(from + to.index(PIECE)).min(bytes.len())
        };
        match damage {
            Damage::Cut(from, to) => drop(bytes.drain(span(from, to, &bytes))),
            Damage::Twice(from, to) => {
                let span = span(from, to, &bytes);
                let piece = bytes[span.clone()].to_vec();
                bytes.splice(span.start..span.start, piece);
            }
            Damage::Piece(at, piece) => {
                let at = at.index(length).min(bytes.len());
                bytes.splice(at..at, piece.bytes());
            }
            Damage::Byte(at, byte) => {
                if let Some(place) = bytes.get_mut(at.index(length)) {
                    *place = *byte;
                }
            }
        }
    }
    bytes
}

/// Checks that a catalog has items or problems, unique ids, and no more of either than the file's size allows.
fn check(catalog: &Catalog, length: usize) -> Result<(), TestCaseError> {
    prop_assert!(!catalog.items.is_empty() || !catalog.problems.is_empty());
    let mut ids: Vec<_> = catalog.items.iter().map(|item| &item.id).collect();
    ids.sort();
    ids.dedup();
    prop_assert_eq!(ids.len(), catalog.items.len());
    let columns = catalog.about.as_ref().map_or(0, |about| about.columns);
    prop_assert!(columns <= WIDEST);
    prop_assert!(catalog.items.iter().all(|item| item.columns.names().count() == columns));
    // Each row takes at least one byte in any format; a workbook is packed by at most a thousand to one.
    prop_assert!(catalog.items.len() + catalog.problems.len() <= length.saturating_mul(1_032) + 4);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_damaged_export_is_read_or_told_of(
        file in select(FILES.to_vec()),
        damages in prop::collection::vec(damage(), 1..6),
        per in select(OnePer::ALL.to_vec()),
        dialect in select(std::iter::once(None).chain(dialects().into_iter().map(Some)).collect::<Vec<_>>()),
        all: bool,
    ) {
        let bytes = damaged(file.1, &damages);
        let dialect = dialect.map(str::to_owned);
        let options = Reading { one_per: per.1, dialect, all, ..Reading::default() };
        check(&read(file.0, &bytes[..], &options), bytes.len())?;
    }

    #[test]
    fn any_bytes_behind_the_first_ones_of_a_format_are_read_or_told_of(
        start in select(vec!["", "<", "<rss>", "{", "[", "[{", "PK\u{3}\u{4}", "id,title\n", "\u{feff}id\t"]),
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        name in select(vec!["file", "p.csv", "p.tsv", "p.xml", "p.json", "p.jsonl", "p.xlsx"]),
    ) {
        let bytes = [start.as_bytes(), &bytes].concat();
        check(&read(name, &bytes[..], &Reading::default()), bytes.len())?;
    }
}

#[track_caller]
fn refused(name: &str, text: impl AsRef<[u8]>, words: &str) {
    let text = text.as_ref();
    let catalog = read(name, text, &Reading::default());
    let reported: Vec<&str> = catalog.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert!(reported.iter().any(|message| message.contains(words)), "{words}: {reported:?}");
    assert!(check(&catalog, text.len()).is_ok());
}

#[test]
fn a_row_with_a_million_columns_is_no_header() {
    let many = "a,".repeat(1_000_000);
    refused("p.csv", format!("id,{many}\n1\n"), "more than 4096 columns");
    refused("p.csv", format!("id,{}\n1,2\n", "x".repeat(LONGEST_NAME + 1)), "a name of more than 1024 bytes");
}

#[test]
fn as_many_columns_as_are_allowed_are_told_apart() {
    let names: Vec<String> = (1..WIDEST).map(|at| format!("column {at}")).collect();
    let commas = ",".repeat(WIDEST - 1);
    let catalog =
        read("p.csv", format!("id,{}\na{commas}\n", names.join(",")).as_bytes(), &Reading::default());
    assert_eq!((catalog.items.len(), catalog.problems), (1, Vec::new()));
    assert_eq!(catalog.items[0].columns.names().count(), WIDEST);
}

#[test]
fn a_name_around_a_thousand_others_is_not_repeated_a_thousand_times() {
    let long = "x".repeat(2_000_000);
    let inner = (0..4_000).map(|at| format!("\"{at}\":1,")).collect::<Vec<_>>().concat();
    let words = "a name of more than 1024 bytes";
    refused("p.jsonl", format!("{{\"id\":\"a\",\"{long}\":{{{inner}\"z\":1}}}}\n"), words);
    refused("p.json", format!("[{{\"id\":\"a\",\"{long}\":{{{inner}\"z\":1}}}}]"), words);
    let inner = (0..4_000).map(|at| format!("<a{at}/>")).collect::<Vec<_>>().concat();
    let feed = format!("<rss><item><id>1</id><{long}>{inner}</{long}></item></rss>");
    refused("p.xml", feed, "their names are longer than 1024 bytes");
    let many = (0..5_000).map(|at| format!("\"{at}\":1,")).collect::<Vec<_>>().concat();
    refused("p.jsonl", format!("{{{many}\"id\":\"a\"}}\n"), "more than 4096 different names");
}

#[test]
fn rows_that_are_all_wrong_are_told_as_one() {
    let catalog =
        read("p.csv", format!("id,title\n{}", "x\n".repeat(10_500)).as_bytes(), &Reading::default());
    assert_eq!((catalog.problems.len(), catalog.problems[0].count), (1, 10_500));
    // Each row has the same id.
    let catalog =
        read("p.csv", format!("id,title\n{}", "x,\n".repeat(10_500)).as_bytes(), &Reading::default());
    assert_eq!((catalog.items.len(), catalog.problems.len()), (1, 1));
    let reported = &catalog.problems[0];
    assert_eq!(
        (reported.count, reported.examples.len(), reported.rows.stretches()),
        (10_499, 3, &[(3, 10_501)][..])
    );
}

#[test]
fn one_product_with_thousands_of_pictures_lists_a_hundred_for_each_variant() {
    let rows = (0..3_000)
        .map(|at| format!("one,One,{at},{at},https://shop.example/{at}.png,Us\n"))
        .collect::<Vec<_>>()
        .concat();
    let text = format!("Handle,Title,Variant SKU,Option1 Value,Image Src,Vendor\n{rows}");
    let options =
        Reading { one_per: OnePer::Variant, dialect: Some("shopify-legacy".into()), ..Reading::default() };
    let catalog = read("p.csv", text.as_bytes(), &options);
    assert_eq!(catalog.items.len(), 3_000, "{:?}", catalog.problems);
    let longest = catalog.items.iter().flat_map(|item| &item.facts).filter_map(|fact| match &fact.value {
        crate::domain::item::FactValue::List { parts, .. } => Some(parts.len()),
        _ => None,
    });
    // The variant's own picture, and those of the product.
    assert!(longest.max().unwrap() <= 101);
}

#[test]
fn a_token_without_an_end_is_no_more_than_a_product() {
    for open in ["<!--", "<![CDATA[", "<?x ", "<!DOCTYPE ", "<id a=\""] {
        let feed = format!("<rss><item>{open}{}", "x".repeat(5 << 20));
        refused("p.xml", feed, "the product is larger than 4 MiB");
    }
    let text = "x".repeat(5 << 20);
    refused("p.json", format!("[{{\"id\":\"{text}\"}}]"), "the object is larger than 4 MiB");
    refused("p.jsonl", format!("{{\"id\":\"{text}\"}}\n"), "the object is larger than 4 MiB");
    refused("p.csv", format!("id,title\na,{text}\n"), "the row is larger than 4 MiB");
}

#[test]
fn nesting_and_entities_have_a_bound() {
    refused("p.json", format!("[{{\"id\":{}", "[".repeat(200_000)), "the file is not valid JSON");
    refused("p.xml", format!("<rss><item>{}", "<a>".repeat(200_000)), "nested more than 32 deep");
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]>";
    let feed = format!("{bomb}<rss><item><id>1</id><title>&b;&b;&b;</title></item></rss>");
    let catalog = read("p.xml", feed.as_bytes(), &Reading::default());
    assert_eq!(catalog.items[0].get("title"), Some("&b;&b;&b;"), "{:?}", catalog.problems);
}
