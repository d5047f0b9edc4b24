//! Answers of a provider that are odd, wrong or refused: what is believed, told and paid.

use super::bench::{Bench, ECHO, PRICE, PROJECT, Ran, ZAI, is_in_place, seconds, wanted};
use super::test_server::Fetch;
use super::test_server::Poll::{self, Costs, OfAnother, OfAnotherRequest, Running, Several};
use super::test_server::Submit::{Accept, AcceptUnheard, Refuse};
use serde_json::Value;
use shotlist::domain::lifecycle::{Charged, Event, HeldReason, State};
use shotlist::domain::money::Usd;
use shotlist::domain::notice::{Notice, WhyStopped};
use shotlist::domain::policy::{Policy, Tick};
use shotlist::engine::stop::StopReason;
use shotlist::engine::world::World;
use shotlist::store::{Adjustment, Cap, Caps, Details, Window};
use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::time::Duration;

/// An answer that refuses the key, in the words of zai.
const REFUSED: Poll = Poll::Refuse(401, "1000", None);

fn one_at_once(model: &'static str) -> Bench {
    let mut bench = Bench::new(model);
    bench.limits.concurrency = Some(NonZeroU32::MIN);
    bench
}

async fn settled(ran: &Ran) -> Usd {
    ran.world.store.spent(Window::Ever).await.unwrap().settled
}

