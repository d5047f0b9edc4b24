//! The use cases: everything that the program does, for a Rust caller as for the command line.
//!
//! A [`Project`] is opened, may be given somebody who answers its questions ([`Consent`]) and somebody who hears what it does
//! ([`Reporter`]), and is asked for a use case. Each answers a report, which is data, or an [`Error`]. Every guard, budget,
//! quota, output check and question lives here; nothing here knows a command line or a terminal.
pub(crate) mod again;
pub(crate) mod album;
pub(crate) mod anew;
pub(crate) mod approval;
pub mod board;
pub mod budget;
pub(crate) mod cancel;
pub(crate) mod catalog;
pub(crate) mod collect;
pub mod consent;
pub mod decided;
pub(crate) mod dismiss;
pub(crate) mod doctor;
pub(crate) mod environment;
pub mod error;
pub mod exit;
pub(crate) mod failpoint;
pub(crate) mod find;
pub(crate) mod guards;
pub(crate) mod images;
pub(crate) mod init;
pub mod interrupt;
pub(crate) mod ledger;
pub(crate) mod listener;
pub mod lost;
pub(crate) mod models;
pub(crate) mod names;
pub(crate) mod obstacles;
pub(crate) mod output;
pub(crate) mod pause;
pub mod places;
pub mod plan;
pub mod planned;
pub mod project;
pub(crate) mod prune;
pub(crate) mod recover;
pub mod redo;
pub mod rehearsal;
pub mod reporter;
pub(crate) mod resolve;
pub mod retry;
pub mod run;
pub(crate) mod schema;
pub mod selection;
pub(crate) mod session;
pub(crate) mod setup;
pub(crate) mod show;
pub mod standing;
pub(crate) mod status;
pub mod summary;
pub(crate) mod validate;
pub(crate) mod verify;

pub use consent::{Always, Answer, Consent, Never, Question, Topic};
pub use error::Error;
pub use exit::Exit;
pub use plan::{PlanReport, PlanRequest, PlannedJob};
pub use project::Project;
pub use redo::RedoRequest;
pub use reporter::{News, Reporter};
pub use retry::RetryRequest;
pub use run::RunRequest;
pub use selection::{Bounds, Selection};
pub use summary::{RunReport, Summary};
