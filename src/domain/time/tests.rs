use super::*;

#[test]
fn a_clock_that_disagrees_is_told_with_its_direction_and_distance() {
    let theirs: Timestamp = "2026-11-21T02:14:07Z".parse().unwrap();
    let reported = |ahead: i64| disagreement(theirs + SignedDuration::from_secs(ahead), theirs);
    for alike in [0, 120, -120] {
        assert_eq!(reported(alike), None, "{alike}");
    }
    for (ahead, words) in [
        (121, "is 2m01s ahead of"),
        (-40 * 60, "is 40m00s behind"),
        (30 * 86_400, "is 30d00h ahead of"),
        (-5 * 86_400, "is 5d00h behind"),
    ] {
        let reported = reported(ahead).unwrap();
        assert!(reported.contains(words) && reported.contains("2026-11-21 02:14:07 UTC there"), "{reported}");
    }
}
