//! What the user asks of a model, in the words every provider shares.

use super::digest::Sha256;
use super::key::ModelName;
use std::collections::BTreeMap;

/// One rendering as the user ordered it: only what the manifest set, no defaults of ours, nothing of the wire.
///
/// The fingerprint is taken over this, so that a corrected model card or a new default never buys a catalog again.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The model that is to render it.
    pub model: ModelName,
    /// What is to be seen.
    pub prompt: Option<String>,
    /// The picture, or the first frame.
    pub image: Option<Media>,
    /// The last frame.
    pub last_image: Option<Media>,
    /// Pictures whose subjects are to appear, in the user's order.
    pub reference_images: Vec<Media>,
    /// Seconds.
    pub duration: Option<u32>,
    /// `16:9` and the like.
    pub aspect_ratio: Option<String>,
    /// `1280x720` and the like, in pixels.
    pub size: Option<String>,
    /// For models that can repeat themselves.
    pub seed: Option<i64>,
    /// Whether sound is wanted.
    pub audio: Option<bool>,
    /// The model's word for a look.
    pub style: Option<String>,
    /// The model's word for the amount of movement.
    pub motion: Option<String>,
    /// Anything else the model documents, under its name on the wire.
    pub params: BTreeMap<String, Value>,
}

impl Request {
    /// A request that sets nothing yet.
    #[must_use]
    pub fn new(model: ModelName) -> Self {
        Self {
            model,
            prompt: None,
            image: None,
            last_image: None,
            reference_images: Vec::new(),
            duration: None,
            aspect_ratio: None,
            size: None,
            seed: None,
            audio: None,
            style: None,
            motion: None,
            params: BTreeMap::new(),
        }
    }

    /// Returns every portable field that is set, in the order of [`Field::ALL`]. Model and params stand apart.
    ///
    /// The one list of a request's fields: fingerprint, wire body, sidecar and checks all read it.
    pub fn fields(&self) -> impl Iterator<Item = (Field, Setting<'_>)> {
        // Without `..`: a new field does not compile before it stands here.
        let Self {
            model: _,
            params: _,
            prompt,
            image,
            last_image,
            reference_images,
            duration,
            aspect_ratio,
            size,
            seed,
            audio,
            style,
            motion,
        } = self;
        let text = |field, text| (field, Option::map(text, Setting::Text));
        let picture =
            |field, one| (field, Option::map(one, |one| Setting::Pictures(std::slice::from_ref(one))));
        let list = reference_images.as_slice();
        [
            text(Field::Prompt, prompt.as_deref()),
            picture(Field::Image, image.as_ref()),
            picture(Field::LastImage, last_image.as_ref()),
            (Field::ReferenceImages, (!list.is_empty()).then_some(Setting::Pictures(list))),
            (Field::Duration, duration.map(|seconds| Setting::Int(seconds.into()))),
            text(Field::AspectRatio, aspect_ratio.as_deref()),
            text(Field::Size, size.as_deref()),
            (Field::Seed, seed.map(Setting::Int)),
            (Field::Audio, audio.map(Setting::Bool)),
            text(Field::Style, style.as_deref()),
            text(Field::Motion, motion.as_deref()),
        ]
        .into_iter()
        .filter_map(|(field, setting)| Some((field, setting?)))
    }

    /// Returns what the request sets under that name, if it sets the field at all.
    #[must_use]
    pub fn setting(&self, field: Field) -> Option<Setting<'_>> {
        self.fields().find(|(set, _)| *set == field).map(|(_, setting)| setting)
    }

    /// Every picture of the request: image, last image, references.
    pub fn media(&self) -> impl Iterator<Item = &Media> {
        self.pictures().map(|(_, media)| media)
    }

    /// Returns every picture with the field that holds it.
    pub fn pictures(&self) -> impl Iterator<Item = (Field, &Media)> {
        let image = self.image.iter().map(|media| (Field::Image, media));
        let last = self.last_image.iter().map(|media| (Field::LastImage, media));
        let references = self.reference_images.iter().map(|media| (Field::ReferenceImages, media));
        image.chain(last).chain(references)
    }
}

/// What a request sets under one of the portable names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Setting<'a> {
    /// Text.
    Text(&'a str),
    /// A whole number.
    Int(i64),
    /// `true` or `false`.
    Bool(bool),
    /// One picture or more.
    Pictures(&'a [Media]),
}

impl Setting<'_> {
    /// Returns the value as a model's card knows it; `None` for pictures.
    #[must_use]
    pub fn value(&self) -> Option<Value> {
        match *self {
            Self::Text(text) => Some(Value::Text(text.to_owned())),
            Self::Int(number) => Some(Value::Int(number)),
            Self::Bool(yes) => Some(Value::Bool(yes)),
            Self::Pictures(_) => None,
        }
    }
}

