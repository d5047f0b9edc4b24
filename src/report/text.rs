//! Reports in words, a file for each verb.

pub mod held;
mod lost;
pub mod plan;
pub mod run;
pub mod show;
pub mod status;
