//! Counts the submissions of a day against the daily quota of a provider.

use super::{Account, History};
use crate::domain::units::utc;
use jiff::Timestamp;
use jiff::tz::TimeZone;

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

    /// Returns the warning that `waiting` jobs wait for the next day, because the day's quota is used up; `None` if it
    /// is not used up.
    pub(in crate::engine) fn day_words(&self, now: Timestamp, waiting: u64) -> Option<String> {
        let quota = self.per_day.filter(|_| self.day_is_over(now))?;
        let next = now.to_zoned_datetime(TimeZone::UTC).tomorrow().and_then(|day| day.start_of_day());
        let next = next.map_or_else(|_| "tomorrow".to_owned(), |day| utc(day.timestamp()));
        let name = self.provider.name();
        let (jobs, wait) = match waiting {
            1 => ("1 job".to_owned(), "waits"),
            jobs => (format!("{jobs} jobs"), "wait"),
        };
        Some(format!(
            "{name}: the {quota} submissions that `providers.{name}.limits.per_day` allows for a day (UTC) are used up; \
             refused ones count, too; {jobs} {wait} until {next} and {} not charged",
            if waiting == 1 { "is" } else { "are" }
        ))
    }
}
