//! Retries: sends failed jobs again, each as a new take (rendering).

use super::decided::Decided;
use super::error::Error;
use super::inputs::{invalid, load, valid};
use super::names::Names;
use super::plan::{attach_history, plan_tables};
use super::project::Project;
use super::project_status::kept_as;
use super::reorder::{Reorder, cost, decide_all, other_buckets, submit_reorder};
use super::reporter::News;
use super::selection::{Bounds, Selection};
use super::session::Session;
use super::summary::RunReport;
use crate::app::words::Words;
use crate::domain::fault::Refusal;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{Charged, State};
use crate::domain::money::Usd;
use crate::domain::price::amount;
use crate::domain::take::{Fingerprint, Take, Wanted};
use crate::domain::text::count;
use crate::manifest::{Manifest, Reuse};
use crate::plan::bucket::Bucket;
use crate::plan::decide::{self, Decision};
use crate::store::{LockedTables, PlanTables, StoreError};
use std::collections::{HashMap, HashSet};

/// A request to send failed jobs again.
#[derive(Debug, Clone, Default)]
pub struct RetryRequest {
    /// Failed jobs to send again.
    pub selection: Selection,
    /// Limits on the money and the time of the run.
    pub bounds: Bounds,
    /// True to include failed jobs that were charged or may have been charged.
    pub charged: bool,
    /// True to include jobs that the provider would probably refuse again.
    pub include_permanent: bool,
    /// True to include jobs whose rendering a person has written off.
    pub written_off: bool,
}

impl Project {
    /// Sends failed jobs again.
    ///
    /// Without further options, it sends only jobs that may succeed now and whose failure certainly cost nothing. A
    /// dismissed job (a person accepted the failure) is sent only if a name or pattern in the selection matches the
    /// job.
    pub async fn retry(&self, request: &RetryRequest) -> Result<RunReport, Error> {
        retry(self, request).await
    }
}

async fn retry(project: &Project, args: &RetryRequest) -> Result<RunReport, Error> {
    let plan_tables = plan_tables(&project.places)?;
    let loaded = valid(project, load(project, &plan_tables))?;
    let manifest = loaded.manifest.as_ref().ok_or_else(invalid)?;
    let session = Session::open(project, "retry")?;
    session.keep_output().await?;
    let name = Some(manifest.project.as_str());
    let kept_as = kept_as(Some(manifest.clone()));
    let mut failed = session.store.ended(name, kept_as).await?;
    attach_history(&plan_tables, &session.places, manifest, Some(&session.store))?;
    let decided = decide_all(&plan_tables, &loaded, manifest)?;
    for id in planned(&decided, &failed)? {
        failed.extend(session.store.take_by_id(&id).await?);
    }
    failed.retain(|take| args.written_off || matches!(take.state, State::Failed { .. }));
    let dismissed = session.store.dismissed().await?;
    // Naming a job overrides its earlier dismissal.
    failed.retain(|take| !args.selection.only.is_empty() || !dismissed.contains(&take.id));
    let chosen = chosen(project, args, failed, &plan_tables, manifest);
    let chosen = chosen.map_err(|error| error.or_hint(session.places.typed("plan")))?;
    let keys: Vec<JobKey> = chosen.iter().map(|(take, _)| take.key.clone()).collect();
    let others = other_buckets(&decided, &keys)?;
    let having = finished(&decided, keys)?;
    // The last connection to close checkpoints the write-ahead log, and that of the planning tables may not write.
    drop((decided, plan_tables));
    if chosen.is_empty() {
        let (what, next) = ("nothing to retry".to_owned(), Some(session.places.typed("status")));
        return Ok(RunReport::nothing(what, next));
    }
    let twice: Vec<Usd> =
        chosen.iter().filter(|(take, _)| was_charged(take)).map(|(_, job)| cost(job)).collect();
    let is_twice = !twice.is_empty();
    let second = format!("{} of this price is, or may be, a second payment for the same clip", amount(twice));
    let reorder = Reorder {
        command: "retry",
        repeat: repeat_command(args),
        question: format!("Send {} again", count(chosen.len(), "job")),
        action: format!("sending {} again", count(chosen.len(), "job")),
        jobs: chosen.into_iter().map(|(_, wanted)| wanted).collect(),
        notes: Some(second).filter(|_| is_twice).into_iter().collect(),
        others,
        having,
    };
    Box::pin(submit_reorder(session, &loaded, &args.bounds, reorder)).await
}

/// Returns the failed takes that the plan leaves to `retry` and that are not in `known`.
///
/// `known` has the failed takes of the jobs as the last run recorded them, but the plan uses the current manifest. If
/// the manifest was edited before that run, and the edit was undone afterwards, the plan may have further failed takes.
fn planned(decided: &Decided, known: &[Take]) -> Result<Vec<TakeId>, StoreError> {
    let mut planned = Vec::new();
    decided.plan_tables.lock().each_named::<StoreError>(&["failed"], |tables, job| {
        let Decision::Failed { take, from: None, .. } = &job.decision else { return Ok(()) };
        let own = tables.known(&job.wanted.key)?;
        let is_own = own.is_some_and(|own| own.takes.iter().any(|known| known.id == *take));
        if is_own && known.iter().all(|known| known.id != *take) {
            planned.push(take.clone());
        }
        Ok(())
    })?;
    Ok(planned)
}

