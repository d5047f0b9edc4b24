//! Records a person's reviews of clips: approvals and rejections, which a later review can undo.
//!
//! A review costs nothing, sends nothing and needs no lock.

mod by_job;
mod choose;
mod table;

pub use by_job::JobReviewRequest;
pub use table::{ImportConflict, ImportReport, read_table};

use super::concurrent::{Concurrent, remark};
use super::environment::variable;
use super::error::Error;
use super::exit::Exit;
use super::find::job_named;
use super::lost::loss;
use super::places::{Places, show_typed};
use super::prices::review_counts;
use super::project::Project;
use crate::domain::foreign::{is_hidden, shown};
use crate::domain::key::{JobKey, TakeId};
use crate::domain::problem::meant_or_all;
use crate::domain::review::{Outcome, Reason, Review};
use crate::store::{NewReview, ReviewCounts, ReviewError, Store};
use std::collections::{BTreeMap, HashSet};

/// A review that a person wants to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewRequest {
    /// Job whose clip is reviewed.
    pub job: JobKey,
    /// Rendering that the person looked at. If it is no longer the current one of the job, the review is a conflict.
    pub take: TakeId,
    /// Revision number of the job's newest review that the person saw; 0 if there was none.
    pub seen: u64,
    /// Outcome of the review; `Undecided` takes an earlier review back.
    pub outcome: Outcome,
    /// Reasons for a rejection; empty for any other outcome.
    pub reasons: Vec<Reason>,
    /// Note of the reviewer.
    pub note: Option<String>,
    /// True to queue another rendering of a rejected clip, which the next run sends.
    pub redo: bool,
}

/// The result of a request to record reviews: either the recorded reviews, or the conflicts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DecideReport {
    /// Recorded reviews by job, including those of jobs that share the clip of a reviewed job.
    pub made: Vec<(JobKey, Review)>,
    /// Jobs that were reviewed, or got another clip, since the person saw them; each with its newest review, if any.
    ///
    /// If there is a conflict, no review was recorded.
    pub conflicts: Vec<(JobKey, Option<Review>)>,
    /// Number of clips by review outcome, with the number and price of the queued redos (further renderings).
    pub counts: ReviewCounts,
}

impl Project {
    /// Records the reviews; if one of them is a conflict, none is recorded.
    ///
    /// A conflict is a job that was reviewed, or got another clip, since the person saw it.
    ///
    /// # Errors
    ///
    /// Returns an error if a job is unknown, a clip is missing or a review is incomplete.
    pub async fn decide(&self, requests: &[ReviewRequest], who: &str) -> Result<DecideReport, Error> {
        let named: Vec<(ReviewRequest, String)> =
            requests.iter().map(|request| (request.clone(), who.to_owned())).collect();
        self.decide_as(&named).await
    }

    /// Records reviews, each under the name of its reviewer; if one of them is a conflict, none is recorded.
    async fn decide_as(&self, requests: &[(ReviewRequest, String)]) -> Result<DecideReport, Error> {
        let Concurrent { store, name, now } = self.open_concurrent()?;
        let places = &self.places;
        let mut reviews: Vec<NewReview> = Vec::new();
        let known = Known::read(&store, name.as_deref()).await?;
        let mut named = HashSet::new();
        for (request, who) in requests {
            let (project, key) = known.job(places, &request.job)?;
            if let Some(what) = incomplete(request) {
                return Err(refused(places, &key, &what));
            }
            if !named.insert(key.clone()) {
                return Err(refused(places, &key, "the request names it twice"));
            }
            there(&store, places, &project, &key, &request.take).await?;
            reviews.push(NewReview {
                take: request.take.clone(),
                seen: request.seen,
                outcome: request.outcome,
                reasons: request.reasons.clone(),
                note: note(request.note.as_deref()).map_err(|what| refused(places, &key, &what))?,
                redo: request.redo,
                who: reviewer(who)?,
                project,
                key,
            });
        }
        let (made, conflicts) = match store.review(reviews, now).await {
            Ok(made) => (made, Vec::new()),
            Err(ReviewError::Conflicts(conflicts)) => (Vec::new(), conflicts),
            Err(ReviewError::Store(error)) => return Err(error.into()),
        };
        let counts = review_counts(self, &store, name.as_deref()).await?;
        Ok(DecideReport { made, conflicts, counts })
    }
}

/// The jobs in the database, each with the names of the projects that have it.
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
                "several projects of the folder have this job, and the manifest cannot be read",
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

/// Returns the reason why a review is incomplete or contradicts itself; `None` if it can be recorded.
fn incomplete(request: &ReviewRequest) -> Option<String> {
    let ReviewRequest { outcome, reasons, note, redo, .. } = request;
    let is_rejection = *outcome == Outcome::Rejected;
    let is_blank = note.as_deref().is_none_or(|note| note.trim().is_empty());
    if is_rejection && reasons.is_empty() {
        let names: Vec<&str> = Reason::ALL.iter().map(|reason| reason.name()).collect();
        Some(format!("a rejection needs a reason: {}", names.join(", ")))
    } else if !is_rejection && !reasons.is_empty() {
        Some("only a rejection can have reasons".to_owned())
    } else if reasons.contains(&Reason::Other) && is_blank {
        Some("the reason `other` needs a note".to_owned())
    } else if *redo && !is_rejection {
        Some("only a rejection can queue another rendering".to_owned())
    } else {
        None
    }
}

/// Returns the default name of a reviewer: the user name and the name of the computer.
#[must_use]
pub fn local_reviewer() -> String {
    let user = ["USER", "LOGNAME"].into_iter().find_map(variable).filter(|user| !user.is_empty());
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    format!("{}@{host}", user.as_deref().unwrap_or("unknown"))
}

/// Returns the error message about a word that is no reason for a rejection; it names the known reasons.
pub(crate) fn no_reason(word: &str) -> String {
    let names = Reason::ALL.iter().map(|reason| reason.name());
    format!("`{}` is not a reason; {}", shown(word), meant_or_all(word, names, "the reasons are"))
}

/// Maximum length of a review's note in characters. It is limited because a prompt may contain the note.
const LONGEST_NOTE: usize = 1_000;

/// Returns a review's note on one line without hidden characters; `None` if it is blank. Refuses a note that is too
/// long.
fn note(text: Option<&str>) -> Result<Option<String>, String> {
    let words = text.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    let note: String = words.chars().filter(|character| !is_hidden(*character)).collect();
    let length = note.chars().count();
    if length > LONGEST_NOTE {
        return Err(format!("the note has {length} characters, but the maximum is {LONGEST_NOTE}"));
    }
    Ok(Some(note).filter(|note| !note.is_empty()))
}

/// Refuses a review if the job has no clip, or if the reviewed clip is missing or altered.
///
/// It does not refuse a review of a rendering that is no longer the current one: the store reports a conflict then.
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

/// Returns the name of a reviewer as it is saved; refuses a blank name.
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
