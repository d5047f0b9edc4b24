//! One take, from where it stands to where it must wait for something outside this run.
//!
//! Reads top to bottom: look what is due, wait for it or stop, act, save, tell. Waiting is cut off by a stop, doing
//! never is: a request that may cost money is always heard to its end.

use super::lane::{Account, Closed, Lane};
use super::sidecar::sidecar;
use super::world::{Failure, World};
use crate::domain::digest::Sha256;
use crate::domain::fault::{Fault, FaultKind, Said};
use crate::domain::key::{RequestId, TaskId};
use crate::domain::lifecycle::{Clip, Event, FetchSetback, Intent, SentBack, State, Todo};
use crate::domain::money::Usd;
use crate::domain::notice::Notice;
use crate::domain::policy::{Moment, Policy};
use crate::domain::take::Take;
use crate::files::{self, Older, PictureChanged, PlaceFault, Placement, ReceiveFault, TakenUp, kept_path};
use crate::provider::Progress;
use crate::store::{ClaimError, Details, RecordError};
use crate::transport::{FetchFault, FetchFaultKind, PaidClient, SendFaultKind};
use crate::wire::Body;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

/// Why a take is left, for this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Left {
    /// Its life is over, or a person must decide.
    Settled,
    /// Its clip is there.
    Done,
    /// The run is stopping.
    Stopping,
    /// Its provider or model takes nothing more in this run, or the day's quota is used up.
    Closed,
    /// It was refused for passing reasons too often; the next run tries again.
    Resting,
    /// It has been rendering longer than a run waits.
    Overdue,
    /// Its folder cannot be used, for this reason; other clips have other folders.
    Obstructed(String),
    /// Another process changed it meanwhile.
    Changed,
}

/// What one take is driven with.
pub(super) struct Drive {
    /// Everything shared.
    pub(super) world: Arc<World>,
    /// Its provider.
    pub(super) account: Arc<Account>,
    /// Its model.
    pub(super) lane: Arc<Lane>,
    /// How to submit; a collecting run has none.
    pub(super) paid: Option<Arc<PaidClient>>,
}

impl Drive {
    /// Drives the take until nothing more can be done in this run.
    pub(super) async fn drive(self, mut take: Take) -> Result<Left, Failure> {
        // Held from the submission until the provider is finished, not during the download.
        let running = matches!(take.state, State::Running { .. });
        let mut slot: Option<OwnedSemaphorePermit> = running.then(|| self.lane.occupy()).flatten();
        let mut patience = Patience::default();
        loop {
            let (todo, due) = take.state.todo();
            let stop = match todo {
                Todo::Submit => self.world.stop.submissions(),
                _ => self.world.stop.waiting(),
            };
            if !matches!(take.state, State::Running { .. }) {
                drop(slot.take());
            }
            let next = match todo {
                Todo::Nothing | Todo::Decide | Todo::Reconcile => {
                    return Ok(if matches!(take.state, State::Done { .. }) {
                        Left::Done
                    } else {
                        Left::Settled
                    });
                }
                Todo::Rest => return Ok(Left::Resting),
                Todo::Place => self.place(&take).await?,
                Todo::Submit => {
                    let Some(paid) = &self.paid else { return Ok(Left::Settled) };
                    if !self.world.clock.until(due, stop).await {
                        return Ok(Left::Stopping);
                    }
                    slot = self.account.admission(&self.lane, &self.world.clock, stop).await;
                    if slot.is_none() {
                        return Ok(if stop.is_cancelled() { Left::Stopping } else { Left::Closed });
                    }
                    self.submit(paid, &take).await?
                }
                Todo::LookUp => {
                    // No provider in `provider::ALL` declares a look-up yet; one in doubt can only be shown.
                    return Ok(Left::Settled);
                }
                Todo::Poll => {
                    let at = self.world.clock.moment();
                    if take.state.overdue(at, &self.lane.policy) && patience.ended(at, &self.lane.policy) {
                        return Ok(Left::Overdue);
                    }
                    if !self.world.clock.until(due, stop).await {
                        return Ok(Left::Stopping);
                    }
                    let polled = self.poll(&take).await?;
                    patience.note(self.world.clock.now(), &polled);
                    polled
                }
                Todo::Download => {
                    if !self.world.clock.until(due, stop).await {
                        return Ok(Left::Stopping);
                    }
                    self.download(&take).await?
                }
            };
            match next {
                Ok(moved) => take = moved,
                Err(left) => return Ok(left),
            }
        }
    }

