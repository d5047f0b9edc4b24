//! How a sandbox behaves.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::faults::Rule;
use super::provider::Provider;
use super::tasks::{Order, Task};

/// Where the sandbox reads the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How a sandbox behaves.
pub struct Options {
    /// Its state. Made if it is not there; one sandbox at a time.
    pub dir: PathBuf,
    /// The port on 127.0.0.1. 0 takes the one of the last start, so that links handed out then still work, or any.
    pub port: u16,
    /// Who is played. A caller may push providers of its own.
    pub providers: Vec<Provider>,
    /// The only valid API key, of all providers.
    pub key: String,
    /// The time.
    pub now: Clock,
    /// What the clips look like.
    pub clips: Clips,
    /// What stands on full clips besides the model and the prompt.
    pub captions: Option<Captions>,
    /// How long a task runs, drawn for each.
    pub task_time: RangeInclusive<Duration>,
    /// How long an answer to a submission is held back once its charge is on disk.
    pub answer_delay: Duration,
    /// How many tasks may run at once.
    pub limits: Limits,
    /// How long a result link works. Z.AI documents one day, the others nothing.
    pub link_life: Duration,
    /// Where the dice start: the same seed and the same calls give the same run.
    pub seed: u64,
    /// Closes each connection after an answer without announcing it, as a server does whose idle time runs out just
    /// then: a client that keeps connections meets the race.
    pub close_idle: bool,
    /// The fault rules in force from the start.
    pub faults: Vec<Rule>,
}

impl Options {
    /// Returns well-behaved providers, those of [`providers`](super::providers): any port, full clips, tasks of 1 to 3 seconds, the documented limits, links for a
    /// day.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>, key: impl Into<String>, now: Clock) -> Self {
        Self {
            dir: dir.into(),
            port: 0,
            providers: super::providers(),
            key: key.into(),
            now,
            clips: Clips::Full,
            captions: None,
            task_time: Duration::from_secs(1)..=Duration::from_secs(3),
            answer_delay: Duration::ZERO,
            limits: Limits::Documented,
            link_life: Duration::from_hours(24),
            seed: 0,
            close_idle: false,
            faults: Vec::new(),
        }
    }
}

/// What the clips look like; the duration is always the one ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clips {
    /// Of the ordered size and rate; 100 to 400 KB for 5 seconds of 1920 × 1080, the more with a picture.
    Full,
    /// 64 × 64 pixels, one frame a second, without text or card; about 2 KB.
    Tiny,
}

/// Whose clip a task makes, which its request does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caption {
    /// The item's id. The colour follows from it.
    pub item: String,
    /// The item's title; may be empty.
    pub title: String,
    /// The shot's name.
    pub shot: String,
}

/// Looks up the caption of a task. It is asked whenever a clip is drawn, on a thread that may block. The answer for a
/// task must stay the same, else a resumed download does not fit what was there.
pub type Captions = Arc<dyn Fn(&Task) -> Option<Caption> + Send + Sync>;

/// How many tasks may run at once before a submission is throttled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limits {
    /// Of Z.AI one for `cogvideox-3` and five for each other model; the other providers publish none.
    Documented,
    /// No limit.
    Unlimited,
    /// By model; the documented limit, if there is one, for models not named.
    PerModel(BTreeMap<String, u32>),
}

impl Limits {
    pub(super) fn at_once(&self, order: &Order) -> Option<u32> {
        match self {
            Self::Documented => order.at_once,
            Self::Unlimited => None,
            Self::PerModel(limits) => limits.get(order.model).copied().or(order.at_once),
        }
    }
}
