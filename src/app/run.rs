//! Runs: submits jobs, polls their tasks and downloads the clips, also those that earlier runs have paid for.
//!
//! A new start with the same [`RunRequest`] continues an interrupted run.

mod repeat;

use super::approval;
use super::budget::{Level, caps, levels};
use super::collect;
use super::consent::{Answer, Topic};
use super::decided::{Choice, Decided, same_order};
use super::error::Error;
use super::exit::Exit;
use super::forgotten::refuse_forgotten;
use super::guards;
use super::inputs::{invalid, load_alone, valid};
use super::lost::{Lost, Search};
use super::obstacles::Obstacles;
use super::outlook::{time, unsent};
use super::places::Places;
use super::plan::{attach_history, plan_tables, take_over_renamed};
use super::planned::Plan;
use super::prices::review_counts;
use super::project::Project;
use super::recover::refuse_lost;
use super::redos::{has_queued_redo, unsent_redos, waiting_redos};
use super::reporter::News;
use super::selection::{Bounds, Selection};
use super::session::{Order, Session};
use super::setup::{Setup, sandbox_limits, setup};
use super::summary::{self, Ended, Offer, RunReport};
use super::totals::RunJobs;
use crate::domain::durations::RenderKind;
use crate::domain::key::{JobKey, ModelName};
use crate::domain::lifecycle::State;
use crate::domain::money::Usd;
use crate::domain::text::count;
use crate::engine::order::{Ordered, order};
use crate::load::Loaded;
use crate::plan::approval::Approval;
use crate::plan::bucket::Bucket;
use crate::plan::decide::Decision;
use crate::store::{Caps, PlanTables, StoreError};
use jiff::Timestamp;
use repeat::{accepting, plan_command, repeat_command};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// A request for a run.
#[derive(Debug, Clone, Default)]
pub struct RunRequest {
    /// Jobs of the manifest to run.
    pub selection: Selection,
    /// Limits on the money and the time of the run.
    pub bounds: Bounds,
    /// File with an approved plan, whose jobs alone are sent; `None` without one.
    pub plan: Option<PathBuf>,
    /// True to override the manifest's guards (safety limits) and to render changed jobs again without a question.
    ///
    /// The run then also starts if many clips are missing, or if the output folder is on another disk. It sends jobs
    /// that may have been paid for before but have no record.
    pub accept_changes: bool,
    /// True to fail if the manifest or the selection has no job.
    ///
    /// Finished jobs count, so a finished project does not fail.
    pub fail_if_empty: bool,
}

impl Project {
    /// Renders the selected jobs of the manifest, and saves the clips.
    ///
    /// The manifest's budgets apply, and its safety limits (guards) too, unless the request or an approved plan
    /// overrides them.
    ///
    /// # Errors
    ///
    /// Returns an error if nothing could be submitted and no paid clip waits for its download. If paid clips wait, the
    /// run downloads them, and the report has the exit code of the error. Nothing is downloaded if the person answers
    /// no, or after an error of this computer ([`Exit::Local`]), such as a missing disk.
    pub async fn run(&self, request: &RunRequest) -> Result<RunReport, Error> {
        let plan_tables = plan_tables(&self.places)?;
        let loaded = match valid(self, load_alone(self, &plan_tables)) {
            Ok(loaded) => loaded,
            Err(error) if self.places.has_state() => {
                let session = Session::open(self, "collect")?;
                return Box::pin(collect::after_error(session, error)).await;
            }
            Err(error) => return Err(error),
        };
        refuse_lost(&self.places).await?;
        let session = Session::open(self, "run")?;
        let prepared = Box::pin(prepare(request, &session, &loaded, &plan_tables)).await;
        // The last connection to close checkpoints the write-ahead log, and that of the planning tables may not write.
        drop(plan_tables);
        match prepared {
            Ok(prepared) => Box::pin(carry_out(request, session, &loaded, prepared)).await,
            // An attended user who answered no decides what happens next. With a local error the output folder may
            // be the wrong one.
            Err(error) if error.exit == Exit::Usage && self.is_attended() => Err(error),
            Err(error) if error.exit == Exit::Local => Err(error),
            Err(error) => Box::pin(collect::after_error(session, error)).await,
        }
    }
}

