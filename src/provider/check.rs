//! Checks a request against its model's card, offline and before anything is sent. Every job of a catalog is checked.
//!
//! A message is the same for every job with the same cause, so that thousands of equal messages become one. The detail
//! of a finding contains what differs from job to job.

mod advice;
mod links;
mod pictures;
mod remarks;

pub use super::card::shown;
pub use pictures::{check_body, check_links};

use super::card::{Kind, ModelCard, Rule, param};
use super::cards::Cards;
use crate::domain::problem::{Severity, did_you_mean};
use crate::domain::request::{Field, Request, Value};
use crate::domain::text::either;

/// An error or a warning about a request, for the author of the manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finding {
    /// The severity of the finding.
    pub severity: Severity,
    /// The field in the manifest to which the finding applies; a parameter is written as `params.quality`.
    pub field: String,
    /// The problem as one sentence without a full stop.
    pub message: String,
    /// The values that the model accepts instead of the given one.
    pub instead: Vec<String>,
    /// True if the problem is solved when the setting is removed.
    pub removable: bool,
    /// True if the name of the setting is wrong, not its value.
    pub about_name: bool,
    /// Advice on how to solve the problem, if neither another value nor the removal of the setting solves it.
    pub hint: Option<String>,
    /// Further information, such as the models that accept the setting, or the statement of the provider that prohibits
    /// the setting.
    pub notes: Vec<String>,
    /// The part of the problem that differs from job to job, such as `613 characters`.
    pub detail: Option<String>,
    /// The number of characters by which a text is too long; `None` for other problems.
    pub excess: Option<usize>,
}

impl Finding {
    fn new(severity: Severity, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity, field: field.into(), message: message.into(), ..Self::default() }
    }

    fn error(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, field, message)
    }

    fn warning(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, field, message)
    }

    fn instead<'v>(mut self, values: impl IntoIterator<Item = &'v Value>) -> Self {
        self.instead = values.into_iter().map(shown).collect();
        self
    }

    fn removable(mut self) -> Self {
        self.removable = true;
        self
    }

    fn about_name(mut self) -> Self {
        self.about_name = true;
        self
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

/// Returns all findings about a request; empty if the request is valid. `cards` contains the models that may be
/// suggested instead.
#[must_use]
pub fn check(cards: &Cards, card: &ModelCard, request: &Request) -> Vec<Finding> {
    let mut findings = check_each(cards, card, request);
    missing(card, request, &mut findings);
    together(card, request, &mut findings);
    pictures::check_frames(card, request, &mut findings);
    remarks::check(card, request, &mut findings);
    findings
}

/// Returns the findings about each setting on its own. They are correct even if other settings are wrong.
#[must_use]
pub fn check_each(cards: &Cards, card: &ModelCard, request: &Request) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (field, setting) in request.fields() {
        match (card.field(field), setting.value()) {
            (None, _) => findings.push(advice::lacking(cards, card, field, setting, request)),
            (Some(rule), Some(value)) => {
                obey(cards, card, rule, field.name(), &value, request, &mut findings);
            }
            (Some(_), None) => {}
        }
    }
    for (name, value) in &request.params {
        match rule_of(cards, card, name) {
            Ok(rule) => obey(cards, card, rule, &param(name), value, request, &mut findings),
            Err(finding) => findings.push(*finding),
        }
    }
    pictures::check_each(card, request, &mut findings);
    findings
}

/// Adds a finding for every required setting that the request lacks.
fn missing(card: &ModelCard, request: &Request, findings: &mut Vec<Finding>) {
    let missing = card.rules().filter(|(name, rule)| rule.required && !is_set(request, name));
    findings.extend(missing.map(|(name, rule)| required(card, rule, &name)));
}

/// Converts a parameter's text from the manifest to the type that the card requires. `30` for `fps` becomes a number.
pub fn typed(cards: &Cards, card: &ModelCard, name: &str, text: &str) -> Result<Value, Box<Finding>> {
    let rule = rule_of(cards, card, name)?;
    let mistyped = |kind: &str, like: &[Value]| {
        let message = format!("`{name}` of {} must be {kind}, not `{text}`", card.name.model);
        let like = if rule.values.is_empty() { like } else { &rule.values };
        Box::new(Finding::error(param(name), message).instead(like).detail(format!("`{text}`")))
    };
    match rule.kind {
        Kind::Text => Ok(Value::Text(text.to_owned())),
        Kind::Int => {
            text.trim().parse().map(Value::Int).map_err(|_| mistyped("a whole number", &[Value::Int(1)]))
        }
        Kind::Bool => {
            let like = [Value::Bool(true), Value::Bool(false)];
            text.trim().parse().map(Value::Bool).map_err(|_| mistyped("true or false", &like))
        }
        Kind::Picture => {
            Err(Box::new(mistyped("a picture", &[]).hint("write the picture as a field of the shot")))
        }
    }
}

