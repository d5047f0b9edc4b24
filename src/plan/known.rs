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

    /// Returns a job of the project with its takes; `None` if the store does not know the job.
    fn by_key(&self, key: &JobKey) -> Result<Option<KnownJob>, Self::Error>;

    /// Returns a take of any project.
    fn take(&self, id: &TakeId) -> Result<Option<KnownTake>, Self::Error>;

    /// Returns the request of a take of any project.
    fn request(&self, id: &TakeId) -> Result<Option<Request>, Self::Error>;

    /// Checks whether `likeness` (a hash that ignores differences in Unicode form) belongs to a take's request. The
    /// hash was recorded with the take, or is computed from the request.
    fn is_like(&self, id: &TakeId, likeness: Fingerprint) -> Result<bool, Self::Error>;

    /// Returns the stored signature (a description of the pixels) of the picture with this hash; `None` if no signature
    /// is stored.
    fn signature(&self, sha256: Sha256) -> Result<Option<Signature>, Self::Error>;

    /// Returns a take's clip, and the path at which a job has this clip; `None` if no job has it. A job of this project
    /// is preferred.
    fn filed(&self, id: &TakeId) -> Result<Option<Filed>, Self::Error>;

    /// Returns a finished take with the fingerprint of `job`, and the job that has the take. Returns `None` if `job`
    /// can use no such take.
    ///
    /// Takes of this project come first, then takes of other projects for a job with the same key, and then all other
    /// takes. Another variant of the same item and shot counts only in another project, and only if no other wanted
    /// variant has the fingerprint.
    fn rendered(&self, job: &Wanted) -> Result<Option<(JobKey, TakeId)>, Self::Error>;

    /// Returns the best take of another job that has the fingerprint of `job`; `None` if there is none. `owner` selects
    /// takes that `job` can take over ([`Owner::Free`]) or takes whose clips `job` may share ([`Owner::Bound`]). Takes
    /// that a job of the plan has already taken over are left out.
    fn reusable(&self, owner: Owner, job: &Wanted) -> Result<Option<Reusable>, Self::Error>;

    /// Returns the rejection of the job's present clip; `None` if it is not rejected.
    fn rejection(&self, key: &JobKey) -> Option<Rejection>;

    /// Returns the total price of the project's takes that replace a take without an answer. Replacements that are
    /// still to be sent count, too.
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

/// The way in which a job can use a take that belongs to another job, the owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// The owner no longer needs the take. The take moves to a job that needs it.
    Free,
    /// The owner keeps the take, and other jobs share the clip. The owner belongs to another project, or its item is
    /// skipped because of an error.
    Bound,
}

/// The result of looking for a take's job in the manifest. It decides whether other jobs may use the take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The manifest no longer has the job.
    Gone,
    /// The manifest has the job, with the same request as the take.
    Same,
    /// The manifest has the job, but its request differs from that of the take.
    Changed {
        /// True if the take's clip is the job's present clip.
        filed: bool,
    },
}

/// A take of one job that another job may take over or share.
#[derive(Debug, Clone, PartialEq)]
pub struct Reusable {
    /// The job that has the take.
    pub key: JobKey,
    /// The present clip of the job `key`; `None` if this job has no clip.
    pub filed: Option<Filed>,
    /// The take that another job may take over or share.
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
    /// The job's present clip. Its take belongs to another job if the clip is shared.
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
    /// The path of the take's clip, set even before the clip exists. If a newer clip of the job replaces this clip, the
    /// older clip moves, and `path` names its new place.
    pub path: String,
    /// The take's state.
    pub state: State,
    /// The take without an answer that is written off when this take is submitted.
    pub instead_of: Option<TakeId>,
}

impl KnownTake {
    /// Checks whether the take's request was sent, or was about to be sent, and has no answer yet.
    pub(crate) fn is_unanswered(&self) -> bool {
        matches!(self.state, State::Submitting { .. } | State::Doubtful { .. })
    }
}

/// A clip's file under its final name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filed {
    /// The take that made the clip.
    pub take: TakeId,
    /// The clip's path relative to the output root, with `/` between its parts.
    pub path: String,
    /// The clip's size and hash.
    pub file: ClipFile,
}

/// The [`rank`] of takes that need a person's decision and may have been charged.
pub const IN_DOUBT: u8 = 3;

/// Returns how suitable a take is for another job, the lowest number for the best; `None` if no other job can use it.
///
/// The order is: a clip that exists, a clip that is still to come, a take whose result is unknown or needs a decision,
/// and a take that is not sent yet. The last is a take that failed or was written off, and that was or may have been
/// charged. Even such a take keeps a job under a new name from paying again automatically.
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
