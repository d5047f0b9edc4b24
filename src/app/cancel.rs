//! `shotlist cancel`: jobs off the list, and tasks back from a provider that allows it. Free, and works beside a live
//! run: each step is a compare-and-set, and what the run did in between is seen.

use super::error::Error;
use super::exit::Exit;
use super::names::Names;
use super::places::show_typed;
use super::places::{Places, quoted};
use super::project::Project;
use super::setup::{Setup, setup};
use super::show::find;
use super::status::project_name;
use crate::cli::args::CancelArgs;
use crate::domain::fault::Refusal;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{CancelledBy, Charged, Event, State, Task};
use crate::domain::take::Take;
use crate::domain::text::count;
use crate::engine::clock::Clock;
use crate::load::{cards, providers};
use crate::provider::{self, Cancelled};
use crate::report::lines::charged_words;
use crate::report::terminal::Terminal;
use crate::store::{ApplyError, Details, Mode, Options, Store};
use crate::transport::FreeClient;
use std::collections::BTreeSet;

/// How often another process may be faster with one take, before it is left to that one.
const ROUNDS: usize = 20;

/// What became of the wish: done, or why not with the exit code for that.
type Did = Result<String, (Exit, String)>;

/// Takes jobs off the list.
pub(crate) async fn cancel(project: &Project, terminal: &Terminal, args: &CancelArgs) -> Result<Exit, Error> {
    let places = project.places.clone();
    let clock = Clock::system();
    let opened = Store::open(&places.state, Mode::Beside, &Options::default(), clock.now());
    let (store, _) = opened?;
    let mut desk = Desk { project, terminal, places, clock, store, needed: BTreeSet::new(), far: None };
    let told = desk.go(args).await;
    if let Some((setup, _)) = desk.far.take() {
        setup.close().await;
    }
    let (any, exits) = told?;
    let next = match (any, exits.is_empty()) {
        (false, true) => {
            terminal.say("nothing of that waits or is in flight");
            "status"
        }
        (true, _) => {
            terminal.tell(
                "What the manifest still asks for is ordered again by the next run: remove it there, or leave it \
                 out with --only.",
                0,
            );
            "plan"
        }
        (false, false) => "status",
    };
    terminal.next(desk.places.typed(next));
    Ok(Exit::gravest(exits))
}

/// What cancelling needs.
struct Desk<'a> {
    project: &'a Project,
    terminal: &'a Terminal,
    places: Places,
    clock: Clock,
    store: Store,
    /// Providers that can take a task of this wish back.
    needed: BTreeSet<String>,
    /// The way to them, once one is needed.
    far: Option<(Setup, FreeClient)>,
}

