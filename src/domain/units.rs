//! Times and sizes as messages write them.

use jiff::{SignedDuration, Timestamp};

/// Returns a time in UTC, to the second.
#[must_use]
pub fn utc(at: Timestamp) -> String {
    at.strftime("%F %T UTC").to_string()
}

/// Returns the time from one point to another, as [`seconds`] does; `0s` where the second is not later.
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

/// Returns a number of bytes in the largest unit that leaves a figure before the point.
#[must_use]
pub fn bytes(count: u64) -> String {
    // For people: what a double cannot hold of a file's size is far behind the digit that is shown.
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
mod tests {
    use super::*;

    #[test]
    fn spans_have_at_most_two_units() {
        for (length, shown) in [(-5, "0s"), (48, "48s"), (72, "1m12s"), (11_100, "3h05m"), (187_200, "2d04h")]
        {
            assert_eq!(seconds(SignedDuration::from_secs(length)), shown);
        }
    }

    #[test]
    fn sizes_have_the_unit_that_suits_them() {
        assert_eq!(
            [999, 1_500, 2_340_000, 52_000_000_000].map(bytes),
            ["999 bytes", "2 kB", "2.3 MB", "52.0 GB"]
        );
    }
}
