//! The plan as one JSON object with each of its jobs, written as they come: no list is held.

use super::decided::Decided;
use super::lost::Lost;
use crate::load::Loaded;
use crate::plan::guards::is_in_place;
use crate::report::plan::job as job_json;
use crate::store::StoreError;
use serde::ser::{Error as _, Serialize, SerializeMap as _, SerializeSeq as _, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// A plan with its lists of jobs.
pub(crate) struct Listed<'a> {
    /// The plan without its lists.
    pub(crate) object: Value,
    /// The jobs of the plan.
    pub(crate) decided: &'a Decided,
    /// Clips that are gone or altered.
    pub(crate) lost: &'a Lost,
    /// What was loaded.
    pub(crate) loaded: &'a Loaded,
}

/// A part of the object, by its name.
enum Part<'a> {
    Value(&'a Value),
    Jobs(&'a Decided, &'a Lost),
    Gone(&'a Listed<'a>),
}

impl Serialize for Listed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // In the order of their names, as in every other object.
        let mut parts: BTreeMap<&str, Part<'_>> = BTreeMap::new();
        let values = self.object.as_object().into_iter().flatten();
        parts.extend(values.map(|(name, value)| (name.as_str(), Part::Value(value))));
        parts.insert("jobs", Part::Jobs(self.decided, self.lost));
        parts.insert("gone", Part::Gone(self));
        let mut map = serializer.serialize_map(Some(parts.len()))?;
        for (name, part) in &parts {
            map.serialize_entry(name, part)?;
        }
        map.end()
    }
}

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let decided = match self {
            Self::Value(value) => return value.serialize(serializer),
            Self::Jobs(decided, _) | Self::Gone(Listed { decided, .. }) => decided,
        };
        let mut sequence = serializer.serialize_seq(None)?;
        let mut failed = None;
        let mut add = |value: &Value| {
            sequence.serialize_element(value).map_err(|error| {
                failed = Some(error);
                StoreError::Ending
            })
        };
        let book = decided.worksheet.book();
        let written = match self {
            Self::Gone(_) if decided.partial => Ok(()),
            Self::Gone(Listed { loaded, .. }) => book.each_gone::<StoreError>(|job| {
                let is_told = is_in_place(&job.filed) && !loaded.left_out.may_have(&job.key.item);
                if is_told { add(&job.key.to_string().into()) } else { Ok(()) }
            }),
            Self::Jobs(_, clips) => book.each::<StoreError>(|_, job| {
                let mut object = job_json(&job.wanted, &job.decision);
                if let Some(loss) = clips.of(&job.wanted.key, &job.decision) {
                    object["clip"] = loss.name().into();
                }
                if clips.is_dismissed(&job.wanted.key, &job.decision) {
                    object["dismissed"] = true.into();
                }
                add(&object)
            }),
            Self::Value(_) => Ok(()),
        };
        match (written, failed) {
            (_, Some(error)) => Err(error),
            (Err(error), None) => Err(S::Error::custom(error)),
            (Ok(()), None) => sequence.end(),
        }
    }
}
