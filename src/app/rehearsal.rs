//! The traits of the test servers that take the place of the providers in a rehearsal.

use super::error::Error;
use super::places::Places;
use futures::future::BoxFuture;

/// A source of test servers that imitate the providers.
pub trait Rehearsal: Send + Sync {
    /// Starts the test servers for a project.
    ///
    /// They keep their tasks below the project's state folder.
    fn start<'a>(&'a self, places: &'a Places) -> BoxFuture<'a, Result<Box<dyn Stage>, Error>>;
}

/// Test servers that are running and imitate the providers.
pub trait Stage: Send + Sync {
    /// Returns the web address of the test server that imitates this provider.
    fn address(&self, provider: &str) -> String;

    /// Returns the API key that the test servers accept.
    fn key(&self) -> String;

    /// Stops the test servers.
    fn stop(self: Box<Self>) -> BoxFuture<'static, ()>;
}
