//! Submissions, which cost money: which jobs are sent, when and how often, and when none is.

use super::bench::{Bench, ECHO, PRICE, TWO, ZAI, is_in_place, rate, seconds};
use super::test_server::Submit::{Accept, AcceptUnheard, Lose, NameTheFirst, NotSent, Page, Refuse};
use jiff::SignedDuration;
use shotlist::domain::lifecycle::{Charged, HeldReason, State};
use shotlist::engine::stop::StopReason;
use shotlist::store::{Cap, Caps, Window};
use std::num::NonZeroU32;
use std::time::Duration;

const SIX: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

#[tokio::test(start_paused = true)]
async fn every_job_is_paid_once_and_ends_with_its_clip() {
    for model in [ZAI, ECHO] {
        let bench = Bench::new(model);
        let ran = bench.run(&SIX).await;
        ran.expect_all_done();
        assert_eq!(ran.states(&SIX).await, ["done"; 6]);
        let charges = bench.server.charges();
        assert_eq!((charges.len(), bench.server.seen().len()), (6, 6));
        for (item, charge) in SIX.iter().zip(&charges) {
            assert_eq!(charge.prompt, format!("a slow turn around {item}"), "in the order of the manifest");
            assert!(is_in_place(&bench, item, charge.task.as_ref().unwrap()), "{item}");
        }
        let spent = ran.world.store.spent(Window::Ever).await.unwrap();
        assert_eq!(
            (spent.settled, spent.reserved, spent.in_doubt),
            (PRICE.times(6), PRICE.times(0), PRICE.times(0))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_run_has_nothing_to_do() {
    let bench = Bench::new(ZAI);
    drop(bench.run(&SIX).await);
    let ran = bench.resume().await;
    ran.expect_all_done();
    assert_eq!((bench.server.seen().len(), ran.told.len()), (6, 0));
}

#[tokio::test(start_paused = true)]
async fn no_more_tasks_are_in_flight_than_the_model_takes() {
    let mut bench = Bench::new(ZAI);
    bench.limits.concurrency = Some(TWO);
    bench.server.renders_for(Duration::from_secs(30));
    bench.run(&SIX).await.expect_all_done();
    let charges = bench.server.charges();
    for (first, third) in charges.iter().zip(&charges[2..]) {
        assert!(seconds(first.at, third.at) >= 30.0, "{charges:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn submissions_keep_their_pace_and_never_come_in_a_burst() {
    let mut bench = Bench::new(ZAI);
    bench.limits.rate = Some(rate(6, Duration::from_mins(1)));
    bench.run(&SIX).await.expect_all_done();
    let charges = bench.server.charges();
    for pair in charges.windows(2) {
        assert!(seconds(pair[0].at, pair[1].at) >= 9.9, "{charges:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a01_a_throttled_submission_waits_as_long_as_it_was_asked_to() {
    let bench = Bench::new(ZAI);
    bench.server.submits([Refuse(429, "1302", Some(40))]);
    bench.run(&["a"]).await.expect_all_done();
    let seen = bench.server.seen();
    assert_eq!((seen.len(), bench.server.charges().len()), (2, 1));
    assert!((40.0..46.0).contains(&seconds(seen[0].at, seen[1].at)), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn a03_a_throttled_model_keeps_the_others_back_as_well() {
    let mut bench = Bench::new(ZAI);
    bench.limits.concurrency = Some(TWO);
    bench.server.submits([Refuse(429, "1302", Some(40))]);
    bench.run(&SIX).await.expect_all_done();
    let seen = bench.server.seen();
    let early = seen.iter().filter(|later| seconds(seen[0].at, later.at) < 39.0).count();
    assert_eq!(early, 2, "besides the first only what was on its way with it: {seen:?}");
}

#[tokio::test(start_paused = true)]
async fn n01_what_was_surely_not_sent_is_sent_again_and_five_in_a_row_pause_the_provider() {
    let bench = Bench::new(ZAI);
    bench.server.submits([NotSent; 5]);
    let began = bench.clock.now();
    bench.run(&["a"]).await.expect_all_done();
    let charges = bench.server.charges();
    assert_eq!(charges.len(), 1);
    assert!(seconds(began, charges[0].at) >= 30.0, "{charges:?}");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_cannot_be_reached_for_an_hour_is_given_up() {
    let bench = Bench::new(ZAI);
    bench.server.submits(vec![NotSent; 5_000]);
    let ran = bench.run(&["a", "b"]).await;
    assert_eq!(ran.said(), ["zai: NoProgress"]);
    assert_eq!((ran.outcome.waiting, bench.server.seen().len()), (2, 0));
    drop(ran);
    bench.server.clear_faults();
    bench.resume().await.expect_all_done();
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_for_a_person_where_the_provider_cannot_be_asked_and_the_others_go_on() {
    let bench = Bench::new(ZAI);
    bench.server.submits([Accept, AcceptUnheard]);
    let ran = bench.run(&["a", "b", "c"]).await;
    ran.expect_all_done();
    assert_eq!(ran.states(&["a", "b", "c"]).await, ["done", "held", "done"]);
    let held = ran.take("b").await.state;
    assert!(matches!(held, State::Held { reason: HeldReason::AmbiguousSubmit, .. }), "{held:?}");
    let spent = ran.world.store.spent(Window::Ever).await.unwrap();
    assert_eq!((spent.settled, spent.in_doubt), (PRICE.times(2), PRICE));
    drop(ran);
    bench.resume().await.expect_all_done();
    assert_eq!(bench.server.seen().len(), 3, "nothing is sent for it automatically");
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_found_where_the_provider_can_be_asked() {
    let bench = Bench::new(ECHO);
    bench.server.submits([Accept, AcceptUnheard]);
    let ran = bench.run(&["a", "b"]).await;
    ran.expect_all_done();
    assert_eq!(ran.states(&["a", "b"]).await, ["done", "done"]);
    assert_eq!((bench.server.charges().len(), bench.server.seen().len()), (2, 2));
    assert!(is_in_place(&bench, "b", "task-2"));
}

#[tokio::test(start_paused = true)]
async fn a_submission_that_surely_never_arrived_is_sent_once_more_under_another_name() {
    let bench = Bench::new(ECHO);
    bench.server.submits([Accept, Lose]);
    let ran = bench.run(&["a", "b"]).await;
    ran.expect_all_done();
    assert_eq!((bench.server.charges().len(), ran.take("b").await.attempts), (2, 2));
    let ids: std::collections::HashSet<_> =
        bench.server.seen().into_iter().map(|seen| seen.request_id).collect();
    assert_eq!(ids.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a41_two_jobs_of_the_same_words_in_doubt_at_once_each_find_their_own_task() {
    let mut bench = Bench::new(ECHO);
    bench.same_words = true;
    bench.server.submits([AcceptUnheard, AcceptUnheard]);
    let ran = bench.run(&["a", "b"]).await;
    ran.expect_all_done();
    let seen = bench.server.seen();
    assert_eq!((bench.server.charges().len(), seen.len()), (2, 2));
    assert_eq!(seen[0].prompt, seen[1].prompt);
    assert!(is_in_place(&bench, "a", "task-1") && is_in_place(&bench, "b", "task-2"));
}

#[tokio::test(start_paused = true)]
async fn a41_a_list_without_any_of_our_names_proves_nothing() {
    let bench = Bench::new(ECHO);
    bench.server.submits([Lose]);
    let ran = bench.run(&["a"]).await;
    ran.expect_all_done();
    assert_eq!((ran.states(&["a"]).await, bench.server.charges().len()), (vec!["held"], 0));
}

/// The first task shows that the list echoes names; the second is listed without its own.
#[tokio::test(start_paused = true)]
async fn a34_a_list_that_leaves_out_the_names_of_some_tasks_proves_nothing() {
    let mut bench = Bench::new(ECHO);
    bench.limits.concurrency = NonZeroU32::new(1);
    bench.server.submits([Accept, AcceptUnheard]);
    bench.server.forgets_names_from(1);
    let ran = bench.run(&["a", "b"]).await;
    ran.expect_all_done();
    assert_eq!((ran.states(&["a", "b"]).await, bench.server.charges().len()), (vec!["done", "held"], 2));
}

#[tokio::test(start_paused = true)]
async fn a_refused_order_costs_nothing_and_stops_nothing() {
    let bench = Bench::new(ZAI);
    bench.server.submits([Accept, Refuse(400, "1301", None)]);
    let ran = bench.run(&["a", "b", "c"]).await;
    ran.expect_all_done();
    assert_eq!(ran.states(&["a", "b", "c"]).await, ["done", "failed", "done"]);
    assert!(matches!(ran.take("b").await.state, State::Failed { charged: Charged::No, task: None, .. }));
    drop(ran);
    bench.resume().await.expect_all_done();
    assert_eq!(bench.server.seen().len(), 3, "it is not sent again");
}

#[tokio::test(start_paused = true)]
async fn a_busy_provider_is_tried_five_times_and_left_to_the_next_run() {
    let bench = Bench::new(ZAI);
    bench.server.submits([Refuse(500, "1100", None); 5]);
    let ran = bench.run(&["a"]).await;
    assert_eq!((bench.server.seen().len(), ran.outcome.left.len(), ran.outcome.waiting), (5, 1, 1));
    assert!(matches!(ran.take("a").await.state, State::Pending { tries_left: 0, .. }));
}

#[tokio::test(start_paused = true)]
async fn a05_an_empty_balance_stops_the_provider_at_once() {
    let mut bench = Bench::new(ZAI);
    bench.limits.concurrency = Some(std::num::NonZeroU32::MIN);
    bench.server.submits([Accept, Refuse(429, "1113", None)]);
    let ran = bench.run(&SIX).await;
    assert_eq!(ran.said(), ["zai: Provider(Balance)"]);
    assert_eq!((bench.server.seen().len(), bench.server.charges().len(), ran.outcome.waiting), (2, 1, 5));
    assert_eq!(ran.states(&["a"]).await, ["done"], "what is paid is collected");
}

#[tokio::test(start_paused = true)]
async fn a_refused_key_is_tried_once_more_after_a_while() {
    let mut bench = Bench::new(ZAI);
    bench.limits.concurrency = Some(std::num::NonZeroU32::MIN);
    bench.server.submits([Refuse(401, "1000", None)]);
    bench.run(&["a"]).await.expect_all_done();
    let seen = bench.server.seen();
    assert!(seconds(seen[0].at, seen[1].at) >= 5.0, "{seen:?}");

    bench.server.submits([Refuse(401, "1000", None); 2]);
    let ran = bench.run(&["b", "c"]).await;
    assert_eq!((ran.said(), ran.outcome.waiting), (vec!["zai: Provider(Auth)".to_owned()], 2));
}

#[tokio::test(start_paused = true)]
async fn a10_a_model_that_is_refused_three_times_takes_nothing_more() {
    let mut bench = Bench::new(ZAI);
    bench.limits.concurrency = Some(std::num::NonZeroU32::MIN);
    bench.server.submits([Refuse(400, "1211", None); 6]);
    let ran = bench.run(&SIX).await;
    assert_eq!(ran.said(), ["zai/viduq1-text: Model"]);
    assert_eq!((bench.server.seen().len(), ran.outcome.waiting), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn a_budget_is_never_exceeded_and_what_is_paid_is_collected() {
    let mut bench = Bench::new(ZAI);
    bench.caps = Caps { run: Some(PRICE.times(3)), ..Caps::default() };
    let ran = bench.run(&SIX).await;
    assert_eq!((bench.server.charges().len(), ran.outcome.waiting), (3, 3));
    assert_eq!(ran.world.stop.reason(), Some(StopReason::Budget(Cap::Run)));
    assert_eq!(ran.states(&SIX).await, ["done", "done", "done", "pending", "pending", "pending"]);
}

#[tokio::test(start_paused = true)]
async fn the_quota_of_a_day_is_kept_and_the_next_day_goes_on() {
    let mut bench = Bench::new(ZAI);
    bench.limits.per_day = Some(4);
    let ran = bench.run(&SIX).await;
    assert_eq!((bench.server.charges().len(), ran.outcome.waiting), (4, 2));
    let words = "zai: the 4 submissions that `providers.zai.limits.per_day` allows for a day (UTC) are used up; refused \
                 ones count, too; 2 jobs wait until 2026-11-22 00:00:00 UTC and are not charged";
    assert_eq!(ran.said(), [words]);
    drop(ran);
    let ran = bench.resume().await;
    assert_eq!((ran.outcome.waiting, ran.said()), (2, vec![words.to_owned()]), "the day survives the run");
    drop(ran);
    assert_eq!(bench.server.seen().len(), 4);
    bench.later(Duration::from_hours(22)).await;
    bench.resume().await.expect_all_done();
    let charges = bench.server.charges();
    assert_eq!(charges.len(), 6);
    assert!(charges[4].at.duration_since(charges[0].at) > SignedDuration::from_hours(21));
}

#[tokio::test(start_paused = true)]
async fn a27_a_task_that_another_job_owns_is_not_taken_for_an_answer() {
    let bench = Bench::new(ZAI);
    bench.server.submits([Accept, NameTheFirst]);
    let ran = bench.run(&["a", "b"]).await;
    ran.expect_all_done();
    let held = ran.take("b").await.state;
    assert!(matches!(held, State::Held { reason: HeldReason::IdConflict, .. }), "{held:?}");
}

#[tokio::test(start_paused = true)]
async fn an_address_that_never_accepted_anything_stops_the_provider_at_the_first_404() {
    let bench = Bench::new(ZAI);
    bench.server.submits(vec![Page(404); 6]);
    let ran = bench.run(&SIX).await;
    assert_eq!(ran.said(), ["zai: Provider(Setup)"]);
    assert_eq!(ran.states(&SIX).await, ["pending"; 6]);
    let spent = ran.world.store.spent(Window::Ever).await.unwrap();
    assert_eq!((spent.in_doubt, spent.settled), (PRICE.times(0), PRICE.times(0)));
    drop(ran);
    bench.server.clear_faults();
    bench.resume().await.expect_all_done();
    assert_eq!(bench.server.charges().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_404_at_an_address_that_accepted_before_is_a_doubt_also_in_a_later_run() {
    for pages in [vec![Accept, Page(404)], vec![Accept, Page(405)]] {
        let mut bench = Bench::new(ZAI);
        bench.limits.concurrency = NonZeroU32::new(1);
        bench.server.submits(pages);
        let ran = bench.run(&["a", "b"]).await;
        assert_eq!(ran.states(&["a", "b"]).await, ["done", "held"]);
        drop(ran);
        bench.server.submits([Page(404)]);
        assert_eq!(bench.run(&["c"]).await.states(&["c"]).await, ["held"]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_gateway_refuses_is_sent_once_a_run_and_three_in_a_row_stop_the_model() {
    let mut bench = Bench::new(ZAI);
    bench.limits.concurrency = NonZeroU32::new(1);
    bench.server.submits([Page(414), Accept, Page(401), Page(415), Page(431)]);
    let ran = bench.run(&SIX).await;
    assert_eq!(ran.states(&SIX).await, ["pending", "done", "pending", "pending", "pending", "pending"]);
    assert_eq!(bench.server.seen().len(), 5, "none twice, and nothing after the third");
    insta::assert_snapshot!(ran.said().join("\n"), @r"
    zai/viduq1-text: the provider answered 414 URI Too Long with a web page; not charged, and not sent again in this run
    zai/viduq1-text: the provider answered 401 Unauthorized with a web page; not charged, and not sent again in this run
    zai/viduq1-text: the provider answered 415 Unsupported Media Type with a web page; not charged, and not sent again in this run
    zai/viduq1-text: the provider answered 431 Request Header Fields Too Large with a web page; not charged, and not sent again in this run
    zai/viduq1-text: Model
    ");
    drop(ran);
    bench.resume().await.expect_all_done();
    assert_eq!(bench.server.charges().len(), 6);
}
