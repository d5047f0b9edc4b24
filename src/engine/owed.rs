//! Pauses submissions as long as one more clip would probably not be downloaded before its link expires, or would not
//! fit on the disk.
//!
//! An `OwedClip` counts the clip of one take from its submission until the clip is on the disk. Clips on which this run
//! does not work have no `OwedClip` and never make submissions wait.

use super::lane::Account;
use super::lock;
use crate::domain::lifecycle::State;
use crate::domain::owed::{Downloaded, ExpiryForecast, is_ample, late, needed};
use crate::domain::text;
use crate::domain::units;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// A function that returns the free bytes on the disk of the clips; `None` if they are unknown.
pub type FreeSpace = Arc<dyn Fn() -> Option<u64> + Send + Sync>;

/// The clips that a run still has to download.
#[derive(Default)]
pub(super) struct Owed {
    counts: Mutex<Counts>,
    changed: Notify,
}

#[derive(Default)]
struct Counts {
    accounts: HashMap<String, Owing>,
    /// The free bytes on the disk of the clips at the last measurement; `None` if unknown.
    free: Option<u64>,
    all: Downloaded,
    was_told: bool,
}

/// The clips that a run still has to download from one provider.
#[derive(Default)]
struct Owing {
    /// The number of tasks that still render, by the time for which the links to their clips will be valid.
    rendering: BTreeMap<Duration, usize>,
    /// The number of rendered clips, by the time at which their links expire.
    links: BTreeMap<Timestamp, usize>,
    /// The number of all clips that are still to be downloaded: those that still render and those that have links.
    count: usize,
    downloaded: Downloaded,
    was_told: bool,
}

/// The deadline for downloading a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    /// The clip is still being rendered; its link, once it exists, will be valid for this long.
    Link(Duration),
    /// The clip is rendered; its link expires at this time.
    Clip(Timestamp),
}

/// The reason why nothing can be submitted now.
pub(super) enum Short {
    /// The links of paid clips would expire before the clips are downloaded. The duration is the time from one download
    /// to the next.
    Time(ExpiryForecast, Duration),
    /// The disk has only `free` bytes. One more clip and the `clips` that are still to be downloaded need `needed`
    /// bytes.
    Disk { free: u64, needed: u64, clips: usize },
}

impl Owing {
    fn enter(&mut self, due: Due) {
        self.count += 1;
        match due {
            Due::Link(life) => *self.rendering.entry(life).or_default() += 1,
            Due::Clip(expires) => *self.links.entry(expires).or_default() += 1,
        }
    }

    fn leave(&mut self, due: Due) {
        fn less<K: Ord>(counts: &mut BTreeMap<K, usize>, key: &K) {
            if let Some(count) = counts.get_mut(key) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(key);
                }
            }
        }
        self.count -= 1;
        match due {
            Due::Link(life) => less(&mut self.rendering, &life),
            Due::Clip(expires) => less(&mut self.links, &expires),
        }
    }

    /// Forecasts the downloads if one more clip, whose link is valid for `life`, is added. Returns the clips whose
    /// links would expire too early, and the time from one download to the next.
    ///
    /// Returns `None` if no link would expire too early, or if no download was measured yet.
    fn late(&self, life: Duration, at_once: u32, now: Timestamp) -> Option<(ExpiryForecast, Duration)> {
        let interval = self.downloaded.interval(at_once)?;
        // Later links have more time, and all earlier ones were counted.
        if is_ample(self.count + 1, life, interval) {
            return None;
        }
        let expires = |life: Duration| {
            let life = SignedDuration::try_from(life).unwrap_or(SignedDuration::MAX);
            now.checked_add(life).unwrap_or(Timestamp::MAX)
        };
        let rendering = self.rendering.iter().map(|(life, count)| (expires(*life), *count));
        let links = self.links.iter().map(|(expires, count)| (*expires, *count));
        let owed = rendering.chain(links).flat_map(|(expires, count)| std::iter::repeat_n(expires, count));
        late(owed.collect(), expires(life), now, interval).map(|late| (late, interval))
    }
}

impl Counts {
    fn count(&self) -> usize {
        self.accounts.values().map(|owing| owing.count).sum()
    }

    /// Returns the words for a message about the paid clips still to be downloaded: their number and the first expiry
    /// of a link.
    fn words(&self) -> String {
        let links = self.accounts.values().flat_map(|owing| owing.links.keys());
        let lives = match links.min().filter(|first| **first < Timestamp::MAX) {
            Some(first) => format!(", the first link expires at {}", units::utc(*first)),
            None => String::new(),
        };
        format!("{} to download free of charge{lives}", text::count(self.count(), "paid clip"))
    }

    /// Checks whether the disk has space for one more clip. Returns the missing space as a reason, or `None` if there
    /// is enough or the free space is unknown.
    fn lacks_room(&self) -> Option<Short> {
        let (free, clips) = (self.free?, self.count());
        let needed = needed(clips, self.all.clip_size());
        (free < needed).then_some(Short::Disk { free, needed, clips })
    }

    fn owing(&mut self, account: &Account) -> &mut Owing {
        let name = account.provider.name();
        if !self.accounts.contains_key(name) {
            self.accounts.insert(name.to_owned(), Owing::default());
        }
        self.accounts.get_mut(name).expect("it was entered above where it was missing")
    }

    fn enter(&mut self, account: &Account, life: Duration, now: Timestamp) -> Option<Short> {
        let at_once = account.downloads.width;
        let late = self.owing(account).late(life, at_once, now).map(|(late, each)| Short::Time(late, each));
        let short = late.or_else(|| self.lacks_room());
        if short.is_none() {
            self.owing(account).enter(Due::Link(life));
        }
        short
    }
}

