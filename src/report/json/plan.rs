//! The plan as one JSON object with each of its jobs, written as they come: no list is held.

use crate::app::places::Places;
use crate::app::plan::PlanReport;
use crate::report::plan::job as job_json;
use crate::report::{pauses, reviews};
use crate::store::StoreError;
use serde::ser::{Error as _, Serialize, SerializeMap as _, SerializeSeq as _, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// A plan with its lists of jobs.
pub struct Listed<'a> {
    object: Value,
    report: &'a PlanReport,
}

impl<'a> Listed<'a> {
    /// Returns a plan to be written.
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

/// A part of the object, by its name.
enum Part<'a> {
    Value(&'a Value),
    Jobs(&'a PlanReport),
    Gone(&'a PlanReport),
}

impl Serialize for Listed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // In the order of their names, as in every other object.
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
                let mut object = job_json(job.wanted, job.decision);
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
