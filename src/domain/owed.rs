//! Clips that are paid and not yet on the disk: whether their links live long enough, and whether the disk has room.

use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// Free bytes that clips leave on a disk: as much as the state needs, which mostly lies on the same one.
pub const DISK_RESERVE: u64 = 64 << 20;
/// Share of a link's life that the downloads before its own may take: half, for hosts of clips become slower too.
const SHARE: u32 = 2;
/// Downloads after which each one so far counts half, so that the figures follow the line.
const KNOWN: u32 = 64;

/// Time and bytes that the downloads of a run have taken so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Downloaded {
    tries: u32,
    clips: f64,
    bytes: f64,
    seconds: f64,
}

impl Downloaded {
    /// Adds a download that took this time. `clip` is the size of its clip, `None` where it brought none.
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
            // A double holds the size of every file that a disk of today can hold.
            #[expect(clippy::cast_precision_loss, reason = "see above")]
            let size = size as f64;
            self.bytes += size;
        }
    }

    /// Returns the time from one clip to the next with so many downloads at once; `None` before the first clip.
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

/// Downloads that would last too long for a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Late {
    /// Clips that are owed.
    pub clips: usize,
    /// Time that their downloads take.
    pub takes: Duration,
    /// Time at which the first of their links expires.
    pub first: Timestamp,
    /// Time at which the link expires that would be too short-lived.
    pub expires: Timestamp,
}

/// Returns whether so many clips come in time for links that live at least so long.
#[must_use]
pub fn is_ample(clips: usize, life: Duration, interval: Duration) -> bool {
    time_of(clips, interval).saturating_mul(SHARE) <= life
}

fn time_of(clips: usize, interval: Duration) -> Duration {
    interval.saturating_mul(u32::try_from(clips).unwrap_or(u32::MAX))
}

/// Returns why one more clip whose link lives until `new` would come too late or delay others too much, if it would.
///
/// Downloads go in the order in which their links expire, so the new clip delays only those that expire later. Where
/// nothing is owed there is nothing to wait for, and the clip may be ordered.
#[must_use]
pub fn late(mut owed: Vec<Timestamp>, new: Timestamp, now: Timestamp, interval: Duration) -> Option<Late> {
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
    Some(Late { clips, takes: time_of(clips, interval), first, expires })
}

/// Returns the free bytes that a disk needs for one more clip beside those that are owed.
#[must_use]
pub fn needed(owed: usize, clip_size: Option<u64>) -> u64 {
    let clips = u64::try_from(owed).unwrap_or(u64::MAX).saturating_add(1);
    clips.saturating_mul(clip_size.unwrap_or(0)).saturating_add(DISK_RESERVE)
}

#[cfg(test)]
mod tests;
