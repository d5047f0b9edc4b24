//! Reads the values of a shot's matrix, which are strings, or groups of strings with an id.

use super::context::Seen;
use super::decode::{Decoder, get};
use super::matrix::{Choice, safe};
use super::settings::Setting;
use super::source::Span;
use super::template::Template;
use super::templates::Templates;
use super::yaml::{Entry, Node, Value};
use crate::domain::problem::did_you_mean;
use crate::domain::request::Field;
use std::sync::Arc;

/// The maximum length of a value's id in characters. Several ids are joined in a job key and in a file name.
const LONGEST: usize = 60;

/// An example, for hints, of an axis: a key of a shot's matrix with a list of values.
pub(super) const AXIS: &str = "mood: [{ id: beach, set: sunny beach }, { id: loft, set: concrete loft }]";

/// Reads a value under the key `key` of a shot's matrix. `of_axis` is true if the key is an axis (a key with a list of
/// values). The value's id (or the value itself, if it is a string) must then be usable in a clip's name.
pub(super) fn choice(
    decoder: &mut Decoder,
    templates: &mut Templates,
    key: &str,
    node: &Node,
    of_axis: bool,
) -> Option<Choice> {
    let (id, name, seen) = match &node.value {
        Value::Text { text, .. } => {
            let name = if of_axis || names(key, text) { safe(text) } else { String::new() };
            (&**text, name, Seen::Text(Arc::from(&**text)))
        }
        Value::Map(entries) => {
            let id = id(decoder, key, node, entries)?;
            (id, safe(id), Seen::Group(texts(decoder, key, entries).into()))
        }
        // A list of pictures does not name a cell.
        Value::List(_) if key == Field::ReferenceImages.name() && !of_axis => {
            ("", String::new(), Seen::Text("".into()))
        }
        Value::List(_) => {
            decoder.wrong_kind(node, key, "a string, or a group of strings with an `id`", AXIS);
            return None;
        }
    };
    let why = if of_axis && name.is_empty() {
        Some("it is empty")
    } else if name.chars().count() > LONGEST {
        Some("it is too long")
    } else if of_axis && is_filled(id) {
        Some("it is a template")
    } else {
        None
    };
    let sets_field = is_field(key);
    if let Some(why) = why {
        let problem =
            decoder.error(node.span, format!("this value of `{key}` cannot be the name of a clip: {why}"));
        let text = if sets_field { "value" } else { "text" };
        decoder.report(problem.hint(format!("give the value a short id: `{{ id: beach, {text}: … }}`")));
        return None;
    }
    if !sets_field && let Seen::Text(text) = &seen {
        not_filled(decoder, text, node.span);
    }
    let sets = if sets_field { Some(setting(decoder, templates, key, node)?) } else { None };
    Some(Choice { key: key.into(), id: id.to_owned(), name, seen, sets, spot: decoder.spot(node.span) })
}

/// Returns whether a key sets the model or a field of the request.
pub(super) fn is_field(key: &str) -> bool {
    key == "model" || Field::named(key).is_some()
}

/// Returns whether a string that an entry of `include` adds under the key `key` becomes a part of the variant's name.
/// Prompts, pictures and templates do not.
fn names(key: &str, text: &str) -> bool {
    let is_prose = matches!(
        Field::named(key),
        Some(Field::Prompt | Field::Image | Field::LastImage | Field::ReferenceImages)
    );
    !is_prose && !is_filled(text)
}

fn is_filled(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

/// Reads the id of a group: a value of a shot's matrix with named strings, such as `{ id: beach, set: sunny beach }`.
/// The id is taken literally: `~` and `no` stay strings, although YAML reads them as null and false.
fn id<'n>(decoder: &mut Decoder, key: &str, node: &Node, entries: &'n [Entry]) -> Option<&'n str> {
    let Some(id) = get(entries, "id") else {
        let problem = decoder.error(node.span, format!("a value of the axis `{key}` has no `id`"));
        decoder.report(match did_you_mean(key, ["exclude", "include"]) {
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            None => problem.hint(format!("give the value a short id that never changes: `{AXIS}`")),
        });
        return None;
    };
    match &id.value {
        Value::Text { text, .. } if !text.trim().is_empty() => Some(text),
        Value::Text { .. } | Value::List(_) | Value::Map(_) => {
            let problem = decoder.error(id.span, format!("the `id` of a value of `{key}` must be a string"));
            decoder.report(problem.hint("give the value a short id that never changes: `id: beach`"));
            None
        }
    }
}

/// Reads the keys and strings of a matrix value that is a group of named strings, such as
/// `{ id: beach, set: sunny beach }`.
fn texts(decoder: &mut Decoder, key: &str, entries: &[Entry]) -> Vec<(String, String)> {
    let mut texts = Vec::with_capacity(entries.len());
    for entry in entries {
        let is_value = is_field(key) && &*entry.key == "value";
        let text = match &entry.node.value {
            Value::Text { text, .. } if &*entry.key == "id" => Some(&**text),
            // A list of pictures is not a text for templates.
            Value::List(_) if is_value && key == Field::ReferenceImages.name() => None,
            _ => decoder.text(&entry.node, &format!("{key}.{}", entry.key)),
        };
        let Some(text) = text.map(str::to_owned) else { continue };
        if !is_value {
            not_filled(decoder, &text, entry.node.span);
        }
        texts.push((entry.key.to_string(), text));
    }
    texts
}

/// Warns if a text that is used unchanged contains a template, which would not be filled in.
fn not_filled(decoder: &mut Decoder, text: &str, span: Span) {
    if is_filled(text) {
        let problem = decoder
            .warning(span, "templates are not filled here: the text is used unchanged, with its braces");
        decoder.report(problem.hint(
            "write the template into the shot: `prompt: \"{{ item.title }} on a {{ matrix.mood.set }}\"`",
        ));
    }
}

/// Reads the setting of the request's field `key`, or of `model`, from a value under this key in a shot's matrix.
///
/// The value may be a group of named strings, such as `{ id: tall, value: "9:16" }`. The setting is then read from the
/// group's key `value` or, if there is none, from its key `id`.
fn setting(
    decoder: &mut Decoder,
    templates: &mut Templates,
    key: &str,
    node: &Node,
) -> Option<Setting<Template>> {
    let node = match &node.value {
        Value::Map(entries) => get(entries, "value").or_else(|| get(entries, "id"))?,
        Value::Text { .. } | Value::List(_) => node,
    };
    match &node.value {
        Value::List(nodes) if key == Field::ReferenceImages.name() => {
            let pictures = nodes.iter().map(|node| decoder.template(node, key, templates));
            Some(Setting::Many(pictures.collect::<Option<_>>()?))
        }
        _ => Some(Setting::One(decoder.template(node, key, templates)?)),
    }
}
