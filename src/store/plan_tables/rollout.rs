//! Reads the data of a rollout: the templates of the wanted jobs, the choice of canaries, and the reviews of their
//! clips. A canary is a few jobs of a template, whose clips a person reviews before the other jobs are rendered.

use super::cursor::{WANTED, wanted};
use super::{LockedTables, StoreError};
use crate::domain::digest::Sha256;
use crate::domain::key::{JobKey, ModelName};
use crate::domain::lifecycle::Phase;
use crate::domain::money::Usd;
use crate::domain::review::Outcome;
use crate::domain::take::Wanted;
use crate::plan::rollout::{Draw, Member};
use crate::store::takes;
use rusqlite::{OptionalExtension as _, params};

/// A shot with one model and one set of settings, which the clips of several items have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The digest of everything that the clips of the template have in common.
    pub identity: Sha256,
    /// The name of the shot.
    pub shot: String,
    /// The model that renders the clips.
    pub model: ModelName,
    /// The number of jobs with this template that the manifest asks for.
    pub jobs: usize,
}

/// The jobs of a template that wait until a person has reviewed the template's canary (the jobs that are rendered
/// first).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// The number of jobs that wait for the review.
    pub jobs: usize,
    /// The sum of the prices of the jobs; a job with an unknown price counts as zero.
    pub price: Usd,
}

/// The SQL query for the jobs that may still join a template's canary (the jobs that are rendered first).
///
/// Only the first of several jobs with the same fingerprint (hash of the request) may join. The second parameter has
/// the positions of the jobs that are in the canary already. A job is left out if its fingerprint is that of a job in
/// the canary.
const CANDIDATES: &str =
    "SELECT min(at) AS at, kind, draw FROM wanted WHERE template = ?1 AND fingerprint NOT IN
    (SELECT fingerprint FROM wanted WHERE at IN (SELECT value FROM json_each(?2))) GROUP BY fingerprint";

