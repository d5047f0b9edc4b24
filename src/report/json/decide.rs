//! Formats recorded reviews as JSON.

use crate::app::decide::DecideReport;
use crate::report::reviews;
use serde_json::{Value, json};

/// Returns the recorded reviews as JSON or, if nothing was recorded, the jobs in conflict, each with its newest review.
#[must_use]
pub fn object(report: &DecideReport) -> Value {
    let made = report.made.iter().map(|(key, review)| {
        let mut object = reviews::object(review);
        object["job"] = key.to_string().into();
        object
    });
    let conflicts = report.conflicts.iter().map(
        |(key, newest)| json!({ "job": key.to_string(), "newest": newest.as_ref().map(reviews::object) }),
    );
    json!({
        "schema": "shotlist.decide/1",
        "reviews": made.collect::<Vec<_>>(),
        "conflicts": conflicts.collect::<Vec<_>>(),
        "review": reviews::json(&report.counts),
    })
}