/// Everything that a run needs, prepared before anything is submitted.
struct Prepared {
    /// Number of jobs to send, by kind of request: model, length and size of the clip.
    unsent: BTreeMap<RenderKind, usize>,
    decided: Decided,
    ordered: Ordered,
    setup: Setup,
    /// Price of the jobs to send; `None` if nothing is sent.
    price: Option<Usd>,
    /// Price of the cheapest job to send; `None` if nothing is sent.
    cheapest: Option<Usd>,
    caps: Caps,
    levels: Vec<Level>,
    lost: Lost,
    now: Timestamp,
}

async fn prepare(
    request: &RunRequest,
    session: &Session,
    loaded: &Loaded,
    plan_tables: &PlanTables,
) -> Result<Prepared, Error> {
    let manifest = loaded.manifest.as_ref().ok_or_else(invalid)?;
    let (project, places) = (&session.project, &session.places);
    session.keep_output().await?;
    take_over_renamed(session, manifest).await?;
    session.tell_pauses(&manifest.project).await?;
    attach_history(plan_tables, places, manifest, Some(&session.store))?;
    let only = &request.selection.only;
    let search = Search { places, root: &places.out, manifest, plan_tables, only };
    let mut lost = search.check_and_restore(session, request.accept_changes).await?;
    let approved = request.plan.as_deref().map(|file| approval::read(places, manifest, file)).transpose()?;
    let agreed_before = approved.is_some() || request.accept_changes;
    let choice =
        Choice { selection: &request.selection, approved: approved.as_ref(), accepted: agreed_before };
    let mut decided = Decided::of(manifest, loaded, plan_tables, choice)
        .map_err(|error| error.or_hint(places.typed("plan")))?;
    if decided.may_render_changed(project)? {
        decided = Decided::of(manifest, loaded, plan_tables, Choice { accepted: true, ..choice })?;
    }
    if request.fail_if_empty {
        decided.refuse_empty(places)?;
    }
    if let Some(plan) = approved.as_ref().zip(request.plan.as_deref()) {
        approval::compare(project, manifest, plan, plan_tables)?;
    }
    lost.keep(plan_tables)?;
    let lone = refuse_forgotten(project, plan_tables, lost.all_altered())?;
    if !request.accept_changes {
        lone.refuse(places, &accepting(places, request))?;
    }
    let now = session.clock.now();
    let caps = caps(manifest, request.bounds.max_cost);
    let levels = levels(&session.store, &manifest.project, "run", caps, now).await?;
    let mut plan = decided.plan(manifest, loaded, levels, &lost)?;
    let open = unsent(&plan.sum.unsent);
    plan.time = time(project, &manifest.providers, &loaded.cards, Some(&session.store), &open).await?;
    let used: BTreeSet<ModelName> = plan.sum.models().cloned().collect();
    if let Some(note) = sandbox_limits(&loaded.cards, &used).filter(|_| places.sandbox) {
        project.tell(&News::Note(&note));
    }
    decided.warn(project);
    decided.rollout.news().iter().for_each(|passed| project.tell(&News::Note(passed)));
    let counts = review_counts(project, &session.store, Some(&manifest.project)).await?;
    unsent_redos(&decided, &counts, places)?.iter().for_each(|note| project.tell(&News::Note(note)));
    if decided.redos()? > 0
        && let Some(note) = same_order(manifest)
    {
        project.tell(&News::Note(&note));
    }
    project.tell(&News::Plan { plan: &plan, mark: places.mark() });
    if !places.sandbox
        && !request.bounds.allow_unpriced
        && let Some((model, _, key)) = plan.unpriced().next()
    {
        return Err(unpriced(key, model).hint(places.typed(&plan_command(request).build())));
    }
    if !agreed_before {
        guards::check(project, &plan, repeat::approving(places, request))?;
    }
    if !request.accept_changes {
        ask_about_gaps(request, session, &decided, approved.as_ref()).await?;
    }
    let mut ordered = order(&manifest.project, plan_tables, &loaded.left_out, now)?;
    // An altered clip stays where it is. The record of a missing one gets the new name, under which it can be restored.
    ordered.work.filings.now.retain(|filing| !lost.is_altered(&filing.key));
    let mut obstacles = Obstacles::new(session)?;
    obstacles.search(manifest, plan_tables, &ordered.work.filings)?;
    obstacles.refuse(&repeat_command(request))?;
    session.note_disks().await?;
    let mut needed = session.owing().await?;
    needed.extend(used.iter().map(|model| model.provider.clone()));
    let setup = setup(project, &manifest.providers, &loaded.cards, &needed).await?;
    // An approved plan states its price, and the comparison above showed no change.
    if plan.to_render() > 0
        && !places.sandbox
        && approved.is_none()
        && let Err(error) = agreed(project, request, &plan)
    {
        setup.close().await;
        return Err(error);
    }
    let price = (plan.to_render() > 0).then(|| plan.total());
    let (levels, cheapest, unsent) = (plan.levels(), plan.sum.cheapest, plan.sum.unsent);
    Ok(Prepared { unsent, decided, ordered, setup, price, cheapest, caps, levels, lost, now })
}

