//! The export and import of reviews as a CSV table for spreadsheets, with one row for each job that has a clip.
//!
//! Each row has the revision number that the job's newest review had when the table was exported. If a job was
//! reviewed since then, its row is a conflict, and no row of the table is recorded.

use super::{ReviewRequest, incomplete, no_reason, note};
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::find::job_named;
use crate::app::gallery::GalleryJob;
use crate::app::places::quoted;
use crate::app::project::Project;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::problem::{Place, Problem, Tally};
use crate::domain::review::{Outcome, Reason, Review, ReviewState};
use std::collections::{BTreeSet, HashMap};

/// Columns of the table of reviews, in their order.
const COLUMNS: [&str; 10] =
    ["job", "take", "clip_sha256", "revision", "outcome", "reasons", "note", "redo", "who", "at"];

/// Columns that an imported table of reviews must have.
const NEEDED: [&str; 4] = ["job", "take", "revision", "outcome"];

/// The result of importing a table of reviews: either the recorded reviews, or the conflicts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Recorded reviews by job, including those of jobs that share the clip of a job in the table.
    pub made: Vec<(JobKey, Review)>,
    /// Number of rows that were skipped because they have no outcome.
    pub undecided: usize,
    /// Number of rows that equal the job's recorded review and therefore change nothing.
    pub unchanged: usize,
    /// Rows about jobs that were reviewed, or got another clip, since the table was written.
    ///
    /// If there is such a row, no review was recorded.
    pub conflicts: Vec<ImportConflict>,
}

/// A row about a job that was reviewed, or got another clip, since the table was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportConflict {
    /// Line number of the row in the table, 1 for the first line.
    pub line: u64,
    /// Job that the row is about.
    pub job: JobKey,
    /// Newest review of the job; `None` if it has none.
    pub newest: Option<Review>,
}

/// A row of an imported table of reviews.
struct Row {
    line: u64,
    request: ReviewRequest,
    clip: String,
    who: Option<String>,
}

impl Project {
    /// Returns a CSV table with one row for each job that has a clip, with its review if there is one.
    pub async fn export_reviews(&self) -> Result<String, Error> {
        let gallery = self.gallery().await?;
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut write = |cells: &[String]| writer.write_record(cells).map_err(Error::local);
        write(&COLUMNS.map(str::to_owned))?;
        for job in &gallery.jobs {
            if let Some(cells) = cells(job) {
                write(&cells)?;
            }
        }
        let bytes = writer.into_inner().map_err(|error| Error::local(error.into_error()))?;
        let text = String::from_utf8(bytes).map_err(Error::local)?;
        // Without this mark, spreadsheet programs assume another encoding.
        Ok(format!("\u{feff}{text}"))
    }

    /// Records the reviews of a table; if one row is a conflict, none is recorded.
    ///
    /// A row without an outcome, or one that equals the recorded review, changes nothing. `who` is the reviewer of rows
    /// that name no reviewer, and `file` is the name of the table in messages.
    ///
    /// # Errors
    ///
    /// Returns an error that lists every line with a mistake.
    pub async fn import_reviews(&self, file: &str, csv: &[u8], who: &str) -> Result<ImportReport, Error> {
        let gallery = self.gallery().await?;
        let jobs: HashMap<&JobKey, &GalleryJob> = gallery.jobs.iter().map(|job| (job.key(), job)).collect();
        let keys: Vec<JobKey> = jobs.keys().map(|key| (*key).clone()).collect();
        let (rows, undecided) = read(file, csv, &keys).map_err(|problems| self.unreadable(file, problems))?;
        let mut report = ImportReport { undecided, ..ImportReport::default() };
        let (mut requests, mut lines) = (Vec::new(), HashMap::new());
        for row in rows {
            // Only jobs of the gallery are read.
            let Some(job) = jobs.get(&row.request.job) else { continue };
            let newest = job.record.review.as_ref();
            if newest.is_some_and(|newest| is_same(newest, job.standing, &row.request))
                || (newest.is_none() && row.request.outcome == Outcome::Undecided)
            {
                report.unchanged += 1;
                continue;
            }
            let filed = job.record.filed.as_ref();
            let is_shown = filed.is_some_and(|filed| {
                filed.take == row.request.take
                    && (row.clip.is_empty() || row.clip == filed.file.sha256.to_string())
            });
            if !is_shown || newest.map_or(0, |newest| newest.revision) != row.request.seen {
                let (job, newest) = (row.request.job, newest.cloned());
                report.conflicts.push(ImportConflict { line: row.line, job, newest });
                continue;
            }
            lines.insert(row.request.job.clone(), row.line);
            // A name that differs from the reviewer of the exported review was typed by the new reviewer.
            let typed = row.who.filter(|typed| newest.is_none_or(|newest| newest.who != *typed));
            requests.push((row.request, typed.unwrap_or_else(|| who.to_owned())));
        }
        if !report.conflicts.is_empty() || requests.is_empty() {
            return Ok(report);
        }
        let decided = self.decide_as(&requests).await?;
        let line = |job: &JobKey| lines.get(job).copied().unwrap_or_default();
        let conflict = |(job, newest)| ImportConflict { line: line(&job), job, newest };
        report.conflicts = decided.conflicts.into_iter().map(conflict).collect();
        report.made = decided.made;
        Ok(report)
    }

