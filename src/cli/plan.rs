//! `shotlist plan`, and what `run` shares with it: what is wanted, against what is known.

use super::album::{hand_on, load};
use super::approval;
use super::args::{Global, PlanArgs};
use super::budget::{caps, levels, unused};
use super::decided::{Choice, Decided};
use super::exit::{Error, Exit};
use super::guards;
use super::newcomers::Newcomers;
use super::pause;
use super::session::{reader, store_error, unopened};
use super::settings::{Places, quoted};
use super::terminal::Terminal;
use super::unchanged::{Input, UpToDate, is_everything, is_remembered, recognise};
use crate::domain::item::OnePer;
use crate::domain::key::{JobKey, RequestId};
use crate::domain::money::Usd;
use crate::domain::take::Wanted;
use crate::engine::clock::Clock;
use crate::load::{Loaded, open};
use crate::manifest::{Items, Manifest};
use crate::plan::known::Known;
use crate::plan::order::LinkBook;
use crate::provider;
use crate::provider::cards::Cards;
use crate::report::budget::{Fit, Level};
use crate::report::plan::Plan;
use crate::report::text::count;
use crate::store::{Pause, Reader};
use globset::{Glob, GlobSetBuilder};

/// Shows what would be rendered and why, and what it costs. Sends nothing.
///
/// Where nothing was ever ordered in the project and no list of jobs is asked for, the jobs are added up as they come,
/// and a sheet of a million rows needs little memory. Otherwise each is held against what is known, all together.
pub(super) async fn plan(terminal: &Terminal, global: &Global, args: &PlanArgs) -> Result<Exit, Error> {
    // Where clips go is no matter of a plan: its `--out` is the file that it is written to.
    let places = Places::find(args.manifest.manifest.as_deref(), &Global { out: None, ..global.clone() })?;
    let is_listed = terminal.json || args.show_requests || args.out.is_some();
    if !is_listed
        && is_everything(&args.selection)
        && is_remembered(&places)
        && let Some((input, manifest)) = Input::read(&places)
        && let Some(known) = recognise(&places, &input, manifest).await
    {
        return up_to_date(terminal, &places, known).await;
    }
    let mut loaded = open(&places.manifest);
    let history = history(&places, loaded.manifest.as_ref()).await;
    if let (false, Some(manifest), Ok(History { known, levels, paused })) =
        (is_listed, &loaded.manifest, &history)
        && *known == Known::default()
    {
        let mut newcomers = Newcomers::new(manifest, &args.selection, known, levels.clone())?;
        hand_on(&places, &mut loaded, &LinkBook::new(), false, &mut newcomers);
        // Rows that go first are put in their order where all jobs are at hand.
        if loaded.urgency.is_empty() {
            let loaded = valid(terminal, &places, loaded)?;
            let manifest = loaded.manifest.as_ref().ok_or_else(invalid)?;
            let plan = newcomers.plan(manifest, &loaded)?;
            show(terminal, &places, &plan, paused, || {});
            tell_choices(terminal, manifest, &loaded, &plan);
            return Ok(next(terminal, &places, &plan, args));
        }
    }
    let loaded = valid(terminal, &places, load(&places))?;
    let manifest = loaded.manifest.as_ref().ok_or_else(invalid)?;
    let History { known, levels, paused } = history?;
    // Whoever approves a plan that is written down gives the answer to what asks.
    let choice = Choice { selection: &args.selection, approved: None, accepted: args.out.is_some() };
    let decided = Decided::of(manifest, &loaded, &known, choice)?;
    let plan = decided.plan(manifest, &loaded, &known, levels);
    if args.show_requests {
        for (wanted, _) in decided.jobs().iter().filter(|(_, decision)| decision.costs()) {
            terminal.data(request(&loaded.cards, wanted));
        }
    } else if terminal.json {
        let mut object = plan.json(&decided.jobs());
        object["paused"] = paused.iter().map(pause::json).collect();
        terminal.data(object);
    } else {
        show(terminal, &places, &plan, &paused, || decided.tell_changes(terminal));
        tell_choices(terminal, manifest, &loaded, &plan);
    }
    if let Some(file) = &args.out {
        approval::write(&places, manifest, &decided.jobs(), file)?;
        terminal.say(format_args!("written to {}: who runs it agrees to it", file.display()));
        terminal.next(places.typed(&format!("run --plan {}", quoted(&file.display().to_string()))));
        return Ok(exit(&plan, args));
    }
    Ok(next(terminal, &places, &plan, args))
}

