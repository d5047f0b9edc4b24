//! The background checks of a run, which check one saved clip at a time while the run continues.

use super::{Checker, Tally};
use crate::app::project::Project;
use crate::app::reporter::News;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{Phase, State};
use crate::domain::notice::Notice;
use crate::domain::verdict::{Checked, Finding, Verdict};
use crate::engine::world::World;
use crate::manifest::Checks;
use crate::plan::known::Filed;
use crate::store::Check;
use std::cmp::Reverse;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Maximum time that a run waits at its end for clips whose checks are not finished.
const PATIENCE: Duration = Duration::from_secs(15);

/// Time without a new clip after which the background task saves the finished verdicts.
const KEEP: Duration = Duration::from_secs(1);

/// Number of verdicts that are saved in one write.
const BATCH: usize = 16;

/// The verdicts of the automatic checks about the clips of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunChecks {
    /// Number of clips by verdict.
    pub tally: Tally,
    /// Number of clips whose frames were checked.
    pub frames: usize,
    /// Findings grouped by the check that made them, worst verdict first.
    pub found: Vec<Found>,
    /// Reason why frames were not checked although `ffmpeg` is installed.
    pub fault: Option<String>,
}

/// The findings that one check made in all clips of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Worst verdict that the check gave to any clip of the run.
    pub verdict: Verdict,
    /// Name of the check.
    pub check: String,
    /// Number of clips in which the check found something.
    pub clips: usize,
    /// Job of the first clip with the worst verdict.
    pub job: JobKey,
    /// Description of the finding in the clip of `job`.
    pub reason: String,
}

impl RunChecks {
    /// Adds the findings about a job's clip, and returns the failures that must be reported.
    ///
    /// A failure is left out if an earlier clip of the run has failed the same check.
    fn add(&mut self, job: &JobKey, checked: &Checked) -> Vec<Finding> {
        let is_new = |finding: &&Finding| {
            let fails = |found: &Found| found.verdict == Verdict::Fail && found.check == finding.check;
            finding.verdict == Verdict::Fail && !self.found.iter().any(fails)
        };
        let failed = checked.findings.iter().filter(is_new).cloned().collect();
        self.tally.unchecked = self.tally.unchecked.saturating_sub(1);
        self.tally.add(Some(checked));
        self.frames += usize::from(checked.frames);
        for Finding { check, verdict, reason } in &checked.findings {
            let new = Found {
                verdict: *verdict,
                check: check.clone(),
                clips: 1,
                job: job.clone(),
                reason: reason.clone(),
            };
            match self.found.iter_mut().find(|found| found.check == *check) {
                // The example is a clip with the worst verdict.
                Some(found) if found.verdict < *verdict => *found = Found { clips: found.clips + 1, ..new },
                Some(found) => found.clips += 1,
                None => self.found.push(new),
            }
        }
        self.found.sort_by_key(|found| Reverse((found.verdict, found.clips)));
        failed
    }
}

/// A message to the background task: check this clip, or end.
enum Order {
    Clip(TakeId),
    End,
}

/// The sending end of the channel that passes saved clips to the background checks.
#[derive(Clone)]
pub(crate) struct CheckQueue {
    sender: UnboundedSender<Order>,
    checks: Arc<Mutex<RunChecks>>,
}

impl CheckQueue {
    /// Passes a clip on to the background checks if the notice says that the clip was saved.
    pub(crate) fn hear(&self, notice: &Notice) {
        if let Notice::Moved { take, to, .. } = notice
            && to.phase() == Phase::Done
        {
            lock(&self.checks).tally.unchecked += 1;
            // The receiver lives as long as the run.
            let _ = self.sender.send(Order::Clip(take.clone()));
        }
    }
}

/// The receiving end of the channel that passes saved clips to the background checks.
///
/// [`Background::start`] takes it and gives it to the background task.
pub(crate) struct Outbox(UnboundedReceiver<Order>);

pub(crate) fn channel() -> (CheckQueue, Outbox) {
    let (sender, receiver) = unbounded_channel();
    (CheckQueue { sender, checks: Arc::default() }, Outbox(receiver))
}

/// The background checks of an active run.
pub(crate) struct Background {
    inbox: CheckQueue,
    checker: Shared,
    /// Token that ends the background task early; the task then saves the finished verdicts.
    enough: CancellationToken,
    task: JoinHandle<()>,
}

/// The checker of a run, shared with its background task; `None` until the first clip is saved.
type Shared = Arc<Mutex<Option<Arc<Checker>>>>;

