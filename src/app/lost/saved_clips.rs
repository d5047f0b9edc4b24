//! Finds the saved clips of a project, and the problem with their folder with which a run would end.

use super::found;
use crate::app::disks::not_mounted;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::places::Places;
use crate::engine::lost::Found;
use crate::manifest::{Manifest, OnMissing};
use crate::store::Reader;
use std::path::Path;

/// The saved clips that are missing or altered, and the problem with their folder.
pub(crate) struct SavedClips {
    pub(crate) found: Found,
    /// Error with which a run would end, because the folder of the clips is missing or on another disk than before;
    /// `None` if there is no such problem.
    pub(crate) problem: Option<Error>,
}

impl SavedClips {
    /// Looks for the saved clips of a project in the folder `root`.
    pub(crate) async fn look(
        places: &Places,
        root: &Path,
        reader: &Reader,
        project: Option<&str>,
    ) -> Result<Self, Error> {
        match found(places, root, reader, project).await {
            Ok(found) => {
                let what = not_mounted(&found.moved, root);
                let problem = what.map(|what| Error::new(Exit::Local, what).hint(places.typed("doctor")));
                Ok(Self { found, problem })
            }
            Err(error) if error.exit == Exit::Local => {
                let problem = Some(error.or_hint(places.typed("doctor")));
                Ok(Self { found: Found::default(), problem })
            }
            Err(error) => Err(error),
        }
    }

    /// Looks like [`look`](Self::look), in the folder that has the project's clips; returns only the problem.
    ///
    /// With `on_missing: ignore` in the manifest, clips may be moved away, so there is no problem.
    pub(crate) async fn problem(
        places: &Places,
        reader: &Reader,
        manifest: Option<&Manifest>,
    ) -> Result<Option<Error>, Error> {
        if manifest.is_some_and(|manifest| manifest.on_missing == OnMissing::Ignore) {
            return Ok(None);
        }
        let root = places.clips(reader.output().await?.as_deref());
        let project = manifest.map(|manifest| manifest.project.as_str());
        Ok(Self::look(places, &root, reader, project).await?.problem)
    }
}
