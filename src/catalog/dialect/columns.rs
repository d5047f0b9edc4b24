//! Finds the columns that a dialect (the description of a program's files) names in a product file.

use super::header::Header;
use super::rules::{Conditions, RuleSubject, SaleMark, Skip, When};
use super::{Dialect, Field};
use crate::catalog::cells::Row;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// A variant that the row of its product lists.
#[derive(Debug)]
pub(in crate::catalog) struct Child {
    pub(in crate::catalog) key: String,
    pub(in crate::catalog) options: Vec<(String, String)>,
}

/// The indexes of a file's columns that a dialect (the description of a program's product files) names.
#[derive(Debug, Default)]
pub(in crate::catalog) struct Columns {
    pub(in crate::catalog) together: Vec<usize>,
    pub(in crate::catalog) alone: Vec<usize>,
    id: Vec<usize>,
    pub(in crate::catalog) parent: Option<usize>,
    pub(in crate::catalog) id_of_parent: Option<usize>,
    id_prefix: &'static str,
    /// The column in which a product's row lists its variants, and the label before the key of each listed variant,
    /// such as `sku` in `sku=A-1`.
    children: Option<(usize, &'static str)>,
    pub(in crate::catalog) kind: Option<usize>,
    /// The columns that each field of an item is read from, such as those of the title.
    pub(in crate::catalog) fields: BTreeMap<Field, Vec<usize>>,
    /// The fields whose columns were chosen by name, by content or by the user, because the program that wrote the file
    /// does not determine them.
    pub(in crate::catalog) chosen: BTreeSet<Field>,
    /// The columns that may mark an item as not for sale, each with the meaning of its cells. There are none unless
    /// the file is a plain one (written by no known program).
    pub(in crate::catalog) states: Vec<(usize, SaleMark)>,
    /// The options of products, such as colours: the column with the option's name, the column with its value, and a
    /// fixed name.
    ///
    /// The fixed name is empty if there is a column for the name.
    pub(super) options: Vec<(Option<usize>, usize, String)>,
    /// The title columns, each with the columns whose texts are put before the title.
    before: Vec<(usize, Vec<usize>)>,
    pub(in crate::catalog) codes: Vec<usize>,
    own: Vec<bool>,
    variant: Option<Vec<Conditions>>,
    continues: Vec<Conditions>,
    repeats: Vec<Conditions>,
    ignore: Vec<Conditions>,
    /// The rules for leaving products and variants out, each with its condition.
    skip: Vec<(&'static Skip, Conditions)>,
}

fn any(rules: &[Conditions], row: &Row) -> bool {
    rules.iter().any(|rule| rule.hold(&row.cells))
}

impl Columns {
    /// Returns the reason for skipping the product or the variant of a row; `None` if no rule skips it.
    ///
    /// `whose` selects the rules for products or those for variants.
    pub(in crate::catalog) fn reason(&self, whose: RuleSubject, cells: &[String]) -> Option<&'static str> {
        let mut rules = self.skip.iter().filter(|(skip, _)| skip.of == whose);
        rules.find(|(_, when)| when.hold(cells)).map(|(skip, _)| skip.reason.as_str())
    }

    /// Returns the indexes of a field's columns, in the order of preference.
    pub(in crate::catalog) fn of(&self, field: Field) -> &[usize] {
        self.fields.get(&field).map_or(&[], Vec::as_slice)
    }

    /// Reports whether variants have a column for their own pictures. The column of [`Field::Image`] then holds
    /// pictures of the whole product in every row.
    pub(in crate::catalog) fn has_own_pictures(&self) -> bool {
        self.of(Field::VariantImage).first() != self.of(Field::Image).first()
    }

    /// Reports whether an empty cell of a variant in this column takes the text of the product's row.
    pub(in crate::catalog) fn is_inherited(&self, column: usize) -> bool {
        self.own.get(column).is_some_and(|own| !own)
    }

    /// Reports whether the titles in the file are those of variants, so that no row has the title of the whole product.
    pub(in crate::catalog) fn has_own_titles(&self) -> bool {
        self.of(Field::Title).first().is_some_and(|column| !self.is_inherited(*column))
    }

    /// Returns the title `text` of column `at`, after the texts that belong before it, such as a brand. A text with
    /// which the title already begins is not repeated.
    pub(in crate::catalog) fn title<'r>(
        &self,
        at: usize,
        text: &str,
        cell: impl Fn(usize) -> &'r str,
    ) -> String {
        let is_chosen = self.chosen.contains(&Field::Title);
        let before = self.before.iter().filter(|(column, _)| *column == at && !is_chosen);
        let before: Vec<usize> = before.flat_map(|(_, columns)| columns).copied().collect();
        before.into_iter().rev().map(|column| cell(column).trim()).fold(text.to_owned(), |title, part| {
            let is_there = title.to_lowercase().starts_with(&part.to_lowercase());
            if is_there { title } else { format!("{part} {title}") }
        })
    }

