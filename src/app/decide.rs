//! Reviews of clips: approvals and rejections, taken back by another review.
//!
//! They are free, send nothing and need no lock.

mod choose;
mod named;
mod table;

pub use named::NamedReview;
pub use table::{ImportConflict, ImportReport, read_table};

use super::concurrent::{Concurrent, remark};
use super::environment::variable;
use super::error::Error;
use super::exit::Exit;
use super::find::job_named;
use super::lost::loss;
use super::places::{Places, show_typed};
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
    /// Reviews of the project in numbers, with the price of queued renderings.
    pub counts: ReviewCounts,
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
        let named: Vec<(ReviewRequest, String)> =
            requests.iter().map(|request| (request.clone(), who.to_owned())).collect();
        self.decide_as(&named).await
    }

    /// Records reviews, each by its reviewer, all or none.
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
                return Err(refused(places, &key, "it is named twice"));
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
        let counts = store.review_counts(name.as_deref()).await?;
        Ok(DecideReport { made, conflicts, counts })
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

/// Returns what a review lacks, or has too much; `None` if it is complete.
fn incomplete(request: &ReviewRequest) -> Option<String> {
    let ReviewRequest { outcome, reasons, note, redo, .. } = request;
    let is_rejection = *outcome == Outcome::Rejected;
    let is_blank = note.as_deref().is_none_or(|note| note.trim().is_empty());
    if is_rejection && reasons.is_empty() {
        let names: Vec<&str> = Reason::ALL.iter().map(|reason| reason.name()).collect();
        Some(format!("a rejection needs a reason: {}", names.join(", ")))
    } else if !is_rejection && !reasons.is_empty() {
        Some("only a rejection has reasons".to_owned())
    } else if reasons.contains(&Reason::Other) && is_blank {
        Some("the reason `other` needs a note".to_owned())
    } else if *redo && !is_rejection {
        Some("only a rejection can queue another rendering".to_owned())
    } else {
        None
    }
}

/// Returns the name of a reviewer who gives none: the user and the computer.
#[must_use]
pub fn local_reviewer() -> String {
    let user = ["USER", "LOGNAME"].into_iter().find_map(variable).filter(|user| !user.is_empty());
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    format!("{}@{host}", user.as_deref().unwrap_or("unknown"))
}

/// Returns a sentence about a word that is no reason.
pub(crate) fn no_reason(word: &str) -> String {
    let names = Reason::ALL.iter().map(|reason| reason.name());
    format!("`{}` is not a reason; {}", shown(word), meant_or_all(word, names, "the reasons are"))
}

/// Longest note in characters. A prompt may take the note in.
const LONGEST_NOTE: usize = 1_000;

/// Returns a note on one line without hidden characters; `None` if it is blank.
fn note(text: Option<&str>) -> Result<Option<String>, String> {
    let words = text.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    let note: String = words.chars().filter(|character| !is_hidden(*character)).collect();
    let length = note.chars().count();
    if length > LONGEST_NOTE {
        return Err(format!("the note has {length} characters, and at most {LONGEST_NOTE} are kept"));
    }
    Ok(Some(note).filter(|note| !note.is_empty()))
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
