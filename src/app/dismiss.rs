//! Dismissals: a person accepts that a job stays failed, written off or missing, and reports no longer list it as open.
//!
//! A dismissal costs nothing and needs no lock.

use super::concurrent::Concurrent;
use super::error::Error;
use super::exit::Exit;
use super::find::find;
use super::lost::loss;
use super::places::{Places, show_typed};
use super::project::Project;
use crate::domain::clip_damage::ClipDamage;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::State;
use crate::domain::take::Take;
use crate::store::{History, Store};

/// A request to accept that jobs stay failed, written off or missing, or to undo an earlier acceptance.
#[derive(Debug, Clone, Default)]
pub struct DismissRequest {
    /// Jobs by key (`shot/item`), or by item id if the item has only one job.
    pub jobs: Vec<String>,
    /// True to take an earlier dismissal back.
    pub undo: bool,
    /// Reason for the dismissal, which is kept in the job's history.
    pub reason: Option<String>,
}

/// The jobs that were dismissed, or whose dismissal was taken back.
#[derive(Debug, Clone)]
pub struct DismissReport {
    /// Jobs, each with the rendering that determines its status.
    pub jobs: Vec<(JobKey, TakeId)>,
    /// True if the request took earlier dismissals back.
    pub undo: bool,
    /// Command to type next.
    pub next: String,
}

impl Project {
    /// Records that a person accepts these jobs as failed, written off or missing, or undoes an earlier acceptance.
    ///
    /// If one job is refused, no job is changed.
    pub async fn dismiss(&self, request: &DismissRequest) -> Result<DismissReport, Error> {
        let Concurrent { store, name, now } = self.open_concurrent()?;
        let lookup = Lookup { places: &self.places, store: &store };
        let mut takes = Vec::new();
        for job in &request.jobs {
            let found = find(&store, name.as_deref(), job).await;
            let (project, key) = found.map_err(|error| error.or_hint(self.places.typed("status")))?;
            let history = store.history(&project, &key).await?;
            let history = history.ok_or_else(|| Error::new(Exit::Usage, format!("there is no job {key}")))?;
            let take = if request.undo {
                lookup.dismissed(&history).await?
            } else {
                lookup.dismissible(&history).await?
            };
            takes.push((key, take));
        }
        let mut jobs = Vec::new();
        for (key, take) in takes {
            store.dismiss(&take, request.undo, request.reason.clone(), now).await?;
            jobs.push((key, take.id));
        }
        Ok(DismissReport { jobs, undo: request.undo, next: self.places.typed("status") })
    }
}

/// A search for the rendering that determines the status of a job.
struct Lookup<'a> {
    places: &'a Places,
    store: &'a Store,
}

impl Lookup<'_> {
    /// Returns the take (rendering) that failed or was written off, or whose clip is missing.
    ///
    /// It refuses a job with any other status.
    async fn dismissible(&self, history: &History) -> Result<Take, Error> {
        let key = &history.key;
        match self.decisive(history).await? {
            Some(Take { state: State::Held { .. }, .. }) => {
                let what =
                    "it needs your decision, because it may have been charged: settle it with `resolve`";
                return Err(refused(key, Exit::Held, what).hint(show_typed(self.places, key)));
            }
            Some(take) if matches!(take.state, State::Failed { .. } | State::WrittenOff { .. }) => {
                return Ok(take);
            }
            _ => {}
        }
        let what = match (loss(self.store, self.places, history).await?, &history.filed) {
            (Some(ClipDamage::Missing), Some(filed)) => {
                let take = self.store.take_by_id(&filed.take).await?;
                match take {
                    Some(take) => return Ok(take),
                    None => "its clip belongs to no known rendering",
                }
            }
            (Some(ClipDamage::Altered), _) => "its clip was altered, not removed",
            (_, Some(_)) => "its clip is not missing",
            (_, None) => "it has neither failed nor been written off",
        };
        Err(refused(key, Exit::Usage, what).hint(show_typed(self.places, key)))
    }

    /// Returns the dismissed take (rendering) of a job; refuses a job that was not dismissed.
    async fn dismissed(&self, history: &History) -> Result<Take, Error> {
        let dismissed = self.store.dismissed().await?;
        let mut takes = Vec::from_iter(self.decisive(history).await?);
        if let Some(filed) = &history.filed {
            takes.extend(self.store.take_by_id(&filed.take).await?);
        }
        let found = takes.into_iter().find(|take| dismissed.contains(&take.id));
        let what = format!("{} was not dismissed, so there is nothing to undo", history.key);
        found.ok_or_else(|| Error::new(Exit::Usage, what).hint(show_typed(self.places, &history.key)))
    }

    /// Returns the take that determines the status of a job: its own newest one, or that of the job whose clip it
    /// shares.
    async fn decisive(&self, history: &History) -> Result<Option<Take>, Error> {
        match history.decisive() {
            Some(entry) => Ok(Some(entry.take.clone())),
            None if history.filed.is_some() => Ok(None),
            None => self.store.newest_of(&history.fingerprint).await.map_err(Error::from),
        }
    }
}

fn refused(key: &JobKey, exit: Exit, what: &str) -> Error {
    Error::new(exit, format!("{key} cannot be dismissed: {what}; nothing was changed"))
}