#[tokio::test(start_paused = true)]
async fn a28_answers_about_another_task_or_request_are_ignored_and_three_in_a_row_are_for_a_person() {
    for odd in [OfAnother, OfAnotherRequest] {
        let bench = one_at_once(ZAI);
        bench.server.polls([odd, odd, Running, odd, odd]);
        let ran = bench.run(&["a"]).await;
        ran.expect_all_done();
        assert_eq!(ran.states(&["a"]).await, ["done"], "{odd:?}: never three in a row");
        assert!(is_in_place(&bench, "a", "task-1"), "{odd:?}");
        drop(ran);

        bench.server.polls([odd; 3]);
        let ran = bench.run(&["b"]).await;
        let held = ran.take("b").await.state;
        assert!(matches!(held, State::Held { reason: HeldReason::IdMismatch, .. }), "{odd:?}: {held:?}");
        assert_eq!(bench.server.fetched().len(), 1, "{odd:?}: nothing is downloaded for it");
        assert!(!bench.path("clips/renders/b.mp4").exists());
        assert_eq!(bench.server.charges().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a20_of_several_results_the_first_is_kept_and_the_others_are_told_and_named_in_the_sidecar() {
    let bench = one_at_once(ZAI);
    bench.server.polls([Several]);
    let ran = bench.run(&["a"]).await;
    ran.expect_all_done();
    assert!(is_in_place(&bench, "a", "task-1"));
    assert_eq!(bench.server.fetched().len(), 1, "the others are not fetched");
    let said = "hero/a: zai delivered 3 results; the first that can be downloaded is kept, and its sidecar has the links to the others";
    assert_eq!(ran.said(), [said]);
    let sidecar = std::fs::read(bench.path("clips/renders/a.mp4.json")).unwrap();
    let sidecar: Value = serde_json::from_slice(&sidecar).unwrap();
    let others = ["https://clips.example/second", "https://clips.example/third"];
    assert_eq!(sidecar["other_results"], Value::from(others.as_slice()), "without what may open them");
}

#[tokio::test(start_paused = true)]
async fn a36_a_clip_that_cost_more_than_its_price_is_told_and_counts_in_the_budget() {
    let mut bench = one_at_once(ECHO);
    bench.caps = Caps { run: Some(PRICE.times(3)), ..Caps::default() };
    bench.server.polls([Costs("0.50")]);
    let ran = bench.run(&["a", "b", "c"]).await;
    assert_eq!(bench.server.charges().len(), 1, "0.50 and 0.20 are more than 0.60");
    assert_eq!(ran.world.stop.reason(), Some(StopReason::Budget(Cap::Run)));
    assert_eq!(settled(&ran).await, Usd::from_micros(500_000));
    let words =
        "hero/a: echo charged $0.50, which is $0.30 more than its price of $0.20; budgets count $0.50";
    assert_eq!(ran.said().first().map(String::as_str), Some(words));
    let (count, more) = ran.world.store.above_price(ran.world.run, &ran.world.above_price()).await.unwrap();
    assert_eq!((count, more), (1, Usd::from_micros(300_000)));
}

#[tokio::test(start_paused = true)]
async fn charges_above_the_price_that_a_later_run_learns_are_summed_up_by_that_run() {
    let mut bench = Bench::new(ECHO);
    let ran = bench.run_beside(&["a"], async |world| {
        while bench.server.charges().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        world.stop.everything(StopReason::Interrupted);
    });
    assert_eq!(ran.await.states(&["a"]).await, ["running"]);

    // A collection of all projects is a run of its own.
    bench.project = String::new();
    bench.server.polls([Costs("0.50")]);
    let ran = bench.collect().await;
    ran.expect_all_done();
    let World { store, run, .. } = &*ran.world;
    let more = Usd::from_micros(300_000);
    assert_eq!(store.above_price(*run, &ran.world.above_price()).await.unwrap(), (1, more));
    assert_eq!(store.above_price(*run, &BTreeSet::new()).await.unwrap(), (0, Usd::ZERO));
    drop(ran);

    // The run that continues the interrupted one adds up the charges of both.
    bench.project = PROJECT.into();
    bench.server.polls([Costs("0.50")]);
    let ran = bench.run(&["b"]).await;
    let World { store, run, .. } = &*ran.world;
    let more = Usd::from_micros(600_000);
    assert_eq!(store.above_price(*run, &ran.world.above_price()).await.unwrap(), (2, more));
}

#[tokio::test(start_paused = true)]
async fn a36_a_figure_that_is_no_amount_is_told_and_not_believed() {
    for figure in ["-0.40", "NaN", "1e9", "cheap"] {
        let bench = one_at_once(ECHO);
        bench.server.polls([Costs(figure)]);
        let ran = bench.run(&["a"]).await;
        ran.expect_all_done();
        assert_eq!(settled(&ran).await, PRICE, "{figure}");
        let words =
            format!("hero/a: echo reports an impossible cost, `{figure}`; budgets count the price, $0.20");
        assert_eq!(ran.said(), [words]);
        assert_eq!(ran.world.store.above_price(ran.world.run, &ran.world.above_price()).await.unwrap().0, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a20_a25_where_the_link_of_the_first_result_stays_dead_the_next_one_is_kept() {
    let bench = one_at_once(ZAI);
    bench.server.polls([Several; 3]);
    bench.server.fetches([Fetch::Dead; 2]);
    let ran = bench.run(&["a"]).await;
    ran.expect_all_done();
    let fetched = bench.server.fetched();
    assert!(fetched[..2].iter().all(|link| *link == fetched[0]), "{fetched:?}");
    assert!(fetched[2].contains("second"), "{fetched:?}");
    let dead = "hero/a: the link to its first result is dead; another result of the same task is requested";
    assert!(ran.said().iter().any(|said| said == dead), "{:?}", ran.said());
}

#[tokio::test(start_paused = true)]
async fn a36_an_amount_that_a_person_recorded_stays_when_the_clip_is_fetched_again() {
    for (recorded, told) in [("0.10", "0.70"), ("1.50", "0.80")] {
        let bench = one_at_once(ECHO);
        bench.server.polls([Costs("0.60"), Costs(told)]);
        let ran = bench.run(&["a"]).await;
        let store = &ran.world.store;
        let (take, now) = (ran.take("a").await, ran.world.clock.now());
        let seen = store.costs(&take.id).await.unwrap().unwrap();
        let (usd, reason) = (recorded.parse().unwrap(), "invoice".into());
        store.adjust(Adjustment { seen, usd, reason }, now).await.unwrap();
        let (at, policy) = (Tick::new(now, 0.5), Policy::standard());
        let take = store.apply(&take, Event::ClipGone, Details::default(), at, &policy).await.unwrap();
        drop(ran);
        std::fs::remove_file(bench.path("clips").join(&take.path)).unwrap();
        let ran = bench.collect().await;
        assert_eq!(ran.states(&["a"]).await, ["done"]);
        assert_eq!(settled(&ran).await, usd);
        let words = format!(
            "hero/a: echo reports a cost of ${told}; budgets count ${recorded}, which you recorded with `ledger adjust`"
        );
        assert_eq!(ran.said(), [words]);
    }
}

#[tokio::test(start_paused = true)]
async fn a08_a_key_that_is_refused_from_the_start_costs_no_paid_request_and_names_its_variable() {
    for model in [ZAI, ECHO] {
        let bench = Bench::new(model);
        bench
            .server
            .probes([if model == ZAI { REFUSED } else { Poll::Refuse(401, "unauthorized", None) }; 2]);
        let ran = bench.run(&["a", "b", "c"]).await;
        assert_eq!((bench.server.seen().len(), ran.outcome.waiting), (0, 3), "{model}");
        let stops: Vec<String> = ran
            .told
            .iter()
            .filter_map(|notice| match notice {
                Notice::Stopped { why: WhyStopped::Provider(_), said, .. } => Some(said.text.clone()),
                _ => None,
            })
            .collect();
        assert_eq!(stops, ["so it is (the key in FAR_KEY)"], "{model}: told once");
        let asked = bench.server.probed();
        assert_eq!(asked.len(), 2, "{model}");
        assert!(seconds(asked[0], asked[1]) >= 5.0, "{model}: {asked:?}");
        drop(ran);
        bench.resume().await.expect_all_done();
        assert_eq!(bench.server.charges().len(), 3, "{model}");
    }
}

#[tokio::test(start_paused = true)]
async fn a08_a_key_that_is_refused_once_and_a_question_that_is_forbidden_stop_nothing() {
    for probe in [REFUSED, Poll::Refuse(403, "1220", None), Poll::Refuse(500, "", None)] {
        let bench = Bench::new(ZAI);
        bench.server.probes([probe]);
        bench.run(&["a", "b"]).await.expect_all_done();
        assert_eq!(bench.server.charges().len(), 2, "{probe:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn n22_a_free_question_that_is_redirected_costs_no_paid_request() {
    let bench = Bench::new(ZAI);
    bench.server.probes([Poll::Refuse(302, "", None)]);
    let ran = bench.run(&["a", "b"]).await;
    assert_eq!((bench.server.seen().len(), ran.outcome.waiting), (0, 2));
    assert_eq!(ran.said(), ["zai: Provider(Setup)"]);
}

#[tokio::test(start_paused = true)]
async fn a09_a_task_that_alone_is_refused_is_held_after_some_tries_and_stops_no_other() {
    let bench = one_at_once(ZAI);
    bench.server.polls([Poll::Refuse(403, "1220", None); 40]);
    let ran = bench.run(&["a"]).await;
    let held = ran.take("a").await.state;
    assert!(matches!(held, State::Held { reason: HeldReason::TaskLost, .. }), "{held:?}");
    assert!(ran.world.polls_refused().is_empty());
    drop(ran);
    bench.server.clear_faults();
    bench.run(&["b"]).await.expect_all_done();
}

#[tokio::test(start_paused = true)]
async fn a15_polls_without_a_status_are_told_once() {
    let bench = one_at_once(ZAI);
    bench.server.polls([Poll::Refuse(500, "", None); 12]);
    let ran = bench.run(&["a"]).await;
    ran.expect_all_done();
    let told = "zai has answered 5 polls of a task without its status (so it is (HTTP 500)); the task is paid, and is \
                polled again";
    assert_eq!(ran.said(), [told]);
}

#[tokio::test(start_paused = true)]
async fn a09_refusals_of_what_was_on_the_wire_together_are_one_and_the_key_is_tried_once_more() {
    let bench = Bench::new(ZAI);
    let items = ["a", "b", "c", "d"];
    bench.server.submits([Refuse(401, "1000", None); 4]);
    let ran = bench.run(&items).await;
    ran.expect_all_done();
    assert_eq!(ran.states(&items).await, ["done"; 4]);
    let seen = bench.server.seen();
    assert_eq!(seen.len(), 8);
    assert!(seconds(seen[3].at, seen[4].at) >= 4.9, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn a09_a_look_up_that_is_refused_once_is_made_again_and_one_that_is_refused_twice_stops_the_provider() {
    let refused = Poll::Refuse(401, "unauthorized", None);
    for (refusals, state) in [(1, "done"), (2, "doubtful")] {
        let bench = one_at_once(ECHO);
        bench.server.submits([Accept, AcceptUnheard]);
        bench.server.lists(vec![refused; refusals]);
        let ran = bench.run(&["a", "b"]).await;
        assert_eq!(ran.states(&["b"]).await, [state], "{refusals}");
        assert_eq!(ran.world.polls_refused().len(), refusals - 1);
        assert_eq!(bench.server.charges().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a12_a_provider_that_says_when_to_come_again_is_busy_and_took_nothing() {
    let bench = one_at_once(ZAI);
    bench.server.submits([Refuse(503, "", Some(40))]);
    let ran = bench.run(&["a"]).await;
    ran.expect_all_done();
    assert_eq!(ran.states(&["a"]).await, ["done"]);
    let seen = bench.server.seen();
    assert_eq!((seen.len(), bench.server.charges().len()), (2, 1));
    assert!((40.0..46.0).contains(&seconds(seen[0].at, seen[1].at)), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn a29_two_orders_with_the_same_bytes_are_both_done_and_told() {
    let bench = one_at_once(ZAI);
    bench.server.fetches([Fetch::Alike; 2]);
    let ran = bench.run(&["a", "b", "c"]).await;
    ran.expect_all_done();
    assert_eq!(ran.states(&["a", "b", "c"]).await, ["done"; 3]);
    let words = |one: &str, other: &str| {
        format!(
            "hero/{one} has the same bytes as hero/{other}, although each was paid for separately (duplicate_content): \
             look at both clips"
        )
    };
    assert_eq!(ran.said(), [words("b", "a")]);
    drop(ran);
    // The clip of an earlier run is known as well.
    bench.server.fetches([Fetch::Alike]);
    let ran = bench.run(&["d"]).await;
    assert_eq!(ran.said(), [words("d", "a")]);
}

#[tokio::test(start_paused = true)]
async fn a37_a_task_that_was_ready_and_is_rendered_again_is_asked_for_and_not_ordered() {
    let bench = one_at_once(ZAI);
    bench.server.polls([Several, Running]);
    bench.server.fetches([Fetch::Dead]);
    bench.run(&["a"]).await.expect_all_done();
    assert_eq!((bench.server.seen().len(), bench.server.fetched().len()), (1, 2));
    assert!(is_in_place(&bench, "a", "task-1"));
}

#[tokio::test(start_paused = true)]
async fn a37_a_task_that_was_ready_and_fails_then_is_charged_for_certain() {
    let bench = one_at_once(ZAI);
    bench.server.polls([Several, Poll::Failed]);
    bench.server.fetches([Fetch::Dead]);
    let ran = bench.run(&["a"]).await;
    let held = ran.take("a").await.state;
    assert!(matches!(held, State::Held { reason: HeldReason::NoResult, .. }), "{held:?}");
    let spent = ran.world.store.spent(Window::Ever).await.unwrap();
    assert_eq!((spent.in_doubt, spent.settled), (PRICE.times(0), PRICE));
}

#[tokio::test(start_paused = true)]
async fn a36_a_cost_that_was_reported_is_never_lowered_by_a_later_answer() {
    let bench = one_at_once(ECHO);
    bench.server.polls([Costs("0.70"), Costs("0")]);
    bench.server.fetches([Fetch::Dead]);
    let ran = bench.run(&["a"]).await;
    ran.expect_all_done();
    assert_eq!(ran.take("a").await.settled, Some("0.70".parse().unwrap()));
    let lowered = "echo now reports a cost of $0.00, less than the $0.70 that was recorded earlier; budgets count $0.70";
    assert!(ran.said().iter().any(|said| said.contains(lowered)), "{:?}", ran.said());
}

#[tokio::test(start_paused = true)]
async fn a41_two_alike_orders_in_doubt_at_once_each_get_the_task_of_their_own_request() {
    let bench = Bench::new(ECHO);
    bench.server.submits([Accept, AcceptUnheard, AcceptUnheard]);
    let store = bench.store();
    let submit =
        bench.order_as(&store, ["a", "b", "c"].map(|item| wanted(ECHO, item, "the same words"))).await;
    let ran = bench.go(store, submit, async |_| {}).await;
    ran.expect_all_done();
    let charges = bench.server.charges();
    assert_eq!(charges.len(), 3);
    for item in ["b", "c"] {
        let take = ran.take(item).await;
        let State::Done { task, .. } = &take.state else { panic!("{take:?}") };
        let own = charges.iter().find(|charge| charge.request_id == task.intent.request_id.0).unwrap();
        assert_eq!(own.task.as_deref(), Some(task.id.0.raw()));
        assert!(is_in_place(&bench, item, task.id.0.raw()));
    }
}

#[tokio::test(start_paused = true)]
async fn a40_a_request_that_is_too_large_fails_uncharged_and_names_the_check() {
    for answer in [super::test_server::Submit::Page(413), Refuse(413, "x", None)] {
        let bench = one_at_once(ZAI);
        bench.server.submits([answer]);
        let ran = bench.run(&["a", "b"]).await;
        assert_eq!(ran.states(&["a", "b"]).await, ["failed", "done"]);
        let failed = ran.take("a").await.state;
        assert!(matches!(failed, State::Failed { charged: Charged::No, .. }), "{failed:?}");
        let words = ran.told.iter().find_map(|notice| match notice {
            Notice::Moved { to, said: Some(said), .. } if matches!(**to, State::Failed { .. }) => {
                Some(said.text.clone())
            }
            _ => None,
        });
        assert!(words.as_ref().is_some_and(|words| words.contains("max_body_megabytes")), "{words:?}");
    }
}
