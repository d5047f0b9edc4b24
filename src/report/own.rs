//! Recognises the files that `report` wrote, so that a new report replaces no other file.

use crate::files::head;
use std::fs::File;

/// Returns whether a file is a report in any of the formats in which `report` writes one.
#[must_use]
pub fn is_report(file: &File) -> bool {
    is_beginning_of_one(&head(file))
}

fn is_beginning_of_one(head: &str) -> bool {
    is_page(head) || is_json(head) || super::csv::is_own(head) || is_junit(head) || is_text(head)
}

fn is_page(head: &str) -> bool {
    head.starts_with("<!doctype html>") && head.contains(" · shotlist</title>")
}

fn is_json(head: &str) -> bool {
    ["report", "compare"].iter().any(|kind| head.starts_with(&format!("{{\"schema\":\"shotlist.{kind}/")))
}

/// Checks whether a text begins like a JUnit report of this program.
///
/// JUnit has no field for the name of the program. The report is recognised by the names of its properties, or by
/// having no test case.
fn is_junit(head: &str) -> bool {
    let Some((_, suites)) = head.split_once("<testsuites name=\"") else { return false };
    let is_empty = suites.contains("\" tests=\"0\" ") && !suites.contains("<testsuite ");
    let names = ["decision", "verdict", "price_usd", "spent_usd"];
    head.starts_with("<?xml ")
        && (is_empty || names.iter().all(|name| suites.contains(&format!("<property name=\"{name}\""))))
}

/// Checks whether a text begins like a Markdown summary, or like a comparison in Markdown or plain text.
fn is_text(head: &str) -> bool {
    let title = head.lines().next().unwrap_or_default();
    let is_summary = title.starts_with("### ") && head.contains("\n**Money:** these jobs ");
    let is_comparison = title.contains(": from the end of run ")
        && (title.contains(") to the end of run ") || title.contains(") to now ("));
    is_summary || is_comparison
}

#[cfg(test)]
mod tests;
