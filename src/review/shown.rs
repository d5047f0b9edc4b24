//! The jobs that a review shows, read again only when something was written.

use super::clips::Files;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::gallery::{Gallery, GalleryJob};
use crate::app::names::Names;
use crate::app::project::Project;
use crate::domain::key::TakeId;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{Mutex, watch};

/// The jobs that a review shows, and the files that may be read with them.
pub(super) struct Shown {
    /// The jobs, after `--only`.
    pub(super) gallery: Gallery,
    /// Files of each rendering.
    pub(super) files: HashMap<TakeId, Files>,
    /// Place of each job in the gallery, by its name in JSON.
    places: HashMap<String, usize>,
}

impl Shown {
    /// Returns the job of this name in JSON.
    pub(super) fn job(&self, name: &str) -> Option<&GalleryJob> {
        self.places.get(name).map(|place| &self.gallery.jobs[*place])
    }
}

/// The source of what is shown.
pub(super) struct Source {
    project: Project,
    only: Vec<String>,
    /// Number of the changes that were seen; see [`super::live`].
    changes: watch::Receiver<u64>,
    /// What was read last, and the number of changes before it was read. Locked while it is read: all who wait for the
    /// same jobs get them from one look.
    last: Mutex<Option<(u64, Arc<Shown>)>>,
}

impl Source {
    /// Returns the source for the jobs of these names and patterns; without any, for all jobs.
    pub(super) fn new(project: Project, only: Vec<String>, changes: watch::Receiver<u64>) -> Self {
        Self { project, only, changes, last: Mutex::default() }
    }

    /// Returns the jobs as they were after the last change that was seen.
    pub(super) async fn shown(&self) -> Result<Arc<Shown>, Error> {
        let mut last = self.last.lock().await;
        let changes = *self.changes.borrow();
        if let Some((seen, shown)) = &*last
            && *seen == changes
        {
            return Ok(Arc::clone(shown));
        }
        let shown = Arc::new(self.read().await?);
        *last = Some((changes, Arc::clone(&shown)));
        Ok(shown)
    }

    /// Returns the jobs as they are now.
    pub(super) async fn now(&self) -> Result<Arc<Shown>, Error> {
        *self.last.lock().await = None;
        self.shown().await
    }

    async fn read(&self) -> Result<Shown, Error> {
        let mut gallery = self.project.gallery().await?;
        if !self.only.is_empty() {
            let jobs = &gallery.jobs;
            let is_name = |name: &str| {
                Ok::<_, Error>(jobs.iter().any(|job| job.key().item == name || job.key().to_string() == name))
            };
            let names = Names::of(&self.only, is_name)?;
            gallery.jobs.retain(|job| names.has(job.key()));
            if gallery.jobs.is_empty() {
                let what = format!("no job matches --only {}", self.only.join(" --only "));
                let hint = self.project.places().typed("status");
                return Err(Error::new(Exit::Usage, what).money("not charged").hint(hint));
            }
        }
        let files = Files::of_all(&gallery);
        let places =
            gallery.jobs.iter().enumerate().map(|(place, job)| (job.key().to_string(), place)).collect();
        Ok(Shown { gallery, files, places })
    }
}
