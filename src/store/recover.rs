//! Rebuilds a lost, old or damaged state from the ledger, the old database and the clips.
//!
//! If the ledger is lost too, a new one is made from the sidecars (the JSON files next to the clips), which tell what
//! was paid. Takes that were in flight or waited for a decision have no sidecar. So the new database records that
//! submissions may be missing from its history.
//!
//! The new database is made under another name. Then the old one is kept under a third name, and a single rename puts
//! the new one in its place. So a recovery that was killed can be started again. The next run settles submissions that
//! still have no answer, as after a crash.

mod replay;
mod sidecars;

use super::error::StoreError;
use super::ledger::{Entry, Kind};
use super::ledger_file::{Ledger, Tail};
use super::lock::Lock;
use super::{agreement, folder, look, meta, restore, schema, takes};
use crate::domain::key::{ModelName, TakeId};
use crate::domain::lifecycle::{ClipFile, State};
use crate::domain::money::Usd;
use crate::domain::policy::Policy;
use jiff::Timestamp;
use rusqlite::Connection;
use sidecars::SidecarTake;
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The name of the new database until it gets the name of the old one.
const NEW: &str = "state.db.new";

/// The text between the original name and the time in the name of an old file that recovery keeps, such as
/// `state.db.old-20261105T120000Z`.
const OLD: &str = ".old-";

/// The suffixes of SQLite's files next to a database; they belong to that database alone.
const SIDE_FILES: [&str; 2] = ["-wal", "-shm"];

/// The searches in the output folder that recovery needs.
pub trait ClipFinder {
    /// Checks whether the file at a path exists and has the recorded size and hash of a clip.
    fn stands(&self, path: &str, file: &ClipFile) -> bool;
    /// Returns the new path of a clip that was at `path` before a newer clip replaced it. Returns `None` if no file
    /// with the recorded size and hash is found.
    fn kept(&self, path: &str, take: &TakeId, file: &ClipFile) -> Option<String>;
    /// Returns the size and hash of the file at a path if its sidecar names this take and matches the file; otherwise
    /// `None`.
    fn of_take(&self, path: &str, take: &TakeId) -> Option<ClipFile>;
    /// Returns all sidecars as `(path of the clip, JSON of the sidecar)`, in the order of the paths. The clip of a
    /// sidecar may be missing or altered.
    fn sidecars(&self) -> Vec<(String, serde_json::Value)>;
}

/// A recovery of one state folder: the folder is examined first, then rebuilt if needed. No record is changed before
/// [`Recovery::rebuild`].
pub struct Recovery {
    dir: PathBuf,
    /// The ledger, locked so that no other process changes the database or the ledger.
    ledger: Ledger,
    tail: Tail,
    /// The error because of which recovery is needed; `None` if the database and the ledger are undamaged and agree.
    why: Option<StoreError>,
    /// True if the ledger lost lines that the database had seen.
    cut: bool,
    out: Option<String>,
    /// The finished takes that neither the database nor the ledger has, by their ids. Each take has an entry for every
    /// copy of its clip that has a sidecar.
    sidecar_takes: BTreeMap<String, Vec<SidecarTake>>,
}

/// The result of a rebuild: the paths under which old files are kept, and the counts of the restored data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// The path under which the old database is kept; `None` if there was none.
    pub old: Option<PathBuf>,
    /// True if no old database could be read. The data that only the database had are lost: the pauses, and the jobs
    /// that waited to be sent.
    pub bare: bool,
    /// The number of paid clips that were recorded only in their sidecars (JSON files next to the clips). Includes
    /// clips that are missing or altered.
    pub clips: usize,
    /// The total cost of the paid clips that were recorded only in their sidecars.
    pub clips_sum: Usd,
    /// The path under which the damaged ledger is kept; `None` if all its lines could be read.
    pub old_ledger: Option<PathBuf>,
    /// The number of submissions that the database lacked and that were restored from the ledger.
    pub submissions: usize,
    /// The amount that budgets now count for the restored submissions.
    pub sum: Usd,
    /// The number of takes that were added or changed from the ledger, including those of the restored submissions.
    pub takes: usize,
    /// The number of clips that are finished according to the ledger but were not found in the output folder.
    pub missing: usize,
    /// The number of ledger lines that could not be used, because the line with the take's request is lost.
    pub unmatched: usize,
    /// The number of paid clips that were recorded only in their sidecars, and that are missing or altered.
    pub gone: usize,
    /// True if submissions may be missing from the rebuilt history.
    pub has_gaps: bool,
}

