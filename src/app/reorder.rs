//! The common part of `retry` and `redo`: asks for consent, sends the chosen jobs again and runs them.

use super::budget::{Fit, caps, levels};
use super::consent::{Answer, Topic};
use super::decided::{Choice, Decided};
use super::error::Error;
use super::exit::Exit;
use super::inputs::invalid;
use super::lost::Lost;
use super::obstacles::Obstacles;
use super::project::Project;
use super::reporter::News;
use super::rollout::RolloutState;
use super::run::{restore_quotas, unpriced};
use super::selection::{Bounds, Selection};
use super::session::{Order, Session};
use super::setup::setup;
use super::summary::{self, Ended, Offer, RunReport};
use super::totals::RunJobs;
use super::words::Words;
use crate::domain::durations::RenderKind;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::ClipFile;
use crate::domain::money::Usd;
use crate::domain::policy::Policy;
use crate::domain::take::Wanted;
use crate::engine::{Work, ids};
use crate::load::Loaded;
use crate::manifest::Manifest;
use crate::plan::bucket::{Bucket, Buckets};
use crate::plan::expand::LeftOut;
use crate::plan::filing::Target;
use crate::store::{Admission, Admitted, Jobs, NewTake, PlanTables, StoreError};
use std::collections::{BTreeMap, HashSet};

/// A person's request to send chosen jobs again.
pub(crate) struct Reorder {
    /// Name of the command in the run history: `retry` or `redo`.
    pub(crate) command: &'static str,
    /// Command that repeats the request and asks again. The flags that name the project's paths are added later.
    pub(crate) repeat: String,
    /// Jobs to send again, each with its price.
    pub(crate) jobs: Vec<Wanted>,
    /// Question to ask before the jobs are sent, to which the price is added.
    pub(crate) question: String,
    /// Action that the question asks about, for the error if there is no person to ask.
    pub(crate) action: String,
    /// Notes shown before the question.
    pub(crate) notes: Vec<String>,
    /// Number of the manifest's jobs that are not sent again, by status (bucket).
    pub(crate) others: Buckets,
    /// Jobs to send that already have a finished clip.
    pub(crate) having: HashSet<JobKey>,
}

/// Returns the plan of all jobs of the manifest, as `run` makes it.
pub(crate) fn decide_all(
    plan_tables: &PlanTables,
    loaded: &Loaded,
    manifest: &Manifest,
) -> Result<Decided, Error> {
    let selection = &Selection::default();
    Decided::of(manifest, loaded, plan_tables, Choice { selection, approved: None, accepted: false })
}

/// Returns the number of jobs of the plan by status (bucket), except the jobs in `jobs`.
pub(crate) fn other_buckets(decided: &Decided, jobs: &[JobKey]) -> Result<Buckets, Error> {
    let chosen: HashSet<&JobKey> = jobs.iter().collect();
    let mut others = Buckets::default();
    let each = decided.plan_tables.lock().each::<StoreError>(|_, job| {
        if !chosen.contains(&job.wanted.key) {
            others.add(Bucket::of(&job.wanted.key, &job.decision), 1);
        }
        Ok(())
    });
    each?;
    Ok(others)
}

