//! Collects paid clips: polls their tasks, downloads the clips, and gives them their names. All of this is free, and a
//! stop may end it anywhere.

use super::{Drive, Left, Next, blocking};
use crate::domain::fault::{Fault, FaultKind, Said};
use crate::domain::lifecycle::{Clip, Event, FetchSetback, State};
use crate::domain::notice::{Notice, WhyStopped};
use crate::domain::take::Take;
use crate::engine::batched_polls::Answer;
use crate::engine::filing::clip_at;
use crate::engine::handles::{self, CLIP};
use crate::engine::hosts::{Asking, HostPermit};
use crate::engine::lane::Closed;
use crate::engine::lane::learn::AUTH_RETRY;
use crate::engine::lost::take_back;
use crate::engine::sidecar::{Origin, sidecar};
use crate::engine::world::{Failure, World};
use crate::files::{Older, PlaceFault, Placement, ReceiveFault, Resumed, kept_path};
use crate::plan::known::Filed;
use crate::provider::Progress;
use crate::transport::{FetchFault, FetchFaultKind};
use jiff::SignedDuration;
use std::time::Duration;
use tokio::time::Instant;

/// The number of consecutive polls that fail to return a task's status, after which the run warns.
const UNREAD: u32 = 5;

impl Drive {
    /// Polls the take's task and saves the result. If a batched poll has brought the `answer` already, no call is made.
    pub(super) async fn poll(&self, take: &Take, answer: Option<Answer>) -> Next {
        let Some(task) = take.state.task() else { return Ok(Err(Left::Changed)) };
        let name = self.account.provider.name();
        if self.world.is_poll_refused(name) {
            return Ok(Err(Left::Stopping));
        }
        let card = self.account.card(&take.request.model);
        let asked = match answer {
            Some(answer) => Some(answer),
            None => self.ask(&card, task).await,
        };
        let Some(mut progress) = asked else { return Ok(Err(Left::Stopping)) };
        if matches!(progress, Err(Fault { kind: FaultKind::Stop(_), .. })) {
            // A person may be replacing the key, or a server in front of the provider may have failed briefly.
            let due = self.world.clock.tick().after(AUTH_RETRY);
            if !self.world.clock.until(due, self.world.stop.waiting()).await {
                return Ok(Err(Left::Stopping));
            }
            let Some(again) = self.ask(&card, task).await else { return Ok(Err(Left::Stopping)) };
            progress = again;
        }
        let mut settled = None;
        let (event, said) = match progress {
            Ok(Progress::Pending { unknown_word, .. }) => {
                if let Some(word) = unknown_word {
                    self.world.warn_of_word(name, &word);
                }
                (Event::StillRunning, None)
            }
            Ok(Progress::Ready { clip, cost }) => {
                settled = self.settled(take, cost);
                self.tell_others(take, &clip);
                let life = SignedDuration::try_from(self.lane.link_life).unwrap_or(SignedDuration::MAX);
                let expires = self.world.clock.now().checked_add(life).ok();
                (Event::Ready(Clip { expires, ..clip }), None)
            }
            Ok(Progress::Empty { cost }) => {
                settled = self.settled(take, cost);
                (Event::Empty, Some(Said::text("the task succeeded, but the answer contains no clip")))
            }
            Ok(Progress::Refused { refusal, charged, cost, said }) => {
                settled = self.settled_by_failure(take, charged, cost);
                (Event::Refused { refusal, charged }, Some(said))
            }
            Ok(Progress::Mistaken { said }) => (Event::Mistaken, Some(said)),
            // All polls of the account wait, this one among them.
            Err(Fault { kind: FaultKind::Throttled { .. }, .. }) => return Ok(Ok(take.clone())),
            Err(Fault { kind, said }) => {
                let event = match kind {
                    // Other answers show that the key is right, so this task alone is out of its reach.
                    FaultKind::Gone | FaultKind::Stop(_) => Event::Missing,
                    FaultKind::Busy { after } => Event::PollSetback { after },
                    FaultKind::NotSent
                    | FaultKind::Throttled { .. }
                    | FaultKind::Rejected(_)
                    | FaultKind::Barred
                    | FaultKind::NoRoute
                    | FaultKind::Unknown => Event::PollSetback { after: None },
                };
                if let FaultKind::Stop(why) = kind
                    && !(why.is_refused_key() && self.accepts_key().await)
                {
                    // Nothing can be collected until that is fixed, so nothing more is submitted either.
                    let Closed { said, .. } = self.account.close(WhyStopped::Provider(why), said);
                    self.world.poll_refused(name, why, said);
                    return Ok(Err(Left::Stopping));
                }
                if let State::Running { counters, .. } = &take.state
                    && counters.setbacks == UNREAD
                {
                    self.world.warn_once(format!(
                        "{name} has answered {UNREAD} polls of a task without its status ({said}); the task is paid, \
                         and is polled again"
                    ));
                }
                let said = if event == Event::Missing { self.explained(said, task) } else { said };
                (event, Some(said))
            }
        };
        self.record(take, event, said, settled).await
    }

