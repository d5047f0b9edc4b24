//! The sandbox as the servers of a rehearsal: the providers are played in this process.

use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::places::Places;
use crate::app::rehearsal::{Rehearsal, Stage};
use crate::domain::key::TaskId;
use crate::engine::clock::Clock;
use crate::sandbox::{self, Caption, Captions, Options, Provider, Rule, Sandbox};
use crate::store::Reader;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// The key of the sandbox: it opens nothing else.
const KEY: &str = "sandbox";

/// The sandbox, to be started in this process with a project.
pub struct InProcess(Box<dyn Fn(&mut Options) + Send + Sync>);

impl Default for InProcess {
    fn default() -> Self {
        Self::with(|_| {})
    }
}

impl InProcess {
    /// Returns a sandbox whose options are changed by a function, such as to add a provider or faults.
    pub fn with(change: impl Fn(&mut Options) + Send + Sync + 'static) -> Self {
        Self(Box::new(change))
    }
}

impl Rehearsal for InProcess {
    fn start<'a>(&'a self, places: &'a Places) -> BoxFuture<'a, Result<Box<dyn Stage>, Error>> {
        let clock = Clock::system();
        let mut options = Options::new(places.state.join("far-end"), KEY, Arc::new(move || clock.now()));
        options.captions = Some(captions(&places.state));
        // Long enough to watch, short enough to rehearse a catalog.
        options.task_time = Duration::from_millis(500)..=Duration::from_millis(1500);
        (self.0)(&mut options);
        async move {
            match Sandbox::start(options).await {
                Ok(sandbox) => Ok(Box::new(sandbox) as Box<dyn Stage>),
                Err(error) => {
                    let what = format!("the sandbox cannot start in {}: {error}", places.state.display());
                    Err(Error::new(Exit::Local, what))
                }
            }
        }
        .boxed()
    }
}

impl Stage for Sandbox {
    fn address(&self, provider: &str) -> String {
        self.provider_url(provider)
    }

    fn key(&self) -> String {
        Sandbox::key(self).to_owned()
    }

    fn stop(self: Box<Self>) -> BoxFuture<'static, ()> {
        // Whatever it charged is on disk already; that it ends untidily changes nothing.
        async move { drop(Sandbox::stop(*self).await) }.boxed()
    }
}

/// A sandbox that was started before, and goes on when the project is done.
impl Rehearsal for Arc<Sandbox> {
    fn start<'a>(&'a self, _: &'a Places) -> BoxFuture<'a, Result<Box<dyn Stage>, Error>> {
        let stage: Box<dyn Stage> = Box::new(Arc::clone(self));
        async move { Ok(stage) }.boxed()
    }
}

impl Stage for Arc<Sandbox> {
    fn address(&self, provider: &str) -> String {
        self.provider_url(provider)
    }

    fn key(&self) -> String {
        Sandbox::key(self).to_owned()
    }

    fn stop(self: Box<Self>) -> BoxFuture<'static, ()> {
        async {}.boxed()
    }
}

/// Returns the captions of clips, from the state of the project that is rehearsed: no provider is told, but a
/// rehearsal is looked at, and there a picture that names its product is worth more than a task's number.
fn captions(state: &Path) -> Captions {
    let (state, reader) = (state.to_owned(), OnceLock::new());
    Arc::new(move |task| {
        if reader.get().is_none() {
            // Opened late: the state may not be there yet when the sandbox starts.
            let opened = Reader::open(&state).ok()??;
            // Another thread was faster: its reader is as good.
            let _ = reader.set(opened);
        }
        let (key, title) = reader.get()?.whose(&task.provider, &TaskId((&task.id).into())).ok()??;
        Some(Caption { item: key.item.into_raw(), title, shot: key.shot })
    })
}

/// Reads fault rules from a JSON file: one rule or a list.
pub fn rules(file: &Path) -> Result<Vec<Rule>, Error> {
    let wrong = |what: String| Error::new(Exit::Usage, format!("{}: {what}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let rules: Vec<Rule> = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let providers = sandbox::providers();
    let names: Vec<&str> = providers.iter().map(Provider::name).collect();
    rules.iter().try_for_each(|rule| rule.check(&names)).map_err(wrong)?;
    Ok(rules)
}
