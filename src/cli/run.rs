//! `shotlist run`: collect what is owed, then submit, poll, download. The same command resumes.

use super::args::{Bounds, Global, RunArgs, Selection};
use super::collect;
use super::exit::{Error, Exit};
use super::load::{Loaded, load};
use super::plan::{Decided, invalid, valid};
use super::session::{Order, Session, store_error};
use super::settings::{Places, quoted};
use super::setup::{Setup, setup};
use super::summary::{self, Ended};
use super::terminal::Terminal;
use crate::domain::key::TakeId;
use crate::domain::lifecycle::HeldReason;
use crate::domain::lifecycle::State;
use crate::domain::money::Usd;
use crate::domain::policy::Policy;
use crate::domain::problem::{Place, Problem};
use crate::engine::{Work, ids};
use crate::manifest::{Manifest, OnAmbiguous};
use crate::plan::decide::Decision;
use crate::plan::filing::filings;
use crate::plan::known::Known;
use crate::report::live::Stand;
use crate::report::plan::Plan;
use crate::report::text::count;
use crate::store::{Admission, Caps};
use std::collections::HashSet;
use std::fmt::Write as _;

/// Runs the whole manifest, or the selected part of it.
pub(super) async fn run(terminal: &Terminal, global: &Global, args: &RunArgs) -> Result<Exit, Error> {
    let places = Places::find(args.manifest.manifest.as_deref(), global)?;
    let loaded = match valid(terminal, &places, load(&places)) {
        Ok(loaded) => loaded,
        Err(error) => {
            // A broken catalog must not cost clips that are paid: their links die within a day.
            collect::owed_first(terminal, global, places).await?;
            return Err(error);
        }
    };
    let manifest = loaded.manifest.as_ref().ok_or_else(invalid)?;
    let session = Session::open(terminal, places, "run")?;
    resubmit_as_allowed(terminal, &session, manifest).await?;
    let known = session.store.known(&manifest.project).await.map_err(|error| store_error(&error))?;
    let decided = Decided::of(&loaded, &known, &args.selection)?;
    let plan = decided.plan(manifest, &loaded);

    let mut needed = session.owing().await?;
    needed.extend(decided.wanted.iter().map(|wanted| wanted.request.model.provider.clone()));
    let setup =
        setup(terminal, global, &session.places, &manifest.providers, &needed, args.faults.as_deref())
            .await?;
    let went = submit(terminal, global, args, session, &setup, &loaded, &known, &decided, &plan).await;
    setup.close().await;
    went
}

#[expect(clippy::too_many_arguments, reason = "the steps of one command, in order, each with what it needs")]
async fn submit(
    terminal: &Terminal,
    global: &Global,
    args: &RunArgs,
    session: Session,
    setup: &Setup,
    loaded: &Loaded,
    known: &Known,
    decided: &Decided,
    plan: &Plan<'_>,
) -> Result<Exit, Error> {
    let RunArgs { selection, bounds, .. } = args;
    let manifest = loaded.manifest.as_ref().ok_or_else(invalid)?;
    if !terminal.json && plan.to_render() > 0 {
        terminal.say(plan.table().trim_end());
        for note in plan.notes() {
            terminal.tell(&note, 2);
        }
    }
    if !global.sandbox {
        priced(plan)?;
    }
    unobstructed(terminal, &session, known, decided)?;
    if plan.to_render() > 0 && !global.sandbox {
        agreed(terminal, &session.places, bounds, plan)?;
    }
    let now = session.clock.now();
    let store = |error: crate::store::StoreError| store_error(&error);
    let (admission, submit) = admission(manifest, known, decided, &session, terminal);
    session.store.admit(admission, now).await.map_err(store)?;
    let caps = Caps { invocation: bounds.max_cost, ..Caps::default() };
    let run = session.store.begin_run(&manifest.project, "run", caps, now).await.map_err(store)?;
    today(&session, setup).await?;
    let filings = filings(&decided.wanted, &decided.decisions, known);
    let work = Some(Work { filings, submit });
    let places = session.places.clone();
    let stands = decided.wanted.iter().zip(&decided.decisions);
    let order = Order {
        project: &manifest.project,
        run,
        work,
        max_time: bounds.max_time,
        jobs: stands.map(|(wanted, decision)| (wanted.key.clone(), Stand::of(decision))).collect(),
        price: (plan.to_render() > 0).then(|| plan.total()),
    };
    let (went, world) = session.drive(terminal, global, setup, order).await?;
    let ended = Ended {
        places: &places,
        world: &world,
        went: &went,
        run,
        cap: bounds.max_cost,
        again: &again(selection, bounds),
    };
    summary::close(terminal, ended).await
}

