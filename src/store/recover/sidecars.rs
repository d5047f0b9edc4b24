//! Converts sidecars (JSON files next to clips) to lines of a new ledger, if the old one is lost.
//!
//! A sidecar proves one paid rendering: its submission, its task and its clip. Formats 1 and 2 are read.

use crate::domain::digest::Sha256;
use crate::domain::key::{JobKey, RequestId, TakeId, TaskId};
use crate::domain::lifecycle::{ClipFile, Intent, State, Task};
use crate::domain::money::Usd;
use crate::domain::request::{
    Field, Media, MediaFile, PictureFacts, PictureFormat, PictureTraits, Request, Value,
};
use crate::domain::take::Take;
use crate::store::ledger::{Entry, Kind};
use jiff::Timestamp;
use serde_json::{Map, Value as Json};

/// The value of `why` that marks a ledger line as made from a sidecar. The ledger may lack other submissions that were
/// made before such a line.
pub(super) const FROM_SIDECAR: &str = "sidecar";

/// A finished take as its sidecar describes it.
pub(super) struct SidecarTake {
    /// The finished take, with the path of the clip that belongs to the sidecar.
    pub(super) take: Take,
    pub(super) file: ClipFile,
    /// True if the clip is still at the path where the run placed it.
    pub(super) in_place: bool,
    /// True if the clip still exists with the recorded size and hash; false if it is missing or altered.
    pub(super) stands: bool,
    settled: Usd,
    submitted: Timestamp,
    placed: Timestamp,
}

impl SidecarTake {
    /// Reads the sidecar of the clip at a path; returns `None` if it lacks data that the ledger needs, such as the
    /// price.
    pub(super) fn read(path: &str, sidecar: &Json) -> Option<Self> {
        let text = |name: &str| sidecar[name].as_str();
        let file = ClipFile { size: sidecar["bytes"].as_u64()?, sha256: text("sha256")?.parse().ok()? };
        let price: Usd = text("price_usd")?.parse().ok()?;
        let submitted: Timestamp = text("submitted")?.parse().ok()?;
        let time = |name: &str| text(name).and_then(|text| text.parse::<Timestamp>().ok());
        let attempt = sidecar["attempt"].as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or(1);
        let request_id = RequestId(text("request_id")?.to_owned());
        let task = Task {
            id: TaskId(text("task")?.into()),
            intent: Intent { attempt, request_id, at: submitted },
            accepted: time("accepted").unwrap_or(submitted),
            charged: false,
        };
        let mut key = JobKey::new(text("shot")?, text("item")?);
        text("variant").unwrap_or_default().clone_into(&mut key.variant);
        let take = Take {
            id: TakeId(text("take")?.to_owned()),
            project: text("project")?.to_owned(),
            title: text("title").unwrap_or(key.item.raw()).into(),
            key,
            request: request(sidecar)?,
            fingerprint: text("fingerprint")?.parse().ok()?,
            price,
            settled: text("settled_usd").and_then(|usd| usd.parse().ok()),
            adjusted: false,
            path: path.to_owned(),
            attempts: attempt,
            state: State::Done { task, file },
        };
        let sidecar_take = Self {
            take,
            file,
            in_place: text("path").is_none_or(|placed| placed == path),
            stands: false,
            settled: text("settled_usd").and_then(|usd| usd.parse().ok()).unwrap_or(price),
            submitted,
            placed: time("placed").unwrap_or(submitted),
        };
        // The ledger must be able to read these lines back.
        let is_within = |line: Entry| Entry { seq: 1, ..line }.out_of_bounds().is_none();
        sidecar_take.lines(None).into_iter().all(is_within).then_some(sidecar_take)
    }

    pub(super) const fn submitted(&self) -> Timestamp {
        self.submitted
    }