    fn unreadable(&self, file: &str, problems: Vec<Problem>) -> Error {
        let what = format!("{}; nothing was recorded", Tally::of(&problems));
        let hint = self.places.typed(&format!("review --import {}", quoted(file)));
        Error::new(Exit::Invalid, what).problems(problems).money("not charged").hint(hint)
    }
}

/// Returns the cells of a job's row in the table; `None` if the job has no clip.
fn cells(job: &GalleryJob) -> Option<Vec<String>> {
    let filed = job.record.filed.as_ref()?;
    let newest = job.record.review.as_ref();
    // A review of another clip does not apply to this one.
    let review = newest.filter(|_| job.standing != ReviewState::Outdated);
    let reasons = |review: &Review| {
        let names: Vec<&str> = review.reasons.iter().map(|reason| reason.name()).collect();
        names.join(" ")
    };
    let text = |text: Option<String>| text.map(|text| harmless(&text)).unwrap_or_default();
    Some(vec![
        harmless(&job.key().to_string()),
        filed.take.0.clone(),
        filed.file.sha256.to_string(),
        newest.map_or(0, |newest| newest.revision).to_string(),
        text(review.map(|review| review.outcome.name().to_owned())),
        text(review.map(reasons)),
        text(review.and_then(|review| review.note.clone())),
        text(review.map(|review| if review.redo { "yes" } else { "no" }.to_owned())),
        text(review.map(|review| review.who.clone())),
        text(review.map(|review| review.at.to_string())),
    ])
}

/// Returns the text of a table cell, with an apostrophe in front if a spreadsheet would read it as a formula.
fn harmless(cell: &str) -> String {
    if is_formula(cell) { format!("'{cell}") } else { cell.to_owned() }
}

fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// Removes the apostrophe that [`harmless`] put before the text of a table cell.
fn plain(cell: &str) -> &str {
    let cell = cell.trim();
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}

/// Returns whether a row equals the recorded review of the job's current clip.
fn is_same(newest: &Review, standing: ReviewState, row: &ReviewRequest) -> bool {
    let is_current = standing != ReviewState::Outdated || row.outcome == Outcome::Undecided;
    is_current
        && newest.outcome == row.outcome
        && newest.reasons == row.reasons
        && newest.note == row.note
        && newest.redo == row.redo
}

/// Reads the reviews in a table and returns them; nothing is recorded.
///
/// `jobs` are the jobs that the table may name, and `file` is the name of the table in messages.
///
/// # Errors
///
/// Returns a problem for every line with a mistake.
pub fn read_table(file: &str, csv: &[u8], jobs: &[JobKey]) -> Result<Vec<ReviewRequest>, Vec<Problem>> {
    let (rows, _) = read(file, csv, jobs)?;
    Ok(rows.into_iter().map(|row| row.request).collect())
}

