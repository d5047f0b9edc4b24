//! What the columns of a product file mean, by the program that wrote it.
//!
//! Each program has a document in `dialects`. A file is recognised by its headers alone, never by its name, and where
//! two programs are equally likely the user is asked.

mod columns;
mod header;
mod options;
mod rules;

pub(super) use columns::{Child, Columns};
pub(super) use rules::{Says, Whose, not_sold};

use header::{Header, Spellings};
use rules::{Skip, When};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Reads the documents of that name.
macro_rules! documents {
    ($($name:literal),* $(,)?) => {
        [$(include_str!(concat!("dialects/", $name, ".yaml"))),*]
    };
}

/// The documents, the plain one last.
static ALL: LazyLock<Vec<Dialect>> = LazyLock::new(|| {
    let documents = documents![
        "shopify",
        "shopify-legacy",
        "matrixify",
        "woocommerce",
        "google",
        "tiktok",
        "akeneo",
        "wix",
        "squarespace",
        "bigcommerce",
        "bigcommerce-v2",
        "magento",
        "prestashop",
        "opencart",
        "shopware",
        "lightspeed",
        "lightspeed-ecom",
        "square",
        "tiendanube",
        "bling",
        "etsy",
        "ebay",
        "prom",
        "amazon-listings",
        "amazon-flat",
        "shoptet",
        "odoo",
        "ecwid",
        "vendure",
        "shopify-json",
        "woocommerce-json",
        "magento-json",
        "bigcommerce-json",
        "json-ld",
        "heureka",
        "shoptet-xml",
        "yandex",
        "generic",
    ];
    let read = |yaml| serde_yaml::from_str(yaml).expect("it is compiled in, and a test reads it");
    documents.into_iter().map(read).collect()
});

/// What is known of an item whatever its columns are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Field {
    Sku,
    Handle,
    Title,
    Description,
    Vendor,
    Type,
    Tags,
    Status,
    /// The pictures of a row, one or several.
    Image,
    /// Further pictures of a row.
    MoreImages,
    /// The picture of the row's own variant, where [`Field::Image`] has those of the whole product.
    VariantImage,
}

impl Field {
    /// What templates call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sku => "sku",
            Self::Handle => "handle",
            Self::Title => "title",
            Self::Description => "description",
            Self::Vendor => "vendor",
            Self::Type => "type",
            Self::Tags => "tags",
            Self::Status => "status",
            Self::Image => "image",
            Self::MoreImages => "images",
            Self::VariantImage => "variant image",
        }
    }
}

