//! `shotlist pause` and `resume`: a provider, or the whole project, on hold. Free, durable, and seen by a live run within a
//! second: what is in flight is collected, nothing new is submitted.

use super::args::{Global, PauseArgs, ResumeArgs};
use super::exit::{Error, Exit};
use super::layout::{span, utc};
use super::session::store_error;
use super::settings::Places;
use super::setup::registry;
use super::status::project;
use super::terminal::Terminal;
use crate::domain::fault::printable;
use crate::domain::problem::did_you_mean;
use crate::engine::clock::Clock;
use crate::report::text::count;
use crate::store::{Mode, Options, Pause, Reader, Store, StoreError};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Puts a provider, or all of them, on hold.
pub(super) async fn pause(terminal: &Terminal, global: &Global, args: &PauseArgs) -> Result<Exit, Error> {
    let provider = known(args.provider.as_deref())?;
    let desk = Desk::open(global).await?;
    let reason = args.reason.as_deref().map(printable).filter(|reason| !reason.is_empty());
    for project in &desk.projects {
        let done = desk.store.pause(project, provider, reason.as_deref(), desk.now).await;
        done.map_err(|error| store_error(&error))?;
        let all = desk.store.pauses(Some(project)).await.map_err(|error| store_error(&error))?;
        for pause in all.iter().filter(|pause| pause.provider.as_deref() == provider) {
            desk.tell(terminal, pause, &format!("paused   {}", words(pause, desk.now)), "paused");
        }
    }
    terminal.say(
        "What is in flight is still collected; nothing new is submitted, not even by a run that is at work.",
    );
    terminal.next(desk.places.typed(&resume_words(provider)));
    Ok(Exit::Done)
}

/// Lets a provider, or everything, go on.
pub(super) async fn resume(terminal: &Terminal, global: &Global, args: &ResumeArgs) -> Result<Exit, Error> {
    let provider = known(args.provider.as_deref())?;
    let desk = Desk::open(global).await?;
    let mut any = false;
    for project in &desk.projects {
        let lifted = desk.store.resume(project, provider).await.map_err(|error| store_error(&error))?;
        for pause in &lifted {
            any = true;
            let line = format!("resumed  {}; {}", who(pause), waiting(pause));
            desk.tell(terminal, pause, &line, "resumed");
        }
        let left = desk.store.pauses(Some(project)).await.map_err(|error| store_error(&error))?;
        for pause in left.iter().filter(|pause| provider.is_some_and(|name| pause.covers(name))) {
            terminal.say(format_args!("paused   {}", words(pause, desk.now)));
        }
    }
    if !any {
        terminal.say(match provider {
            Some(provider) => format!("{provider} was not on hold by itself; nothing was changed"),
            None => "nothing was on hold".to_owned(),
        });
    }
    terminal.next(desk.places.typed("run"));
    Ok(Exit::Done)
}

/// Says what is on hold of a project, before anything is asked or sent.
pub(super) async fn tell(
    terminal: &Terminal,
    reader: &Reader,
    project: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    for line in lines(&reader.pauses(Some(project)).await?, now) {
        terminal.say(line);
    }
    Ok(())
}

/// A line for each pause, for whoever is about to submit something.
#[must_use]
pub(super) fn lines(pauses: &[Pause], now: Timestamp) -> Vec<String> {
    let line = |pause: &Pause| format!("paused   {}; nothing new is submitted", words(pause, now));
    pauses.iter().map(line).collect()
}

/// A pause in words: what, since when, why, and how many jobs wait for its end.
#[must_use]
pub(super) fn words(pause: &Pause, now: Timestamp) -> String {
    let reason = pause.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let (since, lasted) = (utc(pause.since), span(pause.since, now));
    format!("{} since {since}, for {lasted}{reason}; {}", who(pause), waiting(pause))
}

/// A pause for programs.
#[must_use]
pub(super) fn json(pause: &Pause) -> Value {
    json!({
        "project": pause.project,
        "provider": pause.provider,
        "since": pause.since.to_string(),
        "reason": pause.reason,
        "waiting": pause.waiting,
    })
}

/// The command that lifts these pauses, without the flags that lead to the project.
#[must_use]
pub(super) fn resume_typed(pauses: &[Pause]) -> String {
    match pauses {
        [one] => resume_words(one.provider.as_deref()),
        _ => resume_words(None),
    }
}

fn resume_words(provider: Option<&str>) -> String {
    provider.map_or_else(|| "resume".to_owned(), |provider| format!("resume {provider}"))
}

fn who(pause: &Pause) -> &str {
    pause.provider.as_deref().unwrap_or("all providers")
}

fn waiting(pause: &Pause) -> String {
    let verb = if pause.waiting == 1 { "waits" } else { "wait" };
    format!("{} {verb}", count(usize::try_from(pause.waiting).unwrap_or(usize::MAX), "job"))
}

/// The provider that is meant, if it is one.
fn known(name: Option<&str>) -> Result<Option<&str>, Error> {
    let Some(name) = name else { return Ok(None) };
    let registry = registry();
    if registry.find(name).is_some() {
        return Ok(Some(name));
    }
    let names: Vec<&str> = registry.iter().map(|provider| provider.name()).collect();
    let hint = match did_you_mean(name, names.iter().copied()) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("the providers are: {}", names.join(", ")),
    };
    Err(Error::new(Exit::Usage, format!("there is no provider `{name}`; {hint} Nothing was changed")))
}

/// What both verbs need.
struct Desk {
    places: Places,
    store: Store,
    now: Timestamp,
    /// The manifest's project; all of the folder where it cannot be read, for what is wrong must not keep the rest going.
    projects: Vec<String>,
}

impl Desk {
    async fn open(global: &Global) -> Result<Self, Error> {
        let places = Places::find(None, global)?;
        let now = Clock::system().now();
        let opened = Store::open(&places.state, Mode::Beside, &Options::default(), now);
        let (store, _) = opened.map_err(|error| store_error(&error))?;
        let projects = match project(&places) {
            Some(project) => vec![project],
            None => store.projects().await.map_err(|error| store_error(&error))?,
        };
        // A run of an empty name collects for everybody, and has no jobs of its own.
        let projects = projects.into_iter().filter(|project| !project.is_empty()).collect();
        Ok(Self { places, store, now, projects })
    }

    fn tell(&self, terminal: &Terminal, pause: &Pause, line: &str, did: &str) {
        if terminal.json {
            let mut object = json(pause);
            object["did"] = did.into();
            terminal.data(object);
        } else if self.projects.len() > 1 {
            terminal.say(format_args!("{line}  (project {})", pause.project));
        } else {
            terminal.say(line);
        }
    }
}
