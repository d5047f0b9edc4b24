//! The budgets of a run, from the manifest and from `--max-cost`, and the amounts spent against them.

use super::error::Error;
use crate::domain::key::TakeId;
use crate::domain::lifecycle::{MoneyState, State};
use crate::domain::money::Usd;
use crate::domain::notice::Notice;
use crate::manifest::Manifest;
use crate::store::{Cap, Caps, Reader, RunId, Spent, Window};
use jiff::Timestamp;
use std::collections::HashMap;
use std::fmt::Write as _;

/// The words after the price of requests that were sent and have no result yet.
pub(crate) const RESERVED: &str = "reserved for unfinished jobs";

/// Returns the budgets of a run.
///
/// `max_cost` limits one call of the program; the other budgets come from the manifest.
#[must_use]
pub(crate) fn caps(manifest: &Manifest, max_cost: Option<Usd>) -> Caps {
    let budget = &manifest.budget;
    Caps { invocation: max_cost, run: budget.run, day: budget.day, month: budget.month }
}

/// Reads the amount spent against each budget before a run of `command` starts.
///
/// If the last run of `command` was interrupted, the new run continues it, so its spending counts as well.
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

/// Reads the amount spent against each budget at the end of a run.
pub(crate) async fn levels_after(
    reader: &Reader,
    run: RunId,
    caps: Caps,
    now: Timestamp,
) -> Result<Vec<Level>, Error> {
    filled(reader, caps, (Some(run), Some(run)), now).await
}

/// Returns the period (one call of the program, run, day or month) whose spending counts against the budget `cap`.
///
/// `runs.0` is the run for `--max-cost`, which limits one call of the program. `runs.1` is the run for the manifest's
/// budget of a run. If a run is `None`, the result for its budget is `None`.
fn window(cap: Cap, runs: (Option<RunId>, Option<RunId>), now: Timestamp) -> Option<Window> {
    match cap {
        Cap::Invocation => runs.0.map(Window::Invocation),
        Cap::Run => runs.1.map(Window::Run),
        Cap::Day => Some(Window::Day(now)),
        Cap::Month => Some(Window::Month(now)),
    }
}

/// Returns the amounts that several projects spent against a budget, such as `shop $0.40, winter $0.40`.
///
/// It is `None` if fewer than two projects spent something.
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

/// Returns a [`Level`] for each budget, with nothing spent against the budget yet.
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

/// A budget with the amount spent against it so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Kind of the budget: for one command (`--max-cost`), one run, one day or one month.
    pub cap: Cap,
    /// Maximum amount of the budget.
    pub limit: Usd,
    /// Amount that counts against the budget so far.
    pub spent: Spent,
}

impl Level {
    /// Returns the amount that may still be spent under the budget.
    #[must_use]
    pub fn left(&self) -> Usd {
        (self.limit - self.spent.total()).max(Usd::ZERO)
    }

    /// Returns whether nothing counts against the budget.
    #[must_use]
    pub fn is_unused(&self) -> bool {
        self.spent.total() == Usd::ZERO
    }

    /// Returns the budget's name with its maximum amount, such as `--max-cost $5.00`.
    #[must_use]
    pub fn name(&self) -> String {
        match self.cap {
            Cap::Invocation => format!("--max-cost {}", self.limit),
            cap => format!("{cap} {}", self.limit),
        }
    }

    /// Returns the budget in words, such as `--max-cost $5.00 · $1.20 spent · $3.80 left`.
    #[must_use]
    pub fn words(&self) -> String {
        // Earlier runs may have spent their own budgets, so "nothing spent yet" could be misunderstood.
        if self.cap == Cap::Run && self.is_unused() {
            return format!("each run at most {}", self.limit);
        }
        format!("{} · {}", self.name(), self.used())
    }

    /// Returns the warning text for a budget of which at least four fifths are used.
    fn low(&self) -> String {
        let Self { cap, limit, .. } = self;
        let budget = match cap {
            Cap::Invocation => format!("--max-cost ({limit})"),
            Cap::Run => format!("the budget of this run ({limit})"),
            Cap::Day => format!("today's budget ({limit})"),
            Cap::Month => format!("this month's budget ({limit})"),
        };
        let doubt = if self.spent.in_doubt > Usd::ZERO { ", perhaps charged" } else { "" };
        format!("{} of {budget} is left; the rest is spent{doubt} or {RESERVED}", self.left())
    }

