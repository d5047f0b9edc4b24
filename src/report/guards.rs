//! Formats the safety limits (guards) that a plan exceeds, as text and as JSON.

use super::changes::change_line;
use crate::domain::text::count;
use crate::plan::guards::{ExceededGuard, Found};
use serde_json::{Value, json};

/// Returns the lines about an exceeded safety limit: the limit, the value that exceeds it, and example jobs with their
/// changes.
#[must_use]
pub fn lines(trip: &ExceededGuard) -> Vec<String> {
    let (guard, limit) = (trip.guard, &trip.limit);
    let found = match trip.found {
        Found::Ordered(jobs) => format!("{} would be submitted", count(jobs, "job")),
        Found::Changed(jobs, of) => format!("{jobs} of {} would get another clip", count(of, "finished job")),
        Found::Removed(jobs, of) => {
            format!("{jobs} of {} would no longer be wanted", count(of, "finished job"))
        }
        Found::Spend(usd) => format!("{usd} would be spent"),
    };
    let mut lines = vec![format!("limit    guards.{guard} is {limit}: {found}")];
    for (key, fields) in &trip.examples {
        let fields: Vec<String> = fields.iter().map(change_line).collect();
        lines.push(format!("         {key}  {}", fields.join("; ")).trim_end().to_owned());
    }
    lines
}

/// Returns an exceeded safety limit as JSON: the limit, the value that exceeds it, and the keys of example jobs.
#[must_use]
pub fn json(trip: &ExceededGuard) -> Value {
    let mut object = json!({ "guard": trip.guard, "limit": trip.limit });
    match trip.found {
        Found::Ordered(jobs) => object["jobs"] = jobs.into(),
        Found::Changed(jobs, of) | Found::Removed(jobs, of) => {
            object["jobs"] = jobs.into();
            object["of"] = of.into();
        }
        Found::Spend(usd) => object["usd"] = usd.plain().into(),
    }
    object["examples"] = trip.examples.iter().map(|(key, _)| key.to_string()).collect();
    object
}
