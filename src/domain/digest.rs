//! SHA-256 as a value.

use sha2::Digest as _;
use std::fmt;
use std::str::FromStr;

/// A SHA-256, shown in hexadecimal as `sha256sum` shows it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sha256(pub [u8; 32]);

/// The start of a digest. Twelve bytes and a number of four fill 16 bytes of a map.
pub type Short = [u8; 12];

impl Sha256 {
    /// The digest of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// Returns the start of the digest, which tells a million things apart in little memory: two of them share it with
    /// a chance of one in 10¹⁷.
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

    /// Reads 64 hexadecimal digits.
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
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_shown_and_read_as_sha256sum_does() {
        // The digest of no bytes, as FIPS 180-4 implementations agree on it.
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Sha256::of(b"").to_string(), empty);
        assert_eq!(empty.parse::<Sha256>().unwrap(), Sha256::of(b""));
        assert!("e3".parse::<Sha256>().is_err());
        assert!(empty.replace('e', "g").parse::<Sha256>().is_err());
    }
}
