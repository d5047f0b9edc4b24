//! The project's database, opened without the lock by commands that may work while a run is active.

use super::error::Error;
use super::find::project_name;
use super::project::Project;
use super::session::cannot_open;
use crate::domain::fault::printable;
use crate::store::{Mode, Options, Store};
use jiff::Timestamp;

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

/// Returns a person's remark (a reason) as it is saved; `None` if it is blank.
///
/// Hidden characters become visible escapes, and a long text is cut.
pub(crate) fn remark(text: Option<&str>) -> Option<String> {
    text.map(printable).filter(|text| !text.is_empty())
}
