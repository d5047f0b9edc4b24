//! Groups rows into products with their variants and pictures.
//!
//! Only the rows that items need are kept: a run that makes one clip per product keeps one row of each product.

mod product;

use super::cells::{Row, pictures};
use super::dialect::{Child, Columns, Dialect, Field, RuleSubject};
use super::listed::{is_address, listed};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

/// Limit on the options of a product, the values of an option, and the pictures of a product. More would not help a
/// prompt.
const LISTED: usize = 100;

/// A product of a file.
#[derive(Debug)]
pub(super) struct Product {
    pub(super) key: String,
    /// The row that represents the product. If the file has a row for the product as a whole, `head` is that row, or
    /// else the product's first row.
    pub(super) head: Rc<Row>,
    /// True if [`Product::head`] is the row for the product as a whole and not a variant's row.
    is_apart: bool,
    /// The index and row of the first variant that is not skipped; `None` if there is no such variant.
    shown: Option<(usize, Rc<Row>)>,
    pub(super) variants: Vec<Variant>,
    pub(super) pictures: Vec<Rc<str>>,
    /// True if the first of `pictures` shows the product as a whole, not one variant.
    has_lead: bool,
    /// The options of the product by name, each with the values that its variants have.
    pub(super) options: Vec<(String, Vec<String>)>,
    /// The reason for skipping the product; `None` if it is not skipped.
    left_out: Option<&'static str>,
}

/// A variant of a product.
#[derive(Debug)]
pub(super) struct Variant {
    /// The variant's row. Its cells are not kept if each product gets one clip.
    pub(super) row: Rc<Row>,
    pub(super) has_sku: bool,
    /// The options, such as colours, that the product's row lists for this variant.
    pub(super) options: Vec<(String, String)>,
    /// The variant's own picture, if it has one.
    picture: Option<Rc<str>>,
    left_out: Option<&'static str>,
}

/// Returns the number of different pictures among `pictures`. Most products have only one.
pub(super) fn different<'p>(mut pictures: impl Iterator<Item = &'p Rc<str>>) -> usize {
    match (pictures.next(), pictures.next()) {
        (None, _) => 0,
        (Some(_), None) => 1,
        (Some(first), Some(second)) => {
            [first, second].into_iter().chain(pictures).collect::<HashSet<_>>().len()
        }
    }
}

/// The counts of a product file, including the products and variants that are skipped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// The number of filled rows, without the header.
    pub rows: usize,
    /// The number of products.
    pub products: usize,
    /// The number of variants; a product without variants counts as one.
    pub variants: usize,
    /// The number of rows that only add a picture to a product.
    pub image_only_rows: usize,
    /// The number of different pictures.
    pub distinct_pictures: usize,
    /// The number of different pictures among the variants of a product, summed over all products.
    pub variant_pictures: usize,
    /// The number of variants without a SKU.
    pub variants_without_sku: usize,
}

/// All products of a file.
#[derive(Debug)]
pub(super) struct Products {
    dialect: &'static Dialect,
    /// True if the cells of each variant's row stay in memory, because each variant or picture gets one clip.
    keeps_variants: bool,
    pub(super) list: Vec<Product>,
    by_key: HashMap<String, usize>,
    pictures: HashSet<Rc<str>>,
    /// The index of the product to which the previous row belongs.
    last: Option<usize>,
    /// The variants that products list in their rows, each with the index of the product. Each also has its own row.
    children: Vec<(usize, Vec<Child>)>,
    rows: usize,
    image_only_rows: usize,
    /// The number of rows of each kind, such as product or variant. Each key is the word for the kind in the file.
    /// Empty if the file has no column that says the kind of a row.
    pub(super) kinds: BTreeMap<String, usize>,
}

/// Returns the full address of a picture from a cell. A picture in Base64 becomes a data URI if `is_encoded` is true.
/// An address without a scheme gets `https:`, and a mere file name gets `base` before it.
fn address<'a>(picture: &'a str, base: &str, is_encoded: bool) -> Cow<'a, str> {
    // The first bytes of each format in Base64.
    let formats = [("iVBORw", "png"), ("/9j/", "jpeg"), ("UklGR", "webp"), ("R0lGOD", "gif")];
    let format = formats.iter().find(|(start, _)| is_encoded && picture.starts_with(start));
    if let Some((_, format)) = format {
        return Cow::Owned(format!("data:image/{format};base64,{picture}"));
    }
    // An address without a scheme can be requested with encryption.
    if picture.starts_with("//") && is_address(picture) {
        return Cow::Owned(format!("https:{picture}"));
    }
    if base.is_empty() || picture.contains("://") || picture.starts_with("data:") {
        return Cow::Borrowed(picture);
    }
    Cow::Owned(format!("{base}{picture}"))
}

