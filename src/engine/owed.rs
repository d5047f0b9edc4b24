//! Pauses submissions while what is paid already could not be downloaded in time, or would not fit on the disk.
//!
//! A task counts from its submission until its clip is on the disk. The clip is to come as long as a drive holds its
//! `Debt`, so that nothing keeps others waiting that nobody works on.

use super::lane::Account;
use super::lock;
use crate::domain::lifecycle::State;
use crate::domain::owed::{Downloaded, Late, is_ample, late, needed};
use crate::domain::text;
use crate::domain::units;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// Reads the free bytes where clips go; `None` where that cannot be told.
pub type FreeSpace = Arc<dyn Fn() -> Option<u64> + Send + Sync>;

/// The clips that a run owes.
#[derive(Default)]
pub(super) struct Owed {
    book: Mutex<Book>,
    changed: Notify,
}

#[derive(Default)]
struct Book {
    accounts: HashMap<String, Owing>,
    /// Free bytes when it was last looked.
    free: Option<u64>,
    all: Downloaded,
    was_told: bool,
}

/// The clips that one account owes.
#[derive(Default)]
struct Owing {
    /// Number of tasks by the life of their links.
    rendering: BTreeMap<Duration, usize>,
    /// Number of clips by the time at which their links expire.
    links: BTreeMap<Timestamp, usize>,
    /// Number of both.
    count: usize,
    downloaded: Downloaded,
    was_told: bool,
}

/// A clip that is to come, by the best that is known of its link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    /// One that is still rendered; its link will live so long.
    Link(Duration),
    /// One whose link expires then.
    Clip(Timestamp),
}

/// The reason for which nothing can be ordered now.
pub(super) enum Short {
    /// Links would expire before their clips had come, one of which comes in this time.
    Time(Late, Duration),
    /// The disk has no room beside so many clips that are to come.
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

    /// Returns why one more clip whose link lives so long would be too much, if it would.
    fn late(&self, life: Duration, at_once: u32, now: Timestamp) -> Option<(Late, Duration)> {
        let interval = self.downloaded.interval(at_once)?;
        // Those that expire later have more time, and all before them were counted.
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

impl Book {
    fn count(&self) -> usize {
        self.accounts.values().map(|owing| owing.count).sum()
    }

    /// Returns the words for the clips that are paid and to come.
    fn words(&self) -> String {
        let links = self.accounts.values().flat_map(|owing| owing.links.keys());
        let lives = match links.min().filter(|first| **first < Timestamp::MAX) {
            Some(first) => format!(", the first link lives until {}", units::utc(*first)),
            None => String::new(),
        };
        format!("{} to come{lives}, and nothing is paid again", text::count(self.count(), "paid clip"))
    }

    /// Returns what the disk lacks for one more clip, if it lacks anything.
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
    /// Returns the future that ends when less is owed, or something else has changed.
    pub(super) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Takes in a download that took this time, with the size of its clip where it brought one.
    pub(super) fn downloaded(&self, account: &Account, time: Duration, clip: Option<u64>) {
        let mut book = lock(&self.book);
        book.all.note(time, clip);
        book.owing(account).downloaded.note(time, clip);
    }

    /// Returns the words for a host that has begun to give out nothing.
    pub(super) fn outage(&self, host: &str, said: &str) -> String {
        format!(
            "{host} gives out no clips: {said}; {}; it is asked again after pauses of up to 5 min",
            lock(&self.book).words()
        )
    }

    /// Returns the words for a host that is not asked any more in this run.
    pub(super) fn given_up(&self, host: &str) -> String {
        format!(
            "{host} has given out no clip for an hour: {}; `shotlist collect` or the next run fetches what is paid",
            lock(&self.book).words()
        )
    }

    /// Takes in the free bytes where clips go. Returns what is missing for one more clip although none is to come.
    pub(super) fn measured(&self, free: Option<u64>) -> Option<Short> {
        let short = {
            let mut book = lock(&self.book);
            book.free = free;
            book.lacks_room().filter(|_| book.count() == 0)
        };
        self.changed.notify_waiters();
        short
    }
}

/// The clip that is to come of one take. Nothing is to come any more when it is dropped.
pub(super) struct Debt {
    owed: Arc<Owed>,
    account: Arc<Account>,
    due: Option<Due>,
}

impl Debt {
    /// Returns the debt of a take that owes nothing yet.
    pub(super) fn new(owed: &Arc<Owed>, account: &Arc<Account>) -> Self {
        Self { owed: Arc::clone(owed), account: Arc::clone(account), due: None }
    }

    /// Follows the state of the take, whose links live so long.
    pub(super) fn follow(&mut self, state: &State, life: Duration) {
        self.set(match state {
            State::Submitting { .. } | State::Running { .. } => Some(Due::Link(life)),
            State::Downloading { clip, .. } => Some(Due::Clip(clip.expires.unwrap_or(Timestamp::MAX))),
            _ => None,
        });
    }

    /// Owes one more clip, whose link will live so long. Where it could not be downloaded in time or has no room on the disk,
    /// nothing is owed, and the reason is returned.
    pub(super) fn incur(&mut self, life: Duration, now: Timestamp) -> Result<(), Short> {
        self.set(None);
        if let Some(short) = lock(&self.owed.book).enter(&self.account, life, now) {
            return Err(short);
        }
        self.due = Some(Due::Link(life));
        Ok(())
    }

    /// Returns the words for a reason that was not told in this run yet.
    pub(super) fn news(&self, short: &Short) -> Option<String> {
        let was_told = {
            let mut book = lock(&self.owed.book);
            match short {
                Short::Time(..) => std::mem::replace(&mut book.owing(&self.account).was_told, true),
                // That ends the submissions, and is told then.
                Short::Disk { clips: 0, .. } => true,
                Short::Disk { .. } => std::mem::replace(&mut book.was_told, true),
            }
        };
        (!was_told).then(|| short.words(self.account.provider.name()))
    }

    fn set(&mut self, due: Option<Due>) {
        if due == self.due {
            return;
        }
        {
            let mut book = lock(&self.owed.book);
            let owing = book.owing(&self.account);
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

impl Drop for Debt {
    fn drop(&mut self) {
        self.set(None);
    }
}

impl Short {
    /// Returns the words for it.
    pub(super) fn words(&self, provider: &str) -> String {
        match self {
            Self::Time(Late { clips, takes, first, expires }, each) => {
                let length = |time: &Duration| {
                    units::seconds(SignedDuration::try_from(*time).unwrap_or(SignedDuration::MAX))
                };
                format!(
                    "{provider}: submissions pause, because downloads are behind: {} that were ordered will take about \
                     {} at one each {}, and their links expire from {} to {}; submissions continue when downloads \
                     have caught up",
                    text::count(*clips, "clip"),
                    length(takes),
                    length(each),
                    units::utc(*first),
                    units::utc(*expires),
                )
            }
            Self::Disk { free, needed, clips: 0 } => format!(
                "nothing more is submitted, because the disk is nearly full: {} free where clips go, and {} are needed \
                 for one more clip and the reserve; make room, then run again",
                units::bytes(*free),
                units::bytes(*needed),
            ),
            Self::Disk { free, needed, clips } => format!(
                "submissions pause, because the disk is nearly full: {} free where clips go, and {} are needed for \
                 {} that were ordered, one more, and the reserve; submissions continue when there is room",
                units::bytes(*free),
                units::bytes(*needed),
                text::count(*clips, "clip"),
            ),
        }
    }
}
