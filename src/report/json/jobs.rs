//! Formats the list of jobs as JSON.

use crate::app::gallery::{Gallery, GalleryJob};
use crate::app::jobs::{JobsReport, UNCHECKED, spent};
use crate::domain::money::Usd;
use crate::domain::verdict::Verdict;
use crate::plan::bucket::Bucket;
use serde_json::{Value, json};

/// Returns the selected jobs as one JSON object.
#[must_use]
pub fn object(report: &JobsReport) -> Value {
    let Gallery { project, sandbox, jobs, buckets, out, .. } = &report.gallery;
    json!({
        "schema": "shotlist.jobs/1",
        "project": project,
        "sandbox": sandbox,
        "out": out.display().to_string(),
        "selected": jobs.len(),
        "of": report.all,
        "states": buckets.named().collect::<std::collections::BTreeMap<_, _>>(),
        "spent_usd": report.spent().plain(),
        "to_pay_usd": report.to_pay().plain(),
        "jobs": jobs.iter().map(|listed| job(report, listed)).collect::<Vec<Value>>(),
        "next": report.next,
    })
}

/// Returns one job as JSON, with the fields that the list of jobs shows.
pub(super) fn job(report: &JobsReport, job: &GalleryJob) -> Value {
    let record = &job.record;
    json!({
        "job": record.key.to_string(),
        "shot": record.key.shot,
        "item": record.key.item.raw(),
        "variant": record.key.variant,
        "title": record.title.raw(),
        "tags": record.tags,
        "state": job.bucket.name(),
        "open_redo": job.open_redo.map(Bucket::name),
        "decision": job.standing.name(),
        "verdict": job.verdict().map_or(UNCHECKED, Verdict::name),
        "model": report.model(job).map(ToString::to_string),
        "price_usd": report.price(job).map(Usd::plain),
        "spent_usd": spent(job).plain(),
        "renderings": record.takes.len(),
        "path": report.saved_as(job),
    })
}
