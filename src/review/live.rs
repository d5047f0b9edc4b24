//! Changes of the state, seen once for all who look at the page.

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

/// Pause between two looks at the database.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Shortest time between two changes that are announced: a run writes several times a second.
const AT_MOST_EVERY: Duration = Duration::from_millis(750);

/// Pause between two signs of life on a stream of changes.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// Most streams of changes at once; each tab has one. The other connections are for clips.
pub(super) const STREAMS: usize = 32;

/// Counts the changes of a state for ever.
///
/// It asks SQLite for one number, whoever looks at the page, and reads no job. The first look counts as a change, for
/// something may have been written since the jobs were read.
pub(super) async fn watch_state(state: &Path, changes: &watch::Sender<u64>) {
    let (mut open, mut announced): (Option<(Reader, Seen)>, _) = (None, Instant::now());
    loop {
        let identity = identity(state);
        let found = match &mut open {
            // `recover` puts another database in the place of the one that is open.
            Some((reader, seen)) if Some(seen.identity) == identity => match reader.data_version().await {
                Ok(version) if version == seen.version => false,
                Ok(version) => {
                    seen.version = version;
                    true
                }
                Err(error) => {
                    tracing::warn!(%error, "the state cannot be read; it is opened again");
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

/// The last known state of a database.
struct Seen {
    identity: (u64, u64),
    version: i64,
}

/// Returns the device and the number of the database's file.
fn identity(state: &Path) -> Option<(u64, u64)> {
    let metadata = std::fs::metadata(state.join("state.db")).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

async fn reopened(state: &Path, identity: Option<(u64, u64)>) -> Option<(Reader, Seen)> {
    // While the database is being replaced there may be none for a while.
    let reader = Reader::open(state).ok()??;
    let version = reader.data_version().await.ok()?;
    Some((reader, Seen { identity: identity?, version }))
}

/// Returns the stream of changes for one tab, which has seen the look of this number.
///
/// A tab that reads slowly is sent fewer and larger changes: nothing waits for it but the look that it saw last.
pub(super) fn stream(shared: &Arc<Shared>, since: Option<u64>) -> Response {
    let Ok(seat) = Arc::clone(&shared.streams).try_acquire_owned() else {
        let words = "too many tabs are open: close one, and load the page again";
        return (StatusCode::SERVICE_UNAVAILABLE, words).into_response();
    };
    let mut changes = shared.changes.clone();
    // What is due is sent at once; after that, what changes.
    changes.mark_changed();
    let tab = Tab { shared: Arc::clone(shared), changes, since, seen: None, _seat: seat };
    let events = unfold(tab, |mut tab| async move { tab.next().await.map(|event| (event, tab)) });
    Sse::new(events).keep_alive(KeepAlive::new().interval(SIGN_OF_LIFE)).into_response()
}

/// A tab that is told of changes.
struct Tab {
    shared: Arc<Shared>,
    changes: watch::Receiver<u64>,
    /// Number of the look from which its page was written.
    since: Option<u64>,
    /// What it was told last.
    seen: Option<Arc<Shown>>,
    _seat: OwnedSemaphorePermit,
}

impl Tab {
    /// Waits for a change that the tab does not know; `None` once the review ends.
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
