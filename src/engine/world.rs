//! Holds what all takes of a run share: store, transport, folders, clock, stop and listener.

mod duplicates;

use super::clock::Clock;
use super::doubt::{DoubtLimit, DoubtShare, Entry};
use super::handles::{self, Handles};
use super::hosts::Hosts;
use super::owed::{FreeSpace, Owed, OwedClip};
use super::stop::{Stop, StopReason};
use crate::domain::durations::RenderKind;
use crate::domain::fault::{Said, Stop as ProviderStop, printable};
use crate::domain::key::TakeId;
use crate::domain::lifecycle::Illegal;
use crate::domain::money::Usd;
use crate::domain::notice::{Notice, WhyStopped};
use crate::domain::take::Take;
use crate::domain::text::truncate;
use crate::files::{SaveQueues, Tree};
use crate::store::{RunId, Store};
use crate::transport::Free;
use duplicates::Duplicates;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A failure after which the whole run cannot continue.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Shotlist's records, the database or the ledger, cannot be read or written.
    #[error("{0}")]
    Store(Box<dyn std::error::Error + Send + Sync>),
    /// The disk is full, read-only or gone.
    #[error("{0}")]
    Local(String),
    /// A take's state does not allow the event that came, which is a defect of the program.
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

    /// Builds the failure for a paid task that could not be saved. The message may be the only record of the task's id.
    pub(super) fn unsaved(take: &Take, error: &impl std::fmt::Display) -> Self {
        Self::Store(format!("{} ({}): {error}", take.key, take.price).into())
    }
}

/// The pause between two checks whether another process has changed the store.
pub const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A function that receives the notices of a run.
pub type Listener = Box<dyn Fn(&Notice) + Send + Sync>;

/// The parts of a run that all its takes share, such as the store, the clock and the providers.
pub struct World {
    /// The store with the project's records.
    pub store: Store,
    /// The transport for the calls that cost nothing: polls and downloads.
    pub free: Box<dyn Free>,
    /// The folder tree in which the clips are saved.
    pub tree: Tree,
    /// The writer of downloads into the folder of the clips.
    pub(super) save_queues: SaveQueues,
    /// The folder to which the paths of pictures are relative.
    pub pictures: PathBuf,
    /// The clock of the run, which ignores changes of the computer's time.
    pub clock: Clock,
    /// The signal that asks the run to stop.
    pub stop: Arc<Stop>,
    /// The number of this run.
    pub run: RunId,
    /// The name of the project that is rendered.
    pub project: String,
    /// The pause between two checks whether another process, such as `resolve` or `collect`, has changed the store.
    pub(super) look_every: Duration,
    pub(super) doubt_limit: DoubtLimit,
    /// The clips that were paid for and are still to be downloaded.
    pub(super) owed: Arc<Owed>,
    /// The permits for open files, which limit how many files the run opens at once.
    pub(super) handles: Handles,
    /// The hosts from which clips are downloaded, with their outages.
    pub(super) hosts: Arc<Hosts>,
    pub(super) free_space: FreeSpace,
    /// True in a rehearsal (a run with fake providers), whose clips must never pass for paid ones.
    pub sandbox: bool,
    listener: Listener,
    /// The function that is called at the failpoints: named lines where a crash would do most harm. Tests end the
    /// process there.
    reach: fn(&'static str),
    on_wire: Mutex<(usize, Usd)>,
    warned: Mutex<HashSet<String>>,
    /// The unknown status words that each provider has sent, at most [`MOST_WORDS`] of each.
    unknown_words: Mutex<BTreeMap<String, BTreeSet<String>>>,
    poll_refused: Mutex<BTreeMap<String, ProviderStop>>,
    /// The takes for which a provider has told this process a charge above the take's price.
    above_price: Mutex<BTreeSet<TakeId>>,
    /// True once a provider's clock has shown another time than this computer's clock.
    pub(super) is_clock_doubtful: AtomicBool,
    /// The known clips by their hashes, to find duplicates.
    pub(super) duplicates: Duplicates,
}

/// The pause after the system could not open another file, before the run tries again.
const OUT_OF_FILES: Duration = Duration::from_millis(500);

/// The maximum number of unknown status words of one provider that a run reports.
const MOST_WORDS: usize = 3;

/// The maximum number of characters of an unknown status word that a warning shows. The longest known word has 11.
const LONGEST_WORD: usize = 60;

/// The values from which [`World::new`] builds the data that all takes of a run share.
pub struct Parts {
    /// The store with the project's records.
    pub store: Store,
    /// The transport for the calls that cost nothing: polls and downloads.
    pub free: Box<dyn Free>,
    /// The folder tree in which the clips are saved.
    pub tree: Tree,
    /// The function that returns the free bytes in the folder of the clips.
    pub free_space: FreeSpace,
    /// The folder to which the paths of pictures are relative.
    pub pictures: PathBuf,
    /// The clock of the run, which ignores changes of the computer's time.
    pub clock: Clock,
    /// The signal that asks the run to stop.
    pub stop: Arc<Stop>,
    /// The number of this run.
    pub run: RunId,
    /// The name of the project that is rendered.
    pub project: String,
    /// The pause between two checks whether another process has changed the store: [`LOOK_EVERY`], except in tests.
    pub look_every: Duration,
    /// The most money that may be in doubt (perhaps charged), including requests that wait for an answer.
    pub max_in_doubt: Usd,
    /// True in a rehearsal, which is a run with the fake providers of the sandbox.
    pub sandbox: bool,
    /// The function that receives the notices of the run.
    pub listener: Listener,
    /// The function that is called at the failpoints: named lines where a crash would do most harm.
    pub reach: fn(&'static str),
}

impl World {
    /// Builds the data that all takes of a run share, from the parts that the caller supplies.
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
            save_queues: SaveQueues::new(tree.clone()),
            tree,
            pictures,
            clock,
            stop,
            run,
            project,
            look_every,
            doubt_limit: DoubtLimit::new(max_in_doubt),
            owed: Arc::default(),
            handles: Handles::default(),
            hosts: Arc::default(),
            free_space,
            sandbox,
            listener,
            reach,
            on_wire: Mutex::default(),
            warned: Mutex::default(),
            unknown_words: Mutex::default(),
            poll_refused: Mutex::default(),
            above_price: Mutex::default(),
            is_clock_doubtful: AtomicBool::new(false),
            duplicates: Duplicates::default(),
        }
    }