async fn carry_out(
    request: &RunRequest,
    session: Session,
    loaded: &Loaded,
    prepared: Prepared,
) -> Result<RunReport, Error> {
    let Prepared { unsent, decided, mut ordered, setup, price, cheapest, caps, levels, lost, now } = prepared;
    let manifest = loaded.manifest.as_ref().ok_or_else(invalid)?;
    let project = session.project.clone();
    // A changed job may be submitted only after its earlier rendering is settled.
    let mut waiting = 0;
    decided.plan_tables.lock().each_named::<StoreError>(&["blocked"], |_, job| {
        if let Decision::Blocked { key, state, .. } = &job.decision {
            let is_held = matches!(state, State::Held { .. });
            waiting += usize::from(!is_held);
            project.tell(&News::Waiting { job: &job.wanted.key, other: key, is_held });
        }
        Ok(())
    })?;
    let asks = decided.asks();
    let rollout = decided.rollout.clone();
    rollout.keep(&session.store, &manifest.project, now).await?;
    let run_jobs = RunJobs { unsent, ..run_jobs(&session, &decided, &lost).await? };
    for job in waiting_redos(&decided.plan_tables.lock(), &run_jobs.outdated)? {
        waiting += 1;
        project.tell(&News::Waiting { job, other: job, is_held: false });
    }
    drop(decided);
    let run = session.store.begin_run(&manifest.project, "run", caps, now).await?;
    ordered.admission.run = Some(run);
    session.store.admit(ordered.admission, now).await?;
    restore_quotas(&session, &setup).await?;
    let order = Order {
        project: &manifest.project,
        run,
        work: Some(ordered.work),
        max_time: request.bounds.max_time,
        run_jobs,
        price,
        max_in_doubt: manifest.guards.max_in_doubt,
        levels,
    };
    let (repeat, raised) = (repeat_command(request), repeat::raised(request, price));
    let offer = Offer { cheapest, raised: &raised };
    let ended = Ended { run, caps, waiting, asks, lost, rollout, repeat: &repeat, offer, reorder: None };
    summary::carry_out(session, setup, order, ended).await
}

/// Returns the status of each job of the manifest at the start of the run.
///
/// Jobs whose status cannot change are only counted.
async fn run_jobs(session: &Session, decided: &Decided, lost: &Lost) -> Result<RunJobs, Error> {
    let owed = session.store.owed(None, usize::MAX).await?;
    let tables = decided.plan_tables.lock();
    let mut run_jobs = RunJobs { others: decided.others().clone(), ..RunJobs::default() };
    let mut up_to_date = tables.count("unchanged")?;
    // Nothing happens in this run to jobs that wait for a review, so they are only counted, too.
    run_jobs.others.add(Bucket::Review, tables.count("held back")?);
    let is_listed = |name: &&str| !matches!(*name, "unchanged" | "held back");
    let others: Vec<&str> = Decision::NAMES.into_iter().filter(is_listed).collect();
    let stood = tables.each_named::<StoreError>(&others, |tables, job| {
        if lost.is_dismissed(&job.wanted.key, &job.decision) && !lost.has(&job.wanted.key) {
            run_jobs.add_as(&job.wanted.key, Bucket::Dismissed);
        } else if !lost.has(&job.wanted.key) {
            if matches!(job.decision, Decision::Redo { .. }) {
                run_jobs.having.insert(job.wanted.key.clone());
            }
            // A person queued a redo, which comes after the result that is still awaited.
            if matches!(job.decision, Decision::InFlight { .. }) && has_queued_redo(tables, &job.wanted.key)?
            {
                run_jobs.outdated.insert(job.wanted.key.clone());
            }
            run_jobs.add(&job.wanted.key, &job.decision);
        }
        Ok(())
    });
    stood?;
    let accepted = lost.accepted().map(|key| (key, Bucket::Dismissed));
    for (key, bucket) in lost.jobs().map(|(key, loss)| (key, Bucket::lost(loss))).chain(accepted) {
        let found = tables.find(key)?;
        up_to_date -= usize::from(found.is_some_and(|job| job.decision.name() == "unchanged"));
        run_jobs.add_as(key, bucket);
    }
    // A second clip for a finished job must not count as another job.
    let keys: BTreeSet<JobKey> = owed.into_iter().map(|take| take.key).collect();
    for key in keys {
        let found = tables.find(&key)?;
        if found.is_some_and(|job| job.decision.name() == "unchanged") {
            up_to_date = up_to_date.saturating_sub(1);
            run_jobs.jobs.push((key.clone(), Bucket::Done));
            if has_queued_redo(&tables, &key)? {
                run_jobs.outdated.insert(key.clone());
            } else {
                run_jobs.having.insert(key);
            }
        }
    }
    run_jobs.others.add(Bucket::Done, up_to_date);
    Ok(run_jobs)
}

