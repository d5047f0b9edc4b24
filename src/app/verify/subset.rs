//! Reads the size of the random sample of clips to compare: a share or a number.

use std::str::FromStr;

/// The size of the random sample of clips to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subset {
    /// Percentage of all clips; at least one clip is compared.
    Percent(u8),
    /// Number of clips to compare.
    Count(u64),
}

impl FromStr for Subset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused =
            || format!("`{text}` is neither a share, such as 10%, nor a number of clips, such as 500");
        match text.strip_suffix('%') {
            Some(share) => match share.parse() {
                Ok(share @ 1..=100) => Ok(Self::Percent(share)),
                _ => Err(refused()),
            },
            None => text.parse().ok().filter(|count| *count > 0).map(Self::Count).ok_or_else(refused),
        }
    }
}

impl Subset {
    /// Returns the number of clips to compare if there are `all` clips.
    pub(super) fn of(self, all: u64) -> u64 {
        match self {
            Self::Percent(share) => (all * u64::from(share)).div_ceil(100),
            Self::Count(count) => count.min(all),
        }
    }
}
