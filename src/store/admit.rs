//! Records the wanted jobs (the jobs that the manifest asks for) in one transaction. Also orders, cancels or moves the
//! takes (paid renderings) of these jobs.

use super::apply::{self, Change};
use super::error::StoreError;
use super::meta::set_unrecorded;
use super::plan_tables::{Decided, PlanTables};
use super::runs::RunId;
use super::{Store, rows, takes};
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{CancelledBy, Event, State};
use crate::domain::money::Usd;
use crate::domain::policy::{Policy, Tick};
use crate::domain::take::{Take, Wanted};
use crate::plan::decide::Decision;
use crate::plan::expand::LeftOut;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, named_params};
use std::collections::HashSet;

/// The jobs that the manifest of a project asks for, with the takes to order, cancel or move for these jobs.
pub struct Admission {
    /// The project of the jobs.
    pub project: String,
    /// Other projects of the state folder that no manifest names any more. All their jobs are marked as no longer
    /// wanted.
    pub gone: Vec<String>,
    /// The wanted jobs, in the order in which they are to be submitted.
    pub jobs: Jobs,
    /// True if `jobs` lacks some of the project's jobs. The missing jobs stay recorded as they are: wanted by the
    /// manifest or not.
    pub partial: bool,
    /// The items that make no job because they have an error. If the database records their jobs as wanted by the
    /// manifest, it still does so afterwards.
    pub left_out: LeftOut,
    /// The policy that sets the number of attempts of a take that is ordered or retried.
    pub policy: Policy,
    /// The run that may submit the newly ordered takes; `None` if no run may submit them yet.
    pub run: Option<RunId>,
}

/// The jobs that the manifest asks for: a list of a few jobs, or the temporary tables of a whole plan.
pub enum Jobs {
    /// A list of a few jobs, in the order in which they are to be submitted.
    These(Vec<Admitted>),
    /// The temporary tables of a plan, which have the plan's decision for each job.
    All(PlanTables),
}

/// A wanted job, with the takes to order, cancel or move for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Admitted {
    /// The job as the manifest asks for it.
    pub wanted: Wanted,
    /// The new take to order; `None` if no rendering is ordered.
    pub new: Option<NewTake>,
    /// Unsent takes of the job that are to be cancelled because the job's input changed.
    pub supersede: Vec<TakeId>,
    /// A take of another job that is moved to this job, so that this job needs no new rendering; `None` if no take is
    /// moved.
    pub adopt: Option<TakeId>,
    /// An unsent take of the job that gets its full number of attempts again; `None` if there is none.
    pub afresh: Option<TakeId>,
    /// A take that counts as a rendering of this job although it was ordered with another fingerprint (hash of the
    /// request); `None` if there is none.
    pub alike: Option<TakeId>,
    /// True if this plan may submit the job. Only then must the job's new position in the queue be saved.
    pub may_be_sent: bool,
    /// True if the job waits until a person has reviewed the canary (the first clips of the job's template).
    pub is_held_back: bool,
}

/// A new take of a wanted job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTake {
    /// The id of the take.
    pub id: TakeId,
    /// The id of an older take that may have been charged and that the new take replaces; `None` if it replaces none.
    ///
    /// The older take is written off when the provider accepts the new request, or leaves it unanswered. If a person
    /// decides about the older take before that, the new take is cancelled, or is not ordered at all.
    pub instead_of: Option<TakeId>,
}

impl Admitted {
    /// Returns a wanted job for which no take is ordered, cancelled or moved.
    #[must_use]
    pub const fn new(wanted: Wanted) -> Self {
        Self {
            wanted,
            new: None,
            supersede: Vec::new(),
            adopt: None,
            afresh: None,
            alike: None,
            may_be_sent: true,
            is_held_back: false,
        }
    }
}

