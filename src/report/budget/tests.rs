use super::*;
use crate::domain::money::Usd;
use crate::store::Spent;

const fn cents(count: i64) -> Usd {
    Usd::from_micros(count * 10_000)
}

fn level(cap: Cap, limit: i64, settled: i64, in_doubt: i64) -> Level {
    let spent = Spent { settled: cents(settled), reserved: Usd::ZERO, in_doubt: cents(in_doubt) };
    Level { cap, limit: cents(limit), spent }
}

#[test]
fn a_plan_is_told_how_much_of_it_fits() {
    let line = |level: Level, jobs: usize| {
        let mut fit = Fit::new(level);
        (0..jobs).for_each(|_| fit.add(cents(20)));
        fit.line()
    };
    let lines = [
        line(level(Cap::Run, 1_000, 0, 0), 5),
        line(level(Cap::Day, 100, 40, 20), 5),
        line(level(Cap::Month, 100, 100, 0), 5),
        line(level(Cap::Invocation, 100, 0, 0), 0),
    ];
    assert_eq!(
        lines,
        [
            "budget   each run at most $10.00 · the plan fits",
            "budget   day $1.00 · $0.40 spent · $0.20 more may have been charged · $0.40 left · 2 of 5 jobs fit",
            "budget   month $1.00 · $1.00 spent · nothing left · 0 of 5 jobs fit",
            "budget   --max-cost $1.00 · nothing spent yet",
        ]
    );
}

#[test]
fn a_budget_below_the_price_of_each_clip_says_so() {
    let told = |cap, cheapest: Option<i64>| level(cap, 5, 0, 0).reached(cheapest.map(cents));
    let lines = [told(Cap::Invocation, Some(40)), told(Cap::Invocation, Some(5)), told(Cap::Day, Some(40))];
    assert_eq!(
        lines,
        [
            "budget   --max-cost $0.05: no clip costs that little: the cheapest costs $0.40; nothing was spent",
            "budget   --max-cost $0.05: the next clip costs more; nothing was spent",
            "budget   the budget of the day ($0.05): no clip costs that little: the cheapest costs $0.40; nothing was \
             spent; write a larger `budget: day` in the manifest",
        ]
    );
}
