//! The permissions to send one call to a provider. If a permission is dropped unused, another call can get it.

use super::control::{CallPermit, Slot};
use super::{Account, Lane};
use crate::domain::fault::{Fault, FaultKind};
use crate::engine::doubt::SubmitPermit;
use crate::engine::pace::Pace;

/// The permission to send one submission.
pub(in crate::engine) struct Ticket<'a> {
    pub(super) turn: SubmitPermit<'a>,
    pub(super) pass: CallPermit<'a>,
    quota: QuotaPermit<'a>,
}

impl<'a> Ticket<'a> {
    pub(super) fn new(
        account: &'a Account,
        lane: &'a Lane,
        turn: SubmitPermit<'a>,
        pass: CallPermit<'a>,
        of_day: bool,
    ) -> Self {
        Self { turn, pass, quota: QuotaPermit { account, lane, of_day, is_spent: false } }
    }

    /// Reports whether the submission is within the day's quota.
    pub(super) fn is_of_the_day(&self) -> bool {
        self.quota.of_day
    }

    /// Checks whether all permissions of the submission are still valid, because a pause may have begun since they were
    /// given.
    pub(in crate::engine) fn holds(&self) -> bool {
        self.turn.holds() && self.pass.holds()
    }

    /// Records that the request is sent now, so that the permission is used and cannot be given back.
    pub(in crate::engine) fn leaves(&mut self) {
        self.quota.is_spent = true;
        self.pass.leaves();
    }
}

/// A submission's permit from the configured rate, and its count in the day's quota. Both are given back if the
/// submission is not sent.
struct QuotaPermit<'a> {
    account: &'a Account,
    lane: &'a Lane,
    of_day: bool,
    is_spent: bool,
}

impl Drop for QuotaPermit<'_> {
    fn drop(&mut self) {
        if self.is_spent {
            return;
        }
        self.lane.pace.give_back();
        if self.of_day {
            self.account.history().give_back();
        }
    }
}

/// The permission to send one free query.
pub(in crate::engine) struct Asking<'a> {
    pace: &'a Pace,
    _slot: Slot,
    pass: CallPermit<'a>,
}

impl<'a> Asking<'a> {
    pub(super) fn new(pace: &'a Pace, slot: Slot, pass: CallPermit<'a>) -> Self {
        Self { pace, _slot: slot, pass }
    }

    /// Gives the permission back, because the query is not sent.
    pub(in crate::engine) fn give_back(self) {
        self.pace.give_back();
    }

    /// Records the outcome of the query. If the provider refused it because calls came too fast, all queries of the
    /// account wait.
    pub(in crate::engine) fn heard(self, fault: Option<&Fault>, jitter: f64) {
        match fault.map(|fault| fault.kind) {
            Some(FaultKind::Throttled { after }) => self.pass.throttled(after, jitter),
            Some(FaultKind::Busy { after }) => self.pass.failed(after, jitter),
            Some(FaultKind::NotSent | FaultKind::Unknown) => self.pass.failed(None, jitter),
            _ => {
                self.pass.accepted();
            }
        }
    }
}
