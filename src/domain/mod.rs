//! The types and rules of the domain, without serde, tokio or a clock.
//!
//! Reading order:
//!
//! - A clip that the manifest asks for: [`key`], [`request`], [`take`].
//! - The states of a take: [`lifecycle`] under a [`policy`]. The times of its polls: [`polling`], from learned
//!   [`durations`]. The time for all takes: [`estimate`]. The ways to lose a finished clip: [`loss`].
//! - The rules that end submissions or make them wait: [`breaker`], [`owed`]. The pace of submissions: [`throttle`].
//! - The judgement of a clip by the checks ([`verdict`]) and by a person ([`review`]). The cost: [`money`].
//! - Failed calls, by the engine's next step: [`fault`]. Mistakes in the user's input: [`problem`]. Reports of events:
//!   [`notice`].

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
