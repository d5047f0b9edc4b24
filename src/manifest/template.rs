//! Text with holes, filled from an item's columns: compiled once, rendered once for each job.
//!
//! Strict: a name that does not exist is an error that names it. What a template renders is data and never a
//! template again.

use super::explain;
use super::source::Spot;
use crate::domain::item::{FactValue, Item};
use crate::domain::problem::{Place, Problem, did_you_mean};
use crate::domain::text as filters;
use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Names that a template may start from.
const ROOTS: [&str; 4] = ["item", "vars", "shot", "variant"];

/// Steps of the template machine for one rendering: far beyond any prompt, far below a hang.
const FUEL: u64 = 100_000;

/// A template of the manifest, which knows where it was written.
#[derive(Debug, Clone)]
pub struct Template {
    source: Arc<str>,
    /// Columns of the item that it reads, `id` among them.
    columns: Arc<[String]>,
    /// What it renders where it has no hole, and most have none.
    constant: Option<Arc<str>>,
    spot: Spot,
}

/// All templates of a manifest, compiled, with what they are filled from.
///
/// Each is kept under its own source as its name: equal templates are compiled once.
#[derive(Debug, Clone)]
pub(super) struct Templates {
    environment: Environment<'static>,
    vars: Arc<BTreeMap<String, String>>,
}

impl Templates {
    pub(super) fn new(vars: BTreeMap<String, String>) -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_fuel(Some(FUEL));
        // Keeps the name of what was undefined.
        environment.set_debug(true);
        // There is nothing to include: without this, the text of another template would be a name for it.
        environment.set_path_join_callback(|_, _| "".into());
        environment.add_filter("slug", |text: String| filters::slug(&text));
        environment.add_filter("truncate", |text: String, length: usize| filters::truncate(&text, length));
        environment.add_filter("strip_html", |text: String| filters::strip_html(&text));
        Self { environment, vars: Arc::new(vars) }
    }

    /// Compiles a template. Finds what can be found without an item: wrong syntax, and names that no item can have.
    pub(super) fn compile(&mut self, text: &str, spot: Spot) -> Result<Template, Vec<Problem>> {
        let mut template = Template { source: text.into(), columns: Arc::default(), constant: None, spot };
        if let Err(error) = self.environment.add_template_owned(text.to_owned(), text.to_owned()) {
            return Err(vec![explain::incomplete(&template, &error)]);
        }
        let Ok(compiled) = self.environment.get_template(text) else { return Ok(template) };
        let mut names: Vec<String> = compiled.undeclared_variables(true).into_iter().collect();
        names.sort();
        template.columns = columns_read(text, &names).into();
        if !text.contains('{') {
            template.constant = compiled.render(()).ok().map(Arc::from);
        }
        let problems: Vec<Problem> =
            names.iter().filter_map(|name| self.never_defined(&template, name)).collect();
        if problems.is_empty() { Ok(template) } else { Err(problems) }
    }

    /// The problem with a name that no rendering can know.
    fn never_defined(&self, template: &Template, name: &str) -> Option<Problem> {
        let mut parts = name.split('.');
        let root = parts.next().unwrap_or(name);
        let (what, written, known): (_, _, Vec<&str>) = match (root, parts.next()) {
            ("vars", Some(var)) if !self.vars.contains_key(var) => {
                ("vars.", var, self.vars.keys().map(String::as_str).collect())
            }
            _ if ROOTS.contains(&root) || self.environment.globals().any(|(global, _)| global == root) => {
                return None;
            }
            _ => ("", root, ROOTS.to_vec()),
        };
        let place = template.part(find_name(&template.source, &format!("{what}{written}")));
        let problem = Problem::error(place, format!("nothing is called `{what}{written}`"));
        Some(match did_you_mean(written, known.iter().copied()) {
            Some(near) => problem.hint(format!("did you mean `{what}{near}`?")),
            None if what.is_empty() => {
                let root = if self.vars.contains_key(written) { "vars" } else { "item" };
                problem.hint(format!("did you mean `{root}.{written}`?"))
            }
            None => problem.hint(format!("define it: `vars: {{ {written}: … }}`")),
        })
    }

    /// What templates see of an item; to be made once for each item.
    pub(super) fn item(&self, item: Arc<Item>) -> ItemContext<'_> {
        ItemContext { templates: self, value: Value::from_object(ItemValue(Arc::clone(&item))), item }
    }
}

/// What templates see of one item.
#[derive(Debug, Clone)]
pub struct ItemContext<'a> {
    templates: &'a Templates,
    item: Arc<Item>,
    value: Value,
}

