//! Products become items, one for each clip that a shot makes.

mod facts;
mod ids;

use super::cells::{Row, is_shortened};
use super::dialect::{self, Dialect, Field, not_sold};
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

/// How many items a file makes, by what a clip is made for, without what is left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Makes {
    /// With one clip a product.
    pub product: usize,
    /// With one clip a variant.
    pub variant: usize,
    /// With one clip a picture that stands for a variant.
    pub image: usize,
}

impl Makes {
    /// So many with one clip for each of these.
    #[must_use]
    pub const fn of(self, one_per: OnePer) -> usize {
        match one_per {
            OnePer::Product => self.product,
            OnePer::Variant => self.variant,
            OnePer::Image => self.image,
        }
    }
}

/// Makes items of products.
pub(super) struct Maker<'a> {
    pub(super) file: &'a str,
    pub(super) dialect: &'static Dialect,
    pub(super) headers: &'a [String],
    /// The headers again, as all items share them.
    pub(super) names: &'a Arc<[Arc<str>]>,
    pub(super) columns: &'a dialect::Columns,
    pub(super) one_per: OnePer,
    /// Whether nothing is left out.
    pub(super) all: bool,
}

/// What came of it so far.
#[derive(Default)]
pub(super) struct Made {
    /// Those that were not taken yet.
    pub(super) items: Vec<Item>,
    /// How many there were in all.
    pub(super) count: usize,
    /// How many there would be of each kind, where the file tells kinds apart.
    pub(super) makes: Makes,
    /// What is wrong with ids.
    pub(super) problems: Vec<Problem>,
    /// Of each reason, how many products or variants it left out.
    pub(super) left_out: BTreeMap<&'static str, usize>,
    /// Of each reason, the first rows that it left out.
    pub(super) examples: BTreeMap<&'static str, Vec<String>>,
    /// The ids that came again.
    pub(super) doubled: BTreeSet<String>,
    /// Ids that were shortened.
    pub(super) cut: Noted,
    /// Ids of a plain file that begin with an apostrophe, and their column.
    pub(super) quoted: Noted,
    /// Ids with hidden characters at their ends.
    pub(super) trimmed: Noted,
    /// Items that the file says are not sold, by the column that says so.
    pub(super) unsold: BTreeMap<usize, Noted>,
    /// The row of each id.
    rows: HashMap<Short, u32>,
}

/// Rows that are shown of those that are left out for one reason.
const SHOWN: usize = 3;

impl Made {
    fn leave_out(&mut self, reason: &'static str, id: &str, row: &Row) {
        *self.left_out.entry(reason).or_default() += 1;
        let examples = self.examples.entry(reason).or_default();
        if examples.len() < SHOWN {
            examples.push(format!("row {} ({id})", row.number));
        }
    }
}

/// Something that is told once for all items that it happens to.
#[derive(Default)]
pub(super) struct Noted {
    pub(super) count: usize,
    /// The text of the first, and what belongs to it.
    pub(super) first: Option<(String, String)>,
    /// The states among them.
    pub(super) states: BTreeSet<&'static str>,
    /// The words for these states, at most [`WORDS`].
    pub(super) words: BTreeSet<String>,
}

impl Noted {
    fn note(&mut self, text: String, other: &str) {
        self.count += 1;
        self.first.get_or_insert_with(|| (text, other.to_owned()));
    }
}

/// Number of words for a state that a hint names.
const WORDS: usize = 8;

/// Why a variant has no clip where clips are made for pictures.
const NO_PICTURE: &str = "without a picture";

impl Maker<'_> {
    /// Counts how many items there would be of each kind.
    pub(super) fn count(&self, products: &[Product], makes: &mut Makes) {
        for product in products {
            makes.product += usize::from(self.all || product.why_none().is_none());
            let shown =
                product.variants.iter().filter(|variant| self.all || product.why_not(variant).is_none());
            let shown: Vec<_> = shown.collect();
            makes.variant += shown.len();
            makes.image += different(shown.iter().filter_map(|variant| product.picture(variant)));
        }
    }

    /// Adds the items of products, and what is wrong with their ids.
    pub(super) fn items(&self, products: Vec<Product>, made: &mut Made) {
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

    fn variants(&self, product: &Product, made: &mut Made) {
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

    /// Takes an item unless something is wrong with its id.
    fn keep(&self, made: &mut Made, mut item: Item) {
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
                let example = format!("sheet row {row} ({})", hidden.shown);
                let problem = wrong(&format!("there is {hidden}"), example);
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
            let message = "a spreadsheet has shortened this id, and what it left out is lost";
            let problem = wrong(message, format!("sheet row {row} ({id})")).label(format!("`{id}`"));
            made.problems.push(problem.hint(
                "export the file again and do not open it in a spreadsheet before; to look at it there, import it with \
                 this column as text",
            ));
        } else if let Some(first) = made.rows.get(&key) {
            made.doubled.insert(id.clone());
            let problem = wrong("two rows have the same id", format!("sheet rows {first} and {row} ({id})"));
            made.problems.push(self.doubled(problem.label(format!("`{id}` is also in row {first}")), &item));
        } else {
            made.rows.insert(key, u32::try_from(row).unwrap_or(u32::MAX));
            made.count += 1;
            made.items.push(item);
        }
    }

    /// Notes that a plain file, of which nothing is left out, says that an item is not sold.
    fn note_state(&self, made: &mut Made, item: &Item) {
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

    /// The cell that makes the id of an item.
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

    /// Returns the id of a product.
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
                // A column `title` is what it says, but for the entities of HTML in it.
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
                // A shop that has no handles finds its products by their keys.
                None if field == Field::Handle && !self.dialect.is_plain() => {
                    facts.add(field.name(), None, FactValue::Text(self.id_of(product).to_owned()));
                }
                None => {}
            }
        }
        if let Some((column, html)) = text(Field::Description) {
            if !facts.is_meant("description", Some(Field::Description)) {
                // Exports on one line write `\n` for the end of a line.
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
            // Of a list in a cell, the image is the first.
            if written == cell(at).trim() {
                facts.add_field(Field::Image, column, FactValue::Text(written));
            } else {
                facts.put("image", column, FactValue::Text(written));
            }
        }
        // Its own picture first, then the others of its product.
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
