//! `shotlist run`: collect what is owed, then submit, poll, download. The same command resumes.

use super::album::load_and_look;
use super::approval;
use super::args::{Bounds, Global, RunArgs};
use super::budget::{caps, levels};
use super::collect;
use super::decided::{Choice, Decided};
use super::exit::{Error, Exit};
use super::guards;
use super::pause;
use super::plan::{invalid, valid};
use super::session::{Order, Session, store_error};
use super::settings::{Places, quoted};
use super::setup::{Setup, setup, unplayed};
use super::summary::{self, Ended};
use super::terminal::Terminal;
use super::unchanged::{Input, Night, UpToDate, may_be_recognised, recognise, remember};
use crate::domain::key::{JobKey, ModelName};
use crate::domain::lifecycle::State;
use crate::domain::money::Usd;
use crate::domain::problem::{Place, Problem, grouped};
use crate::engine::order::{Ordered, order};
use crate::engine::world::World;
use crate::load::Loaded;
use crate::plan::decide::Decision;
use crate::plan::filing::{Target, targets};
use crate::plan::known::Known;
use crate::report::budget::Level;
use crate::report::live::Stand;
use crate::report::plan::Plan;
use crate::report::text::count;
use crate::store::Caps;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

/// Runs the whole manifest, or the selected part of it.
pub(super) async fn run(terminal: &Terminal, global: &Global, args: &RunArgs) -> Result<Exit, Error> {
    let places = Places::find(args.manifest.manifest.as_deref(), global)?;
    let input = if may_be_recognised(args) { Input::read(&places) } else { None };
    let (input, manifest) = input.unzip();
    let known = match (&input, manifest) {
        (Some(input), Some(manifest)) => recognise(&places, input, manifest).await,
        _ => None,
    };
    if let Some(known) = known {
        return Box::pin(up_to_date(terminal, global, args, places, known)).await;
    }
    let (loaded, pictures) = load_and_look(&places);
    let problems = if input.is_some() { grouped(loaded.problems.clone()) } else { Vec::new() };
    let loaded = match valid(terminal, &places, loaded) {
        Ok(loaded) => loaded,
        Err(error) if places.state.join("state.db").exists() => {
            let session = Session::open(terminal, places, "collect")?;
            return Box::pin(collect::instead(terminal, global, session, error)).await;
        }
        Err(error) => return Err(error),
    };
    let session = Session::open(terminal, places.clone(), "run")?;
    let (exit, world) = match prepare(terminal, global, args, &session, &loaded).await {
        Ok(prepared) => Box::pin(carry_out(terminal, global, args, session, &loaded, prepared)).await?,
        Err(error) => return refused(terminal, global, session, error).await,
    };
    if let (Exit::Done, Some(input)) = (exit, input) {
        let selection = &args.selection;
        let night = Night { input, pictures, problems, loaded: &loaded, selection };
        remember(&places, night, &world.store).await;
    }
    Ok(exit)
}

/// A run over jobs of which it is known that each has its clip: it orders nothing, and is otherwise as any other.
async fn up_to_date(
    terminal: &Terminal,
    global: &Global,
    args: &RunArgs,
    places: Places,
    known: UpToDate,
) -> Result<Exit, Error> {
    let loaded = valid(terminal, &places, known.loaded)?;
    let session = Session::open(terminal, places, "run")?;
    let prepared = async {
        session.keep_output().await?;
        let manifest = loaded.manifest.as_ref().ok_or_else(invalid)?;
        warn_of_corrections(terminal, global, &loaded, &known.models);
        let now = session.clock.now();
        let caps = caps(manifest, args.bounds.max_cost);
        let levels = levels(&session.store, &manifest.project, "run", caps, now).await?;
        let decided = Decided::nothing();
        let nothing = Known::default();
        let ordered = order(&manifest.project, decided.scene(&loaded, &nothing), decided.partial, now);
        let mut needed = session.owing().await?;
        needed.extend(known.models.iter().map(|model| model.provider.clone()));
        let (providers, cards) = (&manifest.providers, &loaded.cards);
        let setup = setup(terminal, global, &session.places, providers, cards, &needed, None).await?;
        Ok(Prepared { decided, up_to_date: known.jobs, ordered, setup, price: None, caps, levels, now })
    };
    match prepared.await {
        Ok(prepared) => {
            let carried_out = Box::pin(carry_out(terminal, global, args, session, &loaded, prepared));
            carried_out.await.map(|(exit, _)| exit)
        }
        Err(error) => refused(terminal, global, session, error).await,
    }
}

/// What comes of a run that orders nothing because something was found out before.
async fn refused(
    terminal: &Terminal,
    global: &Global,
    session: Session,
    error: Error,
) -> Result<Exit, Error> {
    // Somebody who just said no is there to say what next.
    if error.exit == Exit::Usage && terminal.interactive {
        return Err(error);
    }
    Box::pin(collect::instead(terminal, global, session, error)).await
}

/// Says of which models the sandbox does not know what the manifest corrects.
fn warn_of_corrections(terminal: &Terminal, global: &Global, loaded: &Loaded, used: &BTreeSet<ModelName>) {
    if let Some(note) = unplayed(&loaded.cards, used).filter(|_| global.sandbox) {
        terminal.tell(&note, 2);
    }
}

