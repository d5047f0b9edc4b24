//! The check that a provider answers at its configured address, made by one free request.

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

/// Asks a provider for a task that does not exist.
pub(crate) async fn ask(
    provider: &dyn Provider,
    endpoint: &Endpoint,
    settings: &Settings,
    clock: &Clock,
) -> Vec<Check> {
    let free = match FreeClient::new(settings) {
        Ok(free) => free,
        Err(trouble) => return vec![Check::fail("server", Exit::Local, trouble.to_string(), "see above")],
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

/// Returns a warning where a server tells another time than this computer.
fn check_date(reply: &Reply, now: Timestamp) -> Option<Check> {
    let theirs = Timestamp::try_from(reply::sent(reply)?).ok()?;
    let what = disagreement(now, theirs)?;
    Some(Check::warn("clock", what, "set this computer's clock: timedatectl set-ntp true"))
}

/// Returns what the answer about a task that does not exist tells about the address and the key.
fn check_answer(provider: &dyn Provider, endpoint: &Endpoint, answer: Result<Reply, SendFault>) -> Check {
    let url = endpoint.base_url.as_str();
    let name = provider.name();
    let reply = match answer {
        Ok(reply) => reply,
        Err(fault) => {
            let what = format!("{name}: {url} cannot be asked: {}", fault.said);
            return Check::warn("server", what, "look at the network, then type the same command again");
        }
    };
    let well = Check::ok("server", format!("{name}: {url} answers"));
    let Err(fault) = provider.polled(&TaskId(NO_TASK.into()), &reply) else { return well };
    // A server that knows the request answers in its own form even where the task does not exist.
    let is_no_task = matches!(reply.status, 404 | 405) && reply::object(&reply).is_none();
    match fault.kind {
        _ if is_no_task => wrong(provider, url, &fault.said.to_string()),
        FaultKind::Stop(Stop::Setup) => wrong(provider, url, &fault.said.to_string()),
        FaultKind::Stop(_) => {
            let what = format!("{name}: {url} does not let this key in: {}", fault.said);
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
            let what = format!("{name}: {url} has trouble: {}", fault.said);
            Check::warn("server", what, "type the same command again later")
        }
        _ => well,
    }
}

fn wrong(provider: &dyn Provider, url: &str, said: &str) -> Check {
    let name = provider.name();
    let what = format!("{name}: {url} is not its server, or not the whole address: {said}");
    let todo = format!("providers: {{ {name}: {{ base_url: \"{}\" }} }}", provider.profile().base_url);
    Check::fail("server", Exit::Invalid, what, todo)
}

#[cfg(test)]
mod tests;
