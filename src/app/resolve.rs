//! `shotlist resolve`: settles held takes. Works beside a live run, which sees it within a second.

use super::anew::Prices;
use super::error::Error;
use super::exit::Exit;
use super::places::show_typed;
use super::places::{Places, quoted};
use super::project::Project;
use super::session::unopened;
use super::show::{find, held_elsewhere};
use super::status::project_name;
use crate::cli::args::ResolveArgs;
use crate::domain::fault::printable;
use crate::domain::key::{JobKey, TakeId, TaskId};
use crate::domain::lifecycle::{Event, HeldReason, State};
use crate::domain::money::Usd;
use crate::domain::policy::Policy;
use crate::domain::take::Take;
use crate::domain::text::count;
use crate::engine::clock::Clock;
use crate::engine::ids;
use crate::report::terminal::Terminal;
use crate::report::text::held::held_line;
use crate::store::{ApplyError, Details, Mode, Options, Renewal, Store};
use jiff::{SignedDuration, Timestamp};
use std::fmt::Write as _;

/// Settles one held job, or all of them.
pub(crate) async fn resolve(
    project: &Project,
    terminal: &Terminal,
    args: &ResolveArgs,
) -> Result<Exit, Error> {
    if args.task_id.as_deref().is_some_and(|id| id.trim().is_empty()) {
        return Err(Error::new(Exit::Usage, "--task-id wants the id of a task; nothing was changed"));
    }
    let places = project.places.clone();
    let clock = Clock::system();
    let opened = Store::open(&places.state, Mode::Beside, &Options::default(), clock.now());
    let (store, _) = opened.map_err(|error| unopened(&places, error))?;
    let name = project_name(&places);
    let chosen = chosen(&store, &places, name.as_deref(), args, clock.now()).await?;
    if chosen.is_empty() {
        terminal.say(if args.reason.is_some() || args.older_than.is_some() {
            "nothing of that kind is held"
        } else {
            "nothing is held"
        });
        terminal.next(places.typed("status"));
        return Ok(Exit::Done);
    }
    let prices = Prices::read(project);
    consent(project, terminal, &places, args, &chosen, &prices)?;
    let mut left = 0;
    for take in &chosen {
        let settled = settle(&store, &clock, args, take, &prices).await?;
        let (did, words) = match &settled {
            Ok(words) => ("did", words),
            Err(Kept { words, .. }) => ("skipped", words),
        };
        match settled {
            // What is meant by name is done, or it is an error.
            Err(Kept { ref words, exit }) if args.job.is_some() => {
                return Err(
                    Error::new(exit, format!("{}: {words}", take.key)).hint(show_typed(&places, &take.key))
                );
            }
            Err(_) => left += 1,
            Ok(_) => {}
        }
        if terminal.json {
            terminal.data(serde_json::json!({ "job": take.key.to_string(), "take": take.id.0, did: words }));
        } else if did == "did" {
            terminal.say(format_args!("{}  {words}", take.key));
        } else {
            terminal.say(format_args!("skipped  {}  {words}", take.key));
        }
    }
    terminal.next(places.typed(match args {
        _ if left > 0 => "status",
        ResolveArgs { write_off: true, .. } => "status",
        ResolveArgs { resubmit: true, .. } => "run",
        _ => "collect",
    }));
    Ok(if left > 0 { Exit::Held } else { Exit::Done })
}

async fn chosen(
    store: &Store,
    places: &Places,
    project: Option<&str>,
    args: &ResolveArgs,
    now: Timestamp,
) -> Result<Vec<Take>, Error> {
    // A job that is named may be of any project.
    let among = project.filter(|_| args.job.is_none());
    let mut held = store.held(among).await?;
    if let Some(reason) = &args.reason {
        if HeldReason::ALL.iter().all(|known| known.name() != reason) {
            let known: Vec<_> = HeldReason::ALL.iter().map(|known| known.name()).collect();
            return Err(Error::new(Exit::Usage, format!("--reason is one of {}", known.join(", "))));
        }
        held.retain(|take| matches!(take.state, State::Held { reason: known, .. } if known.name() == reason));
    }
    if let Some(age) = args.older_than {
        let age = SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX);
        held.retain(
            |take| matches!(take.state, State::Held { since, .. } if now.duration_since(since) >= age),
        );
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
        let filtered = args.reason.is_some() || args.older_than.is_some();
        let so = if filtered { " for that reason and time" } else { "" };
        return Err(Error::new(Exit::Usage, format!("{key} is not held{so}; nothing was changed"))
            .hint(show_typed(places, &key)));
    }
    Ok(held)
}

