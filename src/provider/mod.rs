//! Video APIs as pure functions, with their model cards as data.
//!
//! A provider is one file of code and one of data, plus its lines below. No socket, no clock, no secret: [`Provider`]
//! turns orders into calls and replies into what happened. The [`Registry`] holds those that a program can name.
//!
//! - [`mod@document`]: a provider and its models as data, read from `<provider>.yaml`.
//! - [`mod@card`]: what each model takes, costs and allows.
//! - [`cards`]: all of them, as a manifest corrects them.
//! - [`mod@check`]: an order against its model's card, before anything is sent.
//! - [`body`]: an order as the members of a request body, as the card says.
//! - [`reply`]: what answers mean for the money, the same for every provider.

pub mod body;
pub mod card;
pub mod cards;
pub mod check;
pub mod document;
mod echo;
pub mod reply;
mod uniall;
mod vtrix;
mod zai;

use crate::domain::fault::{Fault, Refusal, Said};
use crate::domain::key::{ModelName, RequestId, TaskId};
use crate::domain::lifecycle::{Charged, Clip, Intent};
use crate::domain::money::Usd;
use crate::domain::policy::Policy;
use crate::domain::request::Request;
use crate::wire::{Call, PaidCall, Reply};
use card::ModelCard;
use document::Profile;
use std::num::NonZeroUsize;
use std::sync::Arc;

/// The providers that a program can name. A clone shares them.
#[derive(Clone, Default)]
pub struct Registry(Arc<[Arc<dyn Provider>]>);

impl Registry {
    /// Returns all built-in providers, those that exist only in the sandbox among them.
    #[must_use]
    pub fn built_in() -> Self {
        Self::default()
            // One line for each provider.
            .with(zai::Zai)
            .with(vtrix::Vtrix)
            .with(uniall::UniAll)
            .with(echo::Echo)
    }

    /// Adds a provider at the end. It takes the place of one with the same name.
    #[must_use]
    pub fn with(&self, provider: impl Provider + 'static) -> Self {
        let others = self.iter().filter(|other| other.name() != provider.name()).cloned();
        let mut all: Vec<Arc<dyn Provider>> = others.collect();
        all.push(Arc::new(provider));
        Self(all.into())
    }

    /// Returns the provider of that name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Arc<dyn Provider>> {
        self.iter().find(|provider| provider.name() == name)
    }

    /// Lists the providers in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Provider>> {
        self.0.iter()
    }

    /// Returns the card of a model as its provider has it, without a manifest's corrections.
    #[must_use]
    pub fn card(&self, model: &ModelName) -> Option<&ModelCard> {
        self.find(&model.provider)?.cards().iter().find(|card| card.name == *model)
    }

    /// Returns the numbers that hold for every model of a provider, before its cards and the manifest say otherwise.
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

/// The id of a task that nobody has.
pub const NO_TASK: &str = "0";

/// One video API as pure functions.
pub trait Provider: Send + Sync {
    /// The name in manifests.
    fn name(&self) -> &'static str;

    /// What is the same for all its models.
    fn profile(&self) -> &Profile;

    /// Its models, as its document has them. Each is named `<provider>/<model>`.
    fn cards(&self) -> &[ModelCard];

    /// The call that orders a clip and costs money, with what `card` allows. `key` is our name for the attempt.
    fn submit(&self, card: &ModelCard, request: &Request, key: &RequestId) -> PaidCall;

    /// What the reply to [`Provider::submit`] says. Everything that is not proof of a task or of none is
    /// [`FaultKind::Unknown`](crate::domain::fault::FaultKind::Unknown).
    fn submitted(&self, reply: &Reply) -> Result<TaskId, Fault>;

    /// The free call that asks how a task of a model stands. Of a model that is in no list any more the card has only
    /// the name, as [`ModelCard::unlisted`] makes it.
    fn poll(&self, card: &ModelCard, task: &TaskId) -> Call;

    /// What the reply to [`Provider::poll`] says.
    fn polled(&self, task: &TaskId, reply: &Reply) -> Result<Progress, Fault>;

