//! Formats the result of `verify` as text.

use crate::app::verify::VerifyReport;
use crate::domain::text::count;
use crate::domain::units::bytes;
use crate::store::Clip;

/// Returns the line about a clip whose file or sidecar is missing, unreadable or changed. `word` names the kind of
/// defect, and `why` explains it.
#[must_use]
pub fn wrong(clip: &Clip, word: &str, why: &str) -> String {
    let word = match word {
        "damaged" => "altered",
        "foreign" => "replaced",
        other => other,
    };
    let why = if why.is_empty() { String::new() } else { format!("  {why}") };
    format!("{word:<10} {}  {}{why}", clip.filed.path, clip.key)
}

/// Returns the line about a clip that `verify --repair` restored or could not restore. `word` names the outcome, and
/// `what` explains it.
#[must_use]
pub fn restoring(clip: &Clip, word: &str, what: &str) -> String {
    let word = match word {
        "asked" => "queued",
        "kept" => "moved",
        "left" => "skipped",
        other => other,
    };
    format!("{word:<8} {}  {what}", clip.key)
}

/// Returns the counts of compared clips, and advice if clips are missing or differ from their records.
#[must_use]
pub fn lines(report: &VerifyReport) -> Vec<String> {
    let of = if report.compared < report.all { format!(" of {}", report.all) } else { String::new() };
    let clips =
        usize::try_from(report.compared).map_or_else(|_| "all clips".to_owned(), |n| count(n, "clip"));
    let mut parts = vec![format!("{} unchanged", report.same)];
    let found = [
        (report.missing, "missing"),
        (report.dismissed, "dismissed"),
        (report.damaged, "altered"),
        (report.foreign, "replaced by another file"),
        (report.unreadable, "unreadable"),
        (report.sidecars, "with a wrong sidecar"),
        (report.queued, "queued for download"),
    ];
    parts.extend(found.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")));
    let mut lines = vec![format!("verified {clips}{of} ({}): {}", bytes(report.bytes), parts.join(" · "))];
    let can_be_restored = report.missing + report.damaged + report.foreign > 0;
    if can_be_restored && !report.is_repair {
        lines.push(
                "Restore the clips from a backup of the output folder, or use `--repair`: it restores, free of charge, \
                 what still exists as a copy or at the provider, where links expire within a day. Nothing was changed \
                 or sent."
                    .to_owned(),
            );
    }
    lines
}
