//! What templates and conditions see: the item, the manifest's own texts, and the cell of the matrix.

use super::condition::Condition;
use super::matrix::{Cell, Choice, Seen};
use super::model::{Setting, Shot};
use super::template::{Template, Templates};
use crate::domain::item::{FactValue, Item};
use crate::domain::problem::Problem;
use crate::domain::request::Field;
use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What templates see of one item.
#[derive(Debug, Clone)]
pub struct ItemContext<'a> {
    templates: &'a Templates,
    item: Arc<Item>,
    value: Value,
}

impl<'a> ItemContext<'a> {
    pub(super) fn new(templates: &'a Templates, item: Arc<Item>) -> Self {
        Self { templates, value: Value::from_object(ItemValue(Arc::clone(&item))), item }
    }

    /// Whether the item meets a condition that asks for nothing else.
    pub fn meets(&self, condition: &Condition) -> Result<bool, Box<Problem>> {
        condition.holds(&self.context("", "", &[]))
    }

    /// What a shot makes of the item, as far as conditions allow: one clip for each cell of its matrix, or one where it
    /// has none.
    pub fn jobs(&self, shot: &'a Shot) -> impl Iterator<Item = Result<Job<'a>, Box<Problem>>> {
        let matrix = shot.fields.matrix.as_deref();
        let alone = matrix.is_none().then_some(None);
        let cells = matrix.into_iter().flat_map(|matrix| &matrix.cells).map(Some);
        alone.into_iter().chain(cells).filter_map(|cell| self.job(shot, cell).transpose())
    }

    /// What a shot makes of the item in one cell; nothing where a condition says so.
    fn job(&self, shot: &'a Shot, cell: Option<&'a Cell>) -> Result<Option<Job<'a>>, Box<Problem>> {
        let variant = cell.map_or("", |cell| &cell.variant);
        let context = |choices: &[&Choice]| self.context(&shot.name.value, variant, choices);
        let holds = |condition: Option<&Condition>, choices: &[&Choice]| {
            condition.map_or(Ok(true), |condition| condition.holds(&context(choices)))
        };
        let mut choices: Vec<&Choice> = Vec::new();
        if let Some(cell) = cell {
            choices.extend(cell.choices.iter().map(|choice| &**choice));
            if !holds(cell.when.as_ref(), &choices)? {
                return Ok(None);
            }
            for extension in &cell.extensions {
                if holds(extension.when.as_ref(), &choices)? {
                    choices.extend(extension.choices.iter().map(|choice| &**choice));
                }
            }
        }
        let is_wanted = holds(shot.fields.when.as_ref(), &choices)?;
        Ok(is_wanted.then(|| Job { variant, context: context(&choices), choices }))
    }

    pub(super) fn context(&self, shot: &str, variant: &str, choices: &[&Choice]) -> Context<'a> {
        let seen = choices.iter().map(|choice| (Arc::clone(&choice.key), choice.seen.clone()));
        let names = Names {
            item: self.value.clone(),
            vars: Value::from_dyn_object(self.templates.vars()),
            shot: Value::from(shot),
            variant: Value::from(variant),
            matrix: Value::from_object(MatrixValue(seen.collect())),
        };
        Context {
            templates: self.templates,
            item: Arc::clone(&self.item),
            variant: variant.to_owned(),
            names: Value::from_object(names),
        }
    }
}

/// One clip that a shot makes of an item.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    /// The ids of its cell, joined; empty without a matrix.
    pub variant: &'a str,
    /// What its templates see.
    pub context: Context<'a>,
    /// The values of its cell, the strongest last.
    choices: Vec<&'a Choice>,
}

