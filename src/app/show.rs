//! `shotlist show JOB`: every take, attempt and answer of one job, the money, and what to do.

mod text;

use super::album::load;
use super::error::Error;
use super::exit::Exit;
use super::names::Names;
use super::places::{Places, quoted};
use super::project::Project;
use super::session::{job_named, reader};
use super::status::project_name;
use crate::cli::args::ShowArgs;
use crate::domain::key::{JobKey, RequestId, TakeId};
use crate::domain::lifecycle::{Account, Charged, HeldReason, State};
use crate::domain::loss::Loss;
use crate::domain::money::Usd;
use crate::domain::take::Take;
use crate::engine::clock::Clock;
use crate::files::Tree;
use crate::load::cards;
use crate::provider::cards::Cards;
use crate::report::terminal::Terminal;
use crate::store::{Attempt, Entry, History, Reader, StoreError, TakeHistory, Worksheet, remarks};
use crate::wire::Call;
use serde_json::{Value, json};
use text::{headline, state_words};

/// What a person must fill in: the id of a task that was found in the provider's console.
const TASK_ID: &str = " --task-id ID";

/// Shows it.
pub(crate) async fn show(project: &Project, terminal: &Terminal, args: &ShowArgs) -> Result<Exit, Error> {
    let places = project.places.clone();
    let reader = reader(&places)?;
    let (name, key) = match find_ordered(&reader, project_name(&places).as_deref(), &args.job).await {
        Ok(found) => found,
        Err(error) => return Err(never_ordered(project, &args.job).unwrap_or(error)),
    };
    let history = reader.history(&name, &key).await?;
    let history = history.ok_or_else(|| Error::new(Exit::Usage, format!("there is no job {key}")))?;
    let loss = loss(&reader, &places, &history).await?;
    let options = options(&history, &places, loss);
    let takes: Vec<TakeId> = history.takes.iter().map(|entry| entry.take.id.clone()).collect();
    let remarks = remarks(&places.state, &takes)?;
    let cards = cards(&places.manifest, &project.registry);
    if terminal.json {
        terminal.data(as_json(&cards, &name, &history, &options, &remarks));
    } else {
        for line in text::page(
            &places,
            &cards,
            &history,
            &options,
            &remarks,
            terminal.size().0,
            Clock::system().now(),
        ) {
            terminal.data(line);
        }
    }
    // The first that can be typed without knowing more.
    if let Some(option) = options.iter().find(|option| !option.command.contains(TASK_ID)) {
        terminal.next(&option.command);
    }
    Ok(Exit::Done)
}

/// The job that is meant; where nothing was ever ordered for it in the manifest's project, as [`held_elsewhere`].
async fn find_ordered(reader: &Reader, project: Option<&str>, job: &str) -> Result<(String, JobKey), Error> {
    let own = find(reader, project, job).await;
    if let Ok((project, key)) = &own
        && reader.take(project, key).await?.is_some()
    {
        return own;
    }
    held_elsewhere(reader, project, job).await?.map_or(own, Ok)
}

/// The job that is meant, in the manifest's project or, where that cannot be read, in any.
pub(crate) async fn find(
    reader: &Reader,
    project: Option<&str>,
    job: &str,
) -> Result<(String, JobKey), Error> {
    let known = reader.keys(project).await?;
    meant(known, job)
}

/// The one job of that name for which a person must decide, in the other projects of the folder: the manifest's project
/// may have had another name.
pub(crate) async fn held_elsewhere(
    reader: &Reader,
    project: Option<&str>,
    job: &str,
) -> Result<Option<(String, JobKey)>, Error> {
    let Some(project) = project else { return Ok(None) };
    let held = reader.held(None).await?;
    let others = held.into_iter().filter(|take| take.project != project);
    Ok(meant(others.map(|take| (take.project, take.key)).collect(), job).ok())
}

/// The one of these jobs that is meant.
fn meant(known: Vec<(String, JobKey)>, job: &str) -> Result<(String, JobKey), Error> {
    let keys: Vec<JobKey> = known.iter().map(|(_, key)| key.clone()).collect();
    let key = match job_named(job, &keys) {
        Ok(key) => key,
        // A name is a name before it is a pattern: ids may hold any character.
        Err(error) if job.contains(['*', '?', '[', '{']) => matched(job, keys)?.ok_or(error)?,
        Err(error) => return Err(error),
    };
    let mut projects: Vec<String> =
        known.into_iter().filter(|(_, known)| *known == key).map(|(project, _)| project).collect();
    match projects.pop() {
        Some(project) if projects.is_empty() => Ok((project, key)),
        Some(other) => Err(Error::new(
            Exit::Usage,
            format!(
                "{key} is a job of {} and of {other}, and the manifest that would tell which one is meant cannot be \
                 read",
                projects.join(", ")
            ),
        )),
        // Every key came with its project.
        None => Err(Error::new(Exit::Unexpected, format!("{key} has no project"))),
    }
}

