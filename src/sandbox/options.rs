//! Defines the options with which a sandbox is started.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::faults::Rule;
use super::provider::Provider;
use super::tasks::{Order, Task};

/// A function that returns the current time of a sandbox.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The options of a sandbox.
pub struct Options {
    /// The state directory. It is created if it does not exist; only one sandbox at a time can use it.
    pub dir: PathBuf,
    /// The port on 127.0.0.1. With 0 it is the port of the last start, so that old links still work, or any free port
    /// if that port is taken.
    pub port: u16,
    /// The providers of the sandbox. A caller may add its own.
    pub providers: Vec<Provider>,
    /// The only valid API key, for all providers.
    pub key: String,
    /// The function that returns the current time.
    pub now: Clock,
    /// The detail of the clips: full, or tiny for tests.
    pub clips: ClipDetail,
    /// The function that finds the item and shot to show on clips; `None` shows only the model and the prompt.
    pub captions: Option<Captions>,
    /// The shortest and longest duration of a task. Each task gets a random duration between them.
    pub task_time: RangeInclusive<Duration>,
    /// The additional delay of the answer to a submission. It begins when the task's charge is on disk.
    pub answer_delay: Duration,
    /// The limits on the number of tasks that run at the same time.
    pub limits: Limits,
    /// The time for which the link to a clip works. Z.AI documents one day; the other providers document no time.
    pub link_life: Duration,
    /// The seed of the random numbers. The same seed and the same calls give the same results.
    pub seed: u64,
    /// True to close each connection after its first answer, without warning the client, as if the idle timeout ended
    /// just then.
    ///
    /// A client that keeps connections can then send a request on a connection that is being closed.
    pub close_idle: bool,
    /// The fault rules that are active from the start.
    pub faults: Vec<Rule>,
}

impl Options {
    /// Returns options for the providers of [`providers`](super::providers), without faults.
    ///
    /// The port is 0 (see [`Options::port`]), clips have the full quality ([`ClipDetail::Full`]), and tasks take 1 to 3
    /// seconds. The limits are as documented, and links work for a day.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>, key: impl Into<String>, now: Clock) -> Self {
        Self {
            dir: dir.into(),
            port: 0,
            providers: super::providers(),
            key: key.into(),
            now,
            clips: ClipDetail::Full,
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

/// The quality of the clips that the sandbox makes. Their duration is always the requested one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClipDetail {
    /// Clips with the requested size and frame rate: 100 to 400 KB for 5 seconds of 1920 × 1080, more with a picture.
    Full,
    /// Clips of 64 × 64 pixels and one frame a second, without any text: about 2 KB.
    Tiny,
}

/// The item and the shot of a task, for the text on the task's clip. A request to a provider does not contain them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caption {
    /// The id of the item. The colour of the clip is derived from it.
    pub item: String,
    /// The title of the item, which may be empty.
    pub title: String,
    /// The name of the shot.
    pub shot: String,
}

/// A function that returns the item and the shot of a task, for the text on its clip; `None` if they are unknown.
///
/// It is called whenever a clip is drawn, on a thread that may block. The result for a task must not change, because
/// otherwise a resumed download does not fit its first part.
pub type Captions = Arc<dyn Fn(&Task) -> Option<Caption> + Send + Sync>;

/// The limits on the number of tasks that run at the same time. A submission above a limit is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limits {
    /// The limits in the documents of Z.AI: one task of `cogvideox-3` and five of each other model. Other providers
    /// document no limits.
    Documented,
    /// Any number of running tasks.
    Unlimited,
    /// Limits by the name of the model. Other models have the documented limit, if there is one.
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
