//! The template engine, which compiles each template once and fills it for each job from an item's columns.
//!
//! The engine is strict: a name that does not exist is an error with that name. A rendered text is data and never a
//! template.

use super::context::{Context, ItemContext};
use super::explain;
use super::source::CompactPlace;
use super::synonyms::same_meaning;
use super::template::Template;
use super::unbraced::{self, Unbraced};
use crate::domain::item::Item;
use crate::domain::problem::{Problem, did_you_mean};
use crate::domain::text as filters;
use minijinja::value::{Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The standard names, such as `title`, that most product files have values for. They are only used in hints.
const FACTS: [&str; 9] = ["id", "sku", "handle", "title", "description", "vendor", "tags", "status", "image"];

/// The names with which a variable in a template may begin: `item` in `item.title`.
pub(super) const ROOTS: &[&str] = &["item", "vars", "shot", "variant", "matrix", "feedback"];
/// The names with which a variable in a condition may begin. `feedback` is missing, because a review must not decide
/// whether a clip is made.
pub(super) const ASKED: &[&str] = &["item", "vars", "shot", "variant", "matrix"];

/// The maximum number of steps for filling in one template: far more than any prompt needs, but few enough to end
/// quickly.
const FUEL: u64 = 100_000;

/// The text that replaces a column's text, to find where a template uses the column. It is a private-use character,
/// which no filter changes.
const MARKER: &str = "\u{E000}";

/// The name of the filter that turns a condition's result into `true`, `false`, `undefined`, or [`TEXT`] and a text.
pub(super) const ANSWER: &str = "__answer";
/// The prefix that the filter [`ANSWER`] adds to a condition's result if the result is a string that means neither true
/// nor false.
pub(super) const TEXT: &str = "=";

/// The compiled templates of a manifest, with their variables.
///
/// Each template is stored under its own source as its name, so that equal templates are compiled once.
#[derive(Debug, Clone)]
pub(super) struct Templates {
    environment: Environment<'static>,
    vars: Arc<BTreeMap<String, String>>,
    /// True if a template uses the reviewers' feedback.
    pub(super) reads_feedback: bool,
    /// The warnings about templates that compile, but that most likely do something else than intended.
    pub(super) doubts: Vec<Problem>,
    /// The texts in single brackets that are reported if they name a column of an item, each with its template.
    unbraced: Vec<(Template, Unbraced)>,
}

impl Templates {
    pub(super) fn new(vars: BTreeMap<String, String>) -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_fuel(Some(FUEL));
        // Debug mode keeps the undefined name in the error.
        environment.set_debug(true);
        // Templates must not include others; without this, the text of another template would be a valid name.
        environment.set_path_join_callback(|_, _| "".into());
        environment.add_filter("slug", |text: String| filters::slug(&text));
        environment.add_filter("truncate", |text: String, length: usize| filters::truncate(&text, length));
        environment.add_filter("strip_html", |text: String| filters::strip_html(&text));
        environment.add_filter(ANSWER, answer);
        let (doubts, unbraced) = (Vec::new(), Vec::new());
        Self { environment, vars: Arc::new(vars), reads_feedback: false, doubts, unbraced }
    }

    /// Compiles a template. Reports wrong syntax, and names that can never be defined.
    pub(super) fn compile(&mut self, text: &str, spot: CompactPlace) -> Result<Template, Vec<Problem>> {
        let template = self.add(Template::new(text, text.into(), 0, spot), ROOTS)?;
        for found in unbraced::find(text) {
            match found.problem(&template, &self.vars) {
                Some(problem) => self.doubts.push(problem),
                None => self.unbraced.push((template.clone(), found)),
            }
        }
        Ok(template)
    }

    /// Compiles a template whose variables may begin with the names in `roots`, such as `item` in `item.title`.
    pub(super) fn add(&mut self, mut template: Template, roots: &[&str]) -> Result<Template, Vec<Problem>> {
        let text = template.compiled.to_string();
        if let Err(error) = self.environment.add_template_owned(text.clone(), text.clone()) {
            return Err(vec![explain::incomplete(&template, &error)]);
        }
        let Ok(compiled) = self.environment.get_template(&text) else { return Ok(template) };
        let mut names: Vec<String> = compiled.undeclared_variables(true).into_iter().collect();
        names.sort();
        self.reads_feedback |= names.iter().any(|name| name == "feedback");
        template.columns = columns_read(template.source(), &names).into();
        let below = |root: &'static str| {
            let below = move |name: &String| match name.strip_prefix(root)? {
                "" => Some(String::new()),
                rest => rest.strip_prefix('.').map(str::to_owned),
            };
            names.iter().filter_map(below).collect()
        };
        (template.cell, template.vars) = (below("matrix"), below("vars"));
        if !text.contains('{') {
            template.constant = compiled.render(()).ok().map(Arc::from);
        }
        let problems: Vec<Problem> =
            names.iter().filter_map(|name| self.never_defined(&template, name, roots)).collect();
        if problems.is_empty() { Ok(template) } else { Err(problems) }
    }

    /// Returns the problem with a name that is never defined; `None` if the name can be defined.
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
        let range = template.find(&format!("{what}{written}"));
        let hyphenated =
            range.as_ref().and_then(|range| hyphenated(&template.source()[..range.start], written));
        let place = template.part(range);
        if ROOTS.contains(&root) && what.is_empty() {
            if root == "feedback" && roots.len() == ASKED.len() {
                let problem = Problem::error(place, "`feedback` cannot be used in a condition");
                return Some(problem.hint("use it in a field, such as `prompt`"));
            }
            let known = roots.join("` and `");
            let problem = Problem::error(place, format!("`{root}` cannot be used here"));
            return Some(problem.hint(format!(
                "this condition selects items and is checked before any shot; it can use `{known}`"
            )));
        }
        let problem = Problem::error(place, format!("unknown name `{what}{written}`"));
        if let Some(column) = hyphenated.filter(|_| what.is_empty()) {
            return Some(problem.hint(format!(
                "`-` subtracts; for the column `{column}`, write `{}`",
                template.spelled(&column)
            )));
        }
        Some(match did_you_mean(written, known.iter().copied()) {
            Some(near) => problem.hint(format!("did you mean `{what}{near}`?")),
            None if what.is_empty() => {
                let near = did_you_mean(written, FACTS).or_else(|| same_meaning(written, FACTS));
                let (root, near) = match near {
                    _ if self.vars.contains_key(written) => ("vars", written),
                    Some(near) => ("item", near),
                    None => ("item", written),
                };
                problem.hint(format!("did you mean `{root}.{near}`?"))
            }
            None => problem.hint(format!("define the text: `vars: {{ {written}: … }}`")),
        })
    }

    pub(super) fn environment(&self) -> &Environment<'static> {
        &self.environment
    }

    pub(super) fn item(&self, item: Arc<Item>) -> ItemContext<'_> {
        ItemContext::new(&self.environment, Arc::clone(&self.vars), &self.unbraced, item)
    }
}