    /// Applies an event, saves the result, tells it.
    async fn record(&self, take: &Take, event: Event, said: Option<Said>, settled: Option<Usd>) -> Next {
        let at = self.world.clock.moment();
        let to = take.state.clone().on(event, at, &self.lane.policy).map_err(Failure::Illegal)?;
        self.save(take, to, said, settled).await
    }

    async fn save(&self, take: &Take, to: State, said: Option<Said>, settled: Option<Usd>) -> Next {
        let details = Details { said: said.clone(), settled };
        match self.world.store.record(take, to, details, self.world.clock.now()).await {
            Ok(moved) => {
                self.world.told(take, &moved, said);
                Ok(Ok(moved))
            }
            Err(RecordError::Changed) => Ok(Err(Left::Changed)),
            Err(error) => Err(Failure::store(error)),
        }
    }

    /// One paid request: intent, one POST, its outcome. Nothing in here is cut off by a stop.
    async fn submit(&self, paid: &PaidClient, take: &Take) -> Next {
        let request_id = RequestId(format!("sl-{}", super::ids::random()));
        let call = self.account.provider.submit(&take.request, &request_id);
        let body = call.body.as_ref();
        let sha256 = body.map_or_else(|| Sha256::of(b""), Body::sha256);
        // The pictures are read before anything is written down: what changed since the plan is not sent.
        let bytes = match body {
            Some(body) => match self.assemble(body.clone()).await? {
                Ok(bytes) => bytes,
                Err(changed) => {
                    self.world
                        .tell(&Notice::Warning(format!("{}: {changed}; not sent, not charged", take.key)));
                    return Ok(Err(Left::Closed));
                }
            },
            None => Bytes::new(),
        };
        let now = self.world.clock.now();
        let intent = Intent { attempt: take.attempts + 1, request_id, at: now };
        self.world.reach("submit.before_intent");
        let claimed = match self.world.store.claim(take, intent, sha256, self.world.run, now).await {
            Ok(claimed) => claimed,
            Err(ClaimError::OverCap(over)) => {
                self.world.warn_once(over.to_string());
                self.world.stop.no_more_submissions(super::stop::StopReason::MaxCost);
                return Ok(Err(Left::Stopping));
            }
            // Not due: the clock was set back while the take waited for its slot.
            Err(ClaimError::Changed | ClaimError::NotDue(_)) => return Ok(Err(Left::Changed)),
            Err(error) => return Err(Failure::store(error)),
        };
        self.world.reach("submit.after_intent");
        self.world.told(take, &claimed, None);
        let on_wire = self.world.on_wire();
        let sent = paid.submit(&self.account.endpoint, &call, bytes).await;
        self.world.reach("submit.after_response");
        let outcome = match sent {
            Ok(reply) => self.account.provider.submitted(&reply),
            Err(fault) => Err(match fault.kind {
                SendFaultKind::NotSent => Fault::new(FaultKind::NotSent, fault.said),
                SendFaultKind::Setup => {
                    Fault::new(FaultKind::Stop(crate::domain::fault::Stop::Setup), fault.said)
                }
                SendFaultKind::Lost => Fault::new(FaultKind::Unknown, fault.said),
            }),
        };
        let next = match outcome {
            Ok(id) => self.accepted(&claimed, id).await?,
            Err(fault) => self.refused(&claimed, fault).await?,
        };
        drop(on_wire);
        self.world.reach("submit.after_commit");
        Ok(next)
    }

