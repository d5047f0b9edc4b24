//! `shotlist collect`: only polls and downloads. Needs of the manifest only its providers, and cannot submit.

use super::args::{Global, ManifestArg};
use super::exit::{Error, Exit};
use super::lost::{Lost, standing};
use super::session::{Order, Session, store_error};
use super::settings::Places;
use super::setup::{as_far_as_possible, is_missing_key, not_set_up, registry};
use super::status::buckets;
use super::summary::{self, Ended};
use super::terminal::Terminal;
use crate::load::{cards, providers};
use crate::plan::bucket::Bucket;
use crate::report::live::Roster;
use crate::store::{Caps, StoreError};

/// Fetches everything that was paid.
pub(super) async fn collect(terminal: &Terminal, global: &Global, args: &ManifestArg) -> Result<Exit, Error> {
    let places = Places::find(args.manifest.as_deref(), global)?;
    if !places.state.join("state.db").exists() && !places.state.join("ledger.jsonl").exists() {
        terminal.say(format_args!("nothing was ever sent with {}; nothing to collect", places.shown));
        terminal.next(places.typed("plan"));
        return Ok(Exit::Done);
    }
    match Session::open(terminal, places, "collect") {
        Ok(session) => go(terminal, global, session).await,
        // The run that holds the lock collects as well.
        Err(error) if error.exit == Exit::Locked => {
            terminal.say(format_args!("{}; it collects as well", error.what));
            Ok(Exit::Done)
        }
        Err(error) => Err(error),
    }
}

/// Tells why nothing new is sent, and collects what was paid all the same: its links die within a day.
pub(super) async fn instead(
    terminal: &Terminal,
    global: &Global,
    session: Session,
    error: Error,
) -> Result<Exit, Error> {
    if session.owing().await?.is_empty() {
        return Err(error);
    }
    terminal.error(&error);
    terminal.say("collecting what was paid before (Ctrl-C leaves it for later):");
    let exit = go(terminal, global, session).await?;
    Ok(Exit::gravest([exit, error.exit]))
}

/// Returns where the jobs stand, as they were wanted last.
async fn roster(session: &Session) -> Result<Roster, Error> {
    let store = |error: StoreError| store_error(&error);
    let owed = session.store.owed(None, usize::MAX).await.map_err(store)?;
    let keys = owed.into_iter().map(|take| take.key).collect();
    let (others, jobs) = buckets(&session.store, &session.places, keys).await.map_err(store)?;
    let done = jobs.iter().filter(|(_, bucket)| *bucket == Bucket::Done);
    let having = done.map(|(key, _)| key.clone()).collect();
    Ok(Roster { jobs, others, having, ..Roster::default() })
}

async fn go(terminal: &Terminal, global: &Global, session: Session) -> Result<Exit, Error> {
    let needed = session.owing().await?;
    if needed.is_empty() {
        terminal.say("nothing is owed");
        terminal.next(session.places.typed("status"));
        return Ok(Exit::Done);
    }
    session.keep_output().await?;
    standing(&session.places, &session.places.out, &session.store, None).await?;
    let configs = providers(&session.places.manifest).map_err(|problems| {
        terminal.problems(problems);
        Error::new(Exit::Invalid, "`providers:` could not be read; what was paid could not be collected")
    })?;
    let cards = cards(&session.places.manifest, &registry());
    let (setup, problems) =
        as_far_as_possible(global, &session.places, &configs, &cards, &needed, None).await?;
    let whole = problems.is_empty();
    if !whole && setup.accounts.is_empty() {
        return Err(not_set_up(terminal, &session.places, problems));
    }
    let unset = match problems.iter().all(is_missing_key) {
        _ if whole => Exit::Done,
        true => Exit::Credentials,
        false => Exit::Invalid,
    };
    terminal.problems(problems);
    let roster = roster(&session).await?;
    let now = session.clock.now();
    let run = session.store.begin_run("", "collect", Caps::default(), now).await;
    let run = run.map_err(|error| store_error(&error))?;
    let places = session.places.clone();
    let order = Order {
        project: "",
        run,
        work: None,
        max_time: None,
        roster,
        price: None,
        max_in_doubt: None,
        levels: Vec::new(),
    };
    let drove = session.drive(terminal, global, &setup, order).await;
    let exit = match drove {
        Ok((went, world)) => {
            let again = "collect";
            let caps = Caps::default();
            let lost = &Lost::default();
            let (waiting, asks) = (0, 0);
            let ended =
                Ended { places: &places, world: &world, went: &went, run, caps, waiting, asks, lost, again };
            summary::close(terminal, ended).await
        }
        Err(error) => Err(error),
    };
    setup.close().await;
    Ok(Exit::gravest([exit?, unset]))
}
