//! `shotlist ledger adjust`: what the provider's bill says is written down in place of what was expected.

use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::find::{find, project_name};
use crate::app::places::Places;
use crate::app::places::show_typed;
use crate::app::project::Project;
use crate::app::session::unopened;
use crate::cli::args::LedgerAdjust;
use crate::domain::key::TakeId;
use crate::domain::lifecycle::Account;
use crate::engine::clock::Clock;
use crate::report::terminal::Terminal;
use crate::store::{Adjustment, ApplyError, Costs, Mode, Options, Store};
use serde_json::json;

/// Corrects the price of one take. Works beside a run.
pub(crate) async fn adjust(
    project: &Project,
    terminal: &Terminal,
    args: &LedgerAdjust,
) -> Result<Exit, Error> {
    let reason = args.reason.trim().to_owned();
    if reason.is_empty() {
        return Err(Error::new(Exit::Usage, "--reason is empty: say what the new amount is taken from"));
    }
    let places = project.places.clone();
    let now = Clock::system().now();
    let opened = Store::open(&places.state, Mode::Beside, &Options::default(), now);
    let (store, _) = opened.map_err(|error| unopened(&places, error))?;
    let seen = chosen(&store, &places, args).await?;
    let (key, was, usd) = (seen.take.key.clone(), seen.usd, args.usd);
    let next = places.typed("ledger");
    let changed = was != usd;
    if changed {
        let take = seen.take.id.clone();
        let adjusted = store.adjust(Adjustment { seen, usd, reason: reason.clone() }, now).await;
        adjusted.map_err(|error| refused(&places, &key, &error))?;
        if terminal.json {
            let (job, take) = (key.to_string(), take.0);
            let (was, usd) = (was.plain(), usd.plain());
            terminal.data(json!({
                "format": 1, "job": job, "take": take, "was_usd": was, "usd": usd, "reason": reason, "next": next,
            }));
        } else {
            terminal.say(format_args!("{key}  {was} → {usd}  {reason}"));
        }
    } else {
        terminal.say(format_args!("{key} counts for {usd} already; nothing was changed"));
    }
    terminal.next(next);
    Ok(Exit::Done)
}

/// The one take that is meant.
async fn chosen(store: &Store, places: &Places, args: &LedgerAdjust) -> Result<Costs, Error> {
    let read = |error: crate::store::StoreError| Error::from(error);
    if let Some(take) = &args.take {
        let found = store.costs(&TakeId(take.clone())).await.map_err(read)?;
        let found = found.ok_or_else(|| {
            Error::new(
                Exit::Usage,
                format!("there is no take {take}; `shotlist show JOB` names those of a job"),
            )
        })?;
        return match found.take.state.account() {
            Account::Settled | Account::InDoubt => Ok(found),
            Account::Reserved => Err(unsettled(places, &found)),
            Account::Free => {
                Err(Error::new(Exit::Usage, format!("{take} of {} cost nothing", found.take.key))
                    .hint(show_typed(places, &found.take.key)))
            }
        };
    }
    let job = args.job.as_deref().unwrap_or_default();
    let (project, key) = find(store, project_name(places).as_deref(), job).await?;
    let mut costs = store.costs_of_job(&project, &key).await.map_err(read)?;
    if costs.len() > 1 {
        let names: Vec<String> =
            costs.iter().map(|costs| format!("{} ({})", costs.take.id, costs.usd)).collect();
        let what = format!("{key} was paid more than once; name the take with --take: {}", names.join(", "));
        return Err(Error::new(Exit::Usage, what).hint(show_typed(places, &key)));
    }
    match costs.pop() {
        Some(costs) => Ok(costs),
        None => Err(Error::new(Exit::Usage, format!("{key} has cost nothing so far; nothing was changed"))
            .hint(show_typed(places, &key))),
    }
}

fn unsettled(places: &Places, costs: &Costs) -> Error {
    let key = &costs.take.key;
    let what = format!("{key} is on its way: what it costs is settled when it ends; nothing was changed");
    Error::new(Exit::Usage, what).hint(show_typed(places, key))
}

fn refused(places: &Places, key: &crate::domain::key::JobKey, error: &ApplyError) -> Error {
    let exit = if matches!(error, ApplyError::Store(_)) { Exit::Local } else { Exit::Usage };
    Error::new(exit, format!("{key}: {error}")).hint(show_typed(places, key))
}
