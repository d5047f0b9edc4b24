//! `shotlist dismiss`: jobs that shall stay failed, written off or missing. Free, and works beside a live run.

use super::error::Error;
use super::exit::Exit;
use super::find::{find, project_name};
use super::lost::loss;
use super::places::Places;
use super::places::show_typed;
use super::project::Project;
use crate::cli::args::DismissArgs;
use crate::domain::key::JobKey;
use crate::domain::lifecycle::State;
use crate::domain::loss::Loss;
use crate::domain::take::Take;
use crate::engine::clock::Clock;
use crate::report::terminal::Terminal;
use crate::store::{History, Mode, Options, Store};

/// Notes for each job that what became of it is meant, or with `--undo` that it is not any more.
pub(crate) async fn dismiss(
    project: &Project,
    terminal: &Terminal,
    args: &DismissArgs,
) -> Result<Exit, Error> {
    let places = project.places.clone();
    let now = Clock::system().now();
    let opened = Store::open(&places.state, Mode::Beside, &Options::default(), now);
    let (store, _) = opened?;
    let project = project_name(&places);
    let desk = Desk { places: &places, store: &store };
    let mut takes = Vec::new();
    // All are looked at before any is noted: a refusal leaves everything as it was.
    for job in &args.jobs {
        let (project, key) = find(&store, project.as_deref(), job).await?;
        let history = store.history(&project, &key).await?;
        let history = history.ok_or_else(|| Error::new(Exit::Usage, format!("there is no job {key}")))?;
        let take = if args.undo { desk.dismissed(&history).await? } else { desk.meant(&history).await? };
        takes.push((key, take));
    }
    for (key, take) in takes {
        let dismissed = store.dismiss(&take, args.undo, args.reason.clone(), now).await;
        dismissed.map_err(|error| Error::new(Exit::Local, error.to_string()))?;
        let words = if args.undo {
            "told again from now on"
        } else {
            "dismissed: told no more until its input changes"
        };
        if terminal.json {
            let (job, dismissed) = (key.to_string(), !args.undo);
            terminal.data(serde_json::json!({ "job": job, "take": take.id.0, "dismissed": dismissed }));
        } else {
            terminal.tell(&format!("{key}  {words}"), 2);
        }
    }
    terminal.next(places.typed("status"));
    Ok(Exit::Done)
}

/// What dismissing needs.
struct Desk<'a> {
    places: &'a Places,
    store: &'a Store,
}

impl Desk<'_> {
    /// Returns the take by which a job stands as it does, where that may be meant.
    async fn meant(&self, history: &History) -> Result<Take, Error> {
        let key = &history.key;
        match self.decisive(history).await? {
            Some(Take { state: State::Held { .. }, .. }) => {
                let what = "it needs your decision, for it may have been charged: settle it with `resolve`";
                return Err(refused(key, Exit::Held, what).hint(show_typed(self.places, key)));
            }
            Some(take) if matches!(take.state, State::Failed { .. } | State::WrittenOff { .. }) => {
                return Ok(take);
            }
            _ => {}
        }
        let what = match (loss(self.store, self.places, history).await?, &history.filed) {
            (Some(Loss::Missing), Some(filed)) => {
                let take = self.store.take_by_id(&filed.take).await?;
                match take {
                    Some(take) => return Ok(take),
                    None => "its clip is of no known rendering",
                }
            }
            (Some(Loss::Altered), _) => "its clip was altered, not removed",
            (_, Some(_)) => "its clip is there",
            (_, None) => "it has neither failed nor been written off",
        };
        Err(refused(key, Exit::Usage, what).hint(show_typed(self.places, key)))
    }

    /// Returns the take of a job that was dismissed.
    async fn dismissed(&self, history: &History) -> Result<Take, Error> {
        let dismissed = self.store.dismissed().await?;
        let mut takes = Vec::from_iter(self.decisive(history).await?);
        if let Some(filed) = &history.filed {
            takes.extend(self.store.take_by_id(&filed.take).await?);
        }
        let found = takes.into_iter().find(|take| dismissed.contains(&take.id));
        let what = format!("{} was not dismissed", history.key);
        found.ok_or_else(|| Error::new(Exit::Usage, what).hint(show_typed(self.places, &history.key)))
    }

    /// Returns the take that says where a job stands: its own, or that of the job whose clip it was to share.
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
