//! Renders finished jobs again, each at a new charge, and keeps the earlier clips.

use super::decided::same_order;
use super::error::Error;
use super::exit::Exit;
use super::find::job_named;
use super::inputs::{invalid, load, valid};
use super::names::Names;
use super::places::quoted;
use super::plan::{attach_history, plan_tables};
use super::project::Project;
use super::reorder::{Reorder, decide_all, other_buckets, submit_reorder};
use super::reporter::News;
use super::selection::Bounds;
use super::session::Session;
use super::summary::RunReport;
use crate::app::words::Words;
use crate::domain::key::JobKey;
use crate::domain::lifecycle::State;
use crate::domain::take::{Fingerprint, Wanted};
use crate::domain::text::count;
use crate::manifest::{Manifest, OnChange, Reuse};
use crate::plan::decide;
use crate::plan::known::{Known as _, KnownTake};
use crate::store::{LockedTables, PlanTables, StoreError};
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

/// A request to render finished jobs again.
#[derive(Debug, Clone, Default)]
pub struct RedoRequest {
    /// Jobs to render again by key (`shot/item`), or by item id if the item has only one job.
    pub jobs: Vec<String>,
    /// Patterns such as `hero/*` for jobs to render again.
    pub only: Vec<String>,
    /// True to render only jobs whose clips are rejected; without names and patterns, all such jobs.
    pub rejected: bool,
    /// Limits on the money and the time of the run.
    pub bounds: Bounds,
}

impl Project {
    /// Renders finished jobs again.
    ///
    /// Each job is a new charge. The earlier clips are kept below `_takes/`.
    pub async fn redo(&self, request: &RedoRequest) -> Result<RunReport, Error> {
        redo(self, request).await
    }
}

async fn redo(project: &Project, args: &RedoRequest) -> Result<RunReport, Error> {
    let plan_tables = plan_tables(&project.places)?;
    let loaded = valid(project, load(project, &plan_tables))?;
    let manifest = loaded.manifest.as_ref().ok_or_else(invalid)?;
    let session = Session::open(project, "redo")?;
    session.keep_output().await?;
    attach_history(&plan_tables, &session.places, manifest, Some(&session.store))?;
    let chosen = chosen(project, args, &plan_tables, manifest);
    let (jobs, refused) = chosen.map_err(|error| error.or_hint(session.places.typed("plan")))?;
    let keys: Vec<JobKey> = jobs.iter().map(|wanted| wanted.key.clone()).collect();
    let others = other_buckets(&decide_all(&plan_tables, &loaded, manifest)?, &keys)?;
    // The last connection to close checkpoints the write-ahead log, and that of the planning tables may not write.
    drop(plan_tables);
    if let Some(first) = refused.first() {
        let them = if refused.len() == 1 { "its" } else { "their" };
        let what =
            format!("{} cannot be rendered again in {them} current state", count(refused.len(), "job"));
        let error = Error::new(Exit::Usage, format!("{what}; nothing was sent")).money("not charged");
        return Err(error.hint(first));
    }
    if jobs.is_empty() {
        let which = if args.rejected { ": no clip is rejected" } else { "" };
        let (what, next) = (format!("nothing to redo{which}"), Some(session.places.typed("status")));
        return Ok(RunReport::nothing(what, next));
    }
    let mut notes = vec![
        "Each rendering is a new charge; the current clip is kept in the folder `_takes` next to it."
            .to_owned(),
    ];
    notes.extend(same_order(manifest).filter(|_| args.rejected));
    let reorder = Reorder {
        command: "redo",
        repeat: repeat_command(args),
        question: format!("Render {} again", count(jobs.len(), "clip")),
        action: format!("rendering {} again", count(jobs.len(), "clip")),
        jobs,
        notes,
        others,
        having: keys.into_iter().collect(),
    };
    Box::pin(submit_reorder(session, &loaded, &args.bounds, reorder)).await
}