impl Background {
    /// Starts the background task that checks the clips of a run.
    pub(crate) fn start(
        project: &Project,
        world: &Arc<World>,
        settings: Checks,
        (inbox, outbox): (CheckQueue, Outbox),
    ) -> Self {
        let (checker, enough) = (Shared::default(), CancellationToken::new());
        let run = Run {
            enough: enough.clone(),
            project: project.clone(),
            world: Arc::clone(world),
            settings,
            checker: Arc::clone(&checker),
            checks: Arc::clone(&inbox.checks),
        };
        #[expect(clippy::disallowed_methods, reason = "one task, which `end` awaits or ends")]
        let task = tokio::spawn(run.check_all(outbox));
        Self { inbox, checker, enough, task }
    }

    /// Waits up to [`PATIENCE`] for unfinished checks and returns all verdicts; a stopped run does not wait.
    pub(crate) async fn end(mut self, project: &Project, is_stopped: bool) -> RunChecks {
        let _ = self.inbox.sender.send(Order::End);
        let enough = async {
            if !is_stopped {
                tokio::select! {
                    () = tokio::time::sleep(PATIENCE) => {}
                    _ = project.interrupt.asked(1) => {}
                }
            }
        };
        let is_done = tokio::select! {
            biased;
            _ = &mut self.task => true,
            () = enough => false,
        };
        if !is_done {
            self.enough.cancel();
            // The task holds the open state, which must be closed when the run has ended.
            let _ = (&mut self.task).await;
        }
        let mut checks = lock(&self.inbox.checks).clone();
        if let Some(checker) = lock(&self.checker).take() {
            checker.stop();
            checks.fault = checker.fault();
        }
        if let Some(why) = &checks.fault {
            project.tell(&News::Warning(&format!("the frames of clips were not checked: {why}")));
        }
        checks
    }
}

/// The state of the background task that checks the clips of a run.
struct Run {
    project: Project,
    world: Arc<World>,
    settings: Checks,
    checker: Shared,
    checks: Arc<Mutex<RunChecks>>,
    enough: CancellationToken,
}

impl Run {
    async fn check_all(self, Outbox(mut outbox): Outbox) {
        let mut checked = Vec::new();
        loop {
            let order = tokio::select! {
                biased;
                () = self.enough.cancelled() => Ok(Some(Order::End)),
                order = tokio::time::timeout(KEEP, outbox.recv()) => order,
            };
            if let Ok(Some(Order::Clip(take))) = &order {
                tokio::select! {
                    biased;
                    () = self.enough.cancelled() => {}
                    verdict = self.check(take) => checked.extend(verdict),
                }
            }
            let is_end = matches!(order, Ok(Some(Order::End) | None)) || self.enough.is_cancelled();
            if checked.len() >= BATCH || order.is_err() || is_end {
                self.keep(std::mem::take(&mut checked)).await;
            }
            if is_end {
                return;
            }
        }
    }

    /// Saves these verdicts. If that fails, the next command `check` checks the clips again.
    async fn keep(&self, checked: Vec<Check>) {
        if !checked.is_empty()
            && let Err(error) = self.world.store.keep_checks(checked, self.world.clock.now()).await
        {
            tracing::warn!(%error, "verdicts of clips were not saved");
        }
    }

    async fn check(&self, take: &TakeId) -> Option<Check> {
        let take = self.world.store.take_by_id(take).await.ok()??;
        let State::Done { file, .. } = take.state else { return None };
        let filed = Filed { take: take.id.clone(), path: take.path.clone(), file };
        let checker = self.checker().await?;
        let key = take.key.clone();
        let verdict = tokio::task::spawn_blocking(move || checker.check(&take, &filed)).await.ok()??;
        let failures = lock(&self.checks).add(&key, &verdict.checked);
        for Finding { check, reason, .. } in failures {
            let text = format!(
                "{key} failed the check `{check}`: {reason}; the clip is kept; further clips that fail this check are \
                 counted at the end of the run"
            );
            self.project.tell(&News::Warning(&text));
        }
        Some(verdict)
    }

    async fn checker(&self) -> Option<Arc<Checker>> {
        if let Some(checker) = lock(&self.checker).clone() {
            return Some(checker);
        }
        let (project, settings, tree) =
            (self.project.clone(), self.settings.clone(), self.world.tree.clone());
        let new = move || Arc::new(Checker::new(&project.places, &project.registry, settings, tree));
        let made = tokio::task::spawn_blocking(new).await.ok()?;
        *lock(&self.checker) = Some(Arc::clone(&made));
        Some(made)
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "background_tests.rs"]
mod tests;
