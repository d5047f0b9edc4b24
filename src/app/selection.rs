//! The selection of jobs for a command such as `run`, and the limits on its money and time.

use crate::domain::money::Usd;
use std::time::Duration;

/// The jobs of the manifest that a command selects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Keys, items or patterns such as `hero/*`; empty for all jobs.
    pub only: Vec<String>,
    /// Maximum number of jobs to send; `None` for no limit.
    pub limit: Option<usize>,
}

/// The limits of a run on its money and its time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Maximum amount that this call may spend, including uncertain charges; `None` for no limit.
    pub max_cost: Option<Usd>,
    /// Maximum time of the run; `None` for no limit.
    ///
    /// Nothing is submitted that would probably finish after this time. Paid clips are still collected.
    pub max_time: Option<Duration>,
    /// True to send jobs whose price is unknown; they count as zero in each budget.
    pub allow_unpriced: bool,
}
