//! Keeps the jobs that a review shows. They are read again only after the database has changed.

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

/// Number of snapshots that are kept, so that a newly loaded page gets the changes since its own snapshot.
const KEPT: usize = 8;

/// The jobs that a review shows, and the files of their renderings that it may serve.
pub(super) struct Shown {
    /// Number of this snapshot of the jobs. Each snapshot has a larger number than the one before.
    pub(super) serial: u64,
    /// The jobs that `--only` selects.
    pub(super) gallery: Gallery,
    /// Files of each rendering, by the id of the rendering.
    pub(super) files: HashMap<TakeId, Files>,
    /// Index of each job in the gallery, by the key of the job as text.
    places: HashMap<String, usize>,
}

impl Shown {
    /// Returns the job with this key; `None` if the review does not show it.
    pub(super) fn job(&self, name: &str) -> Option<&GalleryJob> {
        self.places.get(name).map(|place| &self.gallery.jobs[*place])
    }
}

/// The reader of the jobs that a review shows. It keeps the newest snapshots.
pub(super) struct Source {
    project: Project,
    only: Vec<String>,
    /// Number of changes of the database that were seen so far; see [`super::live`].
    changes: watch::Receiver<u64>,
    /// The newest snapshots, locked while the jobs are read, so that all waiting requests share one snapshot.
    looks: Mutex<Snapshots>,
}

/// The newest snapshots of the jobs, and the number of the next one.
#[derive(Default)]
struct Snapshots {
    /// Number of the next snapshot of the jobs.
    next: u64,
    /// Number of changes of the database that were seen before the newest snapshot; `None` makes the next request read
    /// the jobs again.
    changes: Option<u64>,
    /// The newest snapshots of the jobs, from the oldest to the newest.
    kept: VecDeque<Arc<Shown>>,
}

impl Source {
    /// Returns a source of the jobs that these names and patterns select; an empty list selects all jobs.
    pub(super) fn new(project: Project, only: Vec<String>, changes: watch::Receiver<u64>) -> Self {
        Self { project, only, changes, looks: Mutex::default() }
    }

    /// Returns the newest snapshot of the jobs. It reads the jobs only if a change was seen since that snapshot.
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

    /// Reads the jobs again, and returns them as a new snapshot.
    pub(super) async fn now(&self) -> Result<Arc<Shown>, Error> {
        self.looks.lock().await.changes = None;
        self.shown().await
    }

    /// Returns the snapshot of this number; `None` if it is no longer kept.
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
