//! `shotlist run`: collect what is owed, then submit, poll, download. The same command resumes.

use super::album::load;
use super::approval;
use super::args::{Global, RunArgs};
use super::budget::{caps, levels};
use super::collect;
use super::decided::{Choice, Decided};
use super::exit::{Error, Exit};
use super::guards;
use super::lost::{Lost, Search};
use super::obstacles::Obstacles;
use super::pause;
use super::plan::{invalid, know, succeed, valid, worksheet};
use super::recover::refuse_forgotten;
use super::session::{Order, Session, store_error};
use super::settings::{Places, quoted};
use super::setup::{Setup, setup, unplayed};
use super::summary::{self, Ended};
use super::terminal::Terminal;
use crate::domain::key::{JobKey, ModelName};
use crate::domain::lifecycle::State;
use crate::domain::money::Usd;
use crate::engine::order::{Ordered, order};
use crate::load::Loaded;
use crate::plan::bucket::Bucket;
use crate::plan::decide::Decision;
use crate::report::budget::Level;
use crate::report::live::Roster;
use crate::report::plan::Plan;
use crate::report::text::count;
use crate::store::{Caps, StoreError, Worksheet};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Runs the whole manifest, or the selected part of it.
pub(super) async fn run(terminal: &Terminal, global: &Global, args: &RunArgs) -> Result<Exit, Error> {
    let places = Places::find(args.manifest.manifest.as_deref(), global)?;
    let worksheet = worksheet(&places)?;
    let loaded = match valid(terminal, &places, load(&places, &worksheet)) {
        Ok(loaded) => loaded,
        Err(error) if places.state.join("state.db").exists() => {
            let session = Session::open(terminal, places, "collect")?;
            return Box::pin(collect::instead(terminal, global, session, error)).await;
        }
        Err(error) => return Err(error),
    };
    let session = Session::open(terminal, places, "run")?;
    let prepared = prepare(terminal, global, args, &session, &loaded, &worksheet).await;
    // The last one to close the database empties the log into it, which a worksheet may not.
    drop(worksheet);
    match prepared {
        Ok(prepared) => Box::pin(carry_out(terminal, global, args, session, &loaded, prepared)).await,
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
    // Somebody who just said no is there to say what next; nothing goes into a folder that is not the right one.
    if (error.exit == Exit::Usage && terminal.interactive) || error.exit == Exit::Local {
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
    ordered: Ordered,
    setup: Setup,
    /// What is to be paid; `None` where nothing is ordered.
    price: Option<Usd>,
    /// What may be spent.
    caps: Caps,
    /// What of that is spent already.
    levels: Vec<Level>,
    /// Clips that are gone or altered.
    lost: Lost,
    /// Whether the order answers what was open since the history was rebuilt with gaps.
    closes_gaps: bool,
    now: Timestamp,
}

async fn prepare(
    terminal: &Terminal,
    global: &Global,
    args: &RunArgs,
    session: &Session,
    loaded: &Loaded,
    worksheet: &Worksheet,
) -> Result<Prepared, Error> {
    let manifest = loaded.manifest.as_ref().ok_or_else(invalid)?;
    let places = &session.places;
    session.keep_output().await?;
    succeed(session, manifest).await?;
    let paused = pause::tell(terminal, &session.store, &manifest.project, session.clock.now()).await;
    paused.map_err(|error| store_error(&error))?;
    know(worksheet, places, manifest, Some(&session.store))?;
    let only = &args.selection.only;
    let search = Search { places, root: &places.out, manifest, worksheet, only };
    let mut lost = search.mend(session, args.accept_changes).await?;
    let approved = args.plan.as_deref().map(|file| approval::read(places, manifest, file)).transpose()?;
    let agreed_before = approved.is_some() || args.accept_changes;
    let choice = Choice { selection: &args.selection, approved: approved.as_ref(), accepted: agreed_before };
    let mut decided = Decided::of(manifest, loaded, worksheet, choice)?;
    if decided.may_render_anew(terminal, places)? {
        decided = Decided::of(manifest, loaded, worksheet, Choice { accepted: true, ..choice })?;
    }
    if let Some(plan) = approved.as_ref().zip(args.plan.as_deref()) {
        approval::compare(terminal, places, manifest, plan, worksheet)?;
    }
    lost.keep(worksheet)?;
    refuse_forgotten(places, global, worksheet)?;
    let now = session.clock.now();
    let caps = caps(manifest, args.bounds.max_cost);
    let levels = levels(&session.store, &manifest.project, "run", caps, now).await?;
    let plan = decided.plan(manifest, loaded, levels, &lost)?;
    let used: BTreeSet<ModelName> = plan.sum.models().cloned().collect();
    warn_of_corrections(terminal, global, loaded, &used);
    decided.warn(terminal);
    show(terminal, places, &plan);
    if !global.sandbox && !args.bounds.allow_unpriced {
        priced(&plan).map_err(|error| {
            let typed = places.typed(&format!("{} --allow-unpriced", again(args)));
            error.next(typed)
        })?;
    }
    if !agreed_before {
        guards::pass(terminal, places, &plan)?;
    }
    let closes_gaps = gaps(session, &decided, &plan, agreed_before).await?;
    let ordered = order(&manifest.project, worksheet, &loaded.left_out, now);
    let mut ordered = ordered.map_err(|error| store_error(&error))?;
    ordered.work.filings.now.retain(|filing| !lost.has(&filing.key));
    let mut obstacles = Obstacles::new(session)?;
    let searched = obstacles.search(worksheet, &ordered.work.filings);
    searched.map_err(|error| store_error(&error))?;
    obstacles.tell(terminal)?;
    let mut needed = session.owing().await?;
    needed.extend(used.iter().map(|model| model.provider.clone()));
    let faults = args.faults.as_deref();
    let setup = setup(terminal, global, places, &manifest.providers, &loaded.cards, &needed, faults).await?;
    // Whoever approved a plan knows its price, which has not moved.
    if plan.to_render() > 0
        && !global.sandbox
        && approved.is_none()
        && let Err(error) = agreed(terminal, places, args, &plan)
    {
        setup.close().await;
        return Err(error);
    }
    let price = (plan.to_render() > 0).then(|| plan.total());
    let levels = plan.levels();
    Ok(Prepared { decided, ordered, setup, price, caps, levels, lost, closes_gaps, now })
}

/// The plan as it is carried out, for people alone.
fn show(terminal: &Terminal, places: &Places, plan: &Plan<'_>) {
    if terminal.json {
        return;
    }
    if plan.to_render() == 0 {
        for note in plan.kept_notes() {
            terminal.tell(&note, 2);
        }
        return;
    }
    terminal.say(plan.table(places.mark()).trim_end());
    for note in plan.notes() {
        terminal.tell(&note, 2);
    }
    for line in plan.budget_lines() {
        terminal.tell(&(line + places.mark()), 9);
    }
}

async fn carry_out(
    terminal: &Terminal,
    global: &Global,
    args: &RunArgs,
    session: Session,
    loaded: &Loaded,
    prepared: Prepared,
) -> Result<Exit, Error> {
    let Prepared { decided, ordered, setup, price, caps, levels, lost, closes_gaps, now } = prepared;
    let manifest = loaded.manifest.as_ref().ok_or_else(invalid)?;
    let store = |error: crate::store::StoreError| store_error(&error);
    // Edited while their clip was on its way: what is wanted now may be ordered once that is settled.
    let mut waiting = 0;
    let told = decided.worksheet.book().each_named::<StoreError>(&["blocked"], |_, job| {
        if let Decision::Blocked { key, state, .. } = &job.decision {
            let is_held = matches!(state, State::Held { .. });
            waiting += usize::from(!is_held);
            let what = if is_held { "your decision about" } else { "the earlier clip of" };
            terminal.say(format_args!("waiting  {}  for {what} {key}", job.wanted.key));
        }
        Ok(())
    });
    told.map_err(store)?;
    let asks = decided.asks();
    let roster = roster(&session, &decided, &lost).await?;
    drop(decided);
    session.store.admit(ordered.admission, now).await.map_err(store)?;
    if closes_gaps {
        session.store.close_gaps().await.map_err(store)?;
    }
    let run = session.store.begin_run(&manifest.project, "run", caps, now).await.map_err(store)?;
    today(&session, &setup).await?;
    let places = session.places.clone();
    let order = Order {
        project: &manifest.project,
        run,
        work: Some(ordered.work),
        max_time: args.bounds.max_time,
        roster,
        price,
        max_in_doubt: manifest.guards.max_in_doubt,
        levels,
    };
    let drove = session.drive(terminal, global, &setup, order).await;
    let exit = match drove {
        Ok((went, world)) => {
            let ended = Ended {
                places: &places,
                world: &world,
                went: &went,
                run,
                caps,
                waiting,
                asks,
                lost: &lost,
                again: &again(args),
            };
            summary::close(terminal, ended).await
        }
        Err(error) => Err(error),
    };
    setup.close().await;
    exit
}

/// Returns where the jobs of the manifest stand. Of those with their clip only the number is kept.
async fn roster(session: &Session, decided: &Decided, lost: &Lost) -> Result<Roster, Error> {
    let store = |error: StoreError| store_error(&error);
    let owed = session.store.owed(None, usize::MAX).await.map_err(store)?;
    let book = decided.worksheet.book();
    let mut roster = Roster { others: decided.others().clone(), ..Roster::default() };
    let mut up_to_date = book.count("unchanged").map_err(store)?;
    let others: Vec<&str> = Decision::NAMES.into_iter().filter(|name| *name != "unchanged").collect();
    let stood = book.each_named::<StoreError>(&others, |_, job| {
        if lost.is_dismissed(&job.wanted.key, &job.decision) && !lost.has(&job.wanted.key) {
            roster.add_as(&job.wanted.key, Bucket::Dismissed);
        } else if !lost.has(&job.wanted.key) {
            roster.add(&job.wanted.key, &job.decision);
        }
        Ok(())
    });
    stood.map_err(store)?;
    let meant = lost.meant().map(|key| (key, Bucket::Dismissed));
    for (key, bucket) in lost.jobs().map(|(key, loss)| (key, Bucket::lost(loss))).chain(meant) {
        let found = book.find(key).map_err(store)?;
        up_to_date -= usize::from(found.is_some_and(|job| job.decision.name() == "unchanged"));
        roster.add_as(key, bucket);
    }
    // A clip that comes to a job that has one must not count as another job.
    let keys: BTreeSet<JobKey> = owed.into_iter().map(|take| take.key).collect();
    for key in keys {
        let found = book.find(&key).map_err(store)?;
        if found.is_some_and(|job| job.decision.name() == "unchanged") {
            up_to_date = up_to_date.saturating_sub(1);
            roster.jobs.push((key.clone(), Bucket::Done));
            roster.having.insert(key);
        }
    }
    roster.others.add(Bucket::Done, up_to_date);
    Ok(roster)
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
    let midnight = now.to_zoned_datetime(jiff::tz::TimeZone::UTC).start_of_day();
    let midnight = midnight.map_or(now, |midnight| midnight.timestamp());
    for (name, account) in &setup.accounts {
        let sent = session.store.attempts_since(name, midnight).await.map_err(|error| store_error(&error))?;
        account.sent_today(now, sent);
    }
    Ok(())
}

/// Asks before jobs without a clip are ordered where the history has gaps: they may have been paid before.
///
/// Returns whether nothing is open once the jobs are ordered: a part of them answers for itself alone, and where every
/// job has its clip, nothing that is wanted was lost.
async fn gaps(session: &Session, decided: &Decided, plan: &Plan<'_>, agreed: bool) -> Result<bool, Error> {
    if !session.store.has_gaps().await.map_err(|error| store_error(&error))? {
        return Ok(false);
    }
    if agreed || plan.to_render() == 0 {
        return Ok(!decided.partial);
    }
    let what = format!(
        "the state was rebuilt with gaps, and {} without a clip, for about {}, may have been paid before; nothing was sent",
        count(plan.to_render(), "job"),
        plan.total()
    );
    let accept = session.places.typed("run --accept-changes");
    Err(Error::new(
        Exit::Budget,
        format!("{what}. Look in your provider's console first; to order all of them: {accept}"),
    )
    .money("not charged")
    .next(session.places.typed("plan")))
}

/// Refuses models whose price nobody knows.
fn priced(plan: &Plan<'_>) -> Result<(), Error> {
    plan.unpriced().next().map_or(Ok(()), |(model, _, key)| Err(unpriced(key, model)))
}

/// A job whose price nobody knows.
pub(super) fn unpriced(key: &JobKey, model: &ModelName) -> Error {
    let what = format!(
        "nobody knows what {model} costs (job {key}); nothing was sent; add `prices: {{ {model}: {{ per: clip, usd: \
         \"0.20\" }} }}` to the manifest, with its real price; with --allow-unpriced it counts as nothing"
    );
    Error::new(Exit::Invalid, what).money("not charged")
}

/// Asks once, with the price.
fn agreed(terminal: &Terminal, places: &Places, args: &RunArgs, plan: &Plan<'_>) -> Result<(), Error> {
    let bounds = &args.bounds;
    if bounds.yes || (bounds.max_cost.is_some() && !terminal.interactive) {
        return Ok(());
    }
    if !terminal.interactive {
        return Err(Error::new(
            Exit::Usage,
            format!(
                "{} for {} need{} a yes, and there is no terminal to ask on; add --yes, or --max-cost USD",
                count(plan.to_render(), "clip"),
                plan.total(),
                if plan.to_render() == 1 { "s" } else { "" }
            ),
        )
        .money("not charged")
        .next(places.typed(&format!("{} --yes", again(args)))));
    }
    if terminal.ask(&format!("Render {} for about {}?", count(plan.to_render(), "clip"), plan.total())) {
        return Ok(());
    }
    Err(Error::new(Exit::Usage, "nothing was sent").money("not charged").next(places.typed("plan")))
}
