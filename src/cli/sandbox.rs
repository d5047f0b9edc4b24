//! The fake providers: `shotlist sandbox` serves them on their own, `--sandbox` in the process of another command.

use super::args::{ClipsKind, SandboxArgs};
use super::exit::{Error, Exit};
use super::settings::{Places, variable};
use super::setup::{Setup, registry};
use super::terminal::Terminal;
use crate::domain::key::TaskId;
use crate::domain::limits::{Limits as AccountLimits, Rate};
use crate::engine::clock::Clock;
use crate::engine::lane::Account;
use crate::manifest::{Located, ProviderConfig};
use crate::provider::cards::Cards;
use crate::sandbox::{self, Caption, Captions, Limits, Options, Rule, Sandbox};
use crate::store::Reader;
use crate::transport::{Endpoint, Settings};
use secrecy::SecretString;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use url::Url;

/// The key of the fake provider: it opens nothing else.
const SANDBOX_KEY: &str = "sandbox";

/// Serves until a signal ends it.
pub(super) async fn serve(terminal: &Terminal, args: &SandboxArgs) -> Result<Exit, Error> {
    let local = |error: std::io::Error| Error::new(Exit::Local, format!("the sandbox cannot start: {error}"));
    let clock = Clock::system();
    let mut options = Options::new(&args.dir, &args.key, Arc::new(move || clock.now()));
    options.port = args.port;
    options.clips = clips(args.clips);
    // Half as long to half as long again, so that tasks do not end all at once.
    options.task_time =
        args.task_time.div_f64(2.0)..=args.task_time.mul_f64(1.5).max(Duration::from_millis(1));
    options.answer_delay = args.answer_delay;
    options.close_idle = args.close_idle;
    options.faults = rules(args.faults.as_deref())?;
    if args.unlimited {
        options.limits = Limits::Unlimited;
    }
    let mut interrupt = signal(SignalKind::interrupt()).map_err(local)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(local)?;
    let sandbox = Sandbox::start(options).await.map_err(local)?;
    let mut addresses = Map::new();
    let mut lines = String::new();
    for name in registry().iter().map(|provider| provider.name()) {
        let url = sandbox.provider_url(name);
        let _ = write!(lines, "\n  {name}: {{ base_url: \"{url}\" }}");
        addresses.insert(name.to_owned(), url.into());
    }
    addresses.insert("admin".to_owned(), sandbox.base_url().into());
    terminal.data(Value::Object(addresses));
    terminal.say(format_args!(
        "the sandbox listens on {}; put this into a manifest to use it:\nproviders:{lines}",
        sandbox.addr()
    ));
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    sandbox.stop().await.map_err(local)?;
    Ok(Exit::Done)
}

/// Starts the fake provider in this process, with an account for each provider that has jobs or could have.
pub(super) async fn setup(
    places: &Places,
    configs: &BTreeMap<String, Located<ProviderConfig>>,
    cards: &Cards,
    settings: Settings,
    faults: Option<&Path>,
) -> Result<Setup, Error> {
    let sandbox = in_process(places, faults).await?;
    let mut accounts = BTreeMap::new();
    for provider in cards.providers().iter() {
        let limits = configs.get(provider.name()).map(|config| config.value.limits).unwrap_or_default();
        let endpoint = Endpoint {
            base_url: address(&sandbox.provider_url(provider.name()))?,
            key: Some(SecretString::from(SANDBOX_KEY)),
        };
        // The rehearsal keeps the number of tasks at once, and hurries otherwise.
        let limits = AccountLimits { concurrency: limits.concurrency, ..quick() };
        let account = Account::new(Arc::clone(provider), endpoint, limits, cards);
        accounts.insert(provider.name().to_owned(), Arc::new(account));
    }
    Ok(Setup { accounts, settings, sandbox: Some(sandbox) })
}

/// The pace of a rehearsal.
fn quick() -> AccountLimits {
    let per_second = |count| {
        Some(Rate { count: NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN), per: Duration::from_secs(1) })
    };
    AccountLimits {
        rate: per_second(100),
        polls: NonZeroU32::new(64),
        poll_rate: per_second(500),
        first_poll: Some(Duration::from_millis(300)),
        poll_every: Some(Duration::from_millis(200)),
        ..AccountLimits::default()
    }
}

async fn in_process(places: &Places, faults: Option<&Path>) -> Result<Sandbox, Error> {
    let clock = Clock::system();
    let now: sandbox::Clock = Arc::new(move || clock.now());
    let mut options = Options::new(places.state.join("far-end"), SANDBOX_KEY, now);
    options.faults = rules(faults)?;
    options.captions = Some(captions(&places.state));
    // Long enough to watch, short enough to rehearse a catalog.
    options.task_time = Duration::from_millis(500)..=Duration::from_millis(1500);
    if variable("SHOTLIST_SANDBOX_CLIPS").is_some_and(|kind| kind == "tiny") {
        options.clips = clips(ClipsKind::Tiny);
    }
    Sandbox::start(options).await.map_err(|error| {
        Error::new(Exit::Local, format!("the sandbox cannot start in {}: {error}", places.state.display()))
    })
}

/// Whose clip a task of ours makes, from the state of the project that it rehearses: no provider is told, but a
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
        let (key, title) = reader.get()?.whose(&task.provider, &TaskId(task.id.clone())).ok()??;
        Some(Caption { item: key.item, title, shot: key.shot })
    })
}

/// The sandbox's own word for it.
fn clips(kind: ClipsKind) -> sandbox::Clips {
    match kind {
        ClipsKind::Full => sandbox::Clips::Full,
        ClipsKind::Tiny => sandbox::Clips::Tiny,
    }
}

/// Fault rules from a JSON file: one rule or a list.
fn rules(file: Option<&Path>) -> Result<Vec<Rule>, Error> {
    let Some(file) = file else { return Ok(Vec::new()) };
    let wrong = |what: String| Error::new(Exit::Usage, format!("{}: {what}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let rules: Vec<Rule> = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    for rule in &rules {
        rule.check(&sandbox::providers()).map_err(&wrong)?;
    }
    Ok(rules)
}

fn address(text: &str) -> Result<Url, Error> {
    Url::parse(text)
        .map_err(|error| Error::new(Exit::Unexpected, format!("the sandbox's address is none: {error}")))
}
