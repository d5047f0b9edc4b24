//! The price of a rendering as a function of its request.

use super::money::Usd;
use super::request::{Request, Value};
use std::fmt;

/// The unit by which a price is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceUnit {
    /// Each clip costs the same.
    Clip,
    /// Each second of the clip costs the same.
    Second,
}

impl PriceUnit {
    /// All units of prices.
    pub const ALL: [Self; 2] = [Self::Clip, Self::Second];

    /// Returns the word for the unit, as the manifest, messages and the built-in descriptions of models write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clip => "clip",
            Self::Second => "second",
        }
    }
}

/// The price of one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// The unit that the price is counted by.
    pub per: PriceUnit,
    /// The price of one clip or of one second, as `per` says.
    pub usd: Usd,
    /// The amounts that some parameters add to a clip's price.
    pub surcharges: Vec<Surcharge>,
}

/// An extra charge for a certain value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surcharge {
    /// The parameter's name in the provider's API, as under `params:`.
    pub param: String,
    /// The value that costs extra.
    pub equals: Value,
    /// The amount that is added to the clip's price.
    pub usd: Usd,
}

impl Price {
    /// Returns the price of this request. `default_seconds` is the length of the model's clips if the request sets
    /// none.
    #[must_use]
    pub fn of(&self, request: &Request, default_seconds: u32) -> Usd {
        let units = match self.per {
            PriceUnit::Clip => 1,
            PriceUnit::Second => u64::from(request.duration.unwrap_or(default_seconds)),
        };
        let extra =
            self.surcharges.iter().filter(|extra| request.params.get(&extra.param) == Some(&extra.equals));
        self.usd.times(units) + extra.map(|extra| extra.usd).sum()
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} a {}", self.usd, self.per.name())
    }
}

/// Returns the sum of these prices as text, such as `$0.40`. A price of zero means that the price is unknown, and the
/// text then mentions an unknown amount.
pub fn amount(prices: impl IntoIterator<Item = Usd>) -> String {
    let (mut sum, mut known, mut unknown) = (Usd::ZERO, 0_usize, 0_usize);
    for price in prices {
        sum += price;
        *(if price == Usd::ZERO { &mut unknown } else { &mut known }) += 1;
    }
    match (known, unknown) {
        (0, 1..) => "an unknown amount".to_owned(),
        (_, 0) => sum.to_string(),
        _ => format!("{sum} and an unknown amount for {unknown} of them"),
    }
}

/// Returns the most that may have been charged for renderings with these prices as text, such as `up to $0.40`.
pub fn up_to(prices: impl IntoIterator<Item = Usd>) -> String {
    let amount = amount(prices);
    if amount.starts_with('$') { format!("up to {amount}") } else { amount }
}

/// Returns the clause about the amount that budgets count for a written-off rendering, such as `$0.20 counts as spent`.
#[must_use]
pub fn counts_as_spent(usd: Usd) -> String {
    if usd == Usd::ZERO {
        "nothing counts as spent, because no amount is known".to_owned()
    } else {
        format!("{usd} counts as spent")
    }
}

#[cfg(test)]
mod tests;
