//! Describes models in words: one table of all models, and one page for each model.

use crate::app::models::{Entry, ModelsReport, Rendered, Shown};
use crate::domain::limits::Rate;
use crate::domain::request::{Field, Value};
use crate::provider::card::{Kind, ModelCard, Pictures, Remark, RemarkKind, Rule};
use crate::provider::check::shown;
use crate::provider::{Provider, Registry};
use crate::report::layout::{lasted, width, wrap};
use std::time::Duration;

/// Returns the table of several models, or the page about one model, as lines no wider than `columns`.
#[must_use]
pub fn lines(report: &ModelsReport, columns: usize) -> Vec<String> {
    match &report.shown {
        Shown::Table(entries) => table(entries, &report.providers, columns),
        Shown::Page(entry) => page(entry, columns),
    }
}

/// The headings of the columns that [`cells`] returns.
pub const HEADS: [&str; 6] = ["model", "input", "seconds", "size", "price", "max tasks"];

/// Returns the cells of a model's row in the table of models, in the order of [`HEADS`].
#[must_use]
pub fn cells(card: &ModelCard, at_once: usize) -> [String; 6] {
    [
        card.name.to_string(),
        modes(card, " "),
        seconds(card),
        size(card).unwrap_or_else(|| "-".to_owned()),
        price(card),
        at_once.to_string(),
    ]
}

fn modes(card: &ModelCard, between: &str) -> String {
    card.modes.iter().map(|mode| mode.name()).collect::<Vec<_>>().join(between)
}

/// Returns the possible durations of a model's clips in seconds.
fn seconds(card: &ModelCard) -> String {
    let Some(rule) = card.field(Field::Duration) else { return "-".to_owned() };
    match (rule.values.as_slice(), rule.min, rule.max) {
        ([], Some(min), Some(max)) => format!("{min} to {max}"),
        ([], _, _) => card.seconds().to_string(),
        (values, _, _) => choice(values),
    }
}

/// Returns the possible sizes of a model's clips, in pixels or as the model names them; `None` if it has no such field.
fn size(card: &ModelCard) -> Option<String> {
    let rule = card.field(Field::Size).or_else(|| card.param("resolution"))?;
    let pixels = |value: &Value| {
        let text = shown(value);
        let (across, down) = text.split_once('x')?;
        Some(across.parse::<u64>().ok()?.saturating_mul(down.parse().ok()?))
    };
    match rule.values.as_slice() {
        [] => rule.default.as_ref().map(shown),
        [only] => Some(shown(only)),
        values => {
            values.iter().max_by_key(|value| pixels(value)).map(|most| format!("up to {}", shown(most)))
        }
    }
}

fn price(card: &ModelCard) -> String {
    match &card.price {
        None => "not published".to_owned(),
        Some(price) if price.surcharges.is_empty() => price.to_string(),
        Some(price) => format!("from {price}"),
    }
}

/// Returns values as a list in words, such as `a, b or c`.
fn choice(values: &[Value]) -> String {
    let words: Vec<String> = values.iter().map(shown).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

/// Returns a table of all models, grouped by provider, as lines no wider than `columns`.
#[must_use]
pub fn table(entries: &[Entry], providers: &Registry, columns: usize) -> Vec<String> {
    let sections: Vec<Section<'_>> =
        entries.chunk_by(|a, b| a.card.name.provider == b.card.name.provider).map(Section::of).collect();
    // Two columns are before each cell; before the first, they hold the mark and a space.
    let is_wide = sections.iter().all(|it| it.widths.iter().map(|width| width + 2).sum::<usize>() <= columns);
    let mut lines = Vec::new();
    for section in &sections {
        let name = &section.entries[0].card.name.provider;
        lines.extend(providers.find(name).map(|provider| head(&**provider, columns)).unwrap_or_default());
        if is_wide {
            lines.push(line(' ', &HEADS.map(str::to_owned), &section.widths));
        }
        for (entry, row) in section.entries.iter().zip(&section.rows) {
            if is_wide {
                lines.push(line(mark(&entry.card), row, &section.widths));
            } else {
                lines.extend(stacked(&entry.card, row, columns));
            }
        }
        lines.push(String::new());
    }
    lines.extend(legend(entries, is_wide, columns));
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// The part of the table of models that lists the models of one provider.
struct Section<'a> {
    entries: &'a [Entry],
    rows: Vec<[String; 6]>,
    widths: [usize; 6],
}

impl<'a> Section<'a> {
    fn of(entries: &'a [Entry]) -> Self {
        let row = |entry: &Entry| {
            let mut row = cells(&entry.card, entry.at_once);
            row[0] += if entry.card.unverified { " ?" } else { "" };
            row
        };
        let rows: Vec<[String; 6]> = entries.iter().map(row).collect();
        let mut widths = HEADS.map(width);
        for row in &rows {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = (*widest).max(width(cell));
            }
        }
        Self { entries, rows, widths }
    }
}

