//! Formats jobs as CSV (RFC 4180) for spreadsheets.
//!
//! Text from a user or provider that begins like a formula gets an apostrophe before it: a spreadsheet then shows the
//! text and computes nothing. Control characters are shown as escapes; line breaks stay, inside quotes.

use crate::app::gallery::GalleryJob;
use crate::app::jobs::{JobsReport, UNCHECKED, shown_take, spent};
use crate::domain::foreign::shown_lines;
use crate::domain::money::Usd;
use crate::domain::review::Reason;
use crate::domain::verdict::Verdict;
use csv::{Terminator, WriterBuilder};
use jiff::Timestamp;
use std::borrow::Cow;

/// The headings of the CSV columns, in the order of the columns.
const COLUMNS: [&str; 29] = [
    "job",
    "shot",
    "item",
    "variant",
    "title",
    "tags",
    "state",
    "decision",
    "reasons",
    "note",
    "decided_by",
    "decided_at",
    "verdict",
    "findings",
    "provider",
    "model",
    "price_usd",
    "spent_usd",
    "renderings",
    "ordered_at",
    "submitted_at",
    "ended_at",
    "run",
    "message",
    "path",
    "bytes",
    "sha256",
    "prompt",
    "seed",
];

/// Returns whether a text begins with the header line of the CSV that [`jobs`] writes.
pub(super) fn is_own(text: &str) -> bool {
    text.lines().next() == Some(COLUMNS.join(",").as_str())
}

/// Returns the selected jobs as CSV with a header line. Each line ends with a carriage return and a line feed.
#[must_use]
#[expect(clippy::missing_panics_doc, reason = "nothing here can fail, as each message proves")]
pub fn jobs(report: &JobsReport) -> String {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    let rows = report.gallery.jobs.iter().map(|job| row(report, job));
    for record in std::iter::once(COLUMNS.map(str::to_owned)).chain(rows) {
        writer.write_record(record).expect("a vector takes every byte, and all records have the same fields");
    }
    let bytes = writer.into_inner().expect("a vector takes every byte");
    String::from_utf8(bytes).expect("made of strings")
}

fn row(report: &JobsReport, job: &GalleryJob) -> [String; COLUMNS.len()] {
    let record = &job.record;
    let take = shown_take(job);
    let review = record.review.as_ref();
    let reasons = review.map(|review| &review.reasons[..]).unwrap_or_default();
    let checked = job.current().and_then(|take| take.checked.as_ref());
    let findings = checked.map(|checked| checked.findings.iter().map(|finding| finding.reason.as_str()));
    let filed = record.filed.as_ref();
    let model = report.model(job);
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string()).unwrap_or_default();
    [
        text(&record.key.to_string()),
        text(&record.key.shot),
        text(record.key.item.raw()),
        text(&record.key.variant),
        text(record.title.raw()),
        text(&record.tags.join(", ")),
        job.bucket.name().to_owned(),
        job.standing.name().to_owned(),
        reasons.iter().map(|reason: &Reason| reason.name()).collect::<Vec<_>>().join(", "),
        text(review.and_then(|review| review.note.as_deref()).unwrap_or_default()),
        text(review.map(|review| review.who.as_str()).unwrap_or_default()),
        time(review.map(|review| review.at)),
        job.verdict().map_or(UNCHECKED, Verdict::name).to_owned(),
        text(&findings.map(|reasons| reasons.collect::<Vec<_>>().join("; ")).unwrap_or_default()),
        text(model.map(|model| model.provider.as_str()).unwrap_or_default()),
        text(model.map(|model| model.model.as_str()).unwrap_or_default()),
        report.price(job).map(Usd::plain).unwrap_or_default(),
        spent(job).plain(),
        record.takes.len().to_string(),
        time(take.map(|take| take.created)),
        time(take.and_then(|take| take.submitted)),
        time(take.and_then(|take| take.ended)),
        take.and_then(|take| take.run).map(|run| run.to_string()).unwrap_or_default(),
        text(&take.and_then(|take| take.said.as_ref()).map(ToString::to_string).unwrap_or_default()),
        text(&report.path(job)),
        filed.map(|filed| filed.file.size.to_string()).unwrap_or_default(),
        filed.map(|filed| filed.file.sha256.to_string()).unwrap_or_default(),
        text(take.and_then(|take| take.take.request.prompt.as_deref()).unwrap_or_default()),
        take.and_then(|take| take.take.request.seed).map(|seed| seed.to_string()).unwrap_or_default(),
    ]
}

/// Returns a text for one cell: control characters become escapes, and a formula gets an apostrophe before it.
fn text(text: &str) -> String {
    harmless(&shown_lines(&text.replace("\r\n", "\n"))).into_owned()
}

/// Returns a text, with an apostrophe before it if a spreadsheet would read it as a formula.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    const STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    // Some spreadsheets remove the leading spaces before they look for a formula.
    if text.starts_with(STARTS) || text.trim_start().starts_with(STARTS) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests;
