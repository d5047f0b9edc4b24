//! What happened, told.

pub mod problems;
