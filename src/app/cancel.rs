//! Cancels jobs that are not sent yet, and tasks at providers that can cancel.
//!
//! A cancellation needs no lock and causes no new charge, but a provider may still charge the cancelled task. If a run
//! changes the job at the same time, the cancellation starts again from the job's new state.

use super::concurrent::Concurrent;
use super::error::Error;
use super::exit::Exit;
use super::find::find;
use super::names::Names;
pub use super::outcome::{CancelOutcome, CancelledJob, Obstacle};
use super::places::Places;
use super::project::Project;
use super::reporter::News;
use super::setup::{Setup, setup};
use crate::domain::fault::{Refusal, Said};
use crate::domain::key::JobKey;
use crate::domain::lifecycle::{CancelledBy, Charged, Event, State, Task};
use crate::domain::take::Take;
use crate::load::{cards, providers};
use crate::provider::{Cancel, Cancelled, Registry};
use crate::store::{ApplyError, Details};
use crate::transport::FreeClient;
use std::collections::BTreeSet;

/// Maximum number of attempts to cancel a take while another process keeps changing it.
const ROUNDS: usize = 20;

/// A request to cancel jobs.
#[derive(Debug, Clone, Default)]
pub struct CancelRequest {
    /// Jobs to cancel by key (`shot/item`), or by item id if the item has only one job.
    pub jobs: Vec<String>,
    /// Patterns of jobs to cancel, such as `hero/*`. They select only unsent jobs, and jobs that were sent and have no
    /// result yet.
    pub only: Vec<String>,
}

/// The results of a request to cancel jobs.
#[derive(Debug, Clone)]
pub struct CancelReport {
    /// Selected jobs with their results.
    pub jobs: Vec<CancelledJob>,
    /// Command to type next.
    pub next: String,
}

impl Obstacle {
    /// Returns the exit code for a job that could not be cancelled because of this obstacle.
    ///
    /// The code is [`Exit::WorkRemains`] if a second try may succeed, otherwise [`Exit::Usage`].
    fn exit(&self) -> Exit {
        match self {
            Self::Unanswered(_) | Self::Busy => Exit::WorkRemains,
            Self::NeverOrdered | Self::State { .. } | Self::NotSetUp(_) | Self::TooLate => Exit::Usage,
        }
    }

    fn state(take: &Take) -> Self {
        Self::State { state: Box::new(take.state.clone()), provider: take.request.model.provider.clone() }
    }
}

impl CancelReport {
    /// Returns whether at least one job was cancelled.
    #[must_use]
    pub fn any(&self) -> bool {
        self.jobs.iter().any(CancelledJob::is_cancelled)
    }

    /// Returns the exit code: the most severe one among the jobs that were not cancelled; success if there are none.
    #[must_use]
    pub fn exit(&self) -> Exit {
        Exit::gravest(self.jobs.iter().filter_map(|job| match &job.outcome {
            CancelOutcome::Kept(obstacle) => Some(obstacle.exit()),
            CancelOutcome::Unsent | CancelOutcome::TakenBack { .. } => None,
        }))
    }
}

impl CancelledJob {
    /// Returns whether the job is cancelled now.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        !matches!(self.outcome, CancelOutcome::Kept(_))
    }
}

impl Project {
    /// Cancels the selected jobs that are not sent yet, and the selected tasks at providers that can cancel.
    pub async fn cancel(&self, request: &CancelRequest) -> Result<CancelReport, Error> {
        let state = self.open_concurrent()?;
        let chosen = Chosen::of(&self.places, &state, request).await;
        let chosen = chosen.map_err(|error| error.or_hint(self.places.typed("status")))?;
        let providers = chosen.takes.iter().map(|take| &take.request.model.provider);
        let needed = providers.filter(|name| can_cancel(&self.registry, name).is_some()).cloned().collect();
        let mut cancelling = Cancelling { project: self, state, needed, connection: None };
        let cancelled = cancelling.all(chosen).await;
        if let Some((setup, _)) = cancelling.connection {
            setup.close().await;
        }
        let mut report = CancelReport { jobs: cancelled?, next: String::new() };
        report.next = self.places.typed(if report.any() { "plan" } else { "status" });
        Ok(report)
    }
}

