//! Corrects the recorded cost of a take (a rendering) to the amount on the provider's bill.

use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::find::{find, project_name};
use crate::app::places::{Places, show_typed};
use crate::app::project::Project;
use crate::app::session::cannot_open;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{Charged, MoneyState, State};
use crate::domain::money::Usd;
use crate::store::{Adjustment, ApplyError, Costs, Mode, Options, Store};

/// A request to correct the cost of one take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdjustRequest {
    /// Take whose recorded cost is corrected.
    pub which: Which,
    /// Cost according to the provider's bill.
    pub usd: Usd,
    /// Source of the amount, such as a bill; it is kept in the ledger.
    pub reason: String,
}

/// A take, named by its job or by its own id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The only take of the named job that was or may have been charged.
    Job(String),
    /// The take with this id.
    Take(TakeId),
}

/// The result of a correction of a take's cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdjustReport {
    /// Job of the take.
    pub key: JobKey,
    /// Id of the take.
    pub take: TakeId,
    /// Recorded cost of the take before the correction.
    pub was: Usd,
    /// Recorded cost of the take after the correction; equal to `was` if nothing changed.
    pub usd: Usd,
    /// True if it was in doubt whether the failed task was charged, and the amount has settled that.
    pub settles: bool,
    /// Source of the corrected amount, such as a bill.
    pub reason: String,
    /// Command to type next.
    pub next: String,
}

impl Project {
    /// Corrects the recorded cost of one take.
    ///
    /// It also works while a run is active.
    pub async fn adjust(&self, request: &AdjustRequest) -> Result<AdjustReport, Error> {
        let reason = request.reason.trim().to_owned();
        if reason.is_empty() {
            return Err(Error::new(Exit::Usage, "--reason is empty: write the source of the new amount"));
        }
        let (places, now) = (&self.places, self.clock.now());
        let opened = Store::open(&places.state, Mode::Concurrent, &Options::default(), now);
        let (store, _) = opened.map_err(|error| cannot_open(places, error))?;
        let seen = chosen(&store, places, &request.which).await?;
        let (key, take, was, usd) = (seen.take.key.clone(), seen.take.id.clone(), seen.usd, request.usd);
        // The bill may confirm the price of a task that failed and may have been charged.
        let settles = matches!(seen.take.state, State::Failed { charged: Charged::Unknown, .. });
        if was != usd || settles {
            let adjusted = store.adjust(Adjustment { seen, usd, reason: reason.clone() }, now).await;
            adjusted.map_err(|error| refused(places, &key, &error))?;
        }
        Ok(AdjustReport { key, take, was, usd, settles, reason, next: places.typed("ledger") })
    }
}

/// Finds the take that the request names.
///
/// It is an error if a named job has no charged take, or more than one.
async fn chosen(store: &Store, places: &Places, which: &Which) -> Result<Costs, Error> {
    let job = match which {
        Which::Job(job) => job,
        Which::Take(take) => return take_of(store, places, take).await,
    };
    let found = find(store, project_name(places).as_deref(), job).await;
    let (project, key) = found.map_err(|error| error.or_hint(places.typed("status")))?;
    let mut costs = store.costs_of_job(&project, &key).await?;
    if costs.len() > 1 {
        let names: Vec<String> =
            costs.iter().map(|costs| format!("{} ({})", costs.take.id, costs.usd)).collect();
        let what = format!(
            "{key} has more than one rendering that was or may have been charged; name one of them with --take ID: {}",
            names.join(", ")
        );
        return Err(Error::new(Exit::Usage, what).hint(show_typed(places, &key)));
    }
    match costs.pop() {
        Some(costs) => Ok(costs),
        None => Err(Error::new(Exit::Usage, format!("{key} has cost nothing so far; nothing was changed"))
            .hint(show_typed(places, &key))),
    }
}

/// Finds the take with this id; refuses a take that cost nothing or still waits for its result.
async fn take_of(store: &Store, places: &Places, take: &TakeId) -> Result<Costs, Error> {
    let found = store.costs(take).await?;
    let found = found.ok_or_else(|| {
        Error::new(
            Exit::Usage,
            format!(
                "there is no rendering {take}; `{}` lists the renderings of a job",
                places.typed("show JOB")
            ),
        )
    })?;
    if found.can_be_adjusted() {
        return Ok(found);
    }
    match found.take.state.account() {
        MoneyState::Reserved => Err(unsettled(places, &found)),
        MoneyState::Settled | MoneyState::InDoubt | MoneyState::Free => {
            Err(Error::new(Exit::Usage, format!("the rendering {take} of {} cost nothing", found.take.key))
                .hint(show_typed(places, &found.take.key)))
        }
    }
}

fn unsettled(places: &Places, costs: &Costs) -> Error {
    let key = &costs.take.key;
    let what = format!(
        "{key} is still waiting for its result, and its cost is known only with the result; nothing was changed"
    );
    Error::new(Exit::Usage, what).hint(show_typed(places, key))
}

fn refused(places: &Places, key: &JobKey, error: &ApplyError) -> Error {
    let exit = if matches!(error, ApplyError::Store(_)) { Exit::Local } else { Exit::Usage };
    Error::new(exit, format!("{key}: {error}")).hint(show_typed(places, key))
}
