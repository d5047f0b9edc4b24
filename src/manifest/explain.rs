//! Writes the messages about problems with templates, without the terms of the template language's grammar.

use super::context::Context;
use super::synonyms::same_meaning;
use super::template::Template;
use crate::domain::item::{FactValue, Item};
use crate::domain::problem::{Place, Problem, did_you_mean};
use minijinja::{Error, ErrorKind};
use std::ops::Range;

/// The maximum number of column names listed in a message.
const LISTED: usize = 12;

/// The names of the filters that are useful in a prompt or a file name.
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

/// The filters of shop systems, each with the filter of this program that does the same: `(theirs, ours)`.
const ELSEWHERE: [(&str, &str); 7] = [
    ("upcase", "upper"),
    ("downcase", "lower"),
    ("strip", "trim"),
    ("striptags", "strip_html"),
    ("handle", "slug"),
    ("handleize", "slug"),
    ("shorten", "truncate"),
];

/// Returns the problem with a template whose syntax is wrong, so that it cannot be compiled.
pub(super) fn incomplete(template: &Template, error: &Error) -> Problem {
    let detail = error.detail().unwrap_or("it cannot be read");
    if detail.contains("unexpected end of input")
        && let Some((block, range)) = unclosed(template.source())
    {
        let message = format!("`{}` has no `{{% end{block} %}}`", &template.source()[range.clone()]);
        let hint = format!("write `{{% end{block} %}}` where the `{block}` ends");
        return Problem::error(template.part(Some(range)), message).hint(hint);
    }
    if let Some(problem) = spaced(template, template.range(error).as_ref()) {
        return problem;
    }
    let detail = match detail {
        detail if detail.contains("expected end of variable block") => "`}}` is missing here",
        detail => detail,
    };
    Problem::error(template.part(template.range(error)), format!("the template is not complete: {detail}"))
        .hint("a name goes between braces, `{{ item.title }}`; a condition is `{% if … %}…{% endif %}`")
}

/// The words of the template language that may follow a name and a blank.
const KEYWORDS: [&str; 8] = ["and", "or", "not", "in", "is", "if", "else", "elif"];

/// Returns the problem with a column name that has blanks, as in `item.supplier note`; `None` if the syntax error at
/// `wrong` has another cause.
pub(super) fn spaced(template: &Template, wrong: Option<&Range<usize>>) -> Option<Problem> {
    let (range, column) = spaced_column(template.source(), wrong?.start)?;
    let message = format!("`item.{column}` is not one name, because it has a blank");
    let hint = format!("write `{}`", template.spelled(&column));
    Some(Problem::error(template.part(Some(range)), message).hint(hint))
}

/// Returns the place and the name of a column with blanks that is written after `item.` and contains the position `at`.
fn spaced_column(source: &str, at: usize) -> Option<(Range<usize>, String)> {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    source.match_indices("item.").find_map(|(start, root)| {
        let rest = &source[start + root.len()..];
        let end = rest.find(|letter: char| !is_part(letter) && letter != ' ').unwrap_or(rest.len());
        let words = rest[..end].split(' ').take_while(|word| !word.is_empty() && !KEYWORDS.contains(word));
        let words: Vec<&str> = words.collect();
        let column = words.join(" ");
        let range = start..start + root.len() + column.len();
        let is_whole = !source[..start].ends_with(is_part);
        (words.len() > 1 && is_whole && range.contains(&at)).then_some((range, column))
    })
}

/// Returns the name and the place of the last block that is opened and not closed, such as `if`; `None` if there is
/// none.
fn unclosed(source: &str) -> Option<(&str, Range<usize>)> {
    let mut open: Vec<(&str, Range<usize>)> = Vec::new();
    for (start, _) in source.match_indices("{%") {
        let end = start + source[start..].find("%}")? + 2;
        let inside =
            source[start + 2..end - 2].trim_matches(|next: char| next.is_whitespace() || next == '-');
        match inside.split_whitespace().next()? {
            word @ ("if" | "for") => open.push((word, start..end)),
            "endif" | "endfor" => drop(open.pop()),
            _ => {}
        }
    }
    open.pop()
}