/// The command that goes on with the same selection, and asks once more for the money.
fn again(selection: &Selection, bounds: &Bounds) -> String {
    let mut words = "run".to_owned();
    for only in &selection.only {
        let _ = write!(words, " --only {}", quoted(only));
    }
    if let Some(limit) = selection.limit {
        let _ = write!(words, " --limit {limit}");
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
    let Some((model, wanted)) = plan.unpriced().into_iter().next() else { return Ok(()) };
    Err(Error::new(
        Exit::Invalid,
        format!("nobody knows what {model} costs (job {}); nothing was sent", wanted.key),
    )
    .money("not charged")
    .next(format!(
        "add `prices: {{ {model}: {{ per: clip, usd: \"0.20\" }} }}` to the manifest, with its real price"
    )))
}

/// A file that is not ours under the name of a clip is found before anything is paid.
fn unobstructed(
    terminal: &Terminal,
    session: &Session,
    known: &Known,
    decided: &Decided,
) -> Result<(), Error> {
    let ours: HashSet<&str> = known
        .jobs
        .iter()
        .chain(&known.elsewhere)
        .filter_map(|job| job.filed.as_ref())
        .map(|filed| filed.path.as_str())
        .collect();
    // A clip that was being placed when the last run ended may have its name already.
    let placing: HashSet<&TakeId> = known
        .jobs
        .iter()
        .flat_map(|job| &job.takes)
        .filter(|take| matches!(take.state, State::Placing { .. }))
        .map(|take| &take.id)
        .collect();
    let targets = decided.wanted.iter().zip(&decided.decisions).filter_map(|(wanted, decision)| {
        let nothing_new = match decision {
            Decision::Unchanged { refile: None, .. } | Decision::Blocked { .. } | Decision::Failed { .. } => {
                true
            }
            Decision::Underway { take, .. } => placing.contains(take),
            _ => false,
        };
        (!nothing_new && !ours.contains(wanted.path.as_str())).then_some(wanted.path.as_str())
    });
    let obstacles = session.tree()?.obstacles(targets);
    if obstacles.is_empty() {
        return Ok(());
    }
    let problems = obstacles
        .into_iter()
        .map(|obstacle| {
            let place = Place::File(session.places.shown.clone());
            let mut problem = Problem::error(place, "a clip cannot have its file name")
                .hint("move that file away, or change `output:`");
            let target = session.places.out.join(&obstacle.target);
            let target = target.strip_prefix(".").unwrap_or(&target);
            problem.examples.push(format!("{}: {}", target.display(), obstacle.what));
            problem
        })
        .collect();
    terminal.problems(problems);
    Err(Error::new(Exit::Invalid, "files are in the way; nothing was sent").money("not charged"))
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

/// What the store is to take in, and the takes that may be submitted.
fn admission(
    manifest: &Manifest,
    known: &Known,
    decided: &Decided,
    session: &Session,
    terminal: &Terminal,
) -> (Admission, HashSet<TakeId>) {
    let policy = Policy::standard();
    let resting: HashSet<&TakeId> = known
        .jobs
        .iter()
        .flat_map(|job| &job.takes)
        .filter(|take| matches!(take.state, State::Pending { .. }))
        .map(|take| &take.id)
        .collect();
    let mut admission = Admission {
        project: manifest.project.clone(),
        wanted: decided.wanted.clone(),
        partial: decided.partial,
        new: Vec::new(),
        supersede: Vec::new(),
        adopt: Vec::new(),
        afresh: Vec::new(),
        policy,
    };
    let mut submit = HashSet::new();
    for (at, decision) in decided.decisions.iter().enumerate() {
        match decision {
            Decision::New | Decision::Changed { .. } => {
                let id = TakeId(ids::sortable(session.clock.now()));
                submit.insert(id.clone());
                // In the sandbox nobody minds a price that is not known.
                let price = decided.wanted[at].price.unwrap_or_default();
                admission.new.push((at, id, price));
                if let Decision::Changed { superseded, .. } = decision {
                    admission.supersede.extend(superseded.iter().cloned());
                }
            }
            Decision::Underway { take, unsent: true } => {
                submit.insert(take.clone());
                if resting.contains(take) {
                    admission.afresh.push(take.clone());
                }
            }
            Decision::Renamed { take, unsent, .. } => {
                admission.adopt.push((take.clone(), at));
                if *unsent {
                    submit.insert(take.clone());
                    admission.afresh.push(take.clone());
                }
            }
            Decision::Blocked { key, state, .. } => {
                terminal.say(format_args!(
                    "blocked  {}  a take of {key} is {}",
                    decided.wanted[at].key,
                    state.name()
                ));
            }
            Decision::Unchanged { .. }
            | Decision::Underway { unsent: false, .. }
            | Decision::Shared { .. }
            | Decision::Failed { .. } => {}
        }
    }
    (admission, submit)
}

/// Held submissions that the manifest allows to be paid a second time are ordered anew, within its bound.
async fn resubmit_as_allowed(
    terminal: &Terminal,
    session: &Session,
    manifest: &Manifest,
) -> Result<(), Error> {
    let OnAmbiguous::Resubmit { max_extra_spend } = manifest.on_ambiguous else { return Ok(()) };
    let held = session.store.held(Some(&manifest.project)).await.map_err(|error| store_error(&error))?;
    let mut extra = Usd::ZERO;
    for take in held {
        let ambiguous = matches!(take.state, State::Held { reason: HeldReason::AmbiguousSubmit, .. });
        if !ambiguous || extra + take.price > max_extra_spend {
            continue;
        }
        let now = session.clock.now();
        let id = TakeId(ids::sortable(now));
        session
            .store
            .renew(&take, id, take.price, &Policy::standard(), now)
            .await
            .map_err(|error| Error::new(Exit::Local, error.to_string()))?;
        extra += take.price;
        terminal.say(format_args!(
            "again    {}  held submission is sent again, as `on_ambiguous: resubmit` allows (a second charge of {} \
             is possible)",
            take.key, take.price
        ));
    }
    Ok(())
}
