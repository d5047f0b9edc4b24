//! Runs work that blocks a thread, such as reading and hashing files.

use super::world::Failure;

/// Runs blocking work outside the threads for async tasks. An error means that the work panicked or was cancelled.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Failure::Local(format!("a worker thread failed: {error}")))
}
