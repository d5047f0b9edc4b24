//! Turns decisions into an order: what the store takes in, what may be sent, what is filed.

use super::{Work, ids};
use crate::domain::key::JobKey;
use crate::domain::lifecycle::State;
use crate::domain::policy::Policy;
use crate::plan::decide::Decision;
use crate::plan::expand::LeftOut;
use crate::plan::filing::there;
use crate::store::{Admission, Jobs, StoreError, Worksheet};
use jiff::Timestamp;

/// What is to be taken in by the store, and then done.
pub struct Ordered {
    /// For [`Store::admit`](crate::store::Store::admit), before anything is done, with the run that is to submit it.
    pub admission: Admission,
    /// For [`run`](super::run).
    pub work: Work,
}

/// Orders what was decided. Where only a part of the jobs is decided, the others stay wanted as they were.
pub fn order(
    project: &str,
    worksheet: &Worksheet,
    left_out: &LeftOut,
    now: Timestamp,
) -> Result<Ordered, StoreError> {
    let book = worksheet.book();
    let mut work = Work::default();
    let mut files = false;
    book.each::<StoreError>(|book, job| {
        match &job.decision {
            Decision::New | Decision::Changed { .. } | Decision::Again { .. } => {
                let id = crate::domain::key::TakeId(ids::sortable(now));
                book.order(job.at, &id)?;
            }
            Decision::Underway { take, unsent } | Decision::Renamed { take, unsent, .. } => {
                // Sent once more by this run if it turns out that it never arrived: its price was agreed to when it was
                // sent first, and is not spent.
                let is_doubtful = || {
                    let found = book.known_take(take)?;
                    Ok::<_, StoreError>(found.is_some_and(|it| matches!(it.state, State::Doubtful { .. })))
                };
                if *unsent || is_doubtful()? {
                    work.submit.insert(take.clone());
                }
            }
            Decision::Unchanged { .. }
            | Decision::HeldBack
            | Decision::Shared { .. }
            | Decision::Kept { .. }
            | Decision::Blocked { .. }
            | Decision::Failed { .. } => {}
        }
        files |= there(&job.decision).is_some() || matches!(job.decision, Decision::Shared { .. });
        Ok(())
    })?;
    // A leader may come after its followers: each has its take by now.
    if files {
        let is_left_out = |key: &JobKey| left_out.may_have(key.item.raw());
        book.each::<StoreError>(|book, job| {
            let (wanted, decision) = (&job.wanted, &job.decision);
            if let Decision::Shared { leader, take, from: None, .. } = decision {
                let take = match take {
                    Some(take) => Some(take.clone()),
                    None => book.ordered(leader)?,
                };
                if let Some(take) = take {
                    work.filings.follow(take, wanted);
                }
            } else if let Some(from) = there(decision) {
                let is_needed = book.is_needed(from, &wanted.key, &is_left_out)?;
                work.filings.add(wanted, decision, from.clone(), is_needed);
            }
            Ok(())
        })?;
        work.filings.sort();
    }
    let admission = Admission {
        project: project.to_owned(),
        gone: book.gone(),
        jobs: Jobs::All(worksheet.clone()),
        partial: book.is_partial()?,
        left_out: left_out.clone(),
        policy: Policy::standard(),
        run: None,
    };
    Ok(Ordered { admission, work })
}
