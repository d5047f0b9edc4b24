//! `shotlist plan`, and what `run` shares with it: what is wanted, against what is known.

use super::album::load;
use super::approval;
use super::args::{Global, PlanArgs};
use super::budget::{caps, levels, unused};
use super::decided::{Choice, Decided};
use super::exit::{Error, Exit};
use super::guards;
use super::listed::Listed;
use super::pause;
use super::recover::refuse_forgotten;
use super::session::{Session, store_error, unopened};
use super::settings::{Places, quoted};
use super::terminal::Terminal;
use crate::domain::item::OnePer;
use crate::domain::key::{JobKey, RequestId};
use crate::domain::money::Usd;
use crate::domain::take::Wanted;
use crate::engine::clock::Clock;
use crate::load::{Loaded, projects_of};
use crate::manifest::{Items, Manifest};
use crate::provider;
use crate::provider::cards::Cards;
use crate::report::budget::Level;
use crate::report::plan::Plan;
use crate::report::text::count;
use crate::store::{Pause, Reader, StoreError, Worksheet};
use globset::{Glob, GlobSetBuilder};
use serde_json::Value;
use std::cell::OnceCell;
use std::collections::BTreeSet;

/// Shows what would be rendered and why, and what it costs. Sends nothing.
pub(super) async fn plan(terminal: &Terminal, global: &Global, args: &PlanArgs) -> Result<Exit, Error> {
    // Where clips go is no matter of a plan: its `--out` is the file that it is written to.
    let places = Places::find(args.manifest.manifest.as_deref(), &Global { out: None, ..global.clone() })?;
    let worksheet = worksheet(&places)?;
    let loaded = valid(terminal, &places, load(&places, &worksheet))?;
    let manifest = loaded.manifest.as_ref().ok_or_else(invalid)?;
    let History { reader, levels, paused } = history(&places, manifest).await?;
    know(&worksheet, &places, manifest, reader.as_ref())?;
    // Whoever approves a plan that is written down gives the answer to what asks.
    let choice = Choice { selection: &args.selection, approved: None, accepted: args.out.is_some() };
    let decided = Decided::of(manifest, &loaded, &worksheet, choice)?;
    refuse_forgotten(&places, global, &worksheet)?;
    let plan = decided.plan(manifest, &loaded, levels)?;
    if args.show_requests {
        let shown = worksheet.book().each::<StoreError>(|_, job| {
            if job.decision.costs() {
                terminal.data(request(&loaded.cards, &job.wanted));
            }
            Ok(())
        });
        shown.map_err(|error| store_error(&error))?;
    } else if terminal.json {
        let mut object = plan.json();
        object["paused"] = paused.iter().map(pause::json).collect();
        let listed = Listed { object, decided: &decided, loaded: &loaded };
        terminal.long_data(&listed).map_err(|error| Error::new(Exit::Local, error.to_string()))?;
    } else {
        show(terminal, &places, &plan, &paused, &decided)?;
        tell_choices(terminal, manifest, &loaded, &plan);
    }
    if let Some(file) = &args.out {
        approval::write(&places, manifest, &plan, &worksheet, file)?;
        terminal.say(format_args!("written to {}: who runs it agrees to it", file.display()));
        terminal.next(places.typed(&format!("run --plan {}", quoted(&file.display().to_string()))));
        return Ok(exit(&plan, args));
    }
    Ok(next(terminal, &places, &plan, args))
}

/// Opens a worksheet for the wanted jobs, beside the state where there is one.
pub(super) fn worksheet(places: &Places) -> Result<Worksheet, Error> {
    Worksheet::new(Some(&places.state)).map_err(|error| store_error(&error))
}

/// Begins to look up what is known of the manifest's project.
pub(super) fn know(
    worksheet: &Worksheet,
    places: &Places,
    manifest: &Manifest,
    state: Option<&Reader>,
) -> Result<(), Error> {
    let named = OnceCell::new();
    let is_live = |project: &str| {
        let named: &Option<BTreeSet<String>> = named.get_or_init(|| projects_of(&places.folder));
        named.as_ref().is_none_or(|named| named.contains(project))
    };
    worksheet.book().know(&manifest.project, state, &is_live).map_err(|error| store_error(&error))
}

/// Lets a project that was given another name go on with its runs and its pauses.
pub(super) async fn succeed(session: &Session, manifest: &Manifest) -> Result<(), Error> {
    let projects = session.store.projects().await.map_err(|error| store_error(&error))?;
    if projects.contains(&manifest.project) {
        return Ok(());
    }
    let Some(named) = projects_of(&session.places.folder) else { return Ok(()) };
    let gone = projects.into_iter().filter(|project| !project.is_empty() && !named.contains(project));
    let succeeded = session.store.succeed(&manifest.project, gone.collect()).await;
    succeeded.map_err(|error| store_error(&error))
}

/// What is known of a project.
struct History {
    /// What was ever ordered, to be looked up; `None` where nothing was.
    reader: Option<Reader>,
    /// How full the budgets are.
    levels: Vec<Level>,
    /// What is on hold.
    paused: Vec<Pause>,
}

