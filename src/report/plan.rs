//! Formats a plan as text and as JSON: which jobs would be rendered, why, and at what cost.

use super::changes::change_line;
use super::guards;
use super::layout::{hanging, wrap};
use crate::app::budget::Fit;
use crate::app::planned::{EXAMPLES, Gone, ORDER, Plan, PlannedJob, Row, Sum};
use crate::domain::estimate::Estimate;
use crate::domain::money::Usd;
use crate::domain::price::amount;
use crate::domain::text::count as counted;
use crate::domain::units::about;
use crate::plan::approval::How;
use crate::plan::bucket::Buckets;
use crate::plan::decide::Decision;
use crate::provider::card::Correction;
use serde_json::{Value, json};
use std::time::Duration;

/// The indentation of further lines of a wrapped table line, in columns.
const DEEPER: usize = 4;

impl Plan {
    /// Returns a line for each budget with its use and the number of planned jobs that fit.
    #[must_use]
    pub fn budget_lines(&self) -> Vec<String> {
        self.sum.fits.iter().map(Fit::line).collect()
    }

    /// Returns the lines of the plan's table, no wider than `columns`. The text `mark` follows the total amount: it
    /// says that the money is not real in a rehearsal, and is empty otherwise.
    #[must_use]
    pub fn table(&self, mark: &str, columns: usize) -> Vec<String> {
        let mut rows: Vec<&Row> = self.sum.rows.iter().collect();
        rows.sort_by_key(|row| ORDER.iter().position(|sign| *sign == row.sign));
        let models = rows.iter().map(|row| row.model.to_string().len());
        let width = models.max().unwrap_or(0).max("to render".len());
        let mut lines =
            vec![format!("  {:<width$}  {:>6}  {:>7}  {:>9}  why", "model", "jobs", "each", "total")];
        for Row { sign, model, price, why, count, examples } in rows {
            let each = price.map_or_else(|| "-".to_owned(), |price| price.to_string());
            let total = price.map_or_else(|| "-".to_owned(), |price| price.times(*count as u64).to_string());
            let named = if matches!(sign, '~' | '!' | '?' | 'x') || *count <= EXAMPLES {
                let more = if *count > examples.len() { ", …" } else { "" };
                format!(" ({}{more})", examples.join(", "))
            } else {
                String::new()
            };
            let head = format!("{sign} {model:<width$}  {count:>6}  {each:>7}  {total:>9}  ");
            lines.extend(hanging(&head, &format!("{why}{named}"), columns));
        }
        lines.push(format!("  {}", "-".repeat(width + 32)));
        let total = match self.unpriced().next() {
            None => self.total().to_string(),
            Some(_) if self.total() == Usd::ZERO => "unknown".to_owned(),
            Some(_) => format!("{} + ?", self.total()),
        };
        let jobs = self.to_render();
        let sum = format!("  {:<width$}  {jobs:>6}  {:>7}  {total:>9}", "to render", "");
        lines.extend(wrap(&(sum + mark), columns, DEEPER));
        lines
    }

    /// Returns the notes that belong to the plan's table, one line each, for a reader who is about to spend money.
    #[must_use]
    pub fn notes(&self, verbose: bool) -> Vec<String> {
        let mut notes = Vec::new();
        for ((count, saved), how) in
            [(self.sum.shared, "shared with another job"), (self.sum.renamed, "reused under another name")]
        {
            if count > 0 {
                notes.push(format!("{} {how}: {saved} saved", counted(count, "clip")));
            }
        }
        notes.extend(self.rollout.lines());
        notes.extend(self.kept_notes());
        let (again, price) = self.sum.again;
        if again > 0 {
            notes.push(format!(
                "{} may have been charged already and will be sent again (`on_ambiguous: resubmit`): a second charge of \
                 {} is possible",
                counted(again, "job"),
                amount([price])
            ));
        }
        let (unanswered, price) = self.sum.unanswered;
        if unanswered > 0 {
            let have = match unanswered {
                1 => "1 request has no reply yet: the run checks it".to_owned(),
                more => format!("{more} requests have no reply yet: the run checks each of them"),
            };
            notes.push(format!(
                "{have} with the provider, and sends it again (at most {price} more in all) only if it is certain that \
                 it never arrived"
            ));
        }
        for ((model, name), count) in &self.dropped {
            let jobs = counted(*count, "job");
            notes.push(format!("`{name}` is left out for {jobs}: {model} has no such setting"));
        }
        for (model, corrections) in self.corrected() {
            let parts: Vec<String> =
                corrections.iter().map(|it| format!("`{}` ({})", it.part, it.at)).collect();
            notes.push(format!("{model}, changed by the manifest: {}", parts.join(", ")));
        }
        for (model, jobs, _) in self.unpriced() {
            let jobs = counted(jobs, "job");
            notes.push(format!(
                "the price of {model} is unknown: {jobs} would count as $0.00 in every budget; a run with real money \
                 needs the price under `prices:`, or --allow-unpriced"
            ));
        }
        notes.extend(self.time.and_then(time_words));
        let (submissions, money) = self.exposure();
        if verbose && submissions > 0 {
            let requests = counted(submissions, "request");
            notes.push(format!("if the run is interrupted, up to {requests} ({money}) may need checking"));
        }
        notes
    }

