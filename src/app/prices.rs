//! The current price of sending a request again, after a person's decision or for a queued redo.
//!
//! `status` shows this price. `resolve` uses it for jobs whose input has not changed since the request.

use super::project::Project;
use crate::domain::money::Usd;
use crate::domain::problem::Problem;
use crate::domain::take::Take;
use crate::load::models;
use crate::provider::cards::Cards;
use crate::store::{Reader, ReviewCounts, StoreError};

/// Counts the reviews of one project, or of all if `name` is `None`, and adds up the current price of the queued redos
/// (further renderings).
pub(crate) async fn review_counts(
    project: &Project,
    reader: &Reader,
    name: Option<&str>,
) -> Result<ReviewCounts, StoreError> {
    let (mut counts, queued) = reader.review_counts(name).await?;
    if !queued.is_empty() {
        let prices = Prices::read(project);
        for take in queued {
            let take = reader.take_by_id(&take).await?;
            counts.queued_usd += take.map_or(Usd::ZERO, |take| prices.of(&take));
        }
    }
    Ok(counts)
}

/// The descriptions (cards) of the models with their current prices; `None` if the manifest's changes to them are
/// invalid.
pub(crate) struct Prices(Option<Cards>);

impl Prices {
    /// Reads the models and prices with the manifest's changes.
    ///
    /// If the changes are invalid, every take keeps the price of its first request.
    #[must_use]
    pub(crate) fn read(project: &Project) -> Self {
        let (cards, problems) = models(&project.places.manifest, &project.registry);
        Self(Some(cards).filter(|_| !problems.iter().any(Problem::is_error)))
    }

    /// Returns whether the price of each take's first request is used, because the current prices cannot be read.
    #[must_use]
    pub(crate) fn are_old(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the price of sending a take's request again.
    ///
    /// If the current price is not known, it is the price of the first request.
    #[must_use]
    pub(crate) fn of(&self, take: &Take) -> Usd {
        let card = self.0.as_ref().and_then(|cards| cards.get(&take.request.model));
        let price = card.and_then(|card| Some(card.price.as_ref()?.of(&take.request, card.seconds())));
        price.unwrap_or(take.price)
    }
}
