//! What stands beside a clip: everything about how it came to be, for people and for other programs.

use crate::domain::lifecycle::ClipFile;
use crate::domain::request::{Media, Value};
use crate::domain::take::Take;
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

/// IPTC's name for media that a trained model made; feeds and platforms ask for it.
const SOURCE_TYPE: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";

/// The sidecar of a take's clip.
#[must_use]
pub(super) fn sidecar(take: &Take, file: &ClipFile, placed: Timestamp) -> Json {
    let task = take.state.task();
    json!({
        "format": 1,
        "job": take.key.to_string(),
        "project": take.project,
        "item": take.key.item,
        "title": take.title,
        "shot": take.key.shot,
        "variant": take.key.variant,
        "take": take.id.0,
        "model": take.request.model.to_string(),
        "prompt": take.request.prompt,
        "parameters": parameters(take),
        "fingerprint": take.fingerprint.to_string(),
        "task": task.map(|task| task.id.0.clone()),
        "request_id": task.map(|task| task.intent.request_id.0.clone()),
        "price_usd": take.price.plain(),
        "submitted": task.map(|task| task.intent.at.to_string()),
        "placed": placed.to_string(),
        "bytes": file.size,
        "sha256": file.sha256.to_string(),
        "digital_source_type": SOURCE_TYPE,
    })
}

fn parameters(take: &Take) -> Json {
    let request = &take.request;
    let mut set = Map::new();
    let mut put = |name: &str, value: Option<Json>| {
        if let Some(value) = value {
            set.insert(name.to_owned(), value);
        }
    };
    put("image", request.image.as_ref().map(picture));
    put("last_image", request.last_image.as_ref().map(picture));
    let references: Vec<Json> = request.reference_images.iter().map(picture).collect();
    put("reference_images", (!references.is_empty()).then_some(Json::Array(references)));
    put("duration", request.duration.map(Json::from));
    put("aspect_ratio", request.aspect_ratio.clone().map(Json::from));
    put("size", request.size.clone().map(Json::from));
    put("seed", request.seed.map(Json::from));
    put("audio", request.audio.map(Json::from));
    put("style", request.style.clone().map(Json::from));
    put("motion", request.motion.clone().map(Json::from));
    for (name, value) in &request.params {
        let value = match value {
            Value::Bool(value) => Json::from(*value),
            Value::Int(value) => Json::from(*value),
            Value::Text(value) => Json::from(value.as_str()),
        };
        put(name, Some(value));
    }
    Json::Object(set)
}

fn picture(media: &Media) -> Json {
    match media {
        Media::Url(url) => json!({ "url": url }),
        Media::File(file) => json!({ "path": file.path, "sha256": file.facts.sha256.to_string() }),
        Media::Inline { facts, .. } => json!({ "sha256": facts.sha256.to_string() }),
    }
}
