use super::*;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const MINUTE: Duration = Duration::from_mins(1);

fn minutes(minutes: i64) -> Timestamp {
    NOW + SignedDuration::from_mins(minutes)
}

#[test]
fn the_pace_counts_time_without_a_clip_and_all_downloads_at_once() {
    let mut downloaded = Downloaded::default();
    downloaded.note(MINUTE, None);
    assert_eq!((downloaded.interval(4), downloaded.clip_size()), (None, None));
    downloaded.note(MINUTE, Some(1_000));
    downloaded.note(MINUTE * 2, Some(3_000));
    assert_eq!(downloaded.interval(4), Some(Duration::from_secs(30)));
    assert_eq!((downloaded.interval(0), downloaded.clip_size()), (Some(MINUTE * 2), Some(2_000)));
}

#[test]
fn the_pace_follows_a_host_that_becomes_slower_and_faster() {
    let mut downloaded = Downloaded::default();
    for (time, clip) in [(1, Some(5)), (30, None), (100, Some(5)), (1, Some(5))] {
        (0..1_000).for_each(|_| downloaded.note(Duration::from_secs(time), clip));
        let interval = downloaded.interval(1).unwrap();
        let is_right = match clip {
            Some(_) => interval.abs_diff(Duration::from_secs(time)) < Duration::from_secs(1),
            None => interval > MINUTE * 60,
        };
        assert!(is_right, "{interval:?}");
    }
}

#[test]
fn a_link_may_wait_for_half_of_its_life() {
    let owed = |count| vec![minutes(60); count];
    // At a clip per minute, thirty clips take half of sixty minutes.
    assert_eq!(late(owed(29), minutes(60), NOW, MINUTE), None);
    assert!(is_ample(30, MINUTE * 60, MINUTE) && !is_ample(31, MINUTE * 60, MINUTE));
    let reported = late(owed(30), minutes(60), NOW, MINUTE).unwrap();
    assert_eq!(
        (reported.clips, reported.takes, reported.first, reported.expires),
        (30, MINUTE * 30, minutes(60), minutes(60))
    );
}

#[test]
fn where_nothing_is_owed_nothing_waits() {
    assert_eq!(late(Vec::new(), minutes(1), NOW, MINUTE * 600), None);
    assert_ne!(late(vec![minutes(1)], minutes(1), NOW, MINUTE * 600), None);
}

#[test]
fn only_links_that_expire_later_are_delayed() {
    // Links that expire too early in any case, and links that never expire, delay nothing.
    assert_eq!(late(vec![minutes(-5), minutes(0)], minutes(60), NOW, MINUTE), None);
    assert_eq!(late(vec![Timestamp::MAX; 1_000], minutes(60), NOW, MINUTE), None);
    // Twenty links live longer than the new one, and then just not long enough.
    assert_eq!(late(vec![minutes(42); 20], minutes(10), NOW, MINUTE), None);
    let reported = late(vec![minutes(41); 20], minutes(10), NOW, MINUTE).unwrap();
    assert_eq!(reported.expires, minutes(41));
    assert_ne!(late(vec![minutes(60)], minutes(60), NOW, Duration::MAX), None);
}

#[test]
fn the_disk_needs_its_reserve_and_room_for_each_clip() {
    assert_eq!(needed(9, None), DISK_RESERVE);
    assert_eq!(needed(9, Some(1_000)), DISK_RESERVE + 10_000);
    assert_eq!(needed(usize::MAX, Some(u64::MAX)), u64::MAX);
}
