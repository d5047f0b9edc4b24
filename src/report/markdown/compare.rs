//! Formats the difference between two runs as Markdown.

use super::{PROBLEMS, code};
use crate::app::jobs::compare::Comparison;
use crate::domain::text::count;
use crate::report::text::compare::{counts, duration, head, money, words};

/// Returns the comparison as Markdown, with a table of at most `PROBLEMS` changed jobs.
#[must_use]
pub fn document(comparison: &Comparison) -> String {
    let mut lines = vec![format!("### {}", code(&head(comparison))), String::new()];
    lines.extend([counts(comparison).join(" · "), String::new(), money(comparison), String::new()]);
    if !comparison.changed.is_empty() {
        lines.extend(["| job | change |".to_owned(), "|---|---|".to_owned()]);
    }
    for change in comparison.changed.iter().take(PROBLEMS) {
        lines.push(format!("| {} | {} |", code(&change.key.to_string()), code(&words(change).join("; "))));
    }
    if comparison.changed.len() > PROBLEMS {
        let others = count(comparison.changed.len() - PROBLEMS, "job");
        lines.extend([String::new(), format!("… and {others} more")]);
    }
    if !comparison.durations.is_empty() {
        lines.extend([String::new(), "Median time of a rendering:".to_owned(), String::new()]);
        lines.extend(comparison.durations.iter().map(|line| format!("- {}", code(&duration(line)))));
    }
    lines.push(String::new());
    lines.join("\n")
}
