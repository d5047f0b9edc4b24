//! Rebuilds a lost, old or damaged state: from the ledger, from what the old database knew, and from the clips.
//!
//! Where the ledger is lost as well, the sidecars of the clips prove what was paid; they become lines of a new ledger. What
//! was on its way or waited for a decision is in no sidecar, so the state remembers that its history has gaps.
//!
//! The new database is made beside the old one, which is moved aside and never deleted, and takes its name in one
//! rename: killed anywhere, recovery begins again. What it leaves open (a submission without an answer) is what any
//! start after a crash finds and settles.

mod replay;
mod sidecars;

use super::error::StoreError;
use super::ledger::{Entry, Kind, intent};
use super::ledger_file::{Ledger, Tail};
use super::lock::Lock;
use super::{agreement, folder, look, meta, reviews, schema, takes};
use crate::domain::key::{ModelName, TakeId};
use crate::domain::lifecycle::ClipFile;
use crate::domain::money::Usd;
use crate::domain::policy::Policy;
use crate::domain::take::Take;
use jiff::Timestamp;
use rusqlite::Connection;
use sidecars::Witness;
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The new database while it is made.
const NEW: &str = "state.db.new";

/// What SQLite keeps beside a database; it belongs to that one alone.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// What must be asked about the output folder.
pub trait Clips {
    /// Whether the clip stands under that name: size and hash as recorded.
    fn stands(&self, path: &str, file: &ClipFile) -> bool;
    /// Where the clip stands that had that name and made room for a newer one, if it does: size and hash as recorded.
    fn kept(&self, path: &str, take: &TakeId, file: &ClipFile) -> Option<String>;
    /// The clip under that name, where its sidecar says that it is of that take, and it is as the sidecar says.
    fn of_take(&self, path: &str, take: &TakeId) -> Option<ClipFile>;
    /// Returns the sidecars of all clips, each with its clip's path, in the order of the paths.
    fn sidecars(&self) -> Vec<(String, serde_json::Value)>;
}

/// A state that was examined, to be rebuilt where that is needed. Nothing is changed before [`Recovery::rebuild`].
pub struct Recovery {
    dir: PathBuf,
    /// Locked: nobody is between a commit and its lines.
    ledger: Ledger,
    tail: Tail,
    /// What is wrong; `None` where the database and the ledger are sound.
    why: Option<StoreError>,
    out: Option<String>,
    /// Clips of which neither the database nor the ledger knows, each take with its finds.
    witnesses: BTreeMap<String, Vec<Witness>>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// Where the old database is now; `None` where there was none.
    pub old: Option<PathBuf>,
    /// Whether nothing could be read of an old database. What it alone knew is lost: who was put on hold, and what waited
    /// to be sent.
    pub bare: bool,
    /// Clips of which only their sidecars knew.
    pub clips: usize,
    /// What these cost.
    pub clips_sum: Usd,
    /// Where the damaged ledger is now; `None` where all its lines could be read.
    pub old_ledger: Option<PathBuf>,
    /// Submissions of which only the ledger knew.
    pub submissions: usize,
    /// What they count for.
    pub sum: Usd,
    /// Takes of which the ledger knew more than the database, these among them.
    pub takes: usize,
    /// Clips that the ledger calls finished, and that do not stand where they should.
    pub missing: usize,
    /// Lines about takes whose order the ledger has lost; they could not be used.
    pub strays: usize,
}

impl Recovery {
    /// Looks what is wrong with the state of a folder.
    ///
    /// An error is what cannot be mended, such as a database of a newer program.
    pub fn begin(dir: &Path, _: &Lock) -> Result<Self, StoreError> {
        folder::refuse_network(dir)?;
        let path = folder::database(dir);
        let why = match look::examine(dir) {
            Ok(_) => None,
            Err(why) if why.is_recoverable() => Some(why),
            Err(other) => return Err(other),
        };
        let mut ledger = Ledger::open_locked(dir)?;
        let tail = ledger.read_from(0)?;
        let why = why.or_else(|| tail.damaged.first().map(|line| ledger.damaged(line)));
        let known = match readable(&path)? {
            Some(db) => meta::root(&db).map_err(|e| StoreError::sql(&path, &e))?,
            None => None,
        };
        let mut intents = tail.entries.iter().rev().filter(|entry| entry.kind == Kind::Intent);
        let out = known.or_else(|| intents.find_map(|intent| intent.out.clone()));
        Ok(Self { dir: dir.to_owned(), ledger, tail, why, out, witnesses: BTreeMap::new() })
    }

