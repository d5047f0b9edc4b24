use super::*;

#[test]
fn spans_have_at_most_two_units() {
    for (length, shown) in [(-5, "0s"), (48, "48s"), (72, "1m12s"), (11_100, "3h05m"), (187_200, "2d04h")] {
        assert_eq!(seconds(SignedDuration::from_secs(length)), shown);
    }
}

#[test]
fn times_that_are_roughly_known_are_told_roughly() {
    let reported = [0, 1, 6, 59, 60, 61, 3_599, 3_600, 3_601, 7_200, 172_799, 172_801]
        .map(|seconds| about(Duration::from_secs(seconds)));
    let expected = [
        "5 s",
        "5 s",
        "10 s",
        "60 s",
        "1 min",
        "2 min",
        "60 min",
        "1 h",
        "1 h 10 min",
        "2 h",
        "48 h",
        "3 days",
    ];
    assert_eq!(reported, expected);
}

#[test]
fn sizes_have_the_unit_that_suits_them() {
    assert_eq!(
        [999, 1_500, 2_340_000, 52_000_000_000].map(bytes),
        ["999 bytes", "2 kB", "2.3 MB", "52.0 GB"]
    );
}

#[test]
fn a_typed_time_has_the_largest_unit_that_loses_nothing() {
    let typed_as = [0, 500, 90_000, 90_500, 5_400_000, 18_000_000].map(|it| typed(Duration::from_millis(it)));
    assert_eq!(typed_as, ["0s", "500ms", "90s", "90500ms", "90m", "5h"]);
}
