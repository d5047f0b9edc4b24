//! What happened, for whoever listens: sent after it was saved, never before.

use super::durations::RenderKind;
use super::fault::{Said, Stop};
use super::key::{JobKey, TakeId};
use super::lifecycle::{Phase, State};
use super::money::Usd;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// A take changed its state.
    Moved {
        /// The take.
        take: TakeId,
        /// Its job.
        key: JobKey,
        /// The kind of its request.
        kind: RenderKind,
        /// Its price.
        price: Usd,
        /// Where its clip goes.
        path: String,
        /// The state it left.
        from: Phase,
        /// Where it stands now.
        to: Box<State>,
        /// What the provider or the machine said about it.
        said: Option<Said>,
    },
    /// A clip that was paid before now also stands under this job's name, free of charge.
    Filed {
        /// The job.
        key: JobKey,
        /// Where.
        path: String,
    },
    /// No further submissions to this provider, or to one of its models, in this run.
    Stopped {
        /// The provider, or `provider/model`.
        who: String,
        /// Why.
        why: WhyStopped,
        /// Its words.
        said: Said,
    },
    /// Everything is stopping because a person or the machine asked for it.
    Stopping {
        /// Submissions still on the wire, which are awaited.
        on_wire: usize,
    },
    /// Something worth a line, once.
    Warning(String),
    /// Something that ends the run. To be shown in any case: it may hold what is written nowhere else.
    Trouble(String),
}

/// Why a provider or model takes no more submissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WhyStopped {
    /// It said so.
    Provider(Stop),
    /// The same model was refused three times in a row.
    Model,
    /// It did not know its paid tasks.
    TasksLost,
    /// Its paid tasks ended without a clip.
    TasksEmpty,
    /// Its paid tasks failed, each for the same reason.
    TasksFail,
    /// An hour without any progress.
    NoProgress,
}
