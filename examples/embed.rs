//! Plans and runs a manifest from Rust, and prints what happens.
//!
//!     cargo run --example embed -- manifests/storyboard.yaml
//!
//! It rehearses: the provider is the sandbox, in this process, with all state in a folder of its own. For the real thing,
//! give [`Account::new`] the provider's address and your key instead.

use shotlist::domain::key::{JobKey, ModelName};
use shotlist::domain::limits::Limits;
use shotlist::domain::money::Usd;
use shotlist::domain::notice::Notice;
use shotlist::engine;
use shotlist::engine::clock::Clock;
use shotlist::engine::lane::Account;
use shotlist::engine::order::{Ordered, order};
use shotlist::engine::world::{LOOK_EVERY, Parts, World};
use shotlist::files::Tree;
use shotlist::load::load;
use shotlist::plan::decide::Scope;
use shotlist::provider::Registry;
use shotlist::report::lines::line;
use shotlist::sandbox::{Options, Sandbox};
use shotlist::store::{Caps, Lock, Mode, Store, Worksheet};
use shotlist::transport::{Endpoint, FreeClient, PaidClient, Settings};
use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let manifest = std::env::args_os().nth(1).ok_or("name a manifest")?;
    let home = tempfile::tempdir()?;
    rehearse(Path::new(&manifest), home.path()).await
}

/// Runs a manifest against the sandbox, with state and clips below `home`.
async fn rehearse(manifest: &Path, home: &Path) -> Result<(), Box<dyn Error>> {
    // What is wanted: manifest, sheet and pictures, with every problem that was found.
    let worksheet = Worksheet::new(None)?;
    let providers = Registry::built_in();
    let loaded = load(manifest, &providers, &worksheet);
    if let Some(problem) = loaded.problems.iter().find(|problem| problem.is_error()) {
        return Err(format!("{}: {}", manifest.display(), problem.message).into());
    }
    let manifest = loaded.manifest.as_ref().ok_or("there is no manifest")?;

    // What is known: one process at a time drives a state folder, and repairs what a crash has left in it.
    let clock = Clock::system();
    let state = home.join("state");
    let lock = Lock::acquire(&state, "embed", clock.now())?;
    let policy = |model: &ModelName| providers.policy(&model.provider);
    let options = shotlist::store::Options::default();
    let (store, _) = Store::open(&state, Mode::Drive { lock, policy: &policy }, &options, clock.now())?;
    worksheet.book().know(&manifest.project, Some(&store), &|_| true)?;

    // What is to be done about each job, and what it costs.
    let left_out = |key: &JobKey| loaded.left_out.may_have(&key.item);
    worksheet.book().decide(Scope { left_out: &left_out, ..Scope::ALL }, None)?;
    let mut out = std::io::stdout();
    worksheet.book().each::<Box<dyn Error>>(|_, job| {
        let price = job.wanted.price.map(|price| price.to_string()).unwrap_or_default();
        writeln!(out, "{:<9} {}  {price}", job.decision.name(), job.wanted.key)?;
        Ok(())
    })?;

    // The order is durable before anything is sent.
    let Ordered { admission, work } = order(&manifest.project, &worksheet, &loaded.left_out, clock.now())?;
    store.admit(admission, clock.now()).await?;
    let run = store.begin_run(&manifest.project, "embed", Caps::default(), clock.now()).await?;

    // Whom to ask.
    let now = clock.clone();
    let sandbox =
        Sandbox::start(Options::new(home.join("far-end"), "sandbox", Arc::new(move || now.now()))).await?;
    let mut accounts = BTreeMap::new();
    for provider in providers.iter() {
        let base_url = sandbox.provider_url(provider.name()).parse()?;
        let endpoint = Endpoint { base_url, key: Some("sandbox".into()) };
        // The sandbox renders faster than any provider: it is asked more often than the default.
        let quick = Some(Duration::from_millis(200));
        let limits = Limits { first_poll: quick, poll_every: quick, ..Limits::default() };
        let account = Account::new(Arc::clone(provider), endpoint, limits, &loaded.cards);
        accounts.insert(provider.name().to_owned(), Arc::new(account));
    }

    // Do it, and hear of every step once it is saved.
    let settings = Settings::default();
    let listener = |notice: &Notice| {
        if let Some(line) = line(notice, false) {
            // A reader that went away does not end paid work.
            let _ = writeln!(std::io::stdout(), "{line}");
        }
    };
    let pictures = loaded.folder.clone();
    let clips: PathBuf = home.join("clips");
    std::fs::create_dir_all(&clips)?;
    let world = Arc::new(World::new(Parts {
        store,
        free: Box::new(FreeClient::new(&settings)?),
        tree: Tree::open(&state, &clips)?,
        pictures,
        clock,
        run,
        project: manifest.project.clone(),
        look_every: LOOK_EVERY,
        sandbox: true,
        max_in_doubt: Usd::from_micros(2_000_000),
        listener: Box::new(listener),
        reach: |_| {},
    }));
    let outcome = engine::run(&world, &accounts, Arc::new(PaidClient::new(&settings)?), work).await;
    sandbox.stop().await?;
    if outcome.failures.is_empty() && !outcome.leaves_work() { Ok(()) } else { Err("work remains".into()) }
}
