//! Makes items from products: one item for each product, variant or picture that gets a clip.

mod facts;
mod ids;

use super::cells::{Row, is_shortened};
use super::dialect::{self, Dialect, Field, not_sold};
use super::lost;
use super::products::{Product, Variant, different};
use crate::domain::digest::{Sha256, Short};
use crate::domain::ident::{Ident, ident};
use crate::domain::item::{Columns, FactValue, Item, OnePer};
use crate::domain::problem::{Place, Problem};
use crate::domain::text::{decode_entities, slug, strip_html};
use facts::Facts;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

/// The numbers of items in a product file if each product, each variant or each picture gets one clip. Skipped products
/// and variants do not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ItemCounts {
    /// The number of items if each product gets one clip.
    pub product: usize,
    /// The number of items if each variant gets one clip.
    pub variant: usize,
    /// The number of items if each picture gets one clip. A picture that several variants of a product share counts
    /// once.
    pub image: usize,
}

impl ItemCounts {
    /// Returns the number of items if each unit of the kind `one_per` (product, variant or picture) gets one clip.
    #[must_use]
    pub const fn of(self, one_per: OnePer) -> usize {
        match one_per {
            OnePer::Product => self.product,
            OnePer::Variant => self.variant,
            OnePer::Image => self.image,
        }
    }
}

/// A maker of items from the products of one file.
pub(super) struct ItemBuilder<'a> {
    pub(super) file: &'a str,
    pub(super) dialect: &'static Dialect,
    pub(super) headers: &'a [String],
    pub(super) names: &'a Arc<[Arc<str>]>,
    pub(super) columns: &'a dialect::Columns,
    pub(super) one_per: OnePer,
    /// True if the user asks for all products and variants, so that none is skipped.
    pub(super) all: bool,
}

/// The items made so far, with their problems and with counts for messages.
#[derive(Default)]
pub(super) struct ItemSet {
    /// The items that were not passed to the caller yet.
    pub(super) items: Vec<Item>,
    /// The number of all items made so far, including those already passed on.
    pub(super) count: usize,
    /// The numbers of items if each product, each variant or each picture gets one clip. All are zero for a plain file
    /// (one that no known program wrote), in which each row is an item.
    pub(super) makes: ItemCounts,
    /// Problems with the ids of items.
    pub(super) problems: Vec<Problem>,
    /// The number of skipped products or variants, by the reason for skipping them.
    pub(super) left_out: BTreeMap<&'static str, usize>,
    /// Examples of skipped rows, by the reason for skipping them.
    pub(super) examples: BTreeMap<&'static str, Vec<String>>,
    /// The ids that several items of the file have, which is an error.
    pub(super) doubled: BTreeSet<String>,
    /// The ids that were shortened. The example is the first long id and its short form.
    pub(super) cut: Observation,
    /// The ids that begin with an apostrophe, if no known program wrote the file. The example is the first such id and
    /// its column.
    pub(super) quoted: Observation,
    /// The ids from whose ends invisible characters were removed. The example is the first such id, before and after.
    pub(super) trimmed: Observation,
    /// The items with a word in which a question mark replaces a letter. The example is the first such word and the
    /// item's id.
    pub(super) lost: Observation,
    /// The items that the shop does not sell, by the index of the column that says so.
    pub(super) unsold: BTreeMap<usize, Observation>,
    /// The row number of each item, by the digest of the item's id.
    rows: HashMap<Short, u32>,
}

/// Limit on the rows that are shown as examples for one reason to skip rows.
const SHOWN: usize = 3;

impl ItemSet {
    fn leave_out(&mut self, reason: &'static str, id: &str, row: &Row) {
        *self.left_out.entry(reason).or_default() += 1;
        let examples = self.examples.entry(reason).or_default();
        if examples.len() < SHOWN {
            examples.push(format!("row {} ({id})", row.number));
        }
    }
}

