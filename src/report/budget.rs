//! Budgets in words and as JSON.

use crate::app::budget::{Fit, Level};
use crate::domain::text::count;
use crate::store::Cap;
use serde_json::{Value, json};

impl Level {
    /// Returns the line for a run that this budget ended, with the way to continue.
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

    /// Returns the budget for programs.
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

impl Fit {
    /// Returns a line for the plan.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Usd;
    use crate::store::Spent;

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
}
