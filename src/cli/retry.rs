//! `shotlist retry`: failed jobs once more, each as a new take.

use super::args::{Global, RetryArgs, Selection};
use super::budget::{caps, levels};
use super::exit::{Error, Exit};
use super::plan::{invalid, matcher, valid};
use super::run::{today, unobstructed, unpriced};
use super::session::{Order, Session, store_error};
use super::settings::Places;
use super::setup::setup;
use super::summary::{self, Ended};
use super::terminal::Terminal;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{Charged, State};
use crate::domain::money::Usd;
use crate::domain::policy::Policy;
use crate::domain::take::{Take, Wanted};
use crate::engine::{Work, ids};
use crate::load::load;
use crate::plan::filing::{Filings, Target};
use crate::plan::known::Known;
use crate::report::live::Stand;
use crate::report::text::count;
use crate::store::{Admission, NewTake};
use std::collections::{HashMap, HashSet};

/// Sends failed jobs again: those that surely cost nothing and may succeed, unless more is asked for.
pub(super) async fn retry(terminal: &Terminal, global: &Global, args: &RetryArgs) -> Result<Exit, Error> {
    let places = Places::find(args.manifest.manifest.as_deref(), global)?;
    let loaded = valid(terminal, &places, load(&places.manifest))?;
    let manifest = loaded.manifest.as_ref().ok_or_else(invalid)?;
    let session = Session::open(terminal, places, "retry")?;
    session.keep_output().await?;
    let failed = session.store.failed(Some(&manifest.project)).await.map_err(|error| store_error(&error))?;
    let chosen = chosen(terminal, args, failed, &loaded.wanted)?;
    if chosen.is_empty() {
        terminal.say("nothing to retry");
        terminal.next(session.places.typed("status"));
        return Ok(Exit::Done);
    }
    let may_be_unpriced = global.sandbox || args.bounds.allow_unpriced;
    if let Some((_, wanted)) = chosen.iter().find(|(_, wanted)| wanted.price.is_none() && !may_be_unpriced) {
        return Err(unpriced(wanted));
    }
    let known = session.store.known(&manifest.project).await.map_err(|error| store_error(&error))?;
    unobstructed(terminal, &session, &places_of(&chosen, &known))?;
    let cost = |wanted: &Wanted| wanted.price.unwrap_or_default();
    let price: Usd = chosen.iter().map(|(_, wanted)| cost(wanted)).sum();
    let twice = chosen.iter().filter(|(take, _)| was_charged(take));
    let again: Usd = twice.map(|(_, wanted)| cost(wanted)).sum();
    for (_, wanted) in &chosen {
        terminal.say(format_args!("again    {}  {}", wanted.key, cost(wanted)));
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
    needed.extend(chosen.iter().map(|(_, wanted)| wanted.request.model.provider.clone()));
    let setup =
        setup(terminal, global, &session.places, &manifest.providers, &loaded.cards, &needed, None).await?;
    let now = session.clock.now();
    let order = |at| NewTake { at, id: TakeId(ids::sortable(now)), instead_of: None };
    let new: Vec<NewTake> = (0..chosen.len()).map(order).collect();
    let submit: HashSet<TakeId> = new.iter().map(|new| new.id.clone()).collect();
    let admission = Admission {
        project: manifest.project.clone(),
        wanted: chosen.iter().map(|(_, wanted)| (*wanted).clone()).collect(),
        partial: true,
        new,
        supersede: Vec::new(),
        adopt: Vec::new(),
        afresh: Vec::new(),
        policy: Policy::standard(),
    };
    session.store.admit(admission, now).await.map_err(|error| store_error(&error))?;
    let caps = caps(manifest, args.bounds.max_cost);
    let levels = levels(&session.store, &manifest.project, "retry", caps, now).await?;
    for level in &levels {
        terminal.tell(&level.line(&chosen.iter().map(|(_, wanted)| cost(wanted)).collect::<Vec<_>>()), 9);
    }
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
        jobs: chosen.iter().map(|(_, wanted)| (wanted.key.clone(), Stand::Left)).collect(),
        price: Some(price),
        levels,
    };
    let drove = session.drive(terminal, global, &setup, order).await;
    let exit = match drove {
        Ok((went, world)) => {
            // What was ordered anew and not sent is for `run` to send.
            let again = "run";
            let ended = Ended { places: &places, world: &world, went: &went, run, caps, waiting: 0, again };
            summary::close(terminal, ended).await
        }
        Err(error) => Err(error),
    };
    setup.close().await;
    exit
}

/// The names that the clips are to get, with what may stand there: the job's own earlier clip.
fn places_of<'a>(chosen: &[(Take, &'a Wanted)], known: &Known) -> Vec<Target<'a>> {
    let filed = |wanted: &Wanted| {
        let job = known.jobs.iter().find(|job| job.key == wanted.key)?;
        job.filed.as_ref().filter(|filed| filed.path == wanted.path).map(|filed| filed.file)
    };
    let target = |wanted: &'a Wanted| Target {
        path: &wanted.path,
        may_stand: filed(wanted).into_iter().collect(),
        promised: None,
    };
    chosen.iter().map(|(_, wanted)| target(wanted)).collect()
}

fn was_charged(take: &Take) -> bool {
    matches!(take.state, State::Failed { charged: Charged::Yes | Charged::Unknown, .. })
}

/// The failed takes to be sent again, each with what is wanted of its job now.
fn chosen<'a>(
    terminal: &Terminal,
    args: &RetryArgs,
    failed: Vec<Take>,
    wanted: &'a [Wanted],
) -> Result<Vec<(Take, &'a Wanted)>, Error> {
    let Selection { only, limit } = &args.selection;
    let matches = matcher(only)?;
    let wanted: HashMap<&JobKey, &Wanted> = wanted.iter().map(|wanted| (&wanted.key, wanted)).collect();
    let mut chosen = Vec::new();
    for take in failed.into_iter().filter(|take| matches(&take.key)) {
        let State::Failed { refusal, .. } = take.state else { continue };
        let wanted = wanted.get(&take.key).filter(|wanted| wanted.fingerprint == take.fingerprint);
        let Some(wanted) = wanted.copied() else {
            terminal.say(format_args!(
                "skipped  {}  it is not wanted like that any more: run renders what is wanted now",
                take.key
            ));
            continue;
        };
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
            chosen.push((take, wanted));
        }
    }
    chosen.truncate(limit.unwrap_or(usize::MAX));
    Ok(chosen)
}