/// An observation about several items, such as a shortened id, that is reported once with an example.
#[derive(Default)]
pub(super) struct Observation {
    pub(super) count: usize,
    /// The example from the first item: a text, and a second text about it, such as the new id or a column's name.
    pub(super) first: Option<(String, String)>,
    /// The states of the items that the shop does not sell, such as `draft`.
    pub(super) states: BTreeSet<&'static str>,
    /// The words, at most [`WORDS`], that the file has for the states of the items that the shop does not sell.
    pub(super) words: BTreeSet<String>,
}

impl Observation {
    fn note(&mut self, text: String, other: &str) {
        self.count += 1;
        self.first.get_or_insert_with(|| (text, other.to_owned()));
    }
}

/// Limit on the words for states, such as `draft`, that a hint quotes from the file.
const WORDS: usize = 8;

/// The reason for skipping a variant that has no picture when each picture gets one clip.
const NO_PICTURE: &str = "without a picture";

impl ItemBuilder<'_> {
    /// Adds to `makes` the numbers of items that these products give if each product, each variant or each picture gets
    /// one clip.
    pub(super) fn count(&self, products: &[Product], makes: &mut ItemCounts) {
        for product in products {
            makes.product += usize::from(self.all || product.why_none().is_none());
            let shown =
                product.variants.iter().filter(|variant| self.all || product.why_not(variant).is_none());
            let shown: Vec<_> = shown.collect();
            makes.variant += shown.len();
            makes.image += different(shown.iter().filter_map(|variant| product.picture(variant)));
        }
    }

    /// Makes the items of these products, and adds them and the problems with their ids to `made`.
    pub(super) fn items(&self, products: Vec<Product>, made: &mut ItemSet) {
        for product in products {
            match self.one_per {
                OnePer::Product => match product.why_none().filter(|_| !self.all) {
                    Some(reason) => made.leave_out(reason, &product.key, &product.head),
                    None => self.keep(made, self.product(&product)),
                },
                OnePer::Variant | OnePer::Image => self.variants(&product, made),
            }
        }
    }

    fn variants(&self, product: &Product, made: &mut ItemSet) {
        let mut shown: HashSet<&Rc<str>> = HashSet::new();
        for variant in &product.variants {
            let picture = product.picture(variant);
            let reason = product.why_not(variant).filter(|_| !self.all);
            let reason =
                reason.or((self.one_per == OnePer::Image && picture.is_none()).then_some(NO_PICTURE));
            if let Some(reason) = reason {
                let row = if variant.row.cells.is_empty() { &product.head } else { &variant.row };
                let sku = row.filled(self.columns.of(Field::Sku)).map(|column| row.cell(column));
                made.leave_out(reason, sku.unwrap_or(&product.key), row);
            } else if self.one_per == OnePer::Variant || picture.is_some_and(|picture| shown.insert(picture))
            {
                self.keep(made, self.variant(product, variant));
            }
        }
    }

    /// Adds an item to `made`, or a problem if the item's id is wrong.
    fn keep(&self, made: &mut ItemSet, mut item: Item) {
        let Place::Row { row, .. } = item.origin else { return };
        let wrong = |message: &str, example: String| {
            let mut problem = Problem::error(self.place_of_id(row), message).of_item();
            problem.examples.push(example);
            problem.rows.push(row);
            problem
        };
        match ident(&item.id) {
            Ok(Ident { id, is_trimmed }) => {
                if is_trimmed {
                    made.trimmed.note(std::mem::take(&mut item.id), &id);
                }
                item.id = id;
            }
            Err(hidden) => {
                let example = format!("item {} (sheet row {row})", hidden.shown);
                let problem = wrong(&hidden.to_string(), example);
                let problem = problem.label(format!("`{}`", hidden.shown));
                made.problems.push(problem.hint(format!("delete {} in the sheet", hidden.code)));
                return;
            }
        }
        if let Some(short) = ids::shortened(&item.id, self.dialect) {
            let written = std::mem::replace(&mut item.id, short);
            made.cut.note(written, &item.id);
        }
        if self.dialect.is_plain()
            && item.id.starts_with('\'')
            && let Some(column) = self.columns.ids().next().and_then(|at| self.headers.get(at))
        {
            made.quoted.note(item.id.clone(), column);
        }
        self.note_state(made, &item);
        let id = &item.id;
        let key = Sha256::of(id.as_bytes()).short();
        if is_shortened(id) {
            let message = "a spreadsheet has shortened this id, and the missing digits are lost";
            let problem = wrong(message, format!("item {id} (sheet row {row})")).label(format!("`{id}`"));
            made.problems.push(problem.hint(
                "export the file again and do not open it in a spreadsheet first; to view the file in one, import it \
                 with this column as text",
            ));
        } else if let Some(first) = made.rows.get(&key) {
            made.doubled.insert(id.clone());
            let problem =
                wrong("two rows have the same id", format!("item {id} (sheet rows {first} and {row})"));
            made.problems.push(self.doubled(problem.label(format!("`{id}` is also in row {first}")), &item));
        } else {
            made.rows.insert(key, u32::try_from(row).unwrap_or(u32::MAX));
            made.count += 1;
            if let Some(word) = lost::word(&item) {
                made.lost.note(word.to_owned(), &item.id);
            }
            made.items.push(item);
        }
    }

    /// Records that a plain file (one that no known program wrote) marks an item as not for sale. The item still gets
    /// its clips, because items of plain files are never skipped.
    fn note_state(&self, made: &mut ItemSet, item: &Item) {
        if !self.dialect.is_plain() {
            return;
        }
        for (column, says) in &self.columns.states {
            let Some(name) = self.headers.get(*column) else { continue };
            let cell = item.column(name).unwrap_or_default().trim();
            if let Some(state) = not_sold(cell, *says) {
                let unsold = made.unsold.entry(*column).or_default();
                unsold.note(cell.to_owned(), name);
                unsold.states.insert(state);
                if unsold.words.len() < WORDS {
                    unsold.words.insert(cell.to_owned());
                }
            }
        }
    }

    /// Returns the place of the cell that holds the id of the item in a row.
    fn place_of_id(&self, row: u64) -> Place {
        let header = |columns: &[usize]| columns.first().and_then(|column| self.headers.get(*column));
        let column = match self.one_per {
            OnePer::Product => None,
            OnePer::Variant | OnePer::Image => header(self.columns.of(Field::Sku)),
        };
        let id = || self.headers.get(self.columns.ids().next()?);
        let column = column.or_else(id).cloned();
        Place::Row { file: self.file.to_owned(), row, column }
    }

    fn id_of<'p>(&self, product: &'p Product) -> &'p str {
        self.columns.own_id(&product.head).unwrap_or(&product.key)
    }

    fn product(&self, product: &Product) -> Item {
        let options =
            product.options.iter().map(|(name, values)| (name.clone(), values.join(", "))).collect();
        let (row, image) = if self.all {
            (&product.head, product.pictures.first())
        } else {
            product.face(self.columns.has_own_titles())
        };
        self.item(self.id_of(product).to_owned(), row, product, image, options)
    }

    fn variant(&self, product: &Product, variant: &Variant) -> Item {
        let options = match variant.options.as_slice() {
            [] => self.columns.options_of(self.dialect, &product.head, &variant.row),
            named => named.to_vec(),
        };
        let id = match variant.row.filled(self.columns.of(Field::Sku)) {
            Some(column) => variant.row.cell(column).to_owned(),
            None if options.is_empty() => self.id_of(product).to_owned(),
            None => {
                let values: Vec<String> = options.iter().map(|(_, value)| slug(value)).collect();
                format!("{}-{}", self.id_of(product), values.join("-"))
            }
        };
        self.item(id, &variant.row, product, product.picture(variant), options)
    }

    fn item(
        &self,
        id: String,
        row: &Row,
        product: &Product,
        image: Option<&Rc<str>>,
        options: Vec<(String, String)>,
    ) -> Item {
        let cell = |column: usize| match row.cells.get(column).map_or("", String::as_str) {
            blank if blank.trim().is_empty() && self.columns.is_inherited(column) => {
                product.head.cells.get(column).map_or("", String::as_str)
            }
            text => text,
        };
        let texts = (0..self.names.len()).map(|column| cell(column).to_owned()).collect();
        let columns = Columns::new(self.names, texts);
        let mut facts = Facts::of(self);
        let text = |field: Field| {
            let columns = self.columns.of(field);
            let column = columns.iter().copied().find(|column| !cell(*column).trim().is_empty());
            let column = column.or_else(|| columns.first().copied())?;
            Some((column, cell(column)))
        };
        for field in [Field::Sku, Field::Handle, Field::Title, Field::Vendor, Field::Type, Field::Status] {
            if facts.is_meant(field.name(), Some(field)) {
                // A column named `title` keeps its text, apart from HTML entities.
                if let Some((column, text)) = text(field).filter(|_| field == Field::Title)
                    && let plain = decode_entities(text.trim())
                    && plain != text.trim()
                {
                    facts.put(field.name(), Some(column), FactValue::Text(plain));
                }
                continue;
            }
            match text(field) {
                Some((column, text)) => {
                    let text = match field {
                        Field::Title => decode_entities(&self.columns.title(column, text.trim(), cell)),
                        Field::Status => {
                            let word = self.dialect.words.get(&text.trim().to_lowercase());
                            word.cloned().unwrap_or_else(|| text.trim().to_owned())
                        }
                        _ => text.trim().to_owned(),
                    };
                    facts.add_field(field, Some(column), FactValue::Text(text));
                }
                // A shop without handles identifies its products by their keys.
                None if field == Field::Handle && !self.dialect.is_plain() => {
                    facts.add(field.name(), None, FactValue::Text(self.id_of(product).to_owned()));
                }
                None => {}
            }
        }
        if let Some((column, html)) = text(Field::Description) {
            if !facts.is_meant("description", Some(Field::Description)) {
                // Some exports write a line break as the two characters `\n`.
                let plain = strip_html(&html.replace("\\n", "\n"));
                facts.add_field(Field::Description, Some(column), FactValue::Text(plain));
            }
            facts.add("description_html", Some(column), FactValue::Text(html.to_owned()));
        }
        if let Some((column, written)) = text(Field::Tags) {
            let parts = written.split(',').map(str::trim).filter(|tag| !tag.is_empty());
            let parts = parts.map(str::to_owned).collect();
            facts.add_field(
                Field::Tags,
                Some(column),
                FactValue::List { written: written.to_owned(), parts },
            );
        }
        if !self.dialect.is_plain() {
            facts.add("options", None, FactValue::Pairs(options));
        }
        let column = [Field::VariantImage, Field::Image].map(|field| row.filled(self.columns.of(field)));
        let column = column.into_iter().flatten().next().or(self.columns.of(Field::Image).first().copied());
        if let Some(at) = column {
            let written = image.map_or(String::new(), ToString::to_string);
            // The cell may list several pictures; the image is the first.
            if written == cell(at).trim() {
                facts.add_field(Field::Image, column, FactValue::Text(written));
            } else {
                facts.put("image", column, FactValue::Text(written));
            }
        }
        // The item's own picture comes first, then the others of its product.
        let others = product.pictures.iter().filter(|picture| Some(*picture) != image);
        let parts: Vec<String> = image.into_iter().chain(others).map(ToString::to_string).collect();
        if !self.columns.of(Field::Image).is_empty() || !self.columns.of(Field::MoreImages).is_empty() {
            facts.add_field(Field::MoreImages, None, FactValue::List { written: parts.join(", "), parts });
        }
        facts.add("row", None, FactValue::Text(row.number.to_string()));
        let facts = facts.facts();
        let origin = Place::Row { file: self.file.to_owned(), row: row.number, column: None };
        Item { id, columns, facts, origin }
    }
}