impl Template {
    /// Fills in the template with the data of a job and returns the resulting text. A problem names the item as an
    /// example.
    pub fn render(&self, context: &Context<'_>) -> Result<String, Box<Problem>> {
        if let Some(constant) = &self.constant {
            return Ok(constant.as_ref().to_owned());
        }
        self.fill(context).map_err(|error| Box::new(explain::unfilled(self, &error, context)))
    }

    /// Returns whether a meaningless value of a column, such as `n/a`, is still visible in the filled-in template
    /// `text`, or has left a gap there.
    ///
    /// The caller has checked that the column's value has no meaning. Returns `false` if the template replaces the
    /// value by another text, or leaves out the part around the value.
    #[must_use]
    pub fn leaves_gap(&self, context: &Context<'_>, column: &str, text: &str) -> bool {
        let marked = self.fill(&context.with_text(column, MARKER)).unwrap_or_default();
        let words = |text: &str| text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>();
        let cell = context.item.get(column).unwrap_or_default();
        marked.contains(MARKER)
            && ["", cell].iter().any(|left| words(&marked.replace(MARKER, left)) == words(text))
    }

    pub(super) fn fill(&self, context: &Context<'_>) -> Result<String, Error> {
        context.environment.get_template(&self.compiled)?.render(context.names.clone())
    }
}

/// Returns the name in a template that has a hyphen, such as `supplier-note` in `item.supplier-note`. `last` is the
/// word after the last hyphen (`note`), and `before` is the text before that word. Returns `None` if `before` does not
/// end with `item.`, a name and a hyphen.
fn hyphenated(before: &str, last: &str) -> Option<String> {
    let before = before.strip_suffix('-')?;
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-');
    let first = before.rsplit(|letter: char| !is_part(letter)).next().filter(|first| !first.is_empty())?;
    before.strip_suffix(first)?.ends_with("item.").then(|| format!("{first}-{last}"))
}

/// Returns the result of a condition as `true`, `false` or `undefined`, or any other text after the prefix [`TEXT`].
fn answer(value: &Value) -> String {
    let word = |is_true: bool| if is_true { "true" } else { "false" }.to_owned();
    match (value.kind(), value.as_str()) {
        (ValueKind::Undefined, _) => "undefined".to_owned(),
        (_, Some(text)) => match text.trim().to_lowercase().as_str() {
            "" | "false" | "no" | "0" => word(false),
            "true" | "yes" | "1" => word(true),
            _ => format!("{TEXT}{text}"),
        },
        _ => word(value.is_true()),
    }
}

/// Returns the columns that a template reads. `names` are all names that the template takes from its data, such as
/// `item.title`.
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
