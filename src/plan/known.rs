//! What the store knows of a project, as the plan needs it.

use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{ClipFile, State};
use crate::domain::money::Usd;
use crate::domain::request::Request;
use crate::domain::take::Fingerprint;

/// Everything that was ever ordered in a project.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Known {
    /// In no particular order.
    pub jobs: Vec<KnownJob>,
    /// Jobs of other projects of the same folder that have a clip, or a take that may have been paid: a renamed project
    /// finds there what it paid.
    pub elsewhere: Vec<KnownJob>,
    /// What was, or will be, paid for takes that stand in for one in doubt, because the manifest allows that.
    pub resubmitted: Usd,
}

/// One job with its history.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownJob {
    /// Which clip.
    pub key: JobKey,
    /// Whether the manifest asked for it when it was last carried out.
    pub wanted: bool,
    /// Newest first.
    pub takes: Vec<KnownTake>,
    /// Which clip stands under the job's name now. For a job that shares another's take, that take.
    pub filed: Option<Filed>,
}

/// One paid rendering, or one that may be paid.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownTake {
    /// Its name.
    pub id: TakeId,
    /// Of its order.
    pub fingerprint: Fingerprint,
    /// Its order, to name the field that changed.
    pub request: Request,
    /// What it costs.
    pub price: Usd,
    /// Where its clip goes, or stands: an older take's clip is kept beside the newer one.
    pub path: String,
    /// Where it stands.
    pub state: State,
    /// The take in doubt that is given up when this one is sent.
    pub instead_of: Option<TakeId>,
}

/// A clip under its final name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filed {
    /// The take it came from.
    pub take: TakeId,
    /// Relative to the output root, with `/`.
    pub path: String,
    /// What it is.
    pub file: ClipFile,
}
