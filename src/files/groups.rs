//! Collects disk work into groups: work that arrives while one group runs forms the next group.
//!
//! Files that are synced together share the writes of the file system's journal, and a folder is opened and synced once
//! for all its files in the group.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The largest number of pieces of work in a group. It is limited because each piece may keep two files open.
const LARGEST: usize = 32;

/// A queue of work of one kind. One thread at a time processes it, group by group. Clones share the queue.
pub(super) struct Groups<J> {
    queue: Arc<Mutex<Queue<J>>>,
}

struct Queue<J> {
    waiting: Vec<J>,
    /// True while a thread processes a group of work from this queue. The same thread then processes the next group.
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
    /// Adds a piece of work to the next group. `run` processes a whole group on a thread that may block.
    ///
    /// If `run` panics, the work of its group and all waiting work are dropped.
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

/// The thread that processes the groups of a queue.
struct Worker<J> {
    queue: Arc<Mutex<Queue<J>>>,
    /// True once this thread has found the queue empty. Another thread may process later work.
    is_over: bool,
}

impl<J> Worker<J> {
    fn work(mut self, run: impl Fn(Vec<J>)) {
        while let Some(group) = self.next() {
            run(group);
        }
    }

    /// Takes the next group of work from the queue. Returns `None` if the queue is empty; this thread must then end.
    fn next(&mut self) -> Option<Vec<J>> {
        let mut queue = lock(&self.queue);
        let size = queue.waiting.len().min(LARGEST);
        queue.is_busy = size > 0;
        self.is_over = size == 0;
        (size > 0).then(|| queue.waiting.drain(..size).collect())
    }
}

impl<J> Drop for Worker<J> {
    /// Empties the queue if this thread panicked or never started, so that later work starts another thread.
    fn drop(&mut self) {
        if !self.is_over {
            *lock(&self.queue) = Queue { waiting: Vec::new(), is_busy: false };
        }
    }
}

#[cfg(test)]
mod tests;