    /// Returns the client's own name for the request that brought the task, where the reply to [`Provider::poll`] repeats it.
    fn label(&self, reply: &Reply) -> Option<RequestId> {
        let _ = reply;
        None
    }

    /// A free call whose answer, whatever it says, shows that the provider can be reached, and whether it refuses the key:
    /// a poll of a task that nobody has.
    fn probe(&self) -> Option<Call> {
        Some(self.poll(self.cards().first()?, &TaskId(NO_TASK.into())))
    }

    /// How a task is found by our own id, where the provider's documents offer a way; its profile has the times.
    fn look_up(&self) -> Option<&dyn LookUp> {
        None
    }

    /// How many tasks are asked for with one call, where that is offered.
    fn bulk(&self) -> Option<&dyn Bulk> {
        None
    }

    /// How a task is taken back, where that is offered.
    fn cancel(&self) -> Option<&dyn Cancel> {
        None
    }
}

/// A listing of tasks that repeats the ids that clients gave them.
pub trait LookUp: Send + Sync {
    /// The free call for one page of the tasks that were accepted around the time of `intent` and since: from ten
    /// minutes before it, for clocks differ. `page` is what the page before named as the next.
    fn list(&self, intent: &Intent, page: Option<&str>) -> Call;

    /// What the reply to [`LookUp::list`] says. An answer that is not complete is a fault.
    fn listed(&self, reply: &Reply) -> Result<Listing, Fault>;
}

/// A page of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// Its tasks, each with the client's id for it where the listing repeats it.
    pub tasks: Vec<(TaskId, Option<RequestId>)>,
    /// The page after it.
    pub next: Option<String>,
}

/// Many polls as one call.
pub trait Bulk: Send + Sync {
    /// At most so many tasks at once.
    fn most(&self) -> NonZeroUsize;

    /// The free call that asks for all of these, each with its model's card as in [`Provider::poll`].
    fn poll(&self, tasks: &[(&ModelCard, &TaskId)]) -> Call;

    /// What the reply to [`Bulk::poll`] says of each task, in their order; the outer error is about the whole call.
    fn polled(&self, tasks: &[TaskId], reply: &Reply) -> Result<Vec<Result<Progress, Fault>>, Fault>;
}

/// Taking a task back.
pub trait Cancel: Send + Sync {
    /// The free call that does it, with the model's card as in [`Provider::poll`].
    fn cancel(&self, card: &ModelCard, task: &TaskId) -> Call;

    /// What the reply to [`Cancel::cancel`] says. Only an answer about `task` itself says that it is not charged.
    fn cancelled(&self, task: &TaskId, reply: &Reply) -> Result<Cancelled, Fault>;
}

/// What became of the wish to take a task back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// It is rendered no further.
    Yes(Charged),
    /// It was too late: the clip comes.
    TooLate,
}

/// The figure that a provider names as the cost of a clip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cost {
    /// It names none.
    Untold,
    /// An amount.
    Told(Usd),
    /// The provider wrote something that is no amount a clip can cost.
    Doubtful(String),
}