fn head(provider: &dyn Provider, columns: usize) -> Vec<String> {
    let profile = provider.profile();
    let text = format!("{}  {}  key in {}", provider.name(), profile.base_url, profile.key_env);
    wrap(&text, columns, 2)
}

/// Returns `*` for a model whose card (description) the manifest corrects or adds, and a space for other models.
fn mark(card: &ModelCard) -> char {
    if card.corrected.is_empty() { ' ' } else { '*' }
}

/// Returns the meaning of the signs `*` and `?` in the table of models, and what to do about a missing price.
fn legend(entries: &[Entry], is_wide: bool, columns: usize) -> Vec<String> {
    let any = |holds: fn(&ModelCard) -> bool| entries.iter().any(|entry| holds(&entry.card));
    let reported = [
        (any(|card| !card.corrected.is_empty()), "* the manifest corrects or adds this model"),
        (any(|card| card.unverified), "? some facts about this model are inferred, not documented"),
        (is_wide, "max tasks: how many tasks the provider renders at the same time"),
        (
            any(|card| card.price.is_none()),
            "For a model without a published price, write your price under `prices:` in the manifest.",
        ),
    ];
    reported.iter().filter(|(holds, _)| *holds).flat_map(|(_, text)| wrap(text, columns, 2)).collect()
}

fn line(mark: char, cells: &[String; 6], widths: &[usize; 6]) -> String {
    let padded = cells.iter().zip(widths).enumerate().map(|(at, (cell, wide))| {
        let gap = " ".repeat(wide.saturating_sub(width(cell)));
        // Numbers end at the same column.
        if at == 5 { format!("{gap}{cell}") } else { format!("{cell}{gap}") }
    });
    let cells: Vec<String> = padded.collect();
    format!("{mark} {}", cells.join("  ")).trim_end().to_owned()
}

/// Returns the facts of a model below its name, for terminals that are too narrow for the table.
fn stacked(card: &ModelCard, row: &[String; 6], columns: usize) -> Vec<String> {
    let [name, from, seconds, size, price, at_once] = row;
    let price = if card.price.is_some() { price } else { "no price published" };
    let mut facts = vec![from.clone(), format!("{seconds} s")];
    facts.extend((size != "-").then(|| size.clone()));
    facts.extend([
        price.to_owned(),
        format!("{at_once} {} at once", if at_once == "1" { "task" } else { "tasks" }),
    ]);
    // A line breaks between facts, not within one.
    let facts: Vec<String> = facts.iter().map(|fact| fact.replace(' ', "\u{a0}")).collect();
    let lines = wrap(&format!("    {}", facts.join("\u{a0}· ")), columns, 4);
    let lines = lines.into_iter().map(|line| line.replace('\u{a0}', " "));
    std::iter::once(format!("{} {name}", mark(card))).chain(lines).collect()
}

