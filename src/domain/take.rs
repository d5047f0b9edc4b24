//! A take: one paid rendering of a job, from its order to its clip.

use super::digest::Sha256;
use super::foreign::Foreign;
use super::key::{JobKey, TakeId};
use super::lifecycle::State;
use super::money::Usd;
use super::request::Request;
use std::fmt;
use std::str::FromStr;

/// IPTC's name for media that a trained model made; feeds and platforms ask for it.
pub const SOURCE_TYPE: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";

/// What decides whether something must be paid again: a hash over what the user ordered.
///
/// Written `v1:` and 64 hexadecimal digits. How a v1 fingerprint is taken never changes.
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

/// One job as the plan wants it.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Which clip.
    pub key: JobKey,
    /// What people call the item.
    pub title: Foreign,
    /// Tags of the item, for filters and sums; they change nothing about the order.
    pub tags: Vec<String>,
    /// What is ordered.
    pub request: Request,
    /// Taken over the request.
    pub fingerprint: Fingerprint,
    /// Fingerprint of the same order with the optional fields that the model lacks, and with all text in Unicode NFC;
    /// `None` where it is the same.
    pub likeness: Option<Fingerprint>,
    /// What one rendering costs by the card or the manifest; `None` where nobody knows.
    pub price: Option<Usd>,
    /// Where the clip goes, relative to the output root, with `/`.
    pub path: String,
}

impl Wanted {
    /// Returns what tells orders apart that differ for the user, whatever the model's card lacks.
    #[must_use]
    pub fn likeness(&self) -> Fingerprint {
        self.likeness.unwrap_or(self.fingerprint)
    }
}

/// One paid rendering.
#[derive(Debug, Clone, PartialEq)]
pub struct Take {
    /// Its name.
    pub id: TakeId,
    /// The project it was ordered for.
    pub project: String,
    /// Which clip.
    pub key: JobKey,
    /// What people call the item.
    pub title: Foreign,
    /// What is ordered. Kept with the take, so that collecting needs no manifest.
    pub request: Request,
    /// Taken over the request.
    pub fingerprint: Fingerprint,
    /// What it costs by the card or the manifest.
    pub price: Usd,
    /// What the provider, or a person, says that it costs; `None` where nobody does.
    pub settled: Option<Usd>,
    /// Where the clip goes, relative to the output root, with `/`.
    pub path: String,
    /// Attempts so far.
    pub attempts: u32,
    /// Where it stands.
    pub state: State,
}

impl Take {
    /// Returns the amount that the take counts for once it is charged: the one that was named, else its price.
    #[must_use]
    pub fn cost(&self) -> Usd {
        self.settled.unwrap_or(self.price)
    }
}
