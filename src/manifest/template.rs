//! Text with holes, filled from an item's columns: compiled once, rendered once for each job.
//!
//! Strict: a name that does not exist is an error that names it. What a template renders is data and never a
//! template again.

use super::filters;
use super::source::Spot;
use crate::domain::item::Item;
use crate::domain::problem::{Place, Problem, did_you_mean};
use minijinja::value::{Enumerator, Object};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// Names that a template may start from.
const ROOTS: [&str; 4] = ["item", "vars", "shot", "variant"];

/// Steps of the template machine for one rendering: far beyond any prompt, far below a hang.
const FUEL: u64 = 100_000;

/// At most so many names are listed in a message.
const LISTED: usize = 12;

/// A template of the manifest, which knows where it was written.
#[derive(Debug, Clone)]
pub struct Template {
    source: Arc<str>,
    /// Columns of the item that it reads, `id` among them.
    columns: Arc<[String]>,
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
        let mut template = Template { source: text.into(), columns: Arc::default(), spot };
        if let Err(error) = self.environment.add_template_owned(text.to_owned(), text.to_owned()) {
            let place = template.part(error.range());
            return Err(vec![Problem::error(place, incomplete(&error)).hint(
                "a name goes between braces, `{{ item.title }}`; a condition is `{% if … %}…{% endif %}`",
            )]);
        }
        let Ok(compiled) = self.environment.get_template(text) else { return Ok(template) };
        let mut names: Vec<String> = compiled.undeclared_variables(true).into_iter().collect();
        names.sort();
        template.columns = columns_read(text, &names).into();
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
        let problem = Problem::error(place, format!("`{what}{written}` is undefined"));
        Some(match did_you_mean(written, known.iter().copied()) {
            Some(near) => problem.hint(format!("did you mean `{what}{near}`?")),
            None if what.is_empty() => problem
                .hint(format!("a column of the catalog is `item.{written}`; a variable is `vars.{written}`")),
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
        self.part(find_name(&self.source, &spelled(column)))
    }

    /// Fills the template. The problem has the item as its example.
    pub fn render(&self, context: &Context<'_>) -> Result<String, Box<Problem>> {
        let rendered = context
            .templates
            .environment
            .get_template(&self.source)
            .and_then(|template| template.render(context.names.clone()));
        rendered.map_err(|error| Box::new(self.explain(&error, context)))
    }

    /// The place of some bytes of the template, or of all of it.
    fn part(&self, range: Option<Range<usize>>) -> Place {
        match range {
            Some(range) => self.spot.within(&self.source, &range),
            None => self.place(),
        }
    }

    fn explain(&self, error: &Error, context: &Context<'_>) -> Problem {
        let mut problem = self.reason(error, context);
        let depends_on_texts = !matches!(
            error.kind(),
            ErrorKind::UndefinedError | ErrorKind::UnknownFilter | ErrorKind::MissingArgument
        );
        problem.examples.push(context.item.example(if depends_on_texts { &self.columns } else { &[] }));
        problem
    }

    fn reason(&self, error: &Error, context: &Context<'_>) -> Problem {
        let detail = error.detail().unwrap_or_default();
        // The engine puts the undefined name between back quotes, whatever else it says.
        let undefined = detail
            .strip_suffix(" is undefined")
            .or_else(|| detail.strip_suffix(" is undefined)"))
            .and_then(|text| text.strip_suffix('`'))
            .and_then(|text| text.rsplit_once('`'))
            .map(|(_, name)| name);
        if let Some(name) = undefined {
            let place = self.part(find_name(&self.source, name).or_else(|| error.range()));
            let problem = Problem::error(place, format!("`{name}` is undefined"));
            return match name.strip_prefix("item.") {
                Some(column) => with_columns(problem, column, &context.item),
                None => problem.hint("a template knows `item`, `vars`, `shot` and `variant`"),
            };
        }
        let place = self.part(error.range());
        match error.kind() {
            ErrorKind::UnknownFilter => unknown_filter(place, detail),
            ErrorKind::MissingArgument => Problem::error(place, "the filter needs a value in brackets")
                .hint("write it like `| truncate(300)` or `| default(\"\")`"),
            ErrorKind::OutOfFuel => Problem::error(place, "the template takes too many steps")
                .hint("a prompt needs no long loops"),
            _ if detail.contains("literal") || detail.contains("digit") => {
                Problem::error(place, "the text is no number").hint("write digits into the cell, such as `5`")
            }
            kind => {
                let why = if detail.is_empty() { kind.to_string() } else { detail.to_owned() };
                Problem::error(place, format!("the template cannot be filled: {why}"))
                    .hint("look at the text in the sheet and at what the template makes of it")
            }
        }
    }
}

/// What a template lacks, without the words of the engine's grammar.
fn incomplete(error: &Error) -> String {
    match error.detail().unwrap_or("it cannot be read") {
        detail if detail.contains("expected end of variable block") => {
            "the template is not complete: `}}` should stand here".into()
        }
        detail if detail.contains("unexpected end of input") => {
            "the template is not complete: `{% endif %}`, or another end, is missing".into()
        }
        detail => format!("the template is not complete: {detail}"),
    }
}

/// Filters that a prompt or a file name may want.
const FILTERS: [&str; 16] = [
    "slug",
    "truncate",
    "strip_html",
    "default",
    "int",
    "float",
    "upper",
    "lower",
    "title",
    "capitalize",
    "trim",
    "replace",
    "join",
    "first",
    "last",
    "round",
];

fn unknown_filter(place: Place, detail: &str) -> Problem {
    let name = detail.strip_prefix("filter ").and_then(|text| text.strip_suffix(" is unknown"));
    let name = name.unwrap_or_default();
    let problem = Problem::error(place, format!("there is no filter `{name}`"));
    let problem = match did_you_mean(name, FILTERS) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem.hint(format!("remove `| {name}`, or write another filter")),
    };
    problem.note(format!("filters: {}", FILTERS.join(", ")))
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

/// Names the columns that there are.
fn with_columns(problem: Problem, written: &str, item: &Item) -> Problem {
    let names: Vec<&str> =
        item.columns.iter().map(|(name, _)| name.as_str()).filter(|name| !name.is_empty()).collect();
    let is_sheet = matches!(item.origin, Place::Row { .. });
    let problem =
        problem.label(if is_sheet { "the sheet has no such column" } else { "the item has no such key" });
    let hint = match did_you_mean(written, names.iter().copied().chain(["id"])) {
        Some(near) => format!("did you mean `{}`?", spelled(near)),
        None if is_sheet => {
            format!("add the column `{written}` to the sheet, or write `item.{written} | default(\"\")`")
        }
        None => format!("add `{written}:` to the item, or write `item.{written} | default(\"\")`"),
    };
    let problem = problem.hint(hint);
    let mut listed = names.iter().take(LISTED).copied().collect::<Vec<_>>().join(", ");
    if names.len() > LISTED {
        listed = format!("{listed} and {} more", names.len() - LISTED);
    }
    problem.note(format!("columns: {listed}"))
}

/// How a template reads a column: `item.title`, `item.raw["Body (HTML)"]`.
#[must_use]
pub fn spelled(column: &str) -> String {
    let is_name = column.chars().all(|character| character.is_alphanumeric() || character == '_')
        && !column.starts_with(|first: char| first.is_numeric());
    if is_name { format!("item.{column}") } else { format!("item.raw[\"{column}\"]") }
}

/// Where a name stands in a template, as a word of its own and within braces.
fn find_name(source: &str, name: &str) -> Option<Range<usize>> {
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

/// `item`: its id, `raw`, and every column.
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
            column => self.0.get(column).map(Value::from),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        columns(&self.0)
    }
}

/// `item.raw`: every column under its own name, also those called `id` or `raw`.
#[derive(Debug)]
struct RawValue(Arc<Item>);

impl Object for RawValue {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.get(key.as_str()?).map(Value::from)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        columns(&self.0)
    }
}

fn columns(item: &Item) -> Enumerator {
    Enumerator::Values(item.columns.iter().map(|(name, _)| Value::from(name.as_str())).collect())
}
