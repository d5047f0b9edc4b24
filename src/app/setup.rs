//! Sets up the connections of a run: to the providers with their addresses and keys, or to test servers in a rehearsal.

use super::environment::variable;
use super::error::Error;
use super::exit::Exit;
use super::keys::{NoKey, key_in, trimmed};
use super::project::Project;
use super::rehearsal::Stage;
use super::reporter::News;
use crate::domain::key::ModelName;
use crate::domain::limits::{Limits, Rate};
use crate::domain::policy::Policy;
use crate::domain::problem::{Place, Problem};
use crate::engine::lane::{Account, Lane};
use crate::load::{cards, providers};
use crate::manifest::{Located, Manifest, ProviderConfig};
use crate::provider::card::ModelCard;
use crate::provider::cards::Cards;
use crate::provider::{Provider, Registry};
use crate::transport::settings::is_loopback;
use crate::transport::{Endpoint, Proxies, Settings};
use secrecy::SecretString;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// The connections of a run to its providers.
pub(crate) struct Setup {
    /// Account (address, key and limits) of each provider, by the provider's name.
    pub(crate) accounts: BTreeMap<String, Arc<Account>>,
    /// Settings of the HTTP clients, such as proxies.
    pub(crate) settings: Settings,
    /// Test servers of a rehearsal; `None` in a real run.
    pub(crate) stage: Option<Box<dyn Stage>>,
}

impl Setup {
    /// Stops the test servers of a rehearsal, if there are any.
    ///
    /// The charges that they simulated are already on disk.
    pub(crate) async fn close(self) {
        if let Some(stage) = self.stage {
            stage.stop().await;
        }
    }
}

/// The problems that keep needed providers from being used.
pub(crate) struct Unusable {
    /// One problem for each unusable provider; empty if all can be used.
    pub(crate) problems: Vec<Problem>,
    /// [`Exit::Invalid`] if an address in the manifest is wrong; [`Exit::Credentials`] if only keys are missing or
    /// wrong.
    pub(crate) exit: Exit,
}

impl Default for Unusable {
    fn default() -> Self {
        Self { problems: Vec::new(), exit: Exit::Credentials }
    }
}

/// The reason why a provider's server cannot be called.
pub(crate) enum EndpointError {
    /// The address in the manifest is invalid, or it is a foreign server that would receive the key.
    Address(Box<Problem>),
    /// The environment has no usable API key of the provider.
    Key(Box<Problem>),
}

/// Sets up the needed providers: those of the jobs to send and those with paid clips to collect.
///
/// Other providers need no key.
pub(crate) async fn setup(
    project: &Project,
    configs: &BTreeMap<String, Located<ProviderConfig>>,
    cards: &Cards,
    needed: &BTreeSet<String>,
) -> Result<Setup, Error> {
    let (setup, unusable) = set_up_valid(project, configs, cards, needed).await?;
    if unusable.problems.is_empty() {
        Ok(setup)
    } else {
        Err(not_set_up(project, needed, &setup, unusable, false))
    }
}

/// Returns the error for the needed providers that are not in `setup`, because an address or a key is missing or wrong.
///
/// If `is_owed` is true, the providers have paid clips to download. The error then names the command for the download.
/// Otherwise it suggests a rehearsal (a run with fake providers), which needs no key.
pub(crate) fn not_set_up(
    project: &Project,
    needed: &BTreeSet<String>,
    setup: &Setup,
    unusable: Unusable,
    is_owed: bool,
) -> Error {
    let Unusable { problems, exit } = unusable;
    let is_left =
        |name: &&String| project.registry.find(name).is_some() && !setup.accounts.contains_key(name.as_str());
    let left: Vec<&str> = needed.iter().filter(is_left).map(String::as_str).collect();
    let what = format!(
        "{} cannot be used, because a key or an address is missing or wrong; nothing was sent",
        left.join(", ")
    );
    if is_owed {
        let what = format!("{what}; the paid clips wait for `{}`", project.places.typed("collect"));
        return Error::new(exit, what)
            .problems(problems)
            .money("not charged")
            .hint(project.places.typed("doctor"));
    }
    if !cfg!(feature = "sandbox") {
        return Error::new(exit, what)
            .problems(problems)
            .money("not charged")
            .hint(project.places.typed("doctor"));
    }
    let rehearsal = project.places.typed("run --sandbox");
    Error::new(exit, format!("{what}. A rehearsal in the sandbox needs no key: {rehearsal}"))
        .problems(problems)
        .money("not charged")
        .hint(project.places.typed("doctor"))
}

/// Returns whether at least one of these providers has no usable API key in the environment.
pub(crate) fn lacks_key<'a>(
    registry: &Registry,
    configs: &BTreeMap<String, Located<ProviderConfig>>,
    mut providers: impl Iterator<Item = &'a str>,
) -> bool {
    providers.any(|name| {
        let Some(provider) = registry.find(name) else { return false };
        key_in(key_variable(&**provider, configs.get(name)).0).is_err()
    })
}

