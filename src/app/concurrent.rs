//! The state of a project as the small verbs open it: beside a run that may be at work on it.

use super::error::Error;
use super::find::project_name;
use super::project::Project;
use super::session::unopened;
use crate::domain::fault::printable;
use crate::store::{Mode, Options, Store};
use jiff::Timestamp;

/// The state of a project without its lock. Each change is a compare-and-set that a live run sees within a second.
pub(crate) struct Concurrent {
    /// The state.
    pub(crate) store: Store,
    /// The manifest's project; `None` where the manifest cannot be read, for that must not keep the money flowing.
    pub(crate) name: Option<String>,
    /// The time at which it was opened.
    pub(crate) now: Timestamp,
}

impl Project {
    /// Opens the state without its lock; an error where nothing was ever run.
    pub(crate) fn open_concurrent(&self) -> Result<Concurrent, Error> {
        let (places, now) = (&self.places, self.clock.now());
        let opened = Store::open(&places.state, Mode::Beside, &Options::default(), now);
        let (store, _) = opened.map_err(|error| unopened(places, error))?;
        Ok(Concurrent { store, name: project_name(places), now })
    }
}

/// Returns a person's reason in the form in which it is kept and shown; `None` where it says nothing.
pub(crate) fn remark(text: Option<&str>) -> Option<String> {
    text.map(printable).filter(|text| !text.is_empty())
}
