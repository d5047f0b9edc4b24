//! Where the columns of a dialect stand in a file.

use super::header::Header;
use super::rules::{Conditions, Says, Skip, When, Whose};
use super::{Dialect, Field};
use crate::catalog::cells::Row;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// A variant's row as its product's row names it.
#[derive(Debug)]
pub(in crate::catalog) struct Child {
    pub(in crate::catalog) key: String,
    pub(in crate::catalog) options: Vec<(String, String)>,
}

/// Where a dialect's columns stand in a file.
#[derive(Debug, Default)]
pub(in crate::catalog) struct Columns {
    pub(in crate::catalog) together: Vec<usize>,
    pub(in crate::catalog) alone: Vec<usize>,
    id: Vec<usize>,
    pub(in crate::catalog) parent: Option<usize>,
    pub(in crate::catalog) id_of_parent: Option<usize>,
    id_prefix: &'static str,
    /// The column that names variants, and the name of the part with their key.
    children: Option<(usize, &'static str)>,
    pub(in crate::catalog) kind: Option<usize>,
    /// In the order in which they are told.
    pub(in crate::catalog) fields: BTreeMap<Field, Vec<usize>>,
    /// Fields whose columns were chosen by name or content, or by the user, and not by the document.
    pub(in crate::catalog) chosen: BTreeSet<Field>,
    /// Columns of a plain file that may say that an item is not sold.
    pub(in crate::catalog) states: Vec<(usize, Says)>,
    /// Of each option the column with its name, where it is in one, that with its value, and its name where it has
    /// none in a column.
    pub(super) options: Vec<(Option<usize>, usize, String)>,
    /// Of a column with titles those whose texts stand before it.
    before: Vec<(usize, Vec<usize>)>,
    pub(in crate::catalog) codes: Vec<usize>,
    own: Vec<bool>,
    variant: Option<Vec<Conditions>>,
    continues: Vec<Conditions>,
    repeats: Vec<Conditions>,
    ignore: Vec<Conditions>,
    /// Of each reason to leave a row out, the conditions.
    skip: Vec<(&'static Skip, Conditions)>,
}

fn any(rules: &[Conditions], row: &Row) -> bool {
    rules.iter().any(|rule| rule.hold(&row.cells))
}

impl Columns {
    /// Why a row is left out, if it is.
    pub(in crate::catalog) fn reason(&self, whose: Whose, cells: &[String]) -> Option<&'static str> {
        let mut rules = self.skip.iter().filter(|(skip, _)| skip.of == whose);
        rules.find(|(_, when)| when.hold(cells)).map(|(skip, _)| skip.reason.as_str())
    }

    /// The columns of a field, the best first.
    pub(in crate::catalog) fn of(&self, field: Field) -> &[usize] {
        self.fields.get(&field).map_or(&[], Vec::as_slice)
    }

    /// Returns whether the pictures of [`Field::Image`] are those of the whole product, in whichever row they stand.
    pub(in crate::catalog) fn has_own_pictures(&self) -> bool {
        self.of(Field::VariantImage).first() != self.of(Field::Image).first()
    }

    /// Whether a variant takes this column over from its product.
    pub(in crate::catalog) fn is_inherited(&self, column: usize) -> bool {
        self.own.get(column).is_some_and(|own| !own)
    }

    /// Returns whether each row has the title of its own variant, so that no row speaks for the product as a whole.
    pub(in crate::catalog) fn has_own_titles(&self) -> bool {
        self.of(Field::Title).first().is_some_and(|column| !self.is_inherited(*column))
    }

    /// Returns the title that column `at` has, with what the document puts before it and it does not begin with.
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

    /// The product that a variant's row names, if it names one.
    pub(in crate::catalog) fn parent_of<'r>(&self, row: &'r Row) -> Option<&'r str> {
        self.parent.map(|column| row.cell(column)).filter(|parent| !parent.is_empty())
    }

    /// The columns that name products, the best first.
    pub(in crate::catalog) fn ids(&self) -> impl Iterator<Item = usize> {
        self.id.iter().chain(&self.together).chain(&self.alone).copied()
    }

    /// Returns the id that the first row of a product gives it, where that is not the key of its rows.
    pub(in crate::catalog) fn own_id<'r>(&self, head: &'r Row) -> Option<&'r str> {
        Some(head.cell(head.filled(&self.id)?))
    }

    /// What names the product of a row, if anything does.
    pub(in crate::catalog) fn key<'r>(&self, row: &'r Row) -> Option<&'r str> {
        let filled = || row.filled(&self.together).or_else(|| row.filled(&self.alone));
        self.parent_of(row).or_else(|| Some(row.cell(filled()?)))
    }

    /// Returns what names the product that a row begins or goes on with; none for a row that belongs to the one before.
    pub(in crate::catalog) fn begins<'r>(&self, row: &'r Row) -> Option<&'r str> {
        self.key(row).filter(|_| !self.is_ignored(row) && !self.continues(row))
    }

    /// Returns whether the key of a row is its own, shared with no other row.
    pub(in crate::catalog) fn is_alone(&self, row: &Row) -> bool {
        self.parent_of(row).is_none() && row.filled(&self.together).is_none()
    }

    /// Returns whether the variants of a row's product name it, and the row is that of the product.
    pub(in crate::catalog) fn is_apart(&self, row: &Row) -> bool {
        (self.parent.is_some() && self.parent_of(row).is_none()) || self.children.is_some()
    }

    /// Returns the other key by which variants name a product's own row.
    pub(in crate::catalog) fn other_key(&self, row: &Row) -> Option<String> {
        let id = row.cell(self.id_of_parent?);
        (!id.is_empty()).then(|| format!("{}{id}", self.id_prefix))
    }

    /// Returns the variants that a product's row names.
    pub(in crate::catalog) fn children(&self, row: &Row) -> Vec<Child> {
        let Some((column, key)) = self.children else { return Vec::new() };
        row.cell(column).split('|').filter_map(|listed| child(listed, key)).collect()
    }

    /// Returns whether a row belongs to the product of the row before.
    pub(in crate::catalog) fn continues(&self, row: &Row) -> bool {
        any(&self.continues, row)
    }

    /// Returns whether a row says again what another row of its product says.
    pub(in crate::catalog) fn repeats(&self, row: &Row) -> bool {
        any(&self.repeats, row)
    }

    /// Returns whether a row is no product.
    pub(in crate::catalog) fn is_ignored(&self, row: &Row) -> bool {
        any(&self.ignore, row)
    }

    /// Returns whether a row is that of a variant, as far as its own cells say.
    pub(in crate::catalog) fn is_variant(&self, row: &Row) -> bool {
        self.variant.as_ref().is_none_or(|rules| any(rules, row))
    }

    /// Returns whether a product's rows stand together in the file, so that a product is complete when the next begins.
    pub(in crate::catalog) const fn is_in_order(&self) -> bool {
        self.parent.is_none() && self.children.is_none()
    }
}

/// Reads `sku=A-1,color=Red`. A part without `=` belongs to the value before it.
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
    /// Finds its columns. A plain file has one column for each thing: a second never stands in for an empty cell.
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
