//! The recovery of a lost, old or damaged state from the ledger, the old database and the clips.

use super::error::Error;
use super::exit::Exit;
use super::output::output_name;
use super::places::Places;
use super::project::Project;
use super::session::{Session, cannot_open, lock};
use super::setup::policies;
use crate::domain::key::TakeId;
use crate::domain::lifecycle::{ClipFile, Phase};
use crate::domain::money::Usd;
use crate::domain::text::count;
use crate::files::{Tree, kept_path};
use crate::store::{Clips, Count, Rebuilt, Recovery, StoreError, Worksheet};
use serde_json::Value;
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

/// The clips in the output folder, where there is one.
struct PlacedClips {
    /// Output folder; `None` where it is missing.
    tree: Option<Tree>,
    /// True to count only rehearsed clips, false to count only real ones.
    sandbox: bool,
}

impl PlacedClips {
    fn at(state: &Path, root: &Path, sandbox: bool) -> Self {
        Self { tree: Tree::look_at(state, root).ok(), sandbox }
    }
}

/// Returns whether a sidecar belongs to a rehearsal or to a real run, as requested.
///
/// Format 1 does not record this, so the folder decides.
fn counts(sidecar: &Value, sandbox: bool) -> bool {
    sidecar["format"] == 1 || sidecar["sandbox"].as_bool().unwrap_or(false) == sandbox
}

/// Refuses orders for clips that exist under their jobs' paths but are unknown to the state.
pub(crate) fn refuse_forgotten(places: &Places, worksheet: &Worksheet) -> Result<(), Error> {
    let Ok(tree) = Tree::look_at(&places.state, &places.out) else { return Ok(()) };
    let (mut clips, mut sum) = (0, Usd::ZERO);
    let told = worksheet.book().each_named::<StoreError>(&["new"], |book, job| {
        let wanted = &job.wanted;
        // A file check without opening anything is cheap, and most jobs have no such file.
        let sidecar = places.out.join(format!("{}.json", wanted.path));
        if sidecar.symlink_metadata().is_ok()
            && let Some(sidecar) = tree.sidecar_of(&wanted.path)
            && sidecar["fingerprint"] == wanted.fingerprint.to_string()
            && counts(&sidecar, places.sandbox)
            && let Some(take) = sidecar["take"].as_str()
            && book.known_take(&TakeId(take.to_owned()))?.is_none()
        {
            clips += 1;
            sum += wanted.price.unwrap_or_default();
        }
        Ok(())
    });
    told?;
    if clips == 0 {
        return Ok(());
    }
    let (are, them) = if clips == 1 { ("is", "it") } else { ("are", "them") };
    let what = format!(
        "{} of this project {are} in {}, but the state does not know {them} (they cost about {sum}); nothing was sent",
        count(clips, "clip"),
        places.out.display()
    );
    Err(Error::new(Exit::Local, what).money("not charged").hint(places.typed("recover")))
}

impl Clips for PlacedClips {
    fn stands(&self, path: &str, file: &ClipFile) -> bool {
        self.tree.as_ref().is_some_and(|tree| tree.is_placed(path, file))
    }

    fn kept(&self, path: &str, take: &TakeId, file: &ClipFile) -> Option<String> {
        Some(kept_path(path, take)).filter(|kept| self.stands(kept, file))
    }

    fn of_take(&self, path: &str, take: &TakeId) -> Option<ClipFile> {
        self.tree.as_ref()?.clip_of(path, take)
    }

    fn sidecars(&self) -> Vec<(String, Value)> {
        let all = self.tree.as_ref().and_then(|tree| tree.sidecars().ok()).unwrap_or_default();
        all.into_iter().filter(|(_, sidecar)| counts(sidecar, self.sandbox)).collect()
    }
}
