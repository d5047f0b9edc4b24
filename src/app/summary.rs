//! The end of a run: composes its summary, its entry in the run history and its exit code.

mod next;

use super::budget::{Level, levels_after, spenders};
use super::checker::RunChecks;
use super::error::Error;
use super::exit::Exit;
use super::find::project_name;
use super::lost::Lost;
use super::pause;
use super::project::Project;
use super::project_status::{ProjectStatus, buckets};
use super::reporter::News;
use super::rollout::RolloutState;
use super::session::{Order, RunResult, Session};
use super::setup::Setup;
use super::totals::DeliveredClips;
use crate::domain::fault::Stop;
use crate::domain::key::JobKey;
use crate::domain::money::Usd;
use crate::domain::notice::WhyStopped;
use crate::engine::stop::StopReason;
use crate::engine::world::World;
use crate::plan::bucket::{Bucket, Buckets};
use crate::store::{Cap, Caps, Pause, RunId, Spent, Window};
use jiff::Timestamp;
use next::next;
use std::collections::BTreeSet;
use std::time::Duration;

/// The facts that the summary of a run needs from the command that started the run.
pub(crate) struct Ended<'a> {
    /// Number of the run in the history.
    pub(crate) run: RunId,
    /// Maximum amount that the run may spend under each budget.
    pub(crate) caps: Caps,
    /// Number of jobs that this run does not send, because an unfinished rendering must have its result first.
    pub(crate) waiting: usize,
    /// Number of finished jobs whose input changed and that need a person's consent before they are rendered again.
    pub(crate) asks: usize,
    pub(crate) lost: Lost,
    pub(crate) rollout: RolloutState,
    /// Command that continues the run; the flags that name the project's paths are added later.
    pub(crate) repeat: &'a str,
    pub(crate) offer: Offer<'a>,
    /// Name of the command that sent jobs again: `retry` or `redo`; `None` for `run` and `collect`.
    pub(crate) reorder: Option<&'static str>,
}

/// The limit to suggest if `--max-cost` is less than the price of each clip.
#[derive(Clone, Copy)]
pub(crate) struct Offer<'a> {
    /// Price of the cheapest job to send; `None` if there is none.
    pub(crate) cheapest: Option<Usd>,
    /// Command that continues the run with a `--max-cost` for all its jobs.
    pub(crate) raised: &'a str,
}

/// The result of a request to run, collect, retry or redo.
pub enum RunReport {
    /// No run was started because there was nothing to do.
    Nothing {
        /// Reason why there was nothing to do.
        what: String,
        /// Command to type next.
        next: Option<String>,
        /// Exit code; 0, unless an error was reported before.
        exit: Exit,
    },
    /// A run was started and has ended.
    Ran(Box<Summary>),
}

impl RunReport {
    /// Returns the report of a request that found nothing to do.
    pub(crate) fn nothing(what: impl Into<String>, next: Option<String>) -> Self {
        Self::Nothing { what: what.into(), next, exit: Exit::Done }
    }

    /// Returns the exit code of the call.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Nothing { exit, .. } => *exit,
            Self::Ran(summary) => summary.exit,
        }
    }

    /// Returns the report with the more severe of its own exit code and `exit`.
    #[must_use]
    pub(crate) fn at_least(mut self, exit: Exit) -> Self {
        let own = match &mut self {
            Self::Nothing { exit, .. } => exit,
            Self::Ran(summary) => &mut summary.exit,
        };
        *own = Exit::gravest([*own, exit]);
        self
    }
}

