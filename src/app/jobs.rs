//! The list of a project's jobs, filtered by name, status, tag, review and verdict.
//!
//! Jobs that a run has recorded have the status that `status` shows. Jobs that are in the manifest but that no run has
//! recorded yet have the status that a plan gives them.

pub mod compare;
mod filter;

pub use filter::{Filter, UNCHECKED};

use super::decided::{Choice, Decided};
use super::error::Error;
use super::find::manifest;
use super::forgotten::refuse_unknown;
use super::gallery::{Gallery, GalleryJob};
use super::inputs::{load, valid};
use super::places::quoted;
use super::plan::{attach_history, plan_tables};
use super::project::Project;
use super::reporter::News;
use super::selection::Selection;
use super::session::cannot_open;
use crate::domain::foreign::shown;
use crate::domain::key::{JobKey, ModelName};
use crate::domain::lifecycle::MoneyState;
use crate::domain::money::Usd;
use crate::domain::review::ReviewState;
use crate::domain::take::Wanted;
use crate::plan::bucket::{Bucket, Buckets};
use crate::store::{JobRecord, Reader, Spent, StoreError, TakeRecord};
use std::collections::HashMap;

/// The jobs of a project that match a filter.
pub struct JobsReport {
    /// Matching jobs with their counts by status, and the money and budgets of the whole project.
    pub gallery: Gallery,
    /// Number of all jobs of the project, matching or not.
    pub all: usize,
    /// Command to type next.
    pub next: String,
    orders: HashMap<JobKey, Order>,
}

/// The model and the price in the plan for a job that has no rendering yet, or is to be rendered again.
struct Order {
    model: ModelName,
    price: Option<Usd>,
}

/// A job of the manifest with the status and the price that a plan gives it.
struct Planned {
    wanted: Wanted,
    bucket: Bucket,
    price: Option<Usd>,
}

impl Project {
    /// Returns the jobs of the project that match a filter.
    ///
    /// It sends nothing and changes nothing.
    pub async fn jobs(&self, filter: &Filter) -> Result<JobsReport, Error> {
        let (mut gallery, planned) = if self.places.has_state() {
            let gallery = self.gallery().await?;
            let planned = planned(self).unwrap_or_else(|error| {
                self.tell(&News::Warning(&format!(
                    "jobs that were never submitted are not listed: {}",
                    error.what
                )));
                Vec::new()
            });
            (gallery, planned)
        } else {
            let planned = planned(self)?;
            (self.never_run(), planned)
        };
        let orders = add(&mut gallery, planned);
        let all = gallery.jobs.len();
        for warning in filter.apply(&mut gallery.jobs)? {
            self.tell(&News::Warning(&warning));
        }
        gallery.buckets = Buckets::default();
        gallery.jobs.iter().for_each(|job| gallery.buckets.add(job.bucket, 1));
        let next = next(self, &gallery);
        Ok(JobsReport { gallery, all, next, orders })
    }

    /// Returns the empty gallery (list of jobs) of a project that was never run.
    fn never_run(&self) -> Gallery {
        let places = &self.places;
        Gallery {
            now: self.clock.now(),
            project: manifest(places).map(|manifest| manifest.project),
            sandbox: places.sandbox,
            out: places.out.clone(),
            jobs: Vec::new(),
            buckets: Buckets::default(),
            today: Spent::default(),
            month: Spent::default(),
            budget: Vec::new(),
        }
    }
}

impl JobsReport {
    /// Returns the cost of the rendering that a list shows for a job, or the planned price if there is no rendering.
    ///
    /// It is `None` if the price is unknown, or if the job needs no rendering of its own.
    #[must_use]
    pub fn price(&self, job: &GalleryJob) -> Option<Usd> {
        match shown_take(job) {
            Some(take) => Some(take.take.cost()),
            None => self.orders.get(job.key())?.price,
        }
    }

    /// Returns the model of the rendering that a list shows for a job, or the planned model if there is no rendering.
    #[must_use]
    pub fn model<'a>(&'a self, job: &'a GalleryJob) -> Option<&'a ModelName> {
        match shown_take(job) {
            Some(take) => Some(&take.take.request.model),
            None => self.orders.get(job.key()).map(|order| &order.model),
        }
    }

    /// Returns the path of the job's clip relative to the output folder, even if the file is missing.
    #[must_use]
    pub fn saved_as<'a>(&self, job: &'a GalleryJob) -> &'a str {
        let record = &job.record;
        record.filed.as_ref().map_or(&record.path, |filed| &filed.path)
    }

    /// Returns the path of the job's clip for use in the current folder, even if the file is missing.
    #[must_use]
    pub fn path(&self, job: &GalleryJob) -> String {
        let path = self.gallery.out.join(self.saved_as(job));
        shown(&path.strip_prefix(".").unwrap_or(&path).display().to_string()).into_owned()
    }

    /// Returns the amount that was charged for all renderings of the matching jobs, without uncertain charges.
    #[must_use]
    pub fn spent(&self) -> Usd {
        self.gallery.jobs.iter().map(spent).sum()
    }

    /// Returns the total price of those matching jobs that a run would send.
    #[must_use]
    pub fn to_pay(&self) -> Usd {
        let to_render = self.gallery.jobs.iter().filter(|job| job.bucket == Bucket::ToRender);
        let price = |job| match self.orders.get(GalleryJob::key(job)) {
            Some(order) => order.price,
            None => self.price(job),
        };
        to_render.filter_map(price).sum()
    }
}

