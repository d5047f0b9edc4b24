//! Defines what a plan must be able to ask the store about earlier takes.

use crate::domain::digest::Sha256;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{Charged, ClipFile, State};
use crate::domain::money::Usd;
use crate::domain::request::Request;
use crate::domain::signature::Signature;
use crate::domain::take::{Fingerprint, Wanted};

/// Queries about the earlier takes in a state folder, which are never all loaded at once.
pub trait Known {
    /// The error of a failed query.
    type Error;

    /// Returns a job of the project with its takes; `None` if it has none.
    fn by_key(&self, key: &JobKey) -> Result<Option<KnownJob>, Self::Error>;

    /// Returns a take of any project.
    fn take(&self, id: &TakeId) -> Result<Option<KnownTake>, Self::Error>;

    /// Returns the request of a take of any project.
    fn request(&self, id: &TakeId) -> Result<Option<Request>, Self::Error>;

    /// Checks whether a take's request has this fingerprint in Unicode NFC, as recorded with the take or computed from
    /// the request.
    fn is_like(&self, id: &TakeId, likeness: Fingerprint) -> Result<bool, Self::Error>;

    /// Returns the stored signature of a picture; `None` if there is none.
    fn signature(&self, sha256: Sha256) -> Result<Option<Signature>, Self::Error>;

    /// Returns the clip of a take, if some job has it under its name; a job of the project is preferred.
    fn filed(&self, id: &TakeId) -> Result<Option<Filed>, Self::Error>;

    /// Returns a finished take that has the fingerprint of `job`, with the job that has it. Returns `None` if `job` can
    /// use no such take.
    ///
    /// Takes of the project come first, then takes of other projects for a job with the same key. A take of another
    /// variant of the item counts only if it is of another project and no other wanted variant has the fingerprint.
    fn rendered(&self, job: &Wanted) -> Result<Option<(JobKey, TakeId)>, Self::Error>;

    /// Returns the best take with the fingerprint of `job` and this kind of owner, unless a job of the plan has taken
    /// it over. Returns `None` if there is none. For [`Owner::Bound`], `job` must be allowed to share the take's clip.
    fn reusable(&self, owner: Owner, job: &Wanted) -> Result<Option<Reusable>, Self::Error>;

    /// Returns the rejection of the job's present clip; `None` if it is not rejected.
    fn rejection(&self, key: &JobKey) -> Option<Rejection>;

    /// Returns the total price of the project's takes that replace a take without an answer, whether already sent or
    /// not.
    fn resubmitted(&self) -> Result<Usd, Self::Error>;
}

/// A person's rejection of a job's present clip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The fingerprint of the job's request at the time of the rejection.
    pub order: Fingerprint,
    /// The reviewer's reasons, in words.
    pub why: String,
    /// True if another rendering of the job waits to be submitted.
    pub is_redo_queued: bool,
}

/// The kind of job that has a take which another job can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A job that no longer needs the take, which then moves to a job that needs it.
    Free,
    /// A job that keeps the take, whose clip is shared: it is of another project, or its row in the product file cannot
    /// be read.
    Bound,
}

/// The relation of the manifest to the job that has a take, which decides whether other jobs may use the take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The manifest no longer has the job.
    Gone,
    /// The manifest has the job, with the same request as the take.
    Same,
    /// The manifest has the job, but its request differs from that of the take.
    Changed {
        /// True if the take's clip is under the job's name.
        filed: bool,
    },
}

/// A take of one job that another job may take over or share.
#[derive(Debug, Clone, PartialEq)]
pub struct Reusable {
    /// The job that has the take.
    pub key: JobKey,
    /// The clip under the name of that job, if there is one.
    pub filed: Option<Filed>,
    /// The take itself.
    pub take: KnownTake,
}

/// A job with its history in the store.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownJob {
    /// The job's key.
    pub key: JobKey,
    /// True if the manifest asked for the job in the last run.
    pub wanted: bool,
    /// The job's takes, newest first.
    pub takes: Vec<KnownTake>,
    /// The clip under the job's name. Its take belongs to another job if the clip is shared.
    pub filed: Option<Filed>,
}

/// A take (a paid rendering of a job) as the store has it.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownTake {
    /// The take's id.
    pub id: TakeId,
    /// The fingerprint of the take's request.
    pub fingerprint: Fingerprint,
    /// The take's price.
    pub price: Usd,
    /// The path of the take's clip, even before the clip exists. If a newer clip has replaced it under the job's name,
    /// it is the path where the older clip is kept.
    pub path: String,
    /// The take's state.
    pub state: State,
    /// The take without an answer that is written off when this take is submitted.
    pub instead_of: Option<TakeId>,
}

/// A clip's file under its final name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filed {
    /// The take that made the clip.
    pub take: TakeId,
    /// The clip's path relative to the output root, with `/`.
    pub path: String,
    /// The clip's size and hash.
    pub file: ClipFile,
}

/// The [`rank`] of takes that need a person's decision and may have been charged.
pub const IN_DOUBT: u8 = 3;

/// Returns how suitable a take is for another job, the lowest number for the best; `None` if no other job can use it.
///
/// A clip that exists is better than one that is still to come, and that is better than a take that may have been
/// charged. A take that was charged without a result is the worst: a job under a new name does not buy it again
/// automatically.
#[must_use]
pub const fn rank(state: &State) -> Option<u8> {
    match state {
        State::Done { .. } => Some(0),
        State::Placing { .. } | State::Downloading { .. } | State::Running { .. } => Some(1),
        State::Submitting { .. } | State::Doubtful { .. } => Some(2),
        State::Held { .. } => Some(IN_DOUBT),
        State::Pending { .. } => Some(4),
        State::Failed { charged: Charged::Yes | Charged::Unknown, .. } | State::WrittenOff { .. } => Some(5),
        // Nothing was charged, so the job may be submitted again.
        State::Failed { charged: Charged::No, .. } | State::Cancelled { .. } => None,
    }
}
