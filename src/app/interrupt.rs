//! The handle with which a caller asks a use case to end early.

use crate::engine::stop::StopReason;
use std::sync::Arc;
use tokio::sync::watch;

/// A handle that asks a run to end early.
///
/// After the first request the run waits for the answers to paid requests; the second cuts that wait short. Clones
/// share their requests.
#[derive(Debug, Clone)]
pub struct Interrupt(Arc<watch::Sender<Asked>>);

#[derive(Debug, Default)]
struct Asked {
    in_use: bool,
    times: usize,
    reason: Option<StopReason>,
}

impl Default for Interrupt {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Asked::default())))
    }
}

impl Interrupt {
    /// Asks the run to end, or, when called again, to end sooner.
    pub fn ask(&self, reason: StopReason) {
        self.0.send_modify(|asked| {
            asked.times += 1;
            asked.reason = Some(reason);
        });
    }

    /// Waits until a run listens to this handle.
    ///
    /// Before that, the default action of a signal is the right one.
    pub async fn in_use(&self) {
        self.until(|asked| asked.in_use.then_some(())).await;
    }

    /// Marks the handle as in use by a run.
    pub(crate) fn begin(&self) {
        self.0.send_modify(|asked| asked.in_use = true);
    }

    /// Waits until the end was requested at least this many times.
    pub(crate) async fn asked(&self, times: usize) -> StopReason {
        self.until(|asked| asked.reason.filter(|_| asked.times >= times)).await
    }

    async fn until<T>(&self, read: impl Fn(&Asked) -> Option<T>) -> T {
        let mut asked = self.0.subscribe();
        loop {
            if let Some(found) = read(&asked.borrow_and_update()) {
                return found;
            }
            if asked.changed().await.is_err() {
                // The sender lives as long as `self`, so the wait above does not fail.
                std::future::pending::<()>().await;
            }
        }
    }
}