/// Sets up the needed providers that have valid settings, and returns the problems of the other needed providers.
///
/// If one provider has no key, the paid clips of other providers can still be collected.
pub(crate) async fn set_up_valid(
    project: &Project,
    configs: &BTreeMap<String, Located<ProviderConfig>>,
    cards: &Cards,
    needed: &BTreeSet<String>,
) -> Result<(Setup, Unusable), Error> {
    if project.places.sandbox && project.rehearsal.is_none() {
        // A rehearsal asks no questions about money, so the real providers must not get its requests.
        let what = "the project has the paths of a rehearsal, but no sandbox replaces its providers; nothing was sent";
        return Err(Error::new(Exit::Usage, what).money("not charged"));
    }
    let mut accounts = BTreeMap::new();
    if let Some(rehearsal) = &project.rehearsal {
        let stage = rehearsal.start(&project.places).await?;
        for provider in project.registry.iter() {
            let endpoint = Endpoint {
                base_url: address(&stage.address(provider.name()))?,
                key: Some(SecretString::from(stage.key())),
                key_env: None,
            };
            let limits = limits(project, configs, provider.name());
            let account = Account::new(Arc::clone(provider), endpoint, limits, cards);
            accounts.insert(provider.name().to_owned(), Arc::new(account));
        }
        // A rehearsal stays on this machine, so the proxies of the environment do not matter.
        let settings = Settings::default();
        return Ok((Setup { accounts, settings, stage: Some(stage) }, Unusable::default()));
    }
    let settings = settings()?;
    if let Some(warning) = settings.proxies.warning().filter(|_| !needed.is_empty()) {
        project.tell(&News::Warning(&warning));
    }
    let mut unusable = Unusable::default();
    let mut reported = BTreeSet::new();
    for provider in needed.iter().filter_map(|name| project.registry.find(name)) {
        let config = configs.get(provider.name());
        match endpoint(&**provider, config) {
            Ok((endpoint, trimmed)) => {
                // Providers may share a variable.
                if let Some(warning) = trimmed.filter(|_| reported.insert(endpoint.key_env.clone())) {
                    project.tell(&News::Warning(&warning));
                }
                let limits = limits(project, configs, provider.name());
                let account = Account::new(Arc::clone(provider), endpoint, limits, cards);
                accounts.insert(provider.name().to_owned(), Arc::new(account));
            }
            Err(EndpointError::Address(problem)) => {
                unusable.exit = Exit::Invalid;
                unusable.problems.push(*problem);
            }
            Err(EndpointError::Key(problem)) => unusable.problems.push(*problem),
        }
    }
    Ok((Setup { accounts, settings, stage: None }, unusable))
}

/// Returns a note that the sandbox (the fake providers) ignores the manifest's corrections of some models.
///
/// It is `None` if the manifest corrects no model in `used`, or only prices. The sandbox follows the providers'
/// documentation of the models and does not read the manifest.
pub(crate) fn sandbox_limits(cards: &Cards, used: &BTreeSet<ModelName>) -> Option<String> {
    let is_changed =
        |card: &&Arc<ModelCard>| card.corrected.iter().any(|correction| correction.part != "price");
    let changed = used.iter().filter_map(|name| cards.get(name)).filter(is_changed);
    let names: Vec<String> = changed.map(|card| card.name.to_string()).collect();
    (!names.is_empty()).then(|| {
        format!(
            "the sandbox follows the models' documents and ignores the manifest's corrections of {}, so it may refuse \
             requests that the provider accepts",
            names.join(", ")
        )
    })
}

/// Returns a provider's address and key, and a warning if blanks or quotes around the key were removed.
pub(crate) fn endpoint(
    provider: &dyn Provider,
    config: Option<&Located<ProviderConfig>>,
) -> Result<(Endpoint, Option<String>), EndpointError> {
    let base_url = base_url(provider, config).map_err(EndpointError::Address)?;
    let (name, place) = key_variable(provider, config);
    let owner = provider.name();
    let key = key_in(name).map_err(|why| {
        let (what, hint) = match why {
            NoKey::Unset | NoKey::Empty => {
                ("is not set".to_owned(), format!("type `export {name}=` followed by the key"))
            }
            NoKey::Odd(odd) => (
                format!("holds the character U+{:04X}, which no request can carry", u32::from(odd)),
                format!("copy the key from the console of {owner} again, and set {name} to the key only"),
            ),
        };
        let what = format!("{name} {what}; this environment variable holds the key of {owner}");
        let problem = Problem::error(place, what).hint(format!("{hint}, then type the same command again"));
        EndpointError::Key(Box::new(problem))
    })?;
    let warning = key.is_trimmed.then(|| trimmed(name, owner));
    Ok((Endpoint { base_url, key: Some(key.text), key_env: Some(name.to_owned()) }, warning))
}

