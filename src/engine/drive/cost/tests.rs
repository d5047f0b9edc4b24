use super::*;

#[test]
fn a36_an_impossible_figure_for_a_failed_task_is_told_because_the_task_may_have_been_charged() {
    let key = JobKey::new("hero", "a");
    let warned = |charged, cost| unreadable("vtrix", &key, Usd::from_micros(200_000), charged, &cost);
    let figure = || Cost::Doubtful("-0.90".into());
    assert_eq!(
        warned(Charged::Unknown, figure()).unwrap(),
        "hero/a: vtrix reports an impossible cost, `-0.90`, for a task that failed; it may have been charged, and budgets \
         count $0.20: look at the provider's bill, then record the amount with `ledger adjust`"
    );
    for (charged, cost) in [(Charged::No, figure()), (Charged::Unknown, Cost::Untold)] {
        assert_eq!(warned(charged, cost), None);
    }
}