/// Returns all facts about one model, as lines no wider than `columns`.
#[must_use]
pub fn page(entry: &Entry, columns: usize) -> Vec<String> {
    let card = &entry.card;
    let mut page = Page { columns, lines: vec![card.name.to_string()] };
    page.lines.extend(wrap(&card.summary, columns, 0));
    page.section("", facts(entry));
    let rules = |rules: &[Rule]| -> Vec<(String, String)> {
        rules.iter().map(|rule| (rule.name.clone(), describe(card, rule))).collect()
    };
    page.section("Fields", rules(&card.fields));
    page.section("Parameters, under `params:`", rules(&card.params));
    if let Some(pictures) = &card.pictures {
        page.list("Pictures", pictures_of(pictures));
    }
    page.section("Good to know", card.remarks.iter().map(remark).collect());
    page.list("Notes", card.notes.clone());
    page.section(
        "From the manifest",
        card.corrected.iter().map(|it| (it.part.clone(), it.at.clone())).collect(),
    );
    page.section("Renderings so far", entry.durations.iter().map(rendered).collect());
    page.lines
}

fn rendered(rendered: &Rendered) -> (String, String) {
    let Rendered { class, finished, p10, p50, p95 } = rendered;
    let label = if class.is_empty() { "with default settings" } else { class };
    let [p10, p50, p95] = [p10, p50, p95].map(|time| took(*time));
    let times = format!("the fastest 10 % took up to {p10}, half up to {p50}, 95 % up to {p95}");
    (label.to_owned(), format!("{times} ({finished} finished)"))
}

/// Returns a duration in short form, such as `4.2s` or `1m12s`. Only a duration below ten seconds has tenths of a
/// second.
fn took(time: Duration) -> String {
    if time < Duration::from_secs(10) { format!("{:.1}s", time.as_secs_f64()) } else { lasted(time) }
}

struct Page {
    columns: usize,
    lines: Vec<String>,
}

impl Page {
    /// Adds a section to the page of a model: labels with their texts.
    fn section(&mut self, title: &str, rows: Vec<(String, String)>) {
        if rows.is_empty() {
            return;
        }
        self.title(title);
        let widest = rows.iter().map(|(label, _)| width(label)).max().unwrap_or(0);
        for (label, text) in rows {
            let gap = " ".repeat(widest - width(&label));
            let line = format!("  {label}{gap}  {text}");
            // If a label leaves no room for its text, the text goes below it.
            if widest + 24 > self.columns {
                self.lines.push(format!("  {label}"));
                self.lines.extend(wrap(&format!("    {text}"), self.columns, 4));
            } else {
                self.lines.extend(wrap(&line, self.columns, widest + 4));
            }
        }
    }

    /// Adds a section to the page of a model: texts without labels.
    fn list(&mut self, title: &str, texts: Vec<String>) {
        if !texts.is_empty() {
            self.title(title);
        }
        for text in texts {
            self.lines.extend(wrap(&format!("  {text}"), self.columns, 4));
        }
    }

    fn title(&mut self, title: &str) {
        self.lines.push(String::new());
        if !title.is_empty() {
            self.lines.push(title.to_owned());
        }
    }
}

fn facts(entry: &Entry) -> Vec<(String, String)> {
    let card = &entry.card;
    let mut facts = vec![("input", modes(card, ", ")), ("seconds", seconds(card))];
    facts.extend(size(card).map(|size| ("size", size)));
    let price = match &card.price {
        Some(price) => price.to_string(),
        None => "no price published; write yours under `prices:` in the manifest".to_owned(),
    };
    let extra = card.price.iter().flat_map(|price| &price.surcharges);
    let extra =
        extra.map(|it| format!("and {} more per clip if `{}` is {}", it.usd, it.param, shown(&it.equals)));
    facts.push(("price", std::iter::once(price).chain(extra).collect::<Vec<_>>().join(", ")));
    let tasks = format!("{} at once", crate::domain::text::count(entry.at_once, "task"));
    let rate = entry.limits.rate.map(rate_words);
    facts.push(("limits", std::iter::once(tasks).chain(rate).collect::<Vec<_>>().join(", ")));
    let hours = card.link_life.as_secs() / 3_600;
    let hours = usize::try_from(hours)
        .map_or_else(|_| hours.to_string(), |hours| crate::domain::text::count(hours, "hour"));
    facts.push(("links", format!("to a clip expire after {hours}")));
    facts.push(("source", card.source.clone()));
    if card.unverified {
        facts.push(("unverified", "some of these facts are inferred, not documented".to_owned()));
    }
    facts.into_iter().map(|(label, text)| (label.to_owned(), text)).collect()
}

