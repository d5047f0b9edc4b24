//! Takes: paid renderings of jobs, from the request to the clip.

use super::digest::Sha256;
use super::foreign::Foreign;
use super::key::{JobKey, TakeId};
use super::lifecycle::State;
use super::money::Usd;
use super::request::Request;
use std::fmt;
use std::str::FromStr;

/// The IPTC's term for media that a trained model made; feeds and platforms ask for it.
pub const SOURCE_TYPE: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";

/// A hash of the user's request, which decides whether a rendering must be paid for again.
///
/// The hash is written as `v1:` and 64 hexadecimal digits. The computation of a v1 fingerprint never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub Sha256);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v1:{}", self.0)
    }
}

impl FromStr for Fingerprint {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        text.strip_prefix("v1:").ok_or(())?.parse().map(Self)
    }
}

/// A job that the manifest asks for, with its request, fingerprint and price.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// The key of the job.
    pub key: JobKey,
    /// The title of the item.
    pub title: Foreign,
    /// The tags of the item, for filters and sums; they do not change the request.
    pub tags: Vec<String>,
    /// The request for the clip.
    pub request: Request,
    /// The fingerprint of the request. If the request contains a reviewer's feedback, the fingerprint is that of the
    /// request without the feedback.
    pub fingerprint: Fingerprint,
    /// A second hash of the request, by which an earlier take with the same meaning is recognised. The hash covers the
    /// texts in Unicode NFC, and also optional fields that are left out because the model does not have them. `None` if
    /// the hash equals `fingerprint`.
    pub likeness: Option<Fingerprint>,
    /// The price of a rendering from the model's card or from the manifest; `None` if unknown.
    pub price: Option<Usd>,
    /// The path of the clip, relative to the output root, with `/` between its parts.
    pub path: String,
}

impl Wanted {
    /// Returns a second hash of the request, by which an earlier take with the same meaning is recognised.
    #[must_use]
    pub fn likeness(&self) -> Fingerprint {
        self.likeness.unwrap_or(self.fingerprint)
    }
}

/// A paid rendering of a job.
#[derive(Debug, Clone, PartialEq)]
pub struct Take {
    /// The id of the take.
    pub id: TakeId,
    /// The project of the job.
    pub project: String,
    /// The key of the job.
    pub key: JobKey,
    /// The title of the item.
    pub title: Foreign,
    /// The request, which is stored so that the clip can be downloaded without the manifest.
    pub request: Request,
    /// The fingerprint of the request. If the request contains a reviewer's feedback, the fingerprint is that of the
    /// request without the feedback.
    pub fingerprint: Fingerprint,
    /// The price from the model's card or from the manifest.
    pub price: Usd,
    /// The cost that the provider or a person stated; `None` if it was not stated.
    pub settled: Option<Usd>,
    /// True if a person set the cost `settled` with `ledger adjust` when the provider's task was already known. A cost
    /// that the provider states later does not replace it.
    pub adjusted: bool,
    /// The path of the clip, relative to the output root, with `/` between its parts.
    pub path: String,
    /// The number of attempts so far.
    pub attempts: u32,
    /// The current state.
    pub state: State,
}

impl Take {
    /// Returns the cost of the take once it is charged: the stated cost, or else its price.
    #[must_use]
    pub fn cost(&self) -> Usd {
        self.settled.unwrap_or(self.price)
    }
}

/// Returns the take that decides the status of a job; `None` if the job has no take.
///
/// `takes` are the job's takes, newest first, and `present` is the fingerprint of the job's request now. The first
/// choice is a take that needs a person's decision, then one whose result is open. Next comes the newest take with the
/// present fingerprint, then the newest with another one. Cancelled takes come last.
pub fn decisive<T>(takes: &[T], of: impl Fn(&T) -> &Take, present: Fingerprint) -> Option<&T> {
    let first = |is: &dyn Fn(&Take) -> bool| takes.iter().find(|take| is(of(take)));
    let is_kept = |take: &Take| !matches!(take.state, State::Cancelled { .. });
    first(&|take| matches!(take.state, State::Held { .. }))
        .or_else(|| first(&|take| take.state.is_unsettled()))
        .or_else(|| first(&|take| is_kept(take) && take.fingerprint == present))
        .or_else(|| first(&is_kept))
        .or_else(|| takes.first())
}

#[cfg(test)]
mod tests;
