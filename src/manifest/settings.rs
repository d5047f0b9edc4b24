//! What is asked of a model.

use crate::domain::request::Field;
use std::collections::BTreeMap;

/// What is asked of a model: templates in a shot, data in an item.
#[derive(Debug, Clone)]
pub struct Settings<T> {
    /// Fields that all providers share.
    pub fields: BTreeMap<Field, Setting<T>>,
    /// `provider/model`, once it is rendered.
    pub model: Option<T>,
    /// What else the model documents, by its name on the wire; still text, until the model's card gives it a type.
    pub params: BTreeMap<String, T>,
}

impl<T> Default for Settings<T> {
    fn default() -> Self {
        Self { fields: BTreeMap::new(), model: None, params: BTreeMap::new() }
    }
}

/// The value of a field.
#[derive(Debug, Clone)]
pub enum Setting<T> {
    /// One text.
    One(T),
    /// Several pictures; only of [`Field::ReferenceImages`].
    Many(Vec<T>),
}