fn rate_words(rate: Rate) -> String {
    let span = [(1, "a second"), (60, "a minute"), (3_600, "an hour"), (86_400, "a day")]
        .into_iter()
        .find(|(seconds, _)| rate.per == Duration::from_secs(*seconds));
    let words = span.map_or_else(|| format!("in {}", lasted(rate.per)), |(_, words)| words.to_owned());
    format!("{} submissions {words}", rate.count)
}

/// Returns the possible values and the rules of a field or parameter in one line.
fn describe(card: &ModelCard, rule: &Rule) -> String {
    let mut facts = vec![range(rule)];
    let is_only = rule.values.len() == 1;
    match &rule.default {
        _ if rule.required => facts.push("required".to_owned()),
        Some(value) if !is_only => facts.push(format!("default {}", shown(value))),
        _ => {}
    }
    if !rule.only_with.is_empty() {
        facts.push(format!("only with {}", quoted(&rule.only_with)));
    }
    if !rule.excludes.is_empty() {
        facts.push(format!("not together with {}", quoted(&rule.excludes)));
    }
    let together = card.pictures.as_ref().and_then(|pictures| pictures.wire.as_deref());
    let wire = together.filter(|_| rule.kind == Kind::Picture).unwrap_or_else(|| rule.wire());
    if wire != rule.name {
        facts.push(format!("sent as `{wire}`"));
    }
    facts.join("; ")
}

fn range(rule: &Rule) -> String {
    let (unit, one) = match rule.kind {
        Kind::Text if rule.link => return "a web address".to_owned(),
        Kind::Text => (" characters", "text"),
        Kind::Int => ("", "a whole number"),
        Kind::Picture => (" pictures", "a picture"),
        Kind::Bool => return "true or false".to_owned(),
    };
    match (rule.values.as_slice(), rule.min, rule.max) {
        ([only], _, _) => format!("{} only", shown(only)),
        ([_, ..], _, _) => choice(&rule.values),
        ([], None, None) => one.to_owned(),
        ([], Some(min), Some(max)) => format!("{min} to {max}{unit}"),
        ([], None, Some(max)) => format!("at most {max}{unit}"),
        ([], Some(min), None) => format!("at least {min}{unit}"),
    }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn pictures_of(pictures: &Pictures) -> Vec<String> {
    let mut facts = Vec::new();
    if pictures.links_only {
        facts.push("web addresses only, no files of this computer".to_owned());
    }
    if !pictures.formats.is_empty() {
        facts.push(pictures.formats.iter().map(|format| format.name()).collect::<Vec<_>>().join(", "));
    }
    facts.extend(pictures.max_megabytes.map(|most| format!("at most {most} MB each")));
    facts.extend(pictures.max_body_megabytes.map(|most| format!("at most {most} MB in a whole request")));
    if pictures.min_side > 0 {
        facts.push(format!("at least {0} x {0} pixels", pictures.min_side));
    }
    facts.extend(
        pictures.max_aspect.map(|most| format!("not wider than {most}:1 and not taller than 1:{most}")),
    );
    facts.extend(pictures.max_difference.map(|[more, less]| {
        format!(
            "first and last frame of nearly the same shape: their aspects differ by {more}/{less} at most"
        )
    }));
    facts
}

fn remark(remark: &Remark) -> (String, String) {
    let kind = match remark.kind {
        RemarkKind::Disputed => "disputed",
        RemarkKind::Refused => "refused",
        RemarkKind::NoEffect => "no effect",
        RemarkKind::CostsExtra => "costs extra",
    };
    let mut about = match &remark.value {
        Some(value) => format!("`{}: {}`", remark.field, shown(value)),
        None => format!("`{}`", remark.field),
    };
    about += &remark.with.as_ref().map(|with| format!(" with `{with}`")).unwrap_or_default();
    about += &remark.without.as_ref().map(|without| format!(" without `{without}`")).unwrap_or_default();
    (kind.to_owned(), format!("{about}: {}", remark.says))
}
