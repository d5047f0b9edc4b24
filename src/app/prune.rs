//! Pruning: moves the clips of jobs that the manifest no longer has to the archive.
//!
//! It deletes nothing.

use super::consent::{Answer, Topic};
use super::decided::{Choice, Decided};
use super::error::Error;
use super::exit::Exit;
use super::guards;
use super::inputs::{hand_on, invalid, load, valid};
use super::lost::Lost;
use super::namesakes::{ADVICE, name};
use super::places::Places;
use super::plan::{attach_history, plan_tables};
use super::project::Project;
use super::reporter::News;
use super::selection::Selection;
use super::session::Session;
use super::words::Words;
use crate::domain::foreign::shown;
use crate::domain::key::JobKey;
use crate::domain::lifecycle::State;
use crate::domain::text::count;
use crate::files::{PlaceFault, Refile, Tree, kept_path};
use crate::load::{namesakes, open};
use crate::manifest::Items;
use crate::plan::guards::ARCHIVE;
use crate::plan::known::{Filed, KnownTake};
use crate::plan::order::LinkBook;
use crate::store::{Gone, StoreError};
use std::path::PathBuf;

/// A request to move the clips of removed jobs to the archive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PruneRequest {
    /// True to override the manifest's safety limit (guard) on the number of removed jobs.
    pub accept_changes: bool,
}

/// The result of moving the clips of removed jobs to the archive.
#[derive(Debug)]
pub struct PruneReport {
    /// Number of clips that were moved to the archive.
    pub archived: usize,
    /// Jobs whose clips could not be moved, each with the reason.
    pub left: Vec<(JobKey, PlaceFault)>,
    /// Path of the archive folder.
    pub archive: PathBuf,
    /// Command to type next.
    pub next: String,
}

impl Project {
    /// Moves the clips of jobs that the manifest no longer has, with their earlier versions, to the archive.
    ///
    /// The archive is the folder `_archive/` in the output folder. Nothing is moved if another manifest of the folder
    /// names the same project and asks for one of these jobs.
    pub async fn prune(&self, request: PruneRequest) -> Result<PruneReport, Error> {
        let plan_tables = plan_tables(&self.places)?;
        let loaded = valid(self, load(self, &plan_tables))?;
        let manifest = loaded.manifest.as_ref().ok_or_else(invalid)?;
        let session = Session::open(self, "prune")?;
        session.keep_output().await?;
        attach_history(&plan_tables, &session.places, manifest, Some(&session.store))?;
        let selection = Selection::default();
        let choice = Choice { selection: &selection, approved: None, accepted: false };
        let decided = Decided::of(manifest, &loaded, &plan_tables, choice)?;
        let mut gone = Vec::new();
        plan_tables.lock().each_gone::<StoreError>(|job| {
            if job.is_unwanted(&loaded.left_out) {
                gone.push(job);
            }
            Ok(())
        })?;
        let mut takes = Vec::new();
        for job in &gone {
            let known = plan_tables.lock().known(&job.key)?;
            takes.push(known.map(|known| known.takes).unwrap_or_default());
        }
        let plan = decided.plan(manifest, &loaded, Vec::new(), &Lost::default())?;
        drop((decided, plan_tables));
        let mut report = PruneReport {
            archived: 0,
            left: Vec::new(),
            archive: session.places.out.join(ARCHIVE),
            next: session.places.typed("status"),
        };
        if gone.is_empty() {
            return Ok(report);
        }
        refuse_shared(self, &manifest.project, &gone)?;
        if !request.accept_changes {
            guards::check_removals(self, &plan)?;
        }
        self.agree(&gone, request.accept_changes)?;
        let tree = session.tree()?;
        for (job, takes) in gone.into_iter().zip(takes) {
            match archive(&session, &tree, &manifest.project, &job, &takes).await? {
                Ok(()) => report.archived += 1,
                // There is nothing to move: only the record of the clip is in the archive.
                Err(PlaceFault::PartLost) => {
                    let path = format!("{ARCHIVE}{}", job.filed.path);
                    let (left, filed) = (job.filed.path.clone(), Filed { path, ..job.filed });
                    session
                        .store
                        .file(&manifest.project, &job.key, filed, Some(left), session.clock.now())
                        .await?;
                }
                Err(fault) => report.left.push((job.key, fault)),
            }
        }
        Ok(report)
    }

    /// Asks for consent to move the clips of these jobs; returns an error unless the answer is yes.
    ///
    /// `accepts` is true if the request overrides the limit on removed jobs.
    fn agree(&self, gone: &[Gone], accepts: bool) -> Result<(), Error> {
        let Self { places, .. } = self;
        let keys: Vec<&JobKey> = gone.iter().map(|job| &job.key).collect();
        self.tell(&News::Unwanted(&keys));
        let moved =
            format!("{} to the folder `{}`", count(gone.len(), "clip"), places.out.join(ARCHIVE).display());
        match self.ask(Topic::Move, format!("Move {moved}?")) {
            Answer::Yes => Ok(()),
            Answer::No => {
                let what = "the answer was no; nothing was moved";
                Err(Error::new(Exit::Usage, what).hint(places.typed("plan")))
            }
            Answer::Unavailable => {
                let what = format!(
                    "moving {moved} needs your consent, and there is no terminal to ask on; add --yes; nothing was \
                     moved"
                );
                let words = Words::new("prune").flag("--accept-changes", accepts).flag("--yes", true);
                Err(Error::new(Exit::Usage, what).hint(places.typed(&words.build())))
            }
        }
    }
}