/// The jobs that a request to cancel selects.
struct Chosen {
    /// Renderings to cancel: first those that are not sent yet, then those that wait for their results.
    takes: Vec<Take>,
    /// Selected jobs without a take to cancel, each with the reason.
    others: Vec<(JobKey, Obstacle)>,
}

impl Chosen {
    async fn of(places: &Places, state: &Concurrent, request: &CancelRequest) -> Result<Self, Error> {
        let Concurrent { store, name: project, .. } = state;
        let mut named = BTreeSet::new();
        for job in &request.jobs {
            named.insert(find(store, project.as_deref(), job).await?);
        }
        let mut takes = store.open_takes(None).await?;
        let is_name = |name: &str| {
            let called = |key: &JobKey| key.item == name || key.to_string() == name;
            Ok::<_, Error>(takes.iter().any(|take| called(&take.key)))
        };
        let only = Names::of(&request.only, is_name)?;
        takes.retain(|take| {
            let own = project.as_ref().is_none_or(|project| take.project == *project);
            let meant = !request.only.is_empty() && own && only.has(&take.key);
            meant || named.contains(&(take.project.clone(), take.key.clone()))
        });
        if !request.only.is_empty() {
            state.refuse_uncertain(places, &takes).await?;
        }
        takes.sort_by_key(|take| !matches!(take.state, State::Pending { .. }));
        named.retain(|(project, key)| takes.iter().all(|take| (&take.project, &take.key) != (project, key)));
        let mut others = Vec::new();
        for (project, key) in named {
            let history = store.history(&project, &key).await?;
            let newest = history.as_ref().and_then(|history| history.decisive());
            others.push((key, newest.map_or(Obstacle::NeverOrdered, |entry| Obstacle::state(&entry.take))));
        }
        Ok(Self { takes, others })
    }
}

/// The progress of a request to cancel jobs, which are cancelled one by one.
struct Cancelling<'a> {
    project: &'a Project,
    state: Concurrent,
    /// Names of the providers that can cancel tasks and to which at least one of the selected takes belongs.
    needed: BTreeSet<String>,
    /// Connection to the providers in `needed`; `None` until the first task must be cancelled there.
    connection: Option<(Setup, FreeClient)>,
}

