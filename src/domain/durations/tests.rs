use super::*;
use proptest::prelude::*;

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// Returns the durations learned from ten tasks that took two to three seconds, and ten that took a minute.
fn two_humps() -> Durations {
    let mut durations = Durations::default();
    for _ in 0..10 {
        durations.note(seconds(2.0), seconds(3.0));
        durations.note(seconds(57.0), seconds(60.0));
    }
    durations
}

#[test]
fn quantiles_are_those_of_the_tasks_that_finished() {
    let durations = two_humps();
    assert_eq!(durations.finished(), 20);
    let [low, high] = [0.25, 0.9].map(|share| durations.quantile(share).unwrap().as_secs_f64());
    assert!((2.0..3.0).contains(&low) && (56.0..61.0).contains(&high), "{low} {high}");
    assert_eq!(Durations::default().quantile(0.5), None);
}

#[test]
fn what_is_left_of_a_task_follows_from_those_that_took_longer() {
    let durations = two_humps();
    let rest = |age| durations.rest(seconds(age)).unwrap().as_secs_f64();
    assert!((28.0..33.0).contains(&rest(0.0)), "{}", rest(0.0));
    assert!((45.0..50.0).contains(&rest(10.0)), "{}", rest(10.0));
    assert!((24.0..26.0).contains(&rest(100.0)), "{}", rest(100.0));
    assert_eq!(Durations::default().rest(seconds(1.0)), None);
}

#[test]
fn a_wait_ends_where_tasks_finish_and_spans_the_times_at_which_none_does() {
    let durations = two_humps();
    let wait = |age, idle| durations.wait(seconds(age), seconds(idle)).unwrap().as_secs_f64();
    assert!((2.0..3.2).contains(&wait(0.0, 0.2)), "{}", wait(0.0, 0.2));
    // The first group has finished: the next task finishes after 57 s.
    assert!((30.0..57.0).contains(&wait(4.0, 0.5)), "{}", wait(4.0, 0.5));
    assert!(wait(57.0, 0.5) < 2.0, "{}", wait(57.0, 0.5));
    // Beyond any known task, the wait grows with the age.
    assert!(wait(600.0, 0.5) > 10.0 && wait(6_000.0, 0.5) > wait(600.0, 0.5));
    assert_eq!(Durations::default().wait(seconds(1.0), seconds(1.0)), None);
}

#[test]
fn a_kind_has_the_length_and_the_size_that_were_ordered() {
    let mut request = Request::new("zai/vidu2-image".parse().unwrap());
    assert_eq!(RenderKind::of(&request).class, "");
    request.params.insert("resolution".into(), Value::Text("720p".into()));
    request.duration = Some(5);
    assert_eq!(RenderKind::of(&request).class, "5 s 720p");
    request.size = Some("1280x720".into());
    assert_eq!(RenderKind::of(&request).class, "5 s 1280x720");
}

proptest! {
    /// Checks the histogram of durations after tasks of any ages. Its total weight stays bounded, every estimate from
    /// it exists, and it can be saved and restored.
    #[test]
    fn anything_can_be_noted_and_survives_the_store(
        noted in proptest::collection::vec((0..u64::MAX, 0..u64::MAX), 1..40),
        age in 0..u64::MAX,
        idle in 0..u64::MAX,
    ) {
        let mut durations = Durations::default();
        for (running, finished) in noted {
            durations.note(Duration::from_millis(running), Duration::from_millis(finished));
        }
        prop_assert!(durations.total() > 0.5 && durations.total() < MEMORY + 1.0);
        let quantiles: Vec<Duration> =
            [0.0, 0.1, 0.5, 0.95, 1.0].iter().filter_map(|share| durations.quantile(*share)).collect();
        prop_assert!(quantiles.len() == 5 && quantiles.is_sorted());
        prop_assert!(durations.wait(Duration::from_millis(age), Duration::from_millis(idle)).is_some());
        prop_assert!(durations.rest(Duration::from_millis(age)).is_some());
        prop_assert_eq!(Durations::restored(durations.finished(), durations.weights()), durations);
    }
}