    /// Builds the three ledger lines of a paid clip: submission, acceptance and charge. Their numbers are set later.
    pub(super) fn lines(&self, out: Option<&str>) -> Vec<Entry> {
        let mut intent = Entry::standing(&self.take, Kind::Intent, self.submitted);
        intent.out = out.map(str::to_owned);
        let accepted = Entry::standing(&self.take, Kind::Accepted, self.submitted);
        let settled = Entry { usd: self.settled, ..Entry::standing(&self.take, Kind::Settled, self.placed) };
        let from_sidecar = |entry| Entry { why: Some(FROM_SIDECAR.to_owned()), ..entry };
        [intent, accepted, settled].map(from_sidecar).to_vec()
    }
}

/// Reads the request that a sidecar records; returns `None` if it is not complete.
fn request(sidecar: &Json) -> Option<Request> {
    let mut request = Request::new(sidecar["model"].as_str()?.parse().ok()?);
    request.prompt = sidecar["prompt"].as_str().map(str::to_owned);
    let empty = Map::new();
    let map = |name: &str| sidecar[name].as_object().unwrap_or(&empty);
    for (name, value) in map("fields") {
        set(&mut request, Field::named(name)?, value)?;
    }
    for (name, value) in map("params") {
        request.params.insert(name.clone(), param(value)?);
    }
    // Format 1 has both in one map.
    for (name, value) in map("parameters") {
        match Field::named(name) {
            Some(field) => set(&mut request, field, value)?,
            None => drop(request.params.insert(name.clone(), param(value)?)),
        }
    }
    Some(request)
}

fn set(request: &mut Request, field: Field, value: &Json) -> Option<()> {
    let text = || value.as_str().map(str::to_owned);
    match field {
        Field::Prompt => request.prompt = Some(text()?),
        Field::Image => request.image = Some(picture(value)?),
        Field::LastImage => request.last_image = Some(picture(value)?),
        Field::ReferenceImages => {
            request.reference_images = value.as_array()?.iter().map(picture).collect::<Option<_>>()?;
        }
        Field::Duration => request.duration = Some(u32::try_from(value.as_u64()?).ok()?),
        Field::AspectRatio => request.aspect_ratio = Some(text()?),
        Field::Size => request.size = Some(text()?),
        Field::Seed => request.seed = Some(value.as_i64()?),
        Field::Audio => request.audio = Some(value.as_bool()?),
        Field::Style => request.style = Some(text()?),
        Field::Motion => request.motion = Some(text()?),
    }
    Some(())
}

fn param(value: &Json) -> Option<Value> {
    Some(match value {
        Json::Bool(yes) => Value::Bool(*yes),
        Json::Number(number) => Value::Int(number.as_i64()?),
        Json::String(text) => Value::Text(text.clone()),
        _ => return None,
    })
}

/// Reads a picture that was sent with the request. Sidecars of format 1 have only its hash, which is enough because the
/// picture is never sent again.
fn picture(value: &Json) -> Option<Media> {
    if let Some(url) = value["url"].as_str() {
        return Some(Media::Url(url.to_owned()));
    }
    let sha256: Sha256 = value["sha256"].as_str()?.parse().ok()?;
    let format =
        PictureFormat::ALL.into_iter().find(|format| Some(format.name()) == value["format"].as_str());
    let side = |name: &str| value[name].as_u64().and_then(|side| u32::try_from(side).ok()).unwrap_or(0);
    let facts = PictureFacts {
        format: format.unwrap_or(PictureFormat::Png),
        bytes: value["bytes"].as_u64().unwrap_or(0),
        sha256,
        width: side("width"),
        height: side("height"),
        traits: PictureTraits::default(),
    };
    Some(match value["path"].as_str() {
        Some(path) => Media::File(MediaFile { path: path.to_owned(), facts }),
        None => Media::Inline { uri: String::new(), facts },
    })
}

/// Checks whether a ledger line about a submission was made from a sidecar (the JSON file next to a clip). Such a line
/// shows that the ledger has lost lines, so other submissions from before may be lost, too.
pub(super) fn is_from_sidecar(entry: &Entry) -> bool {
    entry.kind == Kind::Intent && entry.why.as_deref() == Some(FROM_SIDECAR)
}