impl Products {
    pub(super) fn new(dialect: &'static Dialect, keeps_variants: bool) -> Self {
        Self {
            dialect,
            keeps_variants,
            list: Vec::new(),
            by_key: HashMap::new(),
            pictures: HashSet::new(),
            last: None,
            children: Vec::new(),
            rows: 0,
            image_only_rows: 0,
            kinds: BTreeMap::new(),
        }
    }

    /// Adds a row to its product. Returns false if the row does not show to which product it belongs.
    pub(super) fn add(&mut self, columns: &Columns, row: Row) -> bool {
        self.rows += 1;
        let kind = columns.kind.map(|column| row.cell(column)).filter(|kind| !kind.is_empty());
        if let Some(kind) = kind {
            *self.kinds.entry(kind.to_owned()).or_default() += 1;
        }
        if columns.is_ignored(&row) {
            return true;
        }
        let repeats = columns.repeats(&row);
        let is_apart = columns.is_apart(&row) && !repeats;
        let shared = self.pictures_of(columns, &row, &[Field::Image, Field::MoreImages]);
        let own = self.pictures_of(columns, &row, &[Field::VariantImage]);
        let row = Rc::new(row);
        let at = if columns.continues(&row) {
            let Some(last) = self.last else { return false };
            last
        } else {
            let Some(key) = columns.key(&row).map(str::to_owned) else { return false };
            if repeats && self.by_key.contains_key(&key) {
                return true;
            }
            self.product(columns, &key, &row, is_apart)
        };
        self.last = Some(at);
        let is_head = Rc::ptr_eq(&self.list[at].head, &row);
        let is_variant = !is_apart && !repeats && columns.is_variant(&row);
        if !is_variant && !is_head && !shared.is_empty() {
            self.image_only_rows += 1;
        }
        let picture = own.first().cloned();
        if !self.list[at].has_lead && (!is_variant || columns.has_own_pictures()) {
            self.lead(at, shared.first());
        }
        self.show(at, shared.into_iter().chain(own));
        // The options in the product's own row apply to all of its variants.
        if is_apart || (is_variant && !self.list[at].is_apart) {
            let options = columns.options_of(self.dialect, &self.list[at].head, &row);
            self.note_options(at, options);
        }
        if is_apart {
            let children = columns.children(&row);
            if !children.is_empty() {
                self.children.push((at, children));
            }
        }
        if is_variant {
            self.add_variant(at, columns, &row, picture, Vec::new());
        }
        true
    }

    /// Puts a picture that shows the whole product first among the pictures of the product with index `at`.
    fn lead(&mut self, at: usize, picture: Option<&Rc<str>>) {
        let Some(picture) = picture else { return };
        let product = &mut self.list[at];
        product.has_lead = true;
        product.pictures.retain(|known| known != picture);
        product.pictures.insert(0, Rc::clone(picture));
    }

    /// Adds pictures to the product with index `at`, each only once.
    fn show(&mut self, at: usize, pictures: impl Iterator<Item = Rc<str>>) {
        let known = &mut self.list[at].pictures;
        for picture in pictures {
            // Equal pictures share one text in memory, so comparing pointers is enough.
            if known.len() < LISTED && !known.iter().any(|known| Rc::ptr_eq(known, &picture)) {
                known.push(picture);
            }
        }
    }

