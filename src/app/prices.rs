//! Prices of resubmitting held takes.
//!
//! The same figure is shown, asked for and compared with a limit.

use super::project::Project;
use crate::domain::money::Usd;
use crate::domain::problem::Problem;
use crate::domain::take::Take;
use crate::load::models;
use crate::provider::cards::Cards;

/// The current prices of models.
pub(crate) struct Prices(Option<Cards>);

impl Prices {
    /// Reads the models and prices with the manifest's corrections.
    ///
    /// If the corrections are invalid, each take has the price of its first order.
    #[must_use]
    pub(crate) fn read(project: &Project) -> Self {
        let (cards, problems) = models(&project.places.manifest, &project.registry);
        Self(Some(cards).filter(|_| !problems.iter().any(Problem::is_error)))
    }

    /// Returns whether prices are those of the first order because the current ones cannot be read.
    #[must_use]
    pub(crate) fn are_old(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the price of resubmitting a take.
    ///
    /// Without a known price it is that of the first order.
    #[must_use]
    pub(crate) fn of(&self, take: &Take) -> Usd {
        let card = self.0.as_ref().and_then(|cards| cards.get(&take.request.model));
        let price = card.and_then(|card| Some(card.price.as_ref()?.of(&take.request, card.seconds())));
        price.unwrap_or(take.price)
    }

    /// Returns the price of resubmitting all of these takes.
    #[must_use]
    pub(crate) fn sum<'a>(&self, takes: impl IntoIterator<Item = &'a Take>) -> Usd {
        takes.into_iter().map(|take| self.of(take)).sum()
    }
}
