//! `shotlist pause` and `resume`: a provider, or the whole project, on hold. Free, durable, and seen by a live run within a
//! second: what is in flight is collected, nothing new is submitted.

use super::error::Error;
use super::exit::Exit;
use super::places::Places;
use super::project::Project;
use super::status::project_name;
use crate::cli::args::{PauseArgs, ResumeArgs};
use crate::domain::fault::printable;
use crate::domain::problem::did_you_mean;
use crate::engine::clock::Clock;
use crate::provider::Registry;
use crate::report::terminal::Terminal;
use crate::store::{Mode, Options, Pause, Store};
use jiff::Timestamp;

/// Puts a provider, or all of them, on hold.
pub(crate) async fn pause(project: &Project, terminal: &Terminal, args: &PauseArgs) -> Result<Exit, Error> {
    let provider = known(&project.registry, args.provider.as_deref())?;
    let desk = Desk::open(project).await?;
    let reason = args.reason.as_deref().map(printable).filter(|reason| !reason.is_empty());
    for project in &desk.projects {
        let done = desk.store.pause(project, provider, reason.as_deref(), desk.now).await;
        done?;
        let all = desk.store.pauses(Some(project)).await?;
        for pause in all.iter().filter(|pause| pause.provider.as_deref() == provider) {
            desk.tell(
                terminal,
                pause,
                &format!("paused   {}", crate::report::pauses::words(pause, desk.now)),
                "paused",
            );
        }
    }
    terminal.say(
        "What is in flight is still collected; nothing new is submitted, not even by a run that is at work.",
    );
    terminal.next(desk.places.typed(&resume_words(provider)));
    Ok(Exit::Done)
}

/// Lets a provider, or everything, go on.
pub(crate) async fn resume(project: &Project, terminal: &Terminal, args: &ResumeArgs) -> Result<Exit, Error> {
    let provider = known(&project.registry, args.provider.as_deref())?;
    let desk = Desk::open(project).await?;
    let mut any = false;
    for project in &desk.projects {
        let lifted = desk.store.resume(project, provider).await?;
        for pause in &lifted {
            any = true;
            let line = format!(
                "resumed  {}; {}",
                crate::report::pauses::who(pause),
                crate::report::pauses::waiting(pause)
            );
            desk.tell(terminal, pause, &line, "resumed");
        }
        let left = desk.store.pauses(Some(project)).await?;
        for pause in left.iter().filter(|pause| provider.is_some_and(|name| pause.covers(name))) {
            terminal.say(format_args!("paused   {}", crate::report::pauses::words(pause, desk.now)));
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

/// The command that lifts these pauses, without the flags that lead to the project.
#[must_use]
pub(crate) fn resume_typed(pauses: &[Pause]) -> String {
    match pauses {
        [one] => resume_words(one.provider.as_deref()),
        _ => resume_words(None),
    }
}

fn resume_words(provider: Option<&str>) -> String {
    provider.map_or_else(|| "resume".to_owned(), |provider| format!("resume {provider}"))
}

/// The provider that is meant, if it is one.
fn known<'a>(registry: &Registry, name: Option<&'a str>) -> Result<Option<&'a str>, Error> {
    let Some(name) = name else { return Ok(None) };
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
    async fn open(project: &Project) -> Result<Self, Error> {
        let places = project.places.clone();
        let now = Clock::system().now();
        let opened = Store::open(&places.state, Mode::Beside, &Options::default(), now);
        let (store, _) = opened?;
        let projects = match project_name(&places) {
            Some(project) => vec![project],
            None => store.projects().await?,
        };
        // A run of an empty name collects for everybody, and has no jobs of its own.
        let projects = projects.into_iter().filter(|project| !project.is_empty()).collect();
        Ok(Self { places, store, now, projects })
    }

    fn tell(&self, terminal: &Terminal, pause: &Pause, line: &str, did: &str) {
        if terminal.json {
            let mut object = crate::report::pauses::json(pause);
            object["did"] = did.into();
            terminal.data(object);
        } else if self.projects.len() > 1 {
            terminal.say(format_args!("{line}  (project {})", pause.project));
        } else {
            terminal.say(line);
        }
    }
}