impl<'a> ItemContext<'a> {
    /// What the templates of one job see; `variant` is empty for a shot without a matrix.
    #[must_use]
    pub fn job(&self, shot: &str, variant: &str) -> Context<'a> {
        let names = Names {
            item: self.value.clone(),
            vars: Value::from_dyn_object(Arc::clone(&self.templates.vars)),
            shot: Value::from(shot),
            variant: Value::from(variant),
        };
        Context { templates: self.templates, item: Arc::clone(&self.item), names: Value::from_object(names) }
    }
}

/// What the templates of one job see.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    templates: &'a Templates,
    item: Arc<Item>,
    names: Value,
}

impl Template {
    /// As it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Where it was written, for messages.
    #[must_use]
    pub fn place(&self) -> Place {
        self.spot.place()
    }

    /// The columns of the item that it reads, `id` among them.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Where it reads a column; the whole of it where that cannot be told.
    #[must_use]
    pub fn place_of(&self, column: &str) -> Place {
        let find = |quote| find_name(&self.source, &spelled(column, quote));
        self.part(find('"').or_else(|| find('\'')))
    }

    /// How it may read a column: `item.title`, `item.raw['Body (HTML)']`.
    #[must_use]
    pub fn spelled(&self, column: &str) -> String {
        spelled(column, self.quote())
    }

    /// Whether it is a hole and nothing else.
    #[must_use]
    pub fn is_one_hole(&self) -> bool {
        let source = self.source.trim();
        source.starts_with("{{") && source.find("}}") == Some(source.len() - 2)
    }

    /// Whether it is a column and nothing else, so that what it renders is what the cell holds.
    #[must_use]
    pub fn is_one_column(&self) -> bool {
        self.is_one_hole() && self.columns.len() == 1
    }

    /// The quote that can be typed into it where it stands in the manifest.
    pub(super) fn quote(&self) -> char {
        match self.place() {
            Place::Text { text, column, .. } => {
                let first = text.chars().nth(usize::try_from(column).map_or(0, |column| column - 1));
                if first == Some('\'') { '"' } else { '\'' }
            }
            Place::File(_) | Place::Row { .. } | Place::Nowhere => '\'',
        }
    }

    /// Fills the template. The problem has the item as its example.
    pub fn render(&self, context: &Context<'_>) -> Result<String, Box<Problem>> {
        if let Some(constant) = &self.constant {
            return Ok(constant.as_ref().to_owned());
        }
        let rendered = context
            .templates
            .environment
            .get_template(&self.source)
            .and_then(|template| template.render(context.names.clone()));
        rendered.map_err(|error| Box::new(explain::unfilled(self, &error, &context.item)))
    }

    /// The place of some bytes of the template, or of all of it.
    pub(super) fn part(&self, range: Option<Range<usize>>) -> Place {
        match range {
            Some(range) => self.spot.within(&self.source, &range),
            None => self.place(),
        }
    }
}

/// The columns that a template reads: `names` are those it takes from outside, such as `item.title`.
fn columns_read(source: &str, names: &[String]) -> Vec<String> {
    let plain = names.iter().filter_map(|name| name.strip_prefix("item.")?.split('.').next());
    let plain = plain.filter(|column| *column != "raw").map(str::to_owned);
    let raw = source.match_indices("item.raw[").filter_map(|(at, start)| {
        let rest = &source[at + start.len()..];
        let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''))?;
        Some(rest[1..].split_once(quote)?.0.to_owned())
    });
    plain.chain(raw).collect()
}

/// How a template reads a column.
fn spelled(column: &str, quote: char) -> String {
    let is_name = column.chars().all(|character| character.is_alphanumeric() || character == '_')
        && !column.starts_with(|first: char| first.is_numeric());
    if is_name { format!("item.{column}") } else { format!("item.raw[{quote}{column}{quote}]") }
}

/// Where a name stands in a template, as a word of its own and within braces.
pub(super) fn find_name(source: &str, name: &str) -> Option<Range<usize>> {
    let is_part = |character: char| character.is_alphanumeric() || matches!(character, '_' | '.');
    source.match_indices(name).map(|(at, _)| at..at + name.len()).find(|range| {
        let before = &source[..range.start];
        let open = before.rfind("{{").max(before.rfind("{%"));
        let closed = before.rfind("}}").max(before.rfind("%}"));
        open.is_some()
            && open > closed
            && !before.ends_with(is_part)
            && !source[range.end..].starts_with(|next| is_part(next) && next != '.')
    })
}

/// The names that a template may start from.
#[derive(Debug)]
struct Names {
    item: Value,
    vars: Value,
    shot: Value,
    variant: Value,
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
