//! Records a person's decisions about takes (renderings) that may have been charged or cannot continue.
//!
//! A decision needs no lock, and a concurrent run sees it within a second.

use super::concurrent::{Concurrent, remark};
use super::consent::Answer;
use super::error::Error;
use super::exit::Exit;
use super::find::{find, held_elsewhere};
use super::inputs::load;
pub use super::outcome::{Resolution, ResolvedJob, Unresolved};
use super::places::show_typed;
use super::plan::plan_tables;
use super::prices::Prices;
use super::project::Project;
use super::reporter::News;
use crate::app::words::Words;
use crate::domain::key::{JobKey, TakeId, TaskId};
use crate::domain::lifecycle::{Event, HeldReason, State};
use crate::domain::money::Usd;
use crate::domain::policy::Policy;
use crate::domain::price::amount;
use crate::domain::take::Take;
use crate::domain::text::count;
use crate::domain::units;
use crate::engine::ids;
use crate::store::{ApplyError, Details, Renewal};
use jiff::SignedDuration;
use std::collections::HashMap;
use std::time::Duration;

/// A request to settle jobs that need a person's decision.
#[derive(Debug, Clone)]
pub struct ResolveRequest {
    /// Job by key (`shot/item`), or by item id if the item has only one job; `None` for every job that needs a
    /// decision.
    pub job: Option<String>,
    /// Decision that is applied to all selected jobs.
    pub decision: Decision,
    /// Name of a reason, such as `ambiguous_submit`, to select only jobs with this reason; `None` for all reasons.
    pub reason: Option<String>,
    /// Selects only jobs that have needed a decision for at least this time; `None` for no minimum.
    pub older_than: Option<Duration>,
    /// Person's reason for the decision, which is kept in the ledger.
    pub note: Option<String>,
}

/// A person's decision about jobs whose requests may have been charged or cannot continue.
#[derive(Debug, Clone)]
pub enum Decision {
    /// Connects the job to this task, which the person found in the provider's console.
    Adopt(TaskId),
    /// Polls the known task of the job again, free of charge.
    AskAgain,
    /// Sends the job again at a new charge.
    Resubmit {
        /// Maximum total price of the new requests; `None` to ask the person.
        max_extra: Option<Usd>,
    },
    /// Writes the rendering off: it is ended, and the amount that may have been charged counts as spent.
    WriteOff,
}

/// The results of a decision for the selected jobs.
#[derive(Debug, Clone)]
pub struct ResolveReport {
    /// Jobs that the request selected, each with its result.
    pub jobs: Vec<ResolvedJob>,
    /// True if the request selected jobs by a reason or an age.
    pub is_filtered: bool,
    /// Command to type next.
    pub next: String,
}

impl ResolveReport {
    /// Returns the exit code: [`Exit::Held`] if a selected job still needs a decision, otherwise [`Exit::Done`].
    #[must_use]
    pub fn exit(&self) -> Exit {
        if self.jobs.iter().any(|job| job.outcome.is_err()) { Exit::Held } else { Exit::Done }
    }
}

/// The new charge for a job that is sent again.
#[derive(Debug, Clone, Copy)]
struct Charge {
    /// Price of the job as the manifest asks for it now; zero if it is unknown.
    usd: Usd,
    /// Current price of the request that needs a decision.
    request: Usd,
    /// True if the job's input has changed since that request.
    is_changed: bool,
}

impl Project {
    /// Applies one decision to all selected jobs that need a decision.
    ///
    /// # Errors
    ///
    /// Returns an error if the request names a job and this decision cannot settle that job. If the request names no
    /// job, a job that the decision cannot settle causes no error, and keeps needing a decision.
    pub async fn resolve(&self, request: &ResolveRequest) -> Result<ResolveReport, Error> {
        if let Decision::Adopt(task) = &request.decision
            && ["id", "<id>"].contains(&task.0.raw().trim().to_lowercase().as_str())
        {
            let what = "--task-id needs the id of the task from the provider's console, in place of the word ID; \
                        nothing was changed";
            return Err(Error::new(Exit::Usage, what).hint(self.places.typed("status")));
        }
        let state = self.open_concurrent()?;
        let chosen = self.chosen(&state, request).await;
        let chosen = chosen.map_err(|error| error.or_hint(self.places.typed("status")))?;
        let mut charges = HashMap::new();
        if let Decision::Resubmit { max_extra } = request.decision
            && !chosen.is_empty()
        {
            charges = self.charges(&state, &chosen).await?;
            let sent: Vec<Take> =
                chosen.iter().filter(|take| charges.contains_key(&take.id)).cloned().collect();
            if !sent.is_empty() {
                self.agree_to_resubmit(request, max_extra, &sent, &charges)
                    .map_err(|error| error.or_hint(self.places.typed("status")))?;
            }
        }
        let mut jobs = Vec::new();
        for take in chosen {
            let outcome = self.settle(&state, request, &take, &charges).await?;
            if let Err(unresolved) = &outcome
                && request.job.is_some()
            {
                return Err(Error::new(Exit::Usage, format!("{}: {unresolved}", take.key))
                    .hint(show_typed(&self.places, &take.key)));
            }
            let project = Some(take.project).filter(|project| state.name.as_ref() != Some(project));
            let job = ResolvedJob { job: take.key, project, take: take.id, outcome };
            self.tell(&News::Resolved(&job));
            jobs.push(job);
        }
        let is_filtered = request.reason.is_some() || request.older_than.is_some();
        let mut report = ResolveReport { jobs, is_filtered, next: String::new() };
        report.next = self.places.typed(match request.decision {
            _ if report.jobs.is_empty() || report.exit() != Exit::Done => "status",
            Decision::WriteOff => "status",
            Decision::Resubmit { .. } => "run",
            Decision::Adopt(_) | Decision::AskAgain => "collect",
        });
        Ok(report)
    }

