//! Finds the redos (further renderings of finished jobs) about which a report has a note.
//!
//! These are redos that a run does not send, and redos that failed, were written off or need a decision.

use super::decided::Decided;
use super::error::Error;
use super::places::{Places, quoted};
use super::planned::EXAMPLES;
use super::project_status::kept_as;
use crate::domain::key::JobKey;
use crate::domain::lifecycle::State;
use crate::domain::text::count;
use crate::manifest::Manifest;
use crate::plan::decide::Decision;
use crate::plan::known::{Known as _, KnownTake};
use crate::store::{self, LockedTables, Reader, ReviewCounts, StoreError};
use std::collections::{BTreeMap, HashSet};

/// Returns a note for each reason why a run does not send redos that reviewers have queued.
pub(crate) fn unsent_redos(
    decided: &Decided,
    counts: &ReviewCounts,
    places: &Places,
) -> Result<Vec<String>, Error> {
    // A selection may leave others out.
    let unsent = if decided.partial { 0 } else { counts.queued.saturating_sub(decided.redos()?) };
    if unsent == 0 {
        return Ok(Vec::new());
    }
    let mut found = 0;
    let mut jobs: BTreeMap<(&str, &str), Vec<JobKey>> = BTreeMap::new();
    decided.plan_tables.lock().each::<StoreError>(|tables, job| {
        let key = &job.wanted.key;
        let is_queued = tables.rejection(key).is_some_and(|rejection| rejection.is_redo_queued);
        if is_queued && !matches!(job.decision, Decision::Redo { .. }) {
            found += 1;
            if let Some(why) = hindrance(tables, job)? {
                jobs.entry(why).or_default().push(key.clone());
            }
        }
        Ok(())
    })?;
    let notes = jobs.into_iter().map(|((why, words), jobs)| {
        let (redos, named) = (count(jobs.len(), "queued redo"), names(&jobs));
        let words =
            words.replace("{}", &jobs.first().map(|job| quoted(&job.to_string())).unwrap_or_default());
        format!("{redos} will not be sent ({named}): {why}: {}", places.typed(&words))
    });
    let mut notes: Vec<String> = notes.collect();
    let them = match unsent.saturating_sub(found) {
        0 => return Ok(notes),
        1 => "1 queued redo has".to_owned(),
        many => format!("{many} queued redos have"),
    };
    notes.push(format!(
        "{them} no job in the manifest and will not be sent; if its job was renamed, reject the clip under the new \
         name to queue the redo again"
    ));
    Ok(notes)
}

/// Checks whether a job has a queued redo (another rendering that a person requested) that was not sent yet.
pub(crate) fn has_queued_redo(tables: &LockedTables, key: &JobKey) -> Result<bool, StoreError> {
    if tables.rejection(key).is_some_and(|rejection| rejection.is_redo_queued) {
        return Ok(true);
    }
    let (Some(known), Some(wanted)) = (tables.known(key)?, tables.wanted(key)?) else { return Ok(false) };
    let waits = |take: &KnownTake| matches!(take.state, State::Pending { .. });
    Ok(known.takes.iter().any(|take| take.fingerprint == wanted.fingerprint && waits(take)))
}

/// Returns the jobs whose queued redo is sent only after an earlier request has its result.
///
/// `outdated` are the jobs that need another rendering after their unfinished one.
pub(crate) fn waiting_redos<'a>(
    tables: &LockedTables,
    outdated: &'a HashSet<JobKey>,
) -> Result<Vec<&'a JobKey>, StoreError> {
    let mut waiting = Vec::new();
    for key in outdated {
        let found = tables.find(key)?;
        if found.is_some_and(|job| matches!(job.decision.name(), "unchanged" | "in flight")) {
            waiting.push(key);
        }
    }
    waiting.sort_unstable();
    Ok(waiting)
}

/// Returns why the plan does not send the queued redo of a job, and a command to type; `None` if the plan renders the
/// job anyway.
fn hindrance(
    tables: &LockedTables,
    job: &store::Decided,
) -> Result<Option<(&'static str, &'static str)>, StoreError> {
    let held = ("the job needs your decision first", "show {}");
    let waiting = ("the result of an earlier request comes first", "collect");
    Ok(match &job.decision {
        decision if decision.costs() => None,
        Decision::Blocked { state: State::Held { .. }, .. } => Some(held),
        Decision::Failed { state: State::WrittenOff { .. }, .. } => {
            Some(("the request with the job's current input was written off", "show {}"))
        }
        Decision::Failed { .. } => Some(("the request with the job's current input failed", "show {}")),
        Decision::Kept { asks: true, .. } => {
            Some(("the job's input changed", "run --accept-changes --only {}"))
        }
        Decision::Kept { .. } => {
            Some(("the job's input changed, and `on_change: keep` keeps its clip", "show {}"))
        }
        Decision::HeldBack => Some(("the job waits for your review of the first clips", "plan --only {}")),
        _ => match tables.known(&job.wanted.key)? {
            Some(known) if known.takes.iter().any(|take| matches!(take.state, State::Held { .. })) => {
                Some(held)
            }
            Some(known) if known.takes.iter().any(|take| take.state.is_unsettled()) => Some(waiting),
            _ => Some(("the job gets another clip without a new request", "plan --only {}")),
        },
    })
}

/// Returns notes about redos (further renderings) that failed, were written off or need a decision.
///
/// Only redos of jobs in the plan that keep their clip are included.
pub(crate) async fn open_redos(
    decided: &Decided,
    reader: Option<&Reader>,
    manifest: &Manifest,
    places: &Places,
) -> Result<Vec<String>, Error> {
    let Some(reader) = reader else { return Ok(Vec::new()) };
    let name = Some(manifest.project.as_str());
    let dismissed = reader.dismissed().await?;
    let mut takes = reader.held(name).await?;
    let ended = reader.ended(name, kept_as(Some(manifest.clone()))).await?;
    takes.extend(ended.into_iter().filter(|take| !dismissed.contains(&take.id)));
    let tables = decided.plan_tables.lock();
    let mut jobs: BTreeMap<&str, Vec<JobKey>> = BTreeMap::new();
    for take in takes {
        let found = tables.find(&take.key)?.filter(|_| take.project == manifest.project);
        if found.is_some_and(|job| matches!(job.decision, Decision::Unchanged { .. } | Decision::Kept { .. }))
        {
            let what = match take.state {
                State::Held { .. } => "needs your decision",
                State::Failed { .. } => "failed",
                _ => "was written off",
            };
            jobs.entry(what).or_default().push(take.key);
        }
    }
    let note = |(what, jobs): (&str, Vec<JobKey>)| {
        let (clips, named) = (count(jobs.len(), "finished job"), names(&jobs));
        let has = if jobs.len() == 1 { "has" } else { "have" };
        let show = jobs.first().map(|job| places.typed(&format!("show {}", quoted(&job.to_string()))));
        format!("{clips} {has} a redo that {what} ({named}): {}", show.unwrap_or_default())
    };
    Ok(jobs.into_iter().map(note).collect())
}

/// Returns the keys of the first jobs, and three dots if there are more.
fn names(jobs: &[JobKey]) -> String {
    let mut names: Vec<String> = jobs.iter().take(EXAMPLES).map(JobKey::to_string).collect();
    names.extend((jobs.len() > EXAMPLES).then(|| "…".to_owned()));
    names.join(", ")
}
