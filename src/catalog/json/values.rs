//! Turns the objects of a JSON list into records. Numbers keep their written digits.

use crate::catalog::records::Record;
use crate::catalog::table::Table;
use crate::catalog::words::{self, Fit};
use crate::catalog::{LONGEST_NAME, dialect};
use crate::domain::problem::Problem;
use serde::de::{Deserializer as _, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::fmt;

/// Limit on the nesting of values within an object.
const DEEPEST: usize = 64;

/// The usual keys for the name in an object that describes an attribute, as `name` in `{ "name": "Colour", "value":
/// "red" }`. `VALUES` are the usual keys for the value.
const NAMES: [&str; 4] = ["attribute_code", "name", "key", "code"];
const VALUES: [&str; 3] = ["value", "option", "val"];

/// Keys that the object of an attribute may have besides the keys for the attribute's name and value.
const BESIDES: [&str; 5] = ["id", "@type", "position", "slug", "type"];

/// The names and values of a JSON object, in the order of the file.
pub(in crate::catalog) type Entries<'a> = Vec<(String, &'a RawValue)>;

/// Adds an object to the table as a record. Returns an error if the value is not an object or cannot be read.
pub(super) fn take(table: &mut Table<'_>, row: u64, object: &RawValue) -> Result<(), Box<Problem>> {
    let object = unwrapped(object);
    if !object.get().starts_with('{') {
        let problem = table.at(row, None, "a JSON object is expected here");
        return Err(problem.hint("write each item as `{ \"id\": \"…\", \"title\": \"…\" }`").into());
    }
    match record(object) {
        Ok(record) => table.record(row, record),
        Err(why) => {
            let problem = table.at(row, None, format!("this object cannot be read: {why}"));
            Err(problem.hint("export the file again with a program that writes JSON").into())
        }
    }
}

/// Turns an object into a record. The error describes what is wrong with the object.
fn record(object: &RawValue) -> Result<Record, String> {
    let mut record = Record::default();
    let mut values = Vec::new();
    gather(&mut record, &mut values, "", object, DEEPEST)?;
    for (name, value) in values {
        record.add(&name, &value);
    }
    if object.get().contains("\"image_id\"") || object.get().contains("\"variant_ids\"") {
        record.show("variants", &pictures(object)?);
    }
    Ok(record)
}

/// Returns the addresses in a product's list `images`, by the field with which a variant refers to a picture.
///
/// Each key is the name and the value of such a field: `variants.image_id` and `17` lead to the picture with the id 17.
fn pictures(object: &RawValue) -> Result<HashMap<(String, String), String>, String> {
    let mut known = HashMap::new();
    for image in within(object, "images")?.into_iter().filter(|image| image.get().starts_with('{')) {
        let entries = entries(image.get())?;
        let Some(source) = entry(&entries, "src").filter(|source| source.get().starts_with('"')) else {
            continue;
        };
        let source = scalar(source.get())?;
        if let Some(id) = entry(&entries, "id") {
            known.insert(("variants.image_id".to_owned(), scalar(id.get())?), source.clone());
        }
        for id in within(image, "variant_ids")? {
            known.insert(("variants.id".to_owned(), scalar(id.get())?), source.clone());
        }
    }
    Ok(known)
}

/// Adds the values within a JSON value to `values`, as texts with names. The names of nested objects are joined by full
/// stops, as in `variants.price`.
fn gather(
    record: &mut Record,
    values: &mut Vec<(String, String)>,
    name: &str,
    value: &RawValue,
    depth: usize,
) -> Result<(), String> {
    let depth = depth.checked_sub(1).ok_or("its values are nested too deep")?;
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'{') => {
            let entries = entries(text)?;
            if let Some(list) = connection(&entries) {
                return elements(record, values, name, list, depth);
            }
            for (key, value) in entries {
                if name.is_empty() {
                    gather(record, values, &key, value, depth)?;
                } else if name.len() <= LONGEST_NAME {
                    gather(record, values, &format!("{name}.{key}"), value, depth)?;
                } else {
                    // The name is already too long and will be refused, so it is not extended for each value.
                    record.add(name, "");
                }
            }
        }
        Some(b'[') => elements(record, values, name, value, depth)?,
        _ => values.push((name.to_owned(), scalar(text)?)),
    }
    Ok(())
}

