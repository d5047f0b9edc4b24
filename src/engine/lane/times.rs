//! Keeps the rendering times of a provider's tasks: loaded at the start of a run, learned from polls, saved rarely.

use super::{Account, lock};
use crate::domain::durations::{Durations, FEW, RenderKind};
use crate::domain::request::Request;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

/// The rendering times of one kind of request (model, length and size of the clip), shared by all takes of that kind.
#[derive(Debug, Default)]
pub struct Times {
    learned: Mutex<Learned>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Learned {
    /// The rendering times; `None` until a task has finished.
    durations: Option<Arc<Durations>>,
    /// The number of finished tasks when the rendering times were last saved.
    saved: u64,
}

impl Times {
    /// Returns the rendering times of the finished tasks; `None` before the first one has finished.
    #[must_use]
    pub fn durations(&self) -> Option<Arc<Durations>> {
        lock(&self.learned).durations.clone()
    }

    /// Records the rendering time of a task: it was still running at the age `running`, and had finished at the age
    /// `finished`.
    ///
    /// While few tasks have finished, also wakes the polls that wait, because each new time may make them due earlier.
    pub(in crate::engine) fn note(&self, running: Duration, finished: Duration) {
        let mut learned = lock(&self.learned);
        let durations = Arc::make_mut(learned.durations.get_or_insert_default());
        durations.note(running, finished);
        let is_news = durations.finished() <= FEW;
        drop(learned);
        if is_news {
            self.news.notify_waiters();
        }
    }

    /// Waits until another task of this kind has finished. Never returns once [`FEW`] tasks have finished.
    pub(in crate::engine) async fn news(&self) {
        self.news.notified().await;
    }
}

/// The rendering times of one provider, by kind of request (model, length and size of the clip).
#[derive(Debug, Default)]
pub(super) struct Kinds(Mutex<BTreeMap<RenderKind, Arc<Times>>>);

impl Account {
    /// Returns the rendering times of the request's kind (model, length and size of the clip), empty for a new kind.
    #[must_use]
    pub fn times(&self, request: &Request) -> Arc<Times> {
        Arc::clone(lock(&self.kinds.0).entry(RenderKind::of(request)).or_default())
    }

    /// Returns the rendering times of one kind of request (model, length and size of the clip); `None` before a task of
    /// that kind has finished.
    pub(in crate::engine) fn durations(&self, kind: &RenderKind) -> Option<Arc<Durations>> {
        let times = lock(&self.kinds.0).get(kind).cloned();
        times.and_then(|times| times.durations())
    }

    /// Sets the rendering times that earlier runs have learned for one kind of request (model, length and size of the
    /// clip).
    pub fn load(&self, kind: RenderKind, durations: Durations) {
        let saved = durations.finished();
        let learned = Mutex::new(Learned { durations: (saved > 0).then(|| Arc::new(durations)), saved });
        lock(&self.kinds.0).insert(kind, Arc::new(Times { learned, news: Notify::new() }));
    }

    /// Returns the rendering times that have changed since this function was last called, by kind of request (model,
    /// length and size of the clip).
    pub(in crate::engine) fn unsaved(&self) -> Vec<(RenderKind, Arc<Durations>)> {
        let kinds = lock(&self.kinds.0);
        let unsaved = kinds.iter().filter_map(|(kind, times)| {
            let mut learned = lock(&times.learned);
            let durations = learned.durations.clone()?;
            let is_new = durations.finished() != std::mem::replace(&mut learned.saved, durations.finished());
            is_new.then(|| (kind.clone(), durations))
        });
        unsaved.collect()
    }
}
