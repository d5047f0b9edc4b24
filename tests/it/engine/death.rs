//! Processes that die: from that moment on nothing of them reaches the disk or the provider.

use super::test_server::TestServer;
use shotlist::store::Rehearsal;
use std::cell::RefCell;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// The lines of the engine at which a crash is worst.
pub(crate) const LINES: [&str; 6] = [
    "submit.before_intent",
    "submit.after_intent",
    "submit.after_response",
    "submit.after_commit",
    "place.before_rename",
    "place.after_rename",
];

/// When a process dies.
#[derive(Debug, Clone, Copy)]
pub(crate) enum When {
    Never,
    /// At a line of the engine, the so many-th time.
    Line(&'static str, usize),
    /// Before the so many-th step that makes something durable.
    Step(usize),
    /// After so long.
    Time(Duration),
}

/// The death of one process.
pub(crate) struct Death {
    when: When,
    server: Arc<TestServer>,
    /// True while the engine is at work: no process dies before.
    armed: AtomicBool,
    passed: AtomicUsize,
    dead: AtomicBool,
    bell: Notify,
}

thread_local! {
    /// State of the process that this thread stands for.
    static DEATH: RefCell<Option<Arc<Death>>> = const { RefCell::new(None) };
}

impl Death {
    /// The death of the next process that this thread plays.
    pub(crate) fn at(when: When, server: &Arc<TestServer>) -> Arc<Self> {
        let (armed, passed, dead, bell) = Default::default();
        let death = Arc::new(Self { when, server: Arc::clone(server), armed, passed, dead, bell });
        server.gone(false);
        DEATH.set(Some(Arc::clone(&death)));
        death
    }

    /// From now on the process may die.
    pub(crate) fn arm(&self) {
        self.armed.store(true, Ordering::Relaxed);
    }

    /// Comes when the process has died.
    pub(crate) async fn came(&self) {
        if let When::Time(time) = self.when {
            tokio::select! {
                () = self.bell.notified() => {}
                () = tokio::time::sleep(time) => self.die(),
            }
        } else {
            self.bell.notified().await;
        }
    }

    /// A disk that takes nothing from the dead.
    pub(crate) fn rehearsal(self: &Arc<Self>) -> Rehearsal {
        let death = Arc::clone(self);
        Arc::new(move |_| {
            if let When::Step(last) = death.when {
                death.pass(last);
            }
            if death.dead.load(Ordering::Relaxed) {
                Err(io::Error::other("the process is dead"))
            } else {
                Ok(())
            }
        })
    }

    fn pass(&self, last: usize) {
        if self.armed.load(Ordering::Relaxed) && self.passed.fetch_add(1, Ordering::Relaxed) + 1 == last {
            self.die();
        }
    }

    fn die(&self) {
        self.dead.store(true, Ordering::Relaxed);
        self.server.gone(true);
        self.bell.notify_one();
    }
}

/// Called by the engine at its lines.
pub(crate) fn reach(line: &'static str) {
    DEATH.with_borrow(|death| {
        if let Some(death) = death
            && let When::Line(deadly, last) = death.when
            && deadly == line
        {
            death.pass(last);
        }
    });
}
