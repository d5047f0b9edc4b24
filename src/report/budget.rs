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
mod tests;
