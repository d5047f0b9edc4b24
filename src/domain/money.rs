//! Amounts of money in whole micro-dollars, because floats would lose cents over a catalog.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

/// An amount of US dollars in millionths. Sums that are too large saturate; every budget refuses them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Usd(i64);

impl Usd {
    /// The amount of zero dollars.
    pub const ZERO: Self = Self(0);

    /// Creates an amount from millionths of a dollar.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Returns the amount in millionths of a dollar.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Returns the amount multiplied by a count.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(i64::try_from(count).unwrap_or(i64::MAX)))
    }

    /// Returns the amount divided by a count, rounded up to a millionth of a dollar; `None` for a count of zero.
    #[must_use]
    pub fn share(self, count: u64) -> Option<Self> {
        let count = i128::from(count);
        let rounded = (i128::from(self.0) + count - 1).checked_div_euclid(count)?;
        i64::try_from(rounded).ok().map(Self)
    }

    /// Returns the amount as text without the dollar sign, for JSON and CSV: at least two decimals, never rounded.
    #[must_use]
    pub fn plain(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let micros = self.0.unsigned_abs();
        let mut decimals = format!("{:06}", micros % 1_000_000);
        while decimals.len() > 2 && decimals.ends_with('0') {
            decimals.pop();
        }
        format!("{sign}{}.{decimals}", micros / 1_000_000)
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = self.plain();
        f.pad(&match plain.strip_prefix('-') {
            Some(positive) => format!("-${positive}"),
            None => format!("${plain}"),
        })
    }
}

/// The error for a text that is not an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an amount in US dollars: write digits and at most six decimals, such as 0.20")]
pub struct NotMoney(pub String);

impl FromStr for Usd {
    type Err = NotMoney;

    /// Reads an amount such as `12` or `$0.20`. A sign, an exponent, `NaN` or more than six decimals is an error.
    fn from_str(text: &str) -> Result<Self, NotMoney> {
        let refused = || NotMoney(text.to_owned());
        let digits = text.strip_prefix('$').unwrap_or(text);
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(decimals) || decimals.len() > 6 {
            return Err(refused());
        }
        if digits.contains('.') && decimals.is_empty() {
            return Err(refused());
        }
        let whole: i64 = whole.parse().map_err(|_| refused())?;
        let decimals: i64 = format!("{decimals:0<6}").parse().map_err(|_| refused())?;
        whole
            .checked_mul(1_000_000)
            .and_then(|micros| micros.checked_add(decimals))
            .map(Self)
            .ok_or_else(refused)
    }
}

impl Add for Usd {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Usd {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Usd {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests;
