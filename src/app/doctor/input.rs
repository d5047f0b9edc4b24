//! Checks of the user's input: the manifest with its catalog, and the API keys in environment variables.

use super::{Check, Context, Verdict, route, server};
use crate::app::exit::Exit;
use crate::app::keys::{Key, NoKey, key_in, trimmed};
use crate::app::setup::{base_url, endpoint, key_variable, settings};
use crate::domain::problem::{Problem, grouped};
use crate::domain::text::count;
use crate::load::{Loaded, providers as read_providers};
use crate::provider::Provider;
use crate::store::{PlanTables, StoreError};
use secrecy::ExposeSecret as _;
use std::collections::BTreeSet;
use url::Url;

/// Minimum length of a plausible API key in characters; a shorter key is probably incomplete.
const SHORTEST_KEY: usize = 16;

/// The models and providers that the jobs of the manifest need.
#[derive(Default)]
pub(crate) struct ModelNeeds {
    /// Models without a known price.
    unpriced: BTreeSet<String>,
    /// Names of the providers that the jobs need.
    providers: BTreeSet<String>,
}

impl ModelNeeds {
    /// Reads the models and providers of all jobs of the manifest.
    pub(crate) fn of(plan_tables: &PlanTables) -> Result<Self, StoreError> {
        let mut wants = Self::default();
        plan_tables.lock().each_wanted::<StoreError>(|wanted| {
            let model = wanted.request.model;
            if wanted.price.is_none() {
                wants.unpriced.insert(model.to_string());
            }
            wants.providers.insert(model.provider);
            Ok(())
        })?;
        Ok(wants)
    }
}

/// Checks the manifest, its catalog and every job.
pub(crate) fn manifest(context: &Context<'_>, loaded: &Loaded, wants: &ModelNeeds) -> Vec<Check> {
    let shown = &context.places.shown;
    let problems = grouped(loaded.problems.clone());
    let errors = problems.iter().filter(|problem| problem.is_error()).count();
    let first = problems.iter().find(|problem| problem.is_error()).or(problems.first());
    let validate = context.command("validate");
    let jobs = loaded.jobs;
    let mut checks = match first {
        None => vec![Check::ok("manifest", format!("{shown}: {}, all valid", count(jobs, "job")))],
        Some(first) if errors == 0 => {
            let what = format!(
                "{shown}: {}; {}: {}",
                count(jobs, "job"),
                count(problems.len(), "warning"),
                first.message
            );
            vec![Check { problems, ..Check::warn("manifest", what, validate) }]
        }
        Some(first) => {
            let what = format!("{shown}: {}: {}", count(errors, "error"), first.message);
            vec![Check { problems, ..Check::fail("manifest", Exit::Invalid, what, validate) }]
        }
    };
    let unpriced = &wants.unpriced;
    if let (Some(model), false) = (unpriced.first(), context.places.sandbox) {
        let all: Vec<&str> = unpriced.iter().map(String::as_str).collect();
        checks.push(Check::fail(
            "prices",
            Exit::Invalid,
            format!("the price of {} is not known, and a run refuses jobs without a price", all.join(", ")),
            format!(
                "add `prices: {{ {model}: {{ per: clip, usd: \"0.20\" }} }}` to {shown}, with its real price"
            ),
        ));
    }
    checks
}

/// Checks the server, the key and the network route of each provider that is needed.
///
/// A provider is needed if a job of the manifest uses it or if it has paid work to collect. `hosts` are the hosts of
/// clips that wait to be downloaded.
pub(crate) async fn providers(
    context: &Context<'_>,
    wants: &ModelNeeds,
    owing: &BTreeSet<String>,
    hosts: &BTreeSet<Url>,
) -> Vec<Check> {
    if context.places.sandbox {
        return vec![Check::ok("key", "none is needed in the sandbox")];
    }
    let mut needed = owing.clone();
    needed.extend(wants.providers.iter().cloned());
    // The rest of the manifest may be invalid, and `collect` needs only the providers as well.
    let configs = read_providers(&context.places.manifest).unwrap_or_default();
    let mut checks = Vec::new();
    let registry = &context.project.registry;
    let found = needed.iter().filter_map(|name| registry.find(name));
    let known: Vec<&dyn Provider> = found.map(|provider| &**provider).collect();
    let settings = settings();
    let mut servers = Vec::new();
    for provider in &known {
        let config = configs.get(provider.name());
        let (name, _) = key_variable(*provider, config);
        let key = key(provider.name(), name, key_in(name));
        let url = base_url(*provider, config);
        servers.extend(url.as_ref().ok().map(|url| (provider.name(), url.clone())));
        checks.extend(match (url, endpoint(*provider, config), &settings) {
            (Err(problem), ..) => vec![as_check("server", Exit::Invalid, *problem, context)],
            (Ok(_), Ok((endpoint, _)), Ok(settings)) if !matches!(key.verdict, Verdict::Fail(_)) => {
                server::ask(*provider, &endpoint, settings, &context.project.clock).await
            }
            (Ok(url), ..) => vec![Check::ok("server", format!("{}: {url}", provider.name()))],
        });
        checks.push(key);
    }
    if known.is_empty() {
        checks.push(Check::ok("key", "none is needed: there is no job to render and no clip to collect"));
    }
    match settings {
        Ok(settings) => checks.extend(route::checks(&servers, hosts, &settings.proxies)),
        Err(error) => {
            checks.push(Check::fail("proxy", error.exit, error.what, "export HTTPS_PROXY=http://HOST:PORT"));
        }
    }
    checks
}

fn as_check(about: &'static str, exit: Exit, problem: Problem, context: &Context<'_>) -> Check {
    let todo = problem.hint.clone().unwrap_or_else(|| context.command("validate"));
    Check { problems: vec![problem.clone()], ..Check::fail(about, exit, problem.message, todo) }
}

/// Checks whether a provider's key is set and looks complete.
///
/// The result repeats no part of the key.
fn key(provider: &str, name: &str, found: Result<Key, NoKey>) -> Check {
    let fail = |what: &str| {
        let what = format!("{provider}: the environment variable {name} {what}");
        Check::fail("key", Exit::Credentials, what, format!("export {name}=…"))
    };
    let found = match found {
        Ok(found) => found,
        Err(NoKey::Unset) => return fail("is not set, or is not valid text"),
        Err(NoKey::Empty) => return fail("is empty"),
        Err(NoKey::Odd(_)) => {
            return fail("holds a line break or another character that no request can carry");
        }
    };
    let key = found.text.expose_secret();
    if key.starts_with(['"', '\'', '`']) || key.ends_with(['"', '\'', '`']) {
        return fail("has a quote at one end of the key, and the quote would be sent with it");
    }
    if key.contains(' ') {
        return fail("has a space inside the key, but no key has spaces");
    }
    if key.to_ascii_lowercase().starts_with("bearer") {
        return fail("begins with `Bearer`, which shotlist adds itself: set only the key");
    }
    let length = key.len();
    if length < SHORTEST_KEY {
        let what = format!("{provider}: {name} has only {length} characters");
        return Check::warn("key", what, format!("compare it with the key in the console of {provider}"));
    }
    if found.is_trimmed {
        return Check::warn("key", trimmed(name, provider), format!("export {name}=…"));
    }
    Check::ok("key", format!("{provider}: {name} is set, {length} characters"))
}

#[cfg(test)]
mod tests;
