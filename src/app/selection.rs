//! The jobs that a use case is about, and the limits on its spending.

use crate::domain::money::Usd;
use std::time::Duration;

/// The jobs that a use case is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Keys, items or patterns such as `hero/*`; empty for all jobs.
    pub only: Vec<String>,
    /// Maximum number of submissions.
    pub limit: Option<usize>,
}

/// The limits of a run on money and time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Maximum that this call may spend, including amounts in doubt.
    pub max_cost: Option<Usd>,
    /// Time in which the run is to end: nothing is submitted that would probably be finished later. Paid work is still collected.
    pub max_time: Option<Duration>,
    /// True to send jobs whose price is unknown; they count as zero in every budget.
    pub allow_unpriced: bool,
}
