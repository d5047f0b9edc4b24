//! Reviews of clips: approvals and rejections, taken back by another review.
//!
//! They are free, send nothing and need no lock.

use super::concurrent::{Concurrent, remark};
use super::error::Error;
use super::exit::Exit;
use super::find::job_named;
use super::lost::loss;
use super::places::{Places, show_typed};
use super::project::Project;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::review::{Outcome, Reason, Review};
use crate::store::{NewReview, ReviewError, Store};
use std::collections::BTreeMap;

/// A review that a person wants to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewRequest {
    /// Job to review.
    pub job: JobKey,
    /// Rendering that the person looked at; it must be the one under the name of the job.
    pub take: TakeId,
    /// Revision of the job's newest review that the person saw; 0 for none.
    pub seen: u64,
    /// Outcome; `Undecided` takes an earlier review back.
    pub outcome: Outcome,
    /// Reasons, for a rejection.
    pub reasons: Vec<Reason>,
    /// Note of the reviewer.
    pub note: Option<String>,
    /// True to queue another rendering, which the next run sends.
    pub redo: bool,
}

/// The reviews that were recorded, or those that stand in the way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DecideReport {
    /// Recorded reviews, also those of the jobs that share a clip with a named one.
    pub made: Vec<(JobKey, Review)>,
    /// Jobs that changed since the person looked, each with its newest review. If there is one, nothing was recorded.
    pub conflicts: Vec<(JobKey, Option<Review>)>,
}

impl Project {
    /// Records reviews, all or none.
    ///
    /// A job that was reviewed since the person looked, or shows another clip, is a conflict: then none is recorded.
    ///
    /// # Errors
    ///
    /// Returns an error for a job that is not known, a clip that is not there, and a review that is incomplete.
    pub async fn decide(&self, requests: &[ReviewRequest], who: &str) -> Result<DecideReport, Error> {
        let Concurrent { store, name, now } = self.open_concurrent()?;
        let who = reviewer(who)?;
        let mut reviews: Vec<NewReview> = Vec::new();
        let known = Known::read(&store, name.as_deref()).await?;
        for request in requests {
            let (project, key) = known.job(&self.places, &request.job)?;
            complete(&self.places, request)?;
            there(&store, &self.places, &project, &key, &request.take).await?;
            if reviews.iter().any(|other| other.key == key) {
                return Err(refused(&self.places, &key, "it is named twice"));
            }
            reviews.push(NewReview {
                project,
                key,
                take: request.take.clone(),
                seen: request.seen,
                outcome: request.outcome,
                reasons: request.reasons.clone(),
                note: remark(request.note.as_deref()),
                redo: request.redo,
            });
        }
        match store.review(reviews, who, now).await {
            Ok(made) => Ok(DecideReport { made, conflicts: Vec::new() }),
            Err(ReviewError::Conflicts(conflicts)) => Ok(DecideReport { made: Vec::new(), conflicts }),
            Err(ReviewError::Store(error)) => Err(error.into()),
        }
    }
}

/// The jobs of a state, each with its project.
struct Known {
    projects: BTreeMap<JobKey, Vec<String>>,
}

impl Known {
    async fn read(store: &Store, project: Option<&str>) -> Result<Self, Error> {
        let mut projects: BTreeMap<JobKey, Vec<String>> = BTreeMap::new();
        for (project, key) in store.keys(project).await? {
            projects.entry(key).or_default().push(project);
        }
        Ok(Self { projects })
    }

    fn job(&self, places: &Places, key: &JobKey) -> Result<(String, JobKey), Error> {
        match self.projects.get(key).map(Vec::as_slice) {
            Some([project]) => Ok((project.clone(), key.clone())),
            Some(_) => Err(refused(
                places,
                key,
                "several projects of the folder have it, and the manifest cannot be read",
            )),
            None => {
                let keys: Vec<JobKey> = self.projects.keys().cloned().collect();
                let found = job_named(&key.to_string(), &keys);
                Err(match found {
                    Err(error) => error.or_hint(places.typed("status")),
                    Ok(close) => {
                        refused(places, key, &format!("there is no such job; did you mean {close}?"))
                    }
                })
            }
        }
    }
}

/// Checks that a review says what its outcome needs.
fn complete(places: &Places, request: &ReviewRequest) -> Result<(), Error> {
    let ReviewRequest { job, outcome, reasons, note, redo, .. } = request;
    let is_rejection = *outcome == Outcome::Rejected;
    let what = if is_rejection && reasons.is_empty() {
        "a rejection needs a reason"
    } else if !is_rejection && !reasons.is_empty() {
        "only a rejection has reasons"
    } else if reasons.contains(&Reason::Other) && remark(note.as_deref()).is_none() {
        "the reason `other` needs a note"
    } else if *redo && !is_rejection {
        "only a rejection can queue another rendering"
    } else {
        return Ok(());
    };
    Err(refused(places, job, what))
}

/// Checks that the clip of a rendering can be looked at.
///
/// A rendering that is not the one under the name of the job is left to the comparison in the store.
async fn there(
    store: &Store,
    places: &Places,
    project: &str,
    key: &JobKey,
    take: &TakeId,
) -> Result<(), Error> {
    let Some(history) = store.history(project, key).await? else { return Ok(()) };
    let is_shown = history.filed.as_ref().is_some_and(|filed| filed.take == *take);
    let what = match (&history.filed, loss(store, places, &history).await?) {
        (None, _) => "it has no clip yet".to_owned(),
        (Some(_), Some(loss)) if is_shown => format!("its clip is {}", loss.name()),
        _ => return Ok(()),
    };
    Err(refused(places, key, &what))
}

/// Returns the name of a reviewer as it is kept.
fn reviewer(who: &str) -> Result<String, Error> {
    remark(Some(who)).ok_or_else(|| {
        Error::new(Exit::Usage, "a review needs the name of the reviewer; nothing was recorded")
            .money("not charged")
    })
}

fn refused(places: &Places, key: &JobKey, what: &str) -> Error {
    Error::new(Exit::Usage, format!("{key} cannot be reviewed: {what}; nothing was recorded"))
        .money("not charged")
        .hint(show_typed(places, key))
}
