//! Pauses: a provider, or the whole project, gets no new submissions until it is resumed.
//!
//! A pause is free and durable, and a live run sees it within a second: what is in flight is collected, nothing new is
//! submitted.

use super::concurrent::{Concurrent, remark};
use super::error::Error;
use super::exit::Exit;
use super::project::Project;
use crate::domain::problem::did_you_mean;
use crate::provider::Registry;
use crate::store::Pause;
use jiff::Timestamp;

/// A request to submit nothing new.
#[derive(Debug, Clone, Default)]
pub struct PauseRequest {
    /// The provider; `None` for all of them.
    pub provider: Option<String>,
    /// The reason, for whoever reads the status.
    pub reason: Option<String>,
}

/// The pauses that hold after a request for them.
#[derive(Debug, Clone)]
pub struct PauseReport {
    /// The projects that were meant: the manifest's, or all of the folder where the manifest cannot be read.
    pub projects: Vec<String>,
    /// Each pause that was asked for, also where it held before.
    pub pauses: Vec<Pause>,
    /// The time.
    pub now: Timestamp,
    /// The command that lifts them.
    pub next: String,
}

/// A request to submit again.
#[derive(Debug, Clone, Default)]
pub struct ResumeRequest {
    /// The provider; `None` for everything that is paused.
    pub provider: Option<String>,
}

/// The pauses that were lifted.
#[derive(Debug, Clone)]
pub struct ResumeReport {
    /// The provider that was meant; `None` for everything.
    pub provider: Option<String>,
    /// The projects that were meant: the manifest's, or all of the folder where the manifest cannot be read.
    pub projects: Vec<String>,
    /// Each pause that was lifted.
    pub lifted: Vec<Pause>,
    /// Pauses of all providers, by which the one that was meant gets nothing new all the same.
    pub left: Vec<Pause>,
    /// The time.
    pub now: Timestamp,
    /// The command to type next.
    pub next: String,
}

impl Project {
    /// Lets nothing new be submitted to a provider, or to any.
    pub async fn pause(&self, request: &PauseRequest) -> Result<PauseReport, Error> {
        let provider = known(&self.registry, request.provider.as_deref())?;
        let state = self.open_concurrent()?;
        let (projects, reason) = (state.projects().await?, remark(request.reason.as_deref()));
        let mut pauses = Vec::new();
        for project in &projects {
            state.store.pause(project, provider, reason.as_deref(), state.now).await?;
            let all = state.store.pauses(Some(project)).await?;
            pauses.extend(all.into_iter().filter(|pause| pause.provider.as_deref() == provider));
        }
        let next = self.places.typed(&resume_words(provider));
        Ok(PauseReport { projects, pauses, now: state.now, next })
    }

    /// Lets a provider, or all of them, be sent new jobs again.
    pub async fn resume(&self, request: &ResumeRequest) -> Result<ResumeReport, Error> {
        let provider = known(&self.registry, request.provider.as_deref())?;
        let state = self.open_concurrent()?;
        let projects = state.projects().await?;
        let (mut lifted, mut left) = (Vec::new(), Vec::new());
        for project in &projects {
            lifted.extend(state.store.resume(project, provider).await?);
            let all = state.store.pauses(Some(project)).await?;
            left.extend(all.into_iter().filter(|pause| provider.is_some_and(|name| pause.covers(name))));
        }
        let (provider, next) = (request.provider.clone(), self.places.typed("run"));
        Ok(ResumeReport { provider, projects, lifted, left, now: state.now, next })
    }
}

impl Concurrent {
    /// Returns the manifest's project; all of the folder where the manifest cannot be read.
    async fn projects(&self) -> Result<Vec<String>, Error> {
        let projects = match &self.name {
            Some(name) => vec![name.clone()],
            None => self.store.projects().await?,
        };
        // A run of an empty name collects for everybody, and has no jobs of its own.
        Ok(projects.into_iter().filter(|project| !project.is_empty()).collect())
    }
}

/// Returns the command that lifts these pauses, without the flags that lead to the project.
#[must_use]
pub(crate) fn resume_typed(pauses: &[Pause]) -> String {
    match pauses {
        [one] => resume_words(one.provider.as_deref()),
        _ => resume_words(None),
    }
}

fn resume_words(provider: Option<&str>) -> String {
    provider.map_or_else(|| "resume".to_owned(), |provider| format!("resume {provider}"))
}

/// Returns the name of a provider; an error where there is none of that name.
fn known<'a>(registry: &Registry, name: Option<&'a str>) -> Result<Option<&'a str>, Error> {
    let Some(name) = name else { return Ok(None) };
    if registry.find(name).is_some() {
        return Ok(Some(name));
    }
    let known = registry.iter().filter(|provider| !provider.profile().sandbox_only);
    let names: Vec<&str> = known.map(|provider| provider.name()).collect();
    let hint = match did_you_mean(name, names.iter().copied()) {
        Some(near) => format!("did you mean {near}"),
        None => format!("the providers are: {}", names.join(", ")),
    };
    Err(Error::new(Exit::Usage, format!("there is no provider `{name}`; {hint}; nothing was changed")))
}
