//! Recognises the program that wrote a product file, which determines the meaning of the columns.
//!
//! A dialect is the description of a program's files. Each is a YAML document in the folder `dialects`. A file is
//! recognised by its headers alone, never by its name. If two programs are equally likely, the user must decide.

mod columns;
mod header;
mod options;
mod rules;

pub(super) use columns::{Child, Columns};
pub(super) use rules::{RuleSubject, SaleMark, not_sold};

use header::{Header, Spellings};
use rules::{Skip, When};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Compiles the YAML files with the given names, each the description of a program's product files, into the binary.
macro_rules! documents {
    ($($name:literal),* $(,)?) => {
        [$(include_str!(concat!("dialects/", $name, ".yaml"))),*]
    };
}

/// The known dialects. The last one is for plain files, which none of the known programs wrote.
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

/// A field of an item, such as the title. Each dialect has its own names for the columns of these fields.
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
    /// The column with one or several pictures of a row.
    Image,
    /// The columns with further pictures of a row.
    MoreImages,
    /// The column with a variant's own picture, used if the column of [`Field::Image`] has the pictures of the whole
    /// product.
    VariantImage,
}

impl Field {
    /// Returns the name of the field in templates.
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

/// A dialect: the description of the product files that one program writes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dialect {
    /// The short name of the dialect, such as `shopify`, which a manifest writes after `dialect:`.
    pub(super) name: String,
    /// The name of the described files in messages, such as `Shopify product export`.
    pub(super) title: String,
    /// The names of columns that every product file of the described program has.
    required: Vec<Header>,
    /// The names of columns that are typical of the described program's product files.
    strong: Vec<Header>,
    /// The least number of typical columns (`strong`) by which a file is recognised.
    least: usize,
    /// The names of similar dialects (descriptions of a program's files) that are ruled out if a file fits this
    /// dialect.
    #[serde(default)]
    over: Vec<String>,
    /// Other spellings of column names, such as translations.
    #[serde(default)]
    spellings: Spellings,
    /// The character that the program writes before a cell that looks like a formula, and the characters with which
    /// such a cell begins.
    #[serde(default)]
    escape: Option<[String; 2]>,
    /// The name of a list in each record, such as `variants`, whose elements become rows.
    #[serde(default)]
    pub(super) rows: Option<String>,
    /// The columns with the key of a product. Rows with the same key belong to the same product. The first of these
    /// columns that is filled in a row counts.
    together: Vec<Header>,
    /// The columns with the key of a product that has only one row. They are used if the columns [`Self::together`] of
    /// the row are empty.
    #[serde(default)]
    alone: Vec<Header>,
    /// The columns with a product's id, read from the product's first row. Without such columns, the key that groups
    /// the rows of the product is also its id.
    #[serde(default)]
    id: Vec<Header>,
    /// Conditions for a row that belongs to the same product as the row before it. One of the conditions must hold.
    #[serde(default)]
    continues: Vec<When>,
    /// Conditions for a row that repeats another row of its product in another language. One of the conditions must
    /// hold.
    #[serde(default)]
    repeats: Vec<When>,
    /// Conditions for a row that is not a product, such as a comment; it is ignored. One of the conditions must hold.
    #[serde(default)]
    ignore: Vec<When>,
    /// The column in which the row of a variant names the row of its product. A row with an empty cell there is a
    /// product.
    parent: Option<Header>,
    /// The column that holds a second id of the product, in the product's row. The rows of variants may refer to the
    /// product by this id.
    id_of_parent: Option<Header>,
    /// The text, such as `id:`, that comes before a product's second id in the rows of variants that refer to the
    /// product.
    #[serde(default)]
    id_prefix: String,
    /// The column of a product's row that lists its variants, which have rows of their own.
    #[serde(default)]
    children: Option<Children>,
    /// The column that says whether a row is a product, a variant or something else.
    kind: Option<Header>,
    /// Conditions for a row that is a variant. One of the conditions must hold; without conditions every row is a
    /// variant.
    #[serde(default)]
    variant: Vec<When>,
    columns: BTreeMap<Field, Vec<Header>>,
    /// For each title column, the columns whose texts (such as a brand) are put before the title.
    #[serde(default)]
    before: BTreeMap<Header, Vec<Header>>,
    /// Columns that are ignored if the file has a better column for the same data, each with the better column.
    ///
    /// For example, the names of picture files are ignored if the file has a column with the addresses of the pictures.
    #[serde(default)]
    unless: BTreeMap<Header, Header>,
    /// True if cells may contain pictures in Base64.
    #[serde(default)]
    pub(super) encoded: bool,
    /// The words of the status column: each word of the file, in lower case, with the word that replaces it. For
    /// example, `0` becomes `disabled`.
    #[serde(default)]
    pub(super) words: BTreeMap<String, String>,
    #[serde(default)]
    options: Options,
    /// Characters that always separate two pictures in a cell.
    #[serde(default)]
    pub(super) between: String,
    /// The word that the program writes if there is no picture.
    #[serde(default)]
    pub(super) no_picture: Option<String>,
    /// The start of all picture addresses. It is put before a picture's name if a cell holds only the name.
    #[serde(default)]
    pub(super) base: String,
    /// The character that separates ids if one cell holds several.
    #[serde(default)]
    pub(super) id_list: Option<char>,
    /// Columns that hold codes, such as barcodes, which spreadsheets often mistake for numbers.
    codes: Vec<Header>,
    /// Columns that describe a single variant. An empty cell in such a column is not filled with the text of the
    /// product's row.
    own: Vec<Header>,
    /// Rules by which products and variants are skipped, unless the user asks for all.
    skip: Vec<Skip>,
}