/// How a task stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Being rendered.
    Pending {
        /// How far, where the provider says.
        percent: Option<u8>,
        /// The status word, if it is in none of the provider's documents: never guessed to be an end.
        unknown_word: Option<String>,
    },
    /// Rendered.
    Ready {
        /// Where to fetch it. `expires` is left open: only the caller knows the time.
        clip: Clip,
        /// What the provider says it charged.
        cost: Cost,
    },
    /// Rendered, but the answer names no clip.
    Empty,
    /// The provider could not or would not.
    Refused {
        /// Why.
        refusal: Refusal,
        /// The money.
        charged: Charged,
        /// Its words.
        said: Said,
    },
    /// The answer is about another task.
    Mistaken {
        /// Which.
        said: Said,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn an_added_provider_is_found_and_takes_the_place_of_one_with_its_name() {
        let none = Registry::default();
        assert!(none.find("zai").is_none());
        assert_eq!(none.policy("zai"), Policy::standard());
        let twice = none.with(zai::Zai).with(echo::Echo).with(zai::Zai);
        assert_eq!(format!("{twice:?}"), r#"["echo", "zai"]"#);
        assert!(twice.card(&"echo/clip".parse().unwrap()).is_some());
        assert!(twice.card(&"echo/other".parse().unwrap()).is_none());
        assert_eq!(twice.policy("echo").look_up, echo::Echo.profile().look_up);
    }

    #[test]
    fn a_provider_that_can_be_asked_says_how_long_to_wait_and_the_other_way_round() {
        for provider in Registry::built_in().iter() {
            assert_eq!(
                provider.profile().look_up.is_some(),
                provider.look_up().is_some(),
                "{}",
                provider.name()
            );
        }
    }

    #[test]
    fn where_clips_cost_money_nobody_is_asked_too_early_and_two_denials_lie_a_minute_apart() {
        for provider in Registry::built_in().iter().filter(|provider| !provider.profile().sandbox_only) {
            let Some(look_up) = &provider.profile().look_up else { continue };
            assert!(look_up.gap >= Duration::from_mins(1), "{}", provider.name());
            assert!(look_up.lag >= Duration::from_mins(2), "{}", provider.name());
            assert!(look_up.after[0] >= Duration::from_secs(15), "{}", provider.name());
        }
    }

    #[test]
    fn the_schedule_of_every_look_up_leaves_time_for_two_denials_after_the_lag() {
        for provider in Registry::built_in().iter() {
            let Some(look_up) = &provider.profile().look_up else { continue };
            let looks = look_up.after.iter().scan(Duration::ZERO, |sum, pause| {
                *sum += *pause;
                Some(*sum)
            });
            let late: Vec<Duration> = looks.filter(|look| *look > look_up.lag).collect();
            let span = late.last().zip(late.first()).and_then(|(last, first)| last.checked_sub(*first));
            assert!(span >= Some(look_up.gap), "{}: {late:?}", provider.name());
        }
    }

    #[test]
    fn an_address_as_the_provider_prints_it_is_its_server() {
        for (provider, written, server) in [
            ("zai", "https://api.z.ai/api/paas/v4", "https://api.z.ai/api"),
            ("zai", "https://api.z.ai//api/paas//v4/", "https://api.z.ai/api"),
            ("zai", "https://api.z.ai/api/paas/v4/videos/generations", "https://api.z.ai/api"),
            ("zai", "https://open.bigmodel.cn", "https://open.bigmodel.cn/api"),
            ("zai", "http://127.0.0.1:9/zai/api/paas/v4", "http://127.0.0.1:9/zai/api"),
            ("zai", "http://127.0.0.1:9/", "http://127.0.0.1:9/"),
            ("zai", "https://api.z.ai/v4", "https://api.z.ai/v4"),
            ("vtrix", "https://cloud.vtrix.ai/model/v1/generation", "https://cloud.vtrix.ai/"),
            ("uniall", "https://api.aijisu.cn/v1", "https://api.aijisu.cn/"),
            ("uniall", "http://127.0.0.1:9/v1/uniall//", "http://127.0.0.1:9/v1/uniall"),
            ("echo", "http://127.0.0.1:9/echo/v1/tasks", "http://127.0.0.1:9/echo"),
        ] {
            let registry = Registry::built_in();
            let profile = registry.find(provider).unwrap().profile();
            assert_eq!(profile.server(&written.parse().unwrap()).as_str(), server, "{written}");
        }
    }

    #[test]
    fn the_paths_that_a_manifest_may_carry_over_are_those_of_the_calls() {
        for provider in Registry::built_in().iter() {
            let poll = provider.poll(&provider.cards()[0], &TaskId("0".into())).path;
            let paths = &provider.profile().paths;
            assert!(paths.iter().any(|path| poll.starts_with(path)), "{}: {poll}", provider.name());
        }
    }
}