impl Cancelling<'_> {
    /// Cancels the selected takes, and reports each job immediately because the next provider may answer slowly.
    async fn all(&mut self, chosen: Chosen) -> Result<Vec<CancelledJob>, Error> {
        let mut jobs = Vec::new();
        let mut add = |project: &Project, job: CancelledJob| {
            project.tell(&News::Cancelled(&job));
            jobs.push(job);
        };
        for take in chosen.takes {
            let (job, id) = (take.key.clone(), take.id.clone());
            let outcome = self.one(take).await?;
            let followers = match outcome {
                CancelOutcome::Kept(_) => Vec::new(),
                _ => self.state.store.followers(&id).await?,
            };
            add(self.project, CancelledJob { job, take: Some(id), outcome, followers });
        }
        for (job, obstacle) in chosen.others {
            let outcome = CancelOutcome::Kept(obstacle);
            add(self.project, CancelledJob { job, take: None, outcome, followers: Vec::new() });
        }
        Ok(jobs)
    }

    /// Cancels a take if its state allows that, and returns the result.
    ///
    /// If another process changes the take meanwhile, the method tries again with the take's new state, at most
    /// [`ROUNDS`] times in all.
    async fn one(&mut self, mut take: Take) -> Result<CancelOutcome, Error> {
        let provider = take.request.model.provider.clone();
        let (policy, price) = (self.project.registry.policy(&provider), take.price);
        let back = |charged| CancelOutcome::TakenBack { provider: provider.clone(), charged, price };
        let mut taken_back = None;
        for _ in 0..ROUNDS {
            let event = match (&take.state, taken_back) {
                (State::Pending { .. }, _) => Event::Cancel(CancelledBy::User),
                (State::Running { .. }, Some(charged)) => {
                    Event::Refused { refusal: Refusal::Cancelled, charged }
                }
                (State::Running { task, .. }, None) => match self.take_back(&take, task).await? {
                    Ok(charged) => {
                        taken_back = Some(charged);
                        Event::Refused { refusal: Refusal::Cancelled, charged }
                    }
                    Err(obstacle) => return Ok(CancelOutcome::Kept(obstacle)),
                },
                // A run recorded the cancellation first.
                (State::Failed { refusal: Refusal::Cancelled, charged, .. }, Some(_)) => {
                    return Ok(back(*charged));
                }
                _ => return Ok(CancelOutcome::Kept(Obstacle::state(&take))),
            };
            let at = self.project.clock.tick();
            let said = taken_back.map(|_| Said::cancelled());
            let details = Details { said, ..Details::default() };
            match self.state.store.apply(&take, event, details, at, &policy).await {
                Ok(_) => return Ok(taken_back.map_or(CancelOutcome::Unsent, &back)),
                Err(ApplyError::Changed) => {}
                Err(error) => return Err(error.into()),
            }
            let Some(now) = self.state.store.take_by_id(&take.id).await? else { break };
            take = now;
        }
        Ok(CancelOutcome::Kept(Obstacle::Busy))
    }

    /// Asks the provider to cancel a task.
    ///
    /// Returns whether the task is charged nevertheless, or the obstacle that kept it from being cancelled.
    async fn take_back(&mut self, take: &Take, task: &Task) -> Result<Result<Charged, Obstacle>, Error> {
        let name = &take.request.model.provider;
        let project = self.project;
        let Some(cancel) = can_cancel(&project.registry, name) else { return Ok(Err(Obstacle::state(take))) };
        let (setup, free) = self.connect().await?;
        let Some(account) = setup.accounts.get(name) else {
            return Ok(Err(Obstacle::NotSetUp(name.clone())));
        };
        let unanswered = |said: String| Err(Obstacle::Unanswered(said));
        let reply = match free
            .ask(&account.endpoint, &cancel.cancel(&account.card(&take.request.model), &task.id))
            .await
        {
            Ok(reply) => reply,
            Err(fault) => return Ok(unanswered(fault.said.to_string())),
        };
        Ok(match cancel.cancelled(&task.id, &reply) {
            Ok(Cancelled::Yes(charged)) => Ok(charged),
            Ok(Cancelled::TooLate) => Err(Obstacle::TooLate),
            Err(fault) => unanswered(fault.said.to_string()),
        })
    }

    /// Returns the connection to the providers that can cancel.
    ///
    /// The connection is opened only when the first task must be cancelled. Without a task, no API key is needed: a job
    /// that is not sent yet is cancelled without a provider.
    async fn connect(&mut self) -> Result<&(Setup, FreeClient), Error> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.open_connection().await?,
        };
        Ok(self.connection.insert(connection))
    }

    async fn open_connection(&self) -> Result<(Setup, FreeClient), Error> {
        let Project { places, registry, .. } = self.project;
        let configs = providers(&places.manifest).map_err(|problems| {
            let what = "the section `providers:` of the manifest could not be read; no task was cancelled";
            Error::new(Exit::Invalid, what).problems(problems)
        })?;
        let cards = cards(&places.manifest, registry);
        let setup = setup(self.project, &configs, &cards, &self.needed).await?;
        let free = FreeClient::new(&setup.settings)?;
        Ok((setup, free))
    }
}

fn can_cancel<'a>(registry: &'a Registry, provider: &str) -> Option<&'a dyn Cancel> {
    registry.find(provider)?.cancel()
}