    /// Returns the key of the product to which a variant's row refers; `None` if the row refers to none.
    pub(in crate::catalog) fn parent_of<'r>(&self, row: &'r Row) -> Option<&'r str> {
        self.parent.map(|column| row.cell(column)).filter(|parent| !parent.is_empty())
    }

    /// Returns the columns that identify products, in the order of preference.
    pub(in crate::catalog) fn ids(&self) -> impl Iterator<Item = usize> {
        self.id.iter().chain(&self.together).chain(&self.alone).copied()
    }

    /// Returns the product's id from its first row, `head`.
    ///
    /// Returns `None` if the file has no column for ids of products, or if the cell is empty. The key that groups the
    /// product's rows then serves as the id.
    pub(in crate::catalog) fn own_id<'r>(&self, head: &'r Row) -> Option<&'r str> {
        Some(head.cell(head.filled(&self.id)?))
    }

    /// Returns the key of the product to which a row belongs; `None` if the row has no key.
    pub(in crate::catalog) fn key<'r>(&self, row: &'r Row) -> Option<&'r str> {
        let filled = || row.filled(&self.together).or_else(|| row.filled(&self.alone));
        self.parent_of(row).or_else(|| Some(row.cell(filled()?)))
    }

    /// Returns the key of a row that may begin a new product. Returns `None` for an ignored row, a row without a key,
    /// and a row that continues the product before it.
    pub(in crate::catalog) fn begins<'r>(&self, row: &'r Row) -> Option<&'r str> {
        self.key(row).filter(|_| !self.is_ignored(row) && !self.continues(row))
    }

    /// Reports whether a row is a product of its own: it refers to no other row, and has no key that other rows can
    /// share.
    pub(in crate::catalog) fn is_alone(&self, row: &Row) -> bool {
        self.parent_of(row).is_none() && row.filled(&self.together).is_none()
    }

    /// Reports whether a row describes a whole product whose variants have rows of their own.
    pub(in crate::catalog) fn is_apart(&self, row: &Row) -> bool {
        (self.parent.is_some() && self.parent_of(row).is_none()) || self.children.is_some()
    }

    /// Returns the second key by which variants may refer to this product's row; `None` if it has none.
    pub(in crate::catalog) fn other_key(&self, row: &Row) -> Option<String> {
        let id = row.cell(self.id_of_parent?);
        (!id.is_empty()).then(|| format!("{}{id}", self.id_prefix))
    }

    pub(in crate::catalog) fn children(&self, row: &Row) -> Vec<Child> {
        let Some((column, key)) = self.children else { return Vec::new() };
        row.cell(column).split('|').filter_map(|listed| child(listed, key)).collect()
    }

    /// Reports whether a row belongs to the same product as the row before it.
    pub(in crate::catalog) fn continues(&self, row: &Row) -> bool {
        any(&self.continues, row)
    }

    /// Reports whether a row repeats another row of its product in another language.
    pub(in crate::catalog) fn repeats(&self, row: &Row) -> bool {
        any(&self.repeats, row)
    }

    /// Reports whether a row is not a product.
    pub(in crate::catalog) fn is_ignored(&self, row: &Row) -> bool {
        any(&self.ignore, row)
    }

    /// Reports whether the cells of a row say that it is the row of a variant.
    pub(in crate::catalog) fn is_variant(&self, row: &Row) -> bool {
        self.variant.as_ref().is_none_or(|rules| any(rules, row))
    }

    /// Reports whether rows of this file never refer to other rows. A product is then complete when the next one
    /// begins.
    pub(in crate::catalog) const fn is_in_order(&self) -> bool {
        self.parent.is_none() && self.children.is_none()
    }
}

