//! Formats budgets as text and as JSON.

use crate::app::budget::{Fit, Level};
use crate::domain::money::Usd;
use crate::domain::text::count;
use crate::store::Cap;
use serde_json::{Value, json};

impl Level {
    /// Returns the message for a run that this budget stopped. The message says how to continue.
    #[must_use]
    pub fn reached(&self) -> String {
        if self.cap == Cap::Invocation && self.spent.total() == Usd::ZERO {
            return format!(
                "budget   {} is less than the price of the next clip; nothing was spent",
                self.name()
            );
        }
        let then = match self.cap {
            Cap::Invocation => {
                format!("a further command with this limit may spend up to {} more", self.limit)
            }
            Cap::Run => {
                format!(
                    "each further run may spend up to {} more; `budget: month` limits all runs together",
                    self.limit
                )
            }
            Cap::Day => {
                "continue after midnight UTC, or with a larger `budget: day` in the manifest".to_owned()
            }
            Cap::Month => {
                "continue next month (UTC), or with a larger `budget: month` in the manifest".to_owned()
            }
        };
        let budget = match self.cap {
            Cap::Invocation => self.name(),
            cap => format!("the budget of the {cap} ({})", self.limit),
        };
        format!(
            "budget   {budget} leaves too little for the next clip: {}; finished work is kept; {then}",
            self.used()
        )
    }

    /// Returns the limit of a budget and the amounts that count against it as JSON.
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
    /// Returns a line about a budget: the amount already used, and the number of planned jobs that still fit.
    #[must_use]
    pub fn line(&self) -> String {
        let fits = match (self.fitting, self.jobs) {
            (_, 0) => String::new(),
            (all, of) if all == of => " · the plan fits".to_owned(),
            (some, of) => format!(" · {some} of {} fit", count(of, "job")),
        };
        format!("budget   {}{fits}", self.level.words())
    }
}

#[cfg(test)]
mod tests;
