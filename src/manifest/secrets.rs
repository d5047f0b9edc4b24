//! What must never be shown of a manifest: keys that someone wrote into it.

use super::yaml::{Node, Value};
use std::ops::Range;

/// The variable of `${NAME}`.
pub(super) fn variable(text: &str) -> Option<&str> {
    let name = text.trim().strip_prefix("${")?.strip_suffix('}')?;
    let first = name.chars().next()?;
    let is_name = (first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
    is_name.then_some(name)
}

/// Everything below `providers` that may be a key: any value that is neither `${NAME}`, nor a limit, nor a plain
/// address. A key under a misspelt name is one, too.
pub(super) fn in_tree(root: &Node) -> Vec<Range<usize>> {
    let mut found = Vec::new();
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

fn scalars(node: &Node, found: &mut Vec<Range<usize>>) {
    match &node.value {
        Value::Text { text, .. } if variable(text).is_some() || text.len() < 4 || node.is_null() => {}
        Value::Text { .. } => found.push(node.span.start..node.span.end),
        Value::List(nodes) => nodes.iter().for_each(|node| scalars(node, found)),
        Value::Map(entries) => entries.iter().for_each(|entry| scalars(&entry.node, found)),
    }
}

/// Names after which a key may stand in text that is not valid YAML.
const NAMES: [&str; 5] = ["key", "token", "secret", "password", "authorization"];

/// The rest of every line behind such a name and a colon, or nothing but `${NAME}`.
pub(super) fn in_text(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let lower = line.to_ascii_lowercase();
        let name = NAMES.iter().filter_map(|name| lower.find(name).map(|at| at + name.len())).min();
        if let Some(colon) = name.and_then(|name| lower[name..].find(':').map(|at| name + at + 1)) {
            let value = line[colon..].trim().trim_matches(['"', '\'']);
            if variable(value).is_none() {
                let blank = line[colon..].len() - line[colon..].trim_start().len();
                found.push(start + colon + blank..start + line.trim_end().len());
            }
        }
        start += line.len();
    }
    found
}