    /// Reads the sidecars of clips that the state does not know, and returns whether there is anything to rebuild.
    ///
    /// A damaged database about which neither the ledger nor a clip tells anything is an error.
    pub fn examine(&mut self, clips: &dyn Clips) -> Result<bool, StoreError> {
        let path = folder::database(&self.dir);
        let old = readable(&path)?;
        let in_ledger: HashSet<&str> = self.tail.entries.iter().map(|entry| entry.take.as_str()).collect();
        for (path, sidecar) in clips.sidecars() {
            let Some(found) = Witness::read(&path, &sidecar) else { continue };
            let id = &found.take.id;
            let known = match &old {
                Some(db) => {
                    takes::by_id(db, id).map_err(|e| StoreError::sql(&folder::database(&self.dir), &e))?
                }
                None => None,
            };
            if known.is_none() && !in_ledger.contains(id.0.as_str()) && clips.stands(&path, &found.file) {
                self.witnesses.entry(id.0.clone()).or_default().push(found);
            }
        }
        let has_intents = self.tail.entries.iter().any(|entry| entry.kind == Kind::Intent);
        match &self.why {
            _ if !self.witnesses.is_empty() => Ok(true),
            Some(why) if !has_intents && old.is_none() => Err(why.clone()),
            why => Ok(why.is_some()),
        }
    }

    /// What is wrong; `None` where only clips are there that the state does not know.
    #[must_use]
    pub const fn why(&self) -> Option<&StoreError> {
        self.why.as_ref()
    }

    /// The output folder in which the clips are, as seen from the manifest; `None` where nobody wrote it down.
    #[must_use]
    pub fn output(&self) -> Option<&str> {
        self.out.as_deref()
    }

