//! Checks requests to Vtrix against its tables of models: first the outer object (envelope), then the parameters
//! inside.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::Vtrix;
use super::models::{COMMON, From, MODELS, Model};
use crate::sandbox::dialect::{Dialect, Refusal};
use crate::sandbox::images::{self, Size};
use crate::sandbox::tasks::Order;

const MISSING_IMAGE: &str = "8008003001";
const INVALID_VALUE: &str = "8008003002";
const INVALID_STYLE: &str = "8008003003";
const INVALID_IMAGE: &str = "8008003004";

/// The extra price, in US cents, of a request with `is_rec`, for which the provider suggests a prompt. The figure
/// is invented.
const RECOMMENDED_CENTS: u32 = 5;

type Parameters = Map<String, Value>;

pub(super) fn check(body: &Value) -> Result<Order, Refusal> {
    let (model, parameters) = envelope(body).map_err(|why| Refusal {
        http: StatusCode::BAD_REQUEST,
        code: None,
        body: json!({ "error": why }),
    })?;
    for (name, value) in parameters {
        if matches!(name.as_str(), "prompt" | "images" | "duration" | "resolution" | "off_peak") {
            continue;
        }
        let field = COMMON.iter().chain(model.fields).find(|(known, _)| known == name);
        let (_, kind) = field.ok_or_else(|| invalid(format!("{} has no parameter {name}", model.name)))?;
        let code = if name == "style" { INVALID_STYLE } else { INVALID_VALUE };
        kind.check(value).map_err(|why| bad(code, &format!("{name}: {why}")))?;
    }
    let is_set = |name: &str| parameters.get(name).is_some_and(|value| *value == Value::Bool(true));
    match parameters.get("off_peak") {
        None | Some(Value::Bool(false)) => {}
        Some(Value::Bool(true)) => return Err(invalid("off_peak: temporarily unavailable")),
        Some(_) => return Err(invalid("off_peak: it must be true or false")),
    }
    let prompt = prompt(model, parameters)?;
    images(model, parameters)?;
    let (seconds, resolution) = length(model, parameters)?;
    let ratio = parameters.get("aspect_ratio").and_then(Value::as_str);
    Ok(Order {
        model: model.name,
        label: None,
        prompt: prompt.to_owned(),
        cents: model.cents() + if is_set("is_rec") { RECOMMENDED_CENTS } else { 0 },
        at_once: None,
        size: frame(resolution, ratio),
        seconds,
    })
}

/// Returns the model and the parameters from the envelope of a request. The envelope must contain exactly one set of
/// parameters.
fn envelope(body: &Value) -> Result<(&'static Model, &Parameters), String> {
    let body = body.as_object().ok_or("the body must be a JSON object")?;
    if let Some(name) = body.keys().find(|name| !matches!(name.as_str(), "model" | "input")) {
        return Err(format!("unknown field {name}"));
    }
    let name = body.get("model").and_then(Value::as_str).ok_or("model is required")?;
    let model = MODELS.iter().find(|model| model.name == name);
    let model = model.ok_or_else(|| format!("model {name} not found"))?;
    let Some([Value::Object(input)]) = body.get("input").and_then(Value::as_array).map(Vec::as_slice) else {
        return Err("input must be an array of one object".to_owned());
    };
    let parameters = input.get("params").and_then(Value::as_object).filter(|_| input.len() == 1);
    let parameters = parameters.ok_or("input must hold params, an object, and nothing else")?;
    if parameters.contains_key("model") {
        return Err("model does not belong into params".to_owned());
    }
    Ok((model, parameters))
}

fn bad(code: &str, message: &str) -> Refusal {
    Refusal { http: StatusCode::BAD_REQUEST, code: Some(code.to_owned()), body: Vtrix.error(code, message) }
}

fn invalid(message: impl AsRef<str>) -> Refusal {
    bad(INVALID_VALUE, message.as_ref())
}

