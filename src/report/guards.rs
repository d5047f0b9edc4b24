//! Guards that a plan is too much for, as people and programs read them.

use super::changes::change_line;
use crate::domain::text::count;
use crate::plan::guards::{Found, Trip};
use serde_json::{Value, json};

/// Returns the guard, the number found, and a few of the jobs with the changes of each.
#[must_use]
pub fn lines(trip: &Trip) -> Vec<String> {
    let (guard, limit) = (trip.guard, &trip.limit);
    let found = match trip.found {
        Found::Ordered(jobs) => format!("to be ordered are {}", count(jobs, "job")),
        Found::Changed(jobs, of) => format!("{jobs} of {} would get another clip", count(of, "finished job")),
        Found::Removed(jobs, of) => {
            format!("gone from the input are {jobs} of {}", count(of, "finished job"))
        }
        Found::Spend(usd) => format!("{usd} would be ordered for"),
    };
    let mut lines = vec![format!("guard    {guard} is {limit}: {found}")];
    for (key, fields) in &trip.examples {
        let fields: Vec<String> = fields.iter().map(change_line).collect();
        lines.push(format!("         {key}  {}", fields.join("; ")).trim_end().to_owned());
    }
    lines
}

/// Returns the guard for programs.
#[must_use]
pub fn json(trip: &Trip) -> Value {
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
