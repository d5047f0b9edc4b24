//! Formats the result of `validate` as JSON.

use crate::app::validate::ValidateReport;
use crate::domain::problem::Tally;
use serde_json::{Value, json};

/// Returns the JSON line about a valid manifest: its numbers of jobs and warnings. An invalid manifest has no such
/// line.
#[must_use]
pub fn object(report: &ValidateReport, tally: Tally) -> Value {
    json!({ "schema": "shotlist.validate/1", "format": 1, "valid": true, "jobs": report.jobs, "warnings": tally.warnings + tally.notes })
}