/// Returns a setting as it is written in the manifest, in backticks, for messages.
fn written(name: &str, value: &Value) -> String {
    format!("`{name}: {}`", shown(value))
}

/// Returns the values that a rule allows in words, such as `a, b or c` or `1 to 16`.
fn allowed(rule: &Rule) -> String {
    match (rule.min, rule.max) {
        _ if !rule.values.is_empty() => either(rule.values.iter().map(shown)),
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("{min} or more"),
        (None, Some(max)) => format!("{max} or less"),
        (None, None) => rule.kind.described().to_owned(),
    }
}

fn required(card: &ModelCard, rule: &Rule, field: &str) -> Finding {
    let message = format!("{} needs `{field}`", card.name.model);
    Finding::error(field, message).hint(format!("add a line to the shot, such as `{}`", example(rule, field)))
}

/// Returns an example line of the manifest that sets a field of a shot.
fn example(rule: &Rule, field: &str) -> String {
    match (rule.kind, rule.values.first().or(rule.default.as_ref())) {
        (Kind::Picture, _) if rule.max.is_some() => format!("{field}: [\"{{{{ item.image }}}}\"]"),
        (Kind::Picture, _) => format!("{field}: \"{{{{ item.image }}}}\""),
        (_, Some(value)) => format!("{field}: {}", shown(value)),
        (Kind::Text, None) if field == "prompt" => "prompt: \"Slow push-in on {{ item.title }}\"".to_owned(),
        (Kind::Text, None) => format!("{field}: \"{{{{ item.{} }}}}\"", rule.name),
        // Most models make clips of five seconds; the limits keep other numbers valid.
        (Kind::Int, None) => {
            format!("{field}: {}", 5.clamp(rule.min.unwrap_or(0), rule.max.unwrap_or(u32::MAX)))
        }
        (Kind::Bool, None) => format!("{field}: true"),
    }
}

/// Returns the rule of a parameter, or the error that the model has no such parameter.
fn rule_of<'a>(cards: &Cards, card: &'a ModelCard, name: &str) -> Result<&'a Rule, Box<Finding>> {
    if let Some(rule) = card.param(name) {
        return Ok(rule);
    }
    if let Some(remark) = card.prohibition(&param(name)) {
        return Err(Box::new(remarks::refused(card, remark).about_name()));
    }
    let model = &card.name.model;
    if name == "request_id" {
        let message = "shotlist sets `request_id` itself, to a new value for every attempt";
        return Err(Box::new(Finding::error(param(name), message).removable().about_name()));
    }
    let is_pictures = card.pictures.as_ref().is_some_and(|pictures| pictures.wire.as_deref() == Some(name));
    let holds = |rule: &&Rule| {
        rule.wire() == name || rule.name == name || (is_pictures && rule.kind == Kind::Picture)
    };
    let own = card.fields.iter().find(holds).map(|it| it.name.as_str());
    if let Some(own) = own.or((name == "model").then_some(name)) {
        let message = format!("`{name}` does not go under `params:`");
        let hint = format!("write it as `{own}:` in the shot, not under `params:`");
        return Err(Box::new(Finding::error(param(name), message).hint(hint).about_name()));
    }
    let mut finding = Finding::error(param(name), format!("{model} has no parameter `{name}`")).about_name();
    let known: Vec<&str> = card.params.iter().map(|rule| rule.name.as_str()).collect();
    finding = match did_you_mean(name, known.iter().copied()) {
        Some(meant) => finding.hint(format!("did you mean `{meant}`?")),
        None if known.is_empty() => finding.removable().note(format!("{model} has no parameters of its own")),
        None => finding.removable().note(format!("parameters of {model}: {}", known.join(", "))),
    };
    let others = advice::models_where(cards, &card.name.provider, |other| other.param(name).is_some());
    if !others.is_empty() {
        finding = finding.note(format!("models that have `{name}`: {others}"));
    }
    Err(Box::new(finding))
}

