//! Collects clips that are already paid for: it polls tasks and downloads clips, and cannot submit a request.
//!
//! Only the section `providers` of the manifest must be valid.

use super::error::Error;
use super::exit::Exit;
use super::find::manifest;
use super::lost::{Lost, open_folder};
use super::places::Places;
use super::project::Project;
use super::project_status::buckets;
use super::reporter::News;
use super::rollout::RolloutState;
use super::session::{Order, Session};
use super::setup::{not_set_up, set_up_valid};
use super::summary::{self, Ended, Offer, RunReport};
use super::totals::RunJobs;
use crate::domain::key::JobKey;
use crate::domain::text::count;
use crate::load::{cards, providers};
use crate::plan::bucket::Bucket;
use crate::store::{Caps, Lock};
use std::collections::BTreeSet;

impl Project {
    /// Downloads the clips that are paid for and not saved yet, for all projects of the folder.
    ///
    /// It submits nothing.
    pub async fn collect(&self) -> Result<RunReport, Error> {
        let places = &self.places;
        if !places.has_state() && !places.state.join("ledger.jsonl").exists() {
            let what = format!("nothing was ever sent for {}; nothing to collect", places.shown);
            return Ok(RunReport::nothing(what, Some(places.typed("plan"))));
        }
        match Session::open(self, "collect") {
            Ok(session) => collect_owed(session).await,
            Err(error) if error.exit == Exit::Locked && is_collecting(places)? => {
                let what = format!("{}; that run downloads the paid clips", error.what);
                Ok(RunReport::nothing(what, Some(places.typed("status"))))
            }
            Err(error) => Err(error),
        }
    }
}

/// Checks whether the command that holds the lock of the state folder downloads the paid clips as well.
fn is_collecting(places: &Places) -> Result<bool, Error> {
    let holder = Lock::holder(&places.state)?;
    Ok(holder.is_some_and(|it| matches!(it.command.as_str(), "run" | "collect" | "retry" | "redo")))
}

/// Reports an error that prevents new submissions, then downloads the clips that are already paid for.
///
/// Links to finished clips expire within a day, so they must not wait. Without paid work, it only returns the error.
pub(crate) async fn after_error(session: Session, error: Error) -> Result<RunReport, Error> {
    if session.owing().await?.is_empty() {
        return Err(error);
    }
    session.project.tell(&News::Failed(&error));
    session
        .project
        .tell(&News::Note("collecting clips that are already paid for (Ctrl-C leaves them for later):"));
    Ok(collect_owed(session).await?.at_least(error.exit))
}

/// Returns the status of the jobs that the last recorded manifest asked for.
///
/// `owed` are the jobs with paid work. `lost` are other jobs, whose clips are missing or altered.
async fn run_jobs(session: &Session, owed: BTreeSet<JobKey>, lost: &Lost) -> Result<RunJobs, Error> {
    let mut apart = owed;
    apart.extend(lost.jobs().map(|(key, _)| key).chain(lost.accepted()).cloned());
    let (others, mut jobs) = buckets(&session.store, &session.places, apart).await?;
    for (key, bucket) in jobs.iter_mut().filter(|(_, bucket)| *bucket == Bucket::Done) {
        *bucket = lost.bucket(key).unwrap_or(*bucket);
    }
    let done = jobs.iter().filter(|(_, bucket)| *bucket == Bucket::Done);
    let having = done.map(|(key, _)| key.clone()).collect();
    Ok(RunJobs { jobs, others, having, ..RunJobs::default() })
}

/// Returns the report of a collection that finds no paid work. Jobs that need a decision and clips that are missing or
/// altered are counted, and determine the exit code.
///
/// # Errors
///
/// Returns an error if the folder of the saved clips is missing or on another disk than before, so that a monitor
/// notices it.
async fn nothing_owed(session: &Session) -> Result<RunReport, Error> {
    let places = &session.places;
    let manifest = manifest(places);
    let (lost, problem) = Lost::recorded(places, manifest.as_ref(), &session.store, &BTreeSet::new()).await?;
    if let Some(error) = problem {
        return Err(error);
    }
    let held = session.store.held(manifest.map(|manifest| manifest.project).as_deref()).await?.len();
    let mut parts = vec!["nothing to collect".to_owned()];
    if held > 0 {
        let need = if held == 1 { "needs" } else { "need" };
        parts.push(format!("{} {need} your decision", count(held, "job")));
    }
    let lost_words = lost.words();
    let exit = match (held, lost_words.len()) {
        (0, 0) => Exit::Done,
        (0, _) => Exit::SomeFailed,
        _ => Exit::Held,
    };
    let next = lost.next(places).filter(|_| held == 0).unwrap_or_else(|| places.typed("status"));
    parts.extend(lost_words);
    Ok(RunReport::nothing(parts.join("; "), Some(next)).at_least(exit))
}

async fn collect_owed(session: Session) -> Result<RunReport, Error> {
    let (project, places) = (session.project.clone(), session.places.clone());
    let needed = session.owing().await?;
    if needed.is_empty() {
        return nothing_owed(&session).await;
    }
    session.keep_output().await?;
    open_folder(&places, &places.out, &session.store, None).await?;
    let configs = providers(&places.manifest).map_err(|problems| {
        let what =
            "the section `providers:` of the manifest could not be read; paid clips could not be collected";
        Error::new(Exit::Invalid, what).problems(problems)
    })?;
    let cards = cards(&places.manifest, &project.registry);
    let (setup, unusable) = set_up_valid(&project, &configs, &cards, &needed).await?;
    let is_whole = unusable.problems.is_empty();
    if !is_whole && setup.accounts.is_empty() {
        return Err(not_set_up(&project, &needed, &setup, unusable, true));
    }
    let least = if is_whole { Exit::Done } else { unusable.exit };
    project.tell(&News::Problems(&unusable.problems));
    let owed = session.store.owed(None, usize::MAX).await?;
    let owed: BTreeSet<JobKey> = owed.into_iter().map(|take| take.key).collect();
    let manifest = manifest(&places);
    let (lost, problem) = Lost::recorded(&places, manifest.as_ref(), &session.store, &owed).await?;
    // Paid clips are downloaded all the same, because their links expire.
    let least = if problem.is_some() { Exit::Local } else { least };
    if let Some(error) = &problem {
        project.tell(&News::Failed(error));
    }
    let run_jobs = run_jobs(&session, owed, &lost).await?;
    let run = session.store.begin_run("", "collect", Caps::default(), session.clock.now()).await?;
    let order = Order {
        project: "",
        run,
        work: None,
        max_time: None,
        run_jobs,
        price: None,
        max_in_doubt: None,
        levels: Vec::new(),
    };
    let caps = Caps::default();
    let ended = Ended {
        run,
        caps,
        waiting: 0,
        asks: 0,
        lost,
        rollout: RolloutState::default(),
        repeat: "collect",
        offer: Offer { cheapest: None, raised: "collect" },
        reorder: None,
    };
    let report = Box::pin(summary::carry_out(session, setup, order, ended)).await?;
    Ok(report.at_least(least))
}
