//! Collects paid work: only polls and downloads.
//!
//! It reads only the providers from the manifest, and cannot submit.

use super::board::Roster;
use super::error::Error;
use super::exit::Exit;
use super::lost::{Lost, open_folder};
use super::project::Project;
use super::reporter::News;
use super::rollout::RolloutState;
use super::session::{Order, Session};
use super::setup::{is_missing_key, not_set_up, set_up_valid};
use super::standing::buckets;
use super::summary::{self, Ended, RunReport};
use crate::load::{cards, providers};
use crate::plan::bucket::Bucket;
use crate::store::Caps;

impl Project {
    /// Downloads everything that was paid.
    ///
    /// It submits nothing.
    pub async fn collect(&self) -> Result<RunReport, Error> {
        let places = &self.places;
        if !places.has_state() && !places.state.join("ledger.jsonl").exists() {
            let what = format!("nothing was ever sent with {}; nothing to collect", places.shown);
            return Ok(RunReport::nothing(what, Some(places.typed("plan"))));
        }
        match Session::open(self, "collect") {
            Ok(session) => collect_owed(session).await,
            // The run that holds the lock collects paid work as well.
            Err(error) if error.exit == Exit::Locked => {
                let what = format!("{}; it collects as well", error.what);
                Ok(RunReport::nothing(what, None))
            }
            Err(error) => Err(error),
        }
    }
}

/// Reports why nothing new is sent, and collects paid work all the same.
///
/// Links to finished clips expire within a day.
pub(crate) async fn after_error(session: Session, error: Error) -> Result<RunReport, Error> {
    if session.owing().await?.is_empty() {
        return Err(error);
    }
    session.project.tell(&News::Failed(&error));
    session.project.tell(&News::Note("collecting what was paid before (Ctrl-C leaves it for later):"));
    Ok(collect_owed(session).await?.at_least(error.exit))
}

/// Returns the status of the jobs by the last recorded manifest.
async fn roster(session: &Session) -> Result<Roster, Error> {
    let owed = session.store.owed(None, usize::MAX).await?;
    let keys = owed.into_iter().map(|take| take.key).collect();
    let (others, jobs) = buckets(&session.store, &session.places, keys).await?;
    let done = jobs.iter().filter(|(_, bucket)| *bucket == Bucket::Done);
    let having = done.map(|(key, _)| key.clone()).collect();
    Ok(Roster { jobs, others, having, ..Roster::default() })
}

async fn collect_owed(session: Session) -> Result<RunReport, Error> {
    let (project, places) = (session.project.clone(), session.places.clone());
    let needed = session.owing().await?;
    if needed.is_empty() {
        let what = "nothing is owed".to_owned();
        return Ok(RunReport::nothing(what, Some(places.typed("status"))));
    }
    session.keep_output().await?;
    open_folder(&places, &places.out, &session.store, None).await?;
    let configs = providers(&places.manifest).map_err(|problems| {
        let what = "`providers:` could not be read; what was paid could not be collected";
        Error::new(Exit::Invalid, what).problems(problems)
    })?;
    let cards = cards(&places.manifest, &project.registry);
    let (setup, problems) = set_up_valid(&project, &configs, &cards, &needed).await?;
    let is_whole = problems.is_empty();
    if !is_whole && setup.accounts.is_empty() {
        return Err(not_set_up(&places, problems));
    }
    let unset = match problems.iter().all(is_missing_key) {
        _ if is_whole => Exit::Done,
        true => Exit::Credentials,
        false => Exit::Invalid,
    };
    project.tell(&News::Problems(&problems));
    let roster = roster(&session).await?;
    let run = session.store.begin_run("", "collect", Caps::default(), session.clock.now()).await?;
    let order = Order {
        project: "",
        run,
        work: None,
        max_time: None,
        roster,
        price: None,
        max_in_doubt: None,
        levels: Vec::new(),
    };
    let (caps, lost) = (Caps::default(), Lost::default());
    let ended =
        Ended { run, caps, waiting: 0, asks: 0, lost, rollout: RolloutState::default(), repeat: "collect" };
    let report = Box::pin(summary::carry_out(session, setup, order, ended)).await?;
    Ok(report.at_least(unset))
}
