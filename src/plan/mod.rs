//! What is wanted, what it costs, and how it differs from what is known.

pub mod decide;
pub mod fingerprint;
pub mod known;
