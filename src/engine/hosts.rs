//! Limits requests to hosts that fail to deliver clips, without losing a clip.
//!
//! An outage begins when a host fails [`IN_A_ROW`] times without an answer in between. Then one download at a time
//! tries the host, after pauses that double. The other downloads from this host wait, and do not delay downloads from
//! other hosts. After [`GIVE_UP`], the host's clips are left to a later run.

use super::lock;
use crate::domain::policy::{Backoff, Tick};
use crate::domain::units;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The number of consecutive failures, of any clips, after which an outage of a host begins.
const IN_A_ROW: u32 = 3;
/// The time without an answer after which a host's clips are left to a later run.
const GIVE_UP: Duration = Duration::from_hours(1);

/// The hosts from which a run downloads clips, with the failures of each host.
#[derive(Default)]
pub(super) struct Hosts {
    by_name: Mutex<HashMap<String, Host>>,
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
    /// The time before which no download tries the host.
    next: Instant,
    pauses: u32,
    /// True while a download tries the host.
    is_asked: bool,
    is_given_up: bool,
}

/// The answer to a download that asks whether it may try its host.
pub(super) enum HostPermit {
    /// The download may try the host.
    Go(Asking),
    /// The host failed for too long, so the run leaves its clips to a later run. `is_first` is true for the first
    /// download that learns of it.
    GivenUp { is_first: bool },
    /// The run is stopping.
    Stopping,
}

/// The permission of a download to try its host. If it is dropped without a result, another download may try.
pub(super) struct Asking {
    hosts: Arc<Hosts>,
    host: String,
    is_probe: bool,
}

/// A period in which a host delivered no clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outage {
    /// The time at which the outage was first noticed.
    pub(super) since: Timestamp,
    /// The length of the outage.
    pub(super) length: Duration,
}

impl Outage {
    /// Returns the message about the outage, once it is over.
    pub(super) fn words(self, host: &str) -> String {
        let length = units::seconds(SignedDuration::try_from(self.length).unwrap_or(SignedDuration::MAX));
        format!(
            "{host} delivers clips again; it was unavailable for {length}, since {}",
            units::utc(self.since)
        )
    }
}

enum Step {
    Go { is_probe: bool },
    GivenUp { is_first: bool },
    Wait(Option<Instant>),
}

impl Hosts {
    /// Waits until a download may try the host.
    pub(super) async fn turn(self: &Arc<Self>, host: &str, stop: &CancellationToken) -> HostPermit {
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            let until = match self.step(host) {
                Step::Go { is_probe } => {
                    return HostPermit::Go(Asking {
                        hosts: Arc::clone(self),
                        host: host.to_owned(),
                        is_probe,
                    });
                }
                Step::GivenUp { is_first } => return HostPermit::GivenUp { is_first },
                Step::Wait(until) => until,
            };
            let next = async {
                match until {
                    Some(until) => tokio::time::sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => return HostPermit::Stopping,
                () = changed => {}
                () = next => {}
            }
        }
    }

    fn step(&self, host: &str) -> Step {
        let mut by_name = lock(&self.by_name);
        let Some(trouble) = by_name.get_mut(host).and_then(|host| host.trouble.as_mut()) else {
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
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Records that the host delivered nothing. Returns true if this failure begins an outage.
    pub(super) fn failed(&self, backoff: &Backoff, after: Option<Duration>, at: Tick) -> bool {
        let mut by_name = lock(&self.hosts.by_name);
        let host = by_name.entry(self.host.clone()).or_default();
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
        // The downloads that were running when the outage began fail as well, and are not news.
        if is_new || self.is_probe {
            trouble.pauses += 1;
            trouble.next = now + backoff.pause(trouble.pauses, after, at.jitter);
        }
        is_new
    }

    /// Records that the host answered. Returns the outage if this answer ends one.
    pub(super) fn answered(&self) -> Option<Outage> {
        let ended = {
            let mut by_name = lock(&self.hosts.by_name);
            let trouble = by_name.remove(&self.host).and_then(|host| host.trouble)?;
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
            lock(&self.hosts.by_name).get_mut(&self.host).and_then(|host| host.trouble.as_mut())
        {
            trouble.is_asked = false;
        }
        self.hosts.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests;