/// A new charge needs a yes, or a bound.
fn consent(
    project: &Project,
    terminal: &Terminal,
    places: &Places,
    args: &ResolveArgs,
    chosen: &[Take],
    prices: &Prices,
) -> Result<(), Error> {
    if !args.resubmit {
        return Ok(());
    }
    let sum = prices.sum(chosen);
    if prices.are_old() {
        terminal.say(
            "The manifest's models and prices cannot be read: what was paid first is taken for the price.",
        );
    }
    if let Some(most) = args.max_extra {
        return if sum <= most {
            Ok(())
        } else {
            let what = format!("sending {} again costs {sum}, more than {most}", count(chosen.len(), "job"));
            Err(Error::new(Exit::Budget, what).money("not charged"))
        };
    }
    if args.yes || project.places.sandbox {
        return Ok(());
    }
    if !terminal.interactive {
        return Err(Error::new(Exit::Usage, format!("a new charge of {sum} needs a yes"))
            .money("not charged")
            .hint(places.typed(&again(args, sum))));
    }
    for take in chosen {
        terminal.say(held_line(take, None));
    }
    let clips = count(chosen.len(), "clip");
    if terminal.ask(&format!("Order {clips} anew for {sum}, though they may have been charged?")) {
        return Ok(());
    }
    Err(Error::new(Exit::Usage, "nothing was changed").money("not charged"))
}

/// Returns the command once more, with its question answered as far as it is known by now.
fn again(args: &ResolveArgs, sum: Usd) -> String {
    let ResolveArgs { job, reason, older_than, note, .. } = args;
    let mut words =
        job.as_deref().map_or_else(|| "resolve --all".to_owned(), |job| format!("resolve {}", quoted(job)));
    words += " --resubmit";
    let texts = [("--reason", reason), ("--note", note)];
    for (flag, text) in texts.into_iter().filter_map(|(flag, text)| Some((flag, text.as_deref()?))) {
        let _ = write!(words, " {flag} {}", quoted(text));
    }
    if let Some(age) = older_than {
        let _ = write!(words, " --older-than {}s", age.as_secs());
    }
    let _ = write!(words, " --max-extra {}", sum.plain());
    words
}

/// Why a take stays as it is.
struct Kept {
    words: String,
    exit: Exit,
}

async fn settle(
    store: &Store,
    clock: &Clock,
    args: &ResolveArgs,
    take: &Take,
    prices: &Prices,
) -> Result<Result<String, Kept>, Error> {
    let at = clock.moment();
    let policy = Policy::standard();
    let note = args.note.as_deref().map(printable).filter(|note| !note.is_empty());
    let (recorded, did) = if args.resubmit {
        let job = store.history(&take.project, &take.key).await?;
        if !job.is_some_and(|job| job.wanted) {
            let words = "the manifest no longer asks for it, so a new order would not be sent; put the job back and type \
                         `run`, or give this one up with --write-off";
            return Ok(Err(Kept { words: words.to_owned(), exit: Exit::Usage }));
        }
        let price = prices.of(take);
        let renewal = Renewal { id: TakeId(ids::sortable(at.now)), price, note };
        let renewed = store.renew(take, renewal, &policy, at.now).await;
        (renewed, format!("written off and ordered anew; the next run sends it ({price})"))
    } else {
        let costs = store.costs(&take.id).await?;
        let (event, did) = wish(args, costs.map_or(take.price, |costs| costs.usd));
        let details = Details { note, ..Details::default() };
        (store.apply(take, event, details, at, &policy).await, did)
    };
    match recorded {
        Ok(_) => Ok(Ok(did)),
        Err(ApplyError::Illegal(_)) => {
            let words = if args.again {
                "no task is known that could be asked for again; use --task-id, --resubmit or --write-off"
            } else {
                "its task is known already; use --again, --resubmit or --write-off"
            };
            Ok(Err(Kept { words: words.to_owned(), exit: Exit::Usage }))
        }
        Err(ApplyError::Store(error)) => Err(error.into()),
        Err(error) => Ok(Err(Kept { words: error.to_string(), exit: Exit::Usage })),
    }
}

/// What happens to a take that is not ordered anew, and how that is told; so much it counts for.
fn wish(args: &ResolveArgs, usd: Usd) -> (Event, String) {
    if let Some(id) = args.task_id.as_deref().map(str::trim) {
        let did = format!("task {id} adopted; its clip is fetched by the next run or collect");
        (Event::Adopt(TaskId(id.to_owned())), did)
    } else if args.again {
        (Event::Again, "the same task is asked for once more; free".to_owned())
    } else {
        (Event::WriteOff, format!("written off; {usd} counts as spent"))
    }
}
