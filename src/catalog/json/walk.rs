//! Walks through a JSON document to the list of its products, with one product in memory at a time.

use super::values;
use crate::catalog::lines::RowGuard;
use crate::catalog::table::Table;
use crate::catalog::{dialect, words};
use crate::domain::problem::Problem;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::fmt;
use std::rc::Rc;

/// Limit on the names of one object that are checked for a repeated name. Further names are not checked, because an
/// object that holds products by their ids may have very many names.
const TOLD_APART: usize = 4096;

/// A list of objects in a document.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// The path of the list: the names from the outermost object on, joined by full stops.
    pub(super) path: String,
    pub(super) rank: Rank,
}

/// The likelihood that a list in a document is the list of products, in ascending order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// The list has a name that is usual for something other than products.
    Other,
    /// The first object of the list has neither an id nor a title.
    Aside,
    /// The list is probably that of the products, because its first object has an id or a title.
    Likely,
    /// The list is the whole document, or has a name that is usual for a list of products.
    Known,
}

impl Found {
    /// Reports whether the list `next`, found later, is clearly less likely to be the list of products than this one.
    pub(super) fn rules_out(&self, next: &Self) -> bool {
        self.rank > next.rank || next.rank <= Rank::Aside
    }
}

/// The choice of the list of products in a document.
#[derive(Debug)]
pub(super) enum Wanted {
    /// The list at this path.
    Path(String),
    /// The first list of objects that look like products.
    First,
    /// No list is read: the document is only examined.
    None,
}

/// A walk through a JSON document that reads its products.
pub(super) struct Walk<'s, 'a> {
    table: &'s mut Table<'a>,
    wanted: Wanted,
    guard: Rc<RowGuard>,
    path: Vec<String>,
    /// The number of products that were read so far, which is the row number of the last one.
    pub(super) row: u64,
    /// The lists of objects that were found in the document so far.
    pub(super) found: Vec<Found>,
    /// The names in the outermost object of the document, without those in nested objects.
    pub(super) names: Vec<String>,
    /// The path of the list whose objects were read as products; `None` if no list was read.
    pub(super) taken: Option<String>,
    /// True if several lists may be the list of products.
    pub(super) is_ambiguous: bool,
    /// The problem that ended the reading, if there was one.
    pub(super) stopped: Option<Box<Problem>>,
}

impl<'s, 'a> Walk<'s, 'a> {
    pub(super) fn new(table: &'s mut Table<'a>, wanted: Wanted, guard: Rc<RowGuard>) -> Self {
        Self {
            table,
            wanted,
            guard,
            path: Vec::new(),
            row: 0,
            found: Vec::new(),
            names: Vec::new(),
            taken: None,
            is_ambiguous: false,
            stopped: None,
        }
    }

    /// Records the problem that ends the reading, and returns an error for the parser.
    fn stop<E: serde::de::Error>(&mut self, problem: Box<Problem>) -> E {
        self.stopped = Some(problem);
        E::custom("no more is taken")
    }

    fn take<E: serde::de::Error>(&mut self, object: &RawValue) -> Result<(), E> {
        self.row += 1;
        self.guard.renew();
        values::take(self.table, self.row, object).map_err(|problem| self.stop(problem))
    }

    /// Reads the products at the path `rest` within an element of a list.
    fn take_within<E: serde::de::Error>(&mut self, element: &RawValue, rest: &str) -> Result<(), E> {
        let within = values::within(element, rest).map_err(E::custom)?;
        for object in within {
            self.taken.get_or_insert_default();
            self.take(object)?;
        }
        self.guard.renew();
        Ok(())
    }
}

/// A visitor for one value of the document, which also visits the values within it.
pub(super) struct Step<'w, 's, 'a>(pub(super) &'w mut Walk<'s, 'a>);

impl<'de> DeserializeSeed<'de> for Step<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Step<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let walk = self.0;
        let mut names = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            walk.guard.renew();
            if walk.path.is_empty() && walk.names.len() < TOLD_APART {
                walk.names.push(name.clone());
            }
            if names.len() < TOLD_APART && !names.insert(name.clone()) {
                return Err(A::Error::custom(format!("an object has the name `{name}` twice")));
            }
            walk.path.push(name);
            map.next_value_seed(Step(&mut *walk))?;
            walk.path.pop();
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let walk = self.0;
        let path = walk.path.join(".");
        walk.guard.renew();
        if let Wanted::Path(wanted) = &walk.wanted {
            let wanted = wanted.clone();
            if wanted == path {
                walk.taken = Some(path);
                while let Some(element) = list.next_element::<Box<RawValue>>()? {
                    walk.take(&element)?;
                }
                return Ok(());
            }
            let rest = wanted.strip_prefix(&path).map(|rest| rest.strip_prefix('.').unwrap_or(rest));
            if let Some(rest) = rest.filter(|rest| path.is_empty() || rest.len() + path.len() < wanted.len())
            {
                while let Some(element) = list.next_element::<Box<RawValue>>()? {
                    walk.take_within(&element, rest)?;
                }
                return Ok(());
            }
        }
        let first = list.next_element::<Box<RawValue>>()?;
        let Some(first) = first.filter(|first| first.get().starts_with('{') || path.is_empty()) else {
            return skip(walk, list);
        };
        let rank = rank(&walk.path, &first).map_err(A::Error::custom)?;
        let found = Found { path: path.clone(), rank };
        let before = walk.found.iter().find(|found| found.rank > Rank::Aside);
        let is_first = matches!(walk.wanted, Wanted::First);
        if is_first && before.is_some_and(|taken| !taken.rules_out(&found)) {
            walk.found.push(found);
            walk.is_ambiguous = true;
            return Err(A::Error::custom("no more is taken"));
        }
        let is_taken = is_first && before.is_none() && rank > Rank::Aside;
        walk.found.push(found);
        if !is_taken {
            return skip(walk, list);
        }
        walk.taken = Some(path);
        walk.take(&first)?;
        while let Some(element) = list.next_element::<Box<RawValue>>()? {
            walk.take(&element)?;
        }
        Ok(())
    }
}

fn rank(path: &[String], first: &RawValue) -> Result<Rank, String> {
    if path.iter().any(|name| words::fit("asides", name).is_some()) {
        return Ok(Rank::Other);
    }
    if path.last().is_none_or(|name| words::fit("products", name).is_some()) {
        return Ok(Rank::Known);
    }
    let names = values::names(first)?;
    let is_likely = dialect::names_items(&names) || values::has(&names, "id") || values::has(&names, "title");
    Ok(if is_likely { Rank::Likely } else { Rank::Aside })
}

fn skip<'de, A: SeqAccess<'de>>(walk: &Walk<'_, '_>, mut list: A) -> Result<(), A::Error> {
    while list.next_element::<IgnoredAny>()?.is_some() {
        walk.guard.renew();
    }
    Ok(())
}
