//! Computes the fingerprint that decides payment: a hash of the user's request in one canonical form.
//!
//! The fingerprint does not cover the body that is sent. A corrected model card, a new default or a request id must not buy a
//! catalog again. The golden vectors in the tests fix version 1 for ever.

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

/// Returns the likeness of a request: its fingerprint with all text in Unicode NFC. Addresses and `params` stay
/// unchanged.
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

/// A field that differs between two requests, in readable form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The field's name, or `params.NAME`.
    pub field: String,
    /// The old value; `None` if the field was not set.
    pub old: Option<String>,
    /// The new value; `None` if the field is not set.
    pub new: Option<String>,
}

/// Returns the differences between two requests, in the order of the fields.
#[must_use]
pub fn changes(old: &Request, new: &Request) -> Vec<Change> {
    differences(&fields(old), &fields(new))
}

/// Returns the fields that a request sets, with readable values, in the order of the fields. A picture's value is its address
/// or the hash of its bytes.
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

/// Returns the differences between the fields of two requests, each given as pairs of name and value.
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
        .map(|name| Change { field: name.clone(), old: get(old, name), new: get(new, name) })
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

/// Replaces Windows line ends in a text by `\n`: a sheet saved with other line ends must give the same request.
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
mod tests {
    use super::*;
    use crate::domain::request::{MediaFile, PictureFacts, PictureFormat, PictureTraits, Value};

    fn picture(path: &str, bytes: &[u8]) -> Media {
        let facts = PictureFacts {
            format: PictureFormat::Png,
            bytes: bytes.len() as u64,
            sha256: Sha256::of(bytes),
            width: 800,
            height: 600,
            traits: PictureTraits::default(),
        };
        Media::File(MediaFile { path: path.into(), facts })
    }

    fn full() -> Request {
        let mut request = Request::new("zai/vidu2-image".parse().unwrap());
        request.prompt = Some("Slow push-in on Déjà vu, \"soft\" light".into());
        request.image = Some(picture("a.png", b"picture"));
        request.last_image = Some(Media::Url("https://shop.example/b.png?v=1".into()));
        request.reference_images = vec![picture("c.png", b"c"), picture("d.png", b"d")];
        request.duration = Some(4);
        request.aspect_ratio = Some("16:9".into());
        request.size = Some("1280x720".into());
        request.seed = Some(-7);
        request.audio = Some(true);
        request.style = Some("anime".into());
        request.motion = Some("small".into());
        request.params.insert("user_id".into(), Value::Text("shop-0001".into()));
        request.params.insert("fps".into(), Value::Int(30));
        request.params.insert("flag".into(), Value::Bool(false));
        request
    }

    /// Pins the fingerprints of v1, which must never change: a change would buy every catalog in the world again.
    #[test]
    fn golden_vectors_of_v1() {
        let mut prompt_only = Request::new("zai/viduq1-text".parse().unwrap());
        prompt_only.prompt = Some("A cat is playing with a ball.".into());
        let empty = Request::new("zai/cogvideox-3".parse().unwrap());
        assert_eq!(
            fingerprint(&full()).to_string(),
            "v1:c7a6003e98b87eaa55e702e3439480ea88415eff49dc87184f0c3d12d25ffa6c"
        );
        assert_eq!(
            fingerprint(&prompt_only).to_string(),
            "v1:bc3a50cbf3af6a89c24560cc423e5d6ff78559201a32799cee5539fbd649e05e"
        );
        assert_eq!(
            fingerprint(&empty).to_string(),
            "v1:9d2d9e22a38b6176af26038148867a166a5cd6d18b9073f23c06b5d32cfbd14f"
        );
    }

    #[test]
    fn what_says_nothing_to_the_provider_does_not_count() {
        let one = full();
        let mut two = full();
        two.image = Some(picture("moved/elsewhere.png", b"picture"));
        assert_eq!(fingerprint(&one), fingerprint(&two));
        let mut crlf = full();
        crlf.prompt = Some("a\r\nb".into());
        let mut lf = full();
        lf.prompt = Some("a\nb".into());
        assert_eq!(fingerprint(&crlf), fingerprint(&lf));
    }

    #[test]
    fn every_field_counts_and_is_named() {
        type Edit = (&'static str, fn(&mut Request));
        let edits: [Edit; 14] = [
            ("model", |r| r.model.model = "vidu2-reference".into()),
            ("prompt", |r| r.prompt = Some("other".into())),
            ("image", |r| r.image = Some(picture("a.png", b"edited"))),
            ("last_image", |r| r.last_image = None),
            ("reference_images", |r| r.reference_images.reverse()),
            ("duration", |r| r.duration = Some(5)),
            ("aspect_ratio", |r| r.aspect_ratio = None),
            ("size", |r| r.size = None),
            ("seed", |r| r.seed = Some(0)),
            ("audio", |r| r.audio = Some(false)),
            ("style", |r| r.style = None),
            ("motion", |r| r.motion = Some("large".into())),
            ("params.fps", |r| drop(r.params.insert("fps".into(), Value::Text("30".into())))),
            ("params.new", |r| drop(r.params.insert("new".into(), Value::Int(1)))),
        ];
        for (field, edit) in edits {
            let mut edited = full();
            edit(&mut edited);
            assert_ne!(fingerprint(&full()), fingerprint(&edited), "{field}");
            let named = changes(&full(), &edited);
            // A parameter that changes its type but not its digits is the one difference that people cannot see.
            if field != "params.fps" {
                assert_eq!(named.iter().map(|change| change.field.as_str()).collect::<Vec<_>>(), [field]);
            }
        }
    }

    #[test]
    fn a_change_names_old_and_new() {
        let mut edited = full();
        edited.duration = None;
        edited.params.insert("fps".into(), Value::Int(60));
        let shown: Vec<_> = changes(&full(), &edited)
            .into_iter()
            .map(|change| (change.field, change.old, change.new))
            .collect();
        assert_eq!(
            shown,
            [
                ("params.fps".to_owned(), Some("30".to_owned()), Some("60".to_owned())),
                ("duration".to_owned(), Some("4".to_owned()), None),
            ]
        );
    }
}
