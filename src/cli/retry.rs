//! `shotlist retry`: failed jobs once more, each as a new take.

use super::args::{Global, RetryArgs, Selection};
use super::exit::{Error, Exit};
use super::load::load;
use super::plan::{invalid, matcher, valid};
use super::run::today;
use super::session::{Order, Session, store_error};
use super::settings::Places;
use super::setup::setup;
use super::summary::{self, Ended};
use super::terminal::Terminal;
use crate::domain::key::TakeId;
use crate::domain::lifecycle::{Charged, State};
use crate::domain::money::Usd;
use crate::domain::policy::Policy;
use crate::domain::take::Take;
use crate::engine::{Work, ids};
use crate::plan::filing::Filings;
use crate::report::live::Stand;
use crate::report::text::count;
use crate::store::Caps;
use std::collections::HashSet;

/// Sends failed jobs again: those that surely cost nothing and may succeed, unless more is asked for.
pub(super) async fn retry(terminal: &Terminal, global: &Global, args: &RetryArgs) -> Result<Exit, Error> {
    let places = Places::find(args.manifest.manifest.as_deref(), global)?;
    let loaded = valid(terminal, &places, load(&places))?;
    let manifest = loaded.manifest.as_ref().ok_or_else(invalid)?;
    let session = Session::open(terminal, places, "retry")?;
    let failed = session.store.failed(Some(&manifest.project)).await.map_err(|error| store_error(&error))?;
    let chosen = chosen(terminal, args, failed)?;
    if chosen.is_empty() {
        terminal.say("nothing to retry");
        terminal.next(session.places.typed("status"));
        return Ok(Exit::Done);
    }
    let price: Usd = chosen.iter().map(|take| take.price).sum();
    let again: Usd = chosen.iter().filter(|take| was_charged(take)).map(|take| take.price).sum();
    for take in &chosen {
        terminal.say(format_args!("again    {}  {}", take.key, take.price));
    }
    if again > Usd::ZERO {
        terminal.say(format_args!("{again} of this is, or may be, a second payment for the same clip"));
    }
    if !global.sandbox && !args.bounds.yes && (args.bounds.max_cost.is_none() || terminal.interactive) {
        let question = format!("Send {} again for about {price}?", count(chosen.len(), "job"));
        if !terminal.interactive {
            return Err(Error::new(Exit::Usage, format!("{question} There is no terminal to ask on"))
                .money("not charged")
                .next("add --yes, or --max-cost USD"));
        }
        if !terminal.ask(&question) {
            return Err(Error::new(Exit::Usage, "nothing was sent").money("not charged"));
        }
    }
    let mut needed = session.owing().await?;
    needed.extend(chosen.iter().map(|take| take.request.model.provider.clone()));
    let setup = setup(terminal, global, &session.places, &manifest.providers, &needed, None).await?;
    let mut submit = HashSet::new();
    for take in &chosen {
        let now = session.clock.now();
        let id = TakeId(ids::sortable(now));
        let renewed = session.store.renew(take, id.clone(), take.price, &Policy::standard(), now).await;
        renewed.map_err(|error| Error::new(Exit::Local, error.to_string()).money("not charged"))?;
        submit.insert(id);
    }
    let now = session.clock.now();
    let caps = Caps { invocation: args.bounds.max_cost, ..Caps::default() };
    let run = session.store.begin_run(&manifest.project, "retry", caps, now).await;
    let run = run.map_err(|error| store_error(&error))?;
    today(&session, &setup).await?;
    let places = session.places.clone();
    let work = Some(Work { filings: Filings::default(), submit });
    let order = Order {
        project: &manifest.project,
        run,
        work,
        max_time: args.bounds.max_time,
        jobs: chosen.iter().map(|take| (take.key.clone(), Stand::Left)).collect(),
        price: Some(price),
    };
    let drove = session.drive(terminal, global, &setup, order).await;
    let exit = match drove {
        Ok((went, world)) => {
            // What was ordered anew and not sent is for `run` to send.
            let (cap, again) = (args.bounds.max_cost, "run");
            let ended = Ended { places: &places, world: &world, went: &went, run, cap, again };
            summary::close(terminal, ended).await
        }
        Err(error) => Err(error),
    };
    setup.close().await;
    exit
}

fn was_charged(take: &Take) -> bool {
    matches!(take.state, State::Failed { charged: Charged::Yes | Charged::Unknown, .. })
}

fn chosen(terminal: &Terminal, args: &RetryArgs, failed: Vec<Take>) -> Result<Vec<Take>, Error> {
    let Selection { only, limit } = &args.selection;
    let matches = matcher(only)?;
    let mut chosen = Vec::new();
    for take in failed.into_iter().filter(|take| matches(&take.key)) {
        let State::Failed { refusal, .. } = take.state else { continue };
        if was_charged(&take) && !args.charged {
            terminal.say(format_args!(
                "skipped  {}  it may have been charged {}: --charged pays a second time",
                take.key, take.price
            ));
        } else if refusal.permanent() && !args.include_permanent {
            terminal.say(format_args!(
                "skipped  {}  {}: it would be refused again; change its input, or use --include-permanent",
                take.key,
                refusal.name()
            ));
        } else {
            chosen.push(take);
        }
    }
    chosen.truncate(limit.unwrap_or(usize::MAX));
    Ok(chosen)
}
