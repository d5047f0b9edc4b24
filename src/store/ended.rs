//! Reads the takes that ended without a clip. A run does not send them again; only a command such as `retry` does.

use super::buckets::ChangedJobs;
use super::error::StoreError;
use super::read::Reader;
use super::takes;
use crate::domain::fault::Refusal;
use crate::domain::lifecycle::{Charged, Phase, State};
use crate::domain::review::Outcome;
use crate::domain::take::Take;

impl Reader {
    /// Returns the failed and written-off takes of wanted jobs, oldest first. A run does not send them again; only a
    /// command such as `retry` does.
    ///
    /// Only the newest take with the job's present fingerprint counts. A job is left out if it has an unfinished take,
    /// or if it keeps the clip of an earlier request, as `kept_as` says.
    ///
    /// If the job already has a clip of its present fingerprint, the take is a redo: a further rendering that a person
    /// ordered. A failed redo is left out if it was cancelled at no charge, or if a person approved the clip after
    /// ordering the redo. A redo that a person wrote off is returned only while the clip is rejected. A take that was
    /// ordered to replace a take without an answer is left out if that older take made the clip after all.
    pub async fn ended(&self, project: Option<&str>, kept_as: ChangedJobs) -> Result<Vec<Take>, StoreError> {
        let project = project.map(str::to_owned);
        self.read(move |db| {
            let mine = if project.is_some() { "j.project = ?1" } else { "?1 IS NULL" };
            let sql = format!(
                "SELECT {}, f.fingerprint, r.outcome, r.latest IS t.id
                 FROM takes t CROSS JOIN jobs j ON j.id = t.job
                 LEFT JOIN takes f ON f.id = j.filed_take
                 LEFT JOIN reviews r ON r.revision = (SELECT max(revision) FROM reviews
                     WHERE clip = j.filed_sha256 AND fingerprint = j.fingerprint)
                 WHERE {mine} AND t.state IN ('failed', 'written_off') AND j.wanted AND t.fingerprint = j.fingerprint
                 AND (f.fingerprint IS NOT t.fingerprint OR f.place < t.place AND t.instead_of IS NOT f.id)
                 AND NOT EXISTS (SELECT 1 FROM takes n WHERE n.job = t.job AND (n.state IN {}
                     OR n.fingerprint = t.fingerprint AND n.place > t.place AND n.state <> 'cancelled'))
                 ORDER BY t.place",
                takes::COLUMNS,
                takes::list(&Phase::UNSETTLED)
            );
            let mut select = db.prepare_cached(&sql)?;
            let mut rows = select.query([&project])?;
            let mut ended = Vec::new();
            while let Some(row) = rows.next()? {
                let take = takes::take(row)?;
                let has_clip = row.get::<_, Option<String>>(takes::WIDTH)?;
                let review: Option<Outcome> = match row.get_ref(takes::WIDTH + 1)? {
                    rusqlite::types::ValueRef::Null => None,
                    _ => Some(takes::parsed(row, takes::WIDTH + 1)?),
                };
                let is_open = match has_clip {
                    None => true,
                    Some(order) if order != take.fingerprint.to_string() => kept_as(&take.key.shot).is_none(),
                    Some(_) => is_open_redo(&take.state, review, row.get(takes::WIDTH + 2)?),
                };
                if is_open {
                    ended.push(take);
                }
            }
            Ok(ended)
        })
        .await
    }
}

/// Checks whether a redo that ended without a clip still needs a person's attention. `review` is the outcome of the
/// newest review of the job's clip, and `is_later` is true if that review was made after the redo was ordered.
fn is_open_redo(redo: &State, review: Option<Outcome>, is_later: bool) -> bool {
    match redo {
        // A person took the redo back, and it cost nothing.
        State::Failed { refusal: Refusal::Cancelled, charged: Charged::No, .. } => false,
        State::Failed { .. } => !(is_later && review == Some(Outcome::Approved)),
        _ => review == Some(Outcome::Rejected),
    }
}
