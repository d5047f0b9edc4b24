//! What the columns of a product file mean, by the program that wrote it.
//!
//! Each program has a document in `dialects`. A file is recognised by its headers alone, never by its name, and where
//! two programs are equally likely the user is asked.

use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

/// The documents, the plain one last.
static ALL: LazyLock<Vec<Dialect>> = LazyLock::new(|| {
    let documents = [
        include_str!("dialects/shopify.yaml"),
        include_str!("dialects/shopify-legacy.yaml"),
        include_str!("dialects/woocommerce.yaml"),
        include_str!("dialects/google.yaml"),
        include_str!("dialects/akeneo.yaml"),
        include_str!("dialects/generic.yaml"),
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
    /// The columns that name the product of a row: the first that is filled.
    together: Vec<Header>,
    /// The column of a variant's row that names the product's own row; a row that leaves it empty is a product.
    parent: Option<Header>,
    /// Another name of a product's own row, which variants write as `id:…`.
    id_of_parent: Option<Header>,
    /// The column that says what kind of thing a row is.
    kind: Option<Header>,
    /// A row is a variant if any of these is filled; without such columns every row is.
    #[serde(default)]
    variant: Vec<Header>,
    columns: BTreeMap<Field, Vec<Header>>,
    /// Other words for what stands in the status.
    #[serde(default)]
    pub(super) words: BTreeMap<String, String>,
    #[serde(default)]
    options: Options,
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
    /// Values that mean that there is none.
    #[serde(default)]
    none: Vec<String>,
}

/// A reason to leave a row out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Skip {
    /// In two or three words.
    reason: String,
    /// Whether the row speaks for its product or for its variant alone.
    #[serde(default)]
    of: Whose,
    /// Columns with the values that all must have: a word of a comma-separated list, `*` for anything, `<=0`.
    when: BTreeMap<Header, Vec<String>>,
}

/// Whom a reason strikes.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Whose {
    /// The product with all its variants.
    #[default]
    Product,
    /// One variant.
    Variant,
}

/// A header, or with a `*` at either end all that begin or end so. Upper and lower case are the same, `_` is a space.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(from = "String")]
struct Header {
    written: String,
    folded: String,
}

impl From<String> for Header {
    fn from(written: String) -> Self {
        Self { folded: fold(written.trim_matches('*')), written }
    }
}

impl Header {
    fn fits(&self, folded: &str) -> bool {
        match (self.written.starts_with('*'), self.written.ends_with('*')) {
            (_, true) => folded.starts_with(&self.folded),
            (true, false) => folded.ends_with(&self.folded),
            (false, false) => folded == self.folded,
        }
    }

    fn is_among(&self, headers: &[String]) -> bool {
        headers.iter().any(|header| self.fits(&fold(header)))
    }
}

fn fold(header: &str) -> String {
    header.to_lowercase().replace('_', " ")
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

/// A column, and the values of which it must hold one.
type Condition = (Option<usize>, &'static [String]);

/// Where a dialect's columns stand in a file.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub(super) together: Vec<usize>,
    pub(super) parent: Option<usize>,
    pub(super) id_of_parent: Option<usize>,
    pub(super) kind: Option<usize>,
    pub(super) variant: Vec<usize>,
    /// In the order in which they are told.
    pub(super) fields: BTreeMap<Field, Vec<usize>>,
    /// Of each option the column with its name, where it is in one, and that with its value.
    pub(super) options: Vec<(Option<usize>, usize)>,
    pub(super) codes: Vec<usize>,
    own: Vec<bool>,
    /// Of each reason to leave a row out, the columns that decide with what they must hold.
    skip: Vec<(&'static Skip, Vec<Condition>)>,
}

impl Columns {
    /// Why a row is left out, if it is.
    pub(super) fn reason(&self, whose: Whose, cells: &[String]) -> Option<&'static str> {
        let holds = |(column, values): &Condition| {
            let cell = column.and_then(|column| cells.get(column)).map_or("", |cell| cell.trim());
            values.iter().any(|value| is_value(cell, value))
        };
        let mut rules = self.skip.iter().filter(|(skip, _)| skip.of == whose);
        rules.find(|(_, when)| when.iter().all(holds)).map(|(skip, _)| skip.reason.as_str())
    }

    /// The columns of a field, the best first.
    pub(super) fn of(&self, field: Field) -> &[usize] {
        self.fields.get(&field).map_or(&[], Vec::as_slice)
    }

    /// Whether a variant takes this column over from its product.
    pub(super) fn is_inherited(&self, column: usize) -> bool {
        self.own.get(column).is_some_and(|own| !own)
    }
}

/// The dialect of that name.
pub(super) fn find(name: &str) -> Option<&'static Dialect> {
    ALL.iter().find(|dialect| dialect.name == name)
}

