//! Describes the difference between two runs in words.

use crate::app::jobs::compare::{Change, Comparison, Durations, JobSnapshot, Snapshot};
use crate::domain::foreign::shown;
use crate::domain::review::ReviewState;
use crate::domain::text::count;
use crate::domain::units::utc;
use crate::domain::verdict::Verdict;
use crate::report::layout::{hanging, lasted, width, wrap};
use std::time::Duration;

/// The indentation of the further lines of a wrapped text, in columns.
const DEEPER: usize = 4;

/// The maximum width to which job names are padded, in columns, so that the texts after them are aligned. The text
/// after a longer name is not aligned.
const WIDEST: usize = 32;

/// Returns the comparison as text, with lines no wider than `columns`.
#[must_use]
pub fn document(comparison: &Comparison, columns: usize) -> String {
    let mut lines = wrap(&head(comparison), columns, DEEPER);
    lines.extend(wrap(&format!("  {}", counts(comparison).join(" · ")), columns, DEEPER));
    lines.extend(wrap(&format!("  {}", money(comparison)), columns, DEEPER));
    let names = comparison.changed.iter().map(|change| width(&change.key.to_string()));
    // One very long name must not push the words of all lines to the right.
    let longest = names.filter(|wide| *wide <= WIDEST).max().unwrap_or(0);
    if !comparison.changed.is_empty() {
        lines.push(String::new());
    }
    for change in &comparison.changed {
        let name = change.key.to_string();
        let head = format!("  {name}{}  ", " ".repeat(longest.saturating_sub(width(&name))));
        lines.extend(hanging(&head, &words(change).join("; "), columns));
    }
    let durations = comparison.durations.iter().map(duration);
    let durations: Vec<String> = durations.collect();
    if !durations.is_empty() {
        lines.extend([String::new(), "  median time of a rendering".to_owned()]);
        lines.extend(durations.iter().flat_map(|line| wrap(&format!("    {line}"), columns, DEEPER + 2)));
    }
    lines.iter().fold(String::new(), |text, line| text + line.trim_end() + "\n")
}

/// Returns the title of a comparison: the project, and the two points in time that are compared.
pub(crate) fn head(comparison: &Comparison) -> String {
    let Comparison { project, from, to, .. } = comparison;
    let project = shown(project.as_deref().unwrap_or("all projects")).into_owned();
    format!("{project}: from {} to {}", snapshot(from), snapshot(to))
}

fn snapshot(snapshot: &Snapshot) -> String {
    match snapshot.run {
        Some(run) => format!("the end of run {run} ({})", utc(snapshot.at)),
        None => format!("now ({})", utc(snapshot.at)),
    }
}

/// Returns the number of jobs for each kind of change.
pub(crate) fn counts(comparison: &Comparison) -> Vec<String> {
    let number =
        |is_meant: fn(&Change) -> bool| comparison.changed.iter().filter(|change| is_meant(change)).count();
    let kinds: [(usize, &str); 6] = [
        (number(Change::is_newly_done), "newly done"),
        (number(Change::is_newly_failed), "newly failed"),
        (number(Change::is_rendered_again), "with a newer rendering"),
        (
            number(|change| change.clips().is_some_and(|(then, now)| then.price != now.price)),
            "with a changed price",
        ),
        (
            number(|change| change.clips().is_some_and(|(then, now)| then.verdict != now.verdict)),
            "with a changed verdict",
        ),
        (number(|change| change.then.decision != change.now.decision), "with a changed review"),
    ];
    let mut counts: Vec<String> = kinds
        .into_iter()
        .filter(|(jobs, _)| *jobs > 0)
        .map(|(jobs, words)| format!("{jobs} {words}"))
        .collect();
    counts.push(format!("{} unchanged", count(comparison.unchanged, "job")));
    counts
}

/// Returns in words the amounts spent up to each of the two compared points in time, and their difference.
pub(crate) fn money(comparison: &Comparison) -> String {
    let [then, now] = comparison.spent;
    let mark = if comparison.sandbox { " (sandbox money)" } else { "" };
    format!("total spent: {then} → {now}, which is {} more{mark}", now - then)
}

/// Returns in words the changes of a job from the first to the second of the two compared points in time.
pub(crate) fn words(change: &Change) -> Vec<String> {
    let Change { then, now, .. } = change;
    let mut words = Vec::new();
    let mut say = |what: &str, then: String, now: String| {
        if then != now {
            words.push(format!("{what}{then} → {now}"));
        }
    };
    say("", then.state.words(1).to_owned(), now.state.words(1).to_owned());
    if let Some((then, now)) = change.clips() {
        say("rendering ", then.version.to_string(), now.version.to_string());
        say("model ", then.model.clone(), now.model.clone());
    }
    say("price ", price(then), price(now));
    say("verdict ", verdict(then), verdict(now));
    let decision = |standing: ReviewState| standing.name().to_owned();
    say("review ", decision(then.decision), decision(now.decision));
    if words.is_empty() {
        // Two jobs that share a clip may have swapped it.
        words.push("another clip".to_owned());
    }
    words
}

fn price(stage: &JobSnapshot) -> String {
    stage.clip.as_ref().map_or_else(|| "–".to_owned(), |clip| clip.price.to_string())
}

fn verdict(stage: &JobSnapshot) -> String {
    let verdict = stage.clip.as_ref().and_then(|clip| clip.verdict);
    verdict.map_or("–", Verdict::name).to_owned()
}

/// Returns in words the median durations of a model's renderings, before and during the compared period.
pub(crate) fn duration(durations: &Durations) -> String {
    let side = |side: Option<(Duration, usize)>| match side {
        Some((median, takes)) => format!("{} ({})", lasted(median), count(takes, "rendering")),
        None => "–".to_owned(),
    };
    format!("{}  {} → {}", durations.model, side(durations.then), side(durations.since))
}