    /// Returns the index of the product with this key, and adds the product if it is new.
    fn product(&mut self, columns: &Columns, key: &str, row: &Rc<Row>, is_apart: bool) -> usize {
        let other = if is_apart { columns.other_key(row) } else { None };
        let known = self.by_key.get(key).or_else(|| self.by_key.get(other.as_ref()?)).copied();
        let left_out = columns.reason(RuleSubject::Product, &row.cells);
        let is_single = self.dialect.is_plain() || (!is_apart && columns.is_alone(row));
        let at = match known.filter(|_| !is_single) {
            // The variants of the product, or its row in another language, came first.
            Some(at) if is_apart && !self.list[at].is_apart => {
                if self.list[at].variants.is_empty() {
                    self.list[at].pictures.clear();
                    self.list[at].has_lead = false;
                }
                let product = &mut self.list[at];
                (product.head, product.is_apart, product.left_out) = (Rc::clone(row), true, left_out);
                product.options.clear();
                key.clone_into(&mut product.key);
                at
            }
            Some(at) if !is_apart => return at,
            // A second own row is another product with the same key, which is reported as a duplicate id.
            _ => {
                self.list.push(Product {
                    key: key.to_owned(),
                    head: Rc::clone(row),
                    is_apart,
                    shown: None,
                    variants: Vec::new(),
                    pictures: Vec::new(),
                    has_lead: false,
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

    fn add_variant(
        &mut self,
        at: usize,
        columns: &Columns,
        row: &Rc<Row>,
        picture: Option<Rc<str>>,
        options: Vec<(String, String)>,
    ) {
        let mut variant = self.variant(columns, Rc::clone(row), picture);
        variant.options = options;
        let product = &mut self.list[at];
        if product.shown.is_none() && variant.left_out.is_none() {
            product.shown = Some((product.variants.len(), Rc::clone(row)));
        }
        product.variants.push(variant);
    }

    fn variant(&self, columns: &Columns, row: Rc<Row>, picture: Option<Rc<str>>) -> Variant {
        let has_sku = row.filled(columns.of(Field::Sku)).is_some();
        let left_out = columns.reason(RuleSubject::Variant, &row.cells);
        let row =
            if self.keeps_variants { row } else { Rc::new(Row { number: row.number, cells: Vec::new() }) };
        Variant { row, has_sku, options: Vec::new(), picture, left_out }
    }

    /// Adds options to the product with index `at`, each only once.
    fn note_options(&mut self, at: usize, added: Vec<(String, String)>) {
        let options = &mut self.list[at].options;
        for (name, value) in added {
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
        let Dialect { between, base, no_picture, .. } = self.dialect;
        let plain = self.dialect.is_plain();
        let columns = fields.iter().flat_map(|field| columns.of(*field));
        let cells = columns.map(|column| row.cell(*column)).filter(|cell| !cell.is_empty());
        let named: Vec<Cow<'_, str>> = cells
            .flat_map(|cell| {
                if plain {
                    listed(cell)
                } else {
                    pictures(cell, between).into_iter().map(Cow::Borrowed).collect()
                }
            })
            .collect();
        let is_encoded = self.dialect.encoded;
        let is_picture = |picture: &&Cow<'_, str>| no_picture.as_deref() != Some(picture.as_ref());
        let named = named.iter().filter(is_picture).map(|picture| address(picture, base, is_encoded));
        named.map(|picture| self.shared(&picture)).collect()
    }

    /// Returns one shared text for all rows that name the same picture.
    fn shared(&mut self, picture: &str) -> Rc<str> {
        if let Some(known) = self.pictures.get(picture) {
            return Rc::clone(known);
        }
        let picture: Rc<str> = Rc::from(picture);
        self.pictures.insert(Rc::clone(&picture));
        picture
    }

    /// Returns the products read so far and forgets them, because no further row belongs to them.
    pub(super) fn take(&mut self, columns: &Columns) -> Vec<Product> {
        self.close(columns);
        self.by_key.clear();
        self.pictures.clear();
        self.last = None;
        std::mem::take(&mut self.list)
    }

    /// Completes the products after the last row: a product without variants becomes its own variant.
    pub(super) fn close(&mut self, columns: &Columns) {
        self.adopt(columns);
        for at in 0..self.list.len() {
            if self.list[at].variants.is_empty() {
                let head = Rc::clone(&self.list[at].head);
                let mut variant = self.variant(columns, Rc::clone(&head), None);
                variant.row = head;
                self.list[at].variants.push(variant);
            }
        }
    }

    /// Moves each row that a product lists as its variant into that product. The row is then no longer a product of its
    /// own.
    fn adopt(&mut self, columns: &Columns) {
        let mut adopted = HashSet::new();
        for (parent, children) in std::mem::take(&mut self.children) {
            for Child { key, options } in children {
                let Some(at) = self.by_key.get(&key).copied().filter(|at| *at != parent) else { continue };
                adopted.insert(at);
                let (row, pictures) = (Rc::clone(&self.list[at].head), self.list[at].pictures.clone());
                let picture = pictures.first().cloned();
                self.show(parent, pictures.into_iter());
                self.note_options(parent, options.clone());
                self.add_variant(parent, columns, &row, picture, options);
            }
        }
        if !adopted.is_empty() {
            let mut at = 0..;
            self.list.retain(|_| at.next().is_none_or(|at| !adopted.contains(&at)));
        }
    }

    /// Returns the counts of all products. Call it after [`Self::close`].
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