/// All that is found out, and agreed, before anything is ordered.
struct Prepared {
    decided: Decided,
    /// How many other jobs are known to have their clips.
    up_to_date: usize,
    ordered: Ordered,
    setup: Setup,
    /// What is to be paid; `None` where nothing is ordered.
    price: Option<Usd>,
    /// What may be spent.
    caps: Caps,
    /// What of that is spent already.
    levels: Vec<Level>,
    now: Timestamp,
}

async fn prepare(
    terminal: &Terminal,
    global: &Global,
    args: &RunArgs,
    session: &Session,
    loaded: &Loaded,
) -> Result<Prepared, Error> {
    let manifest = loaded.manifest.as_ref().ok_or_else(invalid)?;
    let places = &session.places;
    session.keep_output().await?;
    let paused = pause::tell(terminal, &session.store, &manifest.project, session.clock.now()).await;
    paused.map_err(|error| store_error(&error))?;
    let known = session.store.known(&manifest.project).await.map_err(|error| store_error(&error))?;
    let approved = args.plan.as_deref().map(|file| approval::read(places, manifest, file)).transpose()?;
    let agreed_before = approved.is_some() || args.accept_changes;
    let choice = Choice { selection: &args.selection, approved: approved.as_ref(), accepted: agreed_before };
    let mut decided = Decided::of(manifest, loaded, &known, choice)?;
    if decided.may_render_anew(terminal) {
        decided = Decided::of(manifest, loaded, &known, Choice { accepted: true, ..choice })?;
    }
    if let Some(plan) = approved.as_ref().zip(args.plan.as_deref()) {
        approval::compare(terminal, places, manifest, plan, &decided.jobs())?;
    }
    let used = decided.wanted.iter().map(|wanted| wanted.request.model.clone()).collect();
    warn_of_corrections(terminal, global, loaded, &used);
    let now = session.clock.now();
    let caps = caps(manifest, args.bounds.max_cost);
    let levels = levels(&session.store, &manifest.project, "run", caps, now).await?;
    let plan = decided.plan(manifest, loaded, &known, levels);
    show(terminal, &plan);
    if !global.sandbox && !args.bounds.allow_unpriced {
        priced(&plan)?;
    }
    if !agreed_before {
        guards::pass(terminal, places, &plan)?;
    }
    let scene = decided.scene(loaded, &known);
    let ordered = order(&manifest.project, scene, decided.partial, now);
    unobstructed(terminal, session, &targets(scene, &ordered.work.filings))?;
    let mut needed = session.owing().await?;
    needed.extend(decided.wanted.iter().map(|wanted| wanted.request.model.provider.clone()));
    let faults = args.faults.as_deref();
    let setup = setup(terminal, global, places, &manifest.providers, &loaded.cards, &needed, faults).await?;
    // Whoever approved a plan knows its price, which has not moved.
    if plan.to_render() > 0
        && !global.sandbox
        && approved.is_none()
        && let Err(error) = agreed(terminal, places, &args.bounds, &plan)
    {
        setup.close().await;
        return Err(error);
    }
    let price = (plan.to_render() > 0).then(|| plan.total());
    let levels = plan.levels();
    Ok(Prepared { decided, up_to_date: 0, ordered, setup, price, caps, levels, now })
}

/// The plan as it is carried out, for people alone.
fn show(terminal: &Terminal, plan: &Plan<'_>) {
    if terminal.json {
        return;
    }
    if plan.to_render() == 0 {
        for note in plan.kept_notes() {
            terminal.tell(&note, 2);
        }
        return;
    }
    terminal.say(plan.table().trim_end());
    for note in plan.notes() {
        terminal.tell(&note, 2);
    }
    for line in plan.budget_lines() {
        terminal.tell(&line, 9);
    }
}

async fn carry_out(
    terminal: &Terminal,
    global: &Global,
    args: &RunArgs,
    session: Session,
    loaded: &Loaded,
    prepared: Prepared,
) -> Result<(Exit, Arc<World>), Error> {
    let Prepared { decided, up_to_date, ordered, setup, price, caps, levels, now } = prepared;
    let manifest = loaded.manifest.as_ref().ok_or_else(invalid)?;
    let store = |error: crate::store::StoreError| store_error(&error);
    for (wanted, decision) in decided.wanted.iter().zip(&decided.decisions) {
        if let Decision::Blocked { key, state, .. } = decision {
            terminal.say(format_args!("blocked  {}  a take of {key} is {}", wanted.key, state.name()));
        }
    }
    session.store.admit(ordered.admission, now).await.map_err(store)?;
    let run = session.store.begin_run(&manifest.project, "run", caps, now).await.map_err(store)?;
    today(&session, &setup).await?;
    let places = session.places.clone();
    let stands = decided.wanted.iter().zip(&decided.decisions);
    let order = Order {
        project: &manifest.project,
        run,
        work: Some(ordered.work),
        max_time: args.bounds.max_time,
        jobs: stands.map(|(wanted, decision)| (wanted.key.clone(), Stand::of(decision))).collect(),
        up_to_date,
        price,
        levels,
    };
    let drove = session.drive(terminal, global, &setup, order).await;
    let exit = match drove {
        Ok((went, world)) => {
            // Edited while their clip was on its way: what is wanted now may be ordered once that is settled.
            let in_flight = |decision: &&Decision| matches!(decision, Decision::Blocked { state, .. } if !matches!(state, State::Held { .. }));
            let ended = Ended {
                places: &places,
                world: &world,
                went: &went,
                run,
                caps,
                waiting: decided.decisions.iter().filter(in_flight).count(),
                again: &again(args),
            };
            summary::close(terminal, ended).await.map(|exit| (exit, world))
        }
        Err(error) => Err(error),
    };
    setup.close().await;
    exit
}

