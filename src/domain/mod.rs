//! The nouns and laws of the trade: no serde, no tokio, no clock.
//!
//! Reading order: what is wanted ([`key`], [`request`], [`take`]), how it lives ([`lifecycle`] under a [`policy`]), when it is
//! asked for ([`polling`], from learned [`durations`]), how long all of them take ([`estimate`]), how its clip
//! can be gone ([`loss`]),
//! when nothing more is ordered ([`breaker`], [`owed`]) and how fast ([`throttle`]),
//! what the checks ([`verdict`]) and a person ([`review`]) say of its clip, what it costs ([`money`]), and the three ways of saying that something is not right: [`fault`] (what the engine
//! does next), [`problem`] (what is wrong with what the user wrote), [`notice`] (what happened, for whoever listens).

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
pub mod lifecycle;
pub mod loss;
pub mod owed;
pub mod signature;
pub mod take;
pub mod throttle;

pub mod review;
pub mod rollout;
pub mod verdict;

pub mod notice;
pub mod problem;
