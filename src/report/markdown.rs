//! Formats jobs as Markdown, for a chat or the summary of a build.
//!
//! Text that users and providers wrote is always in a code span, so that nothing in it becomes markup, a link or a
//! mention.

pub mod compare;

use super::cause::cause;
use crate::app::budget::RESERVED;
use crate::app::gallery::{Gallery, GalleryJob};
use crate::app::jobs::JobsReport;
use crate::app::ledger::Table;
use crate::domain::foreign::shown;
use crate::domain::money::Usd;
use crate::domain::review::ReviewState;
use crate::domain::text::count;
use crate::domain::verdict::Verdict;
use crate::plan::bucket::Bucket;
use crate::report::layout::cut;
use crate::store::{By, Spent};

/// The maximum number of jobs that one table lists.
const PROBLEMS: usize = 20;

/// The maximum length, in characters, of the reason that the table of problems shows for a job.
const LONGEST: usize = 160;

/// Returns the summary of the selected jobs: counts, money, and the jobs that need a person's attention.
#[must_use]
pub fn document(report: &JobsReport) -> String {
    let gallery = &report.gallery;
    let mut lines = vec![format!("### {}", code(gallery.project.as_deref().unwrap_or("all projects")))];
    lines.extend([String::new(), jobs(report)]);
    lines.extend([String::new(), money(report)]);
    let needs = needs(gallery);
    if !needs.is_empty() {
        lines.push(String::new());
        lines.push(format!("**Needs your attention:** {}", needs.join(" · ")));
    }
    lines.extend(problems(report));
    let costs = gallery.costs(By::Model);
    if costs.total.approved > Some(0) {
        lines.extend(approved(&costs));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn jobs(report: &JobsReport) -> String {
    let selected = report.gallery.jobs.len();
    let of = if selected == report.all { String::new() } else { format!(" of {}", report.all) };
    let words = if selected == 1 && of.is_empty() { "job" } else { "jobs" };
    format!("**{selected}{of} {words}:** {}", report.gallery.buckets.line())
}

fn money(report: &JobsReport) -> String {
    let Gallery { today, month, sandbox, .. } = &report.gallery;
    let mark = if *sandbox { " (sandbox money)" } else { "" };
    let to_pay = match report.to_pay() {
        Usd::ZERO => String::new(),
        usd => format!(" · {usd} still to spend"),
    };
    format!(
        "**Money:** these jobs {}{to_pay} · today {} · this month {}{mark}",
        report.spent(),
        spent(*today),
        spent(*month)
    )
}

fn spent(spent: Spent) -> String {
    let part = |usd: Usd, word: &str| if usd > Usd::ZERO { format!(", {usd} {word}") } else { String::new() };
    format!(
        "{} spent{}{}",
        spent.settled,
        part(spent.reserved, RESERVED),
        part(spent.in_doubt, "more may have been charged")
    )
}

/// Returns the number of jobs of each kind that needs a person's attention.
fn needs(gallery: &Gallery) -> Vec<String> {
    let number =
        |is_meant: &dyn Fn(&GalleryJob) -> bool| gallery.jobs.iter().filter(|job| is_meant(job)).count();
    let is_done = |job: &GalleryJob| job.bucket == Bucket::Done;
    let of = |bucket: Bucket| {
        let jobs = number(&|job| job.bucket == bucket);
        (jobs, bucket.words(jobs))
    };
    let kinds = [
        of(Bucket::Held),
        of(Bucket::Asks),
        of(Bucket::Failed),
        (number(&|job| job.open_redo == Some(Bucket::Held)), "done with a redo that needs your decision"),
        (number(&|job| job.open_redo == Some(Bucket::Failed)), "done with a redo that failed"),
        (number(&|job| matches!(job.bucket, Bucket::Missing | Bucket::Altered)), "missing or altered"),
        (number(&|job| is_done(job) && job.standing == ReviewState::Rejected), "rejected"),
        (number(&|job| is_done(job) && job.standing == ReviewState::Outdated), "outdated"),
        (number(&|job| is_done(job) && job.standing == ReviewState::Undecided), "undecided"),
        (number(&|job| is_done(job) && job.verdict() == Some(Verdict::Fail)), "with the verdict fail"),
    ];
    kinds.into_iter().filter(|(jobs, _)| *jobs > 0).map(|(jobs, words)| format!("{jobs} {words}")).collect()
}

/// Returns the lines of a table with the jobs that need a person's attention (see [`cause`]), at most [`PROBLEMS`] of
/// them.
fn problems(report: &JobsReport) -> Vec<String> {
    let found = report.gallery.jobs.iter().filter_map(|job| Some((job, cause(job)?)));
    let found: Vec<(&GalleryJob, String)> = found.collect();
    if found.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), "| job | state | why | price |".into(), "|---|---|---|--:|".into()];
    for (job, why) in found.iter().take(PROBLEMS) {
        let state = match job.bucket {
            Bucket::Done | Bucket::Asks if job.open_redo.is_none() => ReviewState::Rejected.name().to_owned(),
            _ => job.state_words(),
        };
        let price = report.price(job).map_or_else(|| "–".to_owned(), |usd| usd.to_string());
        let job = code(&job.key().to_string());
        lines.push(format!("| {job} | {state} | {} | {price} |", code(&cut(why, LONGEST))));
    }
    if found.len() > PROBLEMS {
        lines.extend([String::new(), format!("… and {} more", count(found.len() - PROBLEMS, "job"))]);
    }
    lines
}

/// Returns a table of each model's costs and its cost per approved clip.
fn approved(table: &Table) -> Vec<String> {
    let mut lines = vec![
        String::new(),
        "| model | renderings | spent | approved | cost per approved clip |".into(),
        "|---|--:|--:|--:|--:|".into(),
    ];
    for row in &table.rows {
        let each = row.per_approved().map_or_else(|| "–".to_owned(), |usd| usd.to_string());
        lines.push(format!(
            "| {} | {} | {} | {} | {each} |",
            code(&row.name),
            row.takes,
            row.settled,
            row.approved.unwrap_or(0)
        ));
    }
    lines
}

/// Returns a text as a code span that can be put in a cell of a table.
pub(super) fn code(text: &str) -> String {
    let text = shown(text).replace('|', "\\|");
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // Markdown recognizes a span that is empty, or begins or ends with a backtick, only if spaces are added.
    let blank =
        if text.is_empty() || text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{blank}{text}{blank}{fence}")
}

#[cfg(test)]
mod tests;
