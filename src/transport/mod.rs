//! Sends HTTP requests, with one client for paid requests and one for free requests.
//!
//! The two clients share no connection, and never follow a redirect of an API call. [`PaidClient`] sends a request
//! once, and reports whether it may have reached the provider if no answer comes; [`FreeClient`] polls and downloads
//! clips. This module never retries: the engine decides that, because it knows the state of each rendering. The engine
//! uses the clients through the traits [`Paid`] and [`Free`], and works with any other implementation that keeps the
//! same promises.
//!
//! Only [`endpoint`] has keys, and [`redact`] removes them from answers. [`fault`] classifies errors by whether the
//! request may have been sent. [`fetch`] downloads from hosts that are not trusted, and [`addresses`] decides which IP
//! addresses such hosts may have.

pub mod addresses;
mod bypass;
pub mod client;
pub mod endpoint;
pub mod fault;
pub mod fetch;
mod flow;
mod names;
pub mod redact;
pub mod settings;

pub use client::{Free, FreeClient, Paid, PaidClient};
pub use endpoint::Endpoint;
pub use fault::{FetchFault, FetchFaultKind, SendFault, SendFaultKind, is_out_of_files};
pub use fetch::Download;
pub use settings::{ClientTrouble, Proxies, Settings, Timeouts};
