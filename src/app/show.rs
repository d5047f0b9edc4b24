//! Shows the details of one job: its takes (renderings), attempts and answers, its money, and the available actions.

mod choices;
mod standing;

pub use choices::Choice;
pub use standing::Settled;

use super::error::Error;
use super::exit::Exit;
use super::find::{find, held_elsewhere, job_named, manifest, project_name};
use super::inputs::load;
use super::lost::loss;
use super::places::{Places, quoted};
use super::prices::Prices;
use super::project::Project;
use super::session::reader;
use crate::domain::clip_damage::ClipDamage;
use crate::domain::key::{JobKey, RequestId, TakeId};
use crate::domain::lifecycle::{MoneyState, State};
use crate::domain::money::Usd;
use crate::domain::review::Review;
use crate::domain::take::Take;
use crate::domain::verdict::Checked;
use crate::load::cards;
use crate::provider::cards::Cards;
use crate::store::{Entry, History, PlanTables, Reader, StoreError, TakeHistory, remarks};
use crate::wire::Call;
use choices::Facts;
use jiff::Timestamp;
use std::collections::HashMap;

/// Option of a command in which the user must replace `ID` by the task's id from the provider's console.
const TASK_ID: &str = " --task-id ID";

/// A request for the details of one job.
#[derive(Debug, Clone, Default)]
pub struct ShowRequest {
    /// Name of the job: `shot/item`, the id of an item that has only one job, or a pattern that matches only one job.
    pub job: String,
}

/// The details of one job.
pub struct ShowReport {
    /// Time of the report.
    pub now: Timestamp,
    /// Project of the job.
    pub project: String,
    /// Takes (renderings) of the job with their attempts, newest take first.
    pub history: History,
    /// Reviews of the job, oldest first.
    pub reviews: Vec<Review>,
    /// The problem with the job's clip: missing or altered; `None` if it is fine, or if there is no clip.
    pub loss: Option<ClipDamage>,
    /// The way in which a failure or a missing clip of the job was settled, so that `status` no longer reports it;
    /// `None` if it still does, or if there is no such problem.
    pub settled: Option<Settled>,
    /// Actions that are available to a person for the job now; the first one suits most people.
    pub choices: Vec<Choice>,
    /// Command to type next; `None` if every action needs a value from the user.
    pub next: Option<String>,
    /// Remarks: the ledger lines that record a person's actions on the job's takes.
    remarks: Vec<Entry>,
    /// Verdicts of the automatic checks, by the take whose clip was checked. They apply to the current bytes of the
    /// clips and the current check settings.
    checks: HashMap<TakeId, Checked>,
    cards: Cards,
}

/// The request that a take sends to its provider, composed again for display.
pub struct Sent {
    /// Request to the provider.
    pub call: Call,
    /// True if the body of `call` equals the body that was really sent, byte for byte.
    pub is_same: bool,
}

impl Project {
    /// Returns the details of one job.
    ///
    /// It sends nothing and changes nothing.
    pub async fn show(&self, request: &ShowRequest) -> Result<ShowReport, Error> {
        let places = &self.places;
        let reader = reader(places)?;
        let name = project_name(places);
        let (project, key) = match find_ordered(&reader, places, name.as_deref(), &request.job).await {
            Ok(found) => found,
            Err(error) => {
                let error = never_ordered(self, &request.job).unwrap_or(error);
                return Err(error.or_hint(places.typed("status")));
            }
        };
        let history = reader.history(&project, &key).await?;
        let history = history.ok_or_else(|| Error::new(Exit::Usage, format!("there is no job {key}")))?;
        let reviews = reader.reviews_of_job(&project, &key).await?;
        let loss = loss(&reader, places, &history).await?;
        let settled = standing::settled(&reader, places, &project, &history, loss).await?;
        let prices = &Prices::read(self);
        let choices = Facts { history: &history, places, prices, loss, settled }.choices();
        let takes: Vec<TakeId> = history.takes.iter().map(|entry| entry.take.id.clone()).collect();
        let remarks = remarks(&places.state, &takes)?;
        let checks = current(&reader, places, &history).await?;
        let cards = cards(&places.manifest, &self.registry);
        // Before the person has looked for the task in the provider's console, no command is right.
        let next = choices.first().filter(|choice| !choice.command.contains(TASK_ID));
        let next = next.map(|choice| choice.command.clone());
        Ok(ShowReport {
            now: self.clock.now(),
            project,
            history,
            reviews,
            loss,
            settled,
            choices,
            next,
            remarks,
            checks,
            cards,
        })
    }
}