    /// Makes the new database and gives it the old one's name. Clips in `out` are read by their sidecars.
    pub fn rebuild(
        mut self,
        policy: &dyn Fn(&ModelName) -> Policy,
        clips: &dyn Clips,
        out: &str,
        now: Timestamp,
    ) -> Result<Rebuilt, StoreError> {
        let new = self.dir.join(NEW);
        for name in std::iter::once(String::new()).chain(BESIDE.map(str::to_owned)) {
            // What an earlier recovery did not finish.
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
        if !self.witnesses.is_empty() && self.out.is_none() {
            self.out = Some(out.to_owned());
        }
        let mut added = Vec::new();
        let (found, clips_sum) = self.witnessed(&mut added);
        for entry in &mut added {
            seq += 1;
            entry.seq = seq;
        }
        let has_gaps = self.tail.unheard(heard).is_some()
            || self.tail.entries.iter().chain(&added).any(sidecars::is_from_sidecar);
        let entries: Vec<Entry> = self.tail.entries.iter().chain(&added).cloned().collect();
        let told = replay::replay(&tx, &entries, policy, clips, now).map_err(sql)?;
        if let Some(out) = &self.out
            && meta::root(&tx).map_err(sql)?.is_none()
        {
            tx.execute("INSERT INTO output (root) VALUES (?1)", [out]).map_err(sql)?;
        }
        if has_gaps {
            meta::set_gaps(&tx, true).map_err(sql)?;
        }
        tx.execute("DELETE FROM meta WHERE key = 'unheard'", []).map_err(sql)?;
        if !self.tail.damaged.is_empty() {
            for mut entry in lost_lines(&tx, &entries, now).map_err(sql)? {
                seq += 1;
                entry.seq = seq;
                added.push(entry);
            }
        }
        // The ledger first: killed here, the next recovery finds these lines in it.
        let old_ledger = self.write_ledger(&added, now)?;
        let entries: Vec<Entry> = self.tail.entries.iter().chain(&added).cloned().collect();
        replay::agree(&tx, &entries, self.ledger.end()).map_err(sql)?;
        tx.commit().map_err(sql)?;
        // The last to close folds the log into the file, which then stands alone.
        db.close().map_err(|(_, e)| sql(e))?;
        let old = self.give_name(&new, now)?;
        let replay::Told { submissions, sum, takes, missing, strays } = told;
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
            strays,
        })
    }

    /// Adds the lines of takes of which only sidecars know; returns how many these are, and what they cost.
    ///
    /// One take counts once, however often its clip was copied: at the name where it was placed, else at the first.
    fn witnessed(&self, added: &mut Vec<Entry>) -> (usize, Usd) {
        let mut firsts: Vec<&Witness> = self
            .witnesses
            .values()
            .filter_map(|found| found.iter().find(|one| one.in_place).or_else(|| found.first()))
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

    /// Adds lines to the ledger; one with damaged lines is written anew without them, and kept under another name.
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

    /// A copy of the old database, as far as there is one that can be read, else an empty one; and whether it is empty.
    fn begin_with_the_old(&self, new: &Path) -> Result<(Connection, bool), StoreError> {
        let path = folder::database(&self.dir);
        let mut bare = true;
        if let Some(old) = readable(&path)? {
            drop(folder::open_private(new)?);
            let copied = old.execute("VACUUM INTO ?1", [new.to_string_lossy()]);
            match copied.map_err(|e| StoreError::sql(&path, &e)) {
                Ok(_) => bare = false,
                // A page that only a copy reads: the ledger alone has to do.
                Err(StoreError::Damaged { .. }) => remove(new)?,
                Err(other) => return Err(other),
            }
        }
        Ok((schema::open_to_write(new)?, bare))
    }

    /// The new database takes the old one's place, in one step.
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
        // A log that is left beside the new database would be taken for its own.
        for end in BESIDE {
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

/// The database, where it is there and sound.
fn readable(path: &Path) -> Result<Option<Connection>, StoreError> {
    match super::open_found(path, true) {
        Err(StoreError::Damaged { .. }) => Ok(None),
        found => found,
    }
}

/// Moves what SQLite's log holds into the database itself. Where that fails the log is kept beside it.
fn fold(path: &Path) {
    if let Ok(db) = schema::open_to_write(path) {
        let _ = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    }
}

/// Returns lines for what the database knows and the readable lines of a damaged ledger do not tell.
fn lost_lines(db: &Connection, entries: &[Entry], now: Timestamp) -> rusqlite::Result<Vec<Entry>> {
    let told: HashSet<(&str, u32, Kind)> =
        entries.iter().map(|entry| (entry.take.as_str(), entry.attempt, entry.kind)).collect();
    let sql = format!("SELECT {} FROM {} ORDER BY t.place", takes::COLUMNS, takes::TABLES);
    let all: Vec<Take> = db.prepare(&sql)?.query_map([], takes::take)?.collect::<rusqlite::Result<_>>()?;
    let mut lost = Vec::new();
    for take in all {
        let mut attempts = db.prepare_cached(
            "SELECT a.number, a.request_id, a.body_sha256, a.price, a.at, t.run, t.instead_of
             FROM attempts a JOIN takes t ON t.id = a.take WHERE a.take = ?1 ORDER BY a.number",
        )?;
        let mut rows = attempts.query([&take.id.0])?;
        while let Some(row) = rows.next()? {
            let attempt: u32 = row.get(0)?;
            if told.contains(&(take.id.0.as_str(), attempt, Kind::Intent)) {
                continue;
            }
            lost.push(Entry {
                attempt,
                request_id: row.get(1)?,
                body: row.get(2)?,
                usd: Usd::from_micros(row.get(3)?),
                run: row.get(5)?,
                instead_of: row.get(6)?,
                out: meta::root(db)?,
                ..Entry::standing(&take, Kind::Intent, takes::moment(row, 4)?)
            });
        }
        let Some(kind) = Kind::of_state(&take.state) else { continue };
        let attempt = intent(&take.state).map_or(0, |intent| intent.attempt);
        let adopted = kind == Kind::Accepted && told.contains(&(take.id.0.as_str(), attempt, Kind::Adopted));
        if adopted || told.contains(&(take.id.0.as_str(), attempt, kind)) {
            continue;
        }
        lost.push(Entry { usd: take.cost(), ..Entry::standing(&take, kind, now) });
    }
    lost.extend(reviews::lost(db, entries)?);
    Ok(lost)
}

/// Returns a name for an old file that nothing has.
fn free_name(path: &Path, now: Timestamp) -> PathBuf {
    let stem = format!("{}.old-{}", path.display(), now.strftime("%Y%m%dT%H%M%SZ"));
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
