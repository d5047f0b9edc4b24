//! The secrets of a manifest: API keys that were written into the manifest and must never be shown.

use super::decode::Decoder;
use super::text::NAMES;
use super::yaml::{Node, Value};
use crate::domain::problem::Problem;
use std::ops::Range;
use std::rc::Rc;

/// Returns the name of the environment variable in `${NAME}`; `None` for any other text.
pub(super) fn variable(text: &str) -> Option<&str> {
    let name = text.trim().strip_prefix("${")?.strip_suffix('}')?;
    let first = name.chars().next()?;
    let is_name = (first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
    is_name.then_some(name)
}

/// Returns the byte ranges of all values that may be API keys.
///
/// These are the values of all keys in [`NAMES`], and below `providers` any value that is neither `${NAME}`, nor a
/// limit, nor a plain address. The second rule covers keys under a misspelt name.
pub(super) fn in_tree(root: &Node) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    named(root, &mut found);
    let Value::Map(sections) = &root.value else { return found };
    for section in sections.iter().filter(|section| &*section.key == "providers") {
        match &section.node.value {
            Value::Map(providers) => {
                for provider in providers.iter() {
                    in_provider(&provider.node, &mut found);
                }
            }
            Value::List(_) | Value::Text { .. } => scalars(&section.node, &mut found),
        }
    }
    found
}

fn in_provider(provider: &Node, found: &mut Vec<Range<usize>>) {
    let Value::Map(settings) = &provider.value else { return scalars(provider, found) };
    for setting in settings.iter() {
        match (&*setting.key, &setting.node.value) {
            ("limits", _) => {}
            ("base_url", Value::Text { text, .. }) if !text.contains(['@', '?', '#']) => {}
            _ => scalars(&setting.node, found),
        }
    }
}

fn named(node: &Node, found: &mut Vec<Range<usize>>) {
    match &node.value {
        Value::Text { .. } => {}
        Value::List(nodes) => nodes.iter().for_each(|node| named(node, found)),
        Value::Map(entries) => {
            for entry in entries.iter() {
                if NAMES.contains(&entry.key.to_ascii_lowercase().as_str()) {
                    scalars(&entry.node, found);
                } else {
                    named(&entry.node, found);
                }
            }
        }
    }
}

fn scalars(node: &Node, found: &mut Vec<Range<usize>>) {
    match &node.value {
        Value::Text { text, .. } if variable(text).is_some() || node.is_null() => {}
        Value::Text { .. } => found.push(node.span.start..node.span.end),
        Value::List(nodes) => nodes.iter().for_each(|node| scalars(node, found)),
        Value::Map(entries) => entries.iter().for_each(|entry| scalars(&entry.node, found)),
    }
}

/// Reports each `${NAME}` at a place where environment variables are not read.
pub(super) fn check_places(decoder: &mut Decoder, root: &Node) {
    fn walk(decoder: &mut Decoder, node: &Node) {
        match &node.value {
            Value::Text { text, .. } => {
                let reference = text.match_indices("${").find_map(|(at, _)| {
                    let range = at..=at + text[at..].find('}')?;
                    variable(&text[range.clone()]).map(|variable| (variable, range))
                });
                if let Some((variable, range)) = reference {
                    let message =
                        format!("`${{{variable}}}` can be used only in the `api_key` of a provider");
                    let place = decoder.spot(node.span).within(text, &(*range.start()..range.end() + 1));
                    decoder.report(
                        Problem::error(place, message).hint(
                            "write the text here, or write it under `vars:` and `{{ vars.NAME }}` here",
                        ),
                    );
                }
            }
            Value::List(nodes) => nodes.iter().for_each(|node| walk(decoder, node)),
            Value::Map(entries) => entries.iter().for_each(|entry| walk(decoder, &entry.node)),
        }
    }
    let Value::Map(sections) = &root.value else { return };
    for section in sections.iter() {
        match &section.node.value {
            Value::Map(providers) if &*section.key == "providers" => {
                let settings = providers.iter().filter_map(|provider| match &provider.node.value {
                    Value::Map(settings) => Some(Rc::clone(settings)),
                    Value::Text { .. } | Value::List(_) => None,
                });
                for entry in
                    settings.flat_map(|entries| entries.to_vec()).filter(|entry| &*entry.key != "api_key")
                {
                    walk(decoder, &entry.node);
                }
            }
            _ => walk(decoder, &section.node),
        }
    }
}