impl Owed {
    /// Returns a future that ends when the number of clips to be downloaded or the free space has changed.
    pub(super) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Records how long a download took, and the size of its clip in bytes; `None` if it failed.
    pub(super) fn downloaded(&self, account: &Account, time: Duration, clip: Option<u64>) {
        let mut counts = lock(&self.counts);
        counts.all.note(time, clip);
        counts.owing(account).downloaded.note(time, clip);
    }

    /// Returns the message that a host (a server with clips) has stopped delivering clips.
    pub(super) fn outage(&self, host: &str, said: &str) -> String {
        format!(
            "{host} delivers no clips: {said}; {}; shotlist tries the host again after pauses of up to 5 min",
            lock(&self.counts).words()
        )
    }

    /// Returns the message about a host that is not tried any more in this run.
    pub(super) fn given_up(&self, host: &str) -> String {
        format!(
            "{host} has delivered no clip for an hour: {}; `collect` or the next run downloads them",
            lock(&self.counts).words()
        )
    }

    /// Records the free bytes on the disk of the clips; `None` if unknown.
    ///
    /// Returns the lack of space if there is no room for one clip and no other clip is waiting for its download.
    pub(super) fn measured(&self, free: Option<u64>) -> Option<Short> {
        let short = {
            let mut counts = lock(&self.counts);
            counts.free = free;
            counts.lacks_room().filter(|_| counts.count() == 0)
        };
        self.changed.notify_waiters();
        short
    }
}

/// A value that counts one take's clip among the clips to be downloaded. When the value is dropped, the clip is no
/// longer counted.
pub(super) struct OwedClip {
    owed: Arc<Owed>,
    account: Arc<Account>,
    due: Option<Due>,
}

impl OwedClip {
    pub(super) fn new(owed: &Arc<Owed>, account: &Arc<Account>) -> Self {
        Self { owed: Arc::clone(owed), account: Arc::clone(account), due: None }
    }

    /// Counts the take's clip as its new state requires: as being rendered, as ready to download, or not at all. `life`
    /// is the time for which links to clips of the take's model are valid.
    pub(super) fn follow(&mut self, state: &State, life: Duration) {
        self.set(match state {
            State::Submitting { .. } | State::Running { .. } => Some(Due::Link(life)),
            State::Downloading { clip, .. } => Some(Due::Clip(clip.expires.unwrap_or(Timestamp::MAX))),
            _ => None,
        });
    }

    /// Counts the take's clip as one to be downloaded, with a link that will be valid for `life`. If the clip would
    /// come too late or not fit on the disk, it is not counted, and the reason is returned.
    pub(super) fn incur(&mut self, life: Duration, now: Timestamp) -> Result<(), Short> {
        self.set(None);
        if let Some(short) = lock(&self.owed.counts).enter(&self.account, life, now) {
            return Err(short);
        }
        self.due = Some(Due::Link(life));
        Ok(())
    }

    /// Returns the message that says why submissions wait; `None` if this run has reported that reason already.
    pub(super) fn news(&self, short: &Short) -> Option<String> {
        let was_told = {
            let mut counts = lock(&self.owed.counts);
            match short {
                Short::Time(..) => std::mem::replace(&mut counts.owing(&self.account).was_told, true),
                // This reason ends the submissions, and is reported then.
                Short::Disk { clips: 0, .. } => true,
                Short::Disk { .. } => std::mem::replace(&mut counts.was_told, true),
            }
        };
        (!was_told).then(|| short.words(self.account.provider.name()))
    }

    fn set(&mut self, due: Option<Due>) {
        if due == self.due {
            return;
        }
        {
            let mut counts = lock(&self.owed.counts);
            let owing = counts.owing(&self.account);
            if let Some(before) = self.due {
                owing.leave(before);
            }
            if let Some(due) = due {
                owing.enter(due);
            }
        }
        self.due = due;
        self.owed.changed.notify_waiters();
    }
}

impl Drop for OwedClip {
    fn drop(&mut self) {
        self.set(None);
    }
}

impl Short {
    /// Returns the message that says why submissions wait or end.
    pub(super) fn words(&self, provider: &str) -> String {
        match self {
            Self::Time(ExpiryForecast { clips, takes, first, expires }, each) => {
                let length = |time: &Duration| {
                    units::seconds(SignedDuration::try_from(*time).unwrap_or(SignedDuration::MAX))
                };
                format!(
                    "{provider}: submissions pause, because downloads are behind: {} to download will take about {} \
                     (one every {}). The first of their links expires at {}, and one that expires at {} may expire before \
                     its download; submissions continue when downloads have caught up",
                    text::count(*clips, "clip"),
                    length(takes),
                    length(each),
                    units::utc(*first),
                    units::utc(*expires),
                )
            }
            Self::Disk { free, needed, clips: 0 } => format!(
                "nothing more is submitted, because the disk is nearly full: {} free on the disk of the clips, {} \
                 needed for one more clip and the reserve; free some space, then run again",
                units::bytes(*free),
                units::bytes(*needed),
            ),
            Self::Disk { free, needed, clips } => format!(
                "submissions pause, because the disk is nearly full: {} free on the disk of the clips, {} needed \
                 for {} still to download, one more, and the reserve; submissions continue when there is room",
                units::bytes(*free),
                units::bytes(*needed),
                text::count(*clips, "clip"),
            ),
        }
    }
}
