//! What held takes cost when they are ordered anew: the one figure that is shown, asked for and held against a bound.

use super::project::Project;
use crate::domain::money::Usd;
use crate::domain::problem::Problem;
use crate::domain::take::Take;
use crate::load::models;
use crate::provider::cards::Cards;

/// Today's prices, as far as the manifest can be read.
pub(crate) struct Prices(Option<Cards>);

impl Prices {
    /// Reads the manifest's corrections of models and prices; where these are wrong, takes cost what they did.
    #[must_use]
    pub(crate) fn read(project: &Project) -> Self {
        let (cards, problems) = models(&project.places.manifest, &project.registry);
        Self(Some(cards).filter(|_| !problems.iter().any(Problem::is_error)))
    }

    /// Whether prices are those of the first order, because nobody can tell today's.
    #[must_use]
    pub(crate) fn are_old(&self) -> bool {
        self.0.is_none()
    }

    /// What a take costs when it is ordered anew. A model without a known price costs what it did.
    #[must_use]
    pub(crate) fn of(&self, take: &Take) -> Usd {
        let card = self.0.as_ref().and_then(|cards| cards.get(&take.request.model));
        let price = card.and_then(|card| Some(card.price.as_ref()?.of(&take.request, card.seconds())));
        price.unwrap_or(take.price)
    }

    /// What all of these cost.
    #[must_use]
    pub(crate) fn sum<'a>(&self, takes: impl IntoIterator<Item = &'a Take>) -> Usd {
        takes.into_iter().map(|take| self.of(take)).sum()
    }
}