/// Reads the rows that have an outcome, and returns them with the number of rows without one.
fn read(file: &str, csv: &[u8], keys: &[JobKey]) -> Result<(Vec<Row>, usize), Vec<Problem>> {
    let problem = |line: u64, message: String| {
        Problem::error(Place::Row { file: file.to_owned(), row: line, column: None }, message)
    };
    let text = decoded(csv).map_err(|what| vec![problem(1, what.to_owned())])?;
    let (first, text) = match text.split_once('\n') {
        // Excel writes this line to name the delimiter.
        Some((line, rest)) if line.trim().to_ascii_lowercase().starts_with("sep=") => (2, rest),
        _ => (1, text.as_str()),
    };
    let header = text.lines().next().unwrap_or_default();
    let delimiter = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|delimiter| header.bytes().filter(|byte| byte == delimiter).count());
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter.unwrap_or(b','))
        .flexible(true)
        .from_reader(text.as_bytes());
    let columns: Vec<String> = match reader.headers() {
        Ok(headers) => headers.iter().map(|name| name.trim().to_ascii_lowercase()).collect(),
        Err(error) => return Err(vec![problem(first, error.to_string())]),
    };
    let missing: Vec<&str> = NEEDED.into_iter().filter(|name| !columns.iter().any(|it| it == name)).collect();
    if !missing.is_empty() {
        let what = format!("columns missing in the table: `{}`", missing.join("`, `"));
        return Err(vec![problem(first, what)]);
    }
    let (mut rows, mut undecided, mut problems) = (Vec::new(), 0, Vec::new());
    let mut named = BTreeSet::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                problems.push(problem(first, error.to_string()));
                continue;
            }
        };
        let line = first + record.position().map_or(0, |at| lines_before(text, at.byte()));
        let cell = |name: &str| {
            let at = columns.iter().position(|column| column == name);
            plain(at.and_then(|at| record.get(at)).unwrap_or_default())
        };
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if cell("outcome").is_empty() {
            undecided += 1;
            continue;
        }
        match row(line, &cell, keys) {
            Ok(row) if !named.insert(row.request.job.clone()) => {
                problems.push(problem(
                    line,
                    format!("the job {} has another row above this row", row.request.job),
                ));
            }
            Ok(row) => rows.push(row),
            Err(what) => problems.push(problem(line, what)),
        }
    }
    if problems.is_empty() { Ok((rows, undecided)) } else { Err(problems) }
}

/// Returns the number of lines in the text of a table before the row that starts at this byte.
///
/// The byte may be between the two characters of a line end (`\r\n`), because the CSV reader reports such places.
fn lines_before(text: &str, byte: u64) -> u64 {
    let at = usize::try_from(byte).unwrap_or(usize::MAX).min(text.len());
    let bytes = text.as_bytes();
    let lines = text.get(..at).map_or(0, |before| before.matches('\n').count());
    (lines + usize::from(bytes.get(at) == Some(&b'\n'))) as u64
}

/// Reads the reasons in a cell, by their short names or in words, separated by commas, semicolons or blanks.
fn reasons(cell: &str) -> Result<Vec<Reason>, String> {
    let mut reasons = Vec::new();
    for part in cell.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()) {
        match part.to_ascii_lowercase().parse() {
            Ok(reason) => reasons.push(reason),
            Err(()) => {
                for word in part.split_whitespace() {
                    reasons.push(word.to_ascii_lowercase().parse().map_err(|()| no_reason(part))?);
                }
            }
        }
    }
    Ok(reasons)
}

/// Reads one row of an imported table of reviews. The error text describes the mistake in the row.
fn row<'a>(line: u64, cell: &impl Fn(&str) -> &'a str, keys: &[JobKey]) -> Result<Row, String> {
    let job = job_named(cell("job"), keys).map_err(|error| error.what)?;
    let outcome = cell("outcome").to_ascii_lowercase();
    let outcome = outcome.parse::<Outcome>().map_err(|()| {
        format!("`{}` is not an outcome: write approved, rejected or undecided", cell("outcome"))
    })?;
    let seen = cell("revision");
    let seen = seen
        .parse::<u64>()
        .map_err(|_| format!("`{seen}` is not a revision: write a number, as in the exported table"))?;
    let reasons = reasons(cell("reasons"))?;
    let redo = match cell("redo").to_ascii_lowercase().as_str() {
        "" | "no" | "false" | "0" => false,
        "yes" | "true" | "1" | "x" => true,
        other => return Err(format!("`{other}` is not an answer to `redo`: write yes or no")),
    };
    let text = |name: &str| Some(cell(name).to_owned()).filter(|text| !text.is_empty());
    let request = ReviewRequest {
        job,
        take: TakeId(cell("take").to_owned()),
        seen,
        outcome,
        reasons,
        note: text("note"),
        redo,
    };
    incomplete(&request).map_or(Ok(()), |what| Err(format!("{}: {what}", request.job)))?;
    let note = note(request.note.as_deref()).map_err(|what| format!("{}: {what}", request.job))?;
    let request = ReviewRequest { note, ..request };
    Ok(Row { line, request, clip: cell("clip_sha256").to_ascii_lowercase(), who: text("who") })
}

/// Decodes a table to text: from UTF-8, or from UTF-16 with a byte-order mark.
fn decoded(csv: &[u8]) -> Result<String, &'static str> {
    let encoding = encoding_rs::Encoding::for_bom(csv).map_or(encoding_rs::UTF_8, |(encoding, _)| encoding);
    match encoding.decode(csv) {
        (text, _, false) => Ok(text.into_owned()),
        _ => Err("the table is not UTF-8: save it as \"CSV UTF-8\""),
    }
}
