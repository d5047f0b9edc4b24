//! Writes a request as a JSON body: only the fields that the user set, with the names and the order of the model's
//! card.

use super::card::{ModelCard, SendAs};
use crate::domain::request::{Field, Media, MediaFile, Request, Setting, Value};
use crate::wire;
use serde_json::{Map, Value as Json};

/// Returns the fields of the JSON body for a request.
///
/// Fields that the model's card lacks are left out, because the check has already refused them.
pub fn members(card: &ModelCard, request: &Request) -> Map<String, Json> {
    let mut members = Map::new();
    for rule in &card.fields {
        let Some(field) = Field::named(&rule.name) else { continue };
        let Some(setting) = request.setting(field) else { continue };
        let shared = card.pictures.as_ref().and_then(|it| Some((it.wire.as_ref()?, it.send)));
        match (setting, shared) {
            (Setting::Pictures(_), Some((name, send))) => {
                // All pictures share one member, at the position of the first of them.
                let all = request.media().map(picture).map(Json::String).collect();
                put(&mut members, name, gathered(all, send));
            }
            (Setting::Pictures(own), None) => {
                let send = if rule.max.is_some() { SendAs::List } else { SendAs::Text };
                let own = own.iter().map(picture).map(Json::String).collect();
                put(&mut members, rule.wire(), gathered(own, send));
            }
            (setting, _) => put(&mut members, rule.wire(), written(field, setting, |_| Json::Null)),
        }
    }
    for rule in &card.params {
        if let Some(value) = request.params.get(&rule.name) {
            put(&mut members, rule.wire(), json(value));
        }
    }
    members
}

/// Sets a field of the body. A dotted name such as `a.b` sets the field `b` of the object `a`.
fn put(members: &mut Map<String, Json>, name: &str, value: Json) {
    match name.split_once('.') {
        None => drop(members.insert(name.to_owned(), value)),
        Some((object, inner)) => {
            let object = members.entry(object).or_insert_with(|| Json::Object(Map::new()));
            if let Some(object) = object.as_object_mut() {
                put(object, inner, value);
            }
        }
    }
}

/// Returns the local pictures of a request, in the order of the body, as [`wire::Body::json`] needs them.
#[must_use]
pub fn files(request: &Request) -> Vec<MediaFile> {
    let file = |media: &Media| match media {
        Media::File(file) => Some(file.clone()),
        Media::Url(_) | Media::Inline { .. } => None,
    };
    request.media().filter_map(file).collect()
}

fn gathered(mut pictures: Vec<Json>, send: SendAs) -> Json {
    let as_list = match send {
        SendAs::Text => false,
        SendAs::List => true,
        SendAs::TextOrList => pictures.len() > 1,
    };
    if as_list { Json::Array(pictures) } else { pictures.pop().unwrap_or_default() }
}

fn picture(media: &Media) -> String {
    match media {
        Media::Url(url) => url.clone(),
        Media::Inline { uri, .. } => uri.clone(),
        Media::File(file) => wire::marker(file),
    }
}

/// Returns the value of a field as JSON, in which the function `picture` writes each picture. Only the field for
/// reference images becomes a list.
pub fn written(field: Field, setting: Setting<'_>, picture: impl Fn(&Media) -> Json) -> Json {
    match setting {
        Setting::Text(text) => text.into(),
        Setting::Int(number) => number.into(),
        Setting::Bool(yes) => yes.into(),
        Setting::Pictures(pictures) if field == Field::ReferenceImages => {
            pictures.iter().map(picture).collect()
        }
        Setting::Pictures(pictures) => pictures.first().map(picture).unwrap_or_default(),
    }
}

/// Returns a parameter's value as JSON.
#[must_use]
pub fn json(value: &Value) -> Json {
    match value {
        Value::Bool(yes) => Json::from(*yes),
        Value::Int(number) => Json::from(*number),
        Value::Text(text) => Json::from(text.as_str()),
    }
}
