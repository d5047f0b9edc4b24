//! What to type instead, and which models can do what this one cannot.

use super::super::body::Setting;
use super::super::card::{ModelCard, Rule};
use super::{Finding, one_of, shown, written};
use crate::domain::key::ModelName;
use crate::domain::problem::did_you_mean;
use crate::domain::request::{Field, Value};

/// Every model that has the field.
#[must_use]
pub fn models_with(field: Field) -> Vec<ModelName> {
    let cards = super::super::ALL.iter().flat_map(|provider| provider.cards());
    cards.filter(|card| card.field(field).is_some()).map(|card| card.name.clone()).collect()
}

/// The names of the models whose card fits, ready to print; empty where none does.
pub(super) fn models_where(fits: impl Fn(&ModelCard) -> bool) -> String {
    let cards = super::super::ALL.iter().flat_map(|provider| provider.cards());
    let names: Vec<String> = cards.filter(|card| fits(card)).map(|card| card.name.to_string()).collect();
    names.join(", ")
}

/// A field that the model does not have.
pub(super) fn lacking(card: &ModelCard, field: Field, setting: &Setting<'_>) -> Finding {
    let name = field.name();
    let finding = Finding::error(name, format!("{} has no {name}", card.name.model))
        .hint(format!("remove this line, add `optional: [{name}]` to the shot, or take another model"));
    let others = models_where(|other| other.field(field).is_some());
    let finding = match others.as_str() {
        "" => finding.note("no model has it"),
        others => finding.note(format!("models that have it: {others}")),
    };
    match setting {
        Setting::Plain(value) => shaped(finding, field, value),
        Setting::Pictures(_) => finding,
    }
}

/// A value that the model does not take.
pub(super) fn not_one_of(card: &ModelCard, rule: &Rule, name: &str, value: &Value) -> Finding {
    let model = &card.name.model;
    let (all, given) = (one_of(&rule.values), shown(value));
    let field = Field::named(name);
    let only = if rule.values.len() == 1 { " only" } else { "" };
    let message = match field {
        Some(Field::Size) => format!("{model} makes {all}{only}, not {given}"),
        Some(Field::Duration) => format!("{model} makes clips of {all} seconds{only}, not {given}"),
        _ => format!("`{name}` of {model} is {all}, not {given}"),
    };
    let words: Vec<String> = rule.values.iter().map(shown).collect();
    let line = match (rule.values.as_slice(), did_you_mean(&given, words.iter().map(String::as_str))) {
        ([value], _) => written(&rule.name, value),
        (_, Some(meant)) => format!("`{}: {meant}`", rule.name),
        (values, None) => {
            values.iter().map(|value| written(&rule.name, value)).collect::<Vec<_>>().join(" or ")
        }
    };
    let finding = Finding::error(name, message).hint(format!("remove this line, or write {line}"));
    let Some(field) = field else { return finding };
    let others = models_where(|other| other.field(field).is_some_and(|rule| rule.values.contains(value)));
    let finding = match (field, others.as_str()) {
        (Field::Duration, "") => finding,
        (Field::Duration, others) => finding.note(format!("models that make {given} seconds: {others}")),
        // Another size of the same shape is no question of shapes.
        (Field::Size, others)
            if !others.is_empty() && rule.values.iter().any(|own| shape(own) == shape(value)) =>
        {
            return finding.note(format!("models that make {given}: {others}"));
        }
        _ => finding,
    };
    shaped(finding, field, value)
}

/// Adds which models make clips of the wanted shape, where the field is about one.
fn shaped(finding: Finding, field: Field, wanted: &Value) -> Finding {
    if !matches!(field, Field::Size | Field::AspectRatio) {
        return finding;
    }
    let Some(shape) = shape(wanted) else { return finding };
    let cards = super::super::ALL.iter().flat_map(|provider| provider.cards());
    let ways: Vec<String> =
        cards.filter_map(|card| Some(format!("{} ({})", card.name, way(card, wanted, shape)?))).collect();
    let (across, down) = shape;
    match ways.as_slice() {
        [] => finding.note(format!("no model makes {across}:{down}")),
        ways => finding.note(format!("models that make {across}:{down}: {}", ways.join(", "))),
    }
}

/// What to write to have clips of the wanted shape, best the wanted size, from a model: its aspect ratio decides
/// where it has one.
fn way(card: &ModelCard, wanted: &Value, wanted_shape: (u32, u32)) -> Option<String> {
    let rule = card.field(Field::AspectRatio).or_else(|| card.field(Field::Size))?;
    let alike = || rule.values.iter().find(|value| shape(value) == Some(wanted_shape));
    let value = rule.values.iter().find(|value| *value == wanted).or_else(alike)?;
    Some(written(&rule.name, value))
}

/// `9:16` and `720x1280` are the same shape.
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