/// The one job that a pattern matches; an error where it matches several.
fn matched(pattern: &str, keys: Vec<JobKey>) -> Result<Option<JobKey>, Error> {
    let pattern = [pattern.to_owned()];
    let is_name = |name: &str| {
        let called = |key: &JobKey| key.item == name || key.to_string() == name;
        Ok::<_, Error>(keys.iter().any(called))
    };
    let names = Names::of(&pattern, is_name)?;
    let mut found = keys.into_iter().filter(|key| names.has(key));
    let Some(first) = found.next() else { return Ok(None) };
    let Some(second) = found.next() else { return Ok(Some(first)) };
    let others = match found.count() {
        0 => String::new(),
        others => format!(" and {others} more"),
    };
    let what = format!("`{}` matches {first}, {second}{others}; name one", pattern[0]);
    Err(Error::new(Exit::Usage, what))
}

/// Another error for a job that the manifest wants and no run has heard of yet.
fn never_ordered(project: &Project, job: &str) -> Option<Error> {
    let worksheet = Worksheet::new(None).ok()?;
    let _ = load(project, &worksheet);
    let mut keys: Vec<JobKey> = Vec::new();
    let listed = worksheet.book().each_wanted::<StoreError>(|wanted| {
        keys.push(wanted.key);
        Ok(())
    });
    listed.ok()?;
    let key = job_named(job, &keys).ok()?;
    let words = format!("plan --only {}", quoted(&key.to_string()));
    Some(
        Error::new(Exit::Usage, format!("{key} is in the manifest, but was never ordered"))
            .money("not charged")
            .hint(project.places.typed(&words)),
    )
}

/// A way to go on.
struct Choice {
    /// When it is the one to take.
    when: String,
    /// To be typed as it stands, but for words in capitals.
    command: String,
}

/// Everything that can be done about the job, what suits most people first.
fn options(history: &History, places: &Places, loss: Option<Loss>) -> Vec<Choice> {
    let key = quoted(&history.key.to_string());
    let choice = |when: &str, words: &str| Choice {
        when: when.to_owned(),
        command: places.typed(&words.replace("{}", &key)),
    };
    let Some(decisive) = history.decisive() else {
        return vec![choice("order it", "run --only {}")];
    };
    let take = &decisive.take;
    let price = take.price;
    match &take.state {
        State::Held { reason, task, .. } => {
            let first = if task.is_none() {
                choice("it is in the provider's console: adopt the task (free)", "resolve {} --task-id ID")
            } else if *reason == HeldReason::NameConflict {
                choice("you moved the foreign file away (free)", "resolve {} --again")
            } else {
                choice("ask for the same task once more (free)", "resolve {} --again")
            };
            let mut choices = vec![first];
            choices
                .push(choice(&format!("render it anew (a new charge of {price})"), "resolve {} --resubmit"));
            let spent = cost(decisive).1;
            choices.push(choice(&format!("give it up ({spent} counts as spent)"), "resolve {} --write-off"));
            choices
        }
        State::Failed { refusal, charged, .. } => {
            let paid = if *charged == Charged::No { "" } else { " --charged" };
            let cost = match charged {
                Charged::No => format!("{price}"),
                Charged::Yes => format!("{price} once more"),
                Charged::Unknown => format!("{price}, perhaps once more"),
            };
            if refusal.permanent() {
                vec![
                    choice(&format!("after you changed its prompt or picture ({cost})"), "run --only {}"),
                    choice(
                        &format!("the same request once more ({cost})"),
                        &format!("retry --only {{}} --include-permanent{paid}"),
                    ),
                ]
            } else {
                vec![choice(&format!("try again ({cost})"), &format!("retry --only {{}}{paid}"))]
            }
        }
        State::Done { .. } if history.wanted && loss == Some(Loss::Missing) => vec![
            choice("bring its clip back from a copy or the provider (free)", "verify --repair"),
            choice(&format!("render it again (a new charge of {price})"), "redo {}"),
        ],
        State::Done { .. } if history.wanted && loss == Some(Loss::Altered) => {
            vec![choice(
                "keep the altered clip aside, restore the paid one (free)",
                "verify --repair --replace-altered",
            )]
        }
        State::Done { .. } if history.wanted => vec![choice("nothing: it is done; the others", "status")],
        State::Pending { .. } if history.wanted => vec![choice("send it", "run --only {}")],
        State::Running { .. } | State::Downloading { .. } | State::Placing { .. } => {
            vec![choice("fetch what is paid (free)", "collect")]
        }
        State::Submitting { .. } | State::Doubtful { .. } => {
            vec![choice("find out what became of it (free)", "collect")]
        }
        _ => vec![choice("see what the manifest asks for now", "plan --only {}")],
    }
}

/// Looks at the job's clip; `None` where it stands as it was placed, or cannot be looked at.
pub(crate) async fn loss(reader: &Reader, places: &Places, history: &History) -> Result<Option<Loss>, Error> {
    let Some(filed) = &history.filed else { return Ok(None) };
    let recorded = reader.output().await?;
    let Ok(tree) = Tree::look_at(&places.state, &places.clips(recorded.as_deref())) else {
        return Ok(Some(Loss::Missing));
    };
    let losses = tree.losses(std::iter::once((filed.path.as_str(), &filed.file)));
    Ok(losses.unwrap_or_default().pop().flatten())
}

