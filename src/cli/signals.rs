//! Ctrl-C, SIGTERM and SIGHUP: first a clean stop, then a short one, then none.

use super::terminal::Terminal;
use crate::domain::notice::Notice;
use crate::engine::stop::StopReason;
use crate::engine::world::World;
use crate::report::text::count;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How long answers to paid requests are awaited after the first signal …
const GRACE: Duration = Duration::from_mins(1);
/// … and after the second.
const SHORT_GRACE: Duration = Duration::from_secs(5);

/// The signals that end a run.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Listens from now on.
    pub(crate) fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> StopReason {
        tokio::select! {
            _ = self.interrupt.recv() => StopReason::Interrupted,
            _ = self.terminate.recv() => StopReason::Terminated,
            _ = self.hang_up.recv() => StopReason::HungUp,
        }
    }

    /// Runs for as long as the work does; cancels `leave` when the work has had its time.
    pub(crate) async fn watch(mut self, world: Arc<World>, leave: CancellationToken, terminal: &Terminal) {
        let reason = self.next().await;
        world.stop.everything(reason);
        world.tell(&Notice::Stopping { on_wire: world.requests_on_wire().0 });
        tokio::select! {
            _ = self.next() => {}
            () = tokio::time::sleep(GRACE) => {}
        }
        let (on_wire, price) = world.requests_on_wire();
        if on_wire > 0 {
            let (requests, are, their) = match on_wire {
                1 => (count(on_wire, "request"), "is", "its task id"),
                _ => (count(on_wire, "request"), "are", "their task ids"),
            };
            let sentence = format!(
                "leaving within 5 s: {requests} {are} waiting for an answer; leaving now may lose {their} ({price} in doubt)"
            );
            terminal.tell(&sentence, 9);
        }
        tokio::select! {
            third = self.next() => {
                terminal.still();
                // As hard as a kill, on request: what is durable stays, what is on the wire is found in doubt.
                std::process::exit(match third {
                    StopReason::Terminated => 143,
                    StopReason::HungUp => 129,
                    _ => 130,
                });
            }
            () = tokio::time::sleep(SHORT_GRACE) => {}
        }
        leave.cancel();
    }
}