/// Adds the elements of a list to `values` under the name of the list.
fn elements(
    record: &mut Record,
    values: &mut Vec<(String, String)>,
    name: &str,
    list: &RawValue,
    depth: usize,
) -> Result<(), String> {
    let list: Vec<&RawValue> = serde_json::from_str(list.get()).map_err(|error| error.to_string())?;
    if list.is_empty() {
        values.push((name.to_owned(), String::new()));
    }
    for element in list {
        let element = unwrapped(element);
        let before = values.len();
        if let Some((attribute, value)) = attribute(element)? {
            gather(record, values, &format!("{name}.{attribute}"), value, depth)?;
        } else {
            gather(record, values, name, element, depth)?;
        }
        if dialect::is_list_of_rows(name) {
            record.part(name, values[before..].to_vec());
        }
    }
    Ok(())
}

/// Returns the text of a JSON string, number or boolean, and the empty text for `null`.
fn scalar(text: &str) -> Result<String, String> {
    match text.as_bytes().first() {
        Some(b'"') => serde_json::from_str(text).map_err(|error| error.to_string()),
        Some(b'n') => Ok(String::new()),
        _ => Ok(text.to_owned()),
    }
}

/// Returns the names and values of an object. A repeated name is an error, because one of its values would be lost.
pub(in crate::catalog) fn entries(object: &str) -> Result<Entries<'_>, String> {
    struct Read;
    impl<'de> Visitor<'de> for Read {
        type Value = Entries<'de>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some(entry) = map.next_entry::<String, &'de RawValue>()? {
                entries.push(entry);
            }
            let mut names: Vec<&str> = entries.iter().map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            match names.windows(2).find(|pair| pair[0] == pair[1]) {
                Some(pair) => Err(A::Error::custom(format!("it has the name `{}` twice", pair[0]))),
                None => Ok(entries),
            }
        }
    }
    let mut reader = serde_json::Deserializer::from_str(object);
    reader.deserialize_map(Read).map_err(|error| {
        let error = error.to_string();
        error.split(" at line ").next().unwrap_or(&error).to_owned()
    })
}

/// Returns the names (keys) of a JSON object, and none for any other value. A text that is not JSON is an error.
pub(super) fn names(object: &RawValue) -> Result<Vec<String>, String> {
    let object = unwrapped(object);
    if !object.get().starts_with('{') {
        return Ok(Vec::new());
    }
    Ok(entries(object.get())?.into_iter().map(|(name, _)| name).collect())
}

/// Reports whether one of the names is a usual name for this field of an item, such as the title.
pub(super) fn has(names: &[String], field: &str) -> bool {
    names.iter().any(|name| matches!(words::fit(field, name), Some(Fit::Whole(_))))
}

/// Returns the product of a document with a single product, such as `{ "product": { … } }`; `None` for any other
/// document.
pub(in crate::catalog) fn alone(document: &RawValue) -> Option<&RawValue> {
    let value = named(document)?;
    let names = names(value).ok()?;
    let is_product = has(&names, "id") && (has(&names, "title") || has(&names, "image"));
    (is_product && !has(&names, "products")).then_some(value)
}

/// Returns the products of a document in which each key is an id: `{ "A1": { … }, "A2": { … } }`. Returns `None` for
/// any other document.
pub(in crate::catalog) fn by_id(document: &RawValue) -> Option<Vec<(String, &RawValue)>> {
    let value = named(document).unwrap_or(document);
    let entries = entries(value.get()).ok()?;
    let is_product = |(_, value): &(String, &RawValue)| {
        let names = names(value).unwrap_or_default();
        has(&names, "title") && has(&names, "image")
    };
    (entries.len() > 1 && entries.iter().all(is_product)).then_some(entries)
}

/// Adds an object to the table as a record, with the id `id` if the object has none of its own.
pub(super) fn take_as(
    table: &mut Table<'_>,
    row: u64,
    id: &str,
    object: &RawValue,
) -> Result<(), Box<Problem>> {
    let own = names(object).is_ok_and(|names| has(&names, "id"));
    let read = record(object).map(|mut record| {
        if !own {
            record.add("id", id);
        }
        record
    });
    match read {
        Ok(record) => table.record(row, record),
        Err(why) => {
            let problem = table.at(row, None, format!("this object cannot be read: {why}"));
            Err(problem.hint("export the file again with a program that writes JSON").into())
        }
    }
}