    /// Warns if a task delivered further results besides the one clip that is kept.
    fn tell_others(&self, take: &Take, clip: &Clip) {
        let others = clip.others.len();
        if others > 0 {
            let (number, links) = match others {
                1 => ("2".to_owned(), "the link to the other"),
                Clip::MOST_OTHERS.. => (format!("more than {others}"), "links to some of the others"),
                _ => ((others + 1).to_string(), "the links to the others"),
            };
            self.world.warn_once(format!(
                "{}: {} delivered {number} results; the first that can be downloaded is kept, and its sidecar has {links}",
                take.key,
                self.account.provider.name(),
            ));
            if let State::Running { counters, .. } = &take.state
                && !counters.turn().is_multiple_of(clip.results())
            {
                self.world.warn_once(format!(
                    "{}: the link to its first result is dead; another result of the same task is requested",
                    take.key
                ));
            }
        }
    }

    /// Downloads the clip into its part (the file of an unfinished download), verifies it and syncs it to disk.
    ///
    /// A link so old that it is expected to have expired is first exchanged for a fresh one, unless it was exchanged
    /// just now (`is_fresh`).
    pub(super) async fn download(&self, take: &Take, is_fresh: &mut bool) -> Next {
        let State::Downloading { clip, task, .. } = &take.state else { return Ok(Err(Left::Changed)) };
        let stop = self.world.stop.waiting();
        let host = self.account.endpoint.host_of(&clip.url);
        let asking = match self.world.hosts.turn(&host, stop).await {
            HostPermit::Go(asking) => asking,
            HostPermit::Stopping => return Ok(Err(Left::Stopping)),
            HostPermit::GivenUp { is_first } => {
                if is_first {
                    self.world.tell(&Notice::Warning(self.world.owed.given_up(&host)));
                }
                return Ok(Err(Left::HostAway));
            }
        };
        // No link lives longer than that: a later time was recorded by a clock that was ahead.
        let latest = self.world.clock.tick().after(self.lane.link_life);
        let expires = clip.expires.map(|expires| expires.min(latest));
        let place = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(Err(Left::Stopping)),
            place = self.account.downloads.place(expires) => place,
        };
        let open = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(Err(Left::Stopping)),
            open = self.world.handles.take(CLIP) => open,
        };
        let source = self.account.endpoint.address_of(&clip.url);
        let taken_up = self.world.save_queues.take_up(&take.id, &take.path, source).await;
        let received = match taken_up {
            Ok(Resumed::Whole(received)) => Ok(received),
            Ok(Resumed::Part(part)) => {
                let is_old = expires.is_some_and(|expires| expires <= self.world.clock.now());
                if is_old && !std::mem::replace(is_fresh, true) {
                    return self.record(take, Event::LinkOld, None, None).await;
                }
                *is_fresh = false;
                let account = &self.account;
                let auth = account.provider.poll(&account.card(&take.request.model), &task.id).auth;
                let began = Instant::now();
                let mut attempts = 0;
                let fetched = loop {
                    let free = &self.world.free;
                    let fetched = free.fetch(&account.endpoint, auth, &clip.url, part.span()).await;
                    let is_out = matches!(&fetched, Err(fault) if fault.kind == FetchFaultKind::NoFiles);
                    if !self.world.calls_again(is_out, &mut attempts).await {
                        break fetched;
                    }
                };
                let received = match fetched {
                    Ok(download) => Ok(part.receive(&download.head, download.bytes, stop).await),
                    Err(fault) => Err(fault),
                };
                let size = received.as_ref().ok().and_then(|received| received.as_ref().ok());
                self.world.owed.downloaded(account, began.elapsed(), size.map(|received| received.file.size));
                match received {
                    Ok(received) => received,
                    Err(fault) => return self.unfetched(take, fault, &asking).await,
                }
            }
            Err(fault) => Err(fault),
        };
        drop(open);
        if let Err(ReceiveFault::Io(error)) = &received
            && handles::is_out(error)
        {
            // The place stays taken, because other downloads would get no file descriptor either.
            let goes_on = self.world.outwaits_files().await;
            return Ok(if goes_on { Ok(take.clone()) } else { Err(Left::Stopping) });
        }
        drop(place);
        let (event, said) = match received {
            Ok(received) => {
                self.world.handles.saved();
                self.heard_from(&asking);
                (Event::Fetched(received.file), None)
            }
            Err(ReceiveFault::Stopped) => return Ok(Err(Left::Stopping)),
            Err(fault @ ReceiveFault::Obstructed(_)) => return Ok(Err(Left::Obstructed(fault.to_string()))),
            Err(ReceiveFault::Broken { progress, why }) => {
                if progress {
                    self.heard_from(&asking);
                } else {
                    self.failed(&asking, None, &why);
                }
                (FetchSetback::Trouble { after: None, progress }.into(), Some(Said::text(why)))
            }
            Err(fault @ ReceiveFault::Page(_)) => {
                let said = fault.to_string();
                self.failed(&asking, None, &said);
                (FetchSetback::Page.into(), Some(Said::text(said)))
            }
            Err(fault @ ReceiveFault::NotAClip(_)) => {
                self.heard_from(&asking);
                (FetchSetback::Damaged.into(), Some(Said::text(fault.to_string())))
            }
            Err(fault @ (ReceiveFault::NoSpace(_) | ReceiveFault::Io(_))) => {
                return Err(Failure::local(format!("`{}`: {fault}", take.path)));
            }
        };
        self.record(take, event, said, None).await
    }

    async fn unfetched(&self, take: &Take, fault: FetchFault, asking: &Asking) -> Next {
        let trouble = |after| {
            self.failed(asking, after, &fault.said.to_string());
            FetchSetback::Trouble { after, progress: false }.into()
        };
        let event = match fault.kind {
            FetchFaultKind::Unreachable
            | FetchFaultKind::NoFiles
            | FetchFaultKind::Refused
            | FetchFaultKind::Broken => trouble(None),
            FetchFaultKind::Busy { after } => trouble(after),
            FetchFaultKind::Unsafe => Event::LinkUnsafe,
            // Nothing was sent, so this says nothing about the host.
            FetchFaultKind::Unusable => Event::LinkDead,
            FetchFaultKind::Dead => {
                self.heard_from(asking);
                Event::LinkDead
            }
            FetchFaultKind::Redirects => {
                self.heard_from(asking);
                FetchSetback::Redirects.into()
            }
        };
        self.record(take, event, Some(fault.said), None).await
    }

    /// Records that the clip's host answered, and reports the end of an outage if there was one.
    fn heard_from(&self, asking: &Asking) {
        if let Some(outage) = asking.answered() {
            self.world.tell(&Notice::Warning(outage.words(asking.host())));
        }
    }

    /// Records that the clip's host delivered nothing. Reports an outage of the host if this failure begins one.
    fn failed(&self, asking: &Asking, after: Option<Duration>, said: &str) {
        if asking.failed(&self.lane.policy.fetch_backoff, after, self.world.clock.tick()) {
            self.world.tell(&Notice::Warning(self.world.owed.outage(asking.host(), said)));
        }
    }

    /// Renames the verified clip to its final file name. The rename is the last act, so that a visible clip is always
    /// complete.
    pub(super) async fn place(&self, take: &Take, others: &[String]) -> Next {
        let State::Placing { file, .. } = &take.state else { return Ok(Err(Left::Changed)) };
        let origin = Origin {
            settled: take.cost(),
            account: Some(self.account.endpoint.mark()),
            others,
            sandbox: self.world.sandbox,
        };
        let open = self.world.handles.take(CLIP).await;
        let mut older = None;
        if self.replaces {
            let filed = self.world.store.filed(&take.project, &take.key).await.map_err(Failure::store)?;
            older = filed.filter(|older| older.path == take.path && older.take != take.id);
        }
        let sidecar = sidecar(take, file, self.world.clock.now(), &origin).to_string().into_bytes();
        self.world.reach("place.before_rename");
        let place = |older: Option<&Filed>| {
            self.world.save_queues.place(Placement {
                take: take.id.clone(),
                target: take.path.clone(),
                clip: *file,
                sidecar: sidecar.clone(),
                older: older.map(|older| Older { take: older.take.clone(), clip: older.file }),
            })
        };
        let mut placed = place(older.as_ref()).await;
        if let Err(PlaceFault::PartLost) = placed
            && take_back(&self.world.tree, take, *file).await?
        {
            placed = Ok(());
        }
        if let Err(PlaceFault::NameTaken(_)) = placed
            && let Some(forgotten) = clip_at(&self.world, &take.path).await?
        {
            placed = place(Some(&forgotten)).await;
            older = Some(forgotten);
        }
        drop(open);
        self.world.reach("place.after_rename");
        let event = match &placed {
            Ok(()) => Event::Placed,
            Err(PlaceFault::NameTaken(_)) => Event::NameTaken,
            Err(PlaceFault::PartLost) => Event::PartLost,
            Err(fault @ PlaceFault::Obstructed(_)) => return Ok(Err(Left::Obstructed(fault.to_string()))),
            Err(PlaceFault::Io(error)) if handles::is_out(error) => {
                let goes_on = self.world.outwaits_files().await;
                return Ok(if goes_on { Ok(take.clone()) } else { Err(Left::Stopping) });
            }
            Err(fault @ (PlaceFault::NoSpace(_) | PlaceFault::Io(_))) => {
                return Err(Failure::local(format!("`{}`: {fault}", take.path)));
            }
        };
        if let (Ok(()), Some(older)) = (&placed, older) {
            let kept = kept_path(&older.path, &older.take);
            let (tree, name) = (self.world.tree.clone(), kept.clone());
            let look = move || tree.losses(std::iter::once((name.as_str(), &older.file)));
            let losses = blocking(look).await?.map_err(Failure::local)?;
            let store = &self.world.store;
            let saved = if losses.contains(&None) {
                store.kept(&older, &kept, self.world.clock.now()).await
            } else {
                store.kept_nowhere(&older.take).await
            };
            saved.map_err(Failure::store)?;
        }
        let next =
            self.record(take, event, placed.err().map(|fault| Said::text(fault.to_string())), None).await?;
        if matches!(next, Ok(Take { state: State::Done { .. }, .. })) {
            let World { duplicates, store, .. } = &*self.world;
            if let Some(job) = duplicates.note(store, take, file).await.map_err(Failure::store)? {
                self.world.warn_once(format!(
                    "{} has the same bytes as {job}, although each was paid for separately (duplicate_content): look \
                     at both clips",
                    take.key
                ));
            }
        }
        Ok(next)
    }
}
