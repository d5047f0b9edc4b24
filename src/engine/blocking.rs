//! Work that blocks a thread, such as files and their hashes.

use super::world::Failure;

/// Does work that blocks, on a thread that may.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Failure::Local(format!("a worker died: {error}")))
}
