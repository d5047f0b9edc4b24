//! Finds the command to type after the status.

use super::StatusReport;
use crate::app::error::Error;
use crate::app::export::LastExport;
use crate::app::pause;
use crate::app::places::quoted;
use crate::app::project::Project;
use crate::domain::lifecycle::Phase;
use crate::domain::take::Take;
use crate::plan::bucket::Bucket;
use crate::store::ReviewCounts;

/// First word of the commands that export clips.
const EXPORT: &str = "export ";

impl Project {
    /// Returns the command to type after the status; the caller adds the flags that name the project's paths.
    ///
    /// If all clips are approved, it is the last export again if something has changed since, `plan` if nothing has, or
    /// the first export if there was none.
    pub(super) async fn next_words(&self, report: &StatusReport) -> Result<String, Error> {
        let words = report.next();
        if !words.starts_with(EXPORT) {
            return Ok(words);
        }
        let Some(last) = LastExport::read(&self.places, report.project.as_deref()) else { return Ok(words) };
        let is_outdated = last.is_outdated(&self.gallery().await?);
        Ok(if is_outdated { last.words } else { "plan".to_owned() })
    }
}

impl StatusReport {
    /// Returns the command to type next, as if nothing was ever exported.
    fn next(&self) -> String {
        let standing = &self.standing;
        if self.folder_problem.is_some() {
            return "doctor".to_owned();
        }
        if self.holder.is_some() {
            return "status".to_owned();
        }
        if standing.in_flight() > 0 {
            return "collect".to_owned();
        }
        let waiting = standing.count(Phase::Pending);
        if waiting > 0 {
            // A run would end immediately if all waiting jobs are paused.
            let on_hold = self.paused.iter().any(|pause| pause.waiting >= waiting);
            return if on_hold { pause::resume_typed(&self.paused) } else { "run".to_owned() };
        }
        let show = |take: &Take| format!("show {}", quoted(&take.key.to_string()));
        match standing.held.first().map(|held| &held.take).or(standing.failed.first()) {
            Some(take) => show(take),
            None if self.buckets.count(Bucket::Missing) > 0 => "verify --repair".to_owned(),
            None if self.buckets.count(Bucket::Altered) > 0 => "verify --repair --replace-altered".to_owned(),
            None => match standing.written_off.first() {
                Some(take) => show(take),
                None if self.buckets.jobs() == self.done() + self.buckets.count(Bucket::Review) => {
                    self.next_review()
                }
                None => "plan".to_owned(),
            },
        }
    }

    fn done(&self) -> usize {
        self.buckets.count(Bucket::Done)
    }

    /// Returns the command to type next for a project in which each job is done or waits for the review of first clips.
    fn next_review(&self) -> String {
        let ReviewCounts { approved, rejected, undecided, outdated, queued, queued_usd: _ } = self.reviews;
        let words = match self.buckets.count(Bucket::Review) {
            _ if undecided + outdated > 0 => "review",
            _ if queued > 0 => "plan",
            _ if rejected > 0 => "redo --rejected",
            0 if approved > 0 && self.has_sheet => "export sheet",
            0 if approved > 0 => "export index",
            0 => "plan",
            _ => "run",
        };
        words.to_owned()
    }
}
