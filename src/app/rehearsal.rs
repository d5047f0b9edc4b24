//! The servers that stand in for the providers in a rehearsal, as a use case needs them.

use super::error::Error;
use super::places::Places;
use futures::future::BoxFuture;

/// Starts servers that play the providers.
pub trait Rehearsal: Send + Sync {
    /// Starts them for a project. They keep their tasks below its state folder.
    fn start<'a>(&'a self, places: &'a Places) -> BoxFuture<'a, Result<Box<dyn Stage>, Error>>;
}

/// Servers that play the providers and are at work.
pub trait Stage: Send + Sync {
    /// Returns the address of the server that plays this provider.
    fn address(&self, provider: &str) -> String;

    /// Returns the key that the servers accept.
    fn key(&self) -> String;

    /// Ends them.
    fn stop(self: Box<Self>) -> BoxFuture<'static, ()>;
}
