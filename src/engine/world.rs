//! What every drive shares: the shells it works with, the clock, the stop, the listener.

mod twins;

use super::clock::Clock;
use super::doubt::{Entry, Exposed, Purse};
use super::handles::{self, Handles};
use super::hosts::Hosts;
use super::owed::{Debt, FreeSpace, Owed};
use super::stop::{Stop, StopReason};
use crate::domain::durations::RenderKind;
use crate::domain::fault::{Said, Stop as ProviderStop};
use crate::domain::lifecycle::Illegal;
use crate::domain::money::Usd;
use crate::domain::notice::{Notice, WhyStopped};
use crate::domain::take::Take;
use crate::files::{Intake, Tree};
use crate::store::{RunId, Store};
use crate::transport::Free;
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use twins::Twins;

/// Something that the whole run cannot go on after.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The state or the ledger cannot be written.
    #[error("{0}")]
    Store(Box<dyn std::error::Error + Send + Sync>),
    /// The disk: full, read-only, gone.
    #[error("{0}")]
    Local(String),
    /// A defect of ours.
    #[error("{0}; this is a defect of shotlist")]
    Illegal(Illegal),
}

impl Failure {
    pub(super) fn local(error: impl std::fmt::Display) -> Self {
        Self::Local(error.to_string())
    }

    pub(super) fn store(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Store(Box::new(error))
    }

    /// Returns the failure to save a paid task, whose id may stand nowhere but in this message.
    pub(super) fn unsaved(take: &Take, error: &impl std::fmt::Display) -> Self {
        Self::Store(format!("{} ({}): {error}", take.key, take.price).into())
    }
}

/// Pause between two looks at what other processes have decided.
pub const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What listens to notices.
pub type Listener = Box<dyn Fn(&Notice) + Send + Sync>;

/// Everything shared by the drives of one run.
pub struct World {
    /// The memory.
    pub store: Store,
    /// For polls and downloads.
    pub free: Box<dyn Free>,
    /// Where clips go.
    pub tree: Tree,
    /// The clips on their way there.
    pub(super) intake: Intake,
    /// The folder from which pictures are seen.
    pub pictures: PathBuf,
    /// The time.
    pub clock: Clock,
    /// The request to end, through which the run stops.
    pub stop: Arc<Stop>,
    /// This run.
    pub run: RunId,
    /// The project that is rendered.
    pub project: String,
    /// The pause between two looks at what other processes decide (`resolve`, `collect`).
    pub(super) look_every: Duration,
    pub(super) purse: Purse,
    /// The clips that are to come.
    pub(super) owed: Arc<Owed>,
    /// The files that may be open at once.
    pub(super) handles: Handles,
    /// The hosts that clips come from.
    pub(super) hosts: Arc<Hosts>,
    pub(super) free_space: FreeSpace,
    /// Whether this is a rehearsal, whose clips must never pass for paid ones.
    pub sandbox: bool,
    listener: Listener,
    /// Called at the named lines at which a crash is worst; tests end the process there.
    reach: fn(&'static str),
    on_wire: Mutex<(usize, Usd)>,
    warned: Mutex<HashSet<String>>,
    poll_refused: Mutex<BTreeMap<String, ProviderStop>>,
    /// True once a provider has told another time than this computer.
    pub(super) is_clock_doubtful: AtomicBool,
    /// Clips by their bytes.
    pub(super) twins: Twins,
}

/// Pause after which a file is opened again where there was none left.
const OUT_OF_FILES: Duration = Duration::from_millis(500);

/// The parts of a [`World`] that its maker brings.
pub struct Parts {
    /// The memory.
    pub store: Store,
    /// For polls and downloads.
    pub free: Box<dyn Free>,
    /// Where clips go.
    pub tree: Tree,
    /// The free bytes there.
    pub free_space: FreeSpace,
    /// The folder from which pictures are seen.
    pub pictures: PathBuf,
    /// The time.
    pub clock: Clock,
    /// The request to end, through which the run stops.
    pub stop: Arc<Stop>,
    /// This run.
    pub run: RunId,
    /// The project that is rendered.
    pub project: String,
    /// The pause between two looks at what other processes decide: [`LOOK_EVERY`], but for tests.
    pub look_every: Duration,
    /// Money that may be in doubt at most, with what is on the wire.
    pub max_in_doubt: Usd,
    /// Whether this is a rehearsal.
    pub sandbox: bool,
    /// Who is told.
    pub listener: Listener,
    /// Called at the named lines at which a crash is worst.
    pub reach: fn(&'static str),
}

impl World {
    /// A world at rest.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts {
            store,
            free,
            tree,
            free_space,
            pictures,
            clock,
            stop,
            run,
            project,
            sandbox,
            look_every,
            max_in_doubt,
            listener,
            reach,
        } = parts;
        Self {
            store,
            free,
            intake: Intake::new(tree.clone()),
            tree,
            pictures,
            clock,
            stop,
            run,
            project,
            look_every,
            purse: Purse::new(max_in_doubt),
            owed: Arc::default(),
            handles: Handles::default(),
            hosts: Arc::default(),
            free_space,
            sandbox,
            listener,
            reach,
            on_wire: Mutex::default(),
            warned: Mutex::default(),
            poll_refused: Mutex::default(),
            is_clock_doubtful: AtomicBool::new(false),
            twins: Twins::default(),
        }
    }

