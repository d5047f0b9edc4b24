//! One job in full: every take, attempt and answer of it, the money, and what can be done about it.

use super::album::load;
use super::error::Error;
use super::exit::Exit;
use super::find::{find, held_elsewhere, job_named, project_name};
use super::lost::loss;
use super::places::{Places, quoted};
use super::project::Project;
use super::session::reader;
use crate::domain::key::{JobKey, RequestId, TakeId};
use crate::domain::lifecycle::{Account, Charged, HeldReason, State};
use crate::domain::loss::Loss;
use crate::domain::money::Usd;
use crate::domain::take::Take;
use crate::load::cards;
use crate::provider::cards::Cards;
use crate::store::{Entry, History, Reader, StoreError, TakeHistory, Worksheet, remarks};
use crate::wire::Call;
use jiff::Timestamp;

/// What a person must fill in: the id of a task that was found in the provider's console.
const TASK_ID: &str = " --task-id ID";

/// A request for one job in full.
#[derive(Debug, Clone, Default)]
pub struct ShowRequest {
    /// The job: `shot/item`, an item with one job, or a pattern that matches one.
    pub job: String,
}

/// One job in full.
pub struct ShowReport {
    /// The time of the report.
    pub now: Timestamp,
    /// The project of the job.
    pub project: String,
    /// The job with its takes, the newest one first.
    pub history: History,
    /// What can be done about it, what suits most people first.
    pub choices: Vec<Choice>,
    /// The command to type next, where one can be typed as it stands.
    pub next: Option<String>,
    /// Lines of the ledger about its takes that a person has caused.
    remarks: Vec<Entry>,
    cards: Cards,
}

/// A way to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The case in which it is the one to take.
    pub when: String,
    /// The command, to be typed as it stands except for words in capitals.
    pub command: String,
}

/// A call to a provider, as this program makes it for an attempt.
pub struct Sent {
    /// The call.
    pub call: Call,
    /// Whether it is, byte for byte, what was sent.
    pub is_same: bool,
}

impl Project {
    /// Returns one job in full. Sends nothing and changes nothing.
    pub async fn show(&self, request: &ShowRequest) -> Result<ShowReport, Error> {
        let places = &self.places;
        let reader = reader(places)?;
        let (project, key) = match find_ordered(&reader, project_name(places).as_deref(), &request.job).await
        {
            Ok(found) => found,
            Err(error) => {
                let error = never_ordered(self, &request.job).unwrap_or(error);
                return Err(error.or_hint(places.typed("status")));
            }
        };
        let history = reader.history(&project, &key).await?;
        let history = history.ok_or_else(|| Error::new(Exit::Usage, format!("there is no job {key}")))?;
        let loss = loss(&reader, places, &history).await?;
        let choices = choices(&history, places, loss);
        let takes: Vec<TakeId> = history.takes.iter().map(|entry| entry.take.id.clone()).collect();
        let remarks = remarks(&places.state, &takes)?;
        let cards = cards(&places.manifest, &self.registry);
        // The first that can be typed without knowing more.
        let next = choices.iter().find(|choice| !choice.command.contains(TASK_ID));
        let next = next.map(|choice| choice.command.clone());
        Ok(ShowReport { now: self.clock.now(), project, history, choices, next, remarks, cards })
    }
}

impl ShowReport {
    /// Returns the lines of the ledger about a take that a person has caused.
    pub fn remarks(&self, take: &Take) -> impl Iterator<Item = &Entry> {
        self.remarks.iter().filter(|line| line.take == take.id.0)
    }

    /// Returns the call of the newest attempt of a take; `None` where this program does not know the model.
    #[must_use]
    pub fn sent(&self, entry: &TakeHistory) -> Option<Sent> {
        let (take, attempt) = (&entry.take, entry.attempts.last());
        let id = attempt.map_or_else(|| RequestId("(not sent yet)".into()), |it| it.request_id.clone());
        let model = &take.request.model;
        let provider = self.cards.providers().find(&model.provider)?;
        let call = provider.submit(self.cards.get(model)?, &take.request, &id).0;
        let is_same =
            call.body.as_ref().is_some_and(|body| attempt.is_some_and(|it| it.body == body.sha256()));
        Some(Sent { call, is_same })
    }
}

/// Finds a job of the manifest's project; where nothing was ever ordered for it there, as [`held_elsewhere`] does.
async fn find_ordered(reader: &Reader, project: Option<&str>, job: &str) -> Result<(String, JobKey), Error> {
    let own = find(reader, project, job).await;
    if let Ok((project, key)) = &own
        && reader.take(project, key).await?.is_some()
    {
        return own;
    }
    held_elsewhere(reader, project, job).await?.map_or(own, Ok)
}

/// Returns a clearer error for a job that the manifest wants and no run has heard of yet.
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

/// Returns everything that can be done about a job, what suits most people first.
fn choices(history: &History, places: &Places, loss: Option<Loss>) -> Vec<Choice> {
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

/// Returns what a take has cost, and where that money stands.
#[must_use]
pub fn cost(entry: &TakeHistory) -> (Account, Usd) {
    let account = entry.take.state.account();
    let usd = match account {
        Account::Free => Usd::ZERO,
        Account::Reserved | Account::InDoubt | Account::Settled => entry.settled.unwrap_or(entry.take.price),
    };
    (account, usd)
}
