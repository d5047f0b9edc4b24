//! Checks that each provider answers at its configured address, by one free request.

use super::Check;
use crate::app::exit::Exit;
use crate::domain::fault::{FaultKind, Stop};
use crate::domain::key::{ModelName, TaskId};
use crate::domain::time::disagreement;
use crate::engine::clock::Clock;
use crate::provider::card::ModelCard;
use crate::provider::{NO_TASK, Provider, reply};
use crate::transport::{Endpoint, FreeClient, SendFault, Settings};
use crate::wire::Reply;
use jiff::Timestamp;

/// Asks a provider for a task that does not exist, and judges the server, the key and the clock by the answer.
pub(crate) async fn ask(
    provider: &dyn Provider,
    endpoint: &Endpoint,
    settings: &Settings,
    clock: &Clock,
) -> Vec<Check> {
    let free = match FreeClient::new(settings) {
        Ok(free) => free,
        Err(trouble) => {
            return vec![Check::fail(
                "server",
                Exit::Local,
                trouble.to_string(),
                "solve this problem, then type the same command again",
            )];
        }
    };
    let card = provider.cards().first().cloned().unwrap_or_else(|| {
        let (provider, model) = (provider.name().to_owned(), NO_TASK.to_owned());
        ModelCard::unlisted(ModelName { provider, model })
    });
    let answer = free.ask(endpoint, &provider.poll(&card, &TaskId(NO_TASK.into()))).await;
    let clock = answer.as_ref().ok().and_then(|reply| check_date(reply, clock.now()));
    let server = check_answer(provider, endpoint, answer);
    std::iter::once(server).chain(clock).collect()
}

/// Returns a warning if the clock of this computer differs from that of the server.
fn check_date(reply: &Reply, now: Timestamp) -> Option<Check> {
    let theirs = Timestamp::try_from(reply::sent(reply)?).ok()?;
    let what = disagreement(now, theirs)?;
    Some(Check::warn("clock", what, "set this computer's clock: timedatectl set-ntp true"))
}

/// Judges the address and the key by the provider's answer to the request for a task that does not exist.
fn check_answer(provider: &dyn Provider, endpoint: &Endpoint, answer: Result<Reply, SendFault>) -> Check {
    let url = endpoint.base_url.as_str();
    let name = provider.name();
    let reply = match answer {
        Ok(reply) => reply,
        Err(fault) => {
            let what = format!("{name}: {url} cannot be reached: {}", fault.said);
            return Check::warn("server", what, "check the network, then type the same command again");
        }
    };
    let well = Check::ok("server", format!("{name}: {url} answers"));
    let Err(fault) = provider.polled(&TaskId(NO_TASK.into()), &reply) else { return well };
    // The provider's server answers in its own format even if the task does not exist.
    let is_no_task = matches!(reply.status, 404 | 405) && reply::object(&reply).is_none();
    match fault.kind {
        _ if is_no_task => wrong(provider, url, &fault.said.to_string()),
        FaultKind::Stop(Stop::Setup) => wrong(provider, url, &fault.said.to_string()),
        FaultKind::Stop(_) => {
            let what = format!("{name}: {url} refuses this key: {}", fault.said);
            Check::fail(
                "server",
                Exit::Credentials,
                what,
                match &endpoint.key_env {
                    Some(variable) => format!("compare the key in {variable} with the console of {name}"),
                    None => format!("compare the key with the console of {name}"),
                },
            )
        }
        FaultKind::Throttled { .. } => well,
        _ if reply.status >= 500 => {
            let what = format!("{name}: {url} reports a fault of the server: {}", fault.said);
            Check::warn("server", what, "type the same command again later")
        }
        _ => well,
    }
}

fn wrong(provider: &dyn Provider, url: &str, said: &str) -> Check {
    let name = provider.name();
    let what = format!("{name}: {url} is not the provider's server, or not its complete address: {said}");
    let todo = format!("providers: {{ {name}: {{ base_url: \"{}\" }} }}", provider.profile().base_url);
    Check::fail("server", Exit::Invalid, what, todo)
}

#[cfg(test)]
mod tests;