/// Returns the problem with a template that cannot be filled in for an item. The problem names the item as an example.
pub(super) fn unfilled(template: &Template, error: &Error, context: &Context<'_>) -> Problem {
    let item = &*context.item;
    let detail = error.detail().unwrap_or_default();
    // In all its messages, the engine puts the undefined name between back quotes.
    let undefined = detail
        .strip_suffix(" is undefined")
        .or_else(|| detail.strip_suffix(" is undefined)"))
        .and_then(|text| text.strip_suffix('`'))
        .and_then(|text| text.rsplit_once('`'))
        .map(|(_, name)| name);
    if let Some(name) = undefined {
        return unknown_name(template, error, name, context);
    }
    let place = template.part(template.range(error));
    let mut columns = template.columns();
    let mut held = None;
    let mut problem = match error.kind() {
        ErrorKind::UnknownFilter => {
            columns = &[];
            unknown_filter(place, detail)
        }
        ErrorKind::MissingArgument => {
            columns = &[];
            without_value(template, error)
        }
        ErrorKind::OutOfFuel => Problem::error(place, "the template takes too many steps")
            .hint("shorten its loops: a prompt needs no long ones"),
        // There is no hint with a number, because only the user has the right one.
        _ if detail.contains("literal") || detail.contains("digit") => {
            let is_no_number =
                |column: &&String| item.get(column).is_some_and(|text| text.trim().parse::<f64>().is_err());
            if let Some(at) = columns.iter().position(|column| is_no_number(&column)) {
                columns = &columns[at..=at];
                held = item.get(&columns[0]);
            }
            Problem::error(place, "a number is needed here, but the text is not a number")
        }
        kind => {
            let why = if detail.is_empty() { kind.to_string() } else { detail.to_owned() };
            Problem::error(place, format!("the template cannot be filled: {why}"))
                .hint("check the text in the sheet, and what the template makes of it")
        }
    };
    problem.of_item = !columns.is_empty();
    let example = item.example(columns);
    problem.examples.push(match held {
        Some(text) => format!("{example}: `{text}`"),
        None => example,
    });
    problem.rows.extend(item.row(columns));
    problem
}

fn unknown_filter(place: Place, detail: &str) -> Problem {
    let name = detail.strip_prefix("filter ").and_then(|text| text.strip_suffix(" is unknown"));
    let name = name.unwrap_or_default();
    let problem = Problem::error(place, format!("there is no filter `{name}`"));
    let known = ELSEWHERE.iter().find(|(elsewhere, _)| *elsewhere == name).map(|(_, own)| *own);
    let problem = match known.or_else(|| did_you_mean(name, FILTERS)) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem.hint(format!("remove `| {name}`, or write another filter")),
    };
    problem.note(format!("filters: {}", FILTERS.join(", ")))
}

/// Returns the problem with a filter that is used without the value in brackets that it needs.
fn without_value(template: &Template, error: &Error) -> Problem {
    let source = template.source();
    let place = template.part(template.range(error));
    let Some((range, name)) =
        template.range(error).and_then(|range| Some((range.clone(), source.get(range)?)))
    else {
        return Problem::error(place, "the filter needs a value in brackets")
            .hint("write it like `| truncate(300)`");
    };
    let quote = template.quote();
    let (what, value) = match name {
        "truncate" => ("a number", "(300)".to_owned()),
        "replace" => ("two strings", format!("({quote}old{quote}, {quote}new{quote})")),
        _ => {
            return Problem::error(place, format!("`{name}` needs a value in brackets"))
                .hint(format!("write it after the name: `{name}(…)`"));
        }
    };
    let before = source[..range.start].rfind("{{").map_or(name, |open| &source[open..range.end]);
    let after = source[range.end..].split_once("}}").map_or("", |(rest, _)| rest);
    let end = if before.starts_with("{{") { "}}" } else { "" };
    Problem::error(place, format!("`{name}` needs {what} in brackets"))
        .hint(format!("write `{before}{value}{after}{end}`"))
}

/// Returns the problem with a product option, such as the colour, that the item does not have.
fn unknown_option(template: &Template, place: Place, option: &str, item: &Item) -> Problem {
    let pairs = match item.fact("options").map(|fact| &fact.value) {
        Some(FactValue::Pairs(pairs)) => pairs.as_slice(),
        Some(FactValue::Text(_) | FactValue::List { .. }) | None => &[],
    };
    let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    let problem = Problem::error(place, format!("the item has no option `{option}`"));
    let quote = template.quote();
    let default = format!("item.options.{option} | default({quote}{quote})");
    let hint = match did_you_mean(option, names.iter().copied()) {
        Some(near) => format!("did you mean `item.options[{quote}{near}{quote}]`?"),
        None => format!("if only some items have it, write `{{{{ {default} }}}}`"),
    };
    let mut problem = problem.hint(hint).of_item();
    problem.examples.push(item.example(&[]));
    if names.is_empty() { problem } else { problem.note(format!("{} has: {}", item.id, names.join(", "))) }
}