    /// Returns the takes that need a decision and that the request selects.
    async fn chosen(&self, state: &Concurrent, request: &ResolveRequest) -> Result<Vec<Take>, Error> {
        let Concurrent { store, name, now } = state;
        // A named job may belong to any project.
        let among = name.as_deref().filter(|_| request.job.is_none());
        let mut held = store.held(among).await?;
        if let Some(reason) = &request.reason {
            if HeldReason::ALL.iter().all(|known| known.name() != reason) {
                let known: Vec<_> = HeldReason::ALL.iter().map(|known| known.name()).collect();
                return Err(Error::new(Exit::Usage, format!("--reason must be one of {}", known.join(", "))));
            }
            held.retain(
                |take| matches!(take.state, State::Held { reason: known, .. } if known.name() == reason),
            );
        }
        if let Some(age) = request.older_than {
            let age = SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX);
            held.retain(
                |take| matches!(take.state, State::Held { since, .. } if now.duration_since(since) >= age),
            );
        }
        let Some(job) = &request.job else {
            state.refuse_uncertain(&self.places, &held).await?;
            return Ok(held);
        };
        let own = find(store, name.as_deref(), job).await;
        let is_held = |(project, key): &(String, JobKey)| {
            held.iter().any(|take| take.project == *project && take.key == *key)
        };
        let (project, key) = match own {
            Ok(own) if is_held(&own) => own,
            own => held_elsewhere(store, &self.places, name.as_deref(), job).await?.map_or(own, Ok)?,
        };
        let other = held.iter().find(|take| take.project != project && take.key == key);
        let other = other.map(|take| take.project.clone());
        held.retain(|take| take.project == project && take.key == key);
        if held.is_empty() {
            let filtered = request.reason.is_some() || request.older_than.is_some();
            let so = match other {
                _ if filtered => ", or does not match --reason or --older-than".to_owned(),
                Some(other) => {
                    format!(", but {key} of the project `{other}` does: select its manifest with -f")
                }
                None => String::new(),
            };
            return Err(Error::new(
                Exit::Usage,
                format!("{key} does not need your decision{so}; nothing was changed"),
            )
            .hint(show_typed(&self.places, &key)));
        }
        Ok(held)
    }

    /// Returns the new charge for each take that can be sent again. Takes whose job the manifest no longer has are left
    /// out.
    async fn charges(&self, state: &Concurrent, takes: &[Take]) -> Result<HashMap<TakeId, Charge>, Error> {
        let unwanted = state.store.held_unwanted().await?;
        let prices = Prices::read(self);
        if prices.are_old() {
            let note =
                "The manifest's models and prices cannot be read, so the price of the first request is used.";
            self.tell(&News::Note(note));
        }
        let plan_tables = plan_tables(&self.places)?;
        // A job with a problem keeps the price of its request: the problem is reported by the command that sends it.
        let _ = load(self, &plan_tables);
        let tables = plan_tables.lock();
        let mut charges = HashMap::new();
        for take in takes.iter().filter(|take| !unwanted.contains(&take.id)) {
            let is_own = state.name.as_ref() == Some(&take.project);
            let wanted = if is_own { tables.wanted(&take.key)? } else { None };
            let changed = wanted.filter(|wanted| wanted.fingerprint != take.fingerprint);
            let is_changed = changed.is_some();
            let usd = changed.map_or_else(|| prices.of(take), |wanted| wanted.price.unwrap_or_default());
            charges.insert(take.id.clone(), Charge { usd, request: prices.of(take), is_changed });
        }
        Ok(charges)
    }

    /// Asks for consent to the new charges, unless the request sets a limit on them.
    fn agree_to_resubmit(
        &self,
        request: &ResolveRequest,
        max_extra: Option<Usd>,
        sent: &[Take],
        charges: &HashMap<TakeId, Charge>,
    ) -> Result<(), Error> {
        let sum = charges.values().map(|charge| charge.usd).sum();
        let changed = charges.values().filter(|charge| charge.is_changed).count();
        if changed > 0 {
            let note = format!(
                "The input of {} has changed since the request, so the price of the changed request is used.",
                count(changed, "job")
            );
            self.tell(&News::Note(&note));
        }
        if let Some(most) = max_extra {
            return if sum <= most {
                Ok(())
            } else {
                let jobs = count(sent.len(), "job");
                let what = format!(
                    "sending {jobs} again would cost {sum}, more than the limit of {most}; nothing was sent"
                );
                let hint = self.places.typed(&with_bound(request, sum));
                Err(Error::new(Exit::Budget, what).money("not charged").hint(hint))
            };
        }
        if self.places.sandbox {
            return Ok(());
        }
        let (clips, they) = (count(sent.len(), "clip"), if sent.len() == 1 { "it" } else { "they" });
        let cost = amount(charges.values().map(|charge| charge.usd));
        let question = format!("Resubmit {clips} for {cost}, although {they} may have been charged?");
        match self.ask_to_settle(question, sent) {
            Answer::Yes => Ok(()),
            Answer::Unavailable => Err(Error::new(
                Exit::Usage,
                format!("a new charge of {cost} needs your consent, and there is no terminal to ask on"),
            )
            .money("not charged")
            .hint(self.places.typed(&with_bound(request, sum)))),
            Answer::No => {
                Err(Error::new(Exit::Usage, "the answer was no; nothing was changed").money("not charged"))
            }
        }
    }

    /// Applies the decision to one take, and returns the action or the reason why the take still needs a decision.
    async fn settle(
        &self,
        state: &Concurrent,
        request: &ResolveRequest,
        take: &Take,
        charges: &HashMap<TakeId, Charge>,
    ) -> Result<Result<Resolution, Unresolved>, Error> {
        let store = &state.store;
        let at = self.clock.tick();
        let (policy, note) = (Policy::standard(), remark(request.note.as_deref()));
        let (event, resolution, illegal) = match &request.decision {
            Decision::Resubmit { .. } => {
                let Some(charge) = charges.get(&take.id) else { return Ok(Err(Unresolved::NotWanted)) };
                let renewal = Renewal { id: TakeId(ids::sortable(at.now)), price: charge.request, note };
                let renewed = store.renew(take, renewal, &policy, at.now).await;
                let resolution = if charge.is_changed {
                    Resolution::ResubmittedChanged(charge.usd)
                } else {
                    Resolution::Resubmitted(charge.usd)
                };
                return recorded(renewed, resolution, Unresolved::TaskKnown);
            }
            Decision::Adopt(task) => {
                let task = TaskId(task.0.raw().trim().into());
                (Event::Adopt(task.clone()), Resolution::Adopted(task), Unresolved::TaskKnown)
            }
            Decision::AskAgain => (Event::Again, Resolution::AskedAgain, Unresolved::NoTask),
            Decision::WriteOff => {
                let costs = store.costs(&take.id).await?;
                let usd = costs.map_or(take.price, |costs| costs.usd);
                (Event::WriteOff, Resolution::WrittenOff(usd), Unresolved::TaskKnown)
            }
        };
        let details = Details { note, ..Details::default() };
        recorded(store.apply(take, event, details, at, &policy).await, resolution, illegal)
    }
}

/// Returns `resolution` if the store recorded it, otherwise the reason why the take still needs a decision.
///
/// `illegal` is the reason to return if the take's state does not allow the decision.
fn recorded<T>(
    result: Result<T, ApplyError>,
    resolution: Resolution,
    illegal: Unresolved,
) -> Result<Result<Resolution, Unresolved>, Error> {
    match result {
        Ok(_) => Ok(Ok(resolution)),
        Err(ApplyError::Illegal(_)) => Ok(Err(illegal)),
        Err(ApplyError::Store(error)) => Err(error.into()),
        Err(error) => Ok(Err(Unresolved::Refused(error))),
    }
}

/// Returns the command that repeats the request with `sum` as the limit on the new charge.
///
/// A request with a limit asks no question.
fn with_bound(request: &ResolveRequest, sum: Usd) -> String {
    let ResolveRequest { job, decision: _, reason, older_than, note } = request;
    let words = Words::new("resolve");
    let words = match job {
        Some(job) => words.argument(job),
        None => words.flag("--all", true),
    };
    words
        .flag("--resubmit", true)
        .option("--reason", reason)
        .option("--note", note)
        .option("--older-than", older_than.map(units::typed))
        .option("--max-extra", Some(sum.plain()))
        .build()
}
