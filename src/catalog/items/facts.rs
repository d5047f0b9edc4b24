//! Collects the facts of an item: values such as the title, under names that do not depend on the product file.

use super::ItemBuilder;
use crate::catalog::dialect::Field;
use crate::domain::item::{Fact, FactValue};

pub(super) struct Facts<'a> {
    maker: &'a ItemBuilder<'a>,
    facts: Vec<Fact>,
}

impl<'a> Facts<'a> {
    pub(super) const fn of(maker: &'a ItemBuilder<'a>) -> Self {
        Self { maker, facts: Vec::new() }
    }

    pub(super) fn facts(self) -> Vec<Fact> {
        self.facts
    }

    /// Reports whether a name in a template stands for the column of that name, and not for a fact (a value such as the
    /// title).
    ///
    /// In a plain file (one that no known program wrote) the column takes precedence over the fact of the same name,
    /// unless another column was chosen for the field.
    pub(super) fn is_meant(&self, name: &str, field: Option<Field>) -> bool {
        let ItemBuilder { dialect, columns, headers, .. } = self.maker;
        dialect.is_plain()
            && !field.is_some_and(|field| columns.chosen.contains(&field))
            && headers.iter().any(|header| header == name)
    }

    /// Adds a fact (a named value) under the name of a field, unless a column of that name takes precedence.
    pub(super) fn add_field(&mut self, field: Field, column: Option<usize>, value: FactValue) {
        if !self.is_meant(field.name(), Some(field)) {
            self.put(field.name(), column, value);
        }
    }

    /// Adds a fact (a named value), unless a column of the same name takes precedence. In every file, a column named
    /// `row` or `options` takes precedence over a fact that comes from no column.
    pub(super) fn add(&mut self, name: &'static str, column: Option<usize>, value: FactValue) {
        let is_computed = column.is_none() && matches!(name, "row" | "options");
        let is_column = is_computed && self.maker.headers.iter().any(|header| header == name);
        if !is_column && !self.is_meant(name, None) {
            self.put(name, column, value);
        }
    }

    pub(super) fn put(&mut self, name: &'static str, column: Option<usize>, value: FactValue) {
        let column = column.and_then(|column| self.maker.names.get(column)).cloned();
        self.facts.push(Fact { name, value, column });
    }
}