/// Returns the problem that `matrix` lacks the key `key` for this job, although it may have the key for other jobs.
fn not_in_cell(template: &Template, place: Place, key: &str, context: &Context<'_>) -> Problem {
    let quote = template.quote();
    let (message, example) = match context.variant.as_str() {
        "" => (format!("a shot without a matrix has no `matrix.{key}`"), context.item.id.clone()),
        variant => {
            (format!("some cells of the matrix have no `{key}`"), format!("{variant} ({})", context.item.id))
        }
    };
    let mut problem = Problem::error(place, message).hint(format!(
        "add `{key}` to these cells with an entry of `include`, or write `matrix.{key} | default({quote}{quote})`"
    ));
    problem.examples.push(example);
    problem
}

/// Returns the problem with a name that is not defined for this item.
pub(super) fn unknown_name(template: &Template, error: &Error, name: &str, context: &Context<'_>) -> Problem {
    let item = &*context.item;
    let range = template.find(name).or_else(|| template.range(error));
    let in_braces = range.as_ref().is_some_and(|range| {
        let before = &template.source()[..range.start];
        before.rfind("{{") > before.rfind("{%")
    });
    let place = template.part(range);
    if let Some(key) = name.strip_prefix("matrix.") {
        return not_in_cell(template, place, key, context);
    }
    let Some(column) = name.strip_prefix("item.") else {
        let mut problem = Problem::error(place, format!("unknown name `{name}`"))
            .hint("a template can use `item`, `vars`, `shot`, `variant` and `matrix`");
        problem.examples.push(item.id.clone());
        return problem;
    };
    if let Some(option) = column.strip_prefix("options.").filter(|_| item.fact("options").is_some()) {
        return unknown_option(template, place, option, item);
    }
    let raw = column.strip_prefix("raw[").and_then(|text| text.strip_suffix(']'));
    let raw = raw.map(|text| text.trim_matches(['"', '\'']));
    let column = raw.or_else(|| column.strip_prefix("raw.")).unwrap_or(column);
    let names: Vec<&str> = item.columns.names().filter(|name| !name.is_empty()).collect();
    let is_sheet = matches!(item.origin, Place::Row { .. });
    let fields = item.facts.iter().filter(|fact| fact.column.is_some()).map(|fact| fact.name);
    let similar = did_you_mean(column, names.iter().copied().chain(["id"]));
    // Of similar names, `pictures` is meant by `picture`, but `price` is not.
    let near = similar.filter(|near| near.to_lowercase().contains(&column.to_lowercase()));
    let near = near.or_else(|| same_meaning(column, names.iter().copied().chain(fields))).or(similar);
    let quote = template.quote();
    let default = format!("{} | default({quote}{quote})", template.spelled(column));
    let default = if in_braces { format!("{{{{ {default} }}}}") } else { default };
    // A template of this hole alone would only give an empty text.
    let or = if template.is_one_hole() { String::new() } else { format!(", or write `{default}`") };
    let (message, add) = if is_sheet {
        (format!("there is no column `{column}`"), format!("add the column `{column}` to the sheet"))
    } else {
        (format!("the item has no `{column}`"), format!("add `{column}: …` to the item"))
    };
    let hint = match near {
        Some(near) => format!("did you mean `{}`?", template.spelled(near)),
        None => format!("{add}{or}"),
    };
    let mut problem = Problem::error(place, message).hint(hint);
    // A missing column concerns the whole sheet; a missing key may concern only some entries of a list.
    problem.of_item = !is_sheet;
    problem.examples.push(item.example(if is_sheet { &[] } else { template.columns() }));
    let mut listed = names.iter().take(LISTED).copied().collect::<Vec<_>>().join(", ");
    if names.len() > LISTED {
        listed = format!("{listed} and {} more", names.len() - LISTED);
    }
    let owner = if is_sheet { "columns".to_owned() } else { format!("{} has", item.id) };
    problem.note(format!("{owner}: {listed}"))
}
