//! Video APIs as pure functions, with their model cards as data.
//!
//! A provider is one file of code and one of data, plus its lines below. No socket, no clock, no secret: [`Provider`]
//! turns orders into calls and replies into what happened.
//!
//! - [`mod@card`]: what each model takes, costs and allows; read from `<provider>.yaml`.
//! - [`mod@check`]: an order against its model's card, before anything is sent.
//! - `body`: an order as the members of a request body, as the card says.
//! - `reply`: what answers mean for the money, the same for every provider.

mod body;
pub mod card;
pub mod check;
mod reply;
mod zai;

use crate::domain::fault::{Fault, Refusal, Said};
use crate::domain::key::{ModelName, RequestId, TaskId};
use crate::domain::lifecycle::{Charged, Clip};
use crate::domain::money::Usd;
use crate::domain::request::Request;
use crate::wire::{Call, Reply};
use card::{ModelCard, Profile};

/// All built-in providers.
pub static ALL: &[&dyn Provider] = &[&zai::Zai];

/// One video API as pure functions.
pub trait Provider: Sync {
    /// The name in manifests.
    fn name(&self) -> &'static str;

    /// What is the same for all its models.
    fn profile(&self) -> &'static Profile;

    /// Its models.
    fn cards(&self) -> &'static [ModelCard];

    /// The call that orders a clip and costs money. `key` is our name for the attempt.
    fn submit(&self, request: &Request, key: &RequestId) -> Call;

    /// What the reply to [`Provider::submit`] says. Everything that is not proof of a task or of none is
    /// [`FaultKind::Unknown`](crate::domain::fault::FaultKind::Unknown).
    fn submitted(&self, reply: &Reply) -> Result<TaskId, Fault>;

    /// The free call that asks how a task stands.
    fn poll(&self, task: &TaskId) -> Call;

    /// What the reply to [`Provider::poll`] says.
    fn polled(&self, task: &TaskId, reply: &Reply) -> Result<Progress, Fault>;

    /// A free call whose answer, whatever it says, shows that the provider can be reached.
    fn probe(&self) -> Option<Call> {
        None
    }
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

/// The card of a model.
#[must_use]
pub fn card(model: &ModelName) -> Option<&'static ModelCard> {
    find(&model.provider)?.cards().iter().find(|card| card.name == *model)
}
