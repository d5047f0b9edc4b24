//! Does work on the disk in groups: what arrives while one group is under way makes up the next one.
//!
//! Files that are synced together share the writes of the file system's journal, and a folder is opened and synced once
//! for all of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most pieces of work in a group, each of which may hold two files open.
const LARGEST: usize = 32;

/// Work of one kind that waits for its group. Cheap to clone.
pub(super) struct Groups<J> {
    queue: Arc<Mutex<Queue<J>>>,
}

struct Queue<J> {
    waiting: Vec<J>,
    /// Whether a thread is at work on a group, and looks for the next one afterwards.
    is_busy: bool,
}

impl<J> Clone for Groups<J> {
    fn clone(&self) -> Self {
        Self { queue: Arc::clone(&self.queue) }
    }
}

impl<J> Default for Groups<J> {
    fn default() -> Self {
        Self { queue: Arc::new(Mutex::new(Queue { waiting: Vec::new(), is_busy: false })) }
    }
}

impl<J> std::fmt::Debug for Groups<J> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Groups")
    }
}

impl<J: Send + 'static> Groups<J> {
    /// Hands work over to the next group. `run` works on a thread that may block.
    ///
    /// Work whose group panics is dropped.
    pub(super) fn hand_over(&self, job: J, run: impl Fn(Vec<J>) + Send + 'static) {
        let mut queue = lock(&self.queue);
        queue.waiting.push(job);
        if !std::mem::replace(&mut queue.is_busy, true) {
            let worker = Worker { queue: Arc::clone(&self.queue), is_over: false };
            drop(tokio::task::spawn_blocking(move || worker.work(run)));
        }
    }
}

fn lock<J>(queue: &Mutex<Queue<J>>) -> MutexGuard<'_, Queue<J>> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The thread that works on the groups of a queue.
struct Worker<J> {
    queue: Arc<Mutex<Queue<J>>>,
    /// True once the queue is the next thread's, which may be at work already.
    is_over: bool,
}

impl<J> Worker<J> {
    fn work(mut self, run: impl Fn(Vec<J>)) {
        while let Some(group) = self.next() {
            run(group);
        }
    }

    /// Takes the next group. Where nothing waits, the work is over, and from then on the queue is the next thread's.
    fn next(&mut self) -> Option<Vec<J>> {
        let mut queue = lock(&self.queue);
        let size = queue.waiting.len().min(LARGEST);
        queue.is_busy = size > 0;
        self.is_over = size == 0;
        (size > 0).then(|| queue.waiting.drain(..size).collect())
    }
}

impl<J> Drop for Worker<J> {
    /// Lets the next piece of work start another thread, also when this one died or never began.
    fn drop(&mut self) {
        if !self.is_over {
            *lock(&self.queue) = Queue { waiting: Vec::new(), is_busy: false };
        }
    }
}

#[cfg(test)]
mod tests;
