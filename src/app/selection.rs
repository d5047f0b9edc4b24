//! Which jobs a use case is about, and what it may spend.

use crate::domain::money::Usd;
use std::time::Duration;

/// The jobs that a use case is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Keys, items or patterns such as `hero/*`; empty for all jobs.
    pub only: Vec<String>,
    /// The largest number of submissions.
    pub limit: Option<usize>,
}

/// What a run may spend, and how long it may submit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The most that this call may spend, what is in doubt included.
    pub max_cost: Option<Usd>,
    /// The time after which nothing more is submitted; what was paid is still collected.
    pub max_time: Option<Duration>,
    /// Also sends jobs whose price is unknown; they count as nothing in every budget.
    pub allow_unpriced: bool,
}
