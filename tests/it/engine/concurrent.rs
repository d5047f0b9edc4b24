//! Decisions of other processes while a run is at work.

use super::bench::{Bench, PROJECT, ZAI, decide, is_in_place};
use super::test_server::Submit::{Accept, AcceptUnheard};
use shotlist::domain::key::{JobKey, TaskId};
use shotlist::domain::lifecycle::{CancelledBy, Event};
use shotlist::domain::notice::Notice;
use shotlist::engine::world::World;
use std::num::NonZeroU32;
use std::time::Duration;

const SIX: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

fn bench() -> Bench {
    let mut bench = Bench::new(ZAI);
    bench.limits.concurrency = Some(NonZeroU32::MIN);
    bench.server.renders_for(Duration::from_mins(1));
    bench.look_every = Duration::from_secs(5);
    bench
}

/// After so long a person decides about a job's newest take.
async fn decided(bench: &Bench, world: &World, after: u64, item: &str, event: Event) {
    tokio::time::sleep(Duration::from_secs(after)).await;
    let take = world.store.take(PROJECT, &JobKey::new("hero", item)).await.unwrap().unwrap();
    decide(&bench.second_store(), &take, event, bench.clock.now()).await;
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_cancelled_while_it_waits_is_not_sent_and_told_once() {
    // One that waits for its slot, and one that was not even taken up.
    for item in ["b", "j"] {
        let bench = bench();
        let items = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
        let cancel = Event::Cancel(CancelledBy::User);
        let ran =
            bench.run_beside(&items, async |world| decided(&bench, world, 20, item, cancel).await).await;
        ran.expect_all_done();
        assert_eq!((ran.states(&[item]).await, bench.server.charges().len()), (vec!["cancelled"], 9));
        let told = |notice: &&Notice| matches!(notice, Notice::Moved { key, .. } if key.item == item);
        assert_eq!(ran.told.iter().filter(told).count(), 1, "{item}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_paused_is_sent_when_it_is_let_go_and_not_before() {
    let bench = bench();
    let ran = bench
        .run_beside(&["a", "b", "c"], async |_| {
            tokio::time::sleep(Duration::from_secs(30)).await;
            let person = bench.second_store();
            person.pause(PROJECT, None, Some("the bill"), bench.clock.now()).await.unwrap();
            tokio::time::sleep(Duration::from_secs(20)).await;
            assert_eq!(bench.server.seen().len(), 1, "the one in flight goes on");
            person.resume(PROJECT, None).await.unwrap();
        })
        .await;
    assert_eq!(
        ran.said(),
        [
            "all providers are paused (the bill): nothing new is submitted",
            "all providers are no longer paused"
        ]
    );
    ran.expect_all_done();
    assert_eq!(bench.server.charges().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_run_ends_where_all_that_is_left_is_paused() {
    let bench = bench();
    let ran = bench
        .run_beside(&SIX, async |_| {
            tokio::time::sleep(Duration::from_secs(30)).await;
            bench.second_store().pause(PROJECT, Some("zai"), None, bench.clock.now()).await.unwrap();
        })
        .await;
    assert_eq!((ran.outcome.waiting, bench.server.charges().len()), (5, 1));
    assert_eq!(ran.states(&["a"]).await, ["done"]);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_a_person_adopts_is_fetched_by_the_run_that_is_at_work() {
    let bench = bench();
    bench.server.submits([AcceptUnheard, Accept]);
    let adopt = Event::Adopt(TaskId("task-1".into()));
    let ran =
        bench.run_beside(&["a", "b", "c"], async |world| decided(&bench, world, 20, "a", adopt).await).await;
    ran.expect_all_done();
    assert_eq!(ran.states(&["a", "b", "c"]).await, ["done"; 3]);
    assert!(is_in_place(&bench, "a", "task-1"));
    assert_eq!(bench.server.seen().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_another_process_ordered_is_not_this_runs_to_send() {
    let bench = bench();
    let ran = bench
        .run_beside(&["a"], async |_| {
            tokio::time::sleep(Duration::from_secs(20)).await;
            bench.order(&bench.second_store(), &["b"]).await;
        })
        .await;
    ran.expect_all_done();
    assert_eq!((ran.states(&["a", "b"]).await, bench.server.seen().len()), (vec!["done", "pending"], 1));
}
