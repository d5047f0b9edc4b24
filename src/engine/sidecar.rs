//! What stands beside a clip: everything about how it came to be, for people and for other programs.

use crate::domain::lifecycle::ClipFile;
use crate::domain::request::{Field, Media};
use crate::domain::take::Take;
use crate::provider::body;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

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

/// Everything that the order sets beside its prompt: portable fields, then the model's own parameters.
fn parameters(take: &Take) -> Json {
    let fields = take.request.fields().filter(|(field, _)| *field != Field::Prompt);
    let fields =
        fields.map(|(field, setting)| (field.name().to_owned(), body::written(field, setting, picture)));
    let params = take.request.params.iter().map(|(name, value)| (name.clone(), body::json(value)));
    fields.chain(params).collect()
}

fn picture(media: &Media) -> Json {
    match media {
        Media::Url(url) => json!({ "url": url }),
        Media::File(file) => json!({ "path": file.path, "sha256": file.facts.sha256.to_string() }),
        Media::Inline { facts, .. } => json!({ "sha256": facts.sha256.to_string() }),
    }
}
