//! The project's database, opened without the lock by commands that may work while a run is active.

use super::error::Error;
use super::exit::Exit;
use super::find::project_name;
use super::places::Places;
use super::project::Project;
use super::session::cannot_open;
use crate::domain::fault::printable;
use crate::domain::take::Take;
use crate::store::{Mode, Options, Store};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// A project's database, opened without the lock.
///
/// Each change is made only if no other process has changed the record meanwhile. An active run sees the change
/// within a second.
pub(crate) struct Concurrent {
    pub(crate) store: Store,
    /// Name of the manifest's project; `None` if the manifest cannot be read.
    ///
    /// The database is opened even then, because a person must always be able to settle charges.
    pub(crate) name: Option<String>,
    /// Time at which the database was opened.
    pub(crate) now: Timestamp,
}

impl Project {
    /// Opens the project's database without the lock.
    ///
    /// It fails if there is no database, because no run was ever started.
    pub(crate) fn open_concurrent(&self) -> Result<Concurrent, Error> {
        let (places, now) = (&self.places, self.clock.now());
        let opened = Store::open(&places.state, Mode::Concurrent, &Options::default(), now);
        let (store, _) = opened.map_err(|error| cannot_open(places, error))?;
        Ok(Concurrent { store, name: project_name(places), now })
    }
}

impl Concurrent {
    /// Refuses to change these takes, which the user did not name, if the manifest cannot be read and the folder has
    /// several projects.
    ///
    /// Without the manifest, it is uncertain which of the projects the user means.
    pub(crate) async fn refuse_uncertain(&self, places: &Places, takes: &[Take]) -> Result<(), Error> {
        if self.name.is_some() || takes.is_empty() {
            return Ok(());
        }
        let mut projects: BTreeSet<String> = takes.iter().map(|take| take.project.clone()).collect();
        projects.extend(self.store.projects().await?.into_iter().filter(|name| !name.is_empty()));
        if projects.len() < 2 {
            return Ok(());
        }
        let projects = Vec::from_iter(projects).join(", ");
        let what = format!(
            "{} cannot be read, and the folder has several projects ({projects}), so it is uncertain whose jobs are \
             meant; nothing was changed",
            places.shown
        );
        Err(Error::new(Exit::Invalid, what).hint(places.typed("validate")))
    }
}

/// Returns a person's remark (a reason) as it is saved; `None` if it is blank.
///
/// Hidden characters become visible escapes, and a long text is cut.
pub(crate) fn remark(text: Option<&str>) -> Option<String> {
    text.map(printable).filter(|text| !text.is_empty())
}
