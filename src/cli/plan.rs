//! `shotlist plan`, and what `run` shares with it: what is wanted, against what is known.

use super::album::load;
use super::approval;
use super::args::{Global, PlanArgs};
use super::budget::{caps, levels, unused};
use super::decided::{Choice, Decided};
use super::exit::{Error, Exit};
use super::guards;
use super::listed::Listed;
use super::lost::{Lost, Search};
use super::pause;
use super::recover::refuse_forgotten;
use super::session::{Session, store_error, unopened};
use super::settings::{Places, quoted};
use super::setup::lacks_key;
use super::terminal::Terminal;
use crate::domain::item::OnePer;
use crate::domain::key::RequestId;
use crate::domain::money::Usd;
use crate::domain::take::Wanted;
use crate::engine::clock::Clock;
use crate::load::{Loaded, projects_of};
use crate::manifest::{Items, Manifest};
use crate::provider::cards::Cards;
use crate::report::budget::Level;
use crate::report::plan::Plan;
use crate::report::text::count;
use crate::store::{Pause, Reader, StoreError, Worksheet};
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
    decided.warn(terminal);
    let lost = lost(&places, manifest, &worksheet, reader.as_ref(), &args.selection.only).await?;
    let plan = decided.plan(manifest, &loaded, levels, &lost)?;
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
        object["sandbox"] = places.sandbox.into();
        object["paused"] = paused.iter().map(pause::json).collect();
        let listed = Listed { object, decided: &decided, lost: &lost, loaded: &loaded };
        terminal.long_data(&listed).map_err(|error| Error::new(Exit::Local, error.to_string()))?;
    } else {
        show(terminal, &places, &plan, &paused, &decided)?;
        lost.lines(&places).iter().for_each(|line| terminal.tell(line, 9));
        tell_choices(terminal, manifest, &loaded, &plan);
    }
    if let Some(file) = &args.out {
        approval::write(&places, manifest, &plan, &worksheet, file)?;
        terminal.say(format_args!("written to {}: who runs it agrees to it", file.display()));
        terminal.next(places.typed(&format!("run --plan {}", quoted(&file.display().to_string()))));
        return Ok(exit(&plan, args));
    }
    let providers = plan.sum.models().map(|model| model.provider.as_str());
    let lacks_key = !places.sandbox && lacks_key(&manifest.providers, providers);
    Ok(next(terminal, &places, &plan, (&lost, lacks_key), args))
}

/// Finds the clips of the plan that are gone or altered.
async fn lost(
    places: &Places,
    manifest: &Manifest,
    worksheet: &Worksheet,
    reader: Option<&Reader>,
    only: &[String],
) -> Result<Lost, Error> {
    let Some(reader) = reader else { return Ok(Lost::default()) };
    let recorded = reader.output().await.map_err(|error| store_error(&error))?;
    let root = recorded.map_or_else(|| places.out.clone(), |recorded| places.folder.join(recorded));
    let search = Search { places, root: &root, manifest, worksheet, only };
    let (mut lost, _) = search.look(reader).await?;
    lost.keep(worksheet)?;
    Ok(lost)
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
    let buckets = &plan.sum.buckets;
    terminal.say(format_args!("{}: {}: {}\n", places.shown, count(buckets.jobs(), "job"), buckets.line()));
    terminal.data(plan.table(places.mark()).trim_end());
    decided.tell_changes(terminal)?;
    for note in plan.notes() {
        terminal.tell(&note, 2);
    }
    for line in plan.budget_lines() {
        terminal.tell(&(line + places.mark()), 9);
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
fn next(
    terminal: &Terminal,
    places: &Places,
    plan: &Plan<'_>,
    (lost, lacks_key): (&Lost, bool),
    args: &PlanArgs,
) -> Exit {
    terminal.next(match plan.to_render() {
        _ if !plan.trips.is_empty() => places.typed("plan --out plan.json"),
        0 if places.state.join("state.db").exists() => {
            lost.next(places).unwrap_or_else(|| places.typed("status"))
        }
        0 => places.typed("validate"),
        _ if lacks_key && cfg!(feature = "sandbox") => places.typed("run --sandbox"),
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

/// The request as it would be sent, as one line of JSON; its request id is made at the moment of sending.
fn request(cards: &Cards, wanted: &Wanted) -> Value {
    let model = &wanted.request.model;
    let (Some(provider), Some(card)) = (cards.providers().find(&model.provider), cards.get(model)) else {
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
