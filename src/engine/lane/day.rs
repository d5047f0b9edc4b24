//! Counts the submissions of a day against the daily quota of a provider.

use super::{Account, History};
use jiff::Timestamp;

impl History {
    /// Removes one submission from the day's count. Nothing of it was sent, so the provider has not counted it either.
    pub(super) fn give_back(&mut self) {
        self.day = self.day.take().map(|(day, sent)| (day, sent.saturating_sub(1)));
    }
}

impl Account {
    /// Sets the number of submissions that earlier runs made on the day (UTC) of `now`.
    pub fn sent_today(&self, now: Timestamp, count: u32) {
        self.history().day = Some((now.strftime("%F").to_string(), count));
    }

    /// Counts a submission against the day's quota (UTC). Returns `false`, and counts nothing, if the quota is used up.
    pub(super) fn take_of_the_day(&self, now: Timestamp) -> bool {
        let Some(quota) = self.per_day else { return true };
        let today = now.strftime("%F").to_string();
        let mut history = self.history();
        let sent = match &history.day {
            Some((day, sent)) if *day == today => *sent,
            _ => 0,
        };
        if sent >= quota {
            return false;
        }
        history.day = Some((today, sent + 1));
        true
    }

    /// Checks whether the day's quota of submissions is used up.
    #[must_use]
    pub fn day_is_over(&self, now: Timestamp) -> bool {
        let today = now.strftime("%F").to_string();
        let history = self.history();
        self.per_day.is_some_and(|quota| {
            history.day.as_ref().is_some_and(|(day, sent)| *day == today && *sent >= quota)
        })
    }
}
