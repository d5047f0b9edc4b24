//! Implements the APIs of video providers as pure functions, with the cards (descriptions) of their models as data.
//!
//! A provider is one file of code and one of data. It uses no socket, no clock and no secret: [`Provider`] turns
//! requests into calls and replies into results. The [`Registry`] holds the providers that a program can use. A
//! built-in provider has two lines of code below, one with `mod` and one in [`Registry::built_in`]; another crate adds
//! its provider with [`Registry::with`].
//!
//! - [`mod@document`]: a provider and its models as data, read from `<provider>.yaml`.
//! - [`mod@card`]: the card of a model, which says what it accepts, costs and allows.
//! - [`cards`]: the cards of all models, with the corrections of a manifest.
//! - [`mod@check`]: checks a request against its model's card, before anything is sent.
//! - [`body`]: writes a request as a JSON body, in the form that the card defines.
//! - [`reply`]: decides from a reply whether a paid task exists, by the same rules for every provider.

pub mod body;
pub mod card;
pub mod cards;
pub mod check;
mod cost;
pub mod document;
mod echo;
pub(crate) mod json;
pub mod reply;
mod uniall;
mod vtrix;
mod zai;

use crate::domain::fault::{Fault, Refusal, Said};
use crate::domain::key::{ModelName, RequestId, TaskId};
use crate::domain::lifecycle::{Charged, Clip, Intent};
use crate::domain::policy::Policy;
use crate::domain::request::Request;
use crate::wire::{Call, PaidCall, Reply};
use card::ModelCard;
use document::Profile;
use std::num::NonZeroUsize;
use std::sync::Arc;

pub use cost::Cost;

/// The providers that a program can use. Clones share the same list.
#[derive(Clone, Default)]
pub struct Registry(Arc<[Arc<dyn Provider>]>);

impl Registry {
    /// Returns all built-in providers, including those that exist only in the sandbox.
    #[must_use]
    pub fn built_in() -> Self {
        Self::default()
            // Each provider has one line here.
            .with(zai::Zai)
            .with(vtrix::Vtrix)
            .with(uniall::UniAll)
            .with(echo::Echo)
    }

    /// Returns the registry with another provider at the end, which replaces a provider with the same name.
    #[must_use]
    pub fn with(&self, provider: impl Provider + 'static) -> Self {
        let others = self.iter().filter(|other| other.name() != provider.name()).cloned();
        let mut all: Vec<Arc<dyn Provider>> = others.collect();
        all.push(Arc::new(provider));
        Self(all.into())
    }

    /// Returns the provider of that name; `None` if there is none.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Arc<dyn Provider>> {
        self.iter().find(|provider| provider.name() == name)
    }

    /// Lists the providers in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Provider>> {
        self.0.iter()
    }

    /// Returns the card of a model as its provider describes it, without a manifest's corrections.
    #[must_use]
    pub fn card(&self, model: &ModelName) -> Option<&ModelCard> {
        self.find(&model.provider)?.cards().iter().find(|card| card.name == *model)
    }

    /// Returns a provider's policy (limits and durations) for all its models. Model cards and the manifest may change
    /// it further.
    #[must_use]
    pub fn policy(&self, provider: &str) -> Policy {
        self.find(provider).map_or_else(Policy::standard, |provider| provider.profile().policy())
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter().map(|provider| provider.name())).finish()
    }
}

/// The id of a task that does not exist.
pub const NO_TASK: &str = "0";

/// The API of a video provider as pure functions.
///
/// The engine sends each call and hands the reply back: the call of `submit` and its reply to `submitted`, then the
/// call of `poll` and its reply to `polled`, until the task has ended. The functions with a default are optional.
pub trait Provider: Send + Sync {
    /// Returns the provider's name in manifests.
    fn name(&self) -> &'static str;

    /// Returns the properties that all models of the provider share.
    fn profile(&self) -> &Profile;

    /// Returns the cards of the provider's models: what each model accepts, costs and allows. Each model is named
    /// `<provider>/<model>`.
    fn cards(&self) -> &[ModelCard];

    /// Returns the call that submits a request, which costs money. The fields are written as `card` says. `key` is not
    /// the API key but the request id of the attempt, for APIs that accept an id of the client.
    fn submit(&self, card: &ModelCard, request: &Request, key: &RequestId) -> PaidCall;

    /// Interprets the reply to [`Provider::submit`]. The fault
    /// [`FaultKind::Unknown`](crate::domain::fault::FaultKind::Unknown) means that the reply proves neither a task nor
    /// a refusal.
    fn submitted(&self, reply: &Reply) -> Result<TaskId, Fault>;

    /// Returns the free call that asks for the status of a task. If the provider no longer lists the model, `card`
    /// contains only the model's name, as [`ModelCard::unlisted`] makes it.
    fn poll(&self, card: &ModelCard, task: &TaskId) -> Call;

