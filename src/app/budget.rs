//! The budgets of a run, from the manifest and the command line, and the spending against them.

use super::error::Error;
use crate::domain::key::TakeId;
use crate::domain::lifecycle::{Account, State};
use crate::domain::money::Usd;
use crate::domain::notice::Notice;
use crate::manifest::Manifest;
use crate::store::{Cap, Caps, Reader, RunId, Spent, Window};
use jiff::Timestamp;
use std::collections::HashMap;
use std::fmt::Write as _;

/// Returns the budgets of a run.
///
/// `--max-cost` applies to one call of the program.
#[must_use]
pub(crate) fn caps(manifest: &Manifest, max_cost: Option<Usd>) -> Caps {
    let budget = &manifest.budget;
    Caps { invocation: max_cost, run: budget.run, day: budget.day, month: budget.month }
}

/// Reads the spending against each budget before the next run of this command.
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

/// Reads the spending against each budget at the end of a run.
pub(crate) async fn levels_after(
    reader: &Reader,
    run: RunId,
    caps: Caps,
    now: Timestamp,
) -> Result<Vec<Level>, Error> {
    filled(reader, caps, (Some(run), Some(run)), now).await
}

/// Returns the spending that counts against a budget.
///
/// `runs` holds this call of the program and the run that it belongs to, where they exist.
fn window(cap: Cap, runs: (Option<RunId>, Option<RunId>), now: Timestamp) -> Option<Window> {
    match cap {
        Cap::Invocation => runs.0.map(Window::Invocation),
        Cap::Run => runs.1.map(Window::Run),
        Cap::Day => Some(Window::Day(now)),
        Cap::Month => Some(Window::Month(now)),
    }
}

/// Returns each project's share of a budget, such as `shop $0.40, winter $0.40`; `None` for a single project.
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

/// Returns the budgets of a project that has spent nothing.
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

/// A budget with the spending against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Kind of budget.
    pub cap: Cap,
    /// Maximum of the budget.
    pub limit: Usd,
    /// Amount that counts against it.
    pub spent: Spent,
}

impl Level {
    /// Returns the amount that may still be spent.
    #[must_use]
    pub fn left(&self) -> Usd {
        (self.limit - self.spent.total()).max(Usd::ZERO)
    }

    /// Returns the name of the budget with its maximum.
    #[must_use]
    pub fn name(&self) -> String {
        match self.cap {
            Cap::Invocation => format!("--max-cost {}", self.limit),
            cap => format!("{cap} {}", self.limit),
        }
    }

    /// Returns the used and the remaining amount in words.
    #[must_use]
    pub fn used(&self) -> String {
        let Spent { settled, reserved, in_doubt } = self.spent;
        let mut words = String::new();
        for (usd, word) in [(settled, "spent"), (reserved, "in flight"), (in_doubt, "in doubt")] {
            if usd > Usd::ZERO {
                let _ = write!(words, "{usd} {word} · ");
            }
        }
        if words.is_empty() {
            return "nothing spent".to_owned();
        }
        words
            + &if self.left() > Usd::ZERO {
                format!("{} left", self.left())
            } else {
                "nothing left".to_owned()
            }
    }
}

/// The part of a plan that fits a budget.
#[derive(Debug, Clone)]
pub struct Fit {
    /// Budget with the spending against it.
    pub level: Level,
    /// Price of the jobs so far.
    sum: Usd,
    /// Number of jobs so far.
    pub jobs: usize,
    /// Number of these jobs that fit the budget.
    pub fitting: usize,
}

impl Fit {
    /// Returns the fit of an empty plan.
    #[must_use]
    pub const fn new(level: Level) -> Self {
        Self { level, sum: Usd::ZERO, jobs: 0, fitting: 0 }
    }

    /// Adds a job that would be sent.
    pub fn add(&mut self, price: Usd) {
        self.sum += price;
        self.jobs += 1;
        // Prices are not negative, so no later job fits once the sum is too high.
        self.fitting += usize::from(self.sum <= self.level.left());
    }
}

/// A watch on the budgets of a run that warns once when four fifths of a budget are used.
#[derive(Debug, Default)]
pub struct Gauge {
    levels: Vec<(Level, bool)>,
    /// Takes whose reserved amount may still be released.
    counted: HashMap<TakeId, Usd>,
}

impl Gauge {
    /// Returns a gauge for budgets before anything is sent.
    ///
    /// It does not warn about a budget that is low already, because the plan showed it.
    #[must_use]
    pub fn new(levels: &[Level]) -> Self {
        let levels = levels.iter().map(|level| (*level, is_low(level))).collect();
        Self { levels, counted: HashMap::new() }
    }

    /// Updates the budgets from a notice, and returns new warnings.
    pub fn hear(&mut self, notice: &Notice) -> Vec<String> {
        let Notice::Moved { take, price, to, .. } = notice else { return Vec::new() };
        let (plus, minus) = match (&**to, to.account()) {
            (State::Submitting { .. }, _) => {
                self.counted.insert(take.clone(), *price);
                (*price, Usd::ZERO)
            }
            // The request was refused or not accepted, so its reserved amount is released.
            (_, Account::Free) => (Usd::ZERO, self.counted.remove(take).unwrap_or_default()),
            (_, Account::Reserved | Account::InDoubt | Account::Settled) => {
                if to.is_final() {
                    self.counted.remove(take);
                }
                return Vec::new();
            }
        };
        let mut words = Vec::new();
        for (level, told) in &mut self.levels {
            level.spent.reserved = level.spent.reserved + plus - minus;
            if !*told && is_low(level) {
                *told = true;
                words.push(format!(
                    "four fifths of the budget ({}) are used: {} left",
                    level.name(),
                    level.left()
                ));
            }
        }
        words
    }
}

fn is_low(level: &Level) -> bool {
    level.spent.total().times(5) >= level.limit.times(4)
}

#[cfg(test)]
mod tests;