impl ShowReport {
    /// Returns the findings of the automatic checks about the clip of a take; `None` if it was not checked.
    #[must_use]
    pub fn checked(&self, take: &Take) -> Option<&Checked> {
        self.checks.get(&take.id)
    }

    /// Returns the reviews of a take, oldest first.
    pub fn reviews(&self, take: &Take) -> impl Iterator<Item = &Review> {
        self.reviews.iter().filter(|review| review.take == take.id)
    }

    /// Returns the reviews of clips that were rendered for other jobs and that this job shares; oldest first.
    pub fn shared_reviews(&self) -> impl Iterator<Item = &Review> {
        let is_own = |review: &Review| self.history.takes.iter().any(|entry| entry.take.id == review.take);
        self.reviews.iter().filter(move |review| !is_own(review))
    }

    /// Returns the remarks on a take: the ledger lines that record a person's actions on it.
    pub fn remarks(&self, take: &Take) -> impl Iterator<Item = &Entry> {
        self.remarks.iter().filter(|line| line.take == take.id.0)
    }

    /// Composes again, for display, the request that a take's newest attempt sends to the provider.
    ///
    /// Returns `None` if the provider or the model is unknown.
    #[must_use]
    pub fn sent(&self, entry: &TakeHistory) -> Option<Sent> {
        let (take, attempt) = (&entry.take, entry.attempts.last());
        let id = attempt.map_or_else(|| RequestId("(not sent yet)".into()), |it| it.request_id.clone());
        let model = &take.request.model;
        let provider = self.cards.providers().find(&model.provider)?;
        let call = provider.submit(self.cards.get(model)?, &take.request, &id).0;
        let is_same =
            call.body.as_ref().is_some_and(|body| attempt.is_some_and(|it| it.body == body.sha256()));
        Some(Sent { call, is_same })
    }
}

/// Returns the current verdicts of the automatic checks about a job's clips, by take.
///
/// A verdict is left out if it is about an earlier file of the clip, or was given with other check settings.
async fn current(
    reader: &Reader,
    places: &Places,
    history: &History,
) -> Result<HashMap<TakeId, Checked>, StoreError> {
    let settings = manifest(places).map(|manifest| manifest.checks.digest());
    let mut known = reader.checks().await?;
    let clips = history.takes.iter().filter_map(|entry| match &entry.take.state {
        State::Done { file, .. } => Some((&entry.take.id, file.sha256)),
        _ => None,
    });
    let current = clips.filter_map(|(take, clip)| {
        let check = known.remove(take).filter(|check| check.is_about(clip, settings))?;
        Some((take.clone(), check.checked))
    });
    Ok(current.collect())
}

/// Finds a job of the manifest's project that has a recorded take (rendering).
///
/// If no such job matches, it searches the other projects, but only their jobs that need a person's decision.
async fn find_ordered(
    reader: &Reader,
    places: &Places,
    project: Option<&str>,
    job: &str,
) -> Result<(String, JobKey), Error> {
    let own = find(reader, project, job).await;
    if let Ok((project, key)) = &own
        && reader.take(project, key).await?.is_some()
    {
        return own;
    }
    held_elsewhere(reader, places, project, job).await?.map_or(own, Ok)
}

/// Returns the error about a job that is in the manifest but was never sent to a provider; `None` for any other job.
fn never_ordered(project: &Project, job: &str) -> Option<Error> {
    let plan_tables = PlanTables::new(None).ok()?;
    let _ = load(project, &plan_tables);
    let mut keys: Vec<JobKey> = Vec::new();
    let listed = plan_tables.lock().each_wanted::<StoreError>(|wanted| {
        keys.push(wanted.key);
        Ok(())
    });
    listed.ok()?;
    let key = job_named(job, &keys).ok()?;
    let words = format!("plan --only {}", quoted(&key.to_string()));
    Some(
        Error::new(Exit::Usage, format!("{key} is in the manifest, but was never submitted"))
            .money("not charged")
            .hint(project.places.typed(&words)),
    )
}

/// Returns whether the job has a clip that was rendered from its current request.
fn has_clip(history: &History) -> bool {
    let Some(filed) = &history.filed else { return false };
    let own = history.takes.iter().find(|entry| entry.take.id == filed.take);
    own.is_none_or(|own| own.take.fingerprint == history.fingerprint)
}

/// Returns the cost of a take, and whether it was free, is reserved, may have been charged or was charged.
#[must_use]
pub fn cost(entry: &TakeHistory) -> (MoneyState, Usd) {
    let account = entry.take.state.account();
    let usd = match account {
        MoneyState::Free => Usd::ZERO,
        MoneyState::Reserved | MoneyState::InDoubt | MoneyState::Settled => {
            entry.settled.unwrap_or(entry.take.price)
        }
    };
    (account, usd)
}
