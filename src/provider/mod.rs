//! Video APIs as pure functions, with their model cards as data.
//!
//! A provider is one file of code and one of data, plus its lines below. No socket, no clock, no secret: [`Provider`]
//! turns orders into calls and replies into what happened.
//!
//! - [`mod@card`]: what each model takes, costs and allows; read from `<provider>.yaml`.
//! - [`cards`]: all of them, as a manifest corrects them.
//! - [`mod@check`]: an order against its model's card, before anything is sent.
//! - [`body`]: an order as the members of a request body, as the card says.
//! - [`reply`]: what answers mean for the money, the same for every provider.

pub mod body;
pub mod card;
pub mod cards;
pub mod check;
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
use card::{ModelCard, Profile};
use std::num::NonZeroUsize;

/// All built-in providers, those that exist only in the sandbox among them.
pub static ALL: &[&dyn Provider] = &[&zai::Zai, &vtrix::Vtrix, &uniall::UniAll, &echo::Echo];

/// One video API as pure functions.
pub trait Provider: Sync {
    /// The name in manifests.
    fn name(&self) -> &'static str;

    /// What is the same for all its models.
    fn profile(&self) -> &'static Profile;

    /// Its models, as they are built in.
    fn cards(&self) -> &'static [ModelCard];

    /// The call that orders a clip and costs money, with what `card` allows. `key` is our name for the attempt.
    fn submit(&self, card: &ModelCard, request: &Request, key: &RequestId) -> PaidCall;

    /// What the reply to [`Provider::submit`] says. Everything that is not proof of a task or of none is
    /// [`FaultKind::Unknown`](crate::domain::fault::FaultKind::Unknown).
    fn submitted(&self, reply: &Reply) -> Result<TaskId, Fault>;

    /// The free call that asks how a task stands.
    fn poll(&self, task: &TaskId) -> Call;

    /// What the reply to [`Provider::poll`] says.
    fn polled(&self, task: &TaskId, reply: &Reply) -> Result<Progress, Fault>;

    /// Returns the client's own name for the request that brought the task, where the reply to [`Provider::poll`] repeats it.
    fn label(&self, reply: &Reply) -> Option<RequestId> {
        let _ = reply;
        None
    }

    /// A free call whose answer, whatever it says, shows that the provider can be reached.
    fn probe(&self) -> Option<Call> {
        None
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
pub trait LookUp: Sync {
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
pub trait Bulk: Sync {
    /// At most so many tasks at once.
    fn most(&self) -> NonZeroUsize;

    /// The free call that asks for all of these.
    fn poll(&self, tasks: &[TaskId]) -> Call;

    /// What the reply to [`Bulk::poll`] says of each task, in their order; the outer error is about the whole call.
    fn polled(&self, tasks: &[TaskId], reply: &Reply) -> Result<Vec<Result<Progress, Fault>>, Fault>;
}

/// Taking a task back.
pub trait Cancel: Sync {
    /// The free call that does it.
    fn cancel(&self, task: &TaskId) -> Call;

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
        cost: Option<Usd>,
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

/// The built-in provider of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Provider> {
    ALL.iter().copied().find(|provider| provider.name() == name)
}

/// The built-in card of a model.
#[must_use]
pub fn card(model: &ModelName) -> Option<&'static ModelCard> {
    find(&model.provider)?.cards().iter().find(|card| card.name == *model)
}

/// The numbers that hold for every model of a provider, before its cards and the manifest say otherwise.
#[must_use]
pub fn policy(provider: &str) -> Policy {
    let look_up = find(provider).and_then(|provider| provider.profile().look_up.clone());
    Policy { look_up, ..Policy::standard() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_provider_that_can_be_asked_says_how_long_to_wait_and_the_other_way_round() {
        for provider in ALL {
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
        for provider in ALL.iter().filter(|provider| !provider.profile().sandbox_only) {
            let Some(look_up) = &provider.profile().look_up else { continue };
            assert!(look_up.gap >= Duration::from_mins(1), "{}", provider.name());
            assert!(look_up.lag >= Duration::from_mins(2), "{}", provider.name());
            assert!(look_up.after[0] >= Duration::from_secs(15), "{}", provider.name());
        }
    }

    #[test]
    fn the_schedule_of_every_look_up_leaves_time_for_two_denials_after_the_lag() {
        for provider in ALL {
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
            let profile = find(provider).unwrap().profile();
            assert_eq!(profile.server(&written.parse().unwrap()).as_str(), server, "{written}");
        }
    }

    #[test]
    fn the_paths_that_a_manifest_may_carry_over_are_those_of_the_calls() {
        for provider in ALL {
            let poll = provider.poll(&TaskId("0".into())).path;
            let paths = &provider.profile().paths;
            assert!(paths.iter().any(|path| poll.starts_with(path)), "{}: {poll}", provider.name());
        }
    }
}