/// Sets each provider's daily quota to the part that earlier runs have not used today.
pub(crate) async fn restore_quotas(session: &Session, setup: &Setup) -> Result<(), Error> {
    let now = session.clock.now();
    let midnight = now.to_zoned_datetime(jiff::tz::TimeZone::UTC).start_of_day();
    let midnight = midnight.map_or(now, |midnight| midnight.timestamp());
    for (name, account) in &setup.accounts {
        let sent = session.store.attempts_since(name, midnight).await?;
        account.sent_today(now, sent);
    }
    Ok(())
}

/// Refuses to send jobs that may have been paid for before the database was rebuilt with some records missing.
///
/// It does not refuse a plan that was approved after this rebuild, because `plan` has warned about these jobs.
async fn ask_about_gaps(
    request: &RunRequest,
    session: &Session,
    decided: &Decided,
    approved: Option<&Approval>,
) -> Result<(), Error> {
    let Some(rebuilt) = session.store.gaps().await? else { return Ok(()) };
    if approved.is_some_and(|plan| plan.rebuilt.as_deref() == Some(&rebuilt.to_string())) {
        return Ok(());
    }
    let (jobs, sum) = decided.in_gaps(rebuilt)?;
    if jobs == 0 {
        return Ok(());
    }
    let places = &session.places;
    let accept = accepting(places, request);
    let close = places.typed("recover --accept-gaps");
    let what = format!(
        "shotlist's records were rebuilt, and requests may be missing from them: {} without a clip, for about {sum}, \
         may have been paid for before; nothing was sent. Look in your provider's console first. To send {}: {accept}; \
         to let later runs send such jobs without asking: {close}",
        count(jobs, "job"),
        if jobs == 1 { "it" } else { "all of them" },
    );
    Err(Error::new(Exit::Budget, what).money("not charged").hint(places.typed("plan")))
}

/// Returns the error for a job whose price is unknown; nothing was charged.
pub(crate) fn unpriced(key: &JobKey, model: &ModelName) -> Error {
    let what = format!(
        "the price of {model} is not known (job {key}); nothing was sent; add `prices: {{ {model}: {{ per: clip, usd: \
         \"0.20\" }} }}` to the manifest, with its real price; with --allow-unpriced it counts as $0.00 in \
         every budget, whatever it costs"
    );
    Error::new(Exit::Invalid, what).money("not charged")
}

/// Asks for consent to the price of the run; returns an error unless the answer is yes.
///
/// If there is no person to ask, `--max-cost` counts as consent.
fn agreed(project: &Project, request: &RunRequest, plan: &Plan) -> Result<(), Error> {
    let places: &Places = &project.places;
    let clips = count(plan.to_render(), "clip");
    match project.ask(Topic::Spend, format!("Render {clips} for about {}?", plan.total())) {
        Answer::Yes => Ok(()),
        // A program that sets a limit has agreed to any price within it.
        Answer::Unavailable if request.bounds.max_cost.is_some() => Ok(()),
        Answer::Unavailable => Err(Error::new(
            Exit::Usage,
            format!(
                "{clips} for {} need{} your consent, and there is no terminal to ask on; add --yes, or --max-cost USD",
                plan.total(),
                if plan.to_render() == 1 { "s" } else { "" }
            ),
        )
        .money("not charged")
        .hint(places.typed(&format!("{} --yes", repeat_command(request))))),
        Answer::No => {
            let what = "the answer was no; nothing was sent";
            Err(Error::new(Exit::Usage, what).money("not charged").hint(places.typed(&plan_command(request).build())))
        }
    }
}
