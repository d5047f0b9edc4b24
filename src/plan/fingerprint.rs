//! Computes the fingerprint that decides whether a clip must be paid for: a hash of the user's request in one canonical
//! form.
//!
//! The hash does not cover the body that is sent to the provider. So a correction of a model's built-in description, a
//! new default or another request id never causes a finished clip to be paid for again. The golden vectors in the tests
//! fix version 1 for ever.

use crate::domain::digest::Sha256;
use crate::domain::request::{Media, Request};
use crate::domain::take::Fingerprint;
use crate::provider::body;
use serde_json::{Map, Value as Json};
use unicode_normalization::UnicodeNormalization as _;

/// Returns the fingerprint of a request.
#[must_use]
pub fn fingerprint(request: &Request) -> Fingerprint {
    let fields = Json::Object(canonical(request));
    Fingerprint(Sha256::of(format!("shotlist order 1\n{fields}").as_bytes()))
}

/// Returns the fingerprint of a request with all text in Unicode NFC. Addresses and `params` stay unchanged.
#[must_use]
pub fn likeness(request: &Request) -> Fingerprint {
    let mut request = request.clone();
    // This pattern has no `..`, so that a new field does not compile before it is listed here.
    let Request {
        model: _,
        prompt,
        image: _,
        last_image: _,
        reference_images: _,
        duration: _,
        aspect_ratio,
        size,
        seed: _,
        audio: _,
        style,
        motion,
        params: _,
    } = &mut request;
    for text in [prompt, aspect_ratio, size, style, motion].into_iter().flatten() {
        if !unicode_normalization::is_nfc(text) {
            *text = text.nfc().collect();
        }
    }
    fingerprint(&request)
}

/// A field that differs between two requests, with readable values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The field's name, or `params.NAME`.
    pub field: String,
    /// The old value; `None` if the field was not set.
    pub old: Option<String>,
    /// The new value; `None` if the field is not set.
    pub new: Option<String>,
    /// The old and the new names of the pictures, if the field has pictures and the requests are known.
    pub pictures: Pictures,
}

/// The names of the pictures in a changed field before and after the change: paths of files, links, or `a data URI`.
///
/// A name is `None` if the field was not set, has no pictures, or the picture's name is not known.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Pictures {
    /// The names before the change, with commas between them.
    pub old: Option<String>,
    /// The names after the change, with commas between them.
    pub new: Option<String>,
}

/// Returns the differences between two requests, in the order of the fields.
#[must_use]
pub fn changes(old: &Request, new: &Request) -> Vec<Change> {
    let mut changes = differences(&fields(old), &fields(new));
    for change in &mut changes {
        change.pictures = Pictures { old: pictures(old, &change.field), new: pictures(new, &change.field) };
    }
    changes
}

/// Returns the differences between the fields of an earlier request and a request. Only the new pictures have names.
#[must_use]
pub fn changes_since(old: &[(String, String)], new: &Request) -> Vec<Change> {
    let mut changes = differences(old, &fields(new));
    for change in &mut changes {
        change.pictures.new = pictures(new, &change.field);
    }
    changes
}

/// Returns the names of the pictures in a field of a request, with commas between them.
fn pictures(request: &Request, field: &str) -> Option<String> {
    let media = match field {
        "image" => request.image.as_slice(),
        "last_image" => request.last_image.as_slice(),
        "reference_images" => &request.reference_images,
        _ => &[],
    };
    let name = |media: &Media| match media {
        Media::Url(url) => url.clone(),
        Media::File(file) => file.path.clone(),
        Media::Inline { .. } => "a data URI".to_owned(),
    };
    let names: Vec<String> = media.iter().map(name).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// Returns the names and readable values of the fields that a request sets, in the order of the fields. The value of a
/// picture is its address or the hash of its bytes.
#[must_use]
pub fn fields(request: &Request) -> Vec<(String, String)> {
    let shown = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut fields = Vec::new();
    for (name, value) in canonical(request) {
        match value {
            Json::Object(params) if name == "params" => {
                fields.extend(params.iter().map(|(param, value)| (format!("params.{param}"), shown(value))));
            }
            value => fields.push((name, shown(&value))),
        }
    }
    fields
}

/// Returns the differences between two requests, whose fields are given as pairs of name and value.
#[must_use]
pub fn differences(old: &[(String, String)], new: &[(String, String)]) -> Vec<Change> {
    let mut names: Vec<&String> = new.iter().chain(old).map(|(name, _)| name).collect();
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(*name));
    let get = |all: &[(String, String)], name: &str| {
        all.iter().find(|(known, _)| known == name).map(|(_, text)| text.clone())
    };
    names
        .into_iter()
        .map(|name| Change {
            field: name.clone(),
            old: get(old, name),
            new: get(new, name),
            pictures: Pictures::default(),
        })
        .filter(|change| change.old != change.new)
        .collect()
}

/// Returns the fields that a request sets, as JSON in a fixed order; fields that are not set are omitted.
fn canonical(request: &Request) -> Map<String, Json> {
    let mut fields = Map::new();
    fields.insert("model".to_owned(), request.model.to_string().into());
    for (field, setting) in request.fields() {
        fields.insert(field.name().to_owned(), normal(body::written(field, setting, media)));
    }
    // A BTreeMap: sorted by name.
    let params = request.params.iter().map(|(name, value)| (name.clone(), normal(body::json(value))));
    let params: Map<String, Json> = params.collect();
    if !params.is_empty() {
        fields.insert("params".to_owned(), Json::Object(params));
    }
    fields
}

/// Replaces Windows line ends in a text by `\n`, because a sheet saved with other line ends must give the same request.
fn normal(value: Json) -> Json {
    match value {
        Json::String(text) => text.replace("\r\n", "\n").into(),
        other => other,
    }
}

fn media(media: &Media) -> Json {
    match media {
        Media::Url(url) => serde_json::json!({ "url": url }),
        // The hash of the bytes decides, not the path: a moved or renamed picture gives the same request.
        Media::File(file) => serde_json::json!({ "sha256": file.facts.sha256.to_string() }),
        Media::Inline { facts, .. } => serde_json::json!({ "sha256": facts.sha256.to_string() }),
    }
}

#[cfg(test)]
mod tests;
