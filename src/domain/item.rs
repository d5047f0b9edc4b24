//! An item (a product, picture or scene) with the texts of its columns.

use super::ident::composed;
use super::problem::Place;
use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

/// A product, variant, picture or scene: a row of a product file, or an entry of the manifest's list of items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The id, unique among the items. It is always text: `0123`, `no` and `1e3` stay unchanged.
    pub id: String,
    /// The item's columns, or the keys of an item in the manifest, with their texts. They include the id, and have the
    /// order of the source.
    pub columns: Columns,
    /// The item's facts: values under standard names such as `title`, whatever the columns are called. Empty for items
    /// that the manifest lists.
    pub facts: Vec<Fact>,
    /// The row or line that the item was read from, for messages.
    pub origin: Place,
}

/// The column names and texts of one item. All rows of a sheet share the same list of names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    names: Arc<[Arc<str>]>,
    texts: Vec<String>,
}

impl Columns {
    /// Creates the columns of one item from shared names and the item's texts. A name beyond the last text has no
    /// column.
    #[must_use]
    pub fn new(names: &Arc<[Arc<str>]>, texts: Vec<String>) -> Self {
        Self { names: Arc::clone(names), texts }
    }

    /// Returns each column name with its text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.names.iter().zip(&self.texts).map(|(name, text)| (&**name, text.as_str()))
    }

    /// Returns the column names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(name, _)| name)
    }

    /// Returns the list of column names that the items of a sheet share.
    #[must_use]
    pub fn shared_names(&self) -> &Arc<[Arc<str>]> {
        &self.names
    }

    /// Returns the texts of the columns, in the order of the column names.
    #[must_use]
    pub fn into_texts(self) -> Vec<String> {
        self.texts
    }

    /// Returns the text of the column with this name; `None` if there is none. An accent in the name may be part of its
    /// letter or a separate character.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = |name: &str| self.iter().find(|(known, _)| *known == name).map(|(_, text)| text);
        if name.is_ascii() { found(name) } else { found(&composed(name)) }
    }
}

impl FromIterator<(String, String)> for Columns {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(columns: I) -> Self {
        let (names, texts): (Vec<Arc<str>>, _) =
            columns.into_iter().map(|(name, text)| (Arc::from(composed(&name)), text)).unzip();
        Self { names: names.into(), texts }
    }
}

/// A value of an item under a standard name such as `title`, `image` or `tags`, whatever its column is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The standard name, which templates use.
    pub name: &'static str,
    /// The value of the fact.
    pub value: FactValue,
    /// The column from which the value was read; `None` if there is no such column.
    pub column: Option<Arc<str>>,
}

/// The value of a [`Fact`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactValue {
    /// A single text.
    Text(String),
    /// A list of texts.
    List {
        /// All texts of the list in a single text: as the file has them, or joined by commas.
        written: String,
        /// Each text of the list.
        parts: Vec<String>,
    },
    /// A list of pairs of a name and a text, such as the colour and the size.
    Pairs(Vec<(String, String)>),
}