/// The columns that hold the options of a product, such as colours and sizes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    /// Pairs of columns: the first holds the name of an option, the second its value.
    #[serde(default)]
    numbered: Vec<[Header; 2]>,
    /// Columns that hold the values of one option each. The option's name is the name of the column or its end, such as
    /// `Colour` in `variant:Colour`.
    #[serde(default)]
    columns: Vec<Header>,
    /// The character that separates the names, or the values, if one cell holds several.
    #[serde(default)]
    between: Option<char>,
    /// Values that mean that the option is not set.
    #[serde(default)]
    none: Vec<String>,
}

/// A column that lists the variants of a product, such as `sku=A-1,color=Red|sku=A-2,color=Blue`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Children {
    column: Header,
    /// The name of the entry that identifies the row of a listed variant, such as `sku` in `sku=A-1`.
    key: String,
}

/// A measure of how well a file's column names fit a dialect (the description of a program's product files).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Confidence {
    /// The number of the file's columns that are typical of the program's files.
    pub(super) known: usize,
    /// The number of all columns that are typical of the program's files.
    pub(super) of: usize,
}

/// The dialect (the description of a program's product files) that fits a file's column names, or two that fit equally
/// well.
#[derive(Debug)]
pub(super) enum Detected {
    /// One dialect fits the column names of the file best.
    One(&'static Dialect, Confidence),
    /// Two dialects fit the column names of the file about equally well.
    Either(&'static Dialect, &'static Dialect),
}

pub(super) fn find(name: &str) -> Option<&'static Dialect> {
    ALL.iter().find(|dialect| dialect.name == name)
}

/// Returns the names of all dialects (descriptions of a program's product files), such as `shopify`.
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|dialect| dialect.name.as_str()).collect()
}

/// Reports whether a known program writes a list of this name, such as `variants`, whose elements are read as rows.
pub(super) fn is_list_of_rows(name: &str) -> bool {
    ALL.iter().any(|dialect| dialect.rows.as_deref() == Some(name))
}

/// Returns the dialect (the description of a program's product files) that fits the column names best, or two that fit
/// about equally well. If none fits, the result is the dialect for plain files, which no known program wrote.
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
        // A lead of a single header may be chance.
        [(first, best), (second, next), ..] if next.of > 0 && next.known + 1 >= best.known => {
            Detected::Either(first, second)
        }
        [(first, best), ..] => Detected::One(first, *best),
        [] => Detected::One(&ALL[ALL.len() - 1], Confidence { known: 0, of: 0 }),
    }
}

/// Reports whether some known program identifies products by a column with one of these names.
pub(super) fn names_items(headers: &[String]) -> bool {
    let folded: Vec<String> = headers.iter().map(|header| header::fold(header)).collect();
    let is_id = |header: &Header| !header.written.contains('*') && header.is_among(&folded);
    ALL.iter().any(|dialect| dialect.together.iter().any(is_id))
}

/// Returns the dialect (the description of a program's product files) that the column names resemble most, for a hint.
/// All required columns of the dialect must exist, and at least one typical column. Returns `None` if there is no such
/// dialect.
pub(super) fn resembling(headers: &[String]) -> Option<&'static Dialect> {
    let known = |dialect: &&Dialect| dialect.confidence(headers).map_or(0, |confidence| confidence.known);
    ALL.iter().filter(|dialect| !dialect.is_plain() && known(dialect) > 0).max_by_key(known)
}

/// Returns a dialect that fits a file except for one missing column, with the possible names of that column. Returns
/// `None` if there is no such dialect.
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
    /// Reports whether this is the dialect for plain files: files that no known program wrote. Each row of a plain file
    /// is an item.
    pub(super) fn is_plain(&self) -> bool {
        self.strong.is_empty()
    }

    /// Returns the names of the required columns that a file with these column names lacks.
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

    /// Returns how many of these column names are typical of the program's files; `None` if a required column is
    /// missing.
    pub(super) fn confidence(&self, headers: &[String]) -> Option<Confidence> {
        let folded = self.spellings.known(headers);
        if !self.absent(&folded).is_empty() {
            return None;
        }
        Some(Confidence { known: self.known(&folded), of: self.strong.len() })
    }

    /// Removes the character that some programs write before a cell that looks like a formula.
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

    /// Returns the names of the columns that identify rows in the described program's files, for a message.
    pub(super) fn id_headers(&self) -> Vec<&str> {
        self.together.iter().chain(&self.alone).map(|header| header.written.as_str()).collect()
    }
}

#[cfg(test)]
mod tests;