    /// Returns a line for each kind of clips that are kept although their input may have changed.
    #[must_use]
    pub fn kept_notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let named = |count: usize, keys: &[String]| {
            let more = if count > EXAMPLES { ", …" } else { "" };
            format!("{}{more}", keys.join(", "))
        };
        let Sum { kept, asks, .. } = &self.sum;
        if kept.0 > 0 {
            let clips = counted(kept.0, "clip");
            notes.push(format!("{clips} kept although the input changed: {}", named(kept.0, &kept.1)));
        }
        if asks.0 > 0 {
            notes.push(format!(
                "{} kept until you agree to render again ({}) with --accept-changes or an approved plan: {}",
                counted(asks.0, "clip"),
                self.asking,
                named(asks.0, &asks.1)
            ));
        }
        if self.left_out > 0 {
            let (clips, belong) = (
                counted(self.left_out, "finished clip"),
                if self.left_out == 1 { "belongs" } else { "belong" },
            );
            notes.push(format!(
                "{clips} of earlier runs {belong} to items that are left out: `status` and the counts of reviews include \
                 them, this plan does not"
            ));
        }
        let Gone { count, examples } = &self.gone;
        if *count > 0 {
            let clips = counted(*count, "clip");
            let keys = named(*count, examples);
            let them = if *count == 1 { "it" } else { "them" };
            notes.push(format!("no longer wanted: {clips} ({keys}); `prune` moves {them} to `_archive/`"));
        }
        notes
    }

    /// Returns the plan as JSON, but without two lists: its jobs (`jobs`), and the jobs that the manifest no longer
    /// asks for (`gone`).
    ///
    /// Fields may be added; readers must ignore unknown fields.
    #[must_use]
    pub fn json(&self) -> Value {
        let dropped = self.dropped.iter().map(
            |((model, field), jobs)| json!({ "model": model.to_string(), "field": field, "jobs": jobs }),
        );
        let corrected = self.corrected().flat_map(|(model, corrections)| {
            let line =
                move |it: &Correction| json!({ "model": model.to_string(), "part": it.part, "at": it.at });
            corrections.iter().map(line)
        });
        json!({
            "schema": "shotlist.plan/1",
        "format": 1,
            "project": self.project,
            "buckets": buckets_json(&self.sum.buckets),
            "to_render": self.to_render(),
            "total_usd": self.total().plain(),
            "time": self.time.map(|time| json!({
                "seconds": time.time.as_secs(), "at_once": time.at_once, "at_least": !time.is_whole,
            })),
            "rollout": self.rollout.json(),
            "missing": self.sum.missing,
            "altered": self.sum.altered,
            "dropped": dropped.collect::<Vec<_>>(),
            "corrected": corrected.collect::<Vec<_>>(),
            "budget": self.sum.fits.iter().map(|fit| fit.level.json()).collect::<Vec<_>>(),
            "guards": self.trips.iter().map(guards::json).collect::<Vec<_>>(),
        })
    }
}

/// Returns the estimated duration of a run in words; `None` if only a minimum is known, and it is below one minute.
fn time_words(estimate: Estimate) -> Option<String> {
    let Estimate { time, at_once, is_whole } = estimate;
    let most = if is_whole { "about" } else { "at least" };
    let is_told = is_whole || time >= Duration::from_mins(1);
    let tasks = if at_once > 1 { format!(" with {at_once} tasks at once") } else { String::new() };
    is_told.then(|| format!("the run takes {most} {}{tasks}", about(time)))
}

/// Returns the number of jobs with each status (bucket) as JSON, including zeros.
#[must_use]
pub fn buckets_json(buckets: &Buckets) -> Value {
    buckets
        .named()
        .map(|(name, jobs)| (name.to_owned(), jobs.into()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Returns a job of the plan as JSON.
#[must_use]
pub fn job(job: &PlannedJob<'_>) -> Value {
    let PlannedJob { wanted, decision, .. } = job;
    let mut object = json!({
        "job": wanted.key.to_string(),
        "title": wanted.title.raw(),
        "decision": decision.name(),
        "bucket": job.bucket().name(),
        "costs": decision.costs(),
        "model": wanted.request.model.to_string(),
        "price_usd": wanted.price.map(Usd::plain),
        "path": wanted.path,
        "fingerprint": wanted.fingerprint.to_string(),
    });
    if let Decision::Waiting { repeats: Some(repeats), .. } = decision {
        object["repeats"] = repeats.name().into();
    }
    match decision {
        Decision::Changed { fields, .. }
        | Decision::Kept { fields, .. }
        | Decision::Waiting { fields, .. } => {
            object["fields"] = fields
                .iter()
                .map(|change| json!({ "field": change.field, "old": change.old, "new": change.new }))
                .collect();
        }
        Decision::InFlight { unanswered: true, .. } => object["unanswered"] = true.into(),
        Decision::Redo { why, .. } => object["rejected"] = why.as_str().into(),
        Decision::Renamed { from, .. } => object["from"] = from.to_string().into(),
        Decision::Shared { leader, .. } => object["leader"] = leader.to_string().into(),
        Decision::Again { instead_of } => object["instead_of"] = instead_of.0.as_str().into(),
        Decision::Blocked { by, key, state, .. } => {
            object["by"] = json!({ "job": key.to_string(), "take": by.0, "state": state.name() });
        }
        _ => {}
    }
    object
}

/// Returns in words how a job has changed since the plan was made.
#[must_use]
pub fn moved_words(how: &How) -> String {
    match how {
        How::Gone => "the manifest no longer asks for it".to_owned(),
        How::Order(fields) if fields.is_empty() => "its request has changed".to_owned(),
        How::Order(fields) => fields.iter().map(change_line).collect::<Vec<_>>().join("; "),
        How::Price(then, now) => {
            let [then, now] = [then, now].map(|price| match price {
                Some(usd) => format!("${usd}"),
                None => "unknown".to_owned(),
            });
            format!("price: {then} → {now}")
        }
        How::Decision(then, now) => format!("decision: {then} → {now}"),
    }
}

#[cfg(test)]
mod tests;