/// The names of all.
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|dialect| dialect.name.as_str()).collect()
}

/// The dialect that the headers speak for.
pub(super) fn detect(headers: &[String]) -> Detected {
    let mut likely: Vec<_> = ALL
        .iter()
        .filter_map(|dialect| {
            let confidence = dialect.confidence(headers)?;
            (confidence.known >= dialect.least).then_some((dialect, confidence))
        })
        .collect();
    likely.sort_by_key(|(_, confidence)| std::cmp::Reverse(confidence.known));
    match likely.as_slice() {
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
    let is_id = |header: &Header| !header.written.contains('*') && header.is_among(headers);
    ALL.iter().any(|dialect| dialect.together.iter().any(is_id))
}

/// A program whose required headers are there though too few others are: for a hint.
pub(super) fn resembling(headers: &[String]) -> Option<&'static Dialect> {
    let known = |dialect: &&Dialect| dialect.confidence(headers).map_or(0, |confidence| confidence.known);
    ALL.iter().filter(|dialect| !dialect.is_plain() && known(dialect) > 0).max_by_key(known)
}

impl Dialect {
    /// Whether each row is an item under the names of its own columns.
    pub(super) fn is_plain(&self) -> bool {
        self.strong.is_empty()
    }

    /// Of the headers without which a file is none of its, those that are not there.
    pub(super) fn missing(&self, headers: &[String]) -> Vec<&str> {
        let is_missing = |header: &&Header| !header.is_among(headers);
        self.required.iter().filter(is_missing).map(|header| header.written.as_str()).collect()
    }

    /// How many of its headers are there; nothing where a required one is not.
    pub(super) fn confidence(&self, headers: &[String]) -> Option<Confidence> {
        if !self.missing(headers).is_empty() {
            return None;
        }
        let known = self.strong.iter().filter(|header| header.is_among(headers)).count();
        Some(Confidence { known, of: self.strong.len() })
    }

    /// Finds its columns. A plain file has one column for each thing: a second never stands in for an empty cell.
    pub(super) fn columns(&'static self, headers: &[String]) -> Columns {
        let folded: Vec<String> = headers.iter().map(|header| fold(header)).collect();
        let all = |header: &Header| -> Vec<usize> {
            (0..folded.len()).filter(|at| header.fits(&folded[*at])).collect()
        };
        let each = |headers: &[Header]| {
            let mut known = HashSet::new();
            headers.iter().flat_map(all).filter(|at| known.insert(*at)).collect::<Vec<usize>>()
        };
        let first = |header: &Option<Header>| all(header.as_ref()?).first().copied();
        let most = if self.is_plain() { 1 } else { usize::MAX };
        let best = |headers: &[Header]| each(headers).into_iter().take(most).collect();
        let numbered = self
            .options
            .numbered
            .iter()
            .filter_map(|[name, value]| Some((Some(*all(name).first()?), *all(value).first()?)));
        let named = each(&self.options.columns).into_iter().map(|at| (None, at));
        let own = |name: &String| self.own.iter().any(|header| header.fits(name));
        let column = |header: &Header| folded.iter().position(|name| header.fits(name));
        let when = |skip: &'static Skip| {
            skip.when.iter().map(|(header, values)| (column(header), values.as_slice())).collect()
        };
        Columns {
            together: best(&self.together),
            parent: first(&self.parent),
            id_of_parent: first(&self.id_of_parent),
            kind: first(&self.kind),
            variant: each(&self.variant),
            fields: self.columns.iter().map(|(field, headers)| (*field, best(headers))).collect(),
            options: numbered.chain(named).collect(),
            codes: each(&self.codes),
            own: folded.iter().map(own).collect(),
            skip: self.skip.iter().map(|skip| (skip, when(skip))).collect(),
        }
    }

    /// The headers by which rows are told apart, for a message.
    pub(super) fn id_headers(&self) -> Vec<&str> {
        self.together.iter().map(|header| header.written.as_str()).collect()
    }

    /// Whether an option's value means that there is none.
    pub(super) fn is_no_option(&self, value: &str) -> bool {
        value.is_empty() || self.options.none.iter().any(|none| none == value)
    }
}

/// Whether a cell has a value of a rule.
fn is_value(cell: &str, value: &str) -> bool {
    match value {
        "*" => !cell.is_empty(),
        "<=0" => cell.parse::<f64>().is_ok_and(|number| number <= 0.0),
        value => cell.split(',').any(|word| word.trim().eq_ignore_ascii_case(value)),
    }
}

#[cfg(test)]
mod tests;
