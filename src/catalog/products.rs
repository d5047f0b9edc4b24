//! Rows become products with their variants and pictures.
//!
//! Of a row is kept what its items need: a run that makes one clip a product keeps one row of each product.

use super::cells::{Row, options, pictures};
use super::dialect::{Columns, Dialect, Field, Whose};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

/// So many options of a product, values of an option, and pictures are told: more are nothing for a prompt.
const LISTED: usize = 100;

impl Columns {
    /// The product that a variant's row names, if it names one.
    fn parent_of<'r>(&self, row: &'r Row) -> Option<&'r str> {
        self.parent.map(|column| row.cell(column)).filter(|parent| !parent.is_empty())
    }

    /// What names the product of a row, if anything does.
    pub(super) fn key<'r>(&self, row: &'r Row) -> Option<&'r str> {
        self.parent_of(row).or_else(|| Some(row.cell(row.filled(&self.together)?)))
    }
}

/// A product.
#[derive(Debug)]
pub(super) struct Product {
    pub(super) key: String,
    /// The row that speaks for it: its own, or its first.
    pub(super) head: Rc<Row>,
    /// Whether [`Product::head`] is its own row and no variant's.
    is_apart: bool,
    pub(super) variants: Vec<Variant>,
    pub(super) pictures: Vec<Rc<str>>,
    /// Each option with the values that its variants have.
    pub(super) options: Vec<(String, Vec<String>)>,
    /// Why it makes no clips, if it makes none.
    left_out: Option<&'static str>,
}

/// A variant of a product.
#[derive(Debug)]
pub(super) struct Variant {
    /// Without cells where no item is made of it.
    pub(super) row: Rc<Row>,
    pub(super) has_sku: bool,
    /// Its own picture.
    picture: Option<Rc<str>>,
    left_out: Option<&'static str>,
}

impl Product {
    /// The picture of a variant: its own, else the first of the product.
    pub(super) fn picture<'p>(&'p self, variant: &'p Variant) -> Option<&'p Rc<str>> {
        variant.picture.as_ref().or_else(|| self.pictures.first())
    }

    /// How many pictures stand for its variants.
    fn variant_pictures(&self) -> usize {
        self.variants.iter().filter_map(|variant| self.picture(variant)).collect::<HashSet<_>>().len()
    }

    /// Why a variant makes no clips, if it makes none.
    pub(super) fn why_not(&self, variant: &Variant) -> Option<&'static str> {
        self.left_out.or(variant.left_out)
    }

    /// Why no clip of the product as a whole is made, if none is.
    pub(super) fn why_none(&self) -> Option<&'static str> {
        let is_none = self.variants.iter().all(|variant| variant.left_out.is_some());
        self.left_out.or_else(|| self.variants.first().filter(|_| is_none)?.left_out)
    }
}

/// What is counted, before anything is left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows with anything in them, the header apart.
    pub rows: usize,
    /// Products.
    pub products: usize,
    /// Variants; a product without any is its own.
    pub variants: usize,
    /// Rows that only add a picture to a product.
    pub image_only_rows: usize,
    /// Pictures, each once.
    pub distinct_pictures: usize,
    /// Of each product, the pictures that stand for a variant.
    pub variant_pictures: usize,
    /// Variants without a SKU.
    pub variants_without_sku: usize,
}

/// All products of a file.
#[derive(Debug)]
pub(super) struct Products {
    dialect: &'static Dialect,
    /// Whether the rows of variants are needed.
    keeps_variants: bool,
    pub(super) list: Vec<Product>,
    by_key: HashMap<String, usize>,
    pictures: HashSet<Rc<str>>,
    /// Which product shows which picture.
    shown: HashSet<(usize, Rc<str>)>,
    rows: usize,
    image_only_rows: usize,
    /// Rows of each kind, where a column tells kinds apart.
    pub(super) kinds: BTreeMap<String, usize>,
}

impl Products {
    pub(super) fn new(dialect: &'static Dialect, keeps_variants: bool) -> Self {
        Self {
            dialect,
            keeps_variants,
            list: Vec::new(),
            by_key: HashMap::new(),
            pictures: HashSet::new(),
            shown: HashSet::new(),
            rows: 0,
            image_only_rows: 0,
            kinds: BTreeMap::new(),
        }
    }

    /// Takes a row. Answers whether it names its product.
    pub(super) fn add(&mut self, headers: &[String], columns: &Columns, row: Row) -> bool {
        self.rows += 1;
        let kind = columns.kind.map(|column| row.cell(column)).filter(|kind| !kind.is_empty());
        if let Some(kind) = kind {
            *self.kinds.entry(kind.to_owned()).or_default() += 1;
        }
        let is_apart = columns.parent.is_some() && columns.parent_of(&row).is_none();
        let Some(key) = columns.key(&row).map(str::to_owned) else { return false };
        let shared = self.pictures_of(columns, &row, &[Field::Image, Field::MoreImages]);
        let own = self.pictures_of(columns, &row, &[Field::VariantImage]);
        let row = Rc::new(row);
        let at = self.product(columns, &key, &row, is_apart);
        let is_head = Rc::ptr_eq(&self.list[at].head, &row);
        let is_variant = !is_apart
            && (columns.variant.is_empty()
                || columns.variant.iter().any(|column| !row.cell(*column).is_empty()));
        if !is_variant && !is_head && !shared.is_empty() {
            self.image_only_rows += 1;
        }
        let picture = own.first().cloned();
        for picture in shared.into_iter().chain(own) {
            let is_new = self.shown.insert((at, Rc::clone(&picture)));
            if is_new && self.list[at].pictures.len() < LISTED {
                self.list[at].pictures.push(picture);
            }
        }
        // What the product's own row says of its options holds for all of its variants.
        if is_apart || (is_variant && !self.list[at].is_apart) {
            self.note_options(at, headers, columns, &row);
        }
        if is_variant {
            let variant = self.variant(columns, row, picture);
            self.list[at].variants.push(variant);
        }
        true
    }

