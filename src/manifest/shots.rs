//! Reads the section `shots`, and the manifest's own list of `items`.

use super::axes::MOST;
use super::decode::{Decoder, get};
use super::fields;
use super::model::{ListItem, Shot};
use super::presets::Presets;
use super::source::Located;
use super::templates::Templates;
use super::yaml::{Entry, Node, Value};
use crate::domain::ident::{Ident, ident};
use crate::domain::item::Item;
use crate::domain::problem::did_you_mean;
use crate::domain::request::Field;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// The maximum number of matrix cells (combinations of values) of all shots together.
const MOST_IN_ALL: usize = 10 * MOST;

pub(super) fn shots(
    decoder: &mut Decoder,
    node: &Node,
    templates: &mut Templates,
    presets: &mut Presets,
) -> Vec<Shot> {
    let Some(entries) = decoder.map(node, "shots", super::SHOTS) else {
        return Vec::new();
    };
    if entries.is_empty() {
        let problem = decoder.error(node.span, "`shots` is empty: there is nothing to make");
        decoder.report(problem.hint("name a shot: `hero: { image: \"{{ item.image }}\", prompt: \"…\" }`"));
    }
    let mut shots = Vec::with_capacity(entries.len());
    let mut cells = 0;
    for entry in entries.iter() {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if entry.key.is_empty() || !entry.key.bytes().all(is_name) {
            let message = format!("`{}` cannot be the name of a shot", entry.key);
            let problem = decoder.error(entry.key_span, message);
            decoder.report(problem.hint("a name may hold letters, digits, `_` and `-`"));
        }
        let name = Located::new(entry.key.to_string(), decoder.spot(entry.key_span));
        let owner = format!("shots.{}", entry.key);
        let fields = presets.shot_fields(decoder, &entry.node, &owner, templates);
        cells += fields.matrix.as_ref().map_or(1, |matrix| matrix.len());
        shots.push(Shot { name, fields });
        if cells > MOST_IN_ALL {
            let message = format!("the shots have more than {MOST_IN_ALL} cells in all");
            let problem = decoder.error(entry.key_span, message);
            decoder.report(problem.hint("each cell makes a clip for every item: shorten the axes"));
            break;
        }
    }
    shots
}

/// Reports names under `optional` that are neither a field nor in `params`, the parameters that are set anywhere in the
/// manifest.
pub(super) fn check_optional(decoder: &mut Decoder, root: &[Entry], params: &BTreeSet<String>) {
    let groups = ["presets", "shots"].into_iter().filter_map(|key| match &get(root, key)?.value {
        Value::Map(entries) => Some(entries.iter().map(|entry| &entry.node)),
        Value::Text { .. } | Value::List(_) => None,
    });
    for node in get(root, "defaults").into_iter().chain(groups.flatten()) {
        let Value::Map(entries) = &node.value else { continue };
        let Some(Value::List(nodes)) = get(entries, "optional").map(|node| &node.value) else { continue };
        for node in nodes.iter() {
            let Value::Text { text, .. } = &node.value else { continue };
            if Field::named(text).is_some() || params.contains(&**text) {
                continue;
            }
            let fields = Field::ALL.iter().map(|field| field.name());
            let near = did_you_mean(text, fields.chain(params.iter().map(String::as_str)));
            let problem = decoder.error(node.span, format!("`{text}` is neither a field nor a parameter"));
            decoder.report(match near {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem.hint("name a field such as `seed`, or a key under `params`"),
            });
        }
    }
}

/// Reads the entries of the manifest's own list of items.
pub(super) fn list(decoder: &mut Decoder, nodes: &[Node]) -> Vec<ListItem> {
    let mut items = Vec::with_capacity(nodes.len());
    let mut lines: HashMap<String, u32> = HashMap::with_capacity(nodes.len());
    for (number, node) in nodes.iter().enumerate() {
        let name = format!("items[{number}]");
        let Some(entries) = decoder.map(node, &name, "- { id: s010-kitchen, prompt: \"…\" }") else {
            continue;
        };
        let Some(id_node) = get(&entries, "id") else {
            let problem = decoder.error(node.span, "the item has no `id`");
            decoder.report(problem.hint("give the item an id that never changes: `id: s010-kitchen`"));
            continue;
        };
        let Some(id) = id(decoder, id_node) else { continue };
        if let Some(line) = lines.insert(id.clone(), id_node.span.line) {
            let problem = decoder.error(id_node.span, format!("the id `{id}` occurs twice"));
            decoder.report(problem.hint(format!("the first is on line {line}; give one of them another id")));
            continue;
        }
        let origin = decoder.spot(id_node.span).place();
        let columns = columns(decoder, &entries).into_iter().collect();
        let item = Item { id, columns, facts: Vec::new(), origin };
        // An empty value is not set, as in a sheet.
        let own = fields::settings(decoder, &entries, |decoder, node, name| {
            let is_empty = matches!(&node.value, Value::Text { text, .. } if text.is_empty());
            if is_empty { None } else { decoder.located(node, name) }
        });
        items.push(ListItem { item: Arc::new(item), own });
    }
    items
}

/// Reads an item's id as the text that was written, even `~` and `no`.
fn id(decoder: &mut Decoder, node: &Node) -> Option<String> {
    match &node.value {
        Value::Text { text, .. } if !text.trim().is_empty() => match ident(text) {
            Ok(Ident { id, is_trimmed }) => {
                if is_trimmed {
                    let message = "this `id` has invisible characters at its start or end, which are removed";
                    let problem = decoder.warning(node.span, message);
                    decoder.report(
                        problem.hint(format!("write the id again without these characters: `id: {id}`")),
                    );
                }
                Some(id)
            }
            Err(hidden) => {
                let problem = decoder.error(node.span, hidden.to_string());
                decoder.report(problem.hint(format!("delete {}: `{}`", hidden.code, hidden.shown)));
                None
            }
        },
        Value::Text { .. } => {
            let problem = decoder.error(node.span, "the item's `id` is empty");
            decoder.report(problem.hint("give the item an id that never changes: `id: s010-kitchen`"));
            None
        }
        Value::List(_) | Value::Map(_) => {
            decoder.wrong_kind(node, "id", "a string", "id: s010-kitchen");
            None
        }
    }
}

/// Returns each key of an item that has a single value, with the value as written. Lists and maps that are settings of
/// the request, such as `params`, are left out. Any other list or map is reported as a problem.
fn columns(decoder: &mut Decoder, entries: &[Entry]) -> Vec<(String, String)> {
    let mut columns = Vec::with_capacity(entries.len());
    for entry in entries {
        match &entry.node.value {
            Value::Text { text, .. } => columns.push((entry.key.to_string(), text.to_string())),
            // These are read as settings.
            Value::List(_) | Value::Map(_) if Field::named(&entry.key).is_some() => {}
            _ if matches!(&*entry.key, "params" | "model") => {}
            Value::List(_) | Value::Map(_) => {
                let name = &entry.key;
                let message = format!("`{name}` must be a string, but it is {}", entry.node.kind());
                let problem = decoder.error(entry.node.span, message);
                let hint = "each key of an item holds one string; write several as `color1`, `color2`";
                decoder.report(problem.hint(hint));
            }
        }
    }
    columns
}
