//! What is wanted, what it costs, and how it differs from what is known.
//!
//! [`expand`] takes one item after the other and makes its jobs, as far as `scope` wants them: a `draft` is rendered from
//! what [`values`] finds (and `cells` in the row itself), and [`order`] makes a priced order of it. [`decide`] holds these
//! against everything that was ever ordered (where nothing was, [`newcomers`] does it job by job), [`filing`]
//! says which files that moves. [`guards`] find what is too much for a night, [`approval`] holds a plan that somebody
//! agreed to against the one of now.

pub mod approval;
mod cells;
mod clips;
pub mod decide;
mod draft;
pub mod expand;
pub mod filing;
pub mod fingerprint;
pub mod guards;
pub mod known;
pub mod newcomers;
pub mod order;
mod orphans;
mod scope;
pub mod values;
