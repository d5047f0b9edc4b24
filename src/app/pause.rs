//! Pauses: a person stops new submissions to one provider or to all until they are resumed.
//!
//! A pause costs nothing and stays after a restart, and a concurrent run sees it within a second. The clips of
//! submitted requests are still collected.

use super::concurrent::{Concurrent, remark};
use super::error::Error;
use super::exit::Exit;
use super::project::Project;
use crate::domain::problem::did_you_mean;
use crate::provider::Registry;
use crate::store::Pause;
use jiff::Timestamp;

/// A request to stop new submissions to a provider.
#[derive(Debug, Clone, Default)]
pub struct PauseRequest {
    /// Name of the provider to pause; `None` for all providers.
    pub provider: Option<String>,
    /// Reason for the pause, which `status` shows; `None` if the person gave none.
    pub reason: Option<String>,
}

/// The pauses that are in effect after a request to pause.
#[derive(Debug, Clone)]
pub struct PauseReport {
    /// Names of the paused projects: that of the manifest, or all in the folder if the manifest cannot be read.
    pub projects: Vec<String>,
    /// Requested pauses, including any that were in effect before the request.
    pub pauses: Vec<Pause>,
    /// Time of the report.
    pub now: Timestamp,
    /// Command that ends the pauses.
    pub next: String,
}

/// A request to end pauses, so that submissions continue.
#[derive(Debug, Clone, Default)]
pub struct ResumeRequest {
    /// Name of the provider to resume; `None` to end all pauses.
    pub provider: Option<String>,
}

/// The pauses that were ended.
#[derive(Debug, Clone)]
pub struct ResumeReport {
    /// Provider that the request named; `None` if the request was to end all pauses.
    pub provider: Option<String>,
    /// Names of the resumed projects: that of the manifest, or all in the folder if the manifest cannot be read.
    pub projects: Vec<String>,
    /// Pauses that the request ended.
    pub lifted: Vec<Pause>,
    /// Remaining pauses that apply to all providers, and therefore also stop submissions to the requested provider.
    pub left: Vec<Pause>,
    /// Time of the report.
    pub now: Timestamp,
    /// Command to type next.
    pub next: String,
}

impl Project {
    /// Stops new submissions to one provider or to all providers until they are resumed.
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

    /// Ends the pause of one provider, or all pauses, so that new submissions continue.
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
    /// Returns the name of the manifest's project, or the names of all projects in the folder if the manifest cannot be
    /// read.
    async fn projects(&self) -> Result<Vec<String>, Error> {
        let projects = match &self.name {
            Some(name) => vec![name.clone()],
            None => self.store.projects().await?,
        };
        // A run with an empty project name collects for all projects and has no jobs.
        Ok(projects.into_iter().filter(|project| !project.is_empty()).collect())
    }
}

/// Returns the command that ends these pauses: for one provider if there is one pause, otherwise for all.
///
/// The caller adds the flags that name the project's paths.
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

/// Returns `name` if it is a provider's name or `None`, and an error for any other name.
fn known<'a>(registry: &Registry, name: Option<&'a str>) -> Result<Option<&'a str>, Error> {
    let Some(name) = name else { return Ok(None) };
    if registry.find(name).is_some() {
        return Ok(Some(name));
    }
    let known = registry.iter().filter(|provider| !provider.profile().sandbox_only);
    let names: Vec<&str> = known.map(|provider| provider.name()).collect();
    let hint = match did_you_mean(name, names.iter().copied()) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("the providers are: {}", names.join(", ")),
    };
    Err(Error::new(Exit::Usage, format!("there is no provider `{name}`; nothing was changed; {hint}")))
}
