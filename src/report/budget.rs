//! Budgets as people read them: what each allows, what is used of it, what still fits; and a word when one runs low.

use super::text::count;
use crate::domain::key::TakeId;
use crate::domain::lifecycle::{Account, State};
use crate::domain::money::Usd;
use crate::domain::notice::Notice;
use crate::store::{Cap, Spent};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fmt::Write as _;

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

    /// What to say where it ended a run, and what to do about it.
    #[must_use]
    pub fn reached(&self) -> String {
        let then = match self.cap {
            Cap::Invocation => "the same command spends as much again",
            Cap::Run => "another run may spend as much again; `budget: run` in the manifest bounds it",
            Cap::Day => "it goes on after midnight UTC, or with a larger `budget: day` in the manifest",
            Cap::Month => "it goes on next month (UTC), or with a larger `budget: month` in the manifest",
        };
        let budget = if self.cap == Cap::Invocation { "" } else { "the budget of the " };
        format!("budget   {budget}{} is reached; finished work is kept: {}; {then}", self.name(), self.used())
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "cap": self.cap.to_string(),
            "limit_usd": self.limit.plain(),
            "spent_usd": self.spent.settled.plain(),
            "reserved_usd": self.spent.reserved.plain(),
            "in_doubt_usd": self.spent.in_doubt.plain(),
            "left_usd": self.left().plain(),
        })
    }
}

/// How much of a plan a budget has room for.
#[derive(Debug, Clone)]
pub struct Fit {
    /// The budget.
    pub level: Level,
    /// Of the jobs so far.
    sum: Usd,
    jobs: usize,
    fitting: usize,
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

    /// A line for the plan.
    #[must_use]
    pub fn line(&self) -> String {
        let fits = match (self.fitting, self.jobs) {
            (_, 0) => String::new(),
            (all, of) if all == of => " · the plan fits".to_owned(),
            (some, of) => format!(" · {some} of {} fit", count(of, "job")),
        };
        format!("budget   {} · {}{fits}", self.level.name(), self.level.used())
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
    fn a_plan_is_told_how_much_of_it_fits() {
        let line = |level: Level, jobs: usize| {
            let mut fit = Fit::new(level);
            (0..jobs).for_each(|_| fit.add(cents(20)));
            fit.line()
        };
        let lines = [
            line(level(Cap::Run, 1_000, 0, 0), 5),
            line(level(Cap::Day, 100, 40, 20), 5),
            line(level(Cap::Month, 100, 100, 0), 5),
            line(level(Cap::Invocation, 100, 0, 0), 0),
        ];
        assert_eq!(
            lines,
            [
                "budget   run $10.00 · nothing spent · the plan fits",
                "budget   day $1.00 · $0.40 spent · $0.20 in doubt · $0.40 left · 2 of 5 jobs fit",
                "budget   month $1.00 · $1.00 spent · nothing left · 0 of 5 jobs fit",
                "budget   --max-cost $1.00 · nothing spent",
            ]
        );
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
