//! Suggests corrections of a setting, and other models that accept it.

use super::super::card::{ModelCard, Rule, shown};
use super::super::cards::Cards;
use super::{Finding, allowed, missing, pictures, remarks, together, written};
use crate::domain::problem::did_you_mean;
use crate::domain::request::{Field, Request, Setting, Value};

/// The largest number of models that one message names.
const NAMED: usize = 5;

/// Returns the names of the models whose cards pass `fits`, joined as text; empty if there are none. Models of the
/// provider `own` come first.
pub(super) fn models_where(cards: &Cards, own: &str, fits: impl Fn(&ModelCard) -> bool) -> String {
    let fitting = cards.proposed().filter(|card| fits(card));
    named(own, fitting.map(|card| (&**card, card.name.to_string())))
}

/// Joins texts about models with commas. Models of the provider `own` come first. Models after the first [`NAMED`] are
/// only counted.
fn named<'c>(own: &str, models: impl Iterator<Item = (&'c ModelCard, String)>) -> String {
    let (own, others): (Vec<_>, Vec<_>) = models.partition(|(card, _)| card.name.provider == own);
    let words: Vec<String> = own.into_iter().chain(others).map(|(_, words)| words).collect();
    match words.split_at_checked(NAMED) {
        Some((first, rest)) if !rest.is_empty() => format!("{} and {} more", first.join(", "), rest.len()),
        _ => words.join(", "),
    }
}

/// Checks whether a model accepts the whole request without any finding.
fn takes(card: &ModelCard, request: &Request) -> bool {
    let fits = |rule: Option<&Rule>, value: &Value| rule.is_some_and(|rule| rule.allows(value));
    let has_fields = request.fields().all(|(field, setting)| match setting.value() {
        Some(value) => fits(card.field(field), &value),
        None => card.field(field).is_some(),
    });
    if !has_fields || !request.params.iter().all(|(name, value)| fits(card.param(name), value)) {
        return false;
    }
    let mut findings = Vec::new();
    missing(card, request, &mut findings);
    together(card, request, &mut findings);
    remarks::check(card, request, &mut findings);
    pictures::check_each(card, request, &mut findings);
    pictures::check_frames(card, request, &mut findings);
    findings.is_empty()
}

/// Adds a note that names the models which accept this exact request, or says that no model does. `with` describes in
/// words the setting that the finding is about.
fn takers(cards: &Cards, finding: Finding, with: &str, request: &Request) -> Finding {
    match models_where(cards, &request.model.provider, |other| takes(other, request)).as_str() {
        "" => finding.note(format!("no model takes this shot with {with}")),
        others => finding.note(format!("models that take this shot with {with}: {others}")),
    }
}

/// Returns the finding about a field that the model does not have.
pub(super) fn lacking(
    cards: &Cards,
    card: &ModelCard,
    field: Field,
    setting: Setting<'_>,
    request: &Request,
) -> Finding {
    let name = field.name();
    let goes_without = match field {
        Field::Prompt | Field::Image | Field::LastImage | Field::ReferenceImages => {
            "the setting is then left out"
        }
        _ => "the setting is then left out, and the model uses its own default",
    };
    let mut finding = Finding::error(name, format!("{} has no `{name}`", card.name.model))
        .removable()
        .about_name()
        .hint(format!("make the setting optional in the shot, `optional: [{name}]`: {goes_without}"));
    finding.notes.extend(card.prohibition(name).map(|remark| remark.says.clone()));
    match setting.value() {
        _ if cards.proposed().all(|card| card.field(field).is_none()) => {
            finding.note(format!("no model has `{name}`"))
        }
        Some(value) if shape(&value).is_some() => shaped(cards, finding, field, &value, request),
        _ => takers(cards, finding, &format!("`{name}`"), request),
    }
}

