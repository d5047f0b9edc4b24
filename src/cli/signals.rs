//! Handles Ctrl-C, SIGTERM and SIGHUP: the first signal stops a run cleanly, the second faster, the third immediately.

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

    /// Waits for the next signal, and returns it as the reason to stop.
    pub(super) async fn next(&mut self) -> StopReason {
        tokio::select! {
            _ = self.interrupt.recv() => StopReason::Interrupted,
            _ = self.terminate.recv() => StopReason::Terminated,
            _ = self.hang_up.recv() => StopReason::HungUp,
        }
    }
}

/// Makes a write beyond the size limit of files (`ulimit -f`) fail with an error instead of ending the program.
///
/// By default, the signal SIGXFSZ would end the program, and it would be unknown whether unanswered requests were
/// charged. A listener for the signal replaces this default for good, even after the listener is dropped.
pub(super) fn outlive_file_limit() {
    let listener = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()));
    // Without a listener the limit ends the program like a kill, and the next run continues the work.
    drop(listener);
}

/// Passes signals to a run as soon as the run begins. The returned future never completes.
#[expect(clippy::exit, reason = "a third signal asks for the hardest end")]
pub(super) async fn watch(interrupt: Interrupt, terminal: &Terminal) -> Infallible {
    interrupt.in_use().await;
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => {
            // Paid work continues. A signal then ends the program like a kill, and the next run continues the work.
            terminal.say(format_args!("warning: signals will end this run without a clean stop: {error}"));
            return std::future::pending().await;
        }
    };
    interrupt.ask(signals.next().await);
    interrupt.ask(signals.next().await);
    let third = signals.next().await;
    terminal.still();
    // This is as abrupt as a kill: durable records remain, and open requests are in doubt afterwards.
    std::process::exit(match third {
        StopReason::Terminated => 143,
        StopReason::HungUp => 129,
        _ => 130,
    });
}
