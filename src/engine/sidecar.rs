//! Builds the sidecar of a clip: the record of how it was made, for people and for other programs.

use crate::domain::lifecycle::ClipFile;
use crate::domain::money::Usd;
use crate::domain::request::{Field, Media, PictureFacts};
use crate::domain::take::{SOURCE_TYPE, Take};
use crate::provider::body;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

/// The facts for a sidecar that the take itself does not contain.
pub(super) struct Origin<'a> {
    /// The cost of the clip, as far as it is known when the clip is placed.
    pub(super) settled: Usd,
    /// The provider's account, as a number derived from the API key that does not reveal the key; `None` if not known.
    pub(super) account: Option<i64>,
    /// The links to further results of the task, which are not downloaded.
    pub(super) others: &'a [String],
    /// True if a fake provider made the clip, in a rehearsal in the sandbox.
    pub(super) sandbox: bool,
}

/// Returns the sidecar of a take's clip, in format 2. Format 1 had fields and `params` in one map, and no settled cost.
#[must_use]
pub(super) fn sidecar(take: &Take, file: &ClipFile, placed: Timestamp, origin: &Origin<'_>) -> Json {
    let task = take.state.task();
    let mut sidecar = json!({
        "format": 2,
        "job": take.key.to_string(),
        "project": take.project,
        "item": take.key.item.raw(),
        "title": take.title.raw(),
        "shot": take.key.shot,
        "variant": take.key.variant,
        "take": take.id.0,
        "model": take.request.model.to_string(),
        "prompt": take.request.prompt,
        "fields": fields(take),
        "params": params(take),
        "fingerprint": take.fingerprint.to_string(),
        "task": task.map(|task| task.id.0.raw()),
        "request_id": task.map(|task| task.intent.request_id.0.clone()),
        "attempt": task.map(|task| task.intent.attempt),
        "price_usd": take.price.plain(),
        "settled_usd": origin.settled.plain(),
        "account": origin.account.map(|mark| format!("{mark:016x}")),
        "submitted": task.map(|task| task.intent.at.to_string()),
        "accepted": task.map(|task| task.accepted.to_string()),
        "placed": placed.to_string(),
        "path": take.path,
        "bytes": file.size,
        "sha256": file.sha256.to_string(),
        "digital_source_type": SOURCE_TYPE,
    });
    if !origin.others.is_empty() {
        // The part after the path may open the link to anyone.
        let link = |link: &String| link.split(['?', '#']).next().unwrap_or_default().to_owned();
        sidecar["other_results"] = origin.others.iter().map(link).collect();
    }
    if origin.sandbox {
        sidecar["sandbox"] = true.into();
    }
    sidecar
}

/// Returns the fields, common to all models, that the take's request sets in addition to its prompt.
fn fields(take: &Take) -> Json {
    let fields = take.request.fields().filter(|(field, _)| *field != Field::Prompt);
    fields.map(|(field, setting)| (field.name().to_owned(), body::written(field, setting, picture))).collect()
}

/// Returns the model's own parameters that the take's request sets.
fn params(take: &Take) -> Json {
    take.request.params.iter().map(|(name, value)| (name.clone(), body::json(value))).collect()
}

fn picture(media: &Media) -> Json {
    match media {
        Media::Url(url) => json!({ "url": url }),
        Media::File(file) => {
            let mut picture = known(&file.facts);
            picture["path"] = file.path.as_str().into();
            picture
        }
        Media::Inline { facts, .. } => known(facts),
    }
}

fn known(facts: &PictureFacts) -> Json {
    let PictureFacts { format, bytes, sha256, width, height, traits: _ } = facts;
    json!({
        "sha256": sha256.to_string(),
        "format": format.name(),
        "bytes": bytes,
        "width": width,
        "height": height,
    })
}