impl Item {
    /// Returns the item's text under the standard name `name` (see [`Fact`]), or else the text of the column `name`.
    /// Returns `None` if there is neither, or if the standard name has a list of pairs.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        match self.fact(name).map(|fact| &fact.value) {
            Some(FactValue::Text(text) | FactValue::List { written: text, .. }) => Some(text),
            Some(FactValue::Pairs(_)) => None,
            None => self.column(name),
        }
    }

    /// Returns the fact with this name: the value under a standard name such as `title`.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<&Fact> {
        self.facts.iter().find(|fact| fact.name == name)
    }

    /// Returns the text of the column with this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&str> {
        self.columns.get(name)
    }

    /// Returns a copy of the item with `text` as its value under the standard name `name` (see [`Fact`]) and in the
    /// column `name`. A name that the item does not have is not added.
    #[must_use]
    pub fn with_text(&self, name: &str, text: &str) -> Self {
        let mut item = self.clone();
        if let Some(fact) = item.facts.iter_mut().find(|fact| fact.name == name) {
            fact.value = FactValue::Text(text.to_owned());
        }
        let at = item.columns.names.iter().position(|known| &**known == name);
        if let Some(known) = at.and_then(|at| item.columns.texts.get_mut(at)) {
            text.clone_into(known);
        }
        item
    }

    /// Returns the two names under which templates read the title: `title`, and the name of the title's column.
    #[must_use]
    pub fn title_names(&self) -> [&str; 2] {
        ["title", self.written_in("title")]
    }

    /// Returns the column from which the value under the standard name `name` was read; `name` itself if there is no
    /// such column.
    fn written_in<'a>(&'a self, name: &'a str) -> &'a str {
        self.fact(name).and_then(|fact| fact.column.as_deref()).unwrap_or(name)
    }

    /// Returns the tags of the item: the list from its product file, or else the comma-separated parts of its column
    /// `tags`.
    #[must_use]
    pub fn tags(&self) -> Vec<String> {
        let parts = match self.fact("tags").map(|fact| &fact.value) {
            Some(FactValue::List { parts, .. }) => parts.iter().map(String::as_str).collect(),
            _ => self.get("tags").unwrap_or_default().split(',').collect::<Vec<_>>(),
        };
        let mut tags: Vec<String> = Vec::new();
        for tag in parts.into_iter().map(str::trim).filter(|tag| !tag.is_empty()) {
            if !tags.iter().any(|known| known == tag) {
                tags.push(tag.to_owned());
            }
        }
        tags
    }

    /// Returns the item's title, or else its name, or else its id.
    #[must_use]
    pub fn title(&self) -> &str {
        ["title", "name"]
            .iter()
            .find_map(|name| self.get(name).filter(|text| !text.trim().is_empty()))
            .unwrap_or(&self.id)
    }

    /// Returns the number of the item's row in its sheet, for a message about a text made from `columns`.
    ///
    /// Returns `None` if the item is not from a sheet. Also returns `None` if `columns` is empty, because the text then
    /// does not depend on any row.
    #[must_use]
    pub fn row(&self, columns: &[String]) -> Option<u64> {
        match &self.origin {
            Place::Row { row, .. } if !columns.is_empty() => Some(*row),
            _ => None,
        }
    }

    /// Returns the number of the item's row or line in its source; 0 if the item has none.
    #[must_use]
    pub fn line(&self) -> u64 {
        match &self.origin {
            Place::Row { row, .. } => *row,
            Place::Text { line, .. } => u64::from(*line),
            Place::File(_) | Place::Nowhere => 0,
        }
    }

    /// Returns a copy of this item that has another item's `id` and place, so that a message can name the other item.
    ///
    /// `at` is the other item's row or line in the same source.
    #[must_use]
    pub fn neighbour(&self, id: String, at: u64) -> Self {
        let mut item = Self { id, ..self.clone() };
        match &mut item.origin {
            Place::Row { row, .. } => *row = at,
            Place::Text { line, .. } => *line = u32::try_from(at).unwrap_or(u32::MAX),
            Place::File(_) | Place::Nowhere => {}
        }
        item
    }

    /// Returns the item's id and place, for a list of examples in a message.
    ///
    /// For example ``item mug-26 (sheet row 14, column `image`)``, or `mug-26 (line 14)` for an item of the manifest.
    /// `columns` are the columns from which the faulty text was made; without any, the result is only the id.
    #[must_use]
    pub fn example(&self, columns: &[String]) -> String {
        let Some(row) = self.row(columns) else {
            return match &self.origin {
                Place::Text { line, .. } if !columns.is_empty() => format!("{} (line {line})", self.id),
                _ => self.id.clone(),
            };
        };
        // The column of `item.id` may have another name.
        let known = columns.iter().map(String::as_str).filter(|column| self.get(column).is_some());
        let cells: Vec<&str> = known.map(|column| self.written_in(column)).collect();
        match cells.as_slice() {
            [] => format!("item {} (sheet row {row})", self.id),
            [column] => format!("item {} (sheet row {row}, column `{column}`)", self.id),
            columns => format!("item {} (sheet row {row}, columns `{}`)", self.id, columns.join("`, `")),
        }
    }
}

/// The choice of one clip for each product, variant or picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnePer {
    /// A product, with all its sizes and colours.
    #[default]
    Product,
    /// A size or colour of a product.
    Variant,
    /// A picture that shows one or several variants.
    Image,
}

impl OnePer {
    /// All choices (one clip for each product, variant or picture), with their names in a manifest.
    pub const ALL: [(&'static str, Self); 3] =
        [("product", Self::Product), ("variant", Self::Variant), ("image", Self::Image)];
}

/// The settings for reading a product file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// One clip for each product, variant or picture.
    pub one_per: OnePer,
    /// The name of the program that wrote the file, such as `shopify`; `None` to detect it by the column names.
    pub dialect: Option<String>,
    /// The name of the sheet to read from a workbook; `None` to read the first sheet that has a header.
    pub sheet: Option<String>,
    /// True if drafts, sold-out and hidden products are read too.
    pub all: bool,
    /// The columns from which each field may be read, by the field's name in templates. The first of them that the file
    /// has is read.
    pub columns: BTreeMap<String, Vec<String>>,
    /// The encoding of a sheet, by its label in the WHATWG Encoding Standard; `None` to detect it.
    pub encoding: Option<String>,
    /// The character between the cells of a sheet; `None` to detect it from the first rows.
    pub delimiter: Option<Delimiter>,
    /// The path of the list of products in a JSON document, with a full stop between names; `None` to find the list.
    pub path: Option<String>,
    /// The name of the XML element that holds a product; `None` to find it.
    pub element: Option<String>,
}

/// The fields whose columns a manifest may choose.
pub const FIELDS: [&str; 11] =
    ["id", "sku", "handle", "title", "description", "vendor", "type", "tags", "status", "image", "images"];

/// The character between the cells of a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delimiter(pub u8);

impl Delimiter {
    /// All delimiters, with their names.
    pub const ALL: [(&'static str, Self); 4] =
        [("comma", Self(b',')), ("semicolon", Self(b';')), ("tab", Self(b'\t')), ("bar", Self(b'|'))];

    /// Returns the name of the delimiter.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, known)| *known == self).map_or("comma", |(name, _)| name)
    }
}

impl FromStr for Delimiter {
    type Err = String;

    /// Parses a delimiter from its name, or from the character itself.
    fn from_str(text: &str) -> Result<Self, String> {
        let is_meant = |(name, Self(byte)): &&(&str, Self)| *name == text || text.as_bytes() == [*byte];
        let known = Self::ALL.iter().find(is_meant).map(|(_, delimiter)| *delimiter);
        known.ok_or_else(|| "write `comma`, `semicolon`, `tab` or `bar`".to_owned())
    }
}
