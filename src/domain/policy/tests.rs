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

#[test]
fn the_limit_of_doubt_is_two_dollars_or_a_hundredth_of_the_price() {
    let limit_of = |dollars: i64| default_in_doubt(Usd::from_micros(dollars * 1_000_000)).micros();
    assert_eq!([limit_of(0), limit_of(200), limit_of(750)], [2_000_000, 2_000_000, 7_500_000]);
}

#[test]
fn the_longest_pauses_are_those_that_a_provider_can_ask_for() {
    let policy = Policy::standard();
    let longest = PAUSE.pause(1, Some(Duration::MAX), 1.0);
    for most in [policy.longest_submit_pause(), policy.longest_poll_pause(), policy.longest_fetch_pause()] {
        assert!(most >= longest, "{most:?}");
    }
}

#[test]
fn polls_follow_their_schedule_and_a_stuck_task_needs_an_hour_of_answers() {
    let policy = Policy::standard();
    let first = policy.poll_pause(0, Duration::ZERO, 0.0);
    assert_eq!(first, next_poll(0, Duration::ZERO, None, &policy.polls, 0.0));
    assert!(first > Duration::ZERO);
    assert!(policy.longest_poll_pause() * policy.stuck_polls() >= Duration::from_hours(1));
}
