//! Runs work that blocks a thread, such as reading and hashing files. Also locks mutexes that several threads share.

use super::world::Failure;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Runs blocking work outside the threads for async tasks. An error means that the work panicked or was cancelled.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Failure::Local(format!("a worker thread failed: {error}")))
}

/// Locks a mutex, even if a thread panicked while it held the lock. The values behind these mutexes stay correct in
/// that case.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