impl From<Decided> for Admitted {
    fn from(Decided { wanted, decision, ordered, alike, at: _ }: Decided) -> Self {
        let may_be_sent = decision.costs();
        let mut admitted = Self { alike, may_be_sent, ..Self::new(wanted) };
        admitted.adopt = decision.adopts().cloned();
        match decision {
            Decision::Changed { superseded, .. }
            | Decision::Redo { superseded, .. }
            | Decision::Kept { superseded, .. }
            | Decision::Shared { superseded, .. } => admitted.supersede = superseded,
            Decision::Waiting { take, .. } => admitted.afresh = Some(take),
            Decision::Renamed { take, unsent, superseded, .. } => {
                admitted.supersede = superseded;
                admitted.afresh = Some(take).filter(|_| unsent);
            }
            Decision::Again { instead_of } => {
                admitted.new = ordered.map(|id| NewTake { id, instead_of: Some(instead_of) });
                return admitted;
            }
            Decision::HeldBack => admitted.is_held_back = true,
            Decision::New
            | Decision::InFlight { .. }
            | Decision::Unchanged { .. }
            | Decision::Blocked { .. }
            | Decision::Failed { .. } => {}
        }
        admitted.new = ordered.map(|id| NewTake { id, instead_of: None });
        admitted
    }
}

impl Store {
    /// Records the jobs that the manifest asks for, and the takes ordered for these jobs, in one transaction. Rows of
    /// the database that already have the right values are not written.
    ///
    /// If another process has meanwhile sent or cancelled a take, this take is neither cancelled nor retried.
    pub async fn admit(&self, admission: Admission, now: Timestamp) -> Result<(), StoreError> {
        self.lane.write(None, move |batch| admit(batch.db, &admission, now).map(Ok)).await
    }
}

fn admit(db: &Connection, admission: &Admission, now: Timestamp) -> rusqlite::Result<()> {
    let Admission { project, gone, jobs, partial, left_out, policy, run } = admission;
    let has_waiting = db.prepare_cached("SELECT 1 FROM takes WHERE state = 'pending' LIMIT 1")?.exists([])?;
    let has_held_back = db.prepare_cached("SELECT 1 FROM held_back LIMIT 1")?.exists([])?;
    let (seen, is_whole) = (HashSet::new(), !partial);
    let mut admission =
        AdmissionWriter { db, project, policy, run: *run, now, has_waiting, has_held_back, seen, is_whole };
    match jobs {
        Jobs::These(jobs) => {
            (0..).zip(jobs).try_for_each(|(at, job)| admission.admit(at, job))?;
        }
        Jobs::All(plan_tables) => {
            plan_tables.each_decided(|decided| admission.admit(decided.at, &Admitted::from(decided)))?;
            set_unrecorded(db, project, plan_tables.lock().unrecorded()?)?;
        }
    }
    if !partial {
        admission.forget(left_out)?;
    }
    for project in gone {
        db.prepare_cached("UPDATE jobs SET wanted = 0 WHERE project = ?1 AND wanted")?.execute([project])?;
        set_unrecorded(db, project, 0)?;
    }
    // Takes without a clip yet get the path that is wanted now.
    db.prepare_cached(
        "UPDATE takes SET path = j.path FROM jobs j
         WHERE state IN ('pending', 'submitting', 'doubtful', 'running', 'downloading') AND j.project = :project
         AND j.id = takes.job AND j.wanted AND j.fingerprint = takes.fingerprint AND j.path <> takes.path",
    )?
    .execute(named_params! { ":project": project })?;
    let queue = takes::queue("state", "due", "takes.job");
    db.prepare_cached(&format!(
        "UPDATE takes SET queue = {queue} WHERE state = 'pending' AND queue IS NOT ({queue})
         AND (SELECT project FROM jobs WHERE id = takes.job) = :project"
    ))?
    .execute(named_params! { ":project": project })?;
    Ok(())
}

/// The state of [`Store::admit`] while it records one job after another.
struct AdmissionWriter<'a> {
    db: &'a Connection,
    project: &'a str,
    policy: &'a Policy,
    run: Option<RunId>,
    now: Timestamp,
    /// True if at least one take in the database waits to be sent.
    has_waiting: bool,
    /// True if at least one job in the database waits for the review of a canary (the first clips of its template).
    has_held_back: bool,
    /// The row numbers of the jobs recorded so far, to find the jobs that the manifest no longer asks for. Empty if
    /// only some of the project's jobs are recorded (`is_whole` is false).
    seen: HashSet<i64>,
    is_whole: bool,
}

