//! Reports in words, a file for each verb.

pub mod held;
pub mod ledger;
mod lost;
pub mod models;
pub mod plan;
pub mod run;
pub mod show;
pub mod status;
pub mod verify;
