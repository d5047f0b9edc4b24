//! Formats the list of jobs in aligned columns, or with each path on its own line if the columns do not fit.

use crate::app::gallery::GalleryJob;
use crate::app::jobs::JobsReport;
use crate::domain::money::Usd;
use crate::domain::review::ReviewState;
use crate::domain::text::count;
use crate::domain::verdict::Verdict;
use crate::report::layout::width;

/// The indentation of a path below its job, in columns.
const DEEPER: usize = 4;

/// The text that the list of jobs shows for a missing value.
const NOTHING: &str = "–";

/// Returns a heading and one line for each job if no line is wider than `columns`; otherwise two or three lines for each
/// job, and a heading if the columns before the path have room for it.
///
/// Names, paths and words are never broken or shortened.
#[must_use]
pub fn lines(report: &JobsReport, columns: usize) -> Vec<String> {
    let rows: Vec<Row> = report.gallery.jobs.iter().map(|job| Row::of(report, job)).collect();
    let heading = Row::heading();
    let all_rows = || rows.iter().chain([&heading]);
    let widest = |cell: fn(&Row) -> &str| all_rows().map(|row| width(cell(row))).max().unwrap_or(0);
    let says = |cell: fn(&Row) -> &str| rows.iter().any(|row| cell(row) != NOTHING);
    let mut cells: Vec<(Cell, usize)> = Vec::new();
    let all: [(Cell, bool); 4] = [
        (|row| &row.state, true),
        (|row| &row.decision, says(|row| &row.decision)),
        (|row| &row.verdict, says(|row| &row.verdict)),
        (|row| &row.price, true),
    ];
    for (cell, _) in all.into_iter().filter(|(_, is_shown)| *is_shown) {
        cells.push((cell, widest(cell)));
    }
    let head = |row: &Row| {
        let mut head = String::new();
        for (at, (cell, wide)) in cells.iter().enumerate() {
            let (text, is_price) = (cell(row), at + 1 == cells.len());
            let blank = " ".repeat(wide - width(text));
            let (first, second) = if is_price { (blank.as_str(), text) } else { (text, blank.as_str()) };
            head.extend([first, second, "  "]);
        }
        head
    };
    let job = widest(|row| &row.job);
    let taken: usize = cells.iter().map(|(_, wide)| wide + 2).sum();
    let is_wide = all_rows().all(|row| taken + job + 2 + width(&row.path) <= columns);
    let blank = " ".repeat(DEEPER);
    let is_headed = !rows.is_empty() && (is_wide || taken + job <= columns);
    let heading = is_headed.then(|| {
        let gap = " ".repeat(job - width(&heading.job));
        let path = if is_wide { format!("{gap}  {}", heading.path) } else { String::new() };
        format!("{}{}{path}", head(&heading), heading.job)
    });
    let lines = rows.iter().flat_map(|row| {
        let head = head(row);
        if is_wide {
            let gap = " ".repeat(job - width(&row.job));
            vec![format!("{head}{}{gap}  {}", row.job, row.path)]
        } else if taken + width(&row.job) <= columns {
            vec![format!("{head}{}", row.job), format!("{blank}{}", row.path)]
        } else {
            vec![row.job.clone(), format!("{blank}{}", head.trim_end()), format!("{blank}{}", row.path)]
        }
    });
    heading.into_iter().chain(lines).collect()
}

/// Returns the number, the states and the costs of the listed jobs in one sentence.
#[must_use]
pub fn sum(report: &JobsReport) -> String {
    let selected = report.gallery.jobs.len();
    let jobs = if selected == report.all {
        count(selected, "job")
    } else {
        format!("{selected} of {} listed", count(report.all, "job"))
    };
    if selected == 0 {
        return jobs;
    }
    let to_pay = match report.to_pay() {
        Usd::ZERO => String::new(),
        usd => format!(", {usd} still to spend"),
    };
    format!("{jobs}: {}; {} spent{to_pay}", report.gallery.buckets.line(), report.spent())
}

/// A function that returns the text of one cell of a row.
type Cell = fn(&Row) -> &str;

/// The cells of one job in the list.
struct Row {
    state: String,
    decision: String,
    verdict: String,
    price: String,
    job: String,
    path: String,
}

impl Row {
    /// Returns the names of the columns.
    fn heading() -> Self {
        let [state, decision, verdict, price, job, path] =
            ["state", "decision", "verdict", "price", "job", "path"].map(str::to_owned);
        Self { state, decision, verdict, price, job, path }
    }

    fn of(report: &JobsReport, job: &GalleryJob) -> Self {
        let decision = match job.standing {
            ReviewState::Undecided => NOTHING,
            decided => decided.name(),
        };
        Self {
            state: job.state_words(),
            decision: decision.to_owned(),
            verdict: job.verdict().map_or(NOTHING, Verdict::name).to_owned(),
            price: report.price(job).map_or_else(|| NOTHING.to_owned(), |usd| usd.to_string()),
            job: job.key().to_string(),
            path: report.path(job),
        }
    }
}
