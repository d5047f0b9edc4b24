//! What the store knows, as the plan looks it up.

use crate::domain::digest::Sha256;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{Charged, ClipFile, State};
use crate::domain::money::Usd;
use crate::domain::request::Request;
use crate::domain::signature::Signature;
use crate::domain::take::{Fingerprint, Wanted};

/// Looks up what was ever ordered in a state folder. Nothing is loaded whole.
pub trait Known {
    /// Why a look-up failed.
    type Error;

    /// Returns a job of the project with its takes.
    fn by_key(&self, key: &JobKey) -> Result<Option<KnownJob>, Self::Error>;

    /// Returns a take of any project.
    fn take(&self, id: &TakeId) -> Result<Option<KnownTake>, Self::Error>;

    /// Returns the order of a take of any project.
    fn request(&self, id: &TakeId) -> Result<Option<Request>, Self::Error>;

    /// Whether a take was ordered with that likeness: as it was noted then, or as its order has it.
    fn is_like(&self, id: &TakeId, likeness: Fingerprint) -> Result<bool, Self::Error>;

    /// Returns the signature of a picture, where one is kept.
    fn signature(&self, sha256: Sha256) -> Result<Option<Signature>, Self::Error>;

    /// Returns where a take's clip stands under a job's name, preferably that of a job of the project.
    fn filed(&self, id: &TakeId) -> Result<Option<Filed>, Self::Error>;

    /// Returns a finished take with the same fingerprint, and its job: one with which this job may share, or the job of
    /// the same name in another project. Takes of the project itself come first.
    fn rendered(&self, job: &Wanted) -> Result<Option<(JobKey, TakeId)>, Self::Error>;

    /// Returns the best take of such an owner with the job's fingerprint that no other job has taken over yet. Of the
    /// takes that stay where they are, one with which the job may share.
    fn reusable(&self, owner: Owner, job: &Wanted) -> Result<Option<Reusable>, Self::Error>;

    /// Returns the rejection of the clip that a job shows, if it is rejected.
    fn rejection(&self, key: &JobKey) -> Option<Rejection>;

    /// Returns what was, or will be, paid for takes that stand in for one in doubt.
    fn resubmitted(&self) -> Result<Usd, Self::Error>;
}

/// The rejection of the clip that a job shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Order of the job at that time.
    pub order: Fingerprint,
    /// Reasons in words.
    pub why: String,
    /// True if another rendering is queued, and was not ordered yet.
    pub is_redo_queued: bool,
}

/// The owners of takes that can serve another job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A job that does not want the take: the take goes over to one that does.
    Free,
    /// A job of another project, or one whose row cannot be read: its take stays with it, and its clip is shared.
    Bound,
}

/// How a job with a take stands to what the manifest wants now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The job is not wanted.
    Gone,
    /// The job is wanted with this order.
    Same,
    /// The job is wanted with another order.
    Changed {
        /// True where the take's clip stands under the job's name.
        filed: bool,
    },
}

/// A take that another job may take over.
#[derive(Debug, Clone, PartialEq)]
pub struct Reusable {
    /// The job that has it.
    pub key: JobKey,
    /// The clip under that job's name.
    pub filed: Option<Filed>,
    /// The take.
    pub take: KnownTake,
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
    /// The clip under the job's name. For a job that shares another's take, that take.
    pub filed: Option<Filed>,
}

/// One paid rendering, or one that may be paid.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownTake {
    /// Its name.
    pub id: TakeId,
    /// Fingerprint of its order.
    pub fingerprint: Fingerprint,
    /// Its price.
    pub price: Usd,
    /// Where its clip goes, or stands: an older take's clip is kept beside the newer one.
    pub path: String,
    /// Its state.
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
    /// Its size and hash.
    pub file: ClipFile,
}

/// The rank of takes that may have been charged, with no word of what became of them.
pub const IN_DOUBT: u8 = 3;

/// Ranks a take for another job, the best first; `None` where it is of no use to one.
///
/// A clip that is there beats one that is coming, which beats one that may have been charged. What was charged and brought
/// nothing comes last: a job with a new name does not buy it again by itself.
#[must_use]
pub const fn rank(state: &State) -> Option<u8> {
    match state {
        State::Done { .. } => Some(0),
        State::Placing { .. } | State::Downloading { .. } | State::Running { .. } => Some(1),
        State::Submitting { .. } | State::Doubtful { .. } => Some(2),
        State::Held { .. } => Some(IN_DOUBT),
        State::Pending { .. } => Some(4),
        State::Failed { charged: Charged::Yes | Charged::Unknown, .. } | State::WrittenOff { .. } => Some(5),
        // Nothing was paid: the job may be tried anew.
        State::Failed { charged: Charged::No, .. } | State::Cancelled { .. } => None,
    }
}
