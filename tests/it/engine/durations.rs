//! Polls at the times that finished tasks tell.

use super::bench::{Bench, ECHO, ZAI, seconds};
use super::test_server::Poll;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use shotlist::domain::durations::{Durations, RenderKind};
use shotlist::engine::world::World;
use std::num::NonZeroU32;
use std::time::Duration;

/// A bench without told times, where tasks take around so many seconds.
fn bench(model: &'static str, at_once: u32, tasks: usize, median: f64) -> Bench {
    let mut bench = Bench::new(model);
    bench.limits.concurrency = NonZeroU32::new(at_once);
    (bench.limits.first_poll, bench.limits.poll_every) = (None, None);
    let mut rng = StdRng::seed_from_u64(7);
    let render = |_| Duration::from_secs_f64(median * rng.random_range(0.75..1.33));
    bench.server.renders((0..tasks).map(render).collect::<Vec<_>>());
    bench
}

fn named(items: &[String]) -> Vec<&str> {
    items.iter().map(String::as_str).collect()
}

async fn known(ran: &super::bench::Ran) -> Vec<(RenderKind, Durations)> {
    ran.world.store.durations().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn durations_are_learned_in_one_run_and_kept_for_the_next() {
    let bench = bench(ZAI, 4, 44, 60.0);
    let items: Vec<String> = (0..44).map(|n| format!("i{n}")).collect();
    let ran = bench.run(&named(&items[..40])).await;
    ran.expect_all_done();
    let polls = bench.server.polled();
    assert!(polls.len() <= 180, "{} polls of 40 tasks", polls.len());
    let [(kind, durations)] = known(&ran).await.try_into().unwrap();
    assert_eq!((kind.model.to_string().as_str(), durations.finished()), (ZAI, 40));
    let half = durations.quantile(0.5).unwrap().as_secs_f64();
    assert!((50.0..75.0).contains(&half), "{half}");
    // Grouped: not with each task.
    let saved = ran.world.store.commits();
    drop(ran);

    let began = bench.clock.now();
    let ran = bench.run(&named(&items[40..])).await;
    ran.expect_all_done();
    assert!(saved > 40 && ran.world.store.commits() < 40);
    let late = &bench.server.polled()[polls.len()..];
    assert!(seconds(began, late[0]) > 30.0 && late.len() <= 4 * 4, "{late:?}");
    assert_eq!(known(&ran).await[0].1.finished(), 44);
}

#[tokio::test(start_paused = true)]
async fn tasks_that_wait_are_asked_for_sooner_once_the_first_ones_have_finished() {
    // Their ages double: some are due at nearly 20 s when the first is found at 10 s.
    let bench = bench(ZAI, 20, 0, 0.0);
    bench.server.renders_for(Duration::from_secs(10));
    let items: Vec<String> = (0..20).map(|n| format!("i{n}")).collect();
    let began = bench.clock.now();
    bench.run(&named(&items)).await.expect_all_done();
    let took = seconds(began, bench.clock.now());
    assert!((10.0..13.0).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn many_tasks_of_unknown_length_keep_their_slots_busy() {
    let bench = bench(ZAI, 20, 200, 2.0);
    let items: Vec<String> = (0..200).map(|n| format!("i{n}")).collect();
    let began = bench.clock.now();
    bench.run(&named(&items)).await.expect_all_done();
    let (took, polls) = (seconds(began, bench.clock.now()), bench.server.polled().len());
    // Ten tasks in each slot, of 2.05 s on average and 60 ms on the way.
    assert!(took < 25.0 && polls <= 200 * 5, "{took} s, {polls} polls");
}

#[tokio::test(start_paused = true)]
async fn a_poll_brings_the_answers_of_those_along_that_are_due_soon() {
    let items: Vec<String> = (0..100).map(|n| format!("i{n}")).collect();
    let mut polls = Vec::new();
    for model in [ZAI, ECHO] {
        let bench = bench(model, 20, 100, 2.0);
        bench.run(&named(&items)).await.expect_all_done();
        polls.push(bench.server.polled().len());
    }
    assert!(polls[1] * 3 < polls[0] * 2, "{polls:?}");
}

/// Denials of a task prove something only a minute apart.
#[tokio::test(start_paused = true)]
async fn a_task_that_was_missing_waits_for_its_minute_whatever_others_tell() {
    for model in [ZAI, ECHO] {
        let bench = bench(model, 4, 0, 0.0);
        bench.server.renders_for(Duration::from_secs(150));
        let began = bench.clock.now();
        let deny = async |_: &World| {
            // Denials of the first two minutes do not count.
            bench.later(Duration::from_secs(121)).await;
            bench.server.polls([Poll::Missing]);
        };
        bench.run_beside(&["a", "b", "c", "d"], deny).await.expect_all_done();
        let took = seconds(began, bench.clock.now());
        assert!((181.0..200.0).contains(&took), "{model}: {took}");
    }
}