/// Adds the findings about a value that its rule does not allow.
fn obey(
    cards: &Cards,
    card: &ModelCard,
    rule: &Rule,
    field: &str,
    value: &Value,
    request: &Request,
    findings: &mut Vec<Finding>,
) {
    let model = &card.name.model;
    if !rule.kind.holds(value) {
        let given = match value {
            Value::Text(text) => format!("the text `{text}`"),
            Value::Bool(_) | Value::Int(_) => shown(value),
        };
        let message = format!("`{field}` of {model} must be {}, not {given}", rule.kind.described());
        findings.push(Finding::error(field, message));
        return;
    }
    if let Value::Text(text) = value {
        readable(field, text, findings);
        if rule.link && !text.trim().is_empty() {
            findings.extend(links::check(field, text));
        }
    }
    let is_spoken_of = card.remarks.iter().any(|it| it.field == field && it.value.as_ref() == Some(value));
    if rule.allows(value) || is_spoken_of {
        return;
    }
    findings.push(match value {
        Value::Text(text) if rule.values.is_empty() => of_wrong_length(model, rule, field, text),
        _ => advice::not_one_of(cards, card, rule, field, value, request),
    });
}

/// Returns the finding about a text that is longer or shorter than its rule allows.
fn of_wrong_length(model: &str, rule: &Rule, field: &str, text: &str) -> Finding {
    let count = text.chars().count();
    let limit = |limit: Option<u32>| limit.and_then(|limit| usize::try_from(limit).ok());
    let (max, min) = (limit(rule.max), limit(rule.min).unwrap_or_default());
    let excess = max.and_then(|max| count.checked_sub(max)).filter(|excess| *excess > 0);
    let (how, limit) = match max {
        Some(max) if excess.is_some() => ("longer", max),
        _ => ("shorter", min),
    };
    let message = format!("`{field}` is {how} than the {limit} characters that {model} takes");
    Finding { excess, ..Finding::error(field, message).detail(format!("{count} characters")) }
}

/// Adds findings about text that is empty or has invisible characters, which its author cannot have intended.
fn readable(field: &str, text: &str, findings: &mut Vec<Finding>) {
    if text.trim().is_empty() {
        let message = format!("`{field}` is empty");
        let hint = "remove this line from the shot, or fill the column that it uses";
        findings.push(Finding::error(field, message).hint(hint));
    }
    // U+0000 marks the places of local pictures in a body, and no provider accepts it.
    let odd = |c: &char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    let worst = if text.contains('\0') { Some('\0') } else { text.chars().find(odd) };
    findings.extend(worst.map(|c| {
        let severity = if c == '\0' { Severity::Error } else { Severity::Warning };
        let message = format!("`{field}` contains the invisible character U+{:04X}", u32::from(c));
        Finding::new(severity, field, message)
            .hint("delete it in the sheet or the manifest and save as UTF-8")
    }));
}

/// Checks whether the request sets a field or parameter. The name of a parameter may begin with `params.`, such as
/// `params.quality`.
fn is_set(request: &Request, name: &str) -> bool {
    match Field::named(name) {
        Some(field) => request.setting(field).is_some(),
        None => request.params.contains_key(name.strip_prefix("params.").unwrap_or(name)),
    }
}

/// Adds findings about settings that are missing although another setting needs them, or that exclude each other.
fn together(card: &ModelCard, request: &Request, findings: &mut Vec<Finding>) {
    let model = &card.name.model;
    for (name, rule) in card.rules().filter(|(name, _)| is_set(request, name)) {
        for other in rule.only_with.iter().filter(|other| !is_set(request, other)) {
            let message = format!("`{name}` of {model} has no effect without `{other}`");
            findings.push(Finding::error(&name, message).hint(format!("add `{other}:`, or remove `{name}`")));
        }
        for other in rule.excludes.iter().filter(|other| is_set(request, other)) {
            let message = format!("{model} takes `{name}` or `{other}`, not both");
            findings.push(Finding::error(&name, message).hint(format!("remove `{name}` or `{other}`")));
        }
    }
    if card.prompt_or_image && request.prompt.is_none() && request.media().next().is_none() {
        let either = card.fields.iter().filter(|rule| rule.name == "prompt" || rule.kind == Kind::Picture);
        let lines: Vec<String> =
            either.take(2).map(|rule| format!("`{}`", example(rule, &rule.name))).collect();
        let message = format!("{model} needs a prompt or a picture");
        let hint = format!("add a line to the shot, such as {}", lines.join(" or "));
        findings.push(Finding::error("prompt", message).hint(hint));
    }
}

#[cfg(test)]
mod tests;
