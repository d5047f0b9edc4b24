//! Notices changes of the database once for all open browser tabs, and sends the changed jobs to each tab.

use super::Shared;
use super::page::since;
use super::shown::Shown;
use crate::store::Reader;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::stream::unfold;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, sleep};

/// Pause between two checks of the database for changes.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Minimum time between two announced changes, because a run writes several times a second.
const AT_MOST_EVERY: Duration = Duration::from_millis(750);

/// Pause between two keep-alive messages on a stream of changes.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// Maximum number of open streams of changes; each browser tab has one. The other connections remain free for clips.
pub(super) const STREAMS: usize = 32;

/// Counts the changes of the database in a state folder, until the future is dropped.
///
/// Each check reads one number from SQLite and no jobs, regardless of the number of tabs. The first check counts as a
/// change, because something may have been written since the jobs were read.
pub(super) async fn watch_state(state: &Path, changes: &watch::Sender<u64>) {
    let (mut open, mut announced): (Option<(Reader, Seen)>, _) = (None, Instant::now());
    loop {
        let identity = identity(state);
        let found = match &mut open {
            // `recover` replaces the open database with another one.
            Some((reader, seen)) if Some(seen.identity) == identity => match reader.data_version().await {
                Ok(version) if version == seen.version => false,
                Ok(version) => {
                    seen.version = version;
                    true
                }
                Err(error) => {
                    tracing::warn!(%error, "the database cannot be read; it is opened again");
                    open = None;
                    false
                }
            },
            _ => {
                open = reopened(state, identity).await;
                open.is_some()
            }
        };
        if found {
            sleep(AT_MOST_EVERY.saturating_sub(announced.elapsed())).await;
            announced = Instant::now();
            changes.send_modify(|changes| *changes += 1);
        }
        sleep(LOOK_EVERY).await;
    }
}

/// The last seen file and version of a database.
struct Seen {
    identity: (u64, u64),
    version: i64,
}

/// Returns the device and the inode number of the database file; `None` if there is no such file.
fn identity(state: &Path) -> Option<(u64, u64)> {
    let metadata = std::fs::metadata(state.join("state.db")).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

async fn reopened(state: &Path, identity: Option<(u64, u64)>) -> Option<(Reader, Seen)> {
    // There may be no database while it is being replaced.
    let reader = Reader::open(state).ok()??;
    let version = reader.data_version().await.ok()?;
    Some((reader, Seen { identity: identity?, version }))
}

/// Returns the stream of changes for one tab. `since` is the number of the snapshot of the jobs that the tab shows.
///
/// A slow tab gets fewer and larger changes: for each tab, only the snapshot that it showed last is kept.
pub(super) fn stream(shared: &Arc<Shared>, since: Option<u64>) -> Response {
    let Ok(seat) = Arc::clone(&shared.streams).try_acquire_owned() else {
        let words = "too many tabs are open: close one, and load the page again";
        return (StatusCode::SERVICE_UNAVAILABLE, words).into_response();
    };
    let mut changes = shared.changes.clone();
    // Changes since that snapshot are sent immediately, and later changes as they happen.
    changes.mark_changed();
    let tab = Tab { shared: Arc::clone(shared), changes, since, seen: None, _seat: seat };
    let events = unfold(tab, |mut tab| async move { tab.next().await.map(|event| (event, tab)) });
    Sse::new(events).keep_alive(KeepAlive::new().interval(SIGN_OF_LIFE)).into_response()
}

/// A browser tab that receives changes of the jobs.
struct Tab {
    shared: Arc<Shared>,
    changes: watch::Receiver<u64>,
    /// Number of the snapshot of the jobs that the tab showed when it connected. `None` if the tab named no snapshot,
    /// or if [`Tab::next`] has already searched for the snapshot of this number.
    since: Option<u64>,
    /// The snapshot that the tab received last; `None` if it received none.
    seen: Option<Arc<Shown>>,
    _seat: OwnedSemaphorePermit,
}

impl Tab {
    /// Waits for a change that the tab has not received; returns `None` when the review ends.
    async fn next(&mut self) -> Option<Result<Event, axum::Error>> {
        loop {
            tokio::select! {
                changed = self.changes.changed() => changed.ok()?,
                () = self.shared.stop.cancelled() => return None,
            }
            if let Some(since) = self.since.take() {
                self.seen = self.shared.source.look(since).await;
            }
            let shown = match self.shared.source.shown().await {
                Ok(shown) => shown,
                Err(error) => {
                    tracing::warn!(%error, "the jobs cannot be read");
                    continue;
                }
            };
            let change = since(self.seen.as_deref(), &shown);
            let serial = shown.serial;
            self.seen = Some(shown);
            if let Some(change) = change {
                return Some(Event::default().event("change").id(serial.to_string()).json_data(change));
            }
        }
    }
}
