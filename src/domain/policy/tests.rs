use super::*;
use proptest::prelude::*;

const PAUSE: Backoff = Backoff { first: Duration::from_secs(2), most: Duration::from_mins(2) };

#[test]
fn a_pause_doubles_until_its_bound() {
    let longest: Vec<u64> = (1..=8).map(|n| PAUSE.pause(n, None, 1.0).as_secs()).collect();
    assert_eq!(longest, [2, 4, 8, 16, 32, 64, 120, 120]);
}

#[test]
fn a01_retry_after_is_never_shortened_and_at_most_a_tenth_longer() {
    let asked = Some(Duration::from_secs(7));
    assert_eq!(PAUSE.pause(9, asked, 0.0), Duration::from_secs(7));
    assert_eq!(PAUSE.pause(9, asked, 1.0), Duration::from_millis(7_700));
    assert_eq!(PAUSE.pause(1, Some(Duration::from_hours(9)), 0.0), Duration::from_mins(15));
    assert_eq!(PAUSE.pause(1, Some(Duration::ZERO), 0.0), Duration::from_secs(1));
}

proptest! {
    #[test]
    fn no_pause_leaves_its_bounds(setbacks in 0..u32::MAX, jitter in 0.0..1.0f64) {
        prop_assert!(PAUSE.pause(setbacks, None, jitter) <= PAUSE.most);
    }

    #[test]
    fn a_clock_that_runs_backwards_gives_no_negative_age(ahead in 0..i64::from(u32::MAX)) {
        let now = Timestamp::UNIX_EPOCH;
        let then = now + SignedDuration::from_secs(ahead);
        prop_assert_eq!(Tick::new(now, 0.0).since(then), Duration::ZERO);
    }
}
