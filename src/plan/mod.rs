//! Plans a run: which jobs the manifest asks for, what they cost, and how they differ from earlier takes.
//!
//! [`expand`] visits the items one by one and makes the jobs that `scope` selects. It renders a `draft` from the
//! settings that [`values`] finds (and `cells` in the row), and [`order`] turns that into a priced request. [`decide`]
//! compares these requests with every earlier take, as looked up through [`known`]; [`filing`] says which files move.
//! [`guards`] find changes that are too large for an unattended run, and [`approval`] compares an approved plan with
//! the present one. [`bucket`] defines the words in which jobs are counted.

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