impl Recovery {
    /// Begins a recovery: examines the database and the ledger of a state folder for errors.
    ///
    /// Returns an error for a state that recovery cannot repair, such as a database of a newer program.
    pub fn begin(dir: &Path, _: &Lock) -> Result<Self, StoreError> {
        folder::refuse_network(dir)?;
        let path = folder::database(dir);
        let why = match look::examine(dir) {
            Ok(_) => None,
            Err(why) if why.is_recoverable() => Some(why),
            Err(other) => return Err(other),
        };
        let mut ledger = Ledger::open_locked(dir)?;
        let old = readable(&path)?;
        let agreed = old.as_ref().map_or(Ok(0), |db| agreement::agreed(db, &path))?;
        let cut = ledger.read_from(agreed)?.cut;
        let tail = ledger.read_from(0)?;
        let why = why.or_else(|| tail.damaged.first().map(|line| ledger.damaged(line)));
        let known = match old {
            Some(db) => meta::root(&db).map_err(|e| StoreError::sql(&path, &e))?,
            None => None,
        };
        let mut intents = tail.entries.iter().rev().filter(|entry| entry.kind == Kind::Intent);
        let out = known.or_else(|| intents.find_map(|intent| intent.out.clone()));
        Ok(Self { dir: dir.to_owned(), ledger, tail, why, cut, out, sidecar_takes: BTreeMap::new() })
    }

    /// Reads the sidecars of clips that the database and the ledger lack. Returns true if there is anything to rebuild.
    pub fn examine(&mut self, clips: &dyn ClipFinder) -> Result<bool, StoreError> {
        let path = folder::database(&self.dir);
        let old = readable(&path)?;
        // Without its intent, a take's other lines, such as a review, do not say what was bought.
        let intents = self.tail.entries.iter().filter(|entry| entry.kind == Kind::Intent);
        let in_ledger: HashSet<&str> = intents.map(|entry| entry.take.as_str()).collect();
        for (path, sidecar) in clips.sidecars() {
            let Some(mut found) = SidecarTake::read(&path, &sidecar) else { continue };
            let id = &found.take.id;
            let known = match &old {
                Some(db) => {
                    takes::by_id(db, id).map_err(|e| StoreError::sql(&folder::database(&self.dir), &e))?
                }
                None => None,
            };
            // A restored database may still have the take in its queue.
            let is_older = known.is_none_or(|take| matches!(take.state, State::Pending { .. }));
            if is_older && !in_ledger.contains(id.0.as_str()) {
                found.stands = clips.stands(&path, &found.file);
                self.sidecar_takes.entry(id.0.clone()).or_default().push(found);
            }
        }
        Ok(self.why.is_some() || !self.sidecar_takes.is_empty())
    }

    /// Returns the error because of which recovery is needed; `None` if the database and the ledger are undamaged and
    /// agree. Even then, they may lack clips that have sidecars.
    #[must_use]
    pub const fn why(&self) -> Option<&StoreError> {
        self.why.as_ref()
    }

    /// Checks whether the ledger lost lines that the database has. The next start of a command that submits, collects
    /// or rebuilds writes them again.
    #[must_use]
    pub const fn is_ledger_cut(&self) -> bool {
        self.cut
    }

    /// Returns the recorded output folder, as a path relative to the manifest; `None` if none was recorded.
    #[must_use]
    pub fn output(&self) -> Option<&str> {
        self.out.as_deref()
    }

