//! A SKU, product or scene: text all the way, under the names its sheet gave it.

use super::ident::composed;
use super::problem::Place;
use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

/// One row of a catalog, or one entry of the manifest's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Unique among the items; `0123`, `no` and `1e3` stay what they are.
    pub id: String,
    /// Every column or key, in the order of the source, the id among them.
    pub columns: Columns,
    /// What is known of it whatever the program that wrote its file calls it. Empty for entries of a manifest.
    pub facts: Vec<Fact>,
    /// Where it was written, for messages.
    pub origin: Place,
}

/// Names with a text each. All rows of a sheet share their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    names: Arc<[Arc<str>]>,
    texts: Vec<String>,
}

impl Columns {
    /// Texts under names that others have, too. A name without a text is not there.
    #[must_use]
    pub fn new(names: &Arc<[Arc<str>]>, texts: Vec<String>) -> Self {
        Self { names: Arc::clone(names), texts }
    }

    /// Each name with its text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.names.iter().zip(&self.texts).map(|(name, text)| (&**name, text.as_str()))
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(name, _)| name)
    }

    /// Returns the names as the items of a sheet share them.
    #[must_use]
    pub fn shared_names(&self) -> &Arc<[Arc<str>]> {
        &self.names
    }

    /// Returns the texts, in the order of the names.
    #[must_use]
    pub fn into_texts(self) -> Vec<String> {
        self.texts
    }

    /// The text under that name, whether its accents are part of the letters or apart.
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

/// Something that is known of an item under a name of ours, such as `title`, `image` or `tags`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What templates call it.
    pub name: &'static str,
    /// What it is.
    pub value: FactValue,
    /// The column that it was read from, where it was one.
    pub column: Option<Arc<str>>,
}

/// What a [`Fact`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactValue {
    /// One text.
    Text(String),
    /// Several texts.
    List {
        /// As the file has them, or joined by commas.
        written: String,
        /// Each.
        parts: Vec<String>,
    },
    /// Texts with names, such as the colour and the size.
    Pairs(Vec<(String, String)>),
}

impl Item {
    /// The text under that name: what is known of the item, else its column.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        match self.fact(name).map(|fact| &fact.value) {
            Some(FactValue::Text(text) | FactValue::List { written: text, .. }) => Some(text),
            Some(FactValue::Pairs(_)) => None,
            None => self.column(name),
        }
    }

    /// What is known under that name.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<&Fact> {
        self.facts.iter().find(|fact| fact.name == name)
    }

    /// The text of that column.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&str> {
        self.columns.get(name)
    }

    /// Returns the item with another text under that name, which is a fact of it or one of its columns.
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

    /// Returns the names under which templates read the title: `title`, and its column.
    #[must_use]
    pub fn title_names(&self) -> [&str; 2] {
        ["title", self.written_in("title")]
    }

    /// The column of the file in which the text under that name stands.
    fn written_in<'a>(&'a self, name: &'a str) -> &'a str {
        self.fact(name).and_then(|fact| fact.column.as_deref()).unwrap_or(name)
    }

    /// Returns the tags of the item: those of its file, else the comma-separated parts of its column `tags`.
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

    /// What people call it: its title or name, else its id.
    #[must_use]
    pub fn title(&self) -> &str {
        ["title", "name"]
            .iter()
            .find_map(|name| self.get(name).filter(|text| !text.trim().is_empty()))
            .unwrap_or(&self.id)
    }

    /// Its row in the sheet, where cells of these columns have a part in what is told.
    #[must_use]
    pub fn row(&self, columns: &[String]) -> Option<u64> {
        match &self.origin {
            Place::Row { row, .. } if !columns.is_empty() => Some(*row),
            _ => None,
        }
    }

    /// The row or line in which it was written; 0 where it was nowhere.
    #[must_use]
    pub fn line(&self) -> u64 {
        match &self.origin {
            Place::Row { row, .. } => *row,
            Place::Text { line, .. } => u64::from(*line),
            Place::File(_) | Place::Nowhere => 0,
        }
    }

    /// Another item of the same source, as far as messages name it: with that id, in that row or line.
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

    /// Itself among the examples of a message about a text that was made of these columns:
    /// `sheet row 14, column image (nordstjerna-26)`, or `nordstjerna-26 (line 14)` where the manifest holds the
    /// items. Only the id where nothing of the item has a part in it.
    #[must_use]
    pub fn example(&self, columns: &[String]) -> String {
        let Some(row) = self.row(columns) else {
            return match &self.origin {
                Place::Text { line, .. } if !columns.is_empty() => format!("{} (line {line})", self.id),
                _ => self.id.clone(),
            };
        };
        // `item.id` may stand in a column of another name.
        let known = columns.iter().map(String::as_str).filter(|column| self.get(column).is_some());
        let cells: Vec<&str> = known.map(|column| self.written_in(column)).collect();
        match cells.as_slice() {
            [] => format!("sheet row {row} ({})", self.id),
            [column] => format!("sheet row {row}, column {column} ({})", self.id),
            columns => format!("sheet row {row}, columns {} ({})", columns.join(", "), self.id),
        }
    }
}

/// What a shot makes one clip of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnePer {
    /// A product, whatever sizes and colours it comes in.
    #[default]
    Product,
    /// A size or colour of a product.
    Variant,
    /// A picture that stands for one or several variants.
    Image,
}

impl OnePer {
    /// All, with the names that a manifest gives them.
    pub const ALL: [(&'static str, Self); 3] =
        [("product", Self::Product), ("variant", Self::Variant), ("image", Self::Image)];
}

/// How a product file is to be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// What a clip is made of.
    pub one_per: OnePer,
    /// The program that wrote the file, by its name; its headers say where it is not given.
    pub dialect: Option<String>,
    /// The sheet of a workbook; the first with a header where none is given.
    pub sheet: Option<String>,
    /// Also drafts, what is sold out and what is hidden.
    pub all: bool,
    /// The columns of a field, by the name that templates give it: the first that the file has is read.
    pub columns: BTreeMap<String, Vec<String>>,
    /// Label of the encoding (WHATWG Encoding Standard) of a sheet; detected where none is given.
    pub encoding: Option<String>,
    /// The character between the cells of a sheet; that of the header where none is given.
    pub delimiter: Option<Delimiter>,
    /// The path of the list in a JSON document, with a full stop between names.
    pub path: Option<String>,
    /// The element of an XML document that holds a product.
    pub element: Option<String>,
}

/// Fields for which a manifest may name columns.
pub const FIELDS: [&str; 11] =
    ["id", "sku", "handle", "title", "description", "vendor", "type", "tags", "status", "image", "images"];

/// The character between the cells of a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delimiter(pub u8);

impl Delimiter {
    /// All, with their names.
    pub const ALL: [(&'static str, Self); 4] =
        [("comma", Self(b',')), ("semicolon", Self(b';')), ("tab", Self(b'\t')), ("bar", Self(b'|'))];

    /// Returns its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, known)| *known == self).map_or("comma", |(name, _)| name)
    }
}

impl FromStr for Delimiter {
    type Err = String;

    /// Reads the name of a delimiter, or the character itself.
    fn from_str(text: &str) -> Result<Self, String> {
        let is_meant = |(name, Self(byte)): &&(&str, Self)| *name == text || text.as_bytes() == [*byte];
        let known = Self::ALL.iter().find(is_meant).map(|(_, delimiter)| *delimiter);
        known.ok_or_else(|| "write `comma`, `semicolon`, `tab` or `bar`".to_owned())
    }
}
