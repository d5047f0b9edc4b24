//! The types and rules of the domain, without serde, tokio or a clock.
//!
//! The modules in an order for reading:
//!
//! - [`key`], [`request`] and [`take`] describe a clip that the manifest asks for, and its paid rendering (the take).
//! - [`lifecycle`] has the states of a take, and [`policy`] has the numbers that control its retries.
//! - [`polling`] chooses when a take's task is polled, by the rendering times that [`durations`] has learned.
//! - [`estimate`] estimates the time until all takes are finished.
//! - [`clip_damage`] names the ways in which a finished clip is missing or altered.
//! - [`breaker`] and [`owed`] decide when submissions end or wait. [`throttle`] sets the rate of submissions.
//! - [`verdict`] has the results of the automatic checks of a clip, and [`review`] has a person's decisions about it.
//! - [`money`] has the amounts of money.
//! - [`fault`] classifies failed calls to a provider by what the program does next.
//! - [`problem`] describes mistakes in the user's input, and [`notice`] describes the events of a run.

pub mod key;

pub mod digest;
pub mod ident;
pub mod item;
pub mod money;
pub mod request;
pub mod text;
pub mod time;
pub mod units;

pub mod limits;
pub mod price;

pub mod durations;
pub mod estimate;
pub mod fault;
pub mod foreign;
pub mod policy;
pub mod polling;

pub mod breaker;
pub mod clip_damage;
pub mod lifecycle;
pub mod owed;
pub mod signature;
pub mod take;
pub mod throttle;

pub mod review;
pub mod rollout;
pub mod verdict;

pub mod notice;
pub mod problem;