/// What a take has cost, by where the money stands.
fn cost(entry: &TakeHistory) -> (Account, Usd) {
    let account = entry.take.state.account();
    let usd = match account {
        Account::Free => Usd::ZERO,
        Account::Reserved | Account::InDoubt | Account::Settled => entry.settled.unwrap_or(entry.take.price),
    };
    (account, usd)
}

/// The call as this program makes it for an attempt, and whether that is, byte for byte, what was sent.
fn sent(cards: &Cards, take: &Take, attempt: Option<&Attempt>) -> Option<(Call, bool)> {
    let id = attempt.map_or_else(|| RequestId("(not sent yet)".into()), |attempt| attempt.request_id.clone());
    let model = &take.request.model;
    let call = cards.providers().find(&model.provider)?.submit(cards.get(model)?, &take.request, &id).0;
    let same =
        call.body.as_ref().is_some_and(|body| attempt.is_some_and(|attempt| attempt.body == body.sha256()));
    Some((call, same))
}

fn as_json(cards: &Cards, project: &str, history: &History, options: &[Choice], remarks: &[Entry]) -> Value {
    let options: Vec<Value> =
        options.iter().map(|choice| json!({ "when": choice.when, "command": choice.command })).collect();
    json!({
        "format": 1,
        "project": project,
        "job": history.key.to_string(),
        "title": history.title,
        "wanted": history.wanted,
        "standing": headline(history),
        "path": history.path,
        "clip": history.filed.as_ref().map(|filed| filed.path.clone()),
        "bytes": history.filed.as_ref().map(|filed| filed.file.size),
        "sha256": history.filed.as_ref().map(|filed| filed.file.sha256.to_string()),
        "takes": history.takes.iter().map(|entry| take_json(cards, entry, remarks)).collect::<Vec<Value>>(),
        "options": options,
    })
}

/// The lines that are about a take.
fn about<'a>(remarks: &'a [Entry], take: &'a Take) -> impl Iterator<Item = &'a Entry> {
    remarks.iter().filter(|line| line.take == take.id.0)
}

fn take_json(cards: &Cards, entry: &TakeHistory, remarks: &[Entry]) -> Value {
    let take = &entry.take;
    let remark = |line: &Entry| {
        json!({
            "at": line.at.to_string(),
            "kind": line.kind.name(),
            "text": text::reason(line),
            "was_usd": line.was.map(Usd::plain),
            "usd": line.usd.plain(),
        })
    };
    let said = |attempt: &Attempt| {
        attempt.said.as_ref().map(|said| json!({ "http": said.http, "code": said.code, "text": said.text }))
    };
    let attempt = |attempt: &Attempt| {
        json!({
            "number": attempt.number,
            "request_id": attempt.request_id.0,
            "at": attempt.at.to_string(),
            "price_usd": attempt.price.plain(),
            "body_sha256": attempt.body.to_string(),
            "outcome": attempt.outcome,
            "said": attempt.said.as_ref().map(ToString::to_string),
            "provider": said(attempt),
        })
    };
    let request = sent(cards, take, entry.attempts.last()).map(|(call, same)| {
        let shown = call.body.as_ref().map(crate::wire::Body::shown).unwrap_or_default();
        let body = serde_json::from_str::<Value>(&shown).unwrap_or(Value::String(shown));
        json!({ "path": call.path, "body": body, "as_sent": same })
    });
    let (reason, charged) = match &take.state {
        State::Held { reason, .. } | State::WrittenOff { reason, .. } => (Some(reason.name()), None),
        State::Failed { refusal, charged, .. } => {
            (Some(refusal.name()), Some(format!("{charged:?}").to_lowercase()))
        }
        _ => (None, None),
    };
    let (account, usd) = cost(entry);
    let mut object = json!({
        "take": take.id.0,
        "created": entry.created.to_string(),
        "model": take.request.model.to_string(),
        "prompt": take.request.prompt,
        "price_usd": take.price.plain(),
        "settled_usd": entry.settled.map(Usd::plain),
        "account": text::account_name(account),
        "account_usd": usd.plain(),
        "state": take.state.name(),
        "detail": state_words(entry),
        "reason": reason,
        "charged": charged,
        "task": take.state.task().map(|task| task.id.0.clone()),
        "accepted": take.state.task().map(|task| task.accepted.to_string()),
        "path": take.path,
        "fingerprint": take.fingerprint.to_string(),
        "request": request,
        "attempts": entry.attempts.iter().map(attempt).collect::<Vec<Value>>(),
        "remarks": about(remarks, take).map(remark).collect::<Vec<Value>>(),
    });
    if let State::Running { watch, due, .. } = &take.state {
        object["polls"] = watch.polls.into();
        object["due"] = due.to_string().into();
    }
    if let State::Downloading { watch, clip, due, tries, .. } = &take.state {
        object["polls"] = watch.polls.into();
        object["due"] = due.to_string().into();
        object["downloads_failed"] = (*tries).into();
        object["link_dies"] = clip.expires.map(|dies| dies.to_string()).into();
    }
    object
}
