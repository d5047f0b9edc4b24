//! Reads the manifest's settings for product files.

use super::decode::{Decoder, get};
use super::keys;
use super::model::{FileReading, Join};
use super::yaml::{Entry, Node, Value};
use crate::domain::ident::composed;
use crate::domain::item::{Delimiter, FIELDS, OnePer, Reading};
use std::collections::BTreeMap;

/// A value of the key `columns` as an example in messages.
const COLUMNS: &str = "{ title: Titel, image: [Bild, Foto] }";
/// A value of the key `join` as an example in messages.
const JOIN: &str = "{ from: overrides.csv, on: id }";

pub(super) fn reading(decoder: &mut Decoder, entries: &[Entry]) -> FileReading {
    let text =
        |decoder: &mut Decoder, key: &str| decoder.located(get(entries, key)?, &format!("items.{key}"));
    let one_per = get(entries, "one_per").and_then(|node| {
        decoder.parsed(node, "items.one_per", |text| {
            let known = OnePer::ALL.iter().find(|(name, _)| *name == text);
            known.map(|(_, one_per)| *one_per).ok_or("write `product`, `variant` or `image`".to_owned())
        })
    });
    let all = get(entries, "all").and_then(|node| {
        decoder.parsed(node, "items.all", |text| {
            text.parse::<bool>().map_err(|_| "write `true` or `false`".to_owned())
        })
    });
    let delimiter = get(entries, "delimiter")
        .and_then(|node| decoder.parsed(node, "items.delimiter", str::parse::<Delimiter>));
    let columns = get(entries, "columns").map(|node| columns(decoder, node)).unwrap_or_default();
    let join = get(entries, "join").and_then(|node| join(decoder, node));
    let dialect = text(decoder, "dialect");
    let mut value = |key: &str| text(decoder, key).map(|text| text.value);
    let how = Reading {
        one_per: one_per.unwrap_or_default(),
        dialect: dialect.as_ref().map(|dialect| dialect.value.clone()),
        sheet: value("sheet"),
        all: all.unwrap_or_default(),
        columns,
        encoding: value("encoding"),
        delimiter,
        path: value("path"),
        element: value("element"),
    };
    FileReading { how, dialect, join }
}

/// Reads `columns`: for each field, the names of the columns that may hold the field.
fn columns(decoder: &mut Decoder, node: &Node) -> BTreeMap<String, Vec<String>> {
    let Some(entries) = decoder.map(node, "items.columns", COLUMNS) else { return BTreeMap::new() };
    decoder.known(&entries, "items.columns", &FIELDS);
    let mut columns = BTreeMap::new();
    for entry in entries.iter() {
        let name = format!("items.columns.{}", entry.key);
        let nodes = match &entry.node.value {
            Value::List(nodes) => nodes.iter().collect(),
            Value::Text { .. } | Value::Map(_) => vec![&entry.node],
        };
        let texts = nodes.into_iter().filter_map(|node| decoder.text(node, &name).map(composed));
        columns.insert(entry.key.to_string(), texts.collect());
    }
    columns
}

/// Reads `join`, the second sheet whose cells replace those of the product file.
fn join(decoder: &mut Decoder, node: &Node) -> Option<Join> {
    let entries = decoder.map(node, "items.join", JOIN)?;
    decoder.known(&entries, "items.join", &keys::names(keys::JOIN));
    let mut text =
        |key: &str| get(&entries, key).and_then(|node| decoder.located(node, &format!("items.join.{key}")));
    let (from, on) = (text("from"), text("on"));
    if let (Some(from), Some(on)) = (from, on) {
        return Some(Join { from, on });
    }
    let problem = decoder.error(node.span, "`join` needs `from` and `on`");
    decoder.report(problem.hint(format!("write `join: {JOIN}`")));
    None
}
