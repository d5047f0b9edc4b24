//! Runs the sandbox inside this process, in place of the providers' servers, for the rehearsal of a project.

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

/// The API key that only the sandbox accepts.
const KEY: &str = "sandbox";

/// A sandbox that starts inside this process when a rehearsal of a project starts.
pub struct InProcess(Box<dyn Fn(&mut Options) + Send + Sync>);

impl Default for InProcess {
    fn default() -> Self {
        Self::with(|_| {})
    }
}

impl InProcess {
    /// Returns a sandbox whose options the function `change` adapts, for instance to add a provider or faults.
    pub fn with(change: impl Fn(&mut Options) + Send + Sync + 'static) -> Self {
        Self(Box::new(change))
    }
}

impl Rehearsal for InProcess {
    fn start<'a>(&'a self, places: &'a Places) -> BoxFuture<'a, Result<Box<dyn Stage>, Error>> {
        let clock = Clock::system();
        let mut options = Options::new(places.state.join("far-end"), KEY, Arc::new(move || clock.now()));
        options.captions = Some(captions(&places.state));
        // The time is long enough to watch, and short enough to rehearse a catalog.
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
        // Its charges are on disk already, so an unclean end does no harm.
        async move { drop(Sandbox::stop(*self).await) }.boxed()
    }
}

/// A sandbox that the caller has started, and that keeps running after the rehearsal ends.
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

/// Returns a function that finds the caption of a clip (its item and shot) in the records in the state folder.
///
/// Providers do not know item and shot, but these say more about the clip of a rehearsal than the number of a task.
fn captions(state: &Path) -> Captions {
    let (state, reader) = (state.to_owned(), OnceLock::new());
    Arc::new(move |task| {
        if reader.get().is_none() {
            // The state is opened late, because it may not exist when the sandbox starts.
            let opened = Reader::open(&state).ok()??;
            // If another thread was faster, its reader is equally good.
            let _ = reader.set(opened);
        }
        let (key, title) = reader.get()?.whose(&task.provider, &TaskId((&task.id).into())).ok()??;
        Some(Caption { item: key.item.into_raw(), title, shot: key.shot })
    })
}

/// Reads fault rules for the sandbox from a JSON file that contains a list of rules.
pub fn rules(file: &Path) -> Result<Vec<Rule>, Error> {
    let wrong = |what: String| Error::new(Exit::Usage, format!("{}: {what}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let rules: Vec<Rule> = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let providers = sandbox::providers();
    let names: Vec<&str> = providers.iter().map(Provider::name).collect();
    rules.iter().try_for_each(|rule| rule.check(&names)).map_err(wrong)?;
    Ok(rules)
}