    /// Interprets the reply to [`Provider::poll`] as the progress of the task.
    fn polled(&self, task: &TaskId, reply: &Reply) -> Result<Progress, Fault>;

    /// Returns the request id with which the task was submitted, if the reply to [`Provider::poll`] repeats the id.
    fn label(&self, reply: &Reply) -> Option<RequestId> {
        let _ = reply;
        None
    }

    /// Returns a free call whose reply shows whether the provider can be reached, and whether it refuses the key.
    ///
    /// The default polls a task that does not exist: the reply that there is no such task shows that the key is
    /// accepted.
    fn probe(&self) -> Option<Call> {
        Some(self.poll(self.cards().first()?, &TaskId(NO_TASK.into())))
    }

    /// Returns the calls that find tasks by their request ids; `None` if the provider documents none. The schedule of
    /// such look-ups is in [`Profile::look_up`].
    fn look_up(&self) -> Option<&dyn LookUp> {
        None
    }

    /// Returns the call that polls several tasks at once; `None` if the provider offers none.
    fn bulk(&self) -> Option<&dyn Bulk> {
        None
    }

    /// Returns the calls that cancel tasks; `None` if the provider offers none.
    fn cancel(&self) -> Option<&dyn Cancel> {
        None
    }
}

/// The calls that list tasks together with the request ids of clients. They find a task whose submission was not
/// answered.
pub trait LookUp: Send + Sync {
    /// Returns the free call for one page of tasks. The list begins ten minutes before the submission `intent`, because
    /// clocks differ. `page` is the page that the previous reply named; `None` asks for the first.
    fn list(&self, intent: &Intent, page: Option<&str>) -> Call;

    /// Interprets the reply to [`LookUp::list`]. An incomplete list is a fault.
    fn listed(&self, reply: &Reply) -> Result<Listing, Fault>;
}

/// One page of a list of tasks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// The tasks of the page, each with the client's request id; `None` if the list shows no request id for the task.
    pub tasks: Vec<(TaskId, Option<RequestId>)>,
    /// The name of the next page; `None` on the last page.
    pub next: Option<String>,
}

/// The calls that poll many tasks at once.
pub trait Bulk: Send + Sync {
    /// Returns the largest number of tasks that one call can poll.
    fn most(&self) -> NonZeroUsize;

    /// Returns the free call that polls all the given tasks. Each task is given with the card (description) of its
    /// model. If the provider no longer lists the model, the card contains only the model's name.
    fn poll(&self, tasks: &[(&ModelCard, &TaskId)]) -> Call;

    /// Interprets the reply to [`Bulk::poll`]. The results are in the order of the tasks; the outer error concerns the
    /// whole call.
    fn polled(&self, tasks: &[TaskId], reply: &Reply) -> Result<Vec<Result<Progress, Fault>>, Fault>;
}

/// The calls that cancel tasks.
pub trait Cancel: Send + Sync {
    /// Returns the free call that cancels a task. `card` describes the model of the task; if the provider no longer
    /// lists the model, `card` contains only the model's name.
    fn cancel(&self, card: &ModelCard, task: &TaskId) -> Call;

    /// Interprets the reply to [`Cancel::cancel`]. Only a reply about `task` itself proves that this task is not
    /// charged.
    fn cancelled(&self, task: &TaskId, reply: &Reply) -> Result<Cancelled, Fault>;
}

/// The result of an attempt to cancel a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// The task was cancelled. The value says whether it was charged.
    Yes(Charged),
    /// The task has already ended, with a clip or without one, so it was not cancelled and may have been charged.
    TooLate,
}

/// The status of a task, as a reply reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// The task is not finished yet.
    Pending {
        /// The progress in percent, if the provider reports it.
        percent: Option<u8>,
        /// The status word of the provider, if it is not documented. An unknown word never counts as the end of a task.
        unknown_word: Option<String>,
    },
    /// The task is finished, and its clip can be downloaded.
    Ready {
        /// The link to the clip. The time `expires` is not set, because only the caller has a clock.
        clip: Clip,
        /// The cost that the provider reports.
        cost: Cost,
    },
    /// The task is finished, but the reply contains no link to a clip.
    Empty {
        /// The cost that the provider reports.
        cost: Cost,
    },
    /// The provider could not or would not make the clip.
    Refused {
        /// The kind of the refusal, which decides whether a retry makes sense.
        refusal: Refusal,
        /// The charge for the task: charged, not charged, or unknown.
        charged: Charged,
        /// The cost that the provider reports.
        cost: Cost,
        /// The provider's words about the reason.
        said: Said,
    },
    /// The reply is about another task than the polled one, or the polled task belongs to another request.
    Mistaken {
        /// A message that names the expected task or request, and the reported one.
        said: Said,
    },
}

#[cfg(test)]
mod tests;
