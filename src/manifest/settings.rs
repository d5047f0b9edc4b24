//! The settings of a request to a model.

use crate::domain::request::Field;
use std::collections::BTreeMap;

/// The settings of a request to a model: templates in a shot, data in an item.
#[derive(Debug, Clone)]
pub struct Settings<T> {
    /// The fields that all providers share, such as the prompt, with their values.
    pub fields: BTreeMap<Field, Setting<T>>,
    /// The model as `provider/model`, or the template that produces this text.
    pub model: Option<T>,
    /// The model's other parameters, by their names in the provider's API; text until the model's card gives them a
    /// type.
    pub params: BTreeMap<String, T>,
}

impl<T> Default for Settings<T> {
    fn default() -> Self {
        Self { fields: BTreeMap::new(), model: None, params: BTreeMap::new() }
    }
}

/// The value of one field: a single text, or a list of pictures.
#[derive(Debug, Clone)]
pub enum Setting<T> {
    /// A single text.
    One(T),
    /// A list of pictures; only for [`Field::ReferenceImages`].
    Many(Vec<T>),
}
