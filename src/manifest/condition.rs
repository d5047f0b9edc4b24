//! `where` and `when`: which items and which cells are made at all.

use super::context::Context;
use super::decode::Decoder;
use super::explain;
use super::operands::{self, Doubt};
use super::template::Template;
use super::templates::{ANSWER, TEXT, Templates};
use super::yaml::Node;
use crate::domain::problem::{Place, Problem};
use minijinja::{Error, ErrorKind};

/// What a condition is put into, so that the template machine compiles it once and not for each item.
const BEFORE: &str = "{{ (";
/// What `item.NAME` may be compared with to see a condition that is right.
const EXAMPLE: &str = "item.status == 'active'";

/// A condition that a person wrote, such as `item.status == "active"`.
#[derive(Debug, Clone)]
pub struct Condition(Template);

impl Condition {
    /// Where it was written.
    #[must_use]
    pub fn place(&self) -> Place {
        self.0.place()
    }

    /// The columns of the item that it reads.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        self.0.columns()
    }

    pub(super) fn template(&self) -> &Template {
        &self.0
    }

    /// Whether it holds. What is no truth value is taken as one where that is plain: a number that is not 0, a list
    /// that is not empty, and of texts `true`, `yes`, `1` and `false`, `no`, `0` and nothing at all. Any other text is
    /// a problem, because `{{ if }}` would take it as true, also `sold out`.
    pub(super) fn holds(&self, context: &Context<'_>) -> Result<bool, Box<Problem>> {
        let answer = self.0.fill(context).map_err(|error| self.unclear_number(&error, context))?;
        match answer.as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            "undefined" => Err(Box::new(self.undefined(context))),
            text => Err(Box::new(self.no_answer(text.strip_prefix(TEXT).unwrap_or(text), context))),
        }
    }

    /// The problem with what the machine stumbled over for this item.
    fn unclear_number(&self, error: &Error, context: &Context<'_>) -> Box<Problem> {
        let problem = explain::unfilled(&self.0, error, context);
        let Some(column) = self.0.columns().first().filter(|_| problem.hint.is_none()) else {
            return Box::new(problem);
        };
        let (column, quote) = (self.0.spelled(column), self.0.quote());
        Box::new(problem.hint(format!(
            "write digits there, or ask first whether there are any: `{column} != {quote}{quote} and …`"
        )))
    }

    /// The problem with a name that is all that a condition gives, or half of it.
    fn undefined(&self, context: &Context<'_>) -> Problem {
        let names = self.0.columns().iter().map(|column| self.0.spelled(column));
        let names = names.chain(self.0.cell().iter().map(|key| format!("matrix.{key}")));
        let is_undefined = |name: &String| {
            let value = context.environment.compile_expression(name);
            value.and_then(|name| name.eval(context.names.clone())).is_ok_and(|value| value.is_undefined())
        };
        let name = names.into_iter().find(is_undefined).unwrap_or_else(|| self.0.source().trim().to_owned());
        let error = Error::from(ErrorKind::UndefinedError);
        explain::unknown_name(&self.0, &error, &name, context)
    }

    /// The problem with a text that is no answer.
    fn no_answer(&self, text: &str, context: &Context<'_>) -> Problem {
        let shown: String = text.chars().take(SHOWN).collect();
        let quote = self.0.quote();
        let mut problem = Problem::error(self.place(), "the condition gives a text and neither yes nor no")
            .hint(format!(
                "compare it with the text that is meant: `{} == {quote}…{quote}`",
                self.0.source().trim()
            ));
        problem.examples.push(format!("{}: `{shown}`", context.item.example(self.0.columns())));
        problem.rows.extend(context.item.row(self.0.columns()));
        problem.of_item()
    }
}

/// So many characters of a text are shown.
const SHOWN: usize = 40;
/// Reads a condition that may start from these names.
pub(super) fn condition(
    decoder: &mut Decoder,
    node: &Node,
    name: &str,
    templates: &mut Templates,
    roots: &[&str],
) -> Option<Condition> {
    let text = decoder.text(node, name)?;
    if text.trim().is_empty() {
        let problem = decoder.error(node.span, format!("`{name}` is empty"));
        decoder.report(problem.hint(format!("write a condition such as `{EXAMPLE}`, or remove the key")));
        return None;
    }
    let spot = decoder.spot(node.span);
    let compiled = format!("{BEFORE}{text}) | {ANSWER} }}}}");
    let template = Template::new(text, compiled.into(), BEFORE.len(), spot);
    if let Some(problem) = unreadable(&template, name, templates) {
        decoder.report(problem);
        return None;
    }
    match templates.add(template, roots) {
        Ok(template) => {
            for doubt in operands::doubts(text, template.quote()) {
                decoder.report(doubtful(&template, doubt));
            }
            Some(Condition(template))
        }
        Err(problems) => {
            decoder.problems.extend(problems);
            None
        }
    }
}

/// The problem with what is no expression.
fn unreadable(template: &Template, name: &str, templates: &Templates) -> Option<Problem> {
    let text = template.source();
    let is_right = |text: &str| templates.environment().compile_expression(text).is_ok();
    if text.contains("{{") || text.contains("{%") {
        let inside =
            text.trim().trim_start_matches('$').trim_start_matches("{{").trim_end_matches("}}").trim();
        let problem = Problem::error(template.place(), "a condition stands without braces");
        let inside = if is_right(inside) { inside } else { EXAMPLE };
        return Some(problem.hint(format!("write `{name}: {inside}`")));
    }
    let error = templates.environment().compile_expression(text).err()?;
    let place = template.part(error.range().filter(|range| range.end <= text.len()));
    let problem = Problem::error(place, format!("the condition is not complete: {}", words(&error)));
    let fixed = operands::with_words(text);
    Some(if fixed != text && is_right(&fixed) {
        problem.hint(format!("write `{name}: {fixed}`"))
    } else {
        problem.hint(format!("a condition looks like `{EXAMPLE}`; several are joined by `and`, `or`, `not`"))
    })
}

fn words(error: &Error) -> &str {
    error.detail().unwrap_or("it cannot be read")
}

fn doubtful(template: &Template, doubt: Doubt) -> Problem {
    let Doubt { range, message, hint } = doubt;
    Problem::warning(template.part(Some(range)), message).hint(hint)
}
