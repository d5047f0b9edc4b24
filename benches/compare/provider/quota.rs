//! Implements the quota on submissions.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The method of counting a quota.
#[derive(Debug, Clone, Copy)]
pub enum Window {
    /// The count applies to every span of the period's length.
    Sliding,
    /// The quota is a bucket of tokens that fills evenly.
    Bucket {
        /// The largest number of tokens in the bucket.
        burst: u32,
    },
}

/// The submissions that are accepted in a period.
#[derive(Debug, Clone)]
pub struct Quota {
    count: u32,
    per: Duration,
    window: Window,
    /// The times of the accepted submissions that still count.
    accepted: VecDeque<Instant>,
    /// The time at which a bucket is full again.
    full_at: Option<Instant>,
}

impl Quota {
    /// Creates an unused quota.
    pub fn new(count: u32, per: Duration, window: Window) -> Self {
        Self { count: count.max(1), per, window, accepted: VecDeque::new(), full_at: None }
    }

    /// Takes a place, or returns the time until one is free.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        match self.window {
            Window::Sliding => {
                while self.accepted.front().is_some_and(|first| now.duration_since(*first) >= self.per) {
                    self.accepted.pop_front();
                }
                if self.accepted.len() >= self.count as usize {
                    let used = self.accepted.front().map_or(self.per, |first| now.duration_since(*first));
                    return Err(self.per.saturating_sub(used));
                }
                self.accepted.push_back(now);
                Ok(())
            }
            Window::Bucket { burst } => {
                let interval = self.per / self.count;
                let full_at = self.full_at.map_or(now, |full_at| full_at.max(now)) + interval;
                let missing = full_at.duration_since(now);
                let depth = interval * burst.max(1);
                if let Some(wait) = missing.checked_sub(depth).filter(|wait| !wait.is_zero()) {
                    return Err(wait);
                }
                self.full_at = Some(full_at);
                Ok(())
            }
        }
    }

    /// Clears the accepted submissions.
    pub fn reset(&mut self) {
        self.accepted.clear();
        self.full_at = None;
    }
}