    /// Tells what happened. Only what is saved is told.
    pub fn tell(&self, notice: &Notice) {
        (self.listener)(notice);
    }

    pub(super) fn told(&self, before: &Take, after: &Take, said: Option<Said>) {
        self.tell(&Notice::Moved {
            take: after.id.clone(),
            key: after.key.clone(),
            kind: RenderKind::of(&after.request),
            price: after.price,
            path: after.path.clone(),
            from: before.state.phase(),
            to: Box::new(after.state.clone()),
            said,
        });
    }

    pub(super) fn warn_once(&self, text: String) {
        let fresh = self.warned.lock().unwrap_or_else(PoisonError::into_inner).insert(text.clone());
        if fresh {
            self.tell(&Notice::Warning(text));
        }
    }

    /// No further file can be opened: goes on with less at a time, after a moment, and tells so once.
    pub(super) async fn out_of_files(&self) {
        self.handles.halve();
        self.warn_once(handles::words());
        tokio::time::sleep(OUT_OF_FILES).await;
    }

    /// Returns whether a call is to be made again: it found no file for its connection, and less goes on at a time from
    /// now. Half a minute without a file, or a stop, leaves it at that.
    pub(super) async fn calls_again(&self, is_out: bool, attempts: &mut usize) -> bool {
        *attempts += 1;
        if !is_out || *attempts > handles::ATTEMPTS || self.stop.waiting().is_cancelled() {
            return false;
        }
        self.out_of_files().await;
        true
    }

    pub(super) fn reach(&self, line: &'static str) {
        (self.reach)(line);
    }

    /// Counts a paid request and its price for as long as the guard lives.
    pub(super) fn on_wire(&self, price: Usd) -> OnWire<'_> {
        let mut on_wire = self.on_wire.lock().unwrap_or_else(PoisonError::into_inner);
        *on_wire = (on_wire.0 + 1, on_wire.1 + price);
        OnWire { on_wire: &self.on_wire, price }
    }

    /// Returns the number of paid requests whose answer is awaited, and the sum of their prices.
    #[must_use]
    pub fn requests_on_wire(&self) -> (usize, Usd) {
        *self.on_wire.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A provider does not let us poll: nothing of it can be collected in this run.
    pub(super) fn poll_refused(&self, provider: &str, why: ProviderStop, said: Said) {
        let mut refused = self.poll_refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.insert(provider.to_owned(), why).is_none() {
            drop(refused);
            self.tell(&Notice::Stopped { who: provider.to_owned(), why: WhyStopped::Provider(why), said });
        }
    }

    /// Returns whether a provider does not let us poll in this run.
    pub(super) fn is_poll_refused(&self, provider: &str) -> bool {
        self.poll_refused.lock().unwrap_or_else(PoisonError::into_inner).contains_key(provider)
    }

    /// Providers that refused a poll.
    #[must_use]
    pub fn polls_refused(&self) -> BTreeMap<String, ProviderStop> {
        self.poll_refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the run because the machine cannot go on, and says so at once: this may be the only place where the id
    /// of a paid task is ever written.
    pub(super) fn fail(&self, failure: &Failure) {
        self.tell(&Notice::Trouble(failure.to_string()));
        self.stop.everything(StopReason::Local);
    }
}

/// A paid request is on the wire.
pub(super) struct OnWire<'a> {
    on_wire: &'a Mutex<(usize, Usd)>,
    price: Usd,
}

impl Drop for OnWire<'_> {
    fn drop(&mut self) {
        let mut on_wire = self.on_wire.lock().unwrap_or_else(PoisonError::into_inner);
        *on_wire = (on_wire.0 - 1, on_wire.1 - self.price);
    }
}

impl World {
    /// Waits until one more clip, whose link will live so long, can be downloaded in time and has room on the disk; it is
    /// owed from then on. `false` if a stop came first.
    pub(super) async fn incur(&self, debt: &mut Debt, life: Duration, stop: &CancellationToken) -> bool {
        loop {
            let mut changed = pin!(self.owed.changed());
            changed.as_mut().enable();
            let Err(short) = debt.incur(life, self.clock.now()) else { return true };
            if let Some(words) = debt.news(&short) {
                self.tell(&Notice::Warning(words));
            }
            tokio::select! {
                () = stop.cancelled() => return false,
                () = changed => {}
            }
        }
    }

    /// Waits until a submission of this price has room beside what is on the wire and in doubt. `None` if a stop came
    /// first, or if what is in doubt leaves no room, which ends all submissions.
    pub(super) async fn room(&self, price: Usd, stop: &CancellationToken) -> Option<Exposed<'_>> {
        loop {
            let mut left = pin!(self.purse.left());
            left.as_mut().enable();
            match self.purse.enter(price) {
                Entry::Taken(exposed) => return Some(exposed),
                Entry::None { most, in_doubt } => {
                    self.warn_once(format!(
                        "nothing more is submitted: {in_doubt} may have been charged without an answer, and \
                         `guards.max_in_doubt` is {most}"
                    ));
                    self.stop.no_more_submissions(StopReason::InDoubt);
                    return None;
                }
                Entry::Later => tokio::select! {
                    () = stop.cancelled() => return None,
                    () = left => {}
                },
            }
        }
    }
}
