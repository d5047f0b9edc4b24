//! Converts the decisions of a plan into work: the takes that the store records, the takes to submit, and the clips to
//! move or copy.

use super::{Work, ids};
use crate::domain::key::JobKey;
use crate::domain::lifecycle::State;
use crate::domain::policy::Policy;
use crate::plan::decide::Decision;
use crate::plan::expand::LeftOut;
use crate::plan::filing::there;
use crate::store::{Admission, Jobs, PlanTables, StoreError};
use jiff::Timestamp;

/// The result of converting a plan: the jobs and takes for the store to record, and the work for the run.
pub struct Ordered {
    /// The input for [`Store::admit`](crate::store::Store::admit), which must be called before anything is sent. The
    /// caller sets which run may submit.
    pub admission: Admission,
    /// The work that [`run`](super::run) is to do: the takes to submit, and the clips to move or copy.
    pub work: Work,
}

/// Converts the decisions of a plan into the input for the store and the work for the run. If the plan has only some of
/// the jobs, the records of the other jobs do not change.
pub fn order(
    project: &str,
    plan_tables: &PlanTables,
    left_out: &LeftOut,
    now: Timestamp,
) -> Result<Ordered, StoreError> {
    let tables = plan_tables.lock();
    let mut work = Work::default();
    let mut files = false;
    tables.each::<StoreError>(|tables, job| {
        match &job.decision {
            Decision::New | Decision::Changed { .. } | Decision::Redo { .. } | Decision::Again { .. } => {
                let id = crate::domain::key::TakeId(ids::sortable(now));
                tables.order(job.at, &id)?;
            }
            Decision::Waiting { take, .. } | Decision::Renamed { take, unsent: true, .. } => {
                work.submit.insert(take.clone());
            }
            Decision::InFlight { take, .. } | Decision::Renamed { take, .. } => {
                // This run resubmits the take if it turns out that it never arrived: its price was approved when it was
                // sent first, and is not spent.
                let is_doubtful = || {
                    let found = tables.known_take(take)?;
                    Ok::<_, StoreError>(found.is_some_and(|it| matches!(it.state, State::Doubtful { .. })))
                };
                if is_doubtful()? {
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
        tables.each::<StoreError>(|tables, job| {
            let (wanted, decision) = (&job.wanted, &job.decision);
            if let Decision::Shared { leader, take, from: None, .. } = decision {
                let take = match take {
                    Some(take) => Some(take.clone()),
                    None => tables.ordered(leader)?,
                };
                if let Some(take) = take {
                    work.filings.follow(take, wanted);
                }
            } else if let Some(from) = there(decision) {
                let is_needed = tables.is_needed(from, &wanted.key, &is_left_out)?;
                work.filings.add(wanted, decision, from.clone(), is_needed);
            }
            Ok(())
        })?;
        work.filings.sort();
    }
    let admission = Admission {
        project: project.to_owned(),
        gone: tables.gone(),
        jobs: Jobs::All(plan_tables.clone()),
        partial: tables.is_partial()?,
        left_out: left_out.clone(),
        policy: Policy::standard(),
        run: None,
    };
    Ok(Ordered { admission, work })
}