/// Returns the object that is the only value of the document, if its key is a usual word for a product.
fn named(document: &RawValue) -> Option<&RawValue> {
    let entries = document.get().starts_with('{').then(|| entries(document.get()))?.ok()?;
    let [(name, value)] = entries.as_slice() else { return None };
    let is_named = words::fit("products", name).is_some() && value.get().starts_with('{');
    is_named.then_some(*value)
}

fn entry<'a>(entries: &Entries<'a>, name: &str) -> Option<&'a RawValue> {
    entries.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
}

/// Returns the list of a GraphQL connection: `{ "edges": [{ "node": … }] }` or `{ "nodes": […] }`; `None` for any other
/// object.
fn connection<'a>(entries: &Entries<'a>) -> Option<&'a RawValue> {
    let is_other = |(name, _): &(String, &RawValue)| {
        !matches!(name.as_str(), "edges" | "nodes" | "pageInfo" | "totalCount" | "__typename")
    };
    if entries.iter().any(is_other) {
        return None;
    }
    let list = entry(entries, "edges").or_else(|| entry(entries, "nodes"))?;
    list.get().starts_with('[').then_some(list)
}

/// Returns an element of a list without the object `{ "node": … }` that GraphQL puts around it.
pub(in crate::catalog) fn unwrapped(element: &RawValue) -> &RawValue {
    if !element.get().starts_with('{') || !element.get().contains("\"node\"") {
        return element;
    }
    let Ok(entries) = entries(element.get()) else { return element };
    if entries.iter().all(|(name, _)| matches!(name.as_str(), "node" | "cursor" | "__typename")) {
        return entry(&entries, "node").unwrap_or(element);
    }
    element
}

/// Returns the name and the value of an object that is an attribute: `{ "name": "Colour", "value": "red" }`.
///
/// `None` if the object is not an attribute.
fn attribute(element: &RawValue) -> Result<Option<(String, &RawValue)>, String> {
    if !element.get().starts_with('{') || !VALUES.iter().any(|name| element.get().contains(name)) {
        return Ok(None);
    }
    let entries = entries(element.get())?;
    let name = NAMES.iter().find_map(|name| Some((*name, entry(&entries, name)?)));
    let value = VALUES.iter().find_map(|name| Some((*name, entry(&entries, name)?)));
    let (Some((name, named)), Some((valued, value))) = (name, value) else { return Ok(None) };
    let is_other = |(known, _): &(String, &RawValue)| {
        known != name && known != valued && !BESIDES.contains(&known.as_str())
    };
    if !named.get().starts_with('"') || entries.iter().any(is_other) {
        return Ok(None);
    }
    Ok(Some((scalar(named.get())?, value)))
}

/// Returns the objects at a path within a value. If the path leads through a list, all elements of the list are
/// followed.
pub(in crate::catalog) fn within<'a>(value: &'a RawValue, path: &str) -> Result<Vec<&'a RawValue>, String> {
    if value.get().starts_with('[') {
        let list: Vec<&RawValue> = serde_json::from_str(value.get()).map_err(|error| error.to_string())?;
        let each = list.into_iter().map(|element| within(element, path)).collect::<Result<Vec<_>, _>>()?;
        return Ok(each.concat());
    }
    if path.is_empty() {
        return Ok(vec![value]);
    }
    if !value.get().starts_with('{') {
        return Ok(Vec::new());
    }
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    entry(&entries(value.get())?, name).map_or(Ok(Vec::new()), |value| within(value, rest))
}

/// Returns the object at a path that leads only through objects; `None` if there is no such object.
pub(in crate::catalog) fn at<'a>(value: &'a RawValue, path: &str) -> Option<&'a RawValue> {
    let value = path.split('.').try_fold(value, |value, name| {
        let entries = value.get().starts_with('{').then(|| entries(value.get()))?.ok()?;
        entry(&entries, name)
    })?;
    value.get().starts_with('{').then_some(value)
}
