//! Formats budgets as text and as JSON.

use crate::app::budget::{Fit, Level};
use crate::domain::money::Usd;
use crate::domain::text::count;
use crate::store::Cap;
use serde_json::{Value, json};

impl Level {
    /// Returns the message for a run that this budget stopped. The message says how to continue.
    ///
    /// `cheapest` is the price of the cheapest job to send; `None` if it is not known.
    #[must_use]
    pub fn reached(&self, cheapest: Option<Usd>) -> String {
        let budget = match self.cap {
            Cap::Invocation => self.name(),
            cap => format!("the budget of the {cap} ({})", self.limit),
        };
        if self.is_unused() {
            let why = match cheapest.filter(|cheapest| *cheapest > self.limit) {
                Some(cheapest) => format!("no clip costs that little: the cheapest costs {cheapest}"),
                None => "the next clip costs more".to_owned(),
            };
            let how = match self.cap {
                Cap::Invocation => String::new(),
                cap => format!("; write a larger `budget: {cap}` in the manifest"),
            };
            return format!("budget   {budget}: {why}; nothing was spent{how}");
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
