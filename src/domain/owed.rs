//! Limits for clips that are paid for but not downloaded yet: the time until their links expire, and free space on the
//! disk.

use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// The number of bytes that must stay free on a disk after all downloads. The state folder, which is usually on the
/// same disk, needs this space.
pub const DISK_RESERVE: u64 = 64 << 20;
/// The divisor for the time until a link expires: only half of that time is planned for downloads, because servers can
/// become slower.
const SHARE: u32 = 2;
/// The number of downloads after which the sums in [`Downloaded`] are halved, so that averages follow the current speed
/// of the connection.
const KNOWN: u32 = 64;

/// The total time and the total bytes of a run's downloads so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Downloaded {
    tries: u32,
    clips: f64,
    bytes: f64,
    seconds: f64,
}

impl Downloaded {
    /// Adds a download that took the time `time`. `clip` is the size of its clip in bytes; `None` if it brought no
    /// clip.
    pub fn note(&mut self, time: Duration, clip: Option<u64>) {
        if self.tries >= KNOWN {
            self.tries /= 2;
            for sum in [&mut self.clips, &mut self.bytes, &mut self.seconds] {
                *sum /= 2.0;
            }
        }
        self.tries += 1;
        self.seconds += time.as_secs_f64();
        if let Some(size) = clip {
            self.clips += 1.0;
            // A double can represent the size of every file that a disk of today can hold.
            #[expect(clippy::cast_precision_loss, reason = "see above")]
            let size = size as f64;
            self.bytes += size;
        }
    }

    /// Returns the mean time from one downloaded clip to the next if `at_once` downloads run at a time; `None` before
    /// the first clip.
    #[must_use]
    pub fn interval(&self, at_once: u32) -> Option<Duration> {
        let seconds = self.seconds / self.clips / f64::from(at_once.max(1));
        (self.clips > 0.0).then(|| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
    }

    /// Returns the mean size of a clip in bytes; `None` before the first clip.
    #[must_use]
    pub fn clip_size(&self) -> Option<u64> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a mean of sizes is a size"
        )]
        let size = (self.bytes / self.clips) as u64;
        (self.clips > 0.0).then_some(size)
    }
}

/// A forecast that the links of some paid clips may expire before the clips are downloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpiryForecast {
    /// The number of clips that are paid for but not downloaded yet.
    pub clips: usize,
    /// The time needed to download all clips that are paid for but not downloaded yet.
    pub takes: Duration,
    /// The earliest expiry of a link among all paid clips that are not downloaded yet.
    pub first: Timestamp,
    /// The earliest expiry of a link that may expire before its clip is downloaded.
    pub expires: Timestamp,
}

/// Returns whether this many clips can be downloaded in time, one per `interval`, if their links are valid for `life`.
#[must_use]
pub fn is_ample(clips: usize, life: Duration, interval: Duration) -> bool {
    time_of(clips, interval).saturating_mul(SHARE) <= life
}

fn time_of(clips: usize, interval: Duration) -> Duration {
    interval.saturating_mul(u32::try_from(clips).unwrap_or(u32::MAX))
}

/// Returns a forecast if one more clip could make links expire before their clips are downloaded. Returns `None` if the
/// clip may be requested.
///
/// `owed` holds the times at which the links of paid clips expire, `new` that of the new clip. Clips are downloaded in
/// the order of these times, so the new clip delays only clips whose links expire later. If `owed` is empty, the new
/// clip may always be requested.
#[must_use]
pub fn late(
    mut owed: Vec<Timestamp>,
    new: Timestamp,
    now: Timestamp,
    interval: Duration,
) -> Option<ExpiryForecast> {
    let (clips, first) = (owed.len(), *owed.iter().min()?);
    owed.push(new);
    owed.sort_unstable();
    let is_late = |place: usize, expires: Timestamp| {
        let left = expires.duration_since(now);
        SignedDuration::try_from(time_of(place, interval).saturating_mul(SHARE))
            .map_or(true, |time| time > left)
    };
    let places = owed.into_iter().zip(1..).skip_while(|(expires, _)| *expires < new);
    let expires =
        places.into_iter().find_map(|(expires, place)| is_late(place, expires).then_some(expires))?;
    Some(ExpiryForecast { clips, takes: time_of(clips, interval), first, expires })
}

/// Returns the free space, in bytes, that a disk needs for one more clip and for `owed` clips that are not downloaded
/// yet.
#[must_use]
pub fn needed(owed: usize, clip_size: Option<u64>) -> u64 {
    let clips = u64::try_from(owed).unwrap_or(u64::MAX).saturating_add(1);
    clips.saturating_mul(clip_size.unwrap_or(0)).saturating_add(DISK_RESERVE)
}

#[cfg(test)]
mod tests;