impl LockedTables {
    /// Returns the templates of the wanted jobs, in the order in which their first jobs are submitted.
    pub fn templates(&self) -> Result<Vec<Template>, StoreError> {
        let sql = format!(
            "SELECT {WANTED}, t.template, t.jobs FROM (
                 SELECT min(at) AS at, template, count(*) AS jobs FROM wanted WHERE template IS NOT NULL GROUP BY template
             ) t JOIN wanted w USING (at) ORDER BY w.at"
        );
        self.run(|| {
            let mut select = self.db.prepare(&sql)?;
            let found = select.query_map([], |row| {
                let Wanted { key, request, .. } = wanted(row)?;
                let identity = Sha256(row.get("template")?);
                let jobs: i64 = row.get("jobs")?;
                let jobs = usize::try_from(jobs).unwrap_or(usize::MAX);
                Ok(Template { identity, shot: key.shot, model: request.model, jobs })
            })?;
            found.collect()
        })
    }

    /// Checks whether a run has recorded that the canary of a template (the jobs that are rendered first) has passed
    /// the review.
    pub fn has_passed(&self, template: &Sha256) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM passed_templates WHERE project = ?1 AND template = ?2";
        self.run(|| self.db.prepare_cached(sql)?.exists((&self.project, template.to_string())))
    }

    /// Returns the jobs of a template's canary, which are rendered and reviewed first. The jobs are in the order in
    /// which the rule `draw` chose them. The list includes jobs that the manifest no longer asks for.
    pub fn canary(&self, template: &Sha256, draw: Draw) -> Result<Vec<JobKey>, StoreError> {
        let sql = "SELECT shot, item, variant FROM canaries
                   WHERE project = ?1 AND template = ?2 AND draw = ?3 ORDER BY place";
        self.run(|| {
            let mut select = self.db.prepare_cached(sql)?;
            let keys = select
                .query_map((&self.project, template.to_string(), draw.name()), |row| takes::key(row, 0))?;
            keys.collect()
        })
    }

    /// Returns the position of a job in the order of submission. Returns `None` if the manifest does not ask for the
    /// job, or if the job has another template.
    pub fn place_in(&self, template: &Sha256, key: &JobKey) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT at FROM wanted WHERE shot = ?1 AND item = ?2 AND variant = ?3 AND template = ?4";
        self.run(|| {
            let mut select = self.db.prepare_cached(sql)?;
            select
                .query_row((&key.shot, &key.item, &key.variant, &template.0[..]), |row| row.get(0))
                .optional()
        })
    }

    /// Counts the jobs that may still join a template's canary (the jobs to render first), by kind: variant, picture
    /// shape and size. The most frequent kind comes first. `except` has the positions of the jobs that are in the
    /// canary already.
    pub fn kinds(&self, template: &Sha256, except: &[i64]) -> Result<Vec<(String, usize)>, StoreError> {
        let sql =
            format!("SELECT kind, count(*) FROM ({CANDIDATES}) GROUP BY kind ORDER BY count(*) DESC, kind");
        self.run(|| {
            let mut select = self.db.prepare_cached(&sql)?;
            let kinds = select.query_map(params![&template.0[..], json(except)], |row| {
                let jobs: i64 = row.get(1)?;
                Ok((row.get(0)?, usize::try_from(jobs).unwrap_or(usize::MAX)))
            })?;
            kinds.collect()
        })
    }

    /// Returns a job of this `kind` that may still join a template's canary (the jobs to render first). The job is
    /// given by its number in the order of submission.
    ///
    /// `position` counts such jobs from 0. Returns `None` if there are not so many.
    pub fn of_kind(
        &self,
        template: &Sha256,
        except: &[i64],
        kind: &str,
        position: usize,
    ) -> Result<Option<i64>, StoreError> {
        let sql = format!("SELECT at FROM ({CANDIDATES}) WHERE kind = ?3 ORDER BY at LIMIT 1 OFFSET ?4");
        self.run(|| {
            let mut select = self.db.prepare_cached(&sql)?;
            let position = i64::try_from(position).unwrap_or(i64::MAX);
            select
                .query_row(params![&template.0[..], json(except), kind, position], |row| row.get(0))
                .optional()
        })
    }

    /// Draws at most `jobs` random jobs that may still join a template's canary (the jobs to render first). Returns the
    /// positions of these jobs in the order of submission. The order of the draw is the same in every run.
    pub fn drawn(&self, template: &Sha256, except: &[i64], jobs: usize) -> Result<Vec<i64>, StoreError> {
        let sql = format!("SELECT at FROM ({CANDIDATES}) ORDER BY draw, at LIMIT ?3");
        self.run(|| {
            let mut select = self.db.prepare_cached(&sql)?;
            let jobs = i64::try_from(jobs).unwrap_or(i64::MAX);
            select.query_map(params![&template.0[..], json(except), jobs], |row| row.get(0))?.collect()
        })
    }

    /// Returns the key of the job at position `at`, and the job's state in a canary (the jobs that are reviewed first).
    ///
    /// `draw` is the rule by which the canary was chosen. With [`Draw::Spread`], the review of the job's present clip
    /// counts, because a person approves that clip. With [`Draw::Random`], the first reviewed rendering counts, because
    /// a clip that was redone until it was approved says nothing about the template.
    pub fn member(&self, at: i64, draw: Draw) -> Result<(JobKey, Member), StoreError> {
        let sql = format!("SELECT {WANTED} FROM wanted w WHERE w.at = ?1");
        self.run(|| {
            let job = self.db.prepare_cached(&sql)?.query_row([at], wanted)?;
            let member = self.member_of(&job, draw)?;
            Ok((job.key, member))
        })
    }

    fn member_of(&self, job: &Wanted, draw: Draw) -> rusqlite::Result<Member> {
        let JobKey { shot, item, variant } = &job.key;
        let found = self
            .prepare(
                "SELECT id, coalesce(filed_take, ''), filed_sha256 FROM jobs
                 WHERE project = ?1 AND shot = ?2 AND item = ?3 AND variant = ?4",
            )?
            .query_row((&self.project, shot, item, variant), |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, Option<String>>(2)?))
            })
            .optional()?;
        let Some((id, filed, clip)) = found else { return Ok(Member::Unfinished) };
        // The takes that serve the present order, oldest first, each with its newest review.
        let mut select = self.prepare(
            "SELECT t.id, t.state, t.dismissed IS NOT NULL,
                 (SELECT r.outcome FROM reviews r WHERE r.job IN (t.job, ?1) AND r.take = t.id
                      AND (t.id <> ?2 OR r.clip = ?3) ORDER BY r.revision DESC LIMIT 1)
             FROM takes t WHERE (t.job = ?1 OR t.id = ?2) AND t.state <> 'cancelled' AND (t.fingerprint = ?4
                 OR EXISTS (SELECT 1 FROM aliases a WHERE a.take = t.id AND a.likeness = ?5))
             ORDER BY t.place",
        )?;
        let order = job.fingerprint.to_string();
        let mut rows = select.query(params![id, filed, clip, order, &job.likeness().0.0[..]])?;
        let (mut newest, mut first, mut standing) = (None, None, None);
        while let Some(row) = rows.next()? {
            let (take, phase): (String, Phase) = (row.get(0)?, takes::parsed(row, 1)?);
            let outcome = match row.get_ref(3)? {
                rusqlite::types::ValueRef::Null => None,
                _ => Some(takes::parsed::<Outcome>(row, 3)?),
            };
            let reviewed = match outcome {
                Some(Outcome::Approved) => Some(Member::Approved),
                Some(Outcome::Rejected) => Some(Member::Rejected),
                Some(Outcome::Undecided) | None => None,
            };
            first = first.or(reviewed);
            if take == filed {
                standing = Some(reviewed.unwrap_or(Member::Unreviewed));
            }
            newest = Some((phase, row.get::<_, bool>(2)?));
        }
        let counts = match draw {
            Draw::Spread => standing,
            Draw::Random => first.or(standing),
        };
        Ok(match (counts, newest) {
            (Some(Member::Unreviewed) | None, Some((_, true))) => Member::Dismissed,
            (Some(member), _) => member,
            (None, Some((Phase::Failed | Phase::WrittenOff, false))) => Member::Failed,
            (None, Some((Phase::Held, false))) => Member::Held,
            (None, _) => Member::Unfinished,
        })
    }

    /// Makes the jobs of these templates wait until a person has reviewed the canary (the jobs that are rendered first)
    /// of each template. Decisions that were made before are not changed.
    ///
    /// Each template comes with the positions of the jobs in its canary, which do not wait.
    pub fn keep_back<'a>(
        &self,
        closed: impl Iterator<Item = (&'a Sha256, &'a [i64])>,
    ) -> Result<(), StoreError> {
        self.run(|| {
            self.db.execute("DELETE FROM kept_back", [])?;
            for (template, canary) in closed {
                self.db.execute(
                    "INSERT INTO kept_back SELECT at FROM wanted WHERE template = ?1
                     AND at NOT IN (SELECT value FROM json_each(?2))",
                    params![&template.0[..], json(canary)],
                )?;
            }
            self.has_kept_back.set(self.exists("SELECT 1 FROM kept_back")?);
            Ok(())
        })
    }

    pub(super) fn is_kept_back(&self, at: i64) -> rusqlite::Result<bool> {
        if !self.has_kept_back.get() {
            return Ok(false);
        }
        self.prepare("SELECT 1 FROM kept_back WHERE at = ?1")?.exists([at])
    }

    /// Returns the number and the total price of a template's jobs that this plan makes wait for the review.
    pub fn waiting(&self, template: &Sha256) -> Result<Waiting, StoreError> {
        let sql = "SELECT count(*), coalesce(sum(w.price), 0) FROM decided d JOIN wanted w USING (at)
                   WHERE d.kind = 'held back' AND w.template = ?1";
        self.run(|| {
            self.db.prepare_cached(sql)?.query_row([&template.0[..]], |row| {
                let jobs: i64 = row.get(0)?;
                let jobs = usize::try_from(jobs).unwrap_or(usize::MAX);
                Ok(Waiting { jobs, price: Usd::from_micros(row.get(1)?) })
            })
        })
    }

    /// Returns the number of a template's jobs that this plan submits, and the number of those that it asks about
    /// because their input changed.
    pub fn submitted(&self, template: &Sha256) -> Result<(usize, usize), StoreError> {
        let sql = "SELECT coalesce(sum(d.costs), 0), coalesce(sum(d.kind = 'asks'), 0) FROM decided d JOIN wanted w USING (at)
                   WHERE w.template = ?1";
        self.run(|| {
            self.db.prepare_cached(sql)?.query_row([&template.0[..]], |row| {
                let (sent, asks): (i64, i64) = (row.get(0)?, row.get(1)?);
                Ok((usize::try_from(sent).unwrap_or(usize::MAX), usize::try_from(asks).unwrap_or(usize::MAX)))
            })
        })
    }
}

fn json(places: &[i64]) -> String {
    serde_json::json!(places).to_string()
}
