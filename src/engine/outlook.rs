//! Describes the remaining part of a run: which requests are still sent, how fast, and how long they render.

use super::lane::{Account, Lane};
use super::stop::Stop;
use crate::domain::durations::{Durations, RenderKind};
use crate::domain::estimate::{Known, RenderFigures};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A run with `--max-time` sends a request only if at least this share of the learned rendering times fits into the
/// time left.
const NEARLY_ALL: f64 = 0.95;

/// Checks whether a request that is sent now would probably finish only after the end of the run.
///
/// If no rendering times were learned, the expected time of the first poll is used instead. If that is unknown too, the
/// result is false.
pub(super) fn is_late(stop: &Stop, lane: &Lane, durations: Option<&Durations>) -> bool {
    let learned = durations.and_then(|durations| durations.quantile(NEARLY_ALL));
    learned.or(lane.first_poll).is_some_and(|time| stop.is_too_late_for(time))
}

/// The facts about a run for estimates: which models still get requests, how fast requests are sent, and how long tasks
/// render.
pub struct Outlook {
    accounts: BTreeMap<String, Arc<Account>>,
    stop: Arc<Stop>,
}

impl Outlook {
    /// Collects the facts for estimates of a run with these `accounts`. `stop` tells whether requests are still sent.
    #[must_use]
    pub fn new(accounts: &BTreeMap<String, Arc<Account>>, stop: &Arc<Stop>) -> Self {
        Self { accounts: accounts.clone(), stop: Arc::clone(stop) }
    }
}

impl Known for Outlook {
    fn of(&self, kind: &RenderKind) -> RenderFigures {
        let Some(account) = self.accounts.get(&kind.model.provider) else { return RenderFigures::default() };
        let (lane, durations) = (account.lane(&kind.model.model), account.durations(kind));
        let is_sent = account.is_open()
            && !account.is_paused()
            && lane.is_open()
            && !self.stop.submissions().is_cancelled()
            && !is_late(&self.stop, lane, durations.as_deref());
        RenderFigures { flow: is_sent.then(|| lane.flow()), durations }
    }
}

impl fmt::Debug for Outlook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outlook").finish_non_exhaustive()
    }
}
