//! Paces downloads from hosts in trouble: an outage costs few requests, and no clip.
//!
//! A host that failed [`IN_A_ROW`] times without an answer between is in trouble. One download at a time asks it then,
//! after pauses that double; all others wait, without a place among the downloads, until it answers. Where it stays away
//! for [`GIVE_UP`], its clips are left to a later run. Times are those of a clock that cannot be set.

use super::lock;
use crate::domain::policy::{Backoff, Moment};
use crate::domain::units;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Failures in a row, of any clips, from which on a host is in trouble.
const IN_A_ROW: u32 = 3;
/// Time without an answer after which a host's clips are left to a later run.
const GIVE_UP: Duration = Duration::from_hours(1);

/// The hosts of the clips of a run.
#[derive(Default)]
pub(super) struct Hosts {
    book: Mutex<HashMap<String, Host>>,
    changed: Notify,
}

#[derive(Default)]
struct Host {
    failures: u32,
    trouble: Option<Trouble>,
}

#[derive(Clone, Copy)]
struct Trouble {
    since: Timestamp,
    began: Instant,
    /// Nothing is asked before.
    next: Instant,
    pauses: u32,
    /// True while a download asks.
    is_asked: bool,
    is_given_up: bool,
}

/// A permission to download.
pub(super) enum Turn {
    /// The host may be asked.
    Go(Asking),
    /// The host was away for too long; whether this is the first to hear of it.
    GivenUp { is_first: bool },
    /// The run is stopping.
    Stopping,
}

/// A download that may ask its host. Dropped without word of the host, it leaves the turn to the next one.
pub(super) struct Asking {
    hosts: Arc<Hosts>,
    host: String,
    is_probe: bool,
}

/// A time in which a host gave out no clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outage {
    /// Time at which it was first noticed.
    pub(super) since: Timestamp,
    /// Length of the outage.
    pub(super) length: Duration,
}

impl Outage {
    /// Returns the words for it, once it is over.
    pub(super) fn words(self, host: &str) -> String {
        let length = units::seconds(SignedDuration::try_from(self.length).unwrap_or(SignedDuration::MAX));
        format!("{host} gives out clips again; it was away for {length}, since {}", units::utc(self.since))
    }
}

enum Step {
    Go { is_probe: bool },
    GivenUp { is_first: bool },
    Wait(Option<Instant>),
}

impl Hosts {
    /// Waits until the host may be asked.
    pub(super) async fn turn(self: &Arc<Self>, host: &str, stop: &CancellationToken) -> Turn {
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            let until = match self.step(host) {
                Step::Go { is_probe } => {
                    return Turn::Go(Asking { hosts: Arc::clone(self), host: host.to_owned(), is_probe });
                }
                Step::GivenUp { is_first } => return Turn::GivenUp { is_first },
                Step::Wait(until) => until,
            };
            let next = async {
                match until {
                    Some(until) => tokio::time::sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => return Turn::Stopping,
                () = changed => {}
                () = next => {}
            }
        }
    }

    fn step(&self, host: &str) -> Step {
        let mut book = lock(&self.book);
        let Some(trouble) = book.get_mut(host).and_then(|host| host.trouble.as_mut()) else {
            return Step::Go { is_probe: false };
        };
        let now = Instant::now();
        if now.duration_since(trouble.began) > GIVE_UP {
            return Step::GivenUp { is_first: !std::mem::replace(&mut trouble.is_given_up, true) };
        }
        if trouble.is_asked || now < trouble.next {
            return Step::Wait((!trouble.is_asked).then_some(trouble.next));
        }
        trouble.is_asked = true;
        Step::Go { is_probe: true }
    }
}

impl Asking {
    /// Returns the name of the host.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Takes in that the host gave out nothing. Returns true if that begins an outage.
    pub(super) fn failed(&self, backoff: &Backoff, after: Option<Duration>, at: Moment) -> bool {
        let mut book = lock(&self.hosts.book);
        let host = book.entry(self.host.clone()).or_default();
        host.failures = host.failures.saturating_add(1);
        let is_new = host.trouble.is_none();
        if is_new && host.failures < IN_A_ROW {
            return false;
        }
        let now = Instant::now();
        let trouble = host.trouble.get_or_insert(Trouble {
            since: at.now,
            began: now,
            next: now,
            pauses: 0,
            is_asked: false,
            is_given_up: false,
        });
        // The downloads that were on their way when the outage began fail as well, and tell nothing new.
        if is_new || self.is_probe {
            trouble.pauses += 1;
            trouble.next = now + backoff.pause(trouble.pauses, after, at.jitter);
        }
        is_new
    }

    /// Takes in that the host answered. Returns the outage that ends with that.
    pub(super) fn answered(&self) -> Option<Outage> {
        let ended = {
            let mut book = lock(&self.hosts.book);
            let trouble = book.remove(&self.host).and_then(|host| host.trouble)?;
            Outage { since: trouble.since, length: trouble.began.elapsed() }
        };
        self.hosts.changed.notify_waiters();
        Some(ended)
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        if !self.is_probe {
            return;
        }
        if let Some(trouble) =
            lock(&self.hosts.book).get_mut(&self.host).and_then(|host| host.trouble.as_mut())
        {
            trouble.is_asked = false;
        }
        self.hosts.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests;
