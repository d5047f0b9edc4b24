//! Makes and compares the two secrets of a review: one for reading, one for decisions.

use rand::TryRng as _;
use rand::rngs::SysRng;
use std::fmt::Write as _;
use std::hint::black_box;
use std::io;

/// The two secrets of a review.
///
/// Requests for clips and events cannot carry headers, so the secret for reading is part of the path. The secret for
/// decisions is in a header; the page gets it from the part of the link after `#`, which is never sent.
#[derive(Clone)]
pub(super) struct Secrets {
    /// Secret for reading: the first part of every path that a browser reads.
    pub(super) read: String,
    /// Secret that allows decisions about clips: the token in a header of every request that records a decision.
    pub(super) write: String,
}

impl Secrets {
    /// Returns new secrets from the random numbers of the operating system.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { read: secret()?, write: secret()? })
    }
}

/// Returns 128 random bits as hexadecimal digits.
fn secret() -> io::Result<String> {
    let mut bytes = [0_u8; 16];
    SysRng.try_fill_bytes(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// Returns whether a guess is the secret. The comparison takes the same time for a nearly right guess as for a wrong
/// one.
pub(super) fn is_secret(guess: &str, secret: &str) -> bool {
    let differing =
        guess.bytes().zip(secret.bytes()).fold(0, |differing, (a, b)| black_box(differing | (a ^ b)));
    guess.len() == secret.len() && differing == 0
}

#[cfg(test)]
mod tests;