    /// Makes the new database and gives it the name of the old one.
    ///
    /// The output folder `out` is recorded if none is recorded yet and some clips are recorded only in their sidecars.
    pub fn rebuild(
        mut self,
        policy: &dyn Fn(&ModelName) -> Policy,
        clips: &dyn ClipFinder,
        out: &str,
        now: Timestamp,
    ) -> Result<Rebuilt, StoreError> {
        let new = self.dir.join(NEW);
        for name in std::iter::once(String::new()).chain(SIDE_FILES.map(str::to_owned)) {
            // The remains of an earlier recovery that did not finish.
            remove(&self.dir.join(format!("{NEW}{name}")))?;
        }
        let (mut db, bare) = self.begin_with_the_old(&new)?;
        schema::migrate(&mut db, &new)?;
        let sql = |e: rusqlite::Error| StoreError::sql(&new, &e);
        let tx = db.transaction().map_err(sql)?;
        let heard = agreement::heard(&tx, &new)?;
        let given: i64 =
            tx.query_row("SELECT value FROM meta WHERE key = 'seq'", [], |row| row.get(0)).map_err(sql)?;
        let mut seq = given.cast_unsigned().max(self.ledger.last());
        if !self.sidecar_takes.is_empty() && self.out.is_none() {
            self.out = Some(out.to_owned());
        }
        let mut added = Vec::new();
        let (found, clips_sum) = self.add_sidecar_takes(&mut added);
        for entry in &mut added {
            seq += 1;
            entry.seq = seq;
        }
        let has_gaps = self.tail.unheard(heard).is_some()
            || self.tail.entries.iter().chain(&added).any(sidecars::is_from_sidecar);
        let entries: Vec<Entry> = self.tail.entries.iter().chain(&added).cloned().collect();
        let reported = replay::replay(&tx, &entries, policy, clips, now).map_err(sql)?;
        if let Some(out) = &self.out
            && meta::root(&tx).map_err(sql)?.is_none()
        {
            tx.execute("INSERT INTO output (root) VALUES (?1)", [out]).map_err(sql)?;
        }
        // The lines of a damaged ledger that was rebuilt are missing, too, if the database that knew of them is gone.
        // If nothing is left of the ledger either, the lost database alone knew what was sent.
        let is_silent = self.tail.entries.iter().all(|entry| entry.kind != Kind::Intent);
        let has_gaps =
            has_gaps || reported.unmatched > 0 || (bare && (is_silent || self.has_damaged_ledger()?));
        if has_gaps {
            meta::set_gaps(&tx, now).map_err(sql)?;
        }
        meta::set_rebuilt_runs(&tx).map_err(sql)?;
        tx.execute("DELETE FROM meta WHERE key IN ('unheard', 'ahead')", []).map_err(sql)?;
        if !self.tail.damaged.is_empty() || self.cut {
            for mut entry in restore::lost_lines(&tx, &entries, now).map_err(sql)? {
                seq += 1;
                entry.seq = seq;
                added.push(entry);
            }
        }
        // The ledger first: if killed here, the next recovery finds these lines in it.
        let old_ledger = self.write_ledger(&added, now)?;
        let entries: Vec<Entry> = self.tail.entries.iter().chain(&added).cloned().collect();
        replay::agree(&tx, &entries, self.ledger.end()).map_err(sql)?;
        tx.commit().map_err(sql)?;
        schema::close(db, &new)?;
        let old = self.give_name(&new, now)?;
        let replay::Recovered { submissions, sum, takes, missing, unmatched, gone } = reported;
        let (submissions, sum, takes) = (submissions - found, sum - clips_sum, takes - found);
        Ok(Rebuilt {
            old,
            bare,
            clips: found,
            clips_sum,
            old_ledger,
            submissions,
            sum,
            takes,
            missing,
            unmatched,
            gone,
            has_gaps,
        })
    }

    /// Adds ledger lines for the takes that are recorded only in sidecars (the JSON files next to clips). Returns the
    /// number of these takes and their total cost.
    ///
    /// A take with several sidecars, because its clip was copied, counts once. The preferred sidecars are those whose
    /// clips still exist, and of these the sidecar at the original path.
    fn add_sidecar_takes(&self, added: &mut Vec<Entry>) -> (usize, Usd) {
        let mut firsts: Vec<&SidecarTake> = self
            .sidecar_takes
            .values()
            .filter_map(|found| found.iter().min_by_key(|one| (!one.stands, !one.in_place)))
            .collect();
        firsts.sort_by_key(|one| one.submitted());
        let mut sum = Usd::ZERO;
        for first in &firsts {
            let lines = first.lines(self.out.as_deref());
            sum += lines.last().map_or(Usd::ZERO, |line| line.usd);
            added.extend(lines);
        }
        (firsts.len(), sum)
    }