fn prompt<'a>(model: &Model, parameters: &'a Parameters) -> Result<&'a str, Refusal> {
    let text = match parameters.get("prompt") {
        None => "",
        Some(Value::String(text)) => text,
        Some(_) => return Err(invalid("prompt: it must be a string")),
    };
    let length = text.chars().count();
    if length > model.prompt {
        return Err(invalid(format!("prompt: {length} characters, the limit is {}", model.prompt)));
    }
    if text.is_empty() && model.from == From::Text {
        return Err(invalid("prompt: it is required"));
    }
    Ok(text)
}

fn images(model: &Model, parameters: &Parameters) -> Result<(), Refusal> {
    let (least, most) = match (model.from, parameters.get("images")) {
        (From::Text, None) => return Ok(()),
        (From::Text, Some(_)) => return Err(invalid(format!("{} has no parameter images", model.name))),
        // Together with videos, fewer pictures are allowed.
        (From::Pictures(least, _), _) if parameters.contains_key("videos") => (least, 4),
        (From::Pictures(least, most), _) => (least, most),
    };
    let list = match parameters.get("images") {
        None => &[],
        Some(Value::Array(list)) => list.as_slice(),
        Some(_) => return Err(invalid("images: it must be an array of strings")),
    };
    if list.is_empty() {
        return Err(bad(MISSING_IMAGE, "Missing image"));
    }
    if !(least..=most).contains(&list.len()) {
        return Err(invalid(format!("images: {} of them, {least} to {most} are supported", list.len())));
    }
    // Vidu has stricter rules for reference pictures.
    let rules = if most > 2 { &images::REFERENCE } else { &images::VIDU };
    for image in list {
        let image = image.as_str().ok_or_else(|| invalid("images: each must be a string"))?;
        rules.check(image).map_err(|why| bad(INVALID_IMAGE, &format!("Invalid image: {why}")))?;
    }
    Ok(())
}

/// Returns the duration in seconds and the resolution of a clip, after a check that the model supports them together.
fn length<'a>(model: &Model, parameters: &'a Parameters) -> Result<(u32, &'a str), Refusal> {
    let seconds = match parameters.get("duration") {
        None => Some(model.default_seconds()),
        Some(value) => value.as_u64().and_then(|seconds| u32::try_from(seconds).ok()),
    };
    let fitting = seconds.and_then(|seconds| {
        let length = model.lengths.iter().find(|(first, last, _)| (*first..=*last).contains(&seconds));
        length.map(|(_, _, resolutions)| (seconds, resolutions))
    });
    let (seconds, resolutions) = fitting.ok_or_else(|| {
        let lengths = model.lengths.iter().map(|(first, last, _)| format!("{first} to {last}"));
        invalid(format!("duration: it must be an integer, {}", lengths.collect::<Vec<_>>().join(" or ")))
    })?;
    let resolution = match parameters.get("resolution") {
        None => resolutions.first().copied(),
        Some(value) => value.as_str().filter(|word| resolutions.contains(word)),
    };
    let resolution = resolution.ok_or_else(|| {
        invalid(format!("resolution: for {seconds} seconds it must be one of {}", resolutions.join(", ")))
    })?;
    Ok((seconds, resolution))
}

/// Returns the size of the clip in pixels. The resolution sets the short side, and the aspect ratio the long side.
///
/// Without a ratio the clip is wide, even if its pictures are not: the documents do not say more.
fn frame(resolution: &str, ratio: Option<&str>) -> Size {
    let short = match resolution {
        "360p" => 360,
        "540p" => 540,
        "720p" => 720,
        _ => 1080,
    };
    let (wide, high) = match ratio {
        Some("1:1") => (1, 1),
        Some("9:16") => (9, 16),
        Some("3:4") => (3, 4),
        Some("4:3") => (4, 3),
        _ => (16, 9),
    };
    // Video needs even sides; every long side here is even.
    let long = short * wide.max(high) / wide.min(high);
    if wide < high { Size { width: short, height: long } } else { Size { width: long, height: short } }
}
