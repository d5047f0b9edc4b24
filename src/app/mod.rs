//! Everything that the program does (its use cases), for the command line and for Rust callers.
//!
//! A caller opens a [`Project`] and calls one of its methods. It may give the project a [`Consent`] that answers
//! questions and a [`Reporter`] that receives the progress. Each method returns a report, which is plain data, or an
//! [`Error`].
//!
//! Every safety limit, budget, output check and question is here, independent of a command line or a terminal.
//!
//! A use case has a module with its name, such as [`plan`], [`run`], [`retry`] or `collect`. [`run`] shows how the
//! parts work together: `inputs` reads the user's files, [`decided`] makes the plan, and `guards`, [`budget`] and
//! [`consent`] may stop it. `session` locks and opens the state folder and runs the engine. `setup` connects to the
//! providers, `listener` passes the engine's events on, and [`summary`] makes the report.
pub(crate) mod approval;
pub mod budget;
pub mod cancel;
pub mod catalog;
pub mod check;
pub mod checker;
pub(crate) mod collect;
pub(crate) mod concurrent;
pub mod consent;
pub mod costs;
pub mod decide;
pub mod decided;
pub(crate) mod disks;
pub mod dismiss;
pub mod doctor;
pub(crate) mod environment;
pub mod error;
pub mod exit;
pub mod export;
pub(crate) mod failpoint;
pub(crate) mod find;
pub(crate) mod forgotten;
pub mod gallery;
pub(crate) mod guards;
pub(crate) mod images;
pub mod init;
pub(crate) mod inputs;
pub mod interrupt;
pub mod jobs;
pub(crate) mod keys;
pub mod ledger;
pub(crate) mod listener;
pub mod lost;
pub(crate) mod mistaken;
pub mod models;
pub(crate) mod moved;
pub(crate) mod names;
pub(crate) mod namesakes;
pub(crate) mod obstacles;
pub(crate) mod out_file;
pub mod outcome;
pub(crate) mod outlook;
mod output;
pub mod pause;
pub mod pauses;
pub mod places;
pub mod plan;
pub mod planned;
pub(crate) mod prices;
pub mod project;
pub mod project_status;
pub mod prune;
pub mod recover;
pub mod redo;
mod redos;
pub mod rehearsal;
pub(crate) mod reorder;
pub mod reporter;
pub mod resolve;
pub mod retry;
pub mod rollout;
pub mod run;
pub mod schema;
pub mod selection;
pub(crate) mod session;
pub(crate) mod setup;
pub mod show;
pub mod status;
pub mod summary;
pub mod totals;
pub mod validate;
pub mod verify;
pub(crate) mod words;

pub use cancel::{CancelReport, CancelRequest};
pub use check::{CheckReport, CheckedClip};
pub use consent::{Always, Answer, Consent, Never, Question, Topic};
pub use decide::{DecideReport, ImportConflict, ImportReport, JobReviewRequest, ReviewRequest};
pub use dismiss::{DismissReport, DismissRequest};
pub use error::Error;
pub use exit::Exit;
pub use export::{Choice, ExportReport, ExportRequest, Form};
pub use gallery::{Gallery, GalleryJob};
pub use ledger::{LedgerReport, LedgerRequest};
pub use models::{ModelsReport, ModelsRequest};
pub use pause::{PauseReport, PauseRequest, ResumeReport, ResumeRequest};
pub use plan::{PlanReport, PlanRequest, PlannedJob};
pub use project::Project;
pub use redo::RedoRequest;
pub use reporter::{News, Reporter};
pub use resolve::{Decision, ResolveReport, ResolveRequest};
pub use retry::RetryRequest;
pub use run::RunRequest;
pub use selection::{Bounds, Selection};
pub use show::{ShowReport, ShowRequest};
pub use status::StatusReport;
pub use summary::{RunReport, Summary};
pub use verify::{VerifyReport, VerifyRequest};