impl Desk<'_> {
    /// Whether anything was cancelled, and the exit codes of what was not.
    async fn go(&mut self, args: &CancelArgs) -> Result<(bool, Vec<Exit>), Error> {
        let (takes, settled) = self.chosen(args).await?;
        let providers = takes.iter().map(|take| &take.request.model.provider);
        self.needed =
            providers.filter(|name| can_cancel(&self.project.registry, name).is_some()).cloned().collect();
        let (mut any, mut exits) = (false, Vec::new());
        for take in takes {
            let (key, id) = (take.key.clone(), take.id.clone());
            let did = self.cancel(take).await?;
            let words = match did {
                Ok(words) => {
                    any = true;
                    words + &self.followers(&id).await?
                }
                Err((exit, words)) => {
                    exits.push(exit);
                    words
                }
            };
            self.tell(&key, Some(&id.0), &words);
        }
        for (key, words) in settled {
            exits.push(Exit::Usage);
            self.tell(&key, None, &words);
        }
        Ok((any, exits))
    }

    /// Says who waits for the clip of a take, too.
    async fn followers(&self, take: &TakeId) -> Result<String, Error> {
        let followers = self.store.followers(take).await?;
        let [first, others @ ..] = &followers[..] else { return Ok(String::new()) };
        let (who, wait) = match others {
            [] => (first.to_string(), "waits"),
            others => (format!("{first} and {}", count(others.len(), "other job")), "wait"),
        };
        Ok(format!("; {who} {wait} for the same clip: the next run renders it"))
    }

    fn tell(&self, key: &JobKey, take: Option<&str>, words: &str) {
        if self.terminal.json {
            self.terminal.data(serde_json::json!({ "job": key.to_string(), "take": take, "did": words }));
        } else {
            self.terminal.tell(&format!("{key}  {words}"), 2);
        }
    }

    /// The takes that wait or are in flight, what waits first; and the named jobs that have none, with what to do
    /// about each.
    async fn chosen(&self, args: &CancelArgs) -> Result<(Vec<Take>, Vec<(JobKey, String)>), Error> {
        let project = project_name(&self.places);
        let mut named = BTreeSet::new();
        for job in &args.jobs {
            named.insert(find(&self.store, project.as_deref(), job).await?);
        }
        let mut takes = self.store.open_takes(None).await?;
        let is_name = |name: &str| {
            let called = |key: &JobKey| key.item == name || key.to_string() == name;
            Ok::<_, Error>(takes.iter().any(|take| called(&take.key)))
        };
        let only = Names::of(&args.only, is_name)?;
        takes.retain(|take| {
            let own = project.as_ref().is_none_or(|project| take.project == *project);
            let meant = !args.only.is_empty() && own && only.has(&take.key);
            meant || named.contains(&(take.project.clone(), take.key.clone()))
        });
        takes.sort_by_key(|take| !matches!(take.state, State::Pending { .. }));
        named.retain(|(project, key)| takes.iter().all(|take| (&take.project, &take.key) != (project, key)));
        let mut settled = Vec::new();
        for (project, key) in named {
            let history = self.store.history(&project, &key).await?;
            let newest = history.as_ref().and_then(|history| history.decisive());
            let words = newest.map_or_else(|| "was never ordered".to_owned(), |it| self.instead(&it.take));
            settled.push((key, words));
        }
        Ok((takes, settled))
    }

    /// Why there is nothing to cancel about a take, and what to do instead.
    fn instead(&self, take: &Take) -> String {
        let provider = &take.request.model.provider;
        match &take.state {
            State::Running { .. } => {
                format!("{provider} offers no way to take a task back; it is paid and will be collected")
            }
            State::Downloading { .. } | State::Placing { .. } => {
                "it is rendered and paid; its clip will be collected".to_owned()
            }
            State::Submitting { .. } => {
                "its request may be on the wire, and cannot be taken back before the answer; try again"
                    .to_owned()
            }
            State::Doubtful { .. } => {
                format!(
                    "no answer came, and {provider} is asked whether it has it; try again once that is known"
                )
            }
            State::Held { .. } => {
                let resolve = format!("resolve {} --write-off", quoted(&take.key.to_string()));
                format!("it is held, and may be charged; give it up with: {}", self.places.typed(&resolve))
            }
            State::Done { .. } => "its clip is there, and paid; nothing was changed".to_owned(),
            State::Failed { .. } => {
                format!("it failed before; see: {}", show_typed(&self.places, &take.key))
            }
            State::Pending { .. } | State::Cancelled { .. } | State::WrittenOff { .. } => {
                "it is off the list already".to_owned()
            }
        }
    }

    /// Cancels a take, wherever it stands by then.
    async fn cancel(&mut self, mut take: Take) -> Result<Did, Error> {
        let mut taken_back = None;
        for _ in 0..ROUNDS {
            let event = match (&take.state, taken_back) {
                (State::Pending { .. }, _) => Event::Cancel(CancelledBy::User),
                (State::Running { .. }, Some(charged)) => {
                    Event::Refused { refusal: Refusal::Cancelled, charged }
                }
                (State::Running { task, .. }, None) => match self.take_back(&take, task).await? {
                    Ok(charged) => {
                        taken_back = Some(charged);
                        Event::Refused { refusal: Refusal::Cancelled, charged }
                    }
                    Err(not) => return Ok(Err(not)),
                },
                // The run saw it first.
                (State::Failed { refusal: Refusal::Cancelled, charged, .. }, Some(_)) => {
                    return Ok(Ok(taken_back_words(*charged, &take)));
                }
                _ => return Ok(Err((Exit::Usage, self.instead(&take)))),
            };
            let at = self.clock.moment();
            let policy = self.project.registry.policy(&take.request.model.provider);
            match self.store.apply(&take, event, Details::default(), at, &policy).await {
                Ok(_) => {
                    return Ok(Ok(match taken_back {
                        Some(charged) => taken_back_words(charged, &take),
                        None => "taken off the list before it was sent (not charged)".to_owned(),
                    }));
                }
                Err(ApplyError::Changed) => {}
                Err(ApplyError::Illegal(illegal)) => {
                    let words = format!("{}: {illegal}; this is a defect of shotlist", take.key);
                    return Err(Error::new(Exit::Unexpected, words));
                }
                Err(error) => return Err(Error::new(Exit::Local, format!("{}: {error}", take.key))),
            }
            let now = self.store.take_by_id(&take.id).await?;
            let Some(now) = now else { break };
            take = now;
        }
        Ok(Err((Exit::WorkRemains, "another process is at work on it; try again".to_owned())))
    }

    /// Asks the provider to take a task back.
    async fn take_back(
        &mut self,
        take: &Take,
        task: &Task,
    ) -> Result<Result<Charged, (Exit, String)>, Error> {
        let name = &take.request.model.provider;
        let registry = &self.project.registry;
        let Some(cancel) = can_cancel(&registry, name) else {
            return Ok(Err((Exit::Usage, self.instead(take))));
        };
        let (setup, free) = self.far().await?;
        let Some(account) = setup.accounts.get(name) else {
            return Ok(Err((Exit::Usage, format!("{name} is not set up"))));
        };
        let not = |said: String| (Exit::WorkRemains, format!("not taken back: {said}; try again"));
        let card = account.card(&take.request.model);
        let reply = match free.ask(&account.endpoint, &cancel.cancel(&card, &task.id)).await {
            Ok(reply) => reply,
            Err(fault) => return Ok(Err(not(fault.said.to_string()))),
        };
        Ok(match cancel.cancelled(&task.id, &reply) {
            Ok(Cancelled::Yes(charged)) => Ok(charged),
            Ok(Cancelled::TooLate) => {
                Err((Exit::Usage, "too late: it is rendered, paid, and will be collected".to_owned()))
            }
            Err(fault) => Err(not(fault.said.to_string())),
        })
    }

    /// The way to the providers, built when the first task is to be taken back: what only waits needs no key.
    async fn far(&mut self) -> Result<&(Setup, FreeClient), Error> {
        let far = match self.far.take() {
            Some(far) => far,
            None => self.open_far().await?,
        };
        Ok(self.far.insert(far))
    }

    async fn open_far(&self) -> Result<(Setup, FreeClient), Error> {
        let configs = providers(&self.places.manifest).map_err(|problems| {
            self.terminal.problems(problems);
            Error::new(Exit::Invalid, "`providers:` could not be read; no task was taken back")
        })?;
        let cards = cards(&self.places.manifest, &self.project.registry);
        let Self { project, needed, .. } = self;
        let setup = setup(project, &configs, &cards, needed).await?;
        let free = FreeClient::new(&setup.settings);
        Ok((setup, free.map_err(|error| Error::new(Exit::Local, error.to_string()))?))
    }
}

fn can_cancel<'a>(registry: &'a provider::Registry, provider: &str) -> Option<&'a dyn provider::Cancel> {
    registry.find(provider)?.cancel()
}

fn taken_back_words(charged: Charged, take: &Take) -> String {
    format!("taken back from {} ({})", take.request.model.provider, charged_words(charged, take.price))
}
