//! Ctrl-C, SIGTERM and SIGHUP: first a clean stop, then a short one, then none.

use crate::app::interrupt::Interrupt;
use crate::engine::stop::StopReason;
use crate::report::terminal::Terminal;
use std::convert::Infallible;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that end a command.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Starts to listen for the signals.
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next signal.
    pub(super) async fn next(&mut self) -> StopReason {
        tokio::select! {
            _ = self.interrupt.recv() => StopReason::Interrupted,
            _ = self.terminate.recv() => StopReason::Terminated,
            _ = self.hang_up.recv() => StopReason::HungUp,
        }
    }
}

/// Passes signals to a run as soon as it begins; never returns.
#[expect(clippy::exit, reason = "a third signal asks for the hardest end")]
pub(super) async fn watch(interrupt: Interrupt, terminal: &Terminal) -> Infallible {
    interrupt.in_use().await;
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => {
            // Paid work goes on. A signal then ends the program as a kill does, after which a run continues.
            terminal.say(format_args!("warning: signals end this run without a clean stop: {error}"));
            return std::future::pending().await;
        }
    };
    interrupt.ask(signals.next().await);
    interrupt.ask(signals.next().await);
    let third = signals.next().await;
    terminal.still();
    // As hard as a kill, on request: what is durable stays, what is on the wire is found in doubt.
    std::process::exit(match third {
        StopReason::Terminated => 143,
        StopReason::HungUp => 129,
        _ => 130,
    });
}