/// Returns the jobs among `keys` that still have a clip, because only their redo (another rendering) failed.
fn finished(decided: &Decided, keys: Vec<JobKey>) -> Result<HashSet<JobKey>, StoreError> {
    let tables = decided.plan_tables.lock();
    let mut finished = HashSet::new();
    for key in keys {
        if tables.find(&key)?.is_some_and(|job| Bucket::of(&key, &job.decision) == Bucket::Done) {
            finished.insert(key);
        }
    }
    Ok(finished)
}

/// Returns the command that repeats the request and asks again.
fn repeat_command(args: &RetryRequest) -> String {
    let RetryRequest { selection, bounds, charged, include_permanent, written_off } = args;
    Words::new("retry")
        .selection(selection)
        .flag("--charged", *charged)
        .flag("--include-permanent", *include_permanent)
        .flag("--written-off", *written_off)
        .bounds(bounds)
        .build()
}

fn was_charged(take: &Take) -> bool {
    matches!(
        take.state,
        State::Failed { charged: Charged::Yes | Charged::Unknown, .. } | State::WrittenOff { .. }
    )
}

/// Returns the failed takes (renderings) to send again, each with its job as the manifest asks for it now.
///
/// A job that gets another job's clip free of charge is not sent, and one rendering serves all jobs that share a request.
fn chosen(
    project: &Project,
    args: &RetryRequest,
    failed: Vec<Take>,
    plan_tables: &PlanTables,
    manifest: &Manifest,
) -> Result<Vec<(Take, Wanted)>, Error> {
    let Selection { only, limit } = &args.selection;
    let names = Names::of_wanted(plan_tables, only)?;
    let mut chosen = Vec::new();
    let mut leaders: HashMap<Fingerprint, JobKey> = HashMap::new();
    for take in failed.into_iter().filter(|take| names.has(&take.key)) {
        let job = plan_tables.lock().find(&take.key)?;
        let Some(job) = job.filter(|job| job.wanted.fingerprint == take.fingerprint) else {
            let why = "the manifest has changed since the job was sent: `run` renders the job as it is now";
            project.tell(&News::Skipped { job: &take.key, why });
            continue;
        };
        let served = served(&plan_tables.lock(), &take.key, &job.decision)?;
        if let Some(why) = served.or_else(|| unasked(args, &take)) {
            project.tell(&News::Skipped { job: &take.key, why: &why });
            continue;
        }
        let may_share = |leader: &&JobKey| {
            matches!(job.decision, Decision::Failed { .. })
                && manifest.rules(&take.key.shot).reuse == Reuse::Always
                && decide::may_share(leader, &take.key)
        };
        if let Some(leader) = leaders.get(&take.fingerprint).filter(may_share) {
            let why = format!("it gets the clip of {leader} with the next run");
            project.tell(&News::Skipped { job: &take.key, why: &why });
        } else if limit.is_none_or(|limit| chosen.len() < limit) {
            leaders.entry(take.fingerprint).or_insert_with(|| take.key.clone());
            chosen.push((take, job.wanted));
        }
    }
    // A name is right where any job has it, failed or not.
    if !only.is_empty() {
        plan_tables.lock().each_wanted::<StoreError>(|wanted| {
            names.has(&wanted.key);
            Ok(())
        })?;
    }
    for warning in names.warnings()? {
        project.tell(&News::Warning(&warning));
    }
    Ok(chosen)
}

/// Returns why a failed job must not be paid for again: another job with the same request has a clip or an unsettled
/// take. Returns `None` if there is no such job.
fn served(tables: &LockedTables, key: &JobKey, decision: &Decision) -> Result<Option<String>, StoreError> {
    Ok(match decision {
        Decision::Shared { leader, .. } | Decision::Renamed { from: leader, unsent: false, .. } => {
            Some(format!("`run` gives it the clip of {leader} (in this or another project), free of charge"))
        }
        // The job may have got the copy after its own request failed.
        Decision::Unchanged { take, .. }
            if tables.known(key)?.is_some_and(|job| job.takes.iter().all(|own| own.id != *take)) =>
        {
            Some("it has the clip of another job; `redo` renders one of its own, at a new charge".to_owned())
        }
        Decision::Blocked { key, .. } => Some(format!(
            "an earlier request for {key} (in this or another project) has no result yet and may be charged"
        )),
        _ => None,
    })
}

/// Returns why a failed take needs a further flag to be sent again, in words; `None` if it needs none.
fn unasked(args: &RetryRequest, take: &Take) -> Option<String> {
    let State::Failed { refusal, .. } = take.state else { return None };
    if was_charged(take) && !args.charged {
        return Some(format!(
            "{} may have been charged already; --charged renders it again and may pay a second time",
            amount([take.cost()])
        ));
    }
    if !refusal.permanent() || args.include_permanent {
        return None;
    }
    let how = match refusal {
        Refusal::Model => {
            "once the model is enabled for your account, --include-permanent sends the job again"
        }
        _ => "the provider would refuse it again; change its input, or use --include-permanent",
    };
    Some(format!("{} ({}): {how}", refusal.words(), refusal.name()))
}
