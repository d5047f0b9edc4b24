//! Serves the fake providers for `shotlist sandbox`.

use super::args::{ClipsKind, SandboxArgs};
use super::context::fault_rules;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::engine::clock::Clock;
use crate::provider::Registry;
use crate::report::terminal::Terminal;
use crate::sandbox::{ClipDetail, Limits, Options, Sandbox};
use serde_json::{Map, Value};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Serves the fake providers until a signal arrives.
pub(super) async fn serve(terminal: &Terminal, args: &SandboxArgs) -> Result<Exit, Error> {
    let local = |error: std::io::Error| Error::new(Exit::Local, format!("the sandbox cannot start: {error}"));
    let clock = Clock::system();
    let mut options = Options::new(&args.dir, &args.key, Arc::new(move || clock.now()));
    options.port = args.port;
    options.clips = match args.clips {
        ClipsKind::Full => ClipDetail::Full,
        ClipsKind::Tiny => ClipDetail::Tiny,
    };
    // Task times vary from half to one and a half of the set time, so that tasks do not end together.
    options.task_time =
        args.task_time.div_f64(2.0)..=args.task_time.mul_f64(1.5).max(Duration::from_millis(1));
    options.answer_delay = args.answer_delay;
    options.close_idle = args.close_idle;
    options.faults = args.faults.as_deref().map(fault_rules).transpose()?.unwrap_or_default();
    if args.unlimited {
        options.limits = Limits::Unlimited;
    }
    let mut interrupt = signal(SignalKind::interrupt()).map_err(local)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(local)?;
    let sandbox = Sandbox::start(options).await.map_err(local)?;
    let mut addresses = Map::new();
    let mut lines = String::new();
    for provider in Registry::built_in().iter() {
        let name = provider.name();
        let url = sandbox.provider_url(name);
        let _ = write!(lines, "\n  {name}: {{ base_url: \"{url}\" }}");
        addresses.insert(name.to_owned(), url.into());
    }
    addresses.insert("admin".to_owned(), sandbox.base_url().into());
    addresses.insert("schema".to_owned(), "shotlist.sandbox/1".into());
    terminal.data(Value::Object(addresses));
    terminal.say(format_args!(
        "the sandbox listens on {}; to use it, put these lines into a manifest:\nproviders:{lines}",
        sandbox.addr()
    ));
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    sandbox.stop().await.map_err(local)?;
    Ok(Exit::Done)
}