/// Returns the jobs to render again, and a command to type for each named job that cannot be rendered again.
fn chosen(
    project: &Project,
    args: &RedoRequest,
    plan_tables: &PlanTables,
    manifest: &Manifest,
) -> Result<(Vec<Wanted>, Vec<String>), Error> {
    let only = Names::of_wanted(plan_tables, &args.only)?;
    let tables = plan_tables.lock();
    let named = named(args, &tables)?;
    let (mut jobs, mut refused) = (Vec::new(), Vec::new());
    // One rendering serves all jobs that share the request of a rejected clip.
    let mut served: HashMap<Fingerprint, JobKey> = HashMap::new();
    let takes_all = args.rejected && args.jobs.is_empty() && args.only.is_empty();
    tables.each_wanted::<StoreError>(|wanted| {
        let is_named = named.contains(&wanted.key);
        if !is_named && !takes_all && (args.only.is_empty() || !only.has(&wanted.key)) {
            return Ok(());
        }
        if args.rejected {
            let rejection = tables.rejection(&wanted.key).filter(|it| it.order == wanted.fingerprint);
            if rejection.is_none() {
                if is_named {
                    let why = "its clip is not rejected";
                    project.tell(&News::Skipped { job: &wanted.key, why });
                }
                return Ok(());
            }
            let may_share = manifest.rules(&wanted.key.shot).reuse == Reuse::Always;
            match served.entry(wanted.fingerprint) {
                Entry::Occupied(leader) if may_share && decide::may_share(leader.get(), &wanted.key) => {
                    let why = format!("it gets the clip of {} with the next run", leader.get());
                    project.tell(&News::Skipped { job: &wanted.key, why: &why });
                    return Ok(());
                }
                Entry::Occupied(_) => {}
                Entry::Vacant(free) => {
                    free.insert(wanted.key.clone());
                }
            }
        }
        match hindrance(&tables, &wanted, manifest)? {
            None => jobs.push(wanted),
            Some((why, words)) => {
                let command = project.places.typed(&words);
                project.tell(&News::Skipped { job: &wanted.key, why: &format!("{why}: {command}") });
                refused.extend(Some(command).filter(|_| is_named));
            }
        }
        Ok(())
    })?;
    for warning in only.warnings()? {
        project.tell(&News::Warning(&warning));
    }
    Ok((jobs, refused))
}

/// Returns the command that repeats the request and asks again.
fn repeat_command(args: &RedoRequest) -> String {
    let RedoRequest { jobs, only, rejected, bounds } = args;
    let words = Words::new("redo").flag("--rejected", *rejected);
    let words = jobs.iter().fold(words, |words, job| words.argument(job));
    words.option("--only", only).bounds(bounds).build()
}

/// Returns the keys of the jobs that the request names one by one.
fn named(args: &RedoRequest, tables: &LockedTables) -> Result<BTreeSet<JobKey>, Error> {
    if args.jobs.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut keys = Vec::new();
    tables.each_wanted::<StoreError>(|wanted| {
        keys.push(wanted.key);
        Ok(())
    })?;
    args.jobs.iter().map(|job| job_named(job, &keys)).collect()
}

/// Returns why a job cannot be rendered again now, with the command to type instead; `None` if it can.
fn hindrance(
    tables: &LockedTables,
    wanted: &Wanted,
    manifest: &Manifest,
) -> Result<Option<(&'static str, String)>, StoreError> {
    let of_it = |words: &str| format!("{words} {}", quoted(&wanted.key.to_string()));
    let Some(job) = tables.known(&wanted.key)? else {
        return Ok(Some(("it was never rendered", of_it("run --only"))));
    };
    if let Some(open) = job.takes.iter().find(|take| take.state.is_unsettled()) {
        return Ok(Some(match open.state {
            State::Held { .. } => ("it needs your decision first", of_it("show")),
            _ => ("it is waiting for the result of an earlier request", "collect".to_owned()),
        }));
    }
    let waits = |state: &State| matches!(state, State::Pending { .. });
    if job.takes.iter().any(|take| take.fingerprint == wanted.fingerprint && waits(&take.state)) {
        return Ok(Some(("it is already waiting to be sent", of_it("run --only"))));
    }
    let Some(filed) = &job.filed else {
        return Ok(Some(("it has no clip yet", of_it("show"))));
    };
    let order = tables.known_take(&filed.take)?.map(|take| take.fingerprint);
    if order == Some(wanted.fingerprint) {
        return Ok(None);
    }
    let has_ended = |take: &KnownTake| {
        take.fingerprint == wanted.fingerprint
            && matches!(take.state, State::Failed { .. } | State::WrittenOff { .. })
    };
    Ok(Some(match manifest.rules(&wanted.key.shot).on_change {
        // `run` does not send the request again.
        OnChange::Render if job.takes.iter().any(has_ended) => (
            "the request with its current input failed or was written off; decide about that request first",
            of_it("show"),
        ),
        OnChange::Render => ("its input has changed since it was rendered", of_it("run --only")),
        OnChange::Ask => {
            ("its input has changed since it was rendered", of_it("run --accept-changes --only"))
        }
        OnChange::Keep => (
            "its input has changed since it was rendered, and `on_change: keep` keeps its clip",
            of_it("show"),
        ),
    }))
}
