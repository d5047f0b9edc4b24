//! The type of a SHA-256 digest.

use sha2::Digest as _;
use std::fmt;
use std::str::FromStr;

/// A SHA-256 digest, shown in hexadecimal as `sha256sum` shows it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sha256(pub [u8; 32]);

/// The first twelve bytes of a digest. Together with a four-byte number they fill an entry of 16 bytes in a map.
pub type Short = [u8; 12];

impl Sha256 {
    /// Computes the digest of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// Returns the first twelve bytes of the digest, which are enough to distinguish a million values in little memory.
    ///
    /// The chance that two of a million values have the same first twelve bytes is one in 10¹⁷.
    #[must_use]
    pub fn short(&self) -> Short {
        std::array::from_fn(|at| self.0[at])
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Sha256 {
    type Err = ();

    /// Parses a digest from 64 hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, ()> {
        if text.len() != 64 || !text.is_ascii() {
            return Err(());
        }
        let mut bytes = [0; 32];
        for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| ())?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests;
