//! Provides the data that templates and conditions read: the item, the manifest's variables, and the matrix values of a
//! job.

use super::template::Template;
use super::unbraced::Unbraced;
use crate::domain::item::{FactValue, Item};
use crate::domain::problem::Problem;
use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Environment, Value};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The data that templates read about one item.
#[derive(Debug, Clone)]
pub struct ItemContext<'a> {
    environment: &'a Environment<'static>,
    vars: Value,
    /// The texts in single brackets in all templates, such as `{title}`; each is reported if it names a column of the
    /// item.
    unbraced: &'a [(Template, Unbraced)],
    item: Arc<Item>,
    value: Value,
}

impl<'a> ItemContext<'a> {
    pub(super) fn new(
        environment: &'a Environment<'static>,
        vars: Arc<BTreeMap<String, String>>,
        unbraced: &'a [(Template, Unbraced)],
        item: Arc<Item>,
    ) -> Self {
        let value = Value::from_object(ItemValue(Arc::clone(&item)));
        Self { environment, vars: Value::from_dyn_object(vars), unbraced, value, item }
    }

    /// Returns a warning for each text in single brackets that names a column of the item, such as `{title}`, because
    /// templates do not fill it in.
    pub(super) fn unbraced(&self) -> Vec<Problem> {
        let problem = |(template, found): &(Template, Unbraced)| found.problem_for(template, &self.item);
        self.unbraced.iter().filter_map(problem).collect()
    }

    /// Returns the data that templates read for one job: item, shot, variant, and the matrix values in `cell`.
    pub(super) fn context(&self, shot: &str, variant: &str, cell: Vec<(Arc<str>, Seen)>) -> Context<'a> {
        let names = Names {
            item: self.value.clone(),
            vars: self.vars.clone(),
            shot: Value::from(shot),
            variant: Value::from(variant),
            matrix: Value::from_object(MatrixValue(cell)),
            feedback: Value::from(""),
        };
        Context {
            environment: self.environment,
            item: Arc::clone(&self.item),
            variant: variant.to_owned(),
            names: Value::from_object(names),
        }
    }
}

/// The data that templates read for one job.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    pub(super) environment: &'a Environment<'static>,
    pub(super) item: Arc<Item>,
    pub(super) variant: String,
    pub(super) names: Value,
}

impl Context<'_> {
    /// Returns a copy of the job's template data in which the item has another id.
    #[must_use]
    pub fn with_id(&self, id: String) -> Self {
        self.with_item(Item { id, ..(*self.item).clone() })
    }

    /// Returns a copy of the job's template data in which one column or standard name of the item, such as `title`, has
    /// another text.
    pub(super) fn with_text(&self, name: &str, text: &str) -> Self {
        self.with_item(self.item.with_text(name, text))
    }

    /// Returns a copy of the job's template data with a reviewer's comment on the job's clip, which templates read as
    /// `feedback`.
    #[must_use]
    pub fn with_feedback(&self, feedback: &str) -> Self {
        let mut changed = self.clone();
        if let Some(names) = self.names.downcast_object_ref::<Names>() {
            changed.names = Value::from_object(Names { feedback: Value::from(feedback), ..names.clone() });
        }
        changed
    }

    fn with_item(&self, item: Item) -> Self {
        let item = Arc::new(item);
        let mut changed = Self { item: Arc::clone(&item), ..self.clone() };
        if let Some(names) = self.names.downcast_object_ref::<Names>() {
            let item = Value::from_object(ItemValue(item));
            changed.names = Value::from_object(Names { item, ..names.clone() });
        }
        changed
    }
}

/// The variables that a template can read, such as `item` in `item.title`.
#[derive(Debug, Clone)]
struct Names {
    item: Value,
    vars: Value,
    shot: Value,
    variant: Value,
    matrix: Value,
    feedback: Value,
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
            "feedback" => Some(self.feedback.clone()),
            _ => None,
        }
    }
}

/// The object `item` in templates: the id, `raw`, every column, and the facts (values under standard names such as
/// `title`). A fact wins over a column of the same name.
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

/// A list in templates, such as `item.tags`.
///
/// A template can loop over the list. If a template prints the whole list, the result is the text from which the list
/// was made.
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

/// The object `item.raw` in templates: every column under its own name, even a column called `id` or `raw`.
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

/// A value of a matrix in the form in which templates read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    Text(Arc<str>),
    /// Several strings, as pairs of key and string. One of the keys is `id`.
    Group(Arc<[(String, String)]>),
}

/// The object `matrix` in templates, as pairs of key and value. If a key occurs twice, the last pair counts.
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

/// A matrix value that is a group of named strings, such as `{ id: beach, set: sunny beach }`, as templates read it. If
/// a template prints the whole value, the result is the string under `id`.
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