/// Asks once for consent to the total price, then sends the jobs and runs the engine.
///
/// Without consent, it returns an error and sends nothing. A rehearsal asks no question.
pub(crate) async fn submit_reorder(
    session: Session,
    loaded: &Loaded,
    bounds: &Bounds,
    reorder: Reorder,
) -> Result<RunReport, Error> {
    let project = session.project.clone();
    let manifest = loaded.manifest.as_ref().ok_or_else(invalid)?;
    let may_be_unpriced = project.places.sandbox || bounds.allow_unpriced;
    if let Some(wanted) = reorder.jobs.iter().find(|wanted| wanted.price.is_none() && !may_be_unpriced) {
        let typed = session.places.typed("plan");
        return Err(unpriced(&wanted.key, &wanted.request.model).hint(typed));
    }
    let mut obstacles = Obstacles::new(&session)?;
    for wanted in &reorder.jobs {
        // The new clip may take the name of the job's own earlier clip.
        let filed = session.store.filed(&manifest.project, &wanted.key).await?;
        let own: Option<ClipFile> = filed.filter(|filed| filed.path == wanted.path).map(|filed| filed.file);
        let may_stand = own.into_iter().collect();
        let mut target = Target { path: wanted.path.clone(), may_stand, promised: None };
        if let Some(file) = obstacles.meets(&target) {
            let clip = session.store.clip_at(&wanted.path, file).await?;
            target.may_stand.extend(clip.map(|clip| clip.file));
        }
        obstacles.look(&target, own.is_some());
    }
    obstacles.refuse(&reorder.repeat)?;
    session.note_disks().await?;
    session.tell_pauses(&manifest.project).await?;
    for wanted in &reorder.jobs {
        let mark = session.places.mark();
        let (command, price) = (reorder.command, cost(wanted));
        project.tell(&News::Again { command, job: &wanted.key, price, mark });
    }
    for note in &reorder.notes {
        project.tell(&News::Note(note));
    }
    let price: Usd = reorder.jobs.iter().map(cost).sum();
    if !project.places.sandbox {
        let typed = session.places.typed(&format!("{} --yes", reorder.repeat));
        agreed(&project, bounds, &reorder, price, typed)?;
    }
    let mut needed = session.owing().await?;
    needed.extend(reorder.jobs.iter().map(|wanted| wanted.request.model.provider.clone()));
    let setup = setup(&project, &manifest.providers, &loaded.cards, &needed).await?;
    let now = session.clock.now();
    let order = |wanted: &Wanted| {
        let new = NewTake { id: TakeId(ids::sortable(now)), instead_of: None };
        Admitted { new: Some(new), ..Admitted::new(wanted.clone()) }
    };
    let admitted: Vec<Admitted> = reorder.jobs.iter().map(order).collect();
    let caps = caps(manifest, bounds.max_cost);
    let levels = levels(&session.store, &manifest.project, reorder.command, caps, now).await?;
    for level in &levels {
        let mut fit = Fit::new(*level);
        reorder.jobs.iter().for_each(|wanted| fit.add(cost(wanted)));
        project.tell(&News::Budget { fit: &fit, mark: session.places.mark() });
    }
    let run = session.store.begin_run(&manifest.project, reorder.command, caps, now).await?;
    let admission = Admission {
        project: manifest.project.clone(),
        jobs: Jobs::These(admitted),
        partial: true,
        gone: Vec::new(),
        left_out: LeftOut::default(),
        policy: Policy::standard(),
        run: Some(run),
    };
    session.store.admit(admission, now).await?;
    restore_quotas(&session, &setup).await?;
    let order = Order {
        project: &manifest.project,
        run,
        work: Some(Work::default()),
        max_time: bounds.max_time,
        run_jobs: RunJobs {
            jobs: reorder.jobs.iter().map(|wanted| (wanted.key.clone(), Bucket::ToRender)).collect(),
            others: reorder.others,
            unsent: kinds(&reorder.jobs),
            having: reorder.having,
            ..RunJobs::default()
        },
        price: Some(price),
        max_in_doubt: manifest.guards.max_in_doubt,
        levels,
    };
    // `run` sends the jobs that this command recorded but did not send, within the same limits.
    let repeat = Words::new("run").bounds(bounds).build();
    let raised = Words::new("run").bounds(&Bounds { max_cost: Some(price), ..bounds.clone() }).build();
    let offer = Offer { cheapest: reorder.jobs.iter().map(cost).min(), raised: &raised };
    let ended = Ended {
        run,
        caps,
        waiting: 0,
        asks: 0,
        lost: Lost::default(),
        rollout: RolloutState::default(),
        repeat: &repeat,
        offer,
        reorder: Some(reorder.command),
    };
    summary::carry_out(session, setup, order, ended).await
}

/// Returns the number of jobs by kind of request: model, length and size of the clip.
fn kinds(jobs: &[Wanted]) -> BTreeMap<RenderKind, usize> {
    let mut kinds = BTreeMap::new();
    for wanted in jobs {
        *kinds.entry(RenderKind::of(&wanted.request)).or_default() += 1;
    }
    kinds
}

/// Returns the price of a job.
///
/// An unknown price counts as zero, because the user allowed that or because this is a rehearsal.
#[must_use]
pub(crate) fn cost(wanted: &Wanted) -> Usd {
    wanted.price.unwrap_or_default()
}

/// Asks once for consent to the total price; returns an error unless the answer is yes.
///
/// If there is no person to ask, `--max-cost` counts as consent.
fn agreed(
    project: &Project,
    bounds: &Bounds,
    reorder: &Reorder,
    price: Usd,
    typed: String,
) -> Result<(), Error> {
    match project.ask(Topic::Spend, format!("{} for about {price}?", reorder.question)) {
        Answer::Yes => Ok(()),
        // A program that sets a limit has agreed to any price within it.
        Answer::Unavailable if bounds.max_cost.is_some() => Ok(()),
        Answer::Unavailable => {
            let what = format!(
                "{} for about {price} needs your consent, and there is no terminal to ask on; add --yes, or \
                 --max-cost USD",
                reorder.action
            );
            Err(Error::new(Exit::Usage, what).money("not charged").hint(typed))
        }
        Answer::No => {
            Err(Error::new(Exit::Usage, "the answer was no; nothing was sent").money("not charged"))
        }
    }
}
