//! Compares the database with the clips in the output folder, after the lines of the ledger were applied to the
//! database.

use super::Replay;
use crate::domain::lifecycle::{Event, HeldReason, Phase, State};
use crate::domain::policy::Tick;
use crate::domain::take::Take;
use crate::store::apply::{self, Change};
use crate::store::{admit, takes};
use jiff::SignedDuration;
use std::collections::HashMap;

/// The time after a task's acceptance in which the link to its clip may still work. A day is the longest time that a
/// provider documents.
const LINK_LIFE: SignedDuration = SignedDuration::from_hours(24);

impl Replay<'_> {
    /// Compares the takes that have or may have a clip with the files in the output folder. The files decide which
    /// clips are recorded as existing.
    ///
    /// Nothing is charged. The task of a missing clip is polled again as long as the link to the clip may work; after
    /// that, a person must decide.
    pub(super) fn compare_with_clips(&mut self) -> rusqlite::Result<()> {
        let sql = format!(
            "SELECT {} FROM {} WHERE t.state IN ('running', 'downloading', 'done') ORDER BY t.place",
            takes::COLUMNS,
            takes::TABLES
        );
        let found: Vec<Take> =
            self.db.prepare(&sql)?.query_map([], takes::take)?.collect::<rusqlite::Result<_>>()?;
        let is_under_way =
            |take: &Take| matches!(take.state, State::Running { .. } | State::Downloading { .. });
        let mut sidecars: HashMap<String, Vec<String>> = HashMap::new();
        if found.iter().any(is_under_way) {
            for (path, sidecar) in self.clips.sidecars() {
                let take = sidecar["take"].as_str().unwrap_or_default();
                sidecars.entry(take.to_owned()).or_default().push(path);
            }
        }
        for mut take in found {
            match &take.state {
                State::Running { .. } | State::Downloading { .. } => {
                    // The clip was placed, and the line about it was never written. It may have a newer name than the
                    // ledger records, for example after its product was renamed.
                    let others = sidecars.remove(&take.id.0).unwrap_or_default();
                    let mut paths = std::iter::once(take.path.clone()).chain(others);
                    if let Some((path, file)) =
                        paths.find_map(|path| self.clips.of_take(&path, &take.id).map(|file| (path, file)))
                    {
                        self.set_path(&take.id, &path)?;
                        take.path = path;
                        self.happened(&take, Event::WasPlaced(file))?;
                        self.changed.insert(take.id.0);
                    }
                }
                State::Done { .. } if self.changed.contains(&take.id.0) => self.look_for(&take)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Searches for the clip of a finished take, at the paths of jobs and among the older versions, and corrects the
    /// records accordingly.
    fn look_for(&mut self, take: &Take) -> rusqlite::Result<()> {
        let State::Done { task, file } = &take.state else { return Ok(()) };
        let is_meant = "SELECT 1 FROM takes WHERE id = ?1 AND dismissed IS NOT NULL";
        if self.db.prepare_cached(is_meant)?.exists([&take.id.0])? {
            return Ok(());
        }
        let sql = "SELECT id, filed_path FROM jobs WHERE filed_take = ?1";
        let names = self
            .db
            .prepare_cached(sql)?
            .query_map([&take.id.0], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<Vec<(i64, String)>>>()?;
        let (standing, gone): (Vec<_>, Vec<_>) =
            names.into_iter().partition(|(_, path)| self.clips.stands(path, file));
        if self.proved.contains(take.id.0.as_str())
            && standing.is_empty()
            && !self.clips.stands(&take.path, file)
        {
            // The sidecar is where the clip was, so the manifest decides, as for any clip that is missing or altered.
            self.recovered.gone += 1;
            return Ok(());
        }
        // The take moved to the job that has its clip, for example when its product was renamed.
        if let [(job, _), ..] = &standing[..] {
            let own: i64 = self
                .db
                .prepare_cached("SELECT job FROM takes WHERE id = ?1")?
                .query_row([&take.id.0], |row| row.get(0))?;
            if !standing.iter().any(|(job, _)| *job == own) {
                admit::move_take(self.db, &take.id, *job)?;
            }
        }
        for (job, _) in gone {
            let sql =
                "UPDATE jobs SET filed_take = NULL, filed_path = NULL, filed_size = NULL, filed_sha256 = NULL
                       WHERE id = ?1";
            self.db.prepare_cached(sql)?.execute([job])?;
        }
        if !standing.is_empty() || self.clips.stands(&take.path, file) {
            return Ok(());
        }
        // A newer clip had replaced it, and the line about it was never written.
        if let Some(kept) = self.clips.kept(&take.path, &take.id, file) {
            return self.set_path(&take.id, &kept);
        }
        self.recovered.missing += 1;
        // The clip of an older take is not missed: the job has a newer one, or is getting it.
        let sql = format!(
            "SELECT 1 FROM jobs j JOIN takes t ON t.job = j.id WHERE t.id = ?1 AND (
                 j.filed_take IS NOT NULL OR EXISTS (
                 SELECT 1 FROM takes n WHERE n.job = j.id AND n.place > t.place
                 AND (n.state = 'done' OR n.state IN {})))",
            takes::list(&Phase::IN_FLIGHT)
        );
        if self.db.prepare_cached(&sql)?.exists([&take.id.0])? {
            return Ok(());
        }
        // The clip is saved again at the path of the take's job.
        let own = "UPDATE takes SET path = (SELECT j.path FROM jobs j WHERE j.id = takes.job) WHERE id = ?1 AND path = ''";
        self.db.prepare_cached(own)?.execute([&take.id.0])?;
        let alive = self.now.duration_since(task.accepted) < LINK_LIFE;
        let running = self.happened(take, Event::ClipGone)?;
        if let Some(running) = running.filter(|_| !alive) {
            self.happened(&running, Event::WasHeld(HeldReason::NoResult))?;
        }
        Ok(())
    }

    /// Applies an event that no ledger line reports. Returns the changed take; `None` if the take's state does not
    /// allow it.
    fn happened(&self, take: &Take, event: Event) -> rusqlite::Result<Option<Take>> {
        let policy = (self.policy)(&take.request.model);
        let change = Change::plain(event, Tick::new(self.now, 0.0), &policy);
        Ok(apply::settle(self.db, take, change)?.map(|applied| applied.take))
    }
}
