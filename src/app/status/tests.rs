use super::*;

#[test]
fn the_pace_follows_from_what_was_done() {
    let pace = Pace::of(10, 30, SignedDuration::from_mins(5), None).unwrap();
    assert!((pace.a_minute - 2.0).abs() < 1e-9);
    assert!(Pace::of(1, 30, SignedDuration::from_mins(5), None).is_none());
    assert!(Pace::of(5, 30, SignedDuration::ZERO, None).is_none());
}
