//! The request for a rendering, in fields that all providers share.

use super::digest::Sha256;
use super::key::ModelName;
use std::collections::BTreeMap;

/// A request for a rendering that has only the fields set by the manifest: no defaults of this program, no API details.
///
/// The fingerprint covers only these fields, so a corrected model card or a new default never causes a second payment.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The model that renders the clip.
    pub model: ModelName,
    /// The prompt: a description of the clip.
    pub prompt: Option<String>,
    /// The picture to animate, or the first frame.
    pub image: Option<Media>,
    /// The picture for the last frame of the clip.
    pub last_image: Option<Media>,
    /// The pictures whose subjects appear in the clip, in the user's order.
    pub reference_images: Vec<Media>,
    /// The length of the clip in seconds.
    pub duration: Option<u32>,
    /// The aspect ratio, such as `16:9`.
    pub aspect_ratio: Option<String>,
    /// The size in pixels, such as `1280x720`.
    pub size: Option<String>,
    /// The seed, for models that can reproduce a clip.
    pub seed: Option<i64>,
    /// True for a clip with sound, false for a clip without sound.
    pub audio: Option<bool>,
    /// The visual style, by a word that the model's API defines, such as `anime`.
    pub style: Option<String>,
    /// The amount of movement, by a word that the model's API defines, such as `small`.
    pub motion: Option<String>,
    /// Any other documented parameter of the model, under its name in the API.
    pub params: BTreeMap<String, Value>,
}

impl Request {
    /// Returns a request without any settings.
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

    /// Returns the fields that the request sets, with their settings, in the order of [`Field::ALL`]. The model and
    /// `params` are not among them.
    ///
    /// Fingerprint, request body, sidecar and checks all use this list, so a field can be forgotten only here.
    pub fn fields(&self) -> impl Iterator<Item = (Field, Setting<'_>)> {
        // No `..`, so that a new field does not compile until it is listed here.
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

    /// Returns the setting of a field, if the request sets it.
    #[must_use]
    pub fn setting(&self, field: Field) -> Option<Setting<'_>> {
        self.fields().find(|(set, _)| *set == field).map(|(_, setting)| setting)
    }

    /// Returns every picture of the request: image, last image, references.
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

/// The setting of a field that all providers share, such as the prompt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Setting<'a> {
    /// A text.
    Text(&'a str),
    /// A whole number.
    Int(i64),
    /// A truth value, `true` or `false`.
    Bool(bool),
    /// One picture or more.
    Pictures(&'a [Media]),
}

impl Setting<'_> {
    /// Returns the setting as a value of the type that model cards use; `None` for pictures.
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

/// A field that all providers share, under its name in the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// The prompt: a description of the clip.
    Prompt,
    /// The picture to animate, or the first frame.
    Image,
    /// The picture for the last frame of the clip.
    LastImage,
    /// The pictures whose subjects appear in the clip.
    ReferenceImages,
    /// The length of the clip in seconds.
    Duration,
    /// The aspect ratio, such as `16:9`.
    AspectRatio,
    /// The size in pixels, such as `1280x720`.
    Size,
    /// The seed, for models that can reproduce a clip.
    Seed,
    /// The choice between a clip with sound and one without.
    Audio,
    /// The visual style, as one of the model's own words.
    Style,
    /// The amount of movement, as one of the model's own words.
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

    /// Returns the name of the field in manifests, model cards and messages.
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

    /// Returns the field with this name; `None` if there is none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }
}

/// A reference to a picture in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Media {
    /// A link that the provider downloads.
    Url(String),
    /// A local file, which is sent in the request.
    File(MediaFile),
    /// A picture that the user wrote as a data URI.
    Inline {
        /// The whole `data:` URI.
        uri: String,
        /// The properties of the picture that the URI contains.
        facts: PictureFacts,
    },
}

impl Media {
    /// Returns the properties of the picture; `None` for a link, because the provider downloads its bytes.
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
    /// The path from the manifest or the sheet, relative to the manifest's folder.
    pub path: String,
    /// The properties of the file when it was read. The bytes that are sent later must still have the same hash.
    pub facts: PictureFacts,
}

/// The properties of a picture, read from its header and never from its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureFacts {
    /// The format, detected from the content.
    pub format: PictureFormat,
    /// The size of the picture's data in bytes.
    pub bytes: u64,
    /// The SHA-256 digest of the picture's data.
    pub sha256: Sha256,
    /// The width in pixels of the picture as it is shown.
    pub width: u32,
    /// The height in pixels of the picture as it is shown.
    pub height: u32,
    /// Properties of the picture that some models cannot handle. They are not stored with a request.
    pub traits: PictureTraits,
}

/// Properties of a picture that some models cannot handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PictureTraits {
    /// True if the picture is stored mirrored or turned, so that viewers must correct it by its EXIF orientation.
    pub turned: bool,
    /// True if the picture has the four colours of print (CMYK).
    pub cmyk: bool,
    /// True if the picture has more than 8 bits for each colour channel.
    pub deep: bool,
}

/// The properties of a linked picture, known from its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The format, detected from the content.
    pub format: PictureFormat,
    /// The size of the picture in bytes, if the picture's server states it.
    pub bytes: Option<u64>,
    /// The width in pixels of the picture as it is shown.
    pub width: u32,
    /// The height in pixels of the picture as it is shown.
    pub height: u32,
    /// Properties of the picture that some models cannot handle.
    pub traits: PictureTraits,
}

impl From<&PictureFacts> for Seen {
    fn from(&PictureFacts { format, bytes, width, height, traits, sha256: _ }: &PictureFacts) -> Self {
        Self { format, bytes: Some(bytes), width, height, traits }
    }
}

/// A picture format that video models accept.
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
    /// All picture formats that video models accept.
    pub const ALL: [Self; 3] = [Self::Png, Self::Jpeg, Self::Webp];

    /// Returns the media type for a data URI.
    #[must_use]
    pub const fn mime(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }

    /// Returns the name of the format, as messages and the built-in descriptions of models write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Webp => "webp",
        }
    }
}

/// The value of a parameter, with the type from the model's card.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    /// A truth value, `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A text.
    Text(String),
}
