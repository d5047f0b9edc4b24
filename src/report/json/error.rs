//! Formats an error as JSON.

use crate::app::error::Error;
use crate::report::problems;
use serde_json::{Value, json};

/// Returns an error as JSON: the exit code, what failed, whether money was charged, the causes, and the next command.
#[must_use]
pub fn object(error: &Error) -> Value {
    json!({
        "schema": "shotlist.error/1",
        "exit": error.exit as u8,
        "error": error.what,
        "money": error.money,
        "problems": error.problems.iter().map(problems::json).collect::<Vec<_>>(),
        "next": error.hint,
    })
}
