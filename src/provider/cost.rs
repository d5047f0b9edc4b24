//! Reads the cost of a clip from the answer of a provider.

use crate::domain::fault::printable;
use crate::domain::money::Usd;
use serde_json::Value as Json;

/// The cost of a clip, as the provider reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cost {
    /// The provider reports no cost.
    Untold,
    /// The provider reports this amount as the cost.
    Told(Usd),
    /// The provider reports this text, which cannot be the cost of a clip.
    Doubtful(String),
}

impl Cost {
    /// The largest believable cost of a clip, US$ 10,000. A larger figure is an error in the reply, and would let sums
    /// overflow. The estimated cost then stays in force.
    pub const MAX: Usd = Usd::from_micros(10_000_000_000);

    /// Returns the cost of a clip from a provider's reply. There the cost is decimal text or a JSON number, with or
    /// without an exponent.
    ///
    /// A fraction of a micro-dollar is rounded up. A negative or unreadable figure, or one above [`Cost::MAX`], is kept
    /// as written: it is reported but not used.
    #[must_use]
    pub fn read(value: Option<&Json>) -> Self {
        let figure = match value {
            None | Some(Json::Null) => return Self::Untold,
            Some(Json::String(text)) if text.trim().is_empty() => return Self::Untold,
            Some(Json::String(text)) => text.trim().to_owned(),
            // This is the shortest decimal text of the same number.
            Some(other) => other.to_string(),
        };
        match amount(&figure).filter(|cost| *cost <= Self::MAX) {
            Some(cost) => Self::Told(cost),
            None => Self::Doubtful(printable(&figure)),
        }
    }
}

/// Parses an amount of US dollars with an optional `$`, decimal point and exponent; rounds up to a micro-dollar.
fn amount(figure: &str) -> Option<Usd> {
    let figure = figure.strip_prefix('$').unwrap_or(figure);
    let (mantissa, exponent) = match figure.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (figure, 0),
    };
    let (whole, decimals) = match mantissa.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (mantissa, ""),
    };
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(decimals) {
        return None;
    }
    let digits = format!("{whole}{decimals}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some(Usd::ZERO);
    }
    // The number of digits before the point when the amount is written in micro-dollars.
    let decimals = i32::try_from(decimals.len()).ok()?;
    let kept =
        i32::try_from(digits.len()).ok()?.checked_add(exponent)?.checked_sub(decimals)?.checked_add(6)?;
    let Ok(kept) = usize::try_from(kept) else { return Some(Usd::from_micros(1)) };
    if kept > 18 {
        return None;
    }
    let (micros, rest) = digits.split_at(kept.min(digits.len()));
    let micros: i64 = format!("{micros:0<kept$}").parse().unwrap_or_default();
    let more = i64::from(rest.bytes().any(|digit| digit != b'0'));
    Some(Usd::from_micros(micros + more))
}
