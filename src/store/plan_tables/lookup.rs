//! Answers a plan's questions about the project's history, with indexed queries of the state database.

use super::cursor::{WANTED, wanted};
use super::rendered::{Rendered, add, shared};
use super::{LockedTables, decisions};
use crate::domain::digest::Sha256;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{Phase, State};
use crate::domain::money::Usd;
use crate::domain::request::Request;
use crate::domain::signature::Signature;
use crate::domain::take::{Fingerprint, Wanted};
use crate::plan::decide::{Decision, Sort, WantedJobs, may_share};
use crate::plan::fingerprint::likeness;
use crate::plan::known::{Claim, Filed, Known, KnownJob, KnownTake, Owner, Rejection, Reusable, rank};
use crate::store::takes;
use rusqlite::{OptionalExtension as _, Row};

const TAKE: &str = "t.id, t.fingerprint, t.price, t.path, t.data, t.instead_of";
const TAKE_WIDTH: usize = 6;

/// The SQL query for the clip of a take: path, size and digest, one row for each job that has the clip.
const CLIP: &str = "SELECT filed_take, filed_path, filed_size, filed_sha256 FROM jobs WHERE filed_take = ?1";

/// The start of the SQL queries for takes that other jobs may use: `t` is a take, and `j` the take's own job.
const TAKES: &str = "SELECT t.id, t.fingerprint, t.data, t.place, j.shot, j.item, j.variant";
/// The SQL condition for takes that other jobs may use as well.
///
/// It excludes finished takes whose clip no longer exists. It also excludes unsent takes that replace an older take,
/// because such a take moves to another job only together with the older take.
const SENT: &str = "(t.instead_of IS NULL OR t.state <> 'pending') AND (t.path <> '' OR t.state <> 'done')";

/// The largest number of fingerprints for which finished takes are kept in memory. A full memory is emptied before
/// another fingerprint is added.
const REMEMBERED: usize = 1_000;

fn take(row: &Row<'_>) -> rusqlite::Result<KnownTake> {
    Ok(KnownTake {
        id: TakeId(row.get(0)?),
        fingerprint: takes::parsed(row, 1)?,
        price: Usd::from_micros(row.get(2)?),
        path: row.get(3)?,
        state: takes::state(row, 4)?,
        instead_of: row.get::<_, Option<String>>(5)?.map(TakeId),
    })
}

impl LockedTables {
    /// Returns the finished takes with the fingerprint `order` whose clips jobs may share. Keeps the result in memory
    /// for the next jobs.
    fn find_rendered(&self, order: Fingerprint) -> rusqlite::Result<Rendered> {
        if let Some(found) = self.memo.borrow().get(&order) {
            return Ok(found.clone());
        }
        let mut found = Rendered::default();
        let mut select = self.prepare(
            "SELECT t.id, j.shot, j.item, j.variant, j.project FROM takes t CROSS JOIN jobs j ON j.id = t.job
             WHERE t.fingerprint = ?1 AND t.state = 'done'
             AND (t.path <> '' OR EXISTS (SELECT 1 FROM jobs f WHERE f.filed_take = t.id))",
        )?;
        let mut rows = select.query([order.to_string()])?;
        while let Some(row) = rows.next()? {
            let is_own = row.get_ref(4)?.as_str()? == self.project;
            let of = if is_own { &mut found.own } else { &mut found.elsewhere };
            if of[1].is_none() {
                add(of, takes::key(row, 1)?, TakeId(row.get(0)?));
            }
        }
        let mut memo = self.memo.borrow_mut();
        if memo.len() == REMEMBERED {
            memo.clear();
        }
        memo.insert(order, found.clone());
        Ok(found)
    }

    /// Finds a finished take of another project with the fingerprint and the key of `job`. Returns `None` if there is
    /// none.
    fn find_namesake(&self, job: &Wanted) -> rusqlite::Result<Option<TakeId>> {
        let JobKey { shot, item, variant } = &job.key;
        let mut select = self.prepare(
            "SELECT t.id FROM jobs j JOIN takes t ON t.job = j.id
             WHERE j.project = ?1 AND j.shot = ?2 AND j.item = ?3 AND j.variant = ?4
             AND t.fingerprint = ?5 AND t.state = 'done' ORDER BY t.place DESC LIMIT 1",
        )?;
        for (project, _) in &self.others {
            let named = (project, shot, item, variant, job.fingerprint.to_string());
            if let Some(id) = select.query_row(named, |row| row.get(0)).optional()? {
                return Ok(Some(TakeId(id)));
            }
        }
        Ok(None)
    }