/// A program that writes product files.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dialect {
    /// As `dialect:` names it.
    pub(super) name: String,
    /// What it is, for people.
    pub(super) title: String,
    /// Headers without which a file is none of its.
    required: Vec<Header>,
    /// Headers that speak for it …
    strong: Vec<Header>,
    /// … of which there must be so many.
    least: usize,
    /// Dialects that share its headers; where it fits, none of them does.
    #[serde(default)]
    over: Vec<String>,
    /// Other spellings of the headers that this document names.
    #[serde(default)]
    spellings: Spellings,
    /// The character that its writer puts before a cell that a spreadsheet would take for a formula, and the first
    /// characters of such cells.
    #[serde(default)]
    escape: Option<[String; 2]>,
    /// The list of a record whose elements are rows of their own, such as `variants`.
    #[serde(default)]
    pub(super) rows: Option<String>,
    /// The columns that name the product of a row: the first that is filled.
    together: Vec<Header>,
    /// The columns that name a row for which none of [`Self::together`] is filled; each such row is a product.
    #[serde(default)]
    alone: Vec<Header>,
    /// The columns of a product's first row that make its id, where its rows are joined by others.
    #[serde(default)]
    id: Vec<Header>,
    /// Rows that belong to the product of the row before.
    #[serde(default)]
    continues: Vec<When>,
    /// Rows that say once more, in another language, what another row of the product says.
    #[serde(default)]
    repeats: Vec<When>,
    /// Rows that are no product.
    #[serde(default)]
    ignore: Vec<When>,
    /// The column of a variant's row that names the product's own row; a row that leaves it empty is a product.
    parent: Option<Header>,
    /// Another name of a product's own row, by which variants name it …
    id_of_parent: Option<Header>,
    /// … behind this text.
    #[serde(default)]
    id_prefix: String,
    /// The column of a product's row that names the rows of its variants.
    #[serde(default)]
    children: Option<Children>,
    /// The column that says what kind of thing a row is.
    kind: Option<Header>,
    /// Rows that are variants; without a rule every row is.
    #[serde(default)]
    variant: Vec<When>,
    columns: BTreeMap<Field, Vec<Header>>,
    /// Columns whose texts stand before that of another where this one has the title.
    #[serde(default)]
    before: BTreeMap<Header, Vec<Header>>,
    /// Columns that are not read where another is there.
    #[serde(default)]
    unless: BTreeMap<Header, Header>,
    /// Whether pictures may stand in the cells, in Base64.
    #[serde(default)]
    pub(super) encoded: bool,
    /// Other words for what stands in the status.
    #[serde(default)]
    pub(super) words: BTreeMap<String, String>,
    #[serde(default)]
    options: Options,
    /// Characters that always part two pictures of a cell.
    #[serde(default)]
    pub(super) between: String,
    /// The word in the place of a picture that there is not.
    #[serde(default)]
    pub(super) no_picture: Option<String>,
    /// The address before the name of a picture that is no address.
    #[serde(default)]
    pub(super) base: String,
    /// The character between the ids of a cell that lists several.
    #[serde(default)]
    pub(super) id_list: Option<char>,
    /// Columns that hold codes, which spreadsheets like to take for numbers.
    codes: Vec<Header>,
    /// Columns that speak of the row's variant alone: no variant takes them over from its product.
    own: Vec<Header>,
    /// What makes no clips unless it is asked for.
    skip: Vec<Skip>,
}

/// Where colours and sizes stand.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    /// Pairs of columns: the name, and the value.
    #[serde(default)]
    numbered: Vec<[Header; 2]>,
    /// Columns that are called after what they hold.
    #[serde(default)]
    columns: Vec<Header>,
    /// The character between several names, and several values, of one cell.
    #[serde(default)]
    between: Option<char>,
    /// Values that mean that there is none.
    #[serde(default)]
    none: Vec<String>,
}

/// A column that lists variants as `key=sku,option=value|…`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Children {
    column: Header,
    /// The name of the part that holds the key of the variant's row.
    key: String,
}

/// How likely a dialect is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Confidence {
    /// So many of its headers are there …
    pub(super) known: usize,
    /// … of so many.
    pub(super) of: usize,
}

/// What the headers of a file say of its program.
#[derive(Debug)]
pub(super) enum Detected {
    /// It is this one.
    One(&'static Dialect, Confidence),
    /// It may be either.
    Either(&'static Dialect, &'static Dialect),
}

/// The dialect of that name.
pub(super) fn find(name: &str) -> Option<&'static Dialect> {
    ALL.iter().find(|dialect| dialect.name == name)
}

/// The names of all.
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|dialect| dialect.name.as_str()).collect()
}

/// Returns whether some program writes a list of this name whose elements are rows of their own.
pub(super) fn is_list_of_rows(name: &str) -> bool {
    ALL.iter().any(|dialect| dialect.rows.as_deref() == Some(name))
}