    async fn accepted(&self, claimed: &Take, id: TaskId) -> Next {
        let at = self.world.clock.moment();
        self.account.accepted(&self.lane);
        let illegal = Failure::Illegal;
        let to =
            claimed.state.clone().on(Event::Accepted(id.clone()), at, &self.lane.policy).map_err(illegal)?;
        match self.world.store.record(claimed, to, Details::default(), at.now).await {
            Err(RecordError::TaskTaken(_)) => {
                let said =
                    Said::text(format!("the provider answered with task {id}, which another job owns"));
                self.record(claimed, Event::AcceptedTwice, Some(said), None).await
            }
            Err(RecordError::Changed) => self.accepted_late(claimed, id).await,
            Err(error) => Err(unsaved(claimed, &error)),
            Ok(moved) => {
                self.world.told(claimed, &moved, None);
                Ok(Ok(moved))
            }
        }
    }

    /// Somebody who took this process for dead has put the submission in doubt, and its answer came all the same.
    async fn accepted_late(&self, claimed: &Take, id: TaskId) -> Next {
        let now = self.world.store.take_by_id(&claimed.id).await.map_err(|error| unsaved(claimed, &error))?;
        let at = self.world.clock.moment();
        let adopted = now.as_ref().map(|take| {
            take.state.clone().on(Event::Adopt(id.clone()), at, &self.lane.policy).map(|to| (take, to))
        });
        match adopted {
            Some(Ok((take, to))) => self.save(take, to, None, None).await,
            None | Some(Err(_)) => Err(unsaved(
                claimed,
                &format!("task {id} was accepted, and the job has been settled otherwise"),
            )),
        }
    }

    async fn refused(&self, claimed: &Take, fault: Fault) -> Next {
        let at = self.world.clock.moment();
        if let Some(Closed { who, why, said }) =
            self.account.learn(&self.lane, &claimed.request.model.model, &fault, at)
        {
            self.world.tell(&Notice::Stopped { who, why, said });
        }
        let event = match fault.kind {
            FaultKind::NotSent => Event::SentBack(SentBack::NotSent),
            FaultKind::Throttled { after } => Event::SentBack(SentBack::Throttled { after }),
            FaultKind::Busy { after } => Event::SentBack(SentBack::Busy { after }),
            FaultKind::Stop(_) => Event::SentBack(SentBack::Stopped),
            FaultKind::Rejected(refusal) => Event::Rejected(refusal),
            // "No such task" answers no submission.
            FaultKind::Gone | FaultKind::Unknown => Event::Unanswered,
        };
        self.record(claimed, event, Some(fault.said), None).await
    }

