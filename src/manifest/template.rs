//! Text with holes, filled from an item's columns: compiled once, rendered once for each job.
//!
//! Strict: a name that does not exist is an error that names it. What a template renders is data and never a
//! template again.

use super::condition;
use super::context::{Context, ItemContext};
use super::explain;
use super::source::Spot;
use crate::domain::item::Item;
use crate::domain::problem::{Place, Problem, did_you_mean};
use crate::domain::text as filters;
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// What most product files tell of an item, under the names that a template reads: for hints alone.
const FACTS: [&str; 9] = ["id", "sku", "handle", "title", "description", "vendor", "tags", "status", "image"];

/// Names that a template may start from.
pub(super) const ROOTS: &[&str] = &["item", "vars", "shot", "variant", "matrix"];

/// Steps of the template machine for one rendering: far beyond any prompt, far below a hang.
const FUEL: u64 = 100_000;

/// A template of the manifest, which knows where it was written.
#[derive(Debug, Clone)]
pub struct Template {
    source: Arc<str>,
    /// What the template machine knows it as: the source, or what a condition was put into, behind so many bytes.
    compiled: Arc<str>,
    before: usize,
    /// Columns of the item that it reads, `id` among them.
    columns: Arc<[String]>,
    /// What it reads of the cell: `mood`, `mood.set`; `""` where it reads the cell as a whole.
    cell: Arc<[String]>,
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
        condition::prepare(&mut environment);
        Self { environment, vars: Arc::new(vars) }
    }

    /// Compiles a template. Finds what can be found without an item: wrong syntax, and names that no item can have.
    pub(super) fn compile(&mut self, text: &str, spot: Spot) -> Result<Template, Vec<Problem>> {
        self.add(Template::new(text, text.into(), 0, spot), ROOTS)
    }

    /// Compiles what may start from these names.
    pub(super) fn add(&mut self, mut template: Template, roots: &[&str]) -> Result<Template, Vec<Problem>> {
        let text = template.compiled.to_string();
        if let Err(error) = self.environment.add_template_owned(text.clone(), text.clone()) {
            return Err(vec![explain::incomplete(&template, &error)]);
        }
        let Ok(compiled) = self.environment.get_template(&text) else { return Ok(template) };
        let mut names: Vec<String> = compiled.undeclared_variables(true).into_iter().collect();
        names.sort();
        template.columns = columns_read(&template.source, &names).into();
        let cell = |name: &String| match name.strip_prefix("matrix")? {
            "" => Some(String::new()),
            rest => rest.strip_prefix('.').map(str::to_owned),
        };
        template.cell = names.iter().filter_map(cell).collect();
        if !text.contains('{') {
            template.constant = compiled.render(()).ok().map(Arc::from);
        }
        let problems: Vec<Problem> =
            names.iter().filter_map(|name| self.never_defined(&template, name, roots)).collect();
        if problems.is_empty() { Ok(template) } else { Err(problems) }
    }

    /// The problem with a name that no rendering can know.
    fn never_defined(&self, template: &Template, name: &str, roots: &[&str]) -> Option<Problem> {
        let mut parts = name.split('.');
        let root = parts.next().unwrap_or(name);
        let (what, written, known): (_, _, Vec<&str>) = match (root, parts.next()) {
            ("vars", Some(var)) if !self.vars.contains_key(var) => {
                ("vars.", var, self.vars.keys().map(String::as_str).collect())
            }
            _ if roots.contains(&root) || self.environment.globals().any(|(global, _)| global == root) => {
                return None;
            }
            _ => ("", root, roots.to_vec()),
        };
        let place = template.part(template.find(&format!("{what}{written}")));
        if ROOTS.contains(&root) && what.is_empty() {
            let known = roots.join("` and `");
            let problem = Problem::error(place, format!("`{root}` is not known here"));
            return Some(
                problem.hint(format!("this is asked of each item before its shots: it knows `{known}`")),
            );
        }
        let problem = Problem::error(place, format!("nothing is called `{what}{written}`"));
        Some(match did_you_mean(written, known.iter().copied()) {
            Some(near) => problem.hint(format!("did you mean `{what}{near}`?")),
            None if what.is_empty() => {
                let (root, near) = match did_you_mean(written, FACTS) {
                    _ if self.vars.contains_key(written) => ("vars", written),
                    Some(near) => ("item", near),
                    None => ("item", written),
                };
                problem.hint(format!("did you mean `{root}.{near}`?"))
            }
            None => problem.hint(format!("define it: `vars: {{ {written}: … }}`")),
        })
    }

    /// The template machine.
    pub(super) fn environment(&self) -> &Environment<'static> {
        &self.environment
    }

    /// The texts that every template can use.
    pub(super) fn vars(&self) -> Arc<BTreeMap<String, String>> {
        Arc::clone(&self.vars)
    }

    /// What templates see of an item; to be made once for each item.
    pub(super) fn item(&self, item: Arc<Item>) -> ItemContext<'_> {
        ItemContext::new(self, item)
    }
}

impl Template {
    /// Not compiled yet.
    pub(super) fn new(source: &str, compiled: Arc<str>, before: usize, spot: Spot) -> Self {
        let (columns, cell) = Default::default();
        Self { source: source.into(), compiled, before, columns, cell, constant: None, spot }
    }

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

    /// Where it starts in the manifest, in bytes; nothing for a default of ours.
    pub(super) fn start(&self) -> Option<usize> {
        self.spot.start()
    }

    /// The columns of the item that it reads, `id` among them.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// What it reads of the cell of a matrix: `mood`, `mood.set`; `""` where it reads the cell as a whole.
    pub(super) fn cell(&self) -> &[String] {
        &self.cell
    }

    /// Where it reads a column; the whole of it where that cannot be told.
    #[must_use]
    pub fn place_of(&self, column: &str) -> Place {
        let find = |quote| self.find(&spelled(column, quote));
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
        self.fill(context).map_err(|error| Box::new(explain::unfilled(self, &error, context)))
    }

    /// What the template machine makes of it.
    pub(super) fn fill(&self, context: &Context<'_>) -> Result<String, Error> {
        context.templates.environment.get_template(&self.compiled)?.render(context.names.clone())
    }

    /// Where the template machine stumbled.
    pub(super) fn range(&self, error: &Error) -> Option<Range<usize>> {
        let range = error.range()?;
        let range = range.start.checked_sub(self.before)?..range.end.checked_sub(self.before)?;
        (range.end <= self.source.len()).then_some(range)
    }

    /// Where a name stands, as a word of its own; in a template, within braces.
    pub(super) fn find(&self, name: &str) -> Option<Range<usize>> {
        let is_part = |character: char| character.is_alphanumeric() || matches!(character, '_' | '.');
        let is_condition = self.before > 0;
        self.source.match_indices(name).map(|(at, _)| at..at + name.len()).find(|range| {
            let before = &self.source[..range.start];
            let open = before.rfind("{{").max(before.rfind("{%"));
            let closed = before.rfind("}}").max(before.rfind("%}"));
            (is_condition || (open.is_some() && open > closed))
                && !before.ends_with(is_part)
                && !self.source[range.end..].starts_with(|next| is_part(next) && next != '.')
        })
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
