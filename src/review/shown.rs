//! The jobs that a review shows, read again only when something was written.

use super::clips::Files;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::gallery::{Gallery, GalleryJob};
use crate::app::names::Names;
use crate::app::project::Project;
use crate::domain::key::TakeId;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::{Mutex, watch};

/// Number of looks that are kept, so that a page that was just loaded learns what has changed since.
const KEPT: usize = 8;

/// The jobs that a review shows, and the files that may be read with them.
pub(super) struct Shown {
    /// Number of the look; it grows with every one.
    pub(super) serial: u64,
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
    /// Locked while the jobs are read: all who wait for them get them from one look.
    looks: Mutex<Looks>,
}

/// The newest looks at the jobs.
#[derive(Default)]
struct Looks {
    /// Number of the next one.
    next: u64,
    /// Number of changes that were seen before the newest one; `None` if another look is due in any case.
    changes: Option<u64>,
    /// The newest ones, the oldest first.
    kept: VecDeque<Arc<Shown>>,
}

impl Source {
    /// Returns the source for the jobs of these names and patterns; without any, for all jobs.
    pub(super) fn new(project: Project, only: Vec<String>, changes: watch::Receiver<u64>) -> Self {
        Self { project, only, changes, looks: Mutex::default() }
    }

    /// Returns the jobs as they were after the last change that was seen.
    pub(super) async fn shown(&self) -> Result<Arc<Shown>, Error> {
        let mut looks = self.looks.lock().await;
        let changes = *self.changes.borrow();
        if looks.changes == Some(changes)
            && let Some(newest) = looks.kept.back()
        {
            return Ok(Arc::clone(newest));
        }
        let shown = Arc::new(self.read(looks.next).await?);
        looks.next += 1;
        looks.changes = Some(changes);
        looks.kept.push_back(Arc::clone(&shown));
        if looks.kept.len() > KEPT {
            looks.kept.pop_front();
        }
        Ok(shown)
    }

    /// Returns the jobs as they are now.
    pub(super) async fn now(&self) -> Result<Arc<Shown>, Error> {
        self.looks.lock().await.changes = None;
        self.shown().await
    }

    /// Returns what a look has shown; `None` if it was too long ago.
    pub(super) async fn look(&self, serial: u64) -> Option<Arc<Shown>> {
        self.looks.lock().await.kept.iter().find(|shown| shown.serial == serial).cloned()
    }

    async fn read(&self, serial: u64) -> Result<Shown, Error> {
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
        Ok(Shown { serial, gallery, files, places })
    }
}
