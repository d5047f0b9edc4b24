//! Defines the parameters of each Z.AI model by the provider's documents, and checks requests against them.
//!
//! The sources are the OpenAPI document of "Generate Video(Async)" and the two Vidu guides. If they differ, a request
//! is valid if one of them allows it.

use std::sync::LazyLock;

use axum::http::StatusCode;
use serde_json::{Map, Value};

use crate::sandbox::dialect::Refusal;
use crate::sandbox::fields::Kind;
use crate::sandbox::images::{self, Size};
use crate::sandbox::tasks::Order;

/// A model of Z.AI with its price, its limit of tasks, and its parameters.
struct Model {
    name: &'static str,
    /// The price of a clip in US cents.
    cents: u32,
    /// The maximum number of tasks of the model that run at the same time.
    at_once: u32,
    prompt_needed: bool,
    images: Images,
    fields: &'static [(&'static str, Kind)],
    size: Option<Size>,
    seconds: u32,
}

/// The forms in which a model accepts the parameter `image_url`.
enum Images {
    No,
    /// A single string.
    One,
    /// An array of strings: at least one, and at most the given number.
    List(usize),
    /// A single string, as in the example of the OpenAPI document, or an array of 1 or 2 strings, as in its schema.
    Either,
}

const PROMPT_CHARACTERS: usize = 512;
const MOVES: Kind = Kind::Words(&["auto", "small", "medium", "large"]);
const RATIOS: Kind = Kind::Words(&["16:9", "9:16", "1:1"]);
const FULL_HD: Size = Size { width: 1920, height: 1080 };
const HD: Size = Size { width: 1280, height: 720 };
/// The sizes of clips of the Vidu 2 models. 720x480 is in the guide's examples, but not in the OpenAPI document.
const VIDU2_SIZES: Kind = Kind::Words(&["1280x720", "720x480"]);
const COMMON: &[(&str, Kind)] = &[("request_id", Kind::Text(6, 64)), ("user_id", Kind::Text(6, 128))];
const VIDUQ1_FROM_IMAGE: &[(&str, Kind)] = &[
    ("duration", Kind::Numbers(&[5])),
    ("size", Kind::Words(&["1920x1080"])),
    ("movement_amplitude", MOVES),
    ("with_audio", Kind::Flag),
];
const VIDU2_FROM_IMAGE: &[(&str, Kind)] = &[
    ("duration", Kind::Numbers(&[4])),
    ("size", VIDU2_SIZES),
    ("movement_amplitude", MOVES),
    ("with_audio", Kind::Flag),
];

/// The models of Z.AI, with their parameters.
///
/// The prices are from the guides of the models, and for `vidu2-reference` from two public price tables. The limits of
/// tasks that run at the same time are from two public copies of the rate-limit page.
static MODELS: LazyLock<[Model; 7]> = LazyLock::new(|| {
    let viduq1 = |name, images| Model {
        name,
        cents: 40,
        at_once: 5,
        prompt_needed: false,
        images,
        fields: VIDUQ1_FROM_IMAGE,
        size: Some(FULL_HD),
        seconds: 5,
    };
    let vidu2 = |name, images| Model {
        name,
        cents: 20,
        at_once: 5,
        prompt_needed: false,
        images,
        fields: VIDU2_FROM_IMAGE,
        size: Some(HD),
        seconds: 4,
    };
    [
        Model {
            name: "cogvideox-3",
            cents: 20,
            at_once: 1,
            prompt_needed: false,
            images: Images::Either,
            fields: &[
                ("quality", Kind::Words(&["speed", "quality"])),
                ("with_audio", Kind::Flag),
                (
                    "size",
                    Kind::Words(&[
                        "1280x720",
                        "720x1280",
                        "1024x1024",
                        "1920x1080",
                        "1080x1920",
                        "2048x1080",
                        "3840x2160",
                    ]),
                ),
                ("fps", Kind::Numbers(&[30, 60])),
                ("duration", Kind::Numbers(&[5, 10])),
            ],
            size: None,
            seconds: 5,
        },
        Model {
            prompt_needed: true,
            fields: &[
                ("style", Kind::Words(&["general", "anime"])),
                ("duration", Kind::Numbers(&[5])),
                ("aspect_ratio", RATIOS),
                ("size", Kind::Words(&["1920x1080"])),
                ("movement_amplitude", MOVES),
            ],
            ..viduq1("viduq1-text", Images::No)
        },
        viduq1("viduq1-image", Images::One),
        viduq1("viduq1-start-end", Images::List(2)),
        vidu2("vidu2-image", Images::One),
        vidu2("vidu2-start-end", Images::List(2)),
        Model {
            cents: 40,
            fields: &[
                ("duration", Kind::Numbers(&[4])),
                ("aspect_ratio", RATIOS),
                ("size", VIDU2_SIZES),
                ("movement_amplitude", MOVES),
                ("with_audio", Kind::Flag),
            ],
            ..vidu2("vidu2-reference", Images::List(3))
        },
    ]
});

