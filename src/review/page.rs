//! Returns the report page of a review, the data of the page, and the jobs that changed since the page was read.

use super::Shared;
use super::failed::failed;
use super::shown::Shown;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::gallery::GalleryJob;
use crate::domain::key::{JobKey, TakeId};
use crate::report::html::contract::{Change, Document, Live};
use crate::report::html::data::{change, document};
use crate::report::html::page::{page, served_policy};
use crate::report::html::pictures::Pictures;
use axum::Json;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::{Html, IntoResponse as _, Response};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// Returns the HTTP answer with the report page.
pub(super) async fn html(shared: &Arc<Shared>) -> Response {
    let written = async {
        let document = written(shared).await?;
        // Writing thousands of jobs takes longer than other tabs should wait for a clip.
        let page = spawn_blocking(move || page(&document)).await.map_err(Error::local)?;
        page.map_err(|error| Error::new(Exit::Unexpected, format!("the page cannot be written: {error}")))
    };
    match written.await {
        Ok(page) => ([(CONTENT_SECURITY_POLICY, served_policy())], Html(page)).into_response(),
        Err(error) => failed(&error),
    }
}

/// Returns the HTTP answer with the data of the report page as JSON.
pub(super) async fn data(shared: &Arc<Shared>) -> Response {
    match written(shared).await {
        Ok(document) => Json(document).into_response(),
        Err(error) => failed(&error),
    }
}

async fn written(shared: &Arc<Shared>) -> Result<Document, Error> {
    let shown = shared.source.now().await?;
    let live = Live { read_only: shared.read_only, since: shown.serial };
    let places = shared.project.places().clone();
    let describe = move || document(&shown.gallery, &places, Some(live), String::new(), Pictures::default());
    spawn_blocking(describe).await.map_err(Error::local)
}

/// Returns the data of the jobs with these keys, as they are in a snapshot.
pub(super) fn jobs<'a>(shown: &Shown, keys: impl Iterator<Item = &'a JobKey>) -> Change {
    let keys: HashSet<&JobKey> = keys.collect();
    change(&shown.gallery, |key| keys.contains(key))
}

/// Returns the jobs that differ between two snapshots; `None` if no job and no amount differs.
///
/// Without an earlier snapshot, all jobs are returned.
pub(super) fn since(before: Option<&Shown>, now: &Shown) -> Option<Change> {
    let Some(before) = before else { return Some(change(&now.gallery, |_| true)) };
    let known: HashMap<&JobKey, &GalleryJob> =
        before.gallery.jobs.iter().map(|job| (job.key(), job)).collect();
    let is_same = |job: &GalleryJob| {
        known.get(job.key()).is_some_and(|known| {
            (&known.record, known.bucket, known.standing) == (&job.record, job.bucket, job.standing)
        })
    };
    let changed: Vec<&GalleryJob> = now.gallery.jobs.iter().filter(|job| !is_same(job)).collect();
    let (old, new) = (&before.gallery, &now.gallery);
    if changed.is_empty() && (old.today, old.month) == (new.today, new.month) {
        return None;
    }
    let keys: HashSet<&JobKey> = changed.iter().map(|job| job.key()).collect();
    // A job that shares the clip of another one shows that one's rendering.
    let takes: HashSet<&TakeId> =
        changed.iter().flat_map(|job| &job.record.takes).map(|record| &record.take.id).collect();
    let shares =
        |job: &&GalleryJob| job.record.filed.as_ref().is_some_and(|filed| takes.contains(&filed.take));
    let sharing: HashSet<&JobKey> = new.jobs.iter().filter(shares).map(GalleryJob::key).collect();
    Some(change(new, |key| keys.contains(key) || sharing.contains(key)))
}