/// The command that goes on with the same selection, and asks once more for the money.
fn again(args: &RunArgs) -> String {
    let RunArgs { selection, bounds, plan, .. } = args;
    let mut words = "run".to_owned();
    for only in &selection.only {
        let _ = write!(words, " --only {}", quoted(only));
    }
    if let Some(limit) = selection.limit {
        let _ = write!(words, " --limit {limit}");
    }
    if let Some(plan) = plan {
        let _ = write!(words, " --plan {}", quoted(&plan.display().to_string()));
    }
    if bounds.allow_unpriced {
        words += " --allow-unpriced";
    }
    if let Some(cap) = bounds.max_cost {
        let _ = write!(words, " --max-cost {}", cap.plain());
    }
    words
}

/// Takes over how much of each provider's daily quota was used by earlier runs.
pub(super) async fn today(session: &Session, setup: &Setup) -> Result<(), Error> {
    let now = session.clock.now();
    let midnight = now.to_zoned(jiff::tz::TimeZone::UTC).start_of_day();
    let midnight = midnight.map_or(now, |midnight| midnight.timestamp());
    for (name, account) in &setup.accounts {
        let sent = session.store.attempts_since(name, midnight).await.map_err(|error| store_error(&error))?;
        account.sent_today(now, sent);
    }
    Ok(())
}

/// Refuses models whose price nobody knows.
fn priced(plan: &Plan<'_>) -> Result<(), Error> {
    plan.unpriced().next().map_or(Ok(()), |(model, _, key)| Err(unpriced(key, model)))
}

/// A job whose price nobody knows.
pub(super) fn unpriced(key: &JobKey, model: &ModelName) -> Error {
    Error::new(Exit::Invalid, format!("nobody knows what {model} costs (job {key}); nothing was sent"))
        .money("not charged")
        .next(format!(
            "add `prices: {{ {model}: {{ per: clip, usd: \"0.20\" }} }}` to the manifest, with its real price; or \
             --allow-unpriced, and it counts as nothing"
        ))
}

/// Whatever keeps a clip from its name is found before anything is paid.
pub(super) fn unobstructed(
    terminal: &Terminal,
    session: &Session,
    targets: &[Target<'_>],
) -> Result<(), Error> {
    let tree = session.tree()?;
    let problem = |target: &Target<'_>| {
        let (what, hint) = if let Some(other) = target.promised {
            (
                format!("the clip of {other}, which is paid, is on its way to that name"),
                "change `output:`, so that every clip has a name of its own",
            )
        } else {
            let obstacle = tree.obstacle(target.path, &target.may_stand)?;
            (obstacle.what, "move it away, or put the clips elsewhere with `--out FOLDER`")
        };
        let place = Place::File(session.places.shown.clone());
        let mut problem = Problem::error(place, "something is in the way where a clip is to go").hint(hint);
        let name = session.places.out.join(target.path);
        let name = name.strip_prefix(".").unwrap_or(&name);
        problem.examples.push(format!("{}: {what}", name.display()));
        Some(problem)
    };
    let problems: Vec<Problem> = targets.iter().filter_map(problem).collect();
    if problems.is_empty() {
        return Ok(());
    }
    terminal.problems(problems);
    Err(Error::new(Exit::Invalid, "something is in the way; nothing was sent")
        .money("not charged")
        .next(session.places.typed("run")))
}

/// Asks once, with the price.
fn agreed(terminal: &Terminal, places: &Places, bounds: &Bounds, plan: &Plan<'_>) -> Result<(), Error> {
    if bounds.yes || (bounds.max_cost.is_some() && !terminal.interactive) {
        return Ok(());
    }
    if !terminal.interactive {
        return Err(Error::new(
            Exit::Usage,
            format!(
                "{} for {} need{} a yes, and there is no terminal to ask on",
                count(plan.to_render(), "clip"),
                plan.total(),
                if plan.to_render() == 1 { "s" } else { "" }
            ),
        )
        .money("not charged")
        .next("add --yes, or --max-cost USD"));
    }
    if terminal.ask(&format!("Render {} for about {}?", count(plan.to_render(), "clip"), plan.total())) {
        return Ok(());
    }
    Err(Error::new(Exit::Usage, "nothing was sent").money("not charged").next(places.typed("plan")))
}