async fn history(places: &Places, manifest: &Manifest) -> Result<History, Error> {
    let caps = caps(manifest, None);
    let Some(reader) = Reader::open(&places.state).map_err(|error| unopened(places, &error))? else {
        return Ok(History { reader: None, levels: unused(caps), paused: Vec::new() });
    };
    let levels = levels(&reader, &manifest.project, "run", caps, Clock::system().now()).await?;
    let paused = reader.pauses(Some(&manifest.project)).await.map_err(|error| store_error(&error))?;
    Ok(History { reader: Some(reader), levels, paused })
}

/// The plan for people.
fn show(
    terminal: &Terminal,
    places: &Places,
    plan: &Plan<'_>,
    paused: &[Pause],
    decided: &Decided,
) -> Result<(), Error> {
    terminal.say(format_args!("{}: {}\n", places.shown, count(plan.sum.jobs, "job")));
    terminal.data(plan.table().trim_end());
    decided.tell_changes(terminal)?;
    for note in plan.notes() {
        terminal.tell(&note, 2);
    }
    for line in plan.budget_lines() {
        terminal.tell(&line, 9);
    }
    for line in pause::lines(paused, Clock::system().now()) {
        terminal.tell(&line, 9);
    }
    if guards::tell(terminal, plan) {
        terminal.tell("A run would send nothing: see `run --accept-changes`, `run --plan`.", 2);
    }
    terminal.say("Nothing was sent.");
    Ok(())
}

/// Before the first clip is paid: what else the product file could be made into, and what that would cost.
fn tell_choices(terminal: &Terminal, manifest: &Manifest, loaded: &Loaded, plan: &Plan<'_>) {
    let Items::File { reading, only: None, .. } = &manifest.items else { return };
    let items = loaded.makes.of(reading.one_per);
    // Of a part of the items nobody can tell how many the others would be.
    let is_whole = plan.to_render() == loaded.jobs && loaded.left_out.count() == 0;
    let Some(clips) = loaded.jobs.checked_div(items).filter(|clips| clips * items == loaded.jobs) else {
        return;
    };
    let others = OnePer::ALL.into_iter().filter(|(_, other)| {
        *other != reading.one_per && loaded.makes.of(*other) > 0 && loaded.makes.of(*other) != items
    });
    let choices: Vec<String> = others
        .map(|(name, other)| {
            let others = loaded.makes.of(other);
            // Of as many as there are items now, the sum is known.
            let price = plan.total().times(others as u64).micros() / i64::try_from(items).unwrap_or(i64::MAX);
            format!("{name}: {}, {}", clips * others, Usd::from_micros(price))
        })
        .collect();
    if is_whole && !choices.is_empty() {
        terminal.tell(&format!("other choices of one_per: {}", choices.join(" · ")), 2);
    }
}

/// Says how to go on.
fn next(terminal: &Terminal, places: &Places, plan: &Plan<'_>, args: &PlanArgs) -> Exit {
    terminal.next(match plan.to_render() {
        _ if !plan.trips.is_empty() => places.typed("plan --out plan.json"),
        0 => places.typed("status"),
        1 => places.typed("run"),
        // One to look at, before all of them are paid.
        _ => places.typed("run --limit 1"),
    });
    exit(plan, args)
}

fn exit(plan: &Plan<'_>, args: &PlanArgs) -> Exit {
    if plan.to_render() > 0 && args.detailed_exitcode { Exit::WorkToDo } else { Exit::Done }
}

/// Tells the problems; an error if nothing may be sent.
pub(super) fn valid(terminal: &Terminal, places: &Places, mut loaded: Loaded) -> Result<Loaded, Error> {
    let is_invalid = loaded.is_invalid();
    let tally = terminal.problems(std::mem::take(&mut loaded.problems));
    if !is_invalid {
        return Ok(loaded);
    }
    Err(Error::new(Exit::Invalid, format!("{tally}; nothing was sent"))
        .money("not charged")
        .next(places.typed("validate")))
}

/// A manifest without an error that could not be read does not exist; said nevertheless, not panicked.
pub(super) fn invalid() -> Error {
    Error::new(Exit::Invalid, "the manifest could not be read; nothing was sent")
}

/// Whether a job is named by one of the patterns: by its key or its item. No pattern names all.
pub(super) fn matcher(patterns: &[String]) -> Result<impl Fn(&JobKey) -> bool + use<>, Error> {
    let wrong = |error: globset::Error| Error::new(Exit::Usage, format!("--only: {error}"));
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern).map_err(wrong)?);
    }
    let set = set.build().map_err(wrong)?;
    Ok(move |key: &JobKey| set.is_empty() || set.is_match(key.to_string()) || set.is_match(&key.item))
}

/// The request as it would be sent, as one line of JSON; its request id is made at the moment of sending.
fn request(cards: &Cards, wanted: &Wanted) -> Value {
    let model = &wanted.request.model;
    let (Some(provider), Some(card)) = (provider::find(&model.provider), cards.get(model)) else {
        return Value::Null;
    };
    let call = provider.submit(card, &wanted.request, &RequestId("(new for each attempt)".to_owned())).0;
    let body = call.body.as_ref().map(crate::wire::Body::shown).unwrap_or_default();
    serde_json::json!({
        "job": wanted.key.to_string(),
        "method": "POST",
        "url": format!("{}{}", provider.profile().base_url, call.path),
        "body": serde_json::from_str::<Value>(&body).unwrap_or(Value::String(body)),
        "price_usd": wanted.price.map(Usd::plain),
    })
}
