//! Writes the result of `init` as text.

use super::catalog::{WIDEST, facts, samples};
use crate::app::init::{InitReport, Products, Written};
use crate::domain::problem::{Problem, Severity};
use crate::domain::text::count;
use crate::report::json;
use crate::report::layout;
use crate::report::terminal::Terminal;

/// Writes which files were read and written, and the command to type next.
pub fn tell(terminal: &Terminal, report: &InitReport) {
    match report {
        InitReport::Invalid { problems, next } => {
            let tally = terminal.problems(problems.clone());
            terminal.say(format_args!("{tally}. Nothing was written."));
            terminal.next(next);
        }
        InitReport::Written(written) if terminal.json => terminal.data(json::init::object(written)),
        InitReport::Written(written) => {
            let Written { manifest, schema, products, next } = &**written;
            if let Some(products) = products {
                tell_products(terminal, products);
            }
            let width = manifest.chars().count().max(schema.chars().count());
            terminal.say(format_args!("Wrote {manifest:<width$}  settings, with comments"));
            terminal.say(format_args!("Wrote {schema:<width$}  completion for editors"));
            terminal.say(format_args!("Look at the prompt in {manifest}."));
            terminal.next(next);
        }
    }
}

/// Writes the content of a product file, and the number and the price of the clips that the manifest asks for.
fn tell_products(terminal: &Terminal, products: &Products) {
    let Products {
        shown, about, one_per, model, clips, total, choices, unusable, pictures, problems, ..
    } = products;
    terminal.say(format_args!("Read {}", facts(shown, about, *one_per).join("\n")));
    terminal.say(format_args!("  {} with {model}: {total}", count(*clips, "clip")));
    if let Some(column) = &pictures.chosen
        && !pictures.samples.is_empty()
    {
        let head = format!("  pictures from column {column}: ");
        let room = terminal.columns().min(WIDEST).saturating_sub(layout::width(&head));
        terminal.say(format_args!("{head}{}", samples(&pictures.samples, room)));
    }
    if !choices.is_empty() {
        terminal.say(format_args!("  other choices of one_per: {choices}"));
    }
    if let Some(unusable) = unusable {
        terminal.say(format_args!("  cannot be rendered: {unusable}; `plan` shows the rows"));
    }
    // The rows that are left out are counted above and named in the manifest.
    let is_told = |problem: &&Problem| problem.severity == Severity::Note;
    terminal.problems(problems.iter().filter(|problem| !is_told(problem)).cloned().collect());
}