/// Returns the address of a provider's server.
///
/// The manifest may replace it only by another server of the same provider or by one on this computer.
pub(crate) fn base_url(
    provider: &dyn Provider,
    config: Option<&Located<ProviderConfig>>,
) -> Result<Url, Box<Problem>> {
    let profile = provider.profile();
    if profile.sandbox_only && config.is_none_or(|config| config.value.base_url.is_none()) {
        let message = format!("the provider {} exists only in the sandbox", provider.name());
        return Err(Box::new(Problem::error(Place::Nowhere, message).hint("add --sandbox to the command")));
    }
    let written = config.and_then(|config| config.value.base_url.as_ref());
    let place = written.map_or(Place::Nowhere, Located::place);
    let text = written.map_or(profile.base_url.as_str(), |url| url.value.as_str());
    let base_url =
        Url::parse(text).map_err(|error| Problem::error(place.clone(), format!("`{text}`: {error}")))?;
    let host = base_url.host_str().unwrap_or_default();
    if !is_loopback(&base_url) && !profile.hosts.iter().any(|known| known == host) {
        return Err(Box::new(
            Problem::error(
                place,
                format!("{host} is not a server of {}, but would receive its key", provider.name()),
            )
            .hint(format!(
                "the servers of {} are: {}",
                provider.name(),
                profile.hosts.join(", ")
            )),
        ));
    }
    Ok(profile.server(&base_url))
}

/// Returns a problem for each address in the manifest that is not a server of its provider but would receive the key.
///
/// A rehearsal contacts no such server, so it has no such problem.
pub(crate) fn foreign_servers(project: &Project, manifest: Option<&Manifest>) -> Vec<Problem> {
    let configs = manifest.filter(|_| !project.places.sandbox).into_iter().flat_map(|it| &it.providers);
    let named = configs.filter(|(_, config)| config.value.base_url.is_some());
    let wrong =
        named.filter_map(|(name, config)| base_url(&**project.registry.find(name)?, Some(config)).err());
    wrong.map(|problem| *problem).collect()
}

/// Returns the name of the environment variable with a provider's API key, and the place in the manifest that names it.
pub(crate) fn key_variable<'a>(
    provider: &'a dyn Provider,
    config: Option<&'a Located<ProviderConfig>>,
) -> (&'a str, Place) {
    match config.and_then(|config| config.value.api_key.as_ref()) {
        Some(named) => (&named.value.0, named.place()),
        None => (&provider.profile().key_env, Place::Nowhere),
    }
}

/// Returns the request limits that the manifest sets for a provider.
///
/// A rehearsal keeps the limit on concurrent tasks and raises all other limits, to finish quickly.
pub(crate) fn limits(
    project: &Project,
    configs: &BTreeMap<String, Located<ProviderConfig>>,
    provider: &str,
) -> Limits {
    let limits = configs.get(provider).map(|config| config.value.limits).unwrap_or_default();
    if project.rehearsal.is_some() {
        Limits { concurrency: limits.concurrency, ..rehearsal_limits() }
    } else {
        limits
    }
}

/// Returns a function from a model to its policy (numbers of tries and waiting times).
///
/// The policy has the manifest's limits, or the built-in ones if the manifest cannot be read.
pub(crate) fn policies(project: &Project) -> impl Fn(&ModelName) -> Policy + '_ {
    let configs = providers(&project.places.manifest).unwrap_or_default();
    let cards = cards(&project.places.manifest, &project.registry);
    move |model| match project.registry.find(&model.provider) {
        Some(provider) => {
            let limits = limits(project, &configs, &model.provider);
            Lane::new(cards.get(model), &**provider, &limits).policy
        }
        None => project.registry.policy(&model.provider),
    }
}

/// Returns the request limits that a rehearsal uses to finish quickly.
fn rehearsal_limits() -> Limits {
    let per_second = |count| {
        Some(Rate { count: NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN), per: Duration::from_secs(1) })
    };
    Limits {
        rate: per_second(100),
        polls: NonZeroU32::new(64),
        poll_rate: per_second(500),
        first_poll: Some(Duration::from_millis(300)),
        poll_every: Some(Duration::from_millis(200)),
        ..Limits::default()
    }
}

pub(crate) fn settings() -> Result<Settings, Error> {
    let proxy = |names: [&str; 2]| -> Result<Option<Url>, Error> {
        let Some(text) = names.iter().find_map(|name| variable(name)).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let parsed = Url::parse(&text).or_else(|_| Url::parse(&format!("http://{text}")));
        // The text may hold a password, so the error does not repeat it.
        parsed
            .map(Some)
            .map_err(|_| Error::new(Exit::Usage, format!("{} is not the address of a proxy", names[0])))
    };
    let proxies = Proxies {
        https: proxy(["HTTPS_PROXY", "https_proxy"])?,
        // Upper-case names are not read, because a web server may set HTTP_PROXY from a request's header.
        http: proxy(["http_proxy", "http_proxy"])?,
        bypass: variable("NO_PROXY").or_else(|| variable("no_proxy")).unwrap_or_default(),
    };
    Ok(Settings { proxies, ..Settings::default() })
}

fn address(text: &str) -> Result<Url, Error> {
    Url::parse(text)
        .map_err(|error| Error::new(Exit::Unexpected, format!("the sandbox's address is invalid: {error}")))
}