    /// Returns the used and the remaining amount in words, such as `$1.20 spent · $3.80 left`.
    #[must_use]
    pub fn used(&self) -> String {
        const IN_DOUBT: &str = "may have been charged";
        let Spent { settled, reserved, in_doubt } = self.spent;
        let mut words = String::new();
        for (usd, word) in [(settled, "spent"), (reserved, RESERVED), (in_doubt, IN_DOUBT)] {
            if usd > Usd::ZERO {
                let more = if word == IN_DOUBT && !words.is_empty() { "more " } else { "" };
                let _ = write!(words, "{usd} {more}{word} · ");
            }
        }
        if words.is_empty() {
            return "nothing spent yet".to_owned();
        }
        words
            + &if self.left() > Usd::ZERO {
                format!("{} left", self.left())
            } else {
                "nothing left".to_owned()
            }
    }
}

/// The number of planned jobs that a budget can pay for.
#[derive(Debug, Clone)]
pub struct Fit {
    /// Budget with the amount that was spent against it before the plan was made.
    pub level: Level,
    /// Total price of the planned jobs that were added so far.
    sum: Usd,
    /// Number of planned jobs that were added so far.
    pub jobs: usize,
    /// Number of jobs, counted in the order of the plan, that the budget can pay for.
    pub fitting: usize,
}

impl Fit {
    /// Returns the count of the jobs that a budget can pay for, before any planned job is added.
    #[must_use]
    pub const fn new(level: Level) -> Self {
        Self { level, sum: Usd::ZERO, jobs: 0, fitting: 0 }
    }

    /// Adds the price of a job that the plan would send.
    pub fn add(&mut self, price: Usd) {
        self.sum += price;
        self.jobs += 1;
        // Prices are not negative, so no later job fits once the sum is too high.
        self.fitting += usize::from(self.sum <= self.level.left());
    }
}

/// A monitor of a run's budgets, which warns once for each budget when four fifths of it are used.
#[derive(Debug, Default)]
pub struct BudgetMonitor {
    levels: Vec<Watched>,
    /// Amount reserved for each take. If the take turns out to be free of charge, its amount is released.
    counted: HashMap<TakeId, Usd>,
}

impl BudgetMonitor {
    /// Returns a monitor for these budgets before anything is sent. `price` is that of the plan; `None` without a plan.
    ///
    /// A budget that is already used to four fifths causes no warning, because the plan has shown that it is low. A
    /// budget that allows the whole plan causes none either, as long as the run costs no more than its plan.
    #[must_use]
    pub fn new(levels: &[Level], price: Option<Usd>) -> Self {
        let watched = |level: &Level| {
            let planned = price.filter(|price| *price <= level.left());
            let quiet_to = planned.map_or(Usd::ZERO, |price| level.spent.total() + price);
            Watched { level: *level, quiet_to, is_reported: is_low(level) }
        };
        Self { levels: levels.iter().map(watched).collect(), counted: HashMap::new() }
    }

    /// Updates the budgets from an event of the run, and returns a warning for each budget that has just run low.
    pub fn hear(&mut self, notice: &Notice) -> Vec<String> {
        let Notice::Moved { take, price, to, .. } = notice else { return Vec::new() };
        let (plus, minus) = match (&**to, to.account()) {
            (State::Submitting { .. }, _) => {
                self.counted.insert(take.clone(), *price);
                (*price, Usd::ZERO)
            }
            // The request was refused or not accepted, so its reserved amount is released.
            (_, MoneyState::Free) => (Usd::ZERO, self.counted.remove(take).unwrap_or_default()),
            (_, MoneyState::Reserved | MoneyState::InDoubt | MoneyState::Settled) => {
                if to.is_final() {
                    self.counted.remove(take);
                }
                return Vec::new();
            }
        };
        let mut words = Vec::new();
        for Watched { level, quiet_to, is_reported } in &mut self.levels {
            level.spent.reserved = level.spent.reserved + plus - minus;
            if !*is_reported && is_low(level) && level.spent.total() > *quiet_to {
                *is_reported = true;
                words.push(level.low());
            }
        }
        words
    }
}

/// A budget that the monitor watches.
#[derive(Debug)]
struct Watched {
    level: Level,
    /// Amount up to which a low budget causes no warning, because the plan fits.
    quiet_to: Usd,
    /// True if a warning has been given.
    is_reported: bool,
}

fn is_low(level: &Level) -> bool {
    level.spent.total().times(5) >= level.limit.times(4)
}

#[cfg(test)]
mod tests;