    /// Checks whether the folder has a damaged ledger that an earlier recovery kept under another name.
    fn has_damaged_ledger(&self) -> Result<bool, StoreError> {
        let io = |e: io::Error| StoreError::io(&self.dir, &e);
        let start = format!("{}{OLD}", folder::LEDGER);
        for entry in fs::read_dir(&self.dir).map_err(io)? {
            if entry.map_err(io)?.file_name().to_string_lossy().starts_with(&start) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Adds lines to the ledger. If the ledger has damaged lines, writes a new ledger without them, and returns the
    /// path under which the damaged file is kept.
    fn write_ledger(&mut self, added: &[Entry], now: Timestamp) -> Result<Option<PathBuf>, StoreError> {
        if self.tail.damaged.is_empty() {
            if !added.is_empty() {
                let lines: Vec<(u64, String)> = added.iter().map(|entry| (entry.seq, entry.line())).collect();
                self.ledger.append(&lines)?;
            }
            return Ok(None);
        }
        let lines: Vec<String> = added.iter().map(Entry::line).collect();
        let aside = free_name(&self.dir.join(folder::LEDGER), now);
        self.ledger.rewrite(&self.tail.damaged, &lines, &aside)?;
        folder::sync(&self.dir)?;
        Ok(Some(aside))
    }

    /// Creates the new database at the path `new`: a copy of the old one, or an empty one if the old one cannot be
    /// read. The returned flag is true if the new database is empty.
    fn begin_with_the_old(&self, new: &Path) -> Result<(Connection, bool), StoreError> {
        let path = folder::database(&self.dir);
        let mut bare = true;
        if let Some(old) = readable(&path)? {
            drop(folder::open_private(new)?);
            let copied = old.execute("VACUUM INTO ?1", [new.to_string_lossy()]);
            match copied.map_err(|e| StoreError::sql(&path, &e)) {
                Ok(_) => bare = false,
                // Only the copy reads the damaged page: the rebuild uses the ledger alone.
                Err(StoreError::Damaged { .. }) => remove(new)?,
                Err(other) => return Err(other),
            }
        }
        Ok((schema::open_to_write(new)?, bare))
    }

    /// Replaces the old database by the new one with a single rename. Returns the path under which the old database is
    /// kept; `None` if there was none.
    fn give_name(&self, new: &Path, now: Timestamp) -> Result<Option<PathBuf>, StoreError> {
        let path = folder::database(&self.dir);
        let named = |path: &Path, end: &str| PathBuf::from(format!("{}{end}", path.display()));
        let aside = free_name(&path, now);
        let io = |e: io::Error| StoreError::io(&aside, &e);
        let stood = path.exists();
        if stood {
            fold(&path);
            // A second name, so that the first is never without a database.
            fs::hard_link(&path, &aside).or_else(|_| fs::copy(&path, &aside).map(drop)).map_err(io)?;
        }
        // SQLite would take a log that is left next to the new database for its own.
        for end in SIDE_FILES {
            match fs::rename(named(&path, end), named(&aside, end)) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(io(e)),
                _ => {}
            }
        }
        fs::rename(new, &path).map_err(|e| StoreError::io(&path, &e))?;
        folder::sync(&self.dir)?;
        Ok(stood.then_some(aside))
    }
}

/// Opens the database for reading; returns `None` if it is missing or damaged.
fn readable(path: &Path) -> Result<Option<Connection>, StoreError> {
    match super::open_found(path, true) {
        Err(StoreError::Damaged { .. }) => Ok(None),
        found => found,
    }
}

/// Moves the content of SQLite's log into the database file. If that fails, the log is kept next to the database.
fn fold(path: &Path) {
    if let Ok(db) = schema::open_to_write(path) {
        let _ = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    }
}

/// Returns an unused path under which an old file is kept, with the date and time in its name.
fn free_name(path: &Path, now: Timestamp) -> PathBuf {
    let stem = format!("{}{OLD}{}", path.display(), now.strftime("%Y%m%dT%H%M%SZ"));
    let later = (2..).map(|n| format!("{stem}-{n}"));
    let mut names = std::iter::once(stem.clone()).chain(later).map(PathBuf::from);
    names.find(|name| !name.exists()).unwrap_or_else(|| PathBuf::from(stem))
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(StoreError::io(path, &e)),
        _ => Ok(()),
    }
}
