//! Reads the fields that `defaults`, `presets`, `shots` and items share.

use super::axes;
use super::bounds;
use super::condition::condition;
use super::decode::{Decoder, get};
use super::keys;
use super::model::ShotFields;
use super::settings::{Setting, Settings};
use super::source::Span;
use super::templates::{ASKED, Templates};
use super::yaml::{Entry, Node, Value};
use crate::domain::request::Field;
use std::collections::{BTreeMap, BTreeSet};

/// The name of a preset in a list `extends`, with its place.
pub(super) struct Extended {
    pub(super) name: String,
    pub(super) span: Span,
}

/// Reads the fields that a node sets, and the names of the presets that the node extends.
pub(super) fn own(
    decoder: &mut Decoder,
    node: &Node,
    owner: &str,
    templates: &mut Templates,
) -> (ShotFields, Vec<Extended>) {
    let mut fields = ShotFields::default();
    let Some(entries) = decoder.map(node, owner, "{ prompt: \"…\" }") else { return (fields, Vec::new()) };
    let known: Vec<&str> =
        Field::ALL.iter().map(|field| field.name()).chain(keys::names(keys::SHOT)).collect();
    decoder.known(&entries, owner, &known);
    fields.settings =
        settings(decoder, &entries, |decoder, node, name| decoder.template(node, name, templates));
    if let Some(node) = get(&entries, "output") {
        fields.output = decoder.template(node, "output", templates);
    }
    if let Some(node) = get(&entries, "optional") {
        fields.optional = names(decoder, node);
    }
    fields.on_change = get(&entries, "on_change").and_then(|node| bounds::on_change(decoder, node));
    fields.reuse = get(&entries, "reuse").and_then(|node| bounds::reuse(decoder, node));
    fields.matrix = get(&entries, "matrix").and_then(|node| axes::matrix(decoder, node, owner, templates));
    fields.when = get(&entries, "when").and_then(|node| condition(decoder, node, "when", templates, ASKED));
    let extends = get(&entries, "extends").map(|node| extends(decoder, node));
    (fields, extends.unwrap_or_default())
}

/// Reads from `entries` the fields that all providers share, and `model` and `params`. The function `read` reads each
/// single value.
pub(super) fn settings<T>(
    decoder: &mut Decoder,
    entries: &[Entry],
    mut read: impl FnMut(&mut Decoder, &Node, &str) -> Option<T>,
) -> Settings<T> {
    let mut settings = Settings::default();
    for entry in entries {
        let name = &*entry.key;
        match (Field::named(name), &entry.node.value) {
            (Some(field @ Field::ReferenceImages), Value::List(nodes)) => {
                let pictures = nodes.iter().filter_map(|node| read(decoder, node, name)).collect();
                settings.fields.insert(field, Setting::Many(pictures));
            }
            (Some(field), _) => {
                if let Some(value) = read(decoder, &entry.node, name) {
                    settings.fields.insert(field, Setting::One(value));
                }
            }
            (None, _) if name == "model" => settings.model = read(decoder, &entry.node, name),
            (None, _) if name == "params" => settings.params = params(decoder, &entry.node, &mut read),
            (None, _) => {}
        }
    }
    settings
}

fn params<T>(
    decoder: &mut Decoder,
    node: &Node,
    read: &mut impl FnMut(&mut Decoder, &Node, &str) -> Option<T>,
) -> BTreeMap<String, T> {
    let mut params = BTreeMap::new();
    let Some(entries) = decoder.map(node, "params", "params: { movement_amplitude: auto }") else {
        return params;
    };
    for entry in entries.iter() {
        let name = format!("params.{}", entry.key);
        if let Some(value) = read(decoder, &entry.node, &name) {
            params.insert(entry.key.to_string(), value);
        }
    }
    params
}

fn names(decoder: &mut Decoder, node: &Node) -> BTreeSet<String> {
    let Value::List(nodes) = &node.value else {
        decoder.wrong_kind(node, "optional", "a list of field names", "optional: [seed, style]");
        return BTreeSet::new();
    };
    nodes.iter().filter_map(|node| Some(decoder.text(node, "optional")?.to_owned())).collect()
}

/// Reads the names of the presets that the key `extends` lists.
fn extends(decoder: &mut Decoder, node: &Node) -> Vec<Extended> {
    let nodes = match &node.value {
        Value::List(nodes) => nodes.as_slice(),
        Value::Text { .. } => std::slice::from_ref(node),
        Value::Map(_) => {
            decoder.wrong_kind(
                node,
                "extends",
                "the name of a preset, or a list",
                "extends: [calm, portrait]",
            );
            &[]
        }
    };
    let mut extends = Vec::with_capacity(nodes.len());
    for node in nodes {
        if let Some(name) = decoder.text(node, "extends") {
            extends.push(Extended { name: name.to_owned(), span: node.span });
        }
    }
    extends
}
