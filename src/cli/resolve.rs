//! `shotlist resolve`: settles held takes. Works beside a live run, which sees it within a second.

use super::args::{Global, ResolveArgs};
use super::exit::{Error, Exit};
use super::held::{held_line, show_typed};
use super::session::{store_error, unopened};
use super::settings::Places;
use super::show::{find, held_elsewhere};
use super::status::project;
use super::terminal::Terminal;
use crate::domain::key::{JobKey, TakeId, TaskId};
use crate::domain::lifecycle::{Event, HeldReason, State};
use crate::domain::money::Usd;
use crate::domain::policy::Policy;
use crate::domain::take::Take;
use crate::engine::clock::Clock;
use crate::engine::ids;
use crate::store::{Details, Mode, Options, RecordError, Store};

/// Settles one held job, or all of them.
pub(super) async fn resolve(terminal: &Terminal, global: &Global, args: &ResolveArgs) -> Result<Exit, Error> {
    let places = Places::find(None, global)?;
    let clock = Clock::system();
    let opened = Store::open(&places.state, Mode::Beside, &Options::default(), clock.now());
    let (store, _) = opened.map_err(|error| unopened(&places, &error))?;
    let project = project(&places);
    let chosen = chosen(&store, &places, project.as_deref(), args).await?;
    if chosen.is_empty() {
        terminal.say("nothing is held");
        terminal.next(places.typed("status"));
        return Ok(Exit::Done);
    }
    consent(terminal, global, args, &chosen)?;
    for take in &chosen {
        let line = settle(&store, &clock, &places, args, take).await?;
        if terminal.json {
            terminal.data(serde_json::json!({ "job": take.key.to_string(), "take": take.id.0, "did": line }));
        } else {
            terminal.say(format_args!("{}  {line}", take.key));
        }
    }
    terminal.next(if args.write_off {
        places.typed("status")
    } else if args.resubmit {
        places.typed("run")
    } else {
        places.typed("collect")
    });
    Ok(Exit::Done)
}

async fn chosen(
    store: &Store,
    places: &Places,
    project: Option<&str>,
    args: &ResolveArgs,
) -> Result<Vec<Take>, Error> {
    // A job that is named may be of any project.
    let among = project.filter(|_| args.job.is_none());
    let mut held = store.held(among).await.map_err(|error| store_error(&error))?;
    if let Some(reason) = &args.reason {
        if HeldReason::ALL.iter().all(|known| known.name() != reason) {
            let known: Vec<_> = HeldReason::ALL.iter().map(|known| known.name()).collect();
            return Err(Error::new(Exit::Usage, format!("--reason is one of {}", known.join(", "))));
        }
        held.retain(|take| matches!(take.state, State::Held { reason: known, .. } if known.name() == reason));
    }
    let Some(job) = &args.job else { return Ok(held) };
    let own = find(store, project, job).await;
    let is_held = |(project, key): &(String, JobKey)| {
        held.iter().any(|take| take.project == *project && take.key == *key)
    };
    let (project, key) = match own {
        Ok(own) if is_held(&own) => own,
        own => held_elsewhere(store, project, job).await?.map_or(own, Ok)?,
    };
    held.retain(|take| take.project == project && take.key == key);
    if held.is_empty() {
        return Err(Error::new(Exit::Usage, format!("{key} is not held; nothing was changed"))
            .next(show_typed(places, &key)));
    }
    Ok(held)
}

/// A new charge needs a yes, or a bound.
fn consent(terminal: &Terminal, global: &Global, args: &ResolveArgs, chosen: &[Take]) -> Result<(), Error> {
    if !args.resubmit {
        return Ok(());
    }
    let sum: Usd = chosen.iter().map(|take| take.price).sum();
    if let Some(most) = args.max_extra {
        return if sum <= most {
            Ok(())
        } else {
            Err(Error::new(
                Exit::Budget,
                format!("sending {} jobs again costs {sum}, more than {most}", chosen.len()),
            )
            .money("not charged"))
        };
    }
    if args.yes || global.sandbox {
        return Ok(());
    }
    if !terminal.interactive {
        return Err(Error::new(Exit::Usage, format!("a new charge of {sum} needs a yes"))
            .money("not charged")
            .next(format!("add --yes, or --max-extra {}", sum.plain())));
    }
    for take in chosen {
        terminal.say(held_line(take));
    }
    if terminal
        .ask(&format!("Order {} clips anew for {sum}, though they may have been charged?", chosen.len()))
    {
        return Ok(());
    }
    Err(Error::new(Exit::Usage, "nothing was changed").money("not charged"))
}

async fn settle(
    store: &Store,
    clock: &Clock,
    places: &Places,
    args: &ResolveArgs,
    take: &Take,
) -> Result<String, Error> {
    let at = clock.moment();
    let policy = Policy::standard();
    let refused = |error: RecordError| {
        let exit = if matches!(error, RecordError::Store(_)) { Exit::Local } else { Exit::Usage };
        Error::new(exit, format!("{}: {error}", take.key)).next(show_typed(places, &take.key))
    };
    if args.resubmit {
        let id = TakeId(ids::sortable(at.now));
        store.renew(take, id, take.price, &policy, at.now).await.map_err(refused)?;
        return Ok(format!("written off and ordered anew; the next run sends it ({})", take.price));
    }
    let (event, did) = if let Some(id) = &args.task_id {
        (
            Event::Adopt(TaskId(id.clone())),
            format!("task {id} adopted; its clip is fetched by the next run or collect"),
        )
    } else if args.again {
        (Event::Again, "the same task is asked for once more; free".to_owned())
    } else {
        (Event::WriteOff, format!("written off; {} counts as spent", take.price))
    };
    let to = take.state.clone().on(event, at, &policy).map_err(|_| {
        let what = if args.again {
            "no task is known that could be asked for again; use --task-id, --resubmit or --write-off"
        } else {
            "its task is known already; use --again or --write-off"
        };
        Error::new(Exit::Usage, format!("{}: {what}", take.key)).next(show_typed(places, &take.key))
    })?;
    store.record(take, to, Details::default(), at.now).await.map_err(refused)?;
    Ok(did)
}