    /// Checks whether the manifest asks for the same request as in `job` in another variant of the same item and shot.
    /// If so, each variant needs its own rendering, and no variant uses a rendering of another project.
    fn is_repeated(&self, job: &Wanted) -> rusqlite::Result<bool> {
        let JobKey { shot, item, variant } = &job.key;
        self.prepare(
            "SELECT 1 FROM wanted WHERE shot = ?1 AND item = ?2 AND variant <> ?3 AND fingerprint = ?4",
        )?
        .exists((shot, item, variant, &job.fingerprint.0.0[..]))
    }

    /// Fills the table `reusable` with the takes that may be used by jobs other than their own.
    fn find_reusable(&self, sort: Sort<'_>) -> rusqlite::Result<()> {
        let mut insert = self.db.prepare(
            "INSERT INTO reusable (owner, fingerprint, rank, place, take) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        let mut add = |row: &Row<'_>, state: &State, owner: Option<Owner>| {
            let Some((owner, rank)) = owner.zip(rank(state)) else { return Ok(()) };
            let order: Fingerprint = takes::parsed(row, 1)?;
            let (id, place): (String, i64) = (row.get(0)?, row.get(3)?);
            insert.execute((owner as i64, &order.0.0[..], rank, place, id)).map(|_| ())
        };
        let same = "t.fingerprint = 'v1:' || lower(hex(w.fingerprint))";
        let own = format!(
            "{TAKES}, w.at IS NULL, coalesce({same}, 0), j.filed_take IS t.id
             FROM jobs j LEFT JOIN wanted w ON w.shot = j.shot AND w.item = j.item AND w.variant = j.variant
             CROSS JOIN takes t ON t.job = j.id
             WHERE j.project = ?1 AND {SENT} AND (w.at IS NULL OR t.state = 'pending' OR NOT {same})"
        );
        let mut select = self.db.prepare(&own)?;
        let mut rows = select.query([&self.project])?;
        while let Some(row) = rows.next()? {
            let state = takes::state(row, 2)?;
            let claim = match (row.get(7)?, row.get(8)?) {
                (true, _) => Claim::Gone,
                (false, true) => Claim::Same,
                (false, false) => Claim::Changed { filed: row.get(9)? },
            };
            add(row, &state, sort(&takes::key(row, 4)?, claim, &state))?;
        }
        let unsettled = takes::list(&Phase::UNSETTLED);
        // Takes in flight are few, unwanted ones may be many: each kind is found by its own index.
        for (project, live) in &self.others {
            let mut select = self.db.prepare(&if *live {
                format!(
                    "{TAKES}, j.wanted FROM jobs j CROSS JOIN takes t ON t.job = j.id
                     WHERE j.project = ?1 AND NOT j.wanted AND t.state <> 'pending'"
                )
            } else {
                format!(
                    "{TAKES}, 0 FROM jobs j CROSS JOIN takes t ON t.job = j.id WHERE j.project = ?1 AND {SENT}"
                )
            })?;
            let mut rows = select.query([project])?;
            while let Some(row) = rows.next()? {
                add(row, &takes::state(row, 2)?, Some(Owner::Free))?;
            }
            if *live {
                let mut select = self.db.prepare(&format!(
                    "{TAKES} FROM takes t CROSS JOIN jobs j ON j.id = t.job
                     WHERE t.state IN {unsettled} AND j.project = ?1 AND j.wanted"
                ))?;
                let mut rows = select.query([project])?;
                while let Some(row) = rows.next()? {
                    add(row, &takes::state(row, 2)?, Some(Owner::Bound))?;
                }
            }
        }
        Ok(())
    }
}

impl Known for LockedTables {
    type Error = rusqlite::Error;

    fn by_key(&self, key: &JobKey) -> rusqlite::Result<Option<KnownJob>> {
        if !self.has_jobs {
            return Ok(None);
        }
        let mut select = self.prepare(
            "SELECT id, wanted, filed_take, filed_path, filed_size, filed_sha256 FROM jobs
             WHERE project = ?1 AND shot = ?2 AND item = ?3 AND variant = ?4",
        )?;
        let mut rows = select.query((&self.project, &key.shot, &key.item, &key.variant))?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let (id, wanted, filed): (i64, bool, Option<Filed>) =
            (row.get(0)?, row.get(1)?, takes::filed(row, 2)?);
        let mut select =
            self.prepare(&format!("SELECT {TAKE} FROM takes t WHERE t.job = ?1 ORDER BY t.place DESC"))?;
        let takes = select.query_map([id], take)?.collect::<rusqlite::Result<_>>()?;
        Ok(Some(KnownJob { key: key.clone(), wanted, takes, filed }))
    }