/// The fields that every provider shares, under the names of the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// What is to be seen.
    Prompt,
    /// The picture, or the first frame.
    Image,
    /// The last frame.
    LastImage,
    /// Pictures whose subjects are to appear.
    ReferenceImages,
    /// Seconds.
    Duration,
    /// `16:9` and the like.
    AspectRatio,
    /// `1280x720` and the like.
    Size,
    /// For models that can repeat themselves.
    Seed,
    /// Whether sound is wanted.
    Audio,
    /// The model's word for a look.
    Style,
    /// The model's word for the amount of movement.
    Motion,
}

impl Field {
    /// All fields, in the order in which tables show them.
    pub const ALL: [Self; 11] = [
        Self::Prompt,
        Self::Image,
        Self::LastImage,
        Self::ReferenceImages,
        Self::Duration,
        Self::AspectRatio,
        Self::Size,
        Self::Seed,
        Self::Audio,
        Self::Style,
        Self::Motion,
    ];

    /// The name in manifests, model cards and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Image => "image",
            Self::LastImage => "last_image",
            Self::ReferenceImages => "reference_images",
            Self::Duration => "duration",
            Self::AspectRatio => "aspect_ratio",
            Self::Size => "size",
            Self::Seed => "seed",
            Self::Audio => "audio",
            Self::Style => "style",
            Self::Motion => "motion",
        }
    }

    /// The field of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }
}

/// A picture as the request names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Media {
    /// Fetched by the provider; we never look at it.
    Url(String),
    /// A local file, sent inline.
    File(MediaFile),
    /// A data URI that the user wrote.
    Inline {
        /// The whole `data:` URI.
        uri: String,
        /// Facts of the bytes inside.
        facts: PictureFacts,
    },
}

impl Media {
    /// Facts of the bytes, where we have the bytes.
    #[must_use]
    pub fn facts(&self) -> Option<&PictureFacts> {
        match self {
            Self::Url(_) => None,
            Self::File(file) => Some(&file.facts),
            Self::Inline { facts, .. } => Some(facts),
        }
    }
}

/// A local picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaFile {
    /// As written in the manifest or the sheet: relative to the manifest's folder.
    pub path: String,
    /// What the file was when it was looked at; the bytes that are sent must still have this hash.
    pub facts: PictureFacts,
}

/// What a picture is, read from its header and never from its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureFacts {
    /// The format by content.
    pub format: PictureFormat,
    /// Size in bytes.
    pub bytes: u64,
    /// Of all bytes.
    pub sha256: Sha256,
    /// Pixels, as the picture is shown.
    pub width: u32,
    /// Pixels, as the picture is shown.
    pub height: u32,
    /// What some models cannot handle. Not kept with an order.
    pub traits: PictureTraits,
}

/// Properties of a picture that some models cannot handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PictureTraits {
    /// Whether it is stored otherwise than it is shown: mirrored or turned by its EXIF orientation.
    pub turned: bool,
    /// Whether it has the four colours of a print.
    pub cmyk: bool,
    /// Whether its colours have more than 8 bits.
    pub deep: bool,
}

/// What a picture behind a link is, as far as its first bytes tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The format by content.
    pub format: PictureFormat,
    /// Size in bytes, where its server says.
    pub bytes: Option<u64>,
    /// Pixels, as the picture is shown.
    pub width: u32,
    /// Pixels, as the picture is shown.
    pub height: u32,
    /// What some models cannot handle.
    pub traits: PictureTraits,
}

impl From<&PictureFacts> for Seen {
    fn from(&PictureFacts { format, bytes, width, height, traits, sha256: _ }: &PictureFacts) -> Self {
        Self { format, bytes: Some(bytes), width, height, traits }
    }
}

/// Picture formats that video models take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PictureFormat {
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP.
    Webp,
}

impl PictureFormat {
    /// All formats.
    pub const ALL: [Self; 3] = [Self::Png, Self::Jpeg, Self::Webp];

    /// The media type, as a data URI names it.
    #[must_use]
    pub const fn mime(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }

    /// The name that cards and messages use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Webp => "webp",
        }
    }
}

/// A parameter's value, typed by the model's card.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text.
    Text(String),
}
