use super::*;

#[test]
fn the_time_of_a_plan_is_told_where_it_is_known_or_the_limits_make_it_long() {
    let reported = |seconds, at_once, is_whole| {
        time_words(Estimate { time: Duration::from_secs(seconds), at_once, is_whole })
    };
    assert_eq!(reported(1_490, 5, true).unwrap(), "the run takes about 25 min with 5 tasks at once");
    assert_eq!(reported(70, 1, true).unwrap(), "the run takes about 2 min");
    assert_eq!(reported(3_600, 20, false).unwrap(), "the run takes at least 1 h with 20 tasks at once");
    assert_eq!(reported(59, 20, false), None);
}