/// The result of a run.
pub struct Summary {
    /// Exit code of this call of the program.
    pub exit: Exit,
    /// Exit code of the run in the run history; it determines the text of the summary and the next command.
    pub kept_exit: Exit,
    /// Number of jobs by status (bucket) at the end of the run.
    pub buckets: Buckets,
    /// True if the run changed no job.
    pub is_idle: bool,
    /// Duration of the run.
    pub lasted: Duration,
    /// Clips that the run delivered.
    pub clips: DeliveredClips,
    /// Estimated total spending of the run; `None` if nothing was submitted.
    pub estimate: Option<Usd>,
    /// Amount that this call of the program spent.
    pub spent: Spent,
    /// Amount that the whole run spent, including the interrupted run that it continued.
    pub run_spent: Spent,
    /// Number of clips that were charged above their price, and the sum of the excess charges.
    ///
    /// These are clips of the whole run, and clips of earlier runs whose charge became known only now.
    pub above_price: (u64, Usd),
    /// Budgets with the amount spent against each so far.
    pub levels: Vec<Level>,
    /// Budget that was reached and so ended the run; `None` if no budget ended it.
    pub reached: Option<Cap>,
    /// Amounts that several projects spent against the budget that ended the run, in words; `None` for a single
    /// project.
    pub spenders: Option<String>,
    /// Price of the cheapest job to send; `None` if there was none.
    pub cheapest: Option<Usd>,
    /// Reason why the run ended early; `None` if it was not stopped.
    pub reason: Option<StopReason>,
    /// Name of the command that sent jobs again: `retry` or `redo`; `None` for `run` (even if it continues such a
    /// command) and `collect`.
    pub reorder: Option<&'static str>,
    /// Providers and models that were closed to further submissions: the name, the reason, and true if polls were
    /// refused, too.
    pub closed: Vec<(String, WhyStopped, bool)>,
    /// Number of jobs that were not sent, because an unfinished rendering must have its result first.
    pub waiting: usize,
    /// Canaries: the first clips of each shot and model, to review before the others are rendered. Those that an
    /// earlier run recorded as passed are left out.
    pub rollout: RolloutState,
    /// Jobs whose saved clips are missing or altered.
    pub lost: Lost,
    /// Pauses that stop new submissions to providers.
    pub pauses: Vec<Pause>,
    /// Jobs whose clips could not be moved to their new paths, each with the reason.
    pub unfiled: Vec<(JobKey, String)>,
    /// Number of jobs that could not be processed to the end because of a defect (a panic) in this program.
    pub panicked: usize,
    /// Verdicts of the automatic checks about the clips of this run.
    pub checks: RunChecks,
    /// Number of takes (renderings) by state, and the takes that need a person's attention.
    pub standing: ProjectStatus,
    /// Time of the report.
    pub now: Timestamp,
    /// Command to type next.
    pub next: String,
}

/// Runs the engine, records the end of the run in the run history, and returns the summary.
///
/// It stops the test servers of a rehearsal as soon as the engine has ended, because they read the database. The run
/// must be the last to close the database: a connection that only reads cannot merge the write-ahead log.
pub(crate) async fn carry_out(
    session: Session,
    setup: Setup,
    order: Order<'_>,
    ended: Ended<'_>,
) -> Result<RunReport, Error> {
    let project = session.project.clone();
    let driven = Box::pin(session.drive(&setup, order)).await;
    setup.close().await;
    let (result, world) = driven?;
    close(&project, &world, result, ended).await
}

/// Records the end of the run in the run history, and returns the summary.
async fn close(
    asked: &Project,
    world: &World,
    mut result: RunResult,
    ended: Ended<'_>,
) -> Result<RunReport, Error> {
    let (places, run) = (&asked.places, ended.run);
    // The time ended after everything was sent, so the limit kept no job from being sent.
    if result.reason == Some(StopReason::MaxTime) && !result.outcome.leaves_work() {
        result.reason = None;
    }
    // A collect works for all projects but reports on the manifest's own, as `status` and `resolve --all` do.
    let named = Some(world.project.clone()).filter(|project| !project.is_empty());
    let shown = named.clone().or_else(|| project_name(places));
    let standing = ProjectStatus::read(asked, &world.store, shown.as_deref()).await?;
    let pauses = match &named {
        Some(project) => world.store.pauses(Some(project)).await?,
        None => Vec::new(),
    };
    // A person may have decided about jobs during the run.
    let open: BTreeSet<&JobKey> = standing.held.iter().map(|held| &held.take.key).collect();
    let settled: BTreeSet<JobKey> =
        result.totals.held().into_iter().filter(|key| !open.contains(key)).collect();
    if !settled.is_empty() {
        let (_, decided) = buckets(&world.store, places, settled).await?;
        for (key, bucket) in decided {
            result.totals.decided(key, bucket);
        }
    }
    let now = world.clock.now();
    let levels = levels_after(&world.store, run, ended.caps, now).await?;
    let mut exit = exit_code(&ended, world, &result, &standing);
    if let Err(error) = world.store.end_run(run, exit as u8, now).await {
        // Only the run's own entry in the history is incomplete: paid work was recorded before.
        asked.tell(&News::Failed(&error.into()));
        exit = Exit::gravest([exit, Exit::Local]);
    }
    if exit == Exit::Done {
        world.store.drop_copies();
    }
    let spent = world.store.spent(Window::Invocation(run)).await?;
    let run_spent = world.store.spent(Window::Run(run)).await?;
    let above_price = world.store.above_price(run, &world.above_price()).await?;
    let reached = reached(&result);
    let spenders = match reached {
        Some(cap) => spenders(&world.store, cap, run, now).await?,
        None => None,
    };
    let next = match exit {
        Exit::WorkRemains if pauses.iter().any(|pause| pause.waiting > 0) => {
            places.typed(&pause::resume_typed(&pauses))
        }
        _ => next(exit, &standing, places, (&result, &levels), &ended),
    };
    let refused = world.polls_refused();
    let RunResult { outcome, reason, closed, totals, checks } = result;
    Ok(RunReport::Ran(Box::new(Summary {
        exit,
        kept_exit: exit,
        buckets: totals.buckets().clone(),
        is_idle: totals.is_idle(),
        lasted: totals.lasted(now),
        clips: totals.clips().clone(),
        estimate: totals.estimate(),
        spent,
        run_spent,
        above_price,
        levels,
        reached,
        spenders,
        cheapest: ended.offer.cheapest,
        reason,
        reorder: ended.reorder,
        closed: closed
            .into_iter()
            .map(|(who, why)| {
                let is_refused = refused.contains_key(&who);
                (who, why, is_refused)
            })
            .collect(),
        waiting: ended.waiting,
        rollout: ended.rollout,
        lost: ended.lost,
        pauses,
        unfiled: outcome.unfiled,
        panicked: outcome.panicked,
        checks,
        standing,
        now,
        next,
    })))
}