    /// Passes a notice to the listener. Only an event that is already saved may be reported.
    pub fn tell(&self, notice: &Notice) {
        (self.listener)(notice);
    }

    pub(super) fn reported(&self, before: &Take, after: &Take, said: Option<Said>) {
        self.tell(&Notice::Moved {
            take: after.id.clone(),
            key: after.key.clone(),
            kind: RenderKind::of(&after.request),
            price: after.cost(),
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

    /// Warns about a status word that is not known, once for each word. A provider whose word changes with each poll,
    /// such as `RENDERING 37%`, gets [`MOST_WORDS`] warnings.
    pub(super) fn warn_of_word(&self, provider: &str, word: &str) {
        let mut short = printable(&truncate(word, LONGEST_WORD));
        if word.chars().count() > LONGEST_WORD {
            short.push('…');
        }
        let last = {
            let mut all = self.unknown_words.lock().unwrap_or_else(PoisonError::into_inner);
            let words = all.entry(provider.to_owned()).or_default();
            if words.len() >= MOST_WORDS || !words.insert(short.clone()) {
                return;
            }
            if words.len() == MOST_WORDS { "; further unknown words of this run are not shown" } else { "" }
        };
        self.tell(&Notice::Warning(format!(
            "{provider} answered with the unknown status `{short}`; the task is treated as still running{last}"
        )));
    }

    /// Reacts to a system that allows no more open files: halves the number of files that the run may open, warns once,
    /// and pauses briefly.
    pub(super) async fn out_of_files(&self) {
        self.handles.halve();
        self.warn_once(handles::words());
        tokio::time::sleep(OUT_OF_FILES).await;
    }

    /// Pauses before a clip is saved again, because the system allowed no more open files. Returns `false` if the run
    /// stops.
    ///
    /// Halves the number of files that the run may open, and warns once. The pause grows until a clip is saved.
    pub(super) async fn outwaits_files(&self) -> bool {
        self.handles.halve();
        self.warn_once(handles::words());
        tokio::select! {
            biased;
            () = self.stop.waiting().cancelled() => false,
            () = tokio::time::sleep(self.handles.refused()) => true,
        }
    }

    /// Checks whether a call should be repeated because it got no connection. `is_out` is true if the system allowed no
    /// more open files.
    ///
    /// Before the repetition, waits briefly and halves the number of files that the run may open. After half a minute
    /// of repetitions, or after a stop, returns `false`.
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

    /// Counts a paid request and its price as unanswered until the returned value is dropped.
    pub(super) fn on_wire(&self, price: Usd) -> PendingReply<'_> {
        let mut on_wire = self.on_wire.lock().unwrap_or_else(PoisonError::into_inner);
        *on_wire = (on_wire.0 + 1, on_wire.1 + price);
        PendingReply { on_wire: &self.on_wire, price }
    }

    /// Returns the number of paid requests whose answer is awaited, and the sum of their prices.
    #[must_use]
    pub fn requests_on_wire(&self) -> (usize, Usd) {
        *self.on_wire.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that a provider refuses polls: none of its tasks can be collected in this run.
    pub(super) fn poll_refused(&self, provider: &str, why: ProviderStop, said: Said) {
        let mut refused = self.poll_refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.insert(provider.to_owned(), why).is_none() {
            drop(refused);
            self.tell(&Notice::Stopped { who: provider.to_owned(), why: WhyStopped::Provider(why), said });
        }
    }

    pub(super) fn is_poll_refused(&self, provider: &str) -> bool {
        self.poll_refused.lock().unwrap_or_else(PoisonError::into_inner).contains_key(provider)
    }

    /// Returns the providers that refused a poll, each with the reason.
    #[must_use]
    pub fn polls_refused(&self) -> BTreeMap<String, ProviderStop> {
        self.poll_refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Records that the provider has now reported a charge above the take's price.
    pub(super) fn charged_above(&self, take: &TakeId) {
        self.above_price.lock().unwrap_or_else(PoisonError::into_inner).insert(take.clone());
    }

    /// Returns the takes, of any run, for which a provider has told this process a charge above the take's price.
    #[must_use]
    pub fn above_price(&self) -> BTreeSet<TakeId> {
        self.above_price.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the run after a failure with which it cannot continue, and reports the failure immediately. The report may
    /// be the only record of a paid task's id.
    pub(super) fn fail(&self, failure: &Failure) {
        self.tell(&Notice::Trouble(failure.to_string()));
        self.stop.everything(StopReason::Local);
    }
}

/// A value that counts a paid request as unanswered until it is dropped.
pub(super) struct PendingReply<'a> {
    on_wire: &'a Mutex<(usize, Usd)>,
    price: Usd,
}

impl Drop for PendingReply<'_> {
    fn drop(&mut self) {
        let mut on_wire = self.on_wire.lock().unwrap_or_else(PoisonError::into_inner);
        *on_wire = (on_wire.0 - 1, on_wire.1 - self.price);
    }
}

impl World {
    /// Waits until one more clip may be submitted, then counts the clip in `owed` as one to be downloaded, and returns
    /// `true`. Returns `false` if a stop came first. The disk must have room for the clip, and its download must be
    /// possible within `life`, the time for which its link is valid.
    pub(super) async fn incur(&self, owed: &mut OwedClip, life: Duration, stop: &CancellationToken) -> bool {
        loop {
            let mut changed = pin!(self.owed.changed());
            changed.as_mut().enable();
            let Err(short) = owed.incur(life, self.clock.now()) else { return true };
            if let Some(words) = owed.news(&short) {
                self.tell(&Notice::Warning(words));
            }
            tokio::select! {
                () = stop.cancelled() => return false,
                () = changed => {}
            }
        }
    }

    /// Waits until a submission of this price keeps the money in doubt (perhaps charged) within `guards.max_in_doubt`.
    /// The prices of requests that wait for an answer count as well. A single submission may exceed the limit while
    /// nothing else counts.
    ///
    /// Returns `None` if the run stopped first. Also returns `None` if the limit would be exceeded even after all
    /// waiting requests are answered; the run then submits nothing more.
    pub(super) async fn room(&self, price: Usd, stop: &CancellationToken) -> Option<DoubtShare<'_>> {
        loop {
            let mut left = pin!(self.doubt_limit.left());
            left.as_mut().enable();
            match self.doubt_limit.enter(price) {
                Entry::Taken(exposed) => return Some(exposed),
                Entry::None { most, in_doubt } => {
                    self.warn_once(format!(
                        "nothing more is submitted: {in_doubt} is in doubt (it may have been charged), and \
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
