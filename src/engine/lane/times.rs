//! Durations of an account's renderings: loaded at the start of a run, learned from its polls, saved rarely.

use super::{Account, lock};
use crate::domain::durations::{Durations, FEW, RenderKind};
use crate::domain::request::Request;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

/// The durations of one kind of request, shared by all that render it.
#[derive(Debug, Default)]
pub struct Times {
    learned: Mutex<Learned>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Learned {
    /// `None` until a task has finished.
    durations: Option<Arc<Durations>>,
    /// Number of finished tasks when the durations were saved.
    saved: u64,
}

impl Times {
    /// Returns the durations of the tasks that finished; `None` before the first one.
    #[must_use]
    pub fn durations(&self) -> Option<Arc<Durations>> {
        lock(&self.learned).durations.clone()
    }

    /// Takes in a task that was running at one age and finished at another. Tasks that wait are told while each one
    /// says much about the others.
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

    /// Waits until one of the first tasks has finished.
    pub(in crate::engine) async fn news(&self) {
        self.news.notified().await;
    }
}

/// The kinds of requests of one account.
#[derive(Debug, Default)]
pub(super) struct Kinds(Mutex<BTreeMap<RenderKind, Arc<Times>>>);

impl Account {
    /// Returns the durations of requests like this one.
    #[must_use]
    pub fn times(&self, request: &Request) -> Arc<Times> {
        Arc::clone(lock(&self.kinds.0).entry(RenderKind::of(request)).or_default())
    }

    /// Returns the durations of one kind; `None` before a task of it has finished.
    pub(in crate::engine) fn durations(&self, kind: &RenderKind) -> Option<Arc<Durations>> {
        let times = lock(&self.kinds.0).get(kind).cloned();
        times.and_then(|times| times.durations())
    }

    /// Takes over what earlier runs have learned.
    pub fn load(&self, kind: RenderKind, durations: Durations) {
        let saved = durations.finished();
        let learned = Mutex::new(Learned { durations: (saved > 0).then(|| Arc::new(durations)), saved });
        lock(&self.kinds.0).insert(kind, Arc::new(Times { learned, news: Notify::new() }));
    }

    /// Returns what was learned since this was last asked.
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