/// Returns the budget that was reached and so ended the run; `None` if no budget ended it.
fn reached(result: &RunResult) -> Option<Cap> {
    match result.reason {
        Some(StopReason::Budget(cap)) => Some(cap),
        _ => None,
    }
}

fn exit_code(ended: &Ended<'_>, world: &World, result: &RunResult, standing: &ProjectStatus) -> Exit {
    let Ended { waiting, asks, .. } = ended;
    let mut exits = Vec::new();
    let outcome = &result.outcome;
    if outcome.panicked > 0 {
        exits.push(Exit::Unexpected);
    }
    if !outcome.failures.is_empty() {
        let defect = |failure: &_| matches!(failure, crate::engine::world::Failure::Illegal(_));
        exits.push(if outcome.failures.iter().any(defect) { Exit::Unexpected } else { Exit::Local });
    }
    exits.extend(result.reason.and_then(|reason| match reason {
        StopReason::Interrupted => Some(Exit::Interrupted),
        StopReason::Terminated => Some(Exit::Terminated),
        StopReason::HungUp => Some(Exit::HungUp),
        // The time limit stops nothing that was sent; unsent jobs count as work that remains.
        StopReason::MaxTime => None,
        StopReason::Budget(_) | StopReason::InDoubt => Some(Exit::Budget),
        StopReason::Local => Some(Exit::Local),
    }));
    for why in result.closed.values() {
        exits.extend(match why {
            WhyStopped::Provider(Stop::Auth | Stop::Balance | Stop::Account) => Some(Exit::Credentials),
            WhyStopped::Provider(Stop::Setup) | WhyStopped::Model | WhyStopped::NoProgress => {
                Some(Exit::WorkRemains)
            }
            // If jobs remain after these, `leaves_work` reports them below.
            WhyStopped::TasksLost | WhyStopped::TasksEmpty | WhyStopped::TasksFail => None,
        });
    }
    if !world.polls_refused().is_empty() {
        exits.push(Exit::Credentials);
    }
    if !outcome.unfiled.is_empty() {
        exits.push(Exit::Local);
    }
    if outcome.leaves_work() || *waiting > 0 || result.totals.reopened() > 0 {
        exits.push(Exit::WorkRemains);
    }
    if ended.rollout.open().next().is_some() {
        exits.push(Exit::WorkRemains);
    }
    if *asks > 0 {
        exits.push(Exit::Budget);
    }
    if !standing.held.is_empty() || !outcome.input_changed.is_empty() {
        exits.push(Exit::Held);
    }
    // A failed second take leaves the job's clip in place, but the user who requested it must learn of the failure.
    let is_lost = ended.lost.jobs().next().is_some() || !standing.written_off.is_empty();
    if !standing.failed.is_empty()
        || result.totals.buckets().count(Bucket::Failed) > 0
        || result.totals.failures() > 0
        || is_lost
    {
        exits.push(Exit::SomeFailed);
    }
    Exit::gravest(exits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_told_before_stays_the_exit_code_where_nothing_was_left_to_collect() {
        let nothing = RunReport::nothing("nothing to collect", None);
        assert_eq!(nothing.exit(), Exit::Done);
        assert_eq!(nothing.at_least(Exit::Invalid).exit(), Exit::Invalid);
    }
}
