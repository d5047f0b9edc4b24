//! `shotlist show JOB`: every take, attempt and answer of one job, the money, and what to do.

use super::args::{Global, ShowArgs};
use super::exit::{Error, Exit};
use super::held::{reason_words, tell_held};
use super::session::{job_named, reader, store_error};
use super::settings::{Places, quoted};
use super::status::project;
use super::terminal::Terminal;
use crate::domain::key::JobKey;
use crate::domain::lifecycle::State;
use crate::provider;
use crate::report::lines::charged_words;
use crate::store::{History, Reader, TakeHistory};
use serde_json::{Value, json};

/// Shows it.
pub(super) async fn show(terminal: &Terminal, global: &Global, args: &ShowArgs) -> Result<Exit, Error> {
    let places = Places::find(args.manifest.manifest.as_deref(), global)?;
    let reader = reader(&places)?;
    let (project, key) = find(&reader, project(&places).as_deref(), &args.job).await?;
    let history = reader.history(&project, &key).await.map_err(|error| store_error(&error))?;
    let history = history.ok_or_else(|| Error::new(Exit::Usage, format!("there is no job {key}")))?;
    if terminal.json {
        terminal.data(as_json(&project, &history));
    } else {
        text(terminal, &history);
    }
    let newest = history.takes.first().map(|take| &take.take);
    let held = newest.filter(|take| matches!(take.state, State::Held { .. }));
    if !terminal.json {
        tell_held(terminal, held.map_or(&[], std::slice::from_ref), &places);
    }
    let job = quoted(&key.to_string());
    terminal.next(match newest.map(|take| &take.state) {
        Some(State::Held { reason, task: None, .. }) if reason.charge_in_doubt() => {
            places.typed(&format!("resolve {job} --resubmit"))
        }
        Some(State::Held { .. }) => places.typed(&format!("resolve {job} --again")),
        Some(State::Failed { refusal, .. }) if refusal.permanent() => {
            terminal.say(format_args!("It would be refused again: change the input of {key} first."));
            places.typed("run")
        }
        Some(State::Failed { .. }) => places.typed(&format!("retry --only {job}")),
        Some(State::Done { .. }) | None => places.typed("status"),
        Some(_) => places.typed("run"),
    });
    Ok(Exit::Done)
}

/// The job that is meant, in the manifest's project or, where that cannot be read, in any.
pub(super) async fn find(
    reader: &Reader,
    project: Option<&str>,
    job: &str,
) -> Result<(String, JobKey), Error> {
    let known = reader.keys(project).await.map_err(|error| store_error(&error))?;
    let keys: Vec<JobKey> = known.iter().map(|(_, key)| key.clone()).collect();
    let key = job_named(job, &keys)?;
    let project = known.into_iter().find(|(_, known)| *known == key).map(|(project, _)| project);
    Ok((project.unwrap_or_default(), key))
}

fn text(terminal: &Terminal, history: &History) {
    terminal.data(format_args!("{}   {}", history.key, history.title));
    if !history.wanted {
        terminal.data("  no longer wanted by the manifest");
    }
    terminal.data(match &history.filed {
        Some(filed) => format!("  clip      {}  sha256 {}", filed.path, filed.file.sha256),
        None => format!("  clip      none yet; it will be {}", history.path),
    });
    for (number, entry) in history.takes.iter().enumerate() {
        let take = &entry.take;
        let newest = if number == 0 { "  (newest)" } else { "" };
        terminal.data(format_args!("  take {}{newest}", take.id));
        terminal
            .data(format_args!("    ordered   {}  {}  {}", entry.created, take.request.model, take.price));
        terminal.data(format_args!("    state     {}", state_words(entry)));
        if let Some(task) = take.state.task() {
            terminal.data(format_args!("    task      {}", task.id));
        }
        if let Some(prompt) = &take.request.prompt {
            terminal.data(format_args!("    prompt    {}", crate::domain::fault::printable(prompt)));
        }
        if let Some(provider) = provider::find(&take.request.model.provider) {
            let request_id = entry.attempts.last().map(|attempt| attempt.request_id.clone());
            let request_id =
                request_id.unwrap_or_else(|| crate::domain::key::RequestId("(not sent yet)".into()));
            if let Some(body) = provider.submit(&take.request, &request_id).body {
                terminal.data(format_args!("    request   {}", body.shown()));
            }
        }
        for attempt in &entry.attempts {
            let outcome = attempt.outcome.as_deref().unwrap_or("no outcome yet");
            let said = attempt.said.as_ref().map(|said| format!("  {said}")).unwrap_or_default();
            terminal.data(format_args!(
                "    attempt {}  {}  {}  {outcome}{said}",
                attempt.number, attempt.at, attempt.request_id
            ));
        }
    }
}

fn state_words(entry: &TakeHistory) -> String {
    let take = &entry.take;
    match &take.state {
        State::Held { reason, .. } => {
            let money = if reason.charge_in_doubt() {
                format!("may have been charged, up to {}", take.price)
            } else {
                format!("charged {}", take.price)
            };
            format!("held: {} ({money})", reason_words(*reason))
        }
        State::Failed { refusal, charged, .. } => {
            format!("failed: {} ({})", refusal.name(), charged_words(*charged, take.price))
        }
        State::Done { file, .. } => {
            format!("done: {} bytes, charged {}", file.size, entry.settled.unwrap_or(take.price))
        }
        State::Pending { tries_left: 0, .. } => {
            "pending: refused for passing reasons; the next run tries again".into()
        }
        State::Pending { .. } => "pending: not sent, not charged".into(),
        state => format!("{} (charged {} when it ends)", state.name(), take.price),
    }
}

fn as_json(project: &str, history: &History) -> Value {
    let takes: Vec<Value> = history
        .takes
        .iter()
        .map(|entry| {
            let take = &entry.take;
            let attempts: Vec<Value> = entry
                .attempts
                .iter()
                .map(|attempt| {
                    json!({
                        "number": attempt.number,
                        "request_id": attempt.request_id.0,
                        "at": attempt.at.to_string(),
                        "price_usd": attempt.price.plain(),
                        "body_sha256": attempt.body.to_string(),
                        "outcome": attempt.outcome,
                        "said": attempt.said.as_ref().map(ToString::to_string),
                    })
                })
                .collect();
            json!({
                "take": take.id.0,
                "created": entry.created.to_string(),
                "model": take.request.model.to_string(),
                "prompt": take.request.prompt,
                "price_usd": take.price.plain(),
                "settled_usd": entry.settled.map(crate::domain::money::Usd::plain),
                "state": take.state.name(),
                "detail": state_words(entry),
                "task": take.state.task().map(|task| task.id.0.clone()),
                "path": take.path,
                "fingerprint": take.fingerprint.to_string(),
                "attempts": attempts,
            })
        })
        .collect();
    json!({
        "format": 1,
        "project": project,
        "job": history.key.to_string(),
        "title": history.title,
        "wanted": history.wanted,
        "clip": history.filed.as_ref().map(|filed| filed.path.clone()),
        "takes": takes,
    })
}
