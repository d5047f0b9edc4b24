//! What is wanted, what it costs, and how it differs from what is known.
//!
//! [`expand`] takes one item after the other and makes its jobs, as far as `scope` wants them: a `draft` is rendered from
//! what [`values`] finds (and `cells` in the row itself), and [`order`] makes a priced order of it. [`decide`] holds these
//! against everything that was ever ordered, which it looks up by [`known`]; [`filing`] says which files that moves.
//! [`guards`] find what is too much for a night, [`approval`] holds a plan that somebody
//! agreed to against the one of now. [`bucket`] says in which words a job is counted.

pub mod approval;
pub mod bucket;
mod cells;
pub mod decide;
mod decision;
mod draft;
pub mod expand;
pub mod filing;
pub mod fingerprint;
pub mod guards;
pub mod identity;
pub mod known;
#[cfg(test)]
pub(crate) mod map;
pub mod order;
pub mod rollout;
mod scope;
pub mod values;
