//! The state of a project as small commands open it while a run may be active.

use super::error::Error;
use super::find::project_name;
use super::project::Project;
use super::session::cannot_open;
use crate::domain::fault::printable;
use crate::store::{Mode, Options, Store};
use jiff::Timestamp;

/// An open project state without its lock.
///
/// Each change is a compare-and-set that a concurrent run sees within a second.
pub(crate) struct Concurrent {
    /// Open state.
    pub(crate) store: Store,
    /// Name of the manifest's project.
    /// `None` means that the manifest cannot be read, which must not keep a person from settling charges.
    pub(crate) name: Option<String>,
    /// Time at which the state was opened.
    pub(crate) now: Timestamp,
}

impl Project {
    /// Opens the state without its lock.
    ///
    /// It fails if nothing was ever run.
    pub(crate) fn open_concurrent(&self) -> Result<Concurrent, Error> {
        let (places, now) = (&self.places, self.clock.now());
        let opened = Store::open(&places.state, Mode::Beside, &Options::default(), now);
        let (store, _) = opened.map_err(|error| cannot_open(places, error))?;
        Ok(Concurrent { store, name: project_name(places), now })
    }
}

/// Returns a person's reason as it is kept and shown; `None` if it is blank.
pub(crate) fn remark(text: Option<&str>) -> Option<String> {
    text.map(printable).filter(|text| !text.is_empty())
}
