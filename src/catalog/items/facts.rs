//! What is known of an item under names that do not depend on its file.

use super::Maker;
use crate::catalog::dialect::Field;
use crate::domain::item::{Fact, FactValue};

/// What is known of an item, as it is gathered.
pub(super) struct Facts<'a> {
    maker: &'a Maker<'a>,
    facts: Vec<Fact>,
}

impl<'a> Facts<'a> {
    /// Returns an item of which nothing is known yet.
    pub(super) const fn of(maker: &'a Maker<'a>) -> Self {
        Self { maker, facts: Vec::new() }
    }

    /// Returns what is known.
    pub(super) fn facts(self) -> Vec<Fact> {
        self.facts
    }

    /// Returns whether the name means the column of that very name: in a plain file it does, unless another column was
    /// chosen for the field.
    pub(super) fn is_meant(&self, name: &str, field: Option<Field>) -> bool {
        let Maker { dialect, columns, headers, .. } = self.maker;
        dialect.is_plain()
            && !field.is_some_and(|field| columns.chosen.contains(&field))
            && headers.iter().any(|header| header == name)
    }

    /// Adds what is known under the name of a field.
    pub(super) fn add_field(&mut self, field: Field, column: Option<usize>, value: FactValue) {
        if !self.is_meant(field.name(), Some(field)) {
            self.put(field.name(), column, value);
        }
    }

    /// Adds what is known under another name. Wherever we only count, a column of that very name is what is meant.
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
