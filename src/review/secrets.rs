//! The two secrets of a review: one to read, one to decide.

use rand::TryRng as _;
use rand::rngs::SysRng;
use std::fmt::Write as _;
use std::hint::black_box;
use std::io;

/// The two secrets of a review.
///
/// Addresses of clips and of events cannot carry headers, so what may be read is behind a path. What may be decided is
/// behind a header, whose value reaches the page in the part of the link that is never sent.
#[derive(Clone)]
pub(super) struct Secrets {
    /// First part of every path that is read.
    pub(super) read: String,
    /// Token of every decision.
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

/// Returns whether a guess is the secret, in a time that does not depend on how much of it is right.
pub(super) fn is_secret(guess: &str, secret: &str) -> bool {
    let differing =
        guess.bytes().zip(secret.bytes()).fold(0, |differing, (a, b)| black_box(differing | (a ^ b)));
    guess.len() == secret.len() && differing == 0
}

#[cfg(test)]
mod tests;
