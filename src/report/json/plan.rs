//! Serializes a plan as one JSON object. Each job is written as soon as it is read, so memory holds no list of all
//! jobs.

use crate::app::places::Places;
use crate::app::plan::PlanReport;
use crate::report::plan::job as job_json;
use crate::report::{pauses, reviews};
use crate::store::StoreError;
use serde::ser::{Error as _, Serialize, SerializeMap as _, SerializeSeq as _, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// A plan that is serialized together with its lists of jobs.
pub struct Listed<'a> {
    object: Value,
    report: &'a PlanReport,
}

impl<'a> Listed<'a> {
    /// Returns a plan that is ready to be serialized.
    #[must_use]
    pub fn new(places: &Places, report: &'a PlanReport) -> Self {
        let mut object = report.plan.json();
        object["sandbox"] = places.sandbox.into();
        object["review"] = reviews::json(&report.reviews);
        object["gaps"] = report.has_gaps.into();
        object["paused"] = report.paused.iter().map(pauses::json).collect();
        Self { object, report }
    }
}

/// The value of one key in the plan's JSON object: a finished value, or a list of jobs that is still to be read.
enum Part<'a> {
    Value(&'a Value),
    Jobs(&'a PlanReport),
    Gone(&'a PlanReport),
}

impl Serialize for Listed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The keys are sorted, as in every other object.
        let mut parts: BTreeMap<&str, Part<'_>> = BTreeMap::new();
        let values = self.object.as_object().into_iter().flatten();
        parts.extend(values.map(|(name, value)| (name.as_str(), Part::Value(value))));
        parts.insert("jobs", Part::Jobs(self.report));
        parts.insert("gone", Part::Gone(self.report));
        let mut map = serializer.serialize_map(Some(parts.len()))?;
        for (name, part) in &parts {
            map.serialize_entry(name, part)?;
        }
        map.end()
    }
}

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Self::Value(value) = self {
            return value.serialize(serializer);
        }
        let mut sequence = serializer.serialize_seq(None)?;
        let mut failed = None;
        let mut add = |value: &Value| {
            sequence.serialize_element(value).map_err(|error| {
                failed = Some(error);
                StoreError::Ending
            })
        };
        let written = match self {
            Self::Gone(report) => report.each_gone::<StoreError>(|key| add(&key.to_string().into())),
            Self::Jobs(report) => report.each_job::<StoreError>(|job| {
                let mut object = job_json(job);
                if let Some(loss) = job.loss {
                    object["clip"] = loss.name().into();
                }
                if job.is_dismissed {
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