impl PruneReport {
    /// Returns whether there was no clip to move.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.archived == 0 && self.left.is_empty()
    }

    /// Returns the exit code: an error if a clip could not be moved, otherwise success.
    #[must_use]
    pub fn exit(&self) -> Exit {
        if self.left.is_empty() { Exit::Done } else { Exit::Local }
    }
}

/// Refuses to archive the clips of removed jobs if another manifest of the folder names the same project and asks for
/// one of these jobs.
///
/// It also refuses if the jobs of the other manifest cannot be read, because it may ask for any of them.
fn refuse_shared(project: &Project, own: &str, gone: &[Gone]) -> Result<(), Error> {
    for path in namesakes(&project.places.manifest, own) {
        let other = project.places.of_other(&path)?;
        let why = match jobs_of(project, &other, gone)? {
            None => "its jobs cannot be read, so it may need the clips that would be moved".to_owned(),
            Some(jobs) => match &jobs[..] {
                [] => continue,
                [job] => format!("needs the clip of {job}, which would be moved"),
                [job, ..] => {
                    format!("needs {} that would be moved (such as {job})", count(jobs.len(), "clip"))
                }
            },
        };
        let what = format!(
            "{} has the same project name, `{}`, and {why}; nothing was moved. Before you prune, {ADVICE}",
            name(&path),
            shown(own)
        );
        return Err(Error::new(Exit::Invalid, what).hint(other.typed("validate")));
    }
    Ok(())
}

/// Returns the jobs among `gone` that another manifest asks for, or may ask for because of an error in their row.
///
/// It is `None` if the jobs of that manifest cannot be read.
fn jobs_of(project: &Project, other: &Places, gone: &[Gone]) -> Result<Option<Vec<JobKey>>, Error> {
    let mut loaded = open(&other.manifest, &project.registry);
    // Standard input can be read only once, and it is not certain whose items it has.
    let is_piped = |items: &Items| matches!(items, Items::File { from, .. } if from.value == "-");
    let Some(manifest) = loaded.manifest.clone().filter(|manifest| !is_piped(&manifest.items)) else {
        return Ok(None);
    };
    let plan_tables = plan_tables(other)?;
    hand_on(other, &mut loaded, &LinkBook::new(), false, &mut &plan_tables);
    if loaded.is_invalid() {
        return Ok(None);
    }
    attach_history(&plan_tables, other, &manifest, None)?;
    let tables = plan_tables.lock();
    let mut jobs = Vec::new();
    for Gone { key, .. } in gone {
        if tables.wanted(key)?.is_some() || loaded.left_out.may_have(key.item.raw()) {
            jobs.push(key.clone());
        }
    }
    Ok(Some(jobs))
}

/// Moves the clip of a removed job and its earlier versions to the archive.
///
/// Returns the fault if the current clip cannot be moved. If a crash interrupts the move, it can be repeated.
async fn archive(
    session: &Session,
    tree: &Tree,
    project: &str,
    job: &Gone,
    takes: &[KnownTake],
) -> Result<Result<(), PlaceFault>, Error> {
    let now = session.clock.now();
    for take in takes {
        let older = job.filed.take != take.id;
        let State::Done { file, .. } = &take.state else { continue };
        if !older || take.path.starts_with(ARCHIVE) {
            continue;
        }
        let from = Filed { take: take.id.clone(), path: take.path.clone(), file: *file };
        // It does not matter if a user has removed an older take.
        if let Ok(path) = move_to_archive(tree, &from) {
            session.store.kept(&from, &path, now).await?;
        }
    }
    match move_to_archive(tree, &job.filed) {
        Ok(path) => {
            let filed = Filed { path, ..job.filed.clone() };
            session.store.file(project, &job.key, filed, Some(job.filed.path.clone()), now).await?;
            Ok(Ok(()))
        }
        Err(fault) => Ok(Err(fault)),
    }
}

/// Moves a clip and its sidecar to the archive, and returns the new path.
///
/// If the archive has a file of that name, the new name contains the take's id.
fn move_to_archive(tree: &Tree, from: &Filed) -> Result<String, PlaceFault> {
    let to = format!("{ARCHIVE}{}", from.path);
    match tree.refile(&from.path, &to, &from.file, Refile::Move, None) {
        Ok(()) => Ok(to),
        Err(PlaceFault::NameTaken(_)) => {
            let to = kept_path(&to, &from.take);
            tree.refile(&from.path, &to, &from.file, Refile::Move, None).map(|()| to)
        }
        Err(fault) => Err(fault),
    }
}
