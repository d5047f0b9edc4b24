//! Formats the result of `verify` as text.

use crate::app::verify::VerifyReport;
use crate::domain::text::count;
use crate::domain::units::bytes;
use crate::store::Clip;

/// Returns the line about a clip whose file or sidecar is missing, unreadable or changed. `word` names the kind of
/// defect, and `why` explains it.
#[must_use]
pub fn wrong(clip: &Clip, word: &str, why: &str) -> String {
    let why = if why.is_empty() { String::new() } else { format!("  {why}") };
    format!("{word:<10} {}  {}{why}", clip.filed.path, clip.key)
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
        (report.damaged, "damaged"),
        (report.foreign, "replaced by another file"),
        (report.unreadable, "unreadable"),
        (report.sidecars, "with a wrong sidecar"),
    ];
    parts.extend(found.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")));
    let mut lines = vec![format!("verified {clips}{of} ({}): {}", bytes(report.bytes), parts.join(" · "))];
    if report.wrong() > 0 && !report.is_repair {
        lines.push(
                "Restore the clips from a backup of the output folder, or use `--repair`, which restores what a copy \
                 or the provider still has: it costs nothing, and links expire within a day. Nothing was changed, \
                 nothing was sent."
                    .to_owned(),
            );
    }
    lines
}
