//! Converts states of takes, and requests, to and from their stored JSON. No other code may depend on this format.
//!
//! The types of `domain` do not use serde, so each has a mirror type here that serde fills. Everything ever written
//! must stay readable: a field may be added with a default, but never renamed.

use crate::domain::digest::Sha256;
use crate::domain::fault::Refusal;
use crate::domain::key::{ModelName, RequestId, TaskId};
use crate::domain::lifecycle::{
    CancelledBy, Charged, Clip, ClipFile, HeldReason, Intent, PollCounters, State, Task,
};
use crate::domain::request::{Media, MediaFile, PictureFacts, PictureFormat, PictureTraits, Request, Value};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(super) mod text;

/// Defines the module `$module` with serde functions for `Option<$type>`. `$mirror` names the module or type with which
/// serde converts the `$type` itself.
macro_rules! optional {
    ($module:ident, $type:ty, $mirror:literal) => {
        pub(super) mod $module {
            use super::*;
            use serde::{Deserializer, Serializer};

            #[derive(Serialize, Deserialize)]
            pub(super) struct Mirror(#[serde(with = $mirror)] pub(super) $type);

            #[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
            pub(in crate::store) fn serialize<S: Serializer>(
                value: &Option<$type>,
                s: S,
            ) -> Result<S::Ok, S::Error> {
                value.clone().map(Mirror).serialize(s)
            }

            pub(in crate::store) fn deserialize<'de, D: Deserializer<'de>>(
                d: D,
            ) -> Result<Option<$type>, D::Error> {
                Ok(Option::<Mirror>::deserialize(d)?.map(|Mirror(value)| value))
            }
        }
    };
}

optional!(maybe_time, Timestamp, "text");
optional!(maybe_task, Task, "TaskMirror");
optional!(maybe_media, Media, "MediaMirror");
optional!(maybe_refusal, Refusal, "RefusalMirror");
optional!(maybe_charged, Charged, "ChargedMirror");

#[derive(Serialize, Deserialize)]
struct Param(#[serde(with = "ValueMirror")] Value);

mod media_list {
    use super::{Media, maybe_media::Mirror};
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(list: &[Media], s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(list.iter().cloned().map(Mirror))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Media>, D::Error> {
        Ok(Vec::<Mirror>::deserialize(d)?.into_iter().map(|Mirror(media)| media).collect())
    }
}

mod params {
    use super::{BTreeMap, Param, Value};
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(map: &BTreeMap<String, Value>, s: S) -> Result<S::Ok, S::Error> {
        s.collect_map(map.iter().map(|(name, value)| (name, Param(value.clone()))))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<BTreeMap<String, Value>, D::Error> {
        let map = BTreeMap::<String, Param>::deserialize(d)?;
        Ok(map.into_iter().map(|(name, Param(value))| (name, value)).collect())
    }
}

/// The serde functions that write and read a task id as text.
mod task_id {
    use super::TaskId;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(id: &TaskId, s: S) -> Result<S::Ok, S::Error> {
        id.0.raw().serialize(s)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<TaskId, D::Error> {
        Ok(TaskId(String::deserialize(d)?.into()))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "RequestId")]
struct RequestIdMirror(String);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Intent")]
struct IntentMirror {
    attempt: u32,
    #[serde(with = "RequestIdMirror")]
    request_id: RequestId,
    #[serde(with = "text")]
    at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Task")]
struct TaskMirror {
    #[serde(with = "task_id")]
    id: TaskId,
    #[serde(with = "IntentMirror")]
    intent: Intent,
    #[serde(with = "text")]
    accepted: Timestamp,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    charged: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Clip")]
struct ClipMirror {
    url: String,
    cover: Option<String>,
    #[serde(with = "maybe_time")]
    expires: Option<Timestamp>,
    #[serde(default)]
    others: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ClipFile")]
struct ClipFileMirror {
    size: u64,
    #[serde(with = "text")]
    sha256: Sha256,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "PollCounters")]
struct WatchMirror {
    polls: u32,
    overdue: u32,
    setbacks: u32,
    missing: u8,
    empty: u8,
    #[serde(default)]
    mistaken: u8,
    fresh_links: u8,
    // Earlier versions counted these two next to the link, for one link alone.
    #[serde(default)]
    damaged: u8,
    #[serde(default)]
    troubles: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "HeldReason", rename_all = "snake_case")]
enum HeldReasonMirror {
    AmbiguousSubmit,
    IdConflict,
    IdMismatch,
    TaskLost,
    TaskStuck,
    NoResult,
    UrlExpired,
    UnsafeUrl,
    NameConflict,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Refusal", rename_all = "snake_case")]
enum RefusalMirror {
    Input,
    Policy,
    Model,
    Generation,
    Cancelled,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Charged", rename_all = "snake_case")]
enum ChargedMirror {
    No,
    Yes,
    Unknown,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "CancelledBy", rename_all = "snake_case")]
enum CancelledByMirror {
    User,
    Superseded,
}

const fn end_of_time() -> Timestamp {
    Timestamp::MAX
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "State", rename_all = "snake_case")]
enum StateMirror {
    Pending {
        tries_left: u8,
        setbacks: u32,
        #[serde(with = "text")]
        due: Timestamp,
    },
    Submitting {
        #[serde(with = "IntentMirror")]
        intent: Intent,
        tries_left: u8,
        setbacks: u32,
    },
    Doubtful {
        #[serde(with = "IntentMirror")]
        intent: Intent,
        // Rows of the first version lack it. After the maximum time, no denial is late enough to prove anything.
        #[serde(with = "text", default = "end_of_time")]
        since: Timestamp,
        #[serde(default)]
        tries_left: u8,
        looks: u8,
        #[serde(with = "maybe_time")]
        absent: Option<Timestamp>,
        #[serde(with = "text")]
        due: Timestamp,
    },
    Running {
        #[serde(with = "TaskMirror")]
        task: Task,
        #[serde(rename = "watch", with = "WatchMirror")]
        counters: PollCounters,
        #[serde(with = "text")]
        due: Timestamp,
    },
    Downloading {
        #[serde(with = "TaskMirror")]
        task: Task,
        #[serde(with = "ClipMirror")]
        clip: Clip,
        #[serde(rename = "watch", with = "WatchMirror")]
        counters: PollCounters,
        #[serde(with = "text")]
        due: Timestamp,
    },
    Placing {
        #[serde(with = "TaskMirror")]
        task: Task,
        #[serde(with = "ClipFileMirror")]
        file: ClipFile,
    },
    Done {
        #[serde(with = "TaskMirror")]
        task: Task,
        #[serde(with = "ClipFileMirror")]
        file: ClipFile,
    },
    Held {
        #[serde(with = "HeldReasonMirror")]
        reason: HeldReason,
        #[serde(with = "IntentMirror")]
        intent: Intent,
        #[serde(with = "maybe_task")]
        task: Option<Task>,
        #[serde(with = "text")]
        since: Timestamp,
    },
    Failed {
        #[serde(with = "RefusalMirror")]
        refusal: Refusal,
        #[serde(with = "ChargedMirror")]
        charged: Charged,
        #[serde(with = "maybe_task")]
        task: Option<Task>,
    },
    Cancelled {
        #[serde(with = "CancelledByMirror")]
        by: CancelledBy,
    },
    WrittenOff {
        #[serde(with = "HeldReasonMirror")]
        reason: HeldReason,
        #[serde(with = "maybe_task")]
        task: Option<Task>,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "PictureFormat", rename_all = "snake_case")]
enum PictureFormatMirror {
    Png,
    Jpeg,
    Webp,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "PictureFacts")]
struct PictureFactsMirror {
    #[serde(with = "PictureFormatMirror")]
    format: PictureFormat,
    bytes: u64,
    #[serde(with = "text")]
    sha256: Sha256,
    width: u32,
    height: u32,
    /// Properties of the picture that some models cannot handle. They are not stored, because only the checks before a
    /// rendering is ordered use these properties.
    #[serde(skip)]
    traits: PictureTraits,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "MediaFile")]
struct MediaFileMirror {
    path: String,
    #[serde(with = "PictureFactsMirror")]
    facts: PictureFacts,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Media", rename_all = "snake_case")]
enum MediaMirror {
    Url(String),
    #[serde(with = "MediaFileMirror")]
    File(MediaFile),
    Inline {
        uri: String,
        #[serde(with = "PictureFactsMirror")]
        facts: PictureFacts,
    },
}

/// A copy of the type [`Value`] (a value of a model's parameter) for serde, written as plain JSON: `true`, `5` or
/// `"slow"`.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Value", untagged)]
enum ValueMirror {
    Bool(bool),
    Int(i64),
    Text(String),
}

/// A copy of the type [`Request`] for serde. If it lacks a field of a request, the program does not compile.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Request")]
struct RequestMirror {
    #[serde(with = "text")]
    model: ModelName,
    prompt: Option<String>,
    #[serde(with = "maybe_media")]
    image: Option<Media>,
    #[serde(with = "maybe_media")]
    last_image: Option<Media>,
    #[serde(with = "media_list")]
    reference_images: Vec<Media>,
    duration: Option<u32>,
    aspect_ratio: Option<String>,
    size: Option<String>,
    seed: Option<i64>,
    audio: Option<bool>,
    style: Option<String>,
    motion: Option<String>,
    #[serde(with = "params")]
    params: BTreeMap<String, Value>,
}

const JSON: &str = "text keys and no floats: always JSON";

pub(super) fn state_json(state: &State) -> String {
    let mut json = Vec::new();
    StateMirror::serialize(state, &mut serde_json::Serializer::new(&mut json)).expect(JSON);
    String::from_utf8(json).expect(JSON)
}

pub(super) fn state_from(json: &str) -> serde_json::Result<State> {
    StateMirror::deserialize(&mut serde_json::Deserializer::from_str(json))
}

pub(super) fn request_json(request: &Request) -> String {
    let mut json = Vec::new();
    RequestMirror::serialize(request, &mut serde_json::Serializer::new(&mut json)).expect(JSON);
    String::from_utf8(json).expect(JSON)
}

pub(super) fn request_from(json: &str) -> serde_json::Result<Request> {
    RequestMirror::deserialize(&mut serde_json::Deserializer::from_str(json))
}

#[cfg(test)]
mod tests;
