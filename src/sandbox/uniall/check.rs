//! Checks requests to `UniAll` against the document of its six models.

use axum::http::StatusCode;
use serde_json::{Map, Value};

use super::refusal;
use crate::sandbox::dialect::Refusal;
use crate::sandbox::fields::Kind;
use crate::sandbox::images::Size;
use crate::sandbox::tasks::Order;

/// A model of `UniAll` with its price per second, which is invented here because none is published.
struct Model {
    name: &'static str,
    /// True for a Pro model. Only Pro models accept several reference pictures.
    pro: bool,
    /// The short side of the clip, in pixels.
    short: u32,
}

const MODELS: [Model; 6] = [
    Model { name: "viduq3p-540p", pro: true, short: 540 },
    Model { name: "viduq3p-720p", pro: true, short: 720 },
    Model { name: "viduq3p-1080p", pro: true, short: 1080 },
    Model { name: "viduq3t-540p", pro: false, short: 540 },
    Model { name: "viduq3t-720p", pro: false, short: 720 },
    Model { name: "viduq3t-1080p", pro: false, short: 1080 },
];

const FIELDS: &[(&str, Kind)] = &[
    ("prompt", Kind::Text(1, usize::MAX)),
    ("aspect_ratio", Kind::Words(&["16:9", "9:16", "1:1"])),
    ("image", Kind::Link),
    ("last_image", Kind::Link),
    ("reference_image_urls", Kind::Links(1, 4)),
];

const EXTRAS: &[(&str, Kind)] = &[("audio", Kind::Flag), ("seed", Kind::Integer), ("bgm", Kind::Flag)];

pub(super) fn check(body: &Value) -> Result<Order, Refusal> {
    let body = body.as_object().ok_or_else(|| invalid("", "The body must be a JSON object"))?;
    let model = match body.get("model") {
        Some(Value::String(name)) => MODELS.iter().find(|model| model.name == name).ok_or_else(|| {
            // Gateways of this kind answer so if no upstream provider offers the model.
            let message = format!("No available channel for model {name}");
            refusal(StatusCode::SERVICE_UNAVAILABLE, "model_not_found", &message, "model")
        })?,
        _ => return Err(invalid("model", "model is required, as a string")),
    };
    for (name, value) in body {
        match name.as_str() {
            "model" | "duration" => {}
            "extra_body" => {
                let extras = value.as_object().ok_or_else(|| invalid(name, "it must be an object"))?;
                extras.iter().try_for_each(|(name, value)| fits(EXTRAS, name, value))?;
            }
            _ => fits(FIELDS, name, value)?,
        }
    }
    let prompt = body.get("prompt").and_then(Value::as_str);
    let prompt = prompt.ok_or_else(|| invalid("prompt", "prompt is required"))?;
    modes(model, body)?;
    let seconds = seconds(body.get("duration"))
        .ok_or_else(|| invalid("duration", "duration is required, an integer from 1 to 16"))?;
    let short = model.short;
    let long = short * 16 / 9;
    let (width, height) = match body.get("aspect_ratio").and_then(Value::as_str) {
        Some("9:16") => (short, long),
        Some("1:1") => (short, short),
        _ => (long, short),
    };
    Ok(Order {
        model: model.name,
        label: None,
        prompt: prompt.to_owned(),
        cents: seconds * if model.pro { 6 } else { 3 },
        at_once: None,
        size: Size { width, height },
        seconds,
    })
}

fn invalid(parameter: &str, why: &str) -> Refusal {
    refusal(StatusCode::BAD_REQUEST, "invalid_parameter", why, parameter)
}

fn fits(fields: &[(&str, Kind)], name: &str, value: &Value) -> Result<(), Refusal> {
    let field = fields.iter().find(|(known, _)| *known == name);
    let (_, kind) = field.ok_or_else(|| invalid(name, &format!("{name} is not supported")))?;
    kind.check(value).map_err(|why| invalid(name, &format!("{name}: {why}")))
}

/// Checks which pictures a request combines: none, one, a first and a last frame, or several references.
fn modes(model: &Model, body: &Map<String, Value>) -> Result<(), Refusal> {
    let has = |name| body.contains_key(name);
    if has("last_image") && !has("image") {
        return Err(invalid("last_image", "last_image goes with image"));
    }
    if has("reference_image_urls") {
        if has("image") {
            return Err(invalid("reference_image_urls", "reference_image_urls excludes image"));
        }
        if !model.pro {
            let message = format!("{} does not take reference_image_urls", model.name);
            return Err(invalid("reference_image_urls", &message));
        }
    }
    Ok(())
}

/// Returns the duration in seconds from an integer or, for older clients, from a string of digits; `None` if it is
/// invalid.
fn seconds(duration: Option<&Value>) -> Option<u32> {
    let seconds = match duration? {
        Value::String(digits) if digits.bytes().all(|digit| digit.is_ascii_digit()) => digits.parse().ok(),
        number => number.as_u64().and_then(|number| u32::try_from(number).ok()),
    };
    seconds.filter(|seconds| (1..=16).contains(seconds))
}
