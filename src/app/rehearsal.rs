//! The traits of the test servers that replace the providers in a rehearsal.

use super::error::Error;
use super::places::Places;
use futures::future::BoxFuture;

/// A factory of servers that imitate the providers.
pub trait Rehearsal: Send + Sync {
    /// Starts the servers for a project.
    ///
    /// They keep their tasks below its state folder.
    fn start<'a>(&'a self, places: &'a Places) -> BoxFuture<'a, Result<Box<dyn Stage>, Error>>;
}

/// Running servers that imitate the providers.
pub trait Stage: Send + Sync {
    /// Returns the address of the server that imitates this provider.
    fn address(&self, provider: &str) -> String;

    /// Returns the key that the servers accept.
    fn key(&self) -> String;

    /// Stops the servers.
    fn stop(self: Box<Self>) -> BoxFuture<'static, ()>;
}
