//! The budgets of a run: the manifest's and the command line's, and how full they are.

use super::error::Error;
use crate::domain::money::Usd;
use crate::manifest::Manifest;
use crate::report::budget::Level;
use crate::store::{Cap, Caps, Reader, RunId, Spent, Window};
use jiff::Timestamp;

/// The bounds of a run, of which `--max-cost` holds for one call of the program.
#[must_use]
pub(crate) fn caps(manifest: &Manifest, max_cost: Option<Usd>) -> Caps {
    let budget = &manifest.budget;
    Caps { invocation: max_cost, run: budget.run, day: budget.day, month: budget.month }
}

/// How full the budgets are before the next run of this command begins.
pub(crate) async fn levels(
    reader: &Reader,
    project: &str,
    command: &str,
    caps: Caps,
    now: Timestamp,
) -> Result<Vec<Level>, Error> {
    let resumed = reader.interrupted(project, command).await?;
    filled(reader, caps, (None, resumed), now).await
}

/// How full the budgets are when a run has ended.
pub(crate) async fn levels_after(
    reader: &Reader,
    run: RunId,
    caps: Caps,
    now: Timestamp,
) -> Result<Vec<Level>, Error> {
    filled(reader, caps, (Some(run), Some(run)), now).await
}

/// What counts against a budget: `runs` are this call of the program and the run that it belongs to, where there are any
/// yet.
fn window(cap: Cap, runs: (Option<RunId>, Option<RunId>), now: Timestamp) -> Option<Window> {
    match cap {
        Cap::Invocation => runs.0.map(Window::Invocation),
        Cap::Run => runs.1.map(Window::Run),
        Cap::Day => Some(Window::Day(now)),
        Cap::Month => Some(Window::Month(now)),
    }
}

/// Says who used up a budget, where that was not one project alone: `shop $0.40, winter $0.40`.
pub(crate) async fn spenders(
    reader: &Reader,
    cap: Cap,
    run: RunId,
    now: Timestamp,
) -> Result<Option<String>, Error> {
    let Some(window) = window(cap, (Some(run), Some(run)), now) else { return Ok(None) };
    let spenders = reader.spenders(window).await?;
    let named: Vec<String> = spenders.iter().map(|(project, usd)| format!("{project} {usd}")).collect();
    Ok((named.len() > 1).then(|| named.join(", ")))
}

/// The budgets of a project that has not spent anything.
#[must_use]
pub(crate) fn unused(caps: Caps) -> Vec<Level> {
    each(caps).map(|(cap, limit)| Level { cap, limit, spent: Spent::default() }).collect()
}

fn each(caps: Caps) -> impl Iterator<Item = (Cap, Usd)> {
    let Caps { invocation, run, day, month } = caps;
    let caps = [(Cap::Invocation, invocation), (Cap::Run, run), (Cap::Day, day), (Cap::Month, month)];
    caps.into_iter().filter_map(|(cap, limit)| Some((cap, limit?)))
}

async fn filled(
    reader: &Reader,
    caps: Caps,
    runs: (Option<RunId>, Option<RunId>),
    now: Timestamp,
) -> Result<Vec<Level>, Error> {
    let mut levels = unused(caps);
    for level in &mut levels {
        if let Some(window) = window(level.cap, runs, now) {
            level.spent = reader.spent(window).await?;
        }
    }
    Ok(levels)
}
