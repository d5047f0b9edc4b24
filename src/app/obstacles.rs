//! Files that are in the way where clips are to be saved.

use super::error::Error;
use super::exit::Exit;
use super::session::Session;
use crate::domain::lifecycle::ClipFile;
use crate::domain::problem::{Place, Problem};
use crate::files::{ObstacleSearch, Tree};
use crate::plan::filing::{Filings, Target, needs_place, target};
use crate::store::{StoreError, Worksheet};

/// A search, before any payment, for files that would keep a clip from its path.
pub(crate) struct Obstacles<'a> {
    session: &'a Session,
    tree: Tree,
    names: ObstacleSearch,
    problems: Vec<Problem>,
    /// What is wrong with the disk of a folder.
    disk: Option<String>,
}

impl<'a> Obstacles<'a> {
    /// Opens the output folder.
    pub(crate) fn new(session: &'a Session) -> Result<Self, Error> {
        let tree = session.tree()?;
        Ok(Self { session, names: ObstacleSearch::new(tree.clone()), tree, problems: Vec::new(), disk: None })
    }

    /// Checks the paths of all clips that are to be paid or saved.
    pub(crate) fn search(&mut self, worksheet: &Worksheet, filings: &Filings) -> Result<(), StoreError> {
        let vacated = filings.vacated();
        worksheet.book().each(|book, job| {
            let (wanted, decision) = (&job.wanted, &job.decision);
            if needs_place(wanted, decision) {
                let own = book.known(&wanted.key)?.and_then(|known| known.filed);
                let vacated = vacated.get(wanted.path.as_str()).copied();
                let promised = book.promised(&wanted.path)?;
                let mut target = target(wanted, decision, own.as_ref(), vacated, promised);
                if let Some(file) = self.meets(&target)
                    && !(decision.costs() && book.has_there(&wanted.path, &wanted.key)?)
                {
                    target.may_stand.extend(book.clip_at(&wanted.path, file)?.map(|clip| clip.file));
                }
                self.look(&target);
            }
            Ok(())
        })
    }

    /// Returns the file at a clip's path that may be in its way.
    ///
    /// It may be an earlier clip, which can be set aside.
    pub(crate) fn meets(&mut self, target: &Target) -> Option<ClipFile> {
        self.names.obstacle(&target.path, &target.may_stand)?;
        self.tree.file_at(&target.path)
    }

    /// Checks one path.
    pub(crate) fn look(&mut self, target: &Target) {
        let (what, hint) = if let Some(other) = &target.promised {
            (
                format!("the clip of {other}, which is paid, is on its way to that name"),
                "change `output:`, so that every clip has a name of its own",
            )
        } else {
            let Some(obstacle) = self.names.obstacle(&target.path, &target.may_stand) else { return };
            if obstacle.is_disk {
                let name = self.session.places.out.join(&target.path);
                self.disk.get_or_insert_with(|| format!("{}: {}", name.display(), obstacle.what));
                return;
            }
            (obstacle.what, "move it away, or put the clips elsewhere with `--out FOLDER`")
        };
        let place = Place::File(self.session.places.shown.clone());
        let mut problem = Problem::error(place, "something is in the way where a clip is to go").hint(hint);
        let name = self.session.places.out.join(&target.path);
        let name = name.strip_prefix(".").unwrap_or(&name);
        problem.examples.push(format!("{}: {what}", name.display()));
        self.problems.push(problem);
    }

    /// Returns an error with the problems, if any were found.
    pub(crate) fn refuse(self) -> Result<(), Error> {
        if let Some(what) = self.disk {
            let what = format!("{what}; nothing was sent");
            return Err(Error::new(Exit::Local, what)
                .money("not charged")
                .hint(self.session.places.typed("run")));
        }
        if self.problems.is_empty() {
            return Ok(());
        }
        Err(Error::new(Exit::Invalid, "something is in the way; nothing was sent")
            .problems(self.problems)
            .money("not charged")
            .hint(self.session.places.typed("run")))
    }
}
