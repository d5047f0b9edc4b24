//! Reads and evaluates the conditions `where` and `when`, which decide for which items and variants clips are made.

use super::context::Context;
use super::decode::Decoder;
use super::explain;
use super::operands::{self, Doubt};
use super::template::Template;
use super::templates::{ANSWER, TEXT, Templates};
use super::yaml::Node;
use crate::domain::problem::{Place, Problem};
use minijinja::{Error, ErrorKind};

/// The start of the template into which a condition is put. As a template, the condition is compiled only once, not for
/// each item.
const BEFORE: &str = "{{ (";
/// An example of a correct condition.
const EXAMPLE: &str = "item.status == 'active'";

/// A condition that a person wrote, such as `item.status == "active"`.
#[derive(Debug, Clone)]
pub struct Condition(Template);

impl Condition {
    /// Returns the place of the condition in the manifest.
    #[must_use]
    pub fn place(&self) -> Place {
        self.0.place()
    }

    /// Returns the columns of the item that the condition reads.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        self.0.columns()
    }

    pub(super) fn template(&self) -> &Template {
        &self.0
    }

    /// Returns whether the condition is true.
    ///
    /// A number other than 0 and a list that is not empty are true. The texts `true`, `yes` and `1` are true, and
    /// `false`, `no`, `0` and an empty text are false. Any other text is a problem, because `{% if %}` would take it as
    /// true, even `sold out`.
    pub(super) fn holds(&self, context: &Context<'_>) -> Result<bool, Box<Problem>> {
        let answer = self.0.fill(context).map_err(|error| self.unclear_number(&error, context))?;
        match answer.as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            "undefined" => Err(Box::new(self.undefined(context))),
            text => Err(Box::new(self.no_answer(text.strip_prefix(TEXT).unwrap_or(text), context))),
        }
    }

    /// Returns the problem with a condition that cannot be evaluated for this item, most likely because the text of a
    /// column is not a number.
    fn unclear_number(&self, error: &Error, context: &Context<'_>) -> Box<Problem> {
        let problem = explain::unfilled(&self.0, error, context);
        let Some(column) = self.0.columns().first().filter(|_| problem.hint.is_none()) else {
            return Box::new(problem);
        };
        let (column, quote) = (self.0.spelled(column), self.0.quote());
        Box::new(problem.hint(format!(
            "write digits into that column, or first check that it is not empty: `{column} != {quote}{quote} and …`"
        )))
    }

    /// Returns the problem with a condition that has no result because it reads a name that is not defined.
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

    /// Returns the problem with a condition whose result is a text that is neither true nor false.
    fn no_answer(&self, text: &str, context: &Context<'_>) -> Problem {
        let shown: String = text.chars().take(SHOWN).collect();
        let quote = self.0.quote();
        let mut problem = Problem::error(self.place(), "the condition gives a string, not yes or no")
            .hint(format!("compare it with a string: `{} == {quote}…{quote}`", self.0.source().trim()));
        problem.examples.push(format!("{}: `{shown}`", context.item.example(self.0.columns())));
        problem.rows.extend(context.item.row(self.0.columns()));
        problem.of_item()
    }
}

/// The maximum number of characters of a text that a message shows.
const SHOWN: usize = 40;
/// Reads a condition whose variables may begin with the names in `roots`, such as `item` in `item.status`.
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

/// Returns the problem with a condition that is not a valid expression; `None` if it is valid.
fn unreadable(template: &Template, name: &str, templates: &Templates) -> Option<Problem> {
    let text = template.source();
    let is_right = |text: &str| templates.environment().compile_expression(text).is_ok();
    if text.contains("{{") || text.contains("{%") {
        let inside =
            text.trim().trim_start_matches('$').trim_start_matches("{{").trim_end_matches("}}").trim();
        let problem = Problem::error(template.place(), "a condition is written without braces");
        let inside = if is_right(inside) { inside } else { EXAMPLE };
        return Some(problem.hint(format!("write `{name}: {inside}`")));
    }
    let error = templates.environment().compile_expression(text).err()?;
    let range = error.range().filter(|range| range.end <= text.len());
    if let Some(problem) = explain::spaced(template, range.as_ref()) {
        return Some(problem);
    }
    let place = template.part(range);
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