/// Returns the rendering whose price and model a list shows for a job.
///
/// For a finished job it is the rendering of the current clip, otherwise the newest one.
#[must_use]
pub fn shown_take(job: &GalleryJob) -> Option<&TakeRecord> {
    let newest = job.record.decisive();
    match job.bucket {
        Bucket::Done | Bucket::Asks | Bucket::Dismissed | Bucket::Missing | Bucket::Altered => {
            job.current().or(newest)
        }
        Bucket::ToRender
        | Bucket::Review
        | Bucket::InFlight
        | Bucket::Waiting
        | Bucket::Held
        | Bucket::Failed
        | Bucket::WrittenOff => newest,
    }
}

/// Returns the amount that was charged for all renderings of a job, without uncertain charges.
#[must_use]
pub fn spent(job: &GalleryJob) -> Usd {
    let settled = job.record.takes.iter().filter(|take| take.take.state.account() == MoneyState::Settled);
    settled.map(|take| take.take.cost()).sum()
}

/// Plans all jobs of the manifest, and returns each with its status and price.
fn planned(project: &Project) -> Result<Vec<Planned>, Error> {
    let places = &project.places;
    let plan_tables = plan_tables(places)?;
    let mut loaded = load(project, &plan_tables);
    if !loaded.is_invalid() {
        // `plan` and `validate` report the warnings.
        loaded.problems.clear();
    }
    let loaded = valid(project, loaded)?;
    let Some(manifest) = loaded.manifest.as_ref() else { return Ok(Vec::new()) };
    let reader = Reader::open(&places.state).map_err(|error| cannot_open(places, error))?;
    if reader.is_none() {
        refuse_unknown(places)?;
    }
    attach_history(&plan_tables, places, manifest, reader.as_ref())?;
    let choice = Choice { selection: &Selection::default(), approved: None, accepted: false };
    let decided = Decided::of(manifest, &loaded, &plan_tables, choice)?;
    let mut planned = Vec::new();
    decided.plan_tables.lock().each::<StoreError>(|_, job| {
        let bucket = Bucket::of(&job.wanted.key, &job.decision);
        let price = job.wanted.price.filter(|_| job.decision.costs() || bucket == Bucket::Asks);
        planned.push(Planned { wanted: job.wanted.clone(), bucket, price });
        Ok(())
    })?;
    Ok(planned)
}

/// Adds the planned jobs that no run has recorded yet to the gallery, and puts all jobs in the order of the manifest.
///
/// It returns the model and the price of each job that has no rendering or is still to be rendered.
fn add(gallery: &mut Gallery, planned: Vec<Planned>) -> HashMap<JobKey, Order> {
    let mut orders = HashMap::new();
    let mut recorded: HashMap<JobKey, GalleryJob> = HashMap::new();
    let mut others = Vec::new();
    for job in std::mem::take(&mut gallery.jobs) {
        // Without a readable manifest the jobs are those of all projects, and two may have one name.
        if planned.is_empty() || recorded.contains_key(job.key()) {
            others.push(job);
        } else {
            recorded.insert(job.key().clone(), job);
        }
    }
    for Planned { wanted, bucket, price } in planned {
        let job = recorded.remove(&wanted.key);
        if bucket == Bucket::ToRender || job.as_ref().is_none_or(|job| job.record.takes.is_empty()) {
            orders.insert(wanted.key.clone(), Order { model: wanted.request.model.clone(), price });
        }
        gallery.jobs.push(job.unwrap_or_else(|| never_ordered(gallery.project.as_deref(), wanted, bucket)));
    }
    // Jobs that the manifest no longer names stay until the next run.
    others.extend(recorded.into_values());
    others.sort_by(|a, b| (&a.record.project, a.key()).cmp(&(&b.record.project, b.key())));
    gallery.jobs.extend(others);
    orders
}

/// Returns the list entry of a planned job that no run has recorded yet.
fn never_ordered(project: Option<&str>, wanted: Wanted, bucket: Bucket) -> GalleryJob {
    let record = JobRecord {
        project: project.unwrap_or_default().to_owned(),
        key: wanted.key,
        title: wanted.title,
        tags: wanted.tags,
        wanted: true,
        fingerprint: wanted.fingerprint,
        path: wanted.path,
        filed: None,
        takes: Vec::new(),
        review: None,
        is_redo_queued: false,
    };
    GalleryJob { record, bucket, standing: ReviewState::Undecided, open_redo: None }
}

/// Returns the command that a person may type after reading the list of jobs.
fn next(project: &Project, gallery: &Gallery) -> String {
    let places = &project.places;
    match &gallery.jobs[..] {
        [job] if !job.record.takes.is_empty() => {
            places.typed(&format!("show {}", quoted(&job.key().to_string())))
        }
        [job] => places.typed(&format!("plan --only {}", quoted(&job.key().to_string()))),
        _ if gallery.buckets.count(Bucket::ToRender) > 0 => places.typed("plan"),
        _ if places.has_state() => places.typed("status"),
        _ => places.typed("plan"),
    }
}
