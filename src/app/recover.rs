//! Rebuilds a lost, outdated or damaged database from the ledger, the old database and the clips.

use super::error::Error;
use super::forgotten::{PlacedClips, refuse_unknown};
use super::output::output_name;
use super::places::Places;
use super::project::Project;
use super::session::{Session, cannot_open, lock};
use super::setup::policies;
use crate::domain::lifecycle::Phase;
use crate::store::{ClipFinder, Count, Reader, Rebuilt, Recovery};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The result of a request to rebuild the database.
#[derive(Debug)]
pub struct RecoverReport {
    /// Reason why the database was rebuilt or left unchanged.
    pub why: String,
    /// Rebuilt database; `None` if nothing was lost and nothing was changed.
    pub recovered: Option<Recovered>,
    /// Command to type next.
    pub next: String,
}

/// A rebuilt database.
#[derive(Debug)]
pub struct Recovered {
    /// Number of entries that the new database got from each source.
    pub rebuilt: Rebuilt,
    /// Folder that was searched for clips.
    pub output: PathBuf,
    /// Number of takes (renderings) in each phase of their life cycle, with the sum of their costs.
    pub counts: BTreeMap<Phase, Count>,
}

impl Project {
    /// Rebuilds the lost parts of the database; changes nothing if nothing is lost.
    ///
    /// It blocks the thread while it reads sidecars and clips.
    pub async fn recover(&self) -> Result<RecoverReport, Error> {
        let places = &self.places;
        let intact = |why: &str, next: &str| {
            Ok(RecoverReport { why: why.to_owned(), recovered: None, next: places.typed(next) })
        };
        let clips_in = |root: &Path| PlacedClips::at(&places.state, root, places.sandbox);
        if !places.state.is_dir() && clips_in(&places.out).sidecars().is_empty() {
            return intact("nothing was ever sent from here: there is nothing to rebuild", "plan");
        }
        let has_database = places.has_state();
        let lock = lock(places, "recover")?;
        let mut recovery = Recovery::begin(&places.state, &lock)?;
        let output = places.clips(recovery.output());
        let clips = clips_in(&output);
        if !recovery.examine(&clips)? {
            if recovery.is_ledger_cut() {
                drop(recovery);
                // The start of any command that submits, collects or rebuilds writes the lost lines again.
                Session::open_locked(self, lock, false)?;
                return intact("the database is undamaged, and the ledger is complete again", "status");
            }
            if !has_database {
                let nothing = "there is no database, and neither the ledger nor a clip shows a request: there is nothing to \
                               rebuild";
                return intact(nothing, "plan");
            }
            let sound = "the database is undamaged and has every entry of the ledger: nothing was changed";
            return intact(sound, "status");
        }
        let why = match recovery.why() {
            Some(why) => why.to_string(),
            None => "shotlist's records do not contain some paid clips".to_owned(),
        };
        let policy = policies(self);
        let (out, now) = (output_name(places), self.clock.now());
        let rebuilt =
            recovery.rebuild(&policy, &clips, &out, now).map_err(|error| cannot_open(places, error))?;
        // Submissions that a crash left without an answer are settled as at any start.
        let session = Session::open_locked(self, lock, false)?;
        let counts = session.store.counts(None).await?;
        let recovered = Some(Recovered { rebuilt, output, counts });
        Ok(RecoverReport { why, recovered, next: places.typed("collect") })
    }

    /// Accepts that jobs may have been paid for before the database was rebuilt with some records missing.
    ///
    /// A run then no longer refuses to send these jobs. The method rebuilds nothing. If a later rebuild finds other
    /// records missing, runs refuse again.
    pub async fn accept_gaps(&self) -> Result<RecoverReport, Error> {
        let places = &self.places;
        refuse_lost(places).await?;
        let session = Session::open(self, "recover")?;
        let why = if session.store.gaps().await?.is_some() {
            session.store.close_gaps().await?;
            "from now on, runs also send jobs that may have been paid for before the records were rebuilt"
        } else {
            "no requests are missing from shotlist's records: nothing was changed"
        };
        Ok(RecoverReport { why: why.to_owned(), recovered: None, next: places.typed("plan") })
    }
}

/// Refuses to continue if the output folder has clips but their database is missing or must be rebuilt.
///
/// Without the database, jobs that were already paid for would be planned again.
pub(crate) async fn refuse_lost(places: &Places) -> Result<(), Error> {
    match Reader::open(&places.state) {
        Ok(Some(reader)) if !reader.counts(None).await?.is_empty() => Ok(()),
        Ok(_) => refuse_unknown(places),
        Err(error) if error.is_recoverable() => Err(cannot_open(places, error)),
        // Each command reports itself if it cannot use the state.
        Err(_) => Ok(()),
    }
}
