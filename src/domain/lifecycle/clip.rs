//! The links of a finished clip.

use jiff::Timestamp;

/// The links of a finished clip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clip {
    /// The link of the clip; it expires within about a day.
    pub url: String,
    /// The link of a still picture of the clip, if the provider makes one.
    pub cover: Option<String>,
    /// The time at which the link is expected to expire; `None` if it is not known.
    pub expires: Option<Timestamp>,
    /// The links of the other results of the same task, which are not downloaded; at most [`Clip::MOST_OTHERS`].
    pub others: Vec<String>,
}

impl Clip {
    /// The maximum number of links to further results that are kept.
    pub const MOST_OTHERS: usize = 100;

    /// Returns a clip with a link and no further data.
    #[must_use]
    pub fn at(url: String) -> Self {
        Self { url, cover: None, expires: None, others: Vec::new() }
    }

    /// Returns the first of several results with the links to the others, of which [`Clip::MOST_OTHERS`] are kept;
    /// `None` if there is no result.
    #[must_use]
    pub fn first(results: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut results = results.into_iter();
        let mut first = results.next()?;
        for other in results {
            if first.others.len() == Self::MOST_OTHERS {
                break;
            }
            if other.url != first.url && !first.others.contains(&other.url) {
                first.others.push(other.url);
            }
        }
        Some(first)
    }

    /// Returns the clip with the link of the task's result that is `turn` places after the first. After the last
    /// result, the first follows again. [`Clip::others`] then has the links of all other results.
    #[must_use]
    pub fn turned(mut self, turn: usize) -> Self {
        let at = turn % (self.others.len() + 1);
        if let Some(other) = at.checked_sub(1).and_then(|at| self.others.get_mut(at)) {
            std::mem::swap(&mut self.url, other);
            // It shows the first result.
            self.cover = None;
        }
        self
    }

    /// Returns the number of the task's results whose links are in this clip: [`Clip::url`] and [`Clip::others`].
    #[must_use]
    pub const fn results(&self) -> usize {
        self.others.len() + 1
    }
}
