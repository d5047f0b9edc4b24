//! HTTP: one client for paid calls, one for free ones.
//!
//! The two share no connection, no retry and no redirect. [`PaidClient`] sends a request once and says honestly what
//! is known of it afterwards; [`FreeClient`] polls and fetches clips. Nothing here is ever tried a second time: that
//! is decided where the state of the take is known. The engine knows them as [`Paid`] and [`Free`] and works with any
//! other that keeps these promises.
//!
//! [`endpoint`] is the only place with credentials, [`redact`] takes them out of whatever comes back, [`fault`] turns
//! errors into proof or doubt, [`fetch`] downloads from hosts that nobody vouched for, [`addresses`] says which
//! addresses they may have.

pub mod addresses;
mod bypass;
pub mod client;
pub mod endpoint;
pub mod fault;
pub mod fetch;
mod names;
pub mod redact;
pub mod settings;

pub use client::{Free, FreeClient, Paid, PaidClient};
pub use endpoint::Endpoint;
pub use fault::{FetchFault, FetchFaultKind, SendFault, SendFaultKind, is_out_of_files};
pub use fetch::Download;
pub use settings::{ClientTrouble, Proxies, Settings, Timeouts};
