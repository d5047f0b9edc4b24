//! What is wanted, what it costs, and how it differs from what is known.
//!
//! [`expand`] renders items × shots into drafts from what [`values`] finds, [`order`] makes priced orders of them, [`decide`] holds these
//! against everything that was ever ordered, [`filing`] says which files that moves.

pub mod decide;
pub mod expand;
pub mod filing;
pub mod fingerprint;
pub mod known;
pub mod order;
mod orphans;
pub mod values;
