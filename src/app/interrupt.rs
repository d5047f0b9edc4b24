//! The handle with which a caller asks a run to end early.

use crate::engine::stop::StopReason;
use std::sync::Arc;
use tokio::sync::watch;

/// A handle that asks a run to end early.
///
/// After the first request the run still waits for the answers to paid requests; a second request shortens that wait.
/// All clones of a handle share the requests.
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
    /// Asks the run to end; a second call asks it to end even sooner.
    pub fn ask(&self, reason: StopReason) {
        self.0.send_modify(|asked| {
            asked.times += 1;
            asked.reason = Some(reason);
        });
    }

    /// Waits until a run has begun that this handle can end.
    ///
    /// Before that, a signal should end the process in the usual way.
    pub async fn in_use(&self) {
        self.until(|asked| asked.in_use.then_some(())).await;
    }

    /// Records that a run has begun to react to requests to end early.
    pub(crate) fn begin(&self) {
        self.0.send_modify(|asked| asked.in_use = true);
    }

    /// Forgets all requests to end the run, because the run has ended.
    pub(crate) fn end(&self) {
        self.0.send_modify(|asked| *asked = Asked::default());
    }

    /// Waits until [`Self::ask`] was called at least this many times, and returns the reason of the newest call.
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

#[cfg(test)]
mod tests;
