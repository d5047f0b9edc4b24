//! The budgets of a run: the manifest's and the command line's, and how full they are.

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

/// How full a budget is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Which budget.
    pub cap: Cap,
    /// What it allows.
    pub limit: Usd,
    /// What counts against it.
    pub spent: Spent,
}

impl Level {
    /// What may still be spent.
    #[must_use]
    pub fn left(&self) -> Usd {
        (self.limit - self.spent.total()).max(Usd::ZERO)
    }

    /// What it is called, with what it allows.
    #[must_use]
    pub fn name(&self) -> String {
        match self.cap {
            Cap::Invocation => format!("--max-cost {}", self.limit),
            cap => format!("{cap} {}", self.limit),
        }
    }

    /// What is used of it, and what is left.
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

/// How much of a plan a budget has room for.
#[derive(Debug, Clone)]
pub struct Fit {
    /// The budget.
    pub level: Level,
    /// Of the jobs so far.
    sum: Usd,
    /// Number of the jobs so far.
    pub jobs: usize,
    /// Number of those for which there is room.
    pub fitting: usize,
}

impl Fit {
    /// Before the first job.
    #[must_use]
    pub const fn new(level: Level) -> Self {
        Self { level, sum: Usd::ZERO, jobs: 0, fitting: 0 }
    }

    /// One more job would be sent.
    pub fn add(&mut self, price: Usd) {
        self.sum += price;
        self.jobs += 1;
        // No price is below zero: once the sum is too much, it stays so.
        self.fitting += usize::from(self.sum <= self.level.left());
    }
}

/// Follows the budgets during a run, and gives a word once when four fifths of one are used.
#[derive(Debug, Default)]
pub struct Gauge {
    levels: Vec<(Level, bool)>,
    /// The takes whose money may still come free.
    counted: HashMap<TakeId, Usd>,
}

impl Gauge {
    /// Of budgets as they stand before anything is sent. One that is low already was shown with the plan.
    #[must_use]
    pub fn new(levels: &[Level]) -> Self {
        let levels = levels.iter().map(|level| (*level, is_low(level))).collect();
        Self { levels, counted: HashMap::new() }
    }

    /// Hears what happened; what there is to say about it.
    pub fn hear(&mut self, notice: &Notice) -> Vec<String> {
        let Notice::Moved { take, price, to, .. } = notice else { return Vec::new() };
        let (plus, minus) = match (&**to, to.account()) {
            (State::Submitting { .. }, _) => {
                self.counted.insert(take.clone(), *price);
                (*price, Usd::ZERO)
            }
            // Sent back or turned down: what was set aside is free again.
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
mod tests {
    use super::*;
    use crate::domain::key::{JobKey, RequestId};
    use crate::domain::lifecycle::Intent;
    use jiff::Timestamp;

    const fn cents(count: i64) -> Usd {
        Usd::from_micros(count * 10_000)
    }

    fn level(cap: Cap, limit: i64, settled: i64, in_doubt: i64) -> Level {
        let spent = Spent { settled: cents(settled), reserved: Usd::ZERO, in_doubt: cents(in_doubt) };
        Level { cap, limit: cents(limit), spent }
    }

    #[test]
    fn a_budget_that_runs_low_is_told_once_and_one_that_was_low_is_not() {
        let intent = Intent { attempt: 1, request_id: RequestId("sl-1".into()), at: Timestamp::UNIX_EPOCH };
        let sent = |take: usize, to: State| Notice::Moved {
            take: TakeId(take.to_string()),
            key: JobKey::new("hero", "a"),
            price: cents(20),
            path: String::new(),
            from: crate::domain::lifecycle::Phase::Pending,
            to: Box::new(to),
            said: None,
        };
        let submitting = || State::Submitting { intent: intent.clone(), tries_left: 5, setbacks: 0 };
        let pending = State::Pending { tries_left: 4, setbacks: 1, due: Timestamp::UNIX_EPOCH };
        let mut gauge = Gauge::new(&[level(Cap::Run, 100, 0, 0), level(Cap::Day, 100, 80, 0)]);
        let mut told: Vec<usize> = (0..3).map(|take| gauge.hear(&sent(take, submitting())).len()).collect();
        told.push(gauge.hear(&sent(2, pending)).len());
        told.extend((3..6).map(|take| gauge.hear(&sent(take, submitting())).len()));
        assert_eq!(told, [0, 0, 0, 0, 0, 1, 0]);
    }
}