    /// The product of that key, which is made where it is not there.
    fn product(&mut self, columns: &Columns, key: &str, row: &Rc<Row>, is_apart: bool) -> usize {
        let other =
            columns.id_of_parent.filter(|_| is_apart).map(|column| format!("id:{}", row.cell(column)));
        let known = self.by_key.get(key).or_else(|| self.by_key.get(other.as_ref()?)).copied();
        let left_out = columns.reason(Whose::Product, &row.cells);
        let at = match known.filter(|_| !self.dialect.is_plain()) {
            // Its variants came first.
            Some(at) if is_apart && !self.list[at].is_apart => {
                let product = &mut self.list[at];
                (product.head, product.is_apart, product.left_out) = (Rc::clone(row), true, left_out);
                product.options.clear();
                key.clone_into(&mut product.key);
                at
            }
            Some(at) if !is_apart => return at,
            // A second row of its own is another product of the same name, which is told.
            _ => {
                self.list.push(Product {
                    key: key.to_owned(),
                    head: Rc::clone(row),
                    is_apart,
                    variants: Vec::new(),
                    pictures: Vec::new(),
                    options: Vec::new(),
                    left_out: left_out.filter(|_| is_apart || columns.parent.is_none()),
                });
                self.list.len() - 1
            }
        };
        if !self.dialect.is_plain() {
            self.by_key.entry(key.to_owned()).or_insert(at);
        }
        if let Some(other) = other {
            self.by_key.entry(other).or_insert(at);
        }
        at
    }

    fn variant(&self, columns: &Columns, row: Rc<Row>, picture: Option<Rc<str>>) -> Variant {
        let has_sku = row.filled(columns.of(Field::Sku)).is_some();
        let left_out = columns.reason(Whose::Variant, &row.cells);
        let row =
            if self.keeps_variants { row } else { Rc::new(Row { number: row.number, cells: Vec::new() }) };
        Variant { row, has_sku, picture, left_out }
    }

    /// Adds the values of a row's options to those of its product.
    fn note_options(&mut self, at: usize, headers: &[String], columns: &Columns, row: &Row) {
        let head = Rc::clone(&self.list[at].head);
        for (name, value) in options(self.dialect, headers, columns, &head, row) {
            let options = &mut self.list[at].options;
            let is_full = options.len() >= LISTED;
            match options.iter_mut().find(|(known, _)| *known == name) {
                Some((_, values)) if values.len() >= LISTED || values.contains(&value) => {}
                Some((_, values)) => values.push(value),
                None if is_full => {}
                None => options.push((name, vec![value])),
            }
        }
    }

    fn pictures_of(&mut self, columns: &Columns, row: &Row, fields: &[Field]) -> Vec<Rc<str>> {
        let plain = self.dialect.is_plain();
        let columns = fields.iter().flat_map(|field| columns.of(*field));
        let cells = columns.map(|column| row.cell(*column)).filter(|cell| !cell.is_empty());
        let named: Vec<&str> =
            cells.flat_map(|cell| if plain { vec![cell] } else { pictures(cell) }).collect();
        named.into_iter().map(|picture| self.shared(picture)).collect()
    }

    /// One text for all rows that name the same picture.
    fn shared(&mut self, picture: &str) -> Rc<str> {
        if let Some(known) = self.pictures.get(picture) {
            return Rc::clone(known);
        }
        let picture: Rc<str> = Rc::from(picture);
        self.pictures.insert(Rc::clone(&picture));
        picture
    }

    /// The products so far, which are complete, and of which nothing is kept: no further row is of one of them.
    pub(super) fn take(&mut self, columns: &Columns) -> Vec<Product> {
        self.close(columns);
        self.by_key.clear();
        self.pictures.clear();
        self.shown.clear();
        std::mem::take(&mut self.list)
    }

    /// A product without variants is its own; to be called behind the last row.
    pub(super) fn close(&mut self, columns: &Columns) {
        for at in 0..self.list.len() {
            if self.list[at].variants.is_empty() {
                let head = Rc::clone(&self.list[at].head);
                let mut variant = self.variant(columns, Rc::clone(&head), None);
                variant.row = head;
                self.list[at].variants.push(variant);
            }
        }
    }

    /// What there is in all; to be asked behind [`Self::close`].
    pub(super) fn counts(&self) -> Counts {
        let variants = || self.list.iter().flat_map(|product| &product.variants);
        Counts {
            rows: self.rows,
            products: self.list.len(),
            variants: variants().count(),
            image_only_rows: self.image_only_rows,
            distinct_pictures: self.pictures.len(),
            variant_pictures: self.list.iter().map(Product::variant_pictures).sum(),
            variants_without_sku: variants().filter(|variant| !variant.has_sku).count(),
        }
    }
}