/// The dialect that the headers speak for.
pub(super) fn detect(headers: &[String]) -> Detected {
    let likely: Vec<_> = ALL
        .iter()
        .filter_map(|dialect| {
            let confidence = dialect.confidence(headers)?;
            (confidence.known >= dialect.least).then_some((dialect, confidence))
        })
        .collect();
    let is_over = |name: &String| likely.iter().any(|(other, _)| other.over.contains(name));
    let mut best: Vec<_> = likely.iter().filter(|(dialect, _)| !is_over(&dialect.name)).collect();
    best.sort_by_key(|(_, confidence)| std::cmp::Reverse(confidence.known));
    match best.as_slice() {
        // One header more may be chance.
        [(first, best), (second, next), ..] if next.of > 0 && next.known + 1 >= best.known => {
            Detected::Either(first, second)
        }
        [(first, best), ..] => Detected::One(first, *best),
        [] => Detected::One(&ALL[ALL.len() - 1], Confidence { known: 0, of: 0 }),
    }
}

/// Returns whether one of the headers is a column by which some program tells its products apart.
pub(super) fn names_items(headers: &[String]) -> bool {
    let folded: Vec<String> = headers.iter().map(|header| header::fold(header)).collect();
    let is_id = |header: &Header| !header.written.contains('*') && header.is_among(&folded);
    ALL.iter().any(|dialect| dialect.together.iter().any(is_id))
}

/// A program whose required headers are there though too few others are: for a hint.
pub(super) fn resembling(headers: &[String]) -> Option<&'static Dialect> {
    let known = |dialect: &&Dialect| dialect.confidence(headers).map_or(0, |confidence| confidence.known);
    ALL.iter().filter(|dialect| !dialect.is_plain() && known(dialect) > 0).max_by_key(known)
}

/// Returns a program of which many headers are there, but one without which a file is none of its is not; with all
/// spellings of that one.
pub(super) fn lacking_one(headers: &[String]) -> Option<(&'static Dialect, Vec<String>)> {
    let lacking = |dialect: &'static Dialect| {
        let folded = dialect.spellings.known(headers);
        let known = dialect.known(&folded);
        let [missing] = dialect.absent(&folded)[..] else { return None };
        let is_likely =
            known >= dialect.least + 2 || (known >= dialect.least && known * 2 >= dialect.strong.len());
        is_likely.then_some((known, dialect, missing))
    };
    let (_, dialect, missing) = ALL.iter().filter_map(lacking).max_by_key(|(known, ..)| *known)?;
    Some((dialect, dialect.spellings.of(missing)))
}

impl Dialect {
    /// Whether each row is an item under the names of its own columns.
    pub(super) fn is_plain(&self) -> bool {
        self.strong.is_empty()
    }

    /// Of the headers without which a file is none of its, those that are not there.
    pub(super) fn missing(&self, headers: &[String]) -> Vec<&str> {
        self.absent(&self.spellings.known(headers))
    }

    fn absent(&self, folded: &[String]) -> Vec<&str> {
        let is_missing = |header: &&Header| !header.is_among(folded);
        self.required.iter().filter(is_missing).map(|header| header.written.as_str()).collect()
    }

    fn known(&self, folded: &[String]) -> usize {
        self.strong.iter().filter(|header| header.is_among(folded)).count()
    }

    /// How many of its headers are there; nothing where a required one is not.
    pub(super) fn confidence(&self, headers: &[String]) -> Option<Confidence> {
        let folded = self.spellings.known(headers);
        if !self.absent(&folded).is_empty() {
            return None;
        }
        Some(Confidence { known: self.known(&folded), of: self.strong.len() })
    }

    /// Takes off what its writer put before cells that a spreadsheet would take for formulas.
    pub(super) fn unescape(&self, cells: &mut [String]) {
        let Some([mark, starts]) = &self.escape else { return };
        for cell in cells {
            if cell
                .strip_prefix(mark.as_str())
                .is_some_and(|rest| rest.starts_with(|first| starts.contains(first)))
            {
                cell.drain(..mark.len());
            }
        }
    }

    /// The headers by which rows are told apart, for a message.
    pub(super) fn id_headers(&self) -> Vec<&str> {
        self.together.iter().chain(&self.alone).map(|header| header.written.as_str()).collect()
    }
}

#[cfg(test)]
mod tests;