    /// One free question. A stop cuts it off: an answer to a free question need not be heard.
    async fn poll(&self, take: &Take) -> Next {
        let Some(task) = take.state.task() else { return Ok(Err(Left::Changed)) };
        let stop = self.world.stop.waiting();
        let Some(permit) = self.account.poll_admission(stop).await else { return Ok(Err(Left::Stopping)) };
        let call = self.account.provider.poll(&task.id);
        let answer = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(Err(Left::Stopping)),
            answer = self.world.free.get(&self.account.endpoint, &call) => answer,
        };
        drop(permit);
        let progress = match answer {
            Ok(reply) => self.account.provider.polled(&task.id, &reply),
            Err(fault) => Err(Fault::new(FaultKind::Busy { after: None }, fault.said)),
        };
        let mut settled = None;
        let (event, said) = match progress {
            Ok(Progress::Pending { unknown_word, .. }) => {
                if let Some(word) = unknown_word {
                    self.world.warn_once(format!(
                        "{} answered with the unknown status `{word}`; taken as still running",
                        self.account.provider.name()
                    ));
                }
                (Event::StillRunning, None)
            }
            Ok(Progress::Ready { clip, cost }) => {
                settled = cost;
                let life = SignedDuration::try_from(self.lane.link_life).unwrap_or(SignedDuration::MAX);
                let expires = self.world.clock.now().checked_add(life).ok();
                (Event::Ready(Clip { expires, ..clip }), None)
            }
            Ok(Progress::Empty) => {
                (Event::Empty, Some(Said::text("the task succeeded, but no clip was named")))
            }
            Ok(Progress::Refused { refusal, charged, said }) => {
                (Event::Refused { refusal, charged }, Some(said))
            }
            Ok(Progress::Mistaken { said }) => (Event::Mistaken, Some(said)),
            Err(Fault { kind, said }) => {
                let event = match kind {
                    FaultKind::Gone => Event::Missing,
                    FaultKind::Throttled { after } | FaultKind::Busy { after } => {
                        Event::PollSetback { after }
                    }
                    FaultKind::NotSent | FaultKind::Rejected(_) | FaultKind::Unknown | FaultKind::Stop(_) => {
                        Event::PollSetback { after: None }
                    }
                };
                if let FaultKind::Stop(why) = kind {
                    // The key does not even read any more: nothing can be collected until that is mended.
                    self.world.poll_refused(self.account.provider.name(), why, said.clone());
                    return Ok(Err(Left::Stopping));
                }
                (event, Some(said))
            }
        };
        self.record(take, event, said, settled).await
    }

    /// Fetches the clip into its part, verifies and syncs it.
    async fn download(&self, take: &Take) -> Next {
        let State::Downloading { clip, .. } = &take.state else { return Ok(Err(Left::Changed)) };
        let stop = self.world.stop.waiting();
        let permit = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(Err(Left::Stopping)),
            permit = self.world.downloads.acquire() => permit,
        };
        let taken_up = self.world.tree.take_up(&take.id, &take.path).await;
        let received = match taken_up {
            Ok(TakenUp::Whole(received)) => Ok(received),
            Ok(TakenUp::Part(part)) => {
                let fetched = self.world.free.fetch(&clip.url, part.span(), self.account.loopback).await;
                match fetched {
                    Ok(download) => part.receive(&download.head, download.bytes, stop).await,
                    Err(fault) => return self.unfetched(take, fault).await,
                }
            }
            Err(fault) => Err(fault),
        };
        drop(permit);
        let broken = |progress| Event::FetchSetback(FetchSetback::Broken { progress });
        let (event, said) = match received {
            Ok(received) => {
                self.check_order(take, &received.facts);
                (Event::Fetched(received.file), None)
            }
            Err(ReceiveFault::Stopped) => return Ok(Err(Left::Stopping)),
            Err(fault @ ReceiveFault::Obstructed(_)) => return Ok(Err(Left::Obstructed(fault.to_string()))),
            Err(ReceiveFault::Broken { progress, why }) => (broken(progress), Some(Said::text(why))),
            Err(fault @ ReceiveFault::NotAClip(_)) => (broken(false), Some(Said::text(fault.to_string()))),
            Err(fault @ (ReceiveFault::NoSpace(_) | ReceiveFault::Io(_))) => {
                return Err(Failure::local(fault));
            }
        };
        self.record(take, event, said, None).await
    }

    async fn unfetched(&self, take: &Take, fault: FetchFault) -> Next {
        let event = match fault.kind {
            FetchFaultKind::Unreachable => Event::FetchSetback(FetchSetback::Unreachable),
            FetchFaultKind::Dead => Event::LinkDead,
            FetchFaultKind::Unsafe => Event::LinkUnsafe,
            FetchFaultKind::Redirects | FetchFaultKind::Refused | FetchFaultKind::Broken => {
                Event::FetchSetback(FetchSetback::Broken { progress: false })
            }
        };
        self.record(take, event, Some(fault.said), None).await
    }

    /// A clip of another length or size than was ordered is kept, and said.
    fn check_order(&self, take: &Take, facts: &crate::media::mp4::ClipFacts) {
        let Some(ordered) = take.request.duration else { return };
        // Half a second: encoders round to whole frames and audio packets.
        if (facts.duration.as_secs_f64() - f64::from(ordered)).abs() > 0.5 {
            self.world.tell(&Notice::Warning(format!(
                "{}: the clip lasts {:.1} s, {ordered} s were ordered; it is kept",
                take.key,
                facts.duration.as_secs_f64()
            )));
        }
        let size = format!("{}x{}", facts.width, facts.height);
        if let Some(ordered) = take.request.size.as_ref().filter(|ordered| **ordered != size) {
            let key = &take.key;
            self.world.tell(&Notice::Warning(format!(
                "{key}: the clip has {size} pixels, {ordered} were ordered; it is kept"
            )));
        }
    }

    /// Gives the verified clip its name. The clip's appearance is the last act: who sees it sees it whole.
    async fn place(&self, take: &Take) -> Next {
        let State::Placing { file, .. } = &take.state else { return Ok(Err(Left::Changed)) };
        let older = self.world.store.filed(&take.project, &take.key).await.map_err(Failure::store)?;
        let older = older.filter(|older| older.path == take.path && older.take != take.id);
        let sidecar = sidecar(take, file, self.world.clock.now()).to_string().into_bytes();
        self.world.reach("place.before_rename");
        let tree = self.world.tree.clone();
        let (id, path, clip) = (take.id.clone(), take.path.clone(), *file);
        let standing = older.clone();
        let placed = blocking(move || {
            let older = standing.as_ref().map(|older| Older { take: &older.take, clip: &older.file });
            tree.place(&Placement { take: &id, target: &path, clip: &clip, sidecar: &sidecar, older })
        });
        let placed = placed.await?;
        self.world.reach("place.after_rename");
        let event = match &placed {
            Ok(()) => Event::Placed,
            Err(PlaceFault::NameTaken(_)) => Event::NameTaken,
            Err(PlaceFault::PartLost) => Event::PartLost,
            Err(fault @ PlaceFault::Obstructed(_)) => return Ok(Err(Left::Obstructed(fault.to_string()))),
            Err(fault @ (PlaceFault::NoSpace(_) | PlaceFault::Io(_))) => return Err(Failure::local(fault)),
        };
        if let (Ok(()), Some(older)) = (&placed, older) {
            let kept = kept_path(&older.path, &older.take);
            self.world
                .store
                .kept(&older.take, &kept, self.world.clock.now())
                .await
                .map_err(Failure::store)?;
        }
        self.record(take, event, placed.err().map(|fault| Said::text(fault.to_string())), None).await
    }

    /// Reads the pictures into the body. The outer error is a defect, the inner one a picture that changed.
    async fn assemble(&self, body: Body) -> Result<Result<Bytes, PictureChanged>, Failure> {
        let root = self.world.pictures.clone();
        blocking(move || files::assemble(&root, &body)).await
    }
}

/// Work that blocks, off the threads that must not.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Failure::Local(format!("a worker died: {error}")))
}

/// The take as it is now, or why it is left.
type Next = Result<Result<Take, Left>, Failure>;

/// A paid task whose id may be nowhere but in this message.
fn unsaved(take: &Take, error: &impl std::fmt::Display) -> Failure {
    Failure::Store(format!("{} ({}): {error}", take.key, take.price).into())
}

/// How long this run waits for a task that has been rendering too long already: at least until it has been heard of
/// once, for it may have ended long ago; with a provider that does not answer, for as long as with a new one.
#[derive(Debug, Default)]
struct Patience {
    /// When this run first asked.
    since: Option<Timestamp>,
    /// Whether the provider said that it is still rendering.
    heard: bool,
}

impl Patience {
    fn note(&mut self, now: Timestamp, polled: &Result<Take, Left>) {
        self.since.get_or_insert(now);
        self.heard =
            matches!(polled, Ok(Take { state: State::Running { watch, .. }, .. }) if watch.setbacks == 0);
    }

    fn ended(&self, at: Moment, policy: &Policy) -> bool {
        self.heard || self.since.is_some_and(|since| at.since(since) > policy.patience)
    }
}