impl<'a> Job<'a> {
    /// What its cell sets of a field. That goes before what the shot sets.
    #[must_use]
    pub fn field(&self, field: Field) -> Option<&'a Setting<Template>> {
        self.set(field.name())
    }

    /// The model that its cell sets.
    #[must_use]
    pub fn model(&self) -> Option<&'a Template> {
        match self.set("model")? {
            Setting::One(model) => Some(model),
            Setting::Many(_) => None,
        }
    }

    fn set(&self, name: &str) -> Option<&'a Setting<Template>> {
        self.choices.iter().rev().find(|choice| &*choice.key == name)?.sets.as_ref()
    }
}

/// What the templates of one job see.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    pub(super) templates: &'a Templates,
    pub(super) item: Arc<Item>,
    pub(super) variant: String,
    pub(super) names: Value,
}

/// The names that a template may start from.
#[derive(Debug)]
struct Names {
    item: Value,
    vars: Value,
    shot: Value,
    variant: Value,
    matrix: Value,
}

impl Object for Names {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "item" => Some(self.item.clone()),
            "vars" => Some(self.vars.clone()),
            "shot" => Some(self.shot.clone()),
            "variant" => Some(self.variant.clone()),
            "matrix" => Some(self.matrix.clone()),
            _ => None,
        }
    }
}

/// `item`: its id, `raw`, what is known of it under names that do not depend on its file, and every column.
#[derive(Debug)]
struct ItemValue(Arc<Item>);

impl Object for ItemValue {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "id" => Some(Value::from(self.0.id.as_str())),
            "raw" => Some(Value::from_object(RawValue(Arc::clone(&self.0)))),
            name => match self.0.fact(name).map(|fact| &fact.value) {
                Some(FactValue::Text(text)) => Some(Value::from(text.as_str())),
                Some(FactValue::List { .. }) => {
                    Some(Value::from_object(ListValue(Arc::clone(&self.0), name.into())))
                }
                Some(FactValue::Pairs(pairs)) => {
                    Some(Value::from_object(pairs.iter().cloned().collect::<BTreeMap<String, String>>()))
                }
                None => self.0.column(name).map(Value::from),
            },
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        columns(&self.0)
    }
}

/// A list of an item, such as `item.tags`: it can be looped over, and where a text is wanted it is the text that the
/// list was made of.
#[derive(Debug)]
struct ListValue(Arc<Item>, Box<str>);

impl ListValue {
    fn list(&self) -> (&str, &[String]) {
        match self.0.fact(&self.1).map(|fact| &fact.value) {
            Some(FactValue::List { written, parts }) => (written, parts),
            Some(FactValue::Text(_) | FactValue::Pairs(_)) | None => ("", &[]),
        }
    }
}

impl Object for ListValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.list().1.get(key.as_usize()?).map(Value::from)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.list().1.len())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.list().0)
    }
}

/// `item.raw`: every column under its own name, also those called `id` or `raw`.
#[derive(Debug)]
struct RawValue(Arc<Item>);

impl Object for RawValue {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.column(key.as_str()?).map(Value::from)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        columns(&self.0)
    }
}

fn columns(item: &Item) -> Enumerator {
    Enumerator::Values(item.columns.names().map(Value::from).collect())
}

/// `matrix`: the values of a cell by their keys. Of a key that is there twice, the last holds.
#[derive(Debug)]
struct MatrixValue(Vec<(Arc<str>, Seen)>);

impl Object for MatrixValue {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let (_, seen) = self.0.iter().rev().find(|(known, _)| &**known == key)?;
        Some(match seen {
            Seen::Text(text) => Value::from(Arc::clone(text)),
            Seen::Group(texts) => Value::from_object(GroupValue(Arc::clone(texts))),
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.iter().map(|(key, _)| Value::from(&**key)).collect())
    }
}

/// A value of a matrix that is a group of texts: where one text is wanted, it is its id.
#[derive(Debug)]
struct GroupValue(Arc<[(String, String)]>);

impl GroupValue {
    fn text(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, text)| text.as_str())
    }
}

impl Object for GroupValue {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.text(key.as_str()?).map(Value::from)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.iter().map(|(key, _)| Value::from(key.as_str())).collect())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text("id").unwrap_or_default())
    }
}
