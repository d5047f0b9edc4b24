//! The checks of a run: each clip after it is saved, one at a time, beside everything else.

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

/// Time that a run waits in the end for clips that are not checked yet.
const PATIENCE: Duration = Duration::from_secs(15);

/// Time without a new clip after which the verdicts so far are kept.
const KEEP: Duration = Duration::from_secs(1);

/// Number of verdicts that are kept in one write.
const BATCH: usize = 16;

/// The verdicts about the clips of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunChecks {
    /// Number of clips by verdict.
    pub tally: Tally,
    /// Number of clips whose frames were looked at.
    pub frames: usize,
    /// Findings by their checks, the worst first.
    pub found: Vec<Found>,
    /// Reason for which frames were not looked at although `ffmpeg` is installed.
    pub fault: Option<String>,
}

/// The findings of one check in the clips of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Worst verdict.
    pub verdict: Verdict,
    /// Name of the check.
    pub check: String,
    /// Number of clips.
    pub clips: usize,
    /// Job of the first clip with that verdict.
    pub job: JobKey,
    /// Reason for that clip.
    pub reason: String,
}

impl RunChecks {
    /// Counts a clip of a job. Returns its failures in checks in which no clip failed before.
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

/// Something for the task that checks.
enum Order {
    Clip(TakeId),
    End,
}

/// Where the news of saved clips goes in.
#[derive(Clone)]
pub(crate) struct Inbox {
    sender: UnboundedSender<Order>,
    checks: Arc<Mutex<RunChecks>>,
}

impl Inbox {
    /// Takes down a clip that is saved.
    pub(crate) fn hear(&self, notice: &Notice) {
        if let Notice::Moved { take, to, .. } = notice
            && to.phase() == Phase::Done
        {
            lock(&self.checks).tally.unchecked += 1;
            // The other end lives as long as the run.
            let _ = self.sender.send(Order::Clip(take.clone()));
        }
    }
}

/// The checks of a run before its task is started.
pub(crate) struct Outbox(UnboundedReceiver<Order>);

/// Returns both ends of the way that clips take to their checks.
pub(crate) fn channel() -> (Inbox, Outbox) {
    let (sender, receiver) = unbounded_channel();
    (Inbox { sender, checks: Arc::default() }, Outbox(receiver))
}

/// The running checks of a run.
pub(crate) struct Background {
    inbox: Inbox,
    checker: Shared,
    /// Ends the task, which keeps the verdicts so far.
    enough: CancellationToken,
    task: JoinHandle<()>,
}

/// The checker of a run, which is made for its first clip.
type Shared = Arc<Mutex<Option<Arc<Checker>>>>;

impl Background {
    /// Starts to check the clips of a run as they come.
    pub(crate) fn start(
        project: &Project,
        world: &Arc<World>,
        settings: Checks,
        (inbox, outbox): (Inbox, Outbox),
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
        #[expect(clippy::disallowed_methods, reason = "one task, which `finish` awaits or ends")]
        let task = tokio::spawn(run.check_all(outbox));
        Self { inbox, checker, enough, task }
    }

    /// Waits a little for the clips that are not checked yet, unless the run was stopped, and returns the verdicts.
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
            project.tell(&News::Warning(&format!("clips were checked without their frames: {why}")));
        }
        checks
    }
}

/// The checks of a run, as its task sees them.
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

    /// Keeps verdicts. One that cannot be kept is found again by the next check.
    async fn keep(&self, checked: Vec<Check>) {
        if !checked.is_empty()
            && let Err(error) = self.world.store.keep_checks(checked, self.world.clock.now()).await
        {
            tracing::warn!(%error, "verdicts of clips were not kept");
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
            let text =
                format!("{key}: {reason} (check `{check}`); it is kept, and further ones are only counted");
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
