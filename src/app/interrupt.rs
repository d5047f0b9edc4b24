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

    /// Forgets the requests, which were for the run that has ended.
    pub(crate) fn end(&self) {
        self.0.send_modify(|asked| *asked = Asked::default());
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

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

    #[test]
    fn a_request_before_a_run_counts_for_it_and_not_for_the_next_one() {
        let interrupt = Interrupt::default();
        interrupt.ask(StopReason::Interrupted);
        interrupt.begin();
        assert_eq!(interrupt.asked(1).now_or_never(), Some(StopReason::Interrupted));
        assert_eq!(interrupt.asked(2).now_or_never(), None);
        interrupt.clone().ask(StopReason::Terminated);
        assert_eq!(interrupt.asked(2).now_or_never(), Some(StopReason::Terminated));
        interrupt.end();
        interrupt.begin();
        assert_eq!(interrupt.asked(1).now_or_never(), None);
    }
}