impl AdmissionWriter<'_> {
    fn admit(&mut self, at: i64, admitted: &Admitted) -> rusqlite::Result<()> {
        let Admitted { wanted, new, supersede, adopt, afresh, alike, may_be_sent, is_held_back } = admitted;
        let job = self.upsert(at, wanted, *may_be_sent)?;
        if self.is_whole {
            self.seen.insert(job);
        }
        if *is_held_back || self.has_held_back {
            note_held_back(self.db, job, *is_held_back)?;
        }
        if let Some(take) = adopt {
            move_take(self.db, take, job)?;
        }
        let tick = Tick::new(self.now, 0.0);
        let events = supersede.iter().map(|id| (id, Event::Cancel(CancelledBy::Superseded)));
        for (id, event) in events.chain(afresh.iter().map(|id| (id, Event::Afresh))) {
            if let Some(take) = takes::by_id(self.db, id)? {
                apply::settle(self.db, &take, Change::plain(event, tick, self.policy))?;
            }
        }
        if self.has_waiting {
            self.renew_orders(wanted, job)?;
        }
        if let Some(new) = new {
            self.order(wanted, job, new)?;
        }
        if let Some(take) = alike {
            self.note_alias(wanted, take)?;
        }
        self.note_likeness(wanted, job)
    }

    /// Records that a take counts as a rendering of a job although their fingerprints differ. Later plans find the take
    /// by the job's likeness, a second hash of the job's request.
    fn note_alias(&self, wanted: &Wanted, take: &TakeId) -> rusqlite::Result<()> {
        self.db
            .prepare_cached("INSERT OR IGNORE INTO aliases (take, likeness) VALUES (?1, ?2)")?
            .execute((&take.0, &wanted.likeness().0.0[..]))
            .map(|_| ())
    }

    /// Records a job's likeness for those takes of the job that have its present fingerprint. The likeness is a second
    /// hash of the request, which also covers optional fields that the model does not support.
    ///
    /// Every admission records the likeness, because it may change with the model's card (the file of its limits and
    /// prices).
    fn note_likeness(&self, wanted: &Wanted, job: i64) -> rusqlite::Result<()> {
        let Some(likeness) = wanted.likeness else { return Ok(()) };
        self.db
            .prepare_cached(
                "INSERT OR IGNORE INTO aliases (take, likeness)
                 SELECT id, ?3 FROM takes WHERE job = ?1 AND fingerprint = ?2",
            )?
            .execute((job, wanted.fingerprint.to_string(), &likeness.0.0[..]))
            .map(|_| ())
    }

    fn order(&self, wanted: &Wanted, job: i64, new: &NewTake) -> rusqlite::Result<()> {
        let NewTake { id, instead_of } = new;
        if let Some(doubtful) = instead_of {
            if !takes::by_id(self.db, doubtful)?.is_some_and(|take| take.state.is_in_doubt()) {
                return Ok(());
            }
            apply::cancel_stand_ins(self.db, doubtful, Tick::new(self.now, 0.0), self.policy)?;
        }
        let Wanted { key, title, request, fingerprint, path, price, tags: _, likeness: _ } = wanted.clone();
        let state = State::new(self.policy, self.now);
        let (id, project, price) = (id.clone(), self.project.to_owned(), price.unwrap_or_default());
        let take = Take {
            id,
            project,
            key,
            title,
            request,
            fingerprint,
            price,
            settled: None,
            adjusted: false,
            path,
            attempts: 0,
            state,
        };
        takes::insert(self.db, &take, job, self.run.map(|run| run.0), self.now)?;
        if let Some(doubtful) = instead_of {
            self.db
                .prepare_cached("UPDATE takes SET instead_of = ?2 WHERE id = ?1")?
                .execute((&take.id.0, &doubtful.0))?;
        }
        Ok(())
    }

    /// Updates the price and the picture names of a job's unsent takes. Neither changes the fingerprint.
    fn renew_orders(&self, wanted: &Wanted, job: i64) -> rusqlite::Result<()> {
        // The `+` keeps SQLite from reading all waiting takes by the index of states, once for each job.
        let waits = "SELECT 1 FROM takes WHERE job = ?1 AND +state = 'pending'";
        if !self.db.prepare_cached(waits)?.exists([job])? {
            return Ok(());
        }
        let price = wanted.price.map(Usd::micros);
        self.db
            .prepare_cached(
                "UPDATE takes SET price = coalesce(?3, price), request = ?4
                 WHERE job = ?1 AND fingerprint = ?2 AND +state = 'pending'",
            )?
            .execute((job, wanted.fingerprint.to_string(), price, rows::request_json(&wanted.request)))
            .map(|_| ())
    }

    /// Adds the database row of a wanted job, or updates the row if it differs. Returns the row number.
    fn upsert(&self, at: i64, job: &Wanted, may_be_sent: bool) -> rusqlite::Result<i64> {
        let Wanted { key, title, tags, fingerprint, path, .. } = job;
        let JobKey { shot, item, variant } = key;
        let (fingerprint, tags) = (fingerprint.to_string(), takes::tags_json(tags));
        let found = self
            .db
            .prepare_cached(
                "SELECT id, wanted AND title = ?5 AND fingerprint = ?6 AND path = ?7 AND (priority = ?8 OR NOT ?9)
                     AND tags = ?10
                 FROM jobs WHERE project = ?1 AND shot = ?2 AND item = ?3 AND variant = ?4",
            )?
            .query_row(
                (self.project, shot, item, variant, title, &fingerprint, path, at, may_be_sent, &tags),
                |row| Ok((row.get::<_, i64>(0)?, row.get::<_, bool>(1)?)),
            )
            .optional()?;
        match found {
            Some((id, true)) => Ok(id),
            Some((id, false)) => {
                self.db
                    .prepare_cached(
                        "UPDATE jobs SET title = ?2, wanted = 1, priority = ?3, fingerprint = ?4, path = ?5, tags = ?6
                         WHERE id = ?1",
                    )?
                    .execute((id, title, at, &fingerprint, path, &tags))?;
                Ok(id)
            }
            None => self
                .db
                .prepare_cached(
                    "INSERT INTO jobs (project, shot, item, variant, title, wanted, priority, fingerprint, path, tags)
                     VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, ?8, ?9)",
                )?
                .insert((self.project, shot, item, variant, title, at, &fingerprint, path, &tags)),
        }
    }

    /// Records that the manifest no longer asks for the project's jobs, except the jobs in `seen` and those of items in
    /// `left_out`.
    fn forget(&self, left_out: &LeftOut) -> rusqlite::Result<()> {
        let mut forget = self.db.prepare_cached("UPDATE jobs SET wanted = 0 WHERE id = ?1")?;
        let mut select = self.db.prepare_cached("SELECT id, item FROM jobs WHERE project = ?1 AND wanted")?;
        let mut rows = select.query([self.project])?;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            if !self.seen.contains(&id) && !left_out.may_have(row.get_ref(1)?.as_str()?) {
                forget.execute([id])?;
            }
        }
        Ok(())
    }
}

/// Records whether a job waits for the review of a canary (the first clips of its template).
fn note_held_back(db: &Connection, job: i64, is_held_back: bool) -> rusqlite::Result<()> {
    let sql = if is_held_back {
        "INSERT OR IGNORE INTO held_back (job) VALUES (?1)"
    } else {
        "DELETE FROM held_back WHERE job = ?1"
    };
    db.prepare_cached(sql)?.execute([job]).map(|_| ())
}

/// Moves a take to another job, as the newest take of that job, together with the unsent takes that would replace it.
/// The new path of the clip is recorded later, when the file has moved.
pub(super) fn move_take(db: &Connection, take: &TakeId, job: i64) -> rusqlite::Result<()> {
    for own in ["id = ?1", "instead_of = ?1 AND +state = 'pending'"] {
        db.prepare_cached(&format!(
            "UPDATE takes SET job = ?2, place = (SELECT max(place) + 1 FROM takes) WHERE {own} AND job <> ?2"
        ))?
        .execute((&take.0, job))?;
    }
    Ok(())
}
