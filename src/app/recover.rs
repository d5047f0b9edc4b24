//! The recovery of a lost, old or damaged state from the ledger, the old database and the clips.

use super::error::Error;
use super::forgotten::{PlacedClips, refuse_unknown};
use super::output::output_name;
use super::places::Places;
use super::project::Project;
use super::session::{Session, cannot_open, lock};
use super::setup::policies;
use crate::domain::lifecycle::Phase;
use crate::store::{Clips, Count, Reader, Rebuilt, Recovery};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The result of a recovery.
#[derive(Debug)]
pub struct RecoverReport {
    /// Reason why the state was rebuilt or left as it is.
    pub why: String,
    /// Rebuilt state; `None` where nothing was lost and nothing was changed.
    pub recovered: Option<Recovered>,
    /// Command to type next.
    pub next: String,
}

/// A rebuilt state.
#[derive(Debug)]
pub struct Recovered {
    /// Number of entries from each source of the new state.
    pub rebuilt: Rebuilt,
    /// Folder that was searched for clips.
    pub output: PathBuf,
    /// Takes and their amounts by state.
    pub counts: BTreeMap<Phase, Count>,
}

impl Project {
    /// Rebuilds the lost parts of the state.
    ///
    /// It changes nothing where nothing is lost. Blocks the thread while it reads sidecars and clips.
    pub async fn recover(&self) -> Result<RecoverReport, Error> {
        let places = &self.places;
        let intact = |why: &str, next: &str| {
            Ok(RecoverReport { why: why.to_owned(), recovered: None, next: places.typed(next) })
        };
        let clips_in = |root: &Path| PlacedClips::at(&places.state, root, places.sandbox);
        if !places.state.is_dir() && clips_in(&places.out).sidecars().is_empty() {
            return intact("nothing was ever sent from here: there is nothing to rebuild", "plan");
        }
        let lock = lock(places, "recover")?;
        let mut recovery = Recovery::begin(&places.state, &lock)?;
        let output = places.clips(recovery.output());
        let clips = clips_in(&output);
        if !recovery.examine(&clips)? {
            let sound = "the database is sound and knows all that the ledger knows: nothing was changed";
            return intact(sound, "status");
        }
        let why = match recovery.why() {
            Some(why) => why.to_string(),
            None => "the state does not know clips that it has paid for".to_owned(),
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
}

/// Refuses to go on without the state that belongs to the clips in the output folder.
///
/// What would be planned without it was paid already.
pub(crate) async fn refuse_lost(places: &Places) -> Result<(), Error> {
    match Reader::open(&places.state) {
        Ok(Some(reader)) if !reader.counts(None).await?.is_empty() => Ok(()),
        Ok(_) => refuse_unknown(places),
        Err(error) if error.is_recoverable() => Err(cannot_open(places, error)),
        // Each command says by itself what it makes of a state that it cannot use.
        Err(_) => Ok(()),
    }
}
