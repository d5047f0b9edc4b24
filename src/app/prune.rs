//! `shotlist prune`: clips of jobs that nobody wants any more go to the archive. Nothing is deleted.

use super::album::load;
use super::decided::{Choice, Decided};
use super::error::Error;
use super::exit::Exit;
use super::guards;
use super::lost::Lost;
use super::plan::{invalid, know, valid, worksheet};
use super::project::Project;
use super::session::Session;
use crate::cli::args::PruneArgs;
use crate::domain::lifecycle::State;
use crate::domain::text::count;
use crate::files::{PlaceFault, Refile, Tree, kept_path};
use crate::plan::guards::{ARCHIVE, is_in_place};
use crate::plan::known::{Filed, KnownTake};
use crate::report::terminal::Terminal;
use crate::store::{Gone, StoreError};

/// Clips that are named before somebody agrees.
const NAMED: usize = 10;

/// Moves the clips of unwanted jobs, with what is kept of their older takes, below `_archive/` in the output folder.
pub(crate) async fn prune(project: &Project, terminal: &Terminal, args: &PruneArgs) -> Result<Exit, Error> {
    let places = project.places.clone();
    let worksheet = worksheet(&places)?;
    let loaded = valid(project, load(project, &worksheet))?;
    let manifest = loaded.manifest.as_ref().ok_or_else(invalid)?;
    let session = Session::open(project, "prune")?;
    session.keep_output().await?;
    know(&worksheet, &session.places, manifest, Some(&session.store))?;
    let selection = super::selection::Selection::default();
    let choice = Choice { selection: &selection, approved: None, accepted: false };
    let decided = Decided::of(manifest, &loaded, &worksheet, choice)?;
    let mut gone = Vec::new();
    let listed = worksheet.book().each_gone::<StoreError>(|job| {
        if is_in_place(&job.filed) && !loaded.left_out.may_have(&job.key.item) {
            gone.push(job);
        }
        Ok(())
    });
    listed?;
    let mut takes = Vec::new();
    for job in &gone {
        let known = worksheet.book().known(&job.key)?;
        takes.push(known.map(|known| known.takes).unwrap_or_default());
    }
    let plan = decided.plan(manifest, &loaded, Vec::new(), &Lost::default())?;
    drop((decided, worksheet));
    if gone.is_empty() {
        terminal.say("nothing to archive: every clip is wanted, or archived already");
        terminal.next(session.places.typed("status"));
        return Ok(Exit::Done);
    }
    if !args.accept_changes {
        guards::let_go(project, &plan)?;
    }
    for job in gone.iter().take(NAMED) {
        terminal.say(format_args!("gone     {}", job.key));
    }
    if gone.len() > NAMED {
        terminal.say(format_args!("         … and {} more", gone.len() - NAMED));
    }
    let question =
        format!("Move {} to {ARCHIVE} below {}?", count(gone.len(), "clip"), session.places.out.display());
    if !args.yes {
        if !terminal.interactive {
            let what = format!("{question} There is no terminal to ask on; nothing was moved");
            return Err(Error::new(Exit::Usage, what).hint(session.places.typed("prune --yes")));
        }
        if !terminal.ask(&question) {
            return Err(Error::new(Exit::Usage, "nothing was moved").hint(session.places.typed("plan")));
        }
    }
    let tree = session.tree()?;
    let mut moved = 0;
    let mut lost = false;
    for (job, takes) in gone.into_iter().zip(takes) {
        match archive(&session, &tree, &manifest.project, &job, &takes).await? {
            Ok(()) => moved += 1,
            Err(fault) => {
                lost = true;
                terminal.say(format_args!("left     {}  {fault}", job.key));
            }
        }
    }
    terminal.say(format_args!(
        "archived {} in {}",
        count(moved, "clip"),
        session.places.out.join(ARCHIVE).display()
    ));
    terminal.next(session.places.typed("status"));
    Ok(if lost { Exit::Local } else { Exit::Done })
}

/// Moves the clip of a job and its older takes. May be called again after a crash at any line.
async fn archive(
    session: &Session,
    tree: &Tree,
    project: &str,
    job: &Gone,
    takes: &[KnownTake],
) -> Result<Result<(), PlaceFault>, Error> {
    let now = session.clock.now();
    let unsaved = |error: crate::store::ApplyError| Error::new(Exit::Local, error.to_string());
    for take in takes {
        let older = job.filed.take != take.id;
        let State::Done { file, .. } = &take.state else { continue };
        if !older || take.path.starts_with(ARCHIVE) {
            continue;
        }
        let from = Filed { take: take.id.clone(), path: take.path.clone(), file: *file };
        // What somebody has removed by hand is not missed.
        if let Ok(path) = put_away(tree, &from) {
            session.store.kept(&from, &path, now).await.map_err(unsaved)?;
        }
    }
    match put_away(tree, &job.filed) {
        Ok(path) => {
            let filed = Filed { path, ..job.filed.clone() };
            session
                .store
                .file(project, &job.key, filed, Some(job.filed.path.clone()), now)
                .await
                .map_err(unsaved)?;
            Ok(Ok(()))
        }
        Err(fault) => Ok(Err(fault)),
    }
}

/// Gives a clip and its sidecar their name in the archive; where another clip has it, one with the take's.
fn put_away(tree: &Tree, from: &Filed) -> Result<String, PlaceFault> {
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