/// Parses a listed variant such as `sku=A-1,color=Red`; `None` if it has no value for `key`. Text without `=` after a
/// comma belongs to the value before the comma.
fn child(listed: &str, key: &str) -> Option<Child> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for part in listed.split(',') {
        match (part.split_once('='), pairs.last_mut()) {
            (Some((name, value)), _) => pairs.push((name.trim().to_owned(), value.trim().to_owned())),
            (None, Some((_, value))) => {
                value.push(',');
                value.push_str(part);
            }
            (None, None) => {}
        }
    }
    let at = pairs.iter().position(|(name, _)| name == key)?;
    let (_, key) = pairs.remove(at);
    Some(Child { key, options: pairs })
}

impl Dialect {
    /// Finds the columns of this dialect (the description of a program's product files) among the column names of a
    /// file.
    ///
    /// In a plain file (one that no known program wrote) each field has only one column: a second column never fills in
    /// for an empty cell.
    pub(in crate::catalog) fn columns(&'static self, headers: &[String]) -> Columns {
        let folded = self.spellings.known(headers);
        let all = |header: &Header| -> Vec<usize> {
            (0..folded.len()).filter(|at| header.fits(&folded[*at])).collect()
        };
        let each = |headers: &[Header]| {
            let mut known = HashSet::new();
            headers.iter().flat_map(all).filter(|at| known.insert(*at)).collect::<Vec<usize>>()
        };
        let first = |header: &Option<Header>| all(header.as_ref()?).first().copied();
        let most = if self.is_plain() { 1 } else { usize::MAX };
        let replaced = self.unless.iter().filter(|(_, other)| other.is_among(&folded));
        let unread: HashSet<usize> = replaced.flat_map(|(header, _)| all(header)).collect();
        let best = |headers: &[Header]| {
            each(headers).into_iter().filter(|at| !unread.contains(at)).take(most).collect()
        };
        let numbered = self.options.numbered.iter().filter_map(|[name, value]| {
            Some((Some(*all(name).first()?), *all(value).first()?, String::new()))
        });
        let named = self.options.columns.iter().flat_map(|header| {
            all(header).into_iter().map(|at| (None, at, header.rest(&headers[at]).to_owned()))
        });
        let own = |name: &String| self.own.iter().any(|header| header.fits(name));
        let rules =
            |rules: &'static [When]| rules.iter().map(|when| when.conditions(&folded)).collect::<Vec<_>>();
        Columns {
            states: Vec::new(),
            together: best(&self.together),
            alone: best(&self.alone),
            id: best(&self.id),
            parent: first(&self.parent),
            id_of_parent: first(&self.id_of_parent),
            id_prefix: &self.id_prefix,
            children: self
                .children
                .as_ref()
                .and_then(|children| Some((*all(&children.column).first()?, children.key.as_str()))),
            kind: first(&self.kind),
            fields: self.columns.iter().map(|(field, headers)| (*field, best(headers))).collect(),
            chosen: BTreeSet::new(),
            options: numbered.chain(named).collect(),
            before: (self.before.iter())
                .filter_map(|(header, before)| Some((*all(header).first()?, each(before))))
                .collect(),
            codes: each(&self.codes),
            own: folded.iter().map(own).collect(),
            variant: (!self.variant.is_empty()).then(|| rules(&self.variant)),
            continues: rules(&self.continues),
            repeats: rules(&self.repeats),
            ignore: rules(&self.ignore),
            skip: self.skip.iter().map(|skip| (skip, skip.when.conditions(&folded))).collect(),
        }
    }
}
