//! Decides what a take cost from the figures that the provider reports, and warns about surprising ones.

use super::Drive;
use crate::domain::key::JobKey;
use crate::domain::lifecycle::Charged;
use crate::domain::money::Usd;
use crate::domain::take::Take;
use crate::provider::Cost;

impl Drive {
    /// Returns the charge that the provider reports for the take; `None` if there is none to record.
    ///
    /// Warns about an impossible charge, and about one that is zero, above the price, or below an earlier report. Only
    /// a person can lower a recorded charge, with `ledger adjust`, and the amount that a person recorded stays.
    pub(super) fn settled(&self, take: &Take, cost: Cost) -> Option<Usd> {
        let (name, key, price) = (self.account.provider.name(), &take.key, take.price);
        match cost {
            Cost::Untold => None,
            Cost::Doubtful(figure) => {
                let counted = match take.settled {
                    Some(before) => before.to_string(),
                    None => format!("the price, {price}"),
                };
                self.world.warn_once(format!(
                    "{key}: {name} reports an impossible cost, `{figure}`; budgets count {counted}"
                ));
                None
            }
            Cost::Told(cost) if take.adjusted => {
                let recorded = take.cost();
                if cost != recorded {
                    self.world.warn_once(format!(
                        "{key}: {name} reports a cost of {cost}; budgets count {recorded}, which you recorded with \
                         `ledger adjust`"
                    ));
                }
                None
            }
            Cost::Told(cost) => {
                if let Some(before) = take.settled.filter(|before| *before > cost) {
                    self.world.warn_once(format!(
                        "{key}: {name} now reports a cost of {cost}, less than the {before} that was recorded earlier; budgets \
                         count {before}"
                    ));
                    return None;
                }
                if cost == Usd::ZERO && price > Usd::ZERO {
                    self.world.warn_once(format!(
                        "{name} reports a cost of {cost} for clips that have a price, such as {price}; budgets count \
                         what it reports, so they do not limit such clips: compare with the provider's console"
                    ));
                }
                if cost > price {
                    if take.settled != Some(cost) {
                        self.world.charged_above(&take.id);
                    }
                    self.world.warn_once(format!(
                        "{key}: {name} charged {cost}, which is {} more than its price of {price}; budgets count {cost}",
                        cost - price
                    ));
                }
                Some(cost)
            }
        }
    }

    /// Returns the charge that the provider reports for a failed task, if it reports one. Warns about an impossible
    /// figure.
    pub(super) fn settled_by_failure(&self, take: &Take, charged: Charged, cost: Cost) -> Option<Usd> {
        if let Some(words) = unreadable(self.account.provider.name(), &take.key, take.cost(), charged, &cost)
        {
            self.world.warn_once(words);
        }
        if charged == Charged::Yes { self.settled(take, cost) } else { None }
    }
}

/// Returns a warning if the provider reports an impossible cost for a failed task, and it is unknown whether the task
/// was charged.
fn unreadable(provider: &str, key: &JobKey, counted: Usd, charged: Charged, cost: &Cost) -> Option<String> {
    let (Charged::Unknown, Cost::Doubtful(figure)) = (charged, cost) else { return None };
    Some(format!(
        "{key}: {provider} reports an impossible cost, `{figure}`, for a task that failed; it may have been charged, and \
         budgets count {counted}: look at the provider's bill, then record the amount with `ledger adjust`"
    ))
}

#[cfg(test)]
mod tests;
