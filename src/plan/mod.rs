//! Plans a run: which jobs the manifest asks for, what they cost, and how they differ from earlier takes.
//!
//! The modules in the order in which a job passes them:
//!
//! - [`expand`] visits the items one by one, and makes the jobs that `scope` selects.
//! - [`values`] finds the settings of a job, and `cells` finds the settings in the item's row of the product file.
//! - `draft` fills in the templates of the settings, which makes a request without pictures. [`order`] adds the facts
//!   about the pictures, checks the request against the model's card (the built-in description of the model) and
//!   computes the price. [`fingerprint`] computes the hash of the request.
//! - [`decide`] compares the request with the earlier takes, which are found in the database through the trait in
//!   [`known`]. The result is a `decision` about the job.
//! - [`filing`] says which existing clips move or are copied to another path.
//! - [`rollout`] chooses the jobs that are rendered first, for a review.
//! - [`guards`] finds changes that are too large for an unattended run. [`approval`] compares an approved plan with the
//!   present plan. [`bucket`] defines the statuses, such as `done` or `to render`, by which reports count jobs.

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