/// Checks the body of a request against the table of its model, and returns the task to make for it.
///
/// A field that is null counts as not sent, because Z.AI's own client library sends every field that it knows.
pub(super) fn check(body: &Value) -> Result<Order, Refusal> {
    let Some(body) = body.as_object() else {
        return Err(bad("1210", "The body must be a JSON object"));
    };
    let model = match sent(body, "model") {
        None => return Err(bad("1213", "The parameter model was not received")),
        Some(Value::String(name)) => MODELS
            .iter()
            .find(|model| model.name == name)
            .ok_or_else(|| bad("1211", format!("The model {name} does not exist")))?,
        Some(_) => return Err(invalid("model", "it must be a string")),
    };
    for (name, value) in body.iter().filter(|(_, value)| !value.is_null()) {
        if matches!(name.as_str(), "model" | "prompt" | "image_url") {
            continue;
        }
        let field = COMMON.iter().chain(model.fields).find(|(known, _)| known == name);
        let Some((_, kind)) = field else {
            return Err(bad("1210", format!("{} has no parameter {name}", model.name)));
        };
        kind.check(value).map_err(|why| invalid(name, &why))?;
    }
    let prompt = prompt(body)?;
    let images = sent(body, "image_url").map(|value| pictures(model, value)).transpose()?;
    if prompt.is_empty() && model.prompt_needed {
        return Err(bad("1213", "The parameter prompt was not received"));
    }
    if prompt.is_empty() && images.is_none() {
        return Err(bad("1213", "Neither prompt nor image_url was received"));
    }
    let text = |name: &str| sent(body, name).and_then(Value::as_str);
    Ok(Order {
        model: model.name,
        label: text("request_id").map(str::to_owned),
        prompt: prompt.to_owned(),
        cents: model.cents,
        at_once: Some(model.at_once),
        size: frame(model, text("size"), text("aspect_ratio"), images.flatten()),
        seconds: body
            .get("duration")
            .and_then(Value::as_u64)
            .and_then(|seconds| u32::try_from(seconds).ok())
            .unwrap_or(model.seconds),
    })
}

fn sent<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    body.get(name).filter(|value| !value.is_null())
}

/// Returns the refusal of a request whose parameters are wrong, with an error code and a message about them.
fn bad(code: &str, message: impl AsRef<str>) -> Refusal {
    super::refusal(StatusCode::BAD_REQUEST, code, message.as_ref())
}

fn invalid(name: &str, why: &str) -> Refusal {
    bad("1214", format!("The parameter {name} is invalid: {why}"))
}

fn prompt(body: &Map<String, Value>) -> Result<&str, Refusal> {
    let text = match sent(body, "prompt") {
        None => "",
        Some(Value::String(text)) => text,
        Some(_) => return Err(invalid("prompt", "it must be a string")),
    };
    let length = text.chars().count();
    if length > PROMPT_CHARACTERS {
        let message = format!("The prompt has {length} characters, the limit is {PROMPT_CHARACTERS}");
        return Err(bad("1261", message));
    }
    Ok(text)
}

/// Checks the pictures of a request. Returns the size of the first picture if its bytes are in the request, and
/// otherwise `None`.
fn pictures(model: &Model, value: &Value) -> Result<Option<Size>, Refusal> {
    let (list, most) = match (&model.images, value) {
        (Images::No, _) => {
            return Err(bad("1210", format!("{} has no parameter image_url", model.name)));
        }
        (Images::One | Images::Either, Value::String(_)) => (std::slice::from_ref(value), 1),
        (Images::Either, Value::Array(list)) => (list.as_slice(), 2),
        (Images::List(most), Value::Array(list)) => (list.as_slice(), *most),
        (Images::One, _) => return Err(invalid("image_url", "it must be one string")),
        (Images::List(most), _) => {
            return Err(invalid("image_url", &format!("it must be an array of 1 to {most} strings")));
        }
        (Images::Either, _) => return Err(invalid("image_url", "it must be a string or an array")),
    };
    if !(1..=most).contains(&list.len()) {
        return Err(invalid("image_url", &format!("{} images, 1 to {most} are supported", list.len())));
    }
    let rules = match (&model.images, most) {
        (Images::Either, _) => &images::COGVIDEOX,
        (_, 3) => &images::REFERENCE,
        _ => &images::VIDU,
    };
    let sizes = list
        .iter()
        .map(|image| image.as_str().ok_or("each image must be a string".to_owned()))
        .map(|image| image.and_then(|image| rules.check(image)))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|why| invalid("image_url", &why))?;
    if let (Images::List(2), [Some(first), Some(last)]) = (&model.images, sizes.as_slice())
        && !images::are_similar(*first, *last)
    {
        return Err(invalid(
            "image_url",
            "first and last frame differ in aspect ratio by more than 0.8 to 1.25",
        ));
    }
    Ok(sizes.first().copied().flatten())
}

/// Returns the size of the clip in pixels. An aspect ratio changes the long side, but not the short side.
///
/// For `cogvideox-3` without a size, the short side is 1080 and the long side follows from the picture, at most 3840.
fn frame(model: &Model, size: Option<&str>, ratio: Option<&str>, picture: Option<Size>) -> Size {
    let named = size
        .and_then(|text| text.split_once('x'))
        .and_then(|(width, height)| Some(Size { width: width.parse().ok()?, height: height.parse().ok()? }));
    let Size { width, height } =
        named.or(model.size).unwrap_or_else(|| following(picture.unwrap_or(FULL_HD)));
    match ratio {
        Some("9:16") => Size { width: height, height: width },
        Some("1:1") => Size { width: height, height },
        _ => Size { width, height },
    }
}

fn following(picture: Size) -> Size {
    const SHORT: u64 = 1080;
    const LONG: u64 = 3840;
    let (short, long) = (picture.width.min(picture.height), picture.width.max(picture.height));
    // Video needs even sides.
    let long = (SHORT * u64::from(long) / u64::from(short)).min(LONG) & !1;
    let long = u32::try_from(long).expect("the long side is at most 3840");
    if picture.width < picture.height {
        Size { width: 1080, height: long }
    } else {
        Size { width: long, height: 1080 }
    }
}