    fn take(&self, id: &TakeId) -> rusqlite::Result<Option<KnownTake>> {
        self.prepare(&format!("SELECT {TAKE} FROM takes t WHERE t.id = ?1"))?
            .query_row([&id.0], take)
            .optional()
    }

    fn request(&self, id: &TakeId) -> rusqlite::Result<Option<Request>> {
        self.prepare("SELECT request FROM takes WHERE id = ?1")?
            .query_row([&id.0], |row| takes::request(row, 0))
            .optional()
    }

    fn is_like(&self, id: &TakeId, order: Fingerprint) -> rusqlite::Result<bool> {
        let noted = self
            .prepare("SELECT 1 FROM aliases WHERE take = ?1 AND likeness = ?2")?
            .exists((&id.0, &order.0.0[..]))?;
        Ok(noted || self.request(id)?.is_some_and(|request| likeness(&request) == order))
    }

    fn signature(&self, sha256: Sha256) -> rusqlite::Result<Option<Signature>> {
        self.signatures.as_ref().map_or(Ok(None), |signatures| signatures.get(sha256))
    }

    fn filed(&self, id: &TakeId) -> rusqlite::Result<Option<Filed>> {
        if !self.has_takes {
            return Ok(None);
        }
        let own = self
            .prepare(&format!("{CLIP} AND project = ?2 LIMIT 1"))?
            .query_row((&id.0, &self.project), |row| takes::filed(row, 0))
            .optional()?;
        if let Some(own) = own {
            return Ok(own);
        }
        let any = self.prepare(&format!("{CLIP} LIMIT 1"))?.query_row([&id.0], |row| takes::filed(row, 0));
        any.optional().map(Option::flatten)
    }

    fn rendered(&self, job: &Wanted) -> rusqlite::Result<Option<(JobKey, TakeId)>> {
        if !self.has_takes {
            return Ok(None);
        }
        let found = self.find_rendered(job.fingerprint)?;
        if let Some(own) = shared(&found.own, &job.key) {
            return Ok(Some(own));
        }
        if found.elsewhere[0].is_none() {
            return Ok(None);
        }
        if let Some(id) = self.find_namesake(job)? {
            return Ok(Some((job.key.clone(), id)));
        }
        if let Some(other) = shared(&found.elsewhere, &job.key) {
            return Ok(Some(other));
        }
        let [first, _] = found.elsewhere;
        Ok(if self.is_repeated(job)? { None } else { first })
    }

    fn reusable(&self, owner: Owner, job: &Wanted) -> rusqlite::Result<Option<Reusable>> {
        if !self.has_reusable.get() {
            return Ok(None);
        }
        let sql = format!(
            "SELECT {TAKE}, j.shot, j.item, j.variant, j.filed_take, j.filed_path, j.filed_size, j.filed_sha256
             FROM reusable r CROSS JOIN takes t ON t.id = r.take CROSS JOIN jobs j ON j.id = t.job
             WHERE r.owner = ?1 AND r.fingerprint = ?2 ORDER BY r.rank, (j.filed_take IS t.id) DESC, r.place"
        );
        let mut select = self.prepare(&sql)?;
        let mut rows = select.query((owner as i64, &job.fingerprint.0.0[..]))?;
        while let Some(row) = rows.next()? {
            let key = takes::key(row, TAKE_WIDTH)?;
            if owner == Owner::Free
                || key == job.key
                || may_share(&key, &job.key)
                || !self.is_repeated(job)?
            {
                return Ok(Some(Reusable {
                    key,
                    filed: takes::filed(row, TAKE_WIDTH + 3)?,
                    take: take(row)?,
                }));
            }
        }
        Ok(None)
    }

    fn rejection(&self, key: &JobKey) -> Option<Rejection> {
        self.rejections.get(key).cloned()
    }

    fn resubmitted(&self) -> rusqlite::Result<Usd> {
        self.prepare(
            "SELECT coalesce(sum(iif(t.state = 'pending', t.price, t.amount)), 0)
             FROM takes t JOIN jobs j ON j.id = t.job WHERE t.instead_of IS NOT NULL AND j.project = ?1",
        )?
        .query_row([&self.project], |row| row.get(0).map(Usd::from_micros))
    }
}

