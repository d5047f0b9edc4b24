//! Formats reports as text, with one file for each command.

pub mod cancel;
pub mod catalog;
pub mod check;
pub mod compare;
pub mod decide;
pub mod dismiss;
pub mod doctor;
pub mod export;
pub mod held;
pub mod init;
pub mod jobs;
pub mod ledger;
mod lost;
pub mod models;
pub mod pause;
pub mod plan;
pub mod prune;
pub mod recover;
pub mod resolve;
pub mod run;
pub mod show;
pub mod status;
pub mod validate;
pub mod verify;