/// Returns the finding about a value that the model does not accept for a field or parameter.
pub(super) fn not_one_of(
    cards: &Cards,
    card: &ModelCard,
    rule: &Rule,
    name: &str,
    value: &Value,
    request: &Request,
) -> Finding {
    let model = &card.name.model;
    let (all, given) = (allowed(rule), shown(value));
    let field = Field::named(name);
    let only = if rule.values.len() == 1 { " only" } else { "" };
    let message = match field {
        Some(Field::Size) => format!("{model} makes {all}{only}, not {given}"),
        Some(Field::Duration) => format!("{model} makes clips of {all} seconds{only}, not {given}"),
        _ => format!("`{name}` of {model} must be {all}, not {given}"),
    };
    let words: Vec<String> = rule.values.iter().map(shown).collect();
    let near = did_you_mean(&given, words.iter().map(String::as_str));
    let near = rule.values.iter().find(|value| near.is_some_and(|near| shown(value) == near)).cloned();
    let near = near.or_else(|| limit(rule, value));
    let finding = Finding::error(name, message).detail(format!("`{given}`")).removable();
    let finding = finding.instead(near.as_ref().map_or(rule.values.as_slice(), std::slice::from_ref));
    match field {
        Some(Field::Duration) => takers(cards, finding, &format!("{given} seconds"), request),
        // The model makes this aspect ratio, so advice about aspect ratios would not help.
        Some(Field::Size) if rule.values.iter().any(|own| shape(own) == shape(value)) => {
            takers(cards, finding, &given, request)
        }
        Some(field @ (Field::Size | Field::AspectRatio)) if shape(value).is_some() => {
            shaped(cards, finding, field, value, request)
        }
        _ => finding,
    }
}

/// Returns the limit that a number violates: the smallest or the largest allowed number; `None` if it violates neither.
fn limit(rule: &Rule, value: &Value) -> Option<Value> {
    let Value::Int(number) = value else { return None };
    let (min, max) = (rule.min.map(i64::from), rule.max.map(i64::from));
    let limit = max.filter(|max| number > max).or_else(|| min.filter(|min| number < min));
    limit.map(Value::Int)
}

/// Adds a note to a finding about the aspect ratio or size `wanted`: the models that can render this request in that
/// aspect ratio.
fn shaped(cards: &Cards, finding: Finding, field: Field, wanted: &Value, request: &Request) -> Finding {
    let Some((across, down)) = shape(wanted) else { return finding };
    let rest = Request { aspect_ratio: None, size: None, ..request.clone() };
    let ways: Vec<_> =
        cards.proposed().filter_map(|card| Some((card, way(card, wanted, (across, down))?))).collect();
    if ways.is_empty() {
        return finding.note(format!("no model makes clips of this shape ({across}:{down})"));
    }
    let ways = ways.iter().filter(|(card, _)| takes(card, &rest)).map(|(card, (name, value))| {
        let instead =
            if *name == field.name() { String::new() } else { format!(" instead of `{}`", field.name()) };
        (&***card, format!("{} ({}{instead})", card.name, written(name, value)))
    });
    match named(&request.model.provider, ways).as_str() {
        "" => finding.note(format!("no model makes {across}:{down} clips of this shot")),
        ways => finding.note(format!("models that make {across}:{down} clips of this shot: {ways}")),
    }
}

/// Returns the setting (name and value) with which a model makes clips of the aspect ratio `wanted_shape`; `None` if
/// the model cannot make such clips.
///
/// The setting is the aspect ratio or, if the model has no such field, the size. `wanted` is the value that the user
/// wrote, and `wanted_shape` is its aspect ratio. If the model does not accept `wanted`, another value of this aspect
/// ratio is returned.
fn way<'c>(card: &'c ModelCard, wanted: &Value, wanted_shape: (u32, u32)) -> Option<(&'c str, &'c Value)> {
    let rule = card.field(Field::AspectRatio).or_else(|| card.field(Field::Size))?;
    let alike = || rule.values.iter().find(|value| shape(value) == Some(wanted_shape));
    let value = rule.values.iter().find(|value| *value == wanted).or_else(alike)?;
    Some((&rule.name, value))
}

/// Returns an aspect ratio or a size as a ratio in lowest terms: 9 and 16 for both `9:16` and `720x1280`. `None` for
/// other values.
fn shape(value: &Value) -> Option<(u32, u32)> {
    let Value::Text(text) = value else { return None };
    let (across, down) = text.split_once([':', 'x'])?;
    let (across, down): (u32, u32) = (across.parse().ok()?, down.parse().ok()?);
    let common = common_divisor(across, down);
    (across > 0 && down > 0).then(|| (across / common, down / common))
}

fn common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}