impl WantedJobs for LockedTables {
    fn begin(&self, sort: Sort<'_>) -> rusqlite::Result<()> {
        self.db.execute_batch(
            "DELETE FROM decided; DELETE FROM leading; DELETE FROM reusable; DELETE FROM taken;
             UPDATE leaders SET first = NULL, second = NULL WHERE first IS NOT NULL;",
        )?;
        self.has_taken.set(false);
        if self.has_takes {
            self.find_reusable(sort)?;
        }
        self.has_reusable.set(self.exists("SELECT 1 FROM reusable")?);
        self.has_free
            .set(self.exists(&format!("SELECT 1 FROM reusable WHERE owner = {}", Owner::Free as i64))?);
        Ok(())
    }

    fn any_free(&self) -> bool {
        self.has_free.get()
    }

    fn each_undecided(
        &self,
        visit: &mut dyn FnMut(i64, &Wanted) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let sql = format!(
            "SELECT {WANTED} FROM wanted w LEFT JOIN decided d USING (at) WHERE d.at IS NULL ORDER BY w.at"
        );
        self.rows(&sql, |row| visit(row.get(0)?, &wanted(row)?))
    }

    fn settle(&self, at: i64, decision: &Decision, alike: Option<&TakeId>) -> rusqlite::Result<()> {
        decisions::insert(&mut self.prepare(decisions::SETTLE)?, at, decision)?;
        let Some(take) = alike else { return Ok(()) };
        self.prepare("UPDATE decided SET alike = ?2 WHERE at = ?1")?.execute((at, &take.0)).map(|_| ())
    }

    fn lead(&self, at: i64, job: &Wanted, decision: &Decision) -> rusqlite::Result<()> {
        if !self.has_leaders.get() {
            return Ok(());
        }
        let order = &job.fingerprint.0.0[..];
        let mut select = self.prepare(
            "SELECT l.first, l.second, w.shot, w.item, w.variant FROM leaders l LEFT JOIN wanted w ON w.at = l.first
             WHERE l.fingerprint = ?1",
        )?;
        let mut rows = select.query([order])?;
        let Some(row) = rows.next()? else { return Ok(()) };
        let (first, second): (Option<i64>, Option<i64>) = (row.get(0)?, row.get(1)?);
        let sql = match (first, second) {
            (None, _) => "UPDATE leaders SET first = ?2 WHERE fingerprint = ?1",
            (Some(_), None) if may_share(&takes::key(row, 2)?, &job.key) => {
                "UPDATE leaders SET second = ?2 WHERE fingerprint = ?1"
            }
            _ => return Ok(()),
        };
        self.prepare(sql)?.execute((order, at))?;
        decisions::insert(&mut self.prepare(decisions::LEAD)?, at, decision)
    }

    fn leader(&self, job: &Wanted) -> rusqlite::Result<Option<(JobKey, Decision)>> {
        if !self.has_leaders.get() {
            return Ok(None);
        }
        let order = &job.fingerprint.0.0[..];
        for which in ["first", "second"] {
            let sql = format!(
                "SELECT w.shot, w.item, w.variant, {} FROM leaders l JOIN wanted w ON w.at = l.{which}
                 JOIN leading d ON d.at = w.at WHERE l.fingerprint = ?1",
                decisions::COLUMNS
            );
            let mut select = self.prepare(&sql)?;
            let mut rows = select.query([order])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            let key = takes::key(row, 0)?;
            if may_share(&key, &job.key) {
                return Ok(Some((key, decisions::decision(row, 3)?)));
            }
        }
        Ok(None)
    }

    fn take_over(&self, take: &TakeId) -> rusqlite::Result<()> {
        self.has_taken.set(true);
        self.prepare("INSERT OR IGNORE INTO taken VALUES (?1)")?.execute([&take.0])?;
        self.prepare("DELETE FROM reusable WHERE take = ?1")?.execute([&take.0]).map(|_| ())
    }

    fn is_held_back(&self, at: i64) -> rusqlite::Result<bool> {
        self.is_kept_back(at)
    }

    fn is_taken(&self, take: &TakeId) -> rusqlite::Result<bool> {
        if !self.has_taken.get() {
            return Ok(false);
        }
        self.prepare("SELECT 1 FROM taken WHERE take = ?1")?.exists([&take.0])
    }
}
