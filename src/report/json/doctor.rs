//! Formats the results of `doctor` as JSON.

use crate::app::doctor::{Check, DoctorReport};
use crate::app::places::Places;
use crate::report::problems;
use serde_json::{Value, json};

/// Returns the JSON object with all checks of `doctor`.
#[must_use]
pub fn object(places: &Places, report: &DoctorReport) -> Value {
    json!({
        "schema": "shotlist.doctor/1",
        "format": 1,
        "version": env!("CARGO_PKG_VERSION"),
        "manifest": places.shown,
        "sandbox": places.sandbox,
        "exit": report.exit() as u8,
        "failed": report.failed(),
        "warnings": report.warnings(),
        "checks": report.checks.iter().map(check).collect::<Vec<_>>(),
    })
}

fn check(check: &Check) -> Value {
    json!({
        "check": check.about,
        "verdict": check.verdict.name(),
        "what": check.what,
        "do": check.todo,
        "problems": check.problems.iter().map(problems::json).collect::<Vec<_>>(),
    })
}
