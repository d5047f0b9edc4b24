//! The format of times and sizes in messages.

use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// Returns a time in UTC, to the second.
#[must_use]
pub fn utc(at: Timestamp) -> String {
    at.strftime("%F %T UTC").to_string()
}

/// Returns the time between `from` and `to` in the format of [`seconds`]; `0s` if `to` is not later than `from`.
#[must_use]
pub fn span(from: Timestamp, to: Timestamp) -> String {
    seconds(to.duration_since(from))
}

/// Returns a length of time in its two largest units: `48s`, `1m12s`, `3h05m`, `2d04h`.
#[must_use]
pub fn seconds(time: SignedDuration) -> String {
    let seconds = time.as_secs().max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match () {
        () if days > 0 => format!("{days}d{:02}h", hours % 24),
        () if hours > 0 => format!("{hours}h{:02}m", minutes % 60),
        () if minutes > 0 => format!("{minutes}m{:02}s", seconds % 60),
        () => format!("{seconds}s"),
    }
}

/// Returns a rounded time in words: to five seconds, one minute, ten minutes or one day.
#[must_use]
pub fn about(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{} s", seconds.next_multiple_of(5).max(5)),
        60..3_600 => format!("{} min", seconds.div_ceil(60)),
        3_600..172_800 => {
            let tens = seconds.div_ceil(600);
            match (tens / 6, tens % 6 * 10) {
                (hours, 0) => format!("{hours} h"),
                (hours, minutes) => format!("{hours} h {minutes} min"),
            }
        }
        _ => format!("{} days", seconds.div_ceil(86_400)),
    }
}

/// Returns a length of time as it is typed on the command line, in the largest unit that loses nothing, such as `90m`.
#[must_use]
pub fn typed(time: Duration) -> String {
    let (seconds, millis) = (time.as_secs(), time.subsec_millis());
    match (millis, seconds) {
        (0, 0) => "0s".to_owned(),
        (0, seconds) if seconds % 3_600 == 0 => format!("{}h", seconds / 3_600),
        (0, seconds) if seconds % 60 == 0 => format!("{}m", seconds / 60),
        (0, seconds) => format!("{seconds}s"),
        _ => format!("{}ms", time.as_millis()),
    }
}

/// Returns a number of bytes in the largest unit in which it is at least 1, such as `1.5 MB`.
#[must_use]
pub fn bytes(count: u64) -> String {
    // A double cannot hold every size exactly, but the error is far smaller than the last digit shown.
    #[expect(clippy::cast_precision_loss, reason = "see above")]
    let size = |unit: u64| count as f64 / unit as f64;
    match count {
        0..1_000 => format!("{count} bytes"),
        1_000..1_000_000 => format!("{:.0} kB", size(1_000)),
        1_000_000..1_000_000_000 => format!("{:.1} MB", size(1_000_000)),
        _ => format!("{:.1} GB", size(1_000_000_000)),
    }
}

#[cfg(test)]
mod tests;