/// What is known of a project.
struct History {
    /// What was ever ordered.
    known: Known,
    /// How full the budgets are.
    levels: Vec<Level>,
    /// What is on hold.
    paused: Vec<Pause>,
}

async fn history(places: &Places, manifest: Option<&Manifest>) -> Result<History, Error> {
    let nothing = History { known: Known::default(), levels: Vec::new(), paused: Vec::new() };
    let Some(manifest) = manifest else { return Ok(nothing) };
    let caps = caps(manifest, None);
    let Some(reader) = Reader::open(&places.state).map_err(|error| unopened(places, &error))? else {
        return Ok(History { levels: unused(caps), ..nothing });
    };
    Ok(History {
        known: reader.known(&manifest.project).await.map_err(|error| store_error(&error))?,
        levels: levels(&reader, &manifest.project, "run", caps, Clock::system().now()).await?,
        paused: reader.pauses(Some(&manifest.project)).await.map_err(|error| store_error(&error))?,
    })
}

/// The plan for people.
fn show(
    terminal: &Terminal,
    places: &Places,
    plan: &Plan<'_>,
    paused: &[Pause],
    tell_changes: impl FnOnce(),
) {
    head(terminal, places, plan.sum.jobs, &plan.table());
    tell_changes();
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

/// The plan of jobs of which it is known that each has its clip.
async fn up_to_date(terminal: &Terminal, places: &Places, known: UpToDate) -> Result<Exit, Error> {
    let loaded = valid(terminal, places, known.loaded)?;
    let manifest = loaded.manifest.as_ref().ok_or_else(invalid)?;
    let now = Clock::system().now();
    let reader = reader(places)?;
    let levels = levels(&reader, &manifest.project, "run", caps(manifest, None), now).await?;
    let paused = reader.pauses(Some(&manifest.project)).await.map_err(|error| store_error(&error))?;
    head(terminal, places, known.jobs, &known.table);
    for note in &known.notes {
        terminal.tell(note, 2);
    }
    for level in &levels {
        terminal.tell(&Fit::new(*level).line(), 9);
    }
    for line in pause::lines(&paused, now) {
        terminal.tell(&line, 9);
    }
    terminal.say("Nothing was sent.");
    terminal.next(places.typed("status"));
    Ok(Exit::Done)
}

fn head(terminal: &Terminal, places: &Places, jobs: usize, table: &str) {
    terminal.say(format_args!("{}: {}\n", places.shown, count(jobs, "job")));
    terminal.data(table.trim_end());
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
fn request(cards: &Cards, wanted: &Wanted) -> serde_json::Value {
    let model = &wanted.request.model;
    let (Some(provider), Some(card)) = (provider::find(&model.provider), cards.get(model)) else {
        return serde_json::Value::Null;
    };
    let call = provider.submit(card, &wanted.request, &RequestId("(new for each attempt)".to_owned())).0;
    let body = call.body.as_ref().map(crate::wire::Body::shown).unwrap_or_default();
    serde_json::json!({
        "job": wanted.key.to_string(),
        "method": "POST",
        "url": format!("{}{}", provider.profile().base_url, call.path),
        "body": serde_json::from_str::<serde_json::Value>(&body).unwrap_or(serde_json::Value::String(body)),
        "price_usd": wanted.price.map(Usd::plain),
    })
}
