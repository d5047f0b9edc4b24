//! A job costs the same work in a large run as in a small one. Linux tells what a thread reads and writes.
#![cfg(target_os = "linux")]

use super::bench::{Bench, ZAI, rate};
use shotlist::domain::key::TakeId;
use shotlist::engine::Work;
use shotlist::files::Steps;
use shotlist::store::Admitted;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Most bytes that may be read for a job: three pages of the database.
const READ: u64 = 3 * 4096;

/// Cost of a run with a number of jobs: transactions, steps of SQLite, and bytes read from and written to files. And
/// what its clips cost the disk.
fn needed(jobs: u64) -> ([u64; 4], Steps) {
    // One thread for all work on disk and database, so that its system calls can be told from those of other tests.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .max_blocking_threads(1)
        .thread_keep_alive(Duration::MAX)
        .build()
        .unwrap();
    runtime.block_on(work(jobs))
}

/// The bytes that the only thread for disk and database has asked the system to read and to write.
async fn bytes() -> [u64; 2] {
    let io = tokio::task::spawn_blocking(|| std::fs::read_to_string("/proc/thread-self/io"));
    let io = io.await.unwrap().unwrap();
    let of =
        |name: &str| io.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().parse().unwrap();
    [of("rchar:"), of("wchar:")]
}

async fn work(jobs: u64) -> ([u64; 4], Steps) {
    let mut bench = Bench::new(ZAI);
    // One at a time, so that no two transitions share a commit by chance.
    bench.limits.concurrency = Some(NonZeroU32::MIN);
    bench.limits.first_poll = Some(Duration::from_millis(10));
    bench.server.renders_for(Duration::ZERO);
    (bench.limits.rate, bench.limits.poll_rate) =
        (Some(rate(100_000, Duration::from_secs(1))), Some(rate(100_000, Duration::from_secs(1))));
    let meter = Arc::new(AtomicU64::new(0));
    bench.options.meter = Some(Arc::clone(&meter));
    let items: Vec<String> = (0..jobs).map(|n| format!("i{n}")).collect();
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    let store = bench.store();
    let submit = bench.order(&store, &items).await;
    let world = bench.world(store, &Arc::default()).await;
    let used = async || {
        let [read, written] = bytes().await;
        [world.store.commits(), meter.load(Ordering::Relaxed), read, written]
    };
    let before = used().await;
    let outcome = bench.drive(&world, Work { submit, ..Work::default() }).await;
    assert!(outcome.failures.is_empty() && !outcome.leaves_work(), "{outcome:?}");
    assert_eq!(bench.server.charges().len() as u64, jobs);
    let after = used().await;
    let steps = tokio::task::spawn_blocking(Steps::of_this_thread).await.unwrap();
    ([0, 1, 2, 3].map(|at| after[at] - before[at]), steps)
}

#[test]
fn p17_each_of_2000_jobs_needs_no_more_than_each_of_200() {
    let [(few, few_steps), (many, many_steps)] = [needed(200), needed(2_000)];
    // The clip, its sidecar and their folder are synced, and nothing is taken away that was never made. The folder of
    // all clips is made once.
    for (jobs, steps) in [(200, few_steps), (2_000, many_steps)] {
        let Steps { opened, synced, renamed, removed } = steps;
        assert_eq!([synced, renamed, removed], [3 * jobs + 1, 2 * jobs, 0], "{jobs} jobs: {steps:?}");
        assert!(opened <= 10 * jobs + 2, "{jobs} jobs: {steps:?}");
    }
    let [few_read, many_read] = [few[2], many[2]];
    for part in [0, 1, 3] {
        let (few, many) = (few[part], many[part]);
        assert!(few > 0 && many.abs_diff(10 * few) <= few, "{few} for 200 jobs, {many} for 2,000");
    }
    // What is read are the pages that the writer's memory does not hold: some, in a database that is larger than that.
    assert!(few_read <= 200 * READ && many_read <= 2_000 * READ, "{few_read} and {many_read} bytes read");
}

/// Counts the steps of SQLite that record the jobs of a run after a crash that left all of them waiting. They may have
/// got another name meanwhile, and then take over what waits.
async fn recorded_again(jobs: u64, is_renamed: bool) -> u64 {
    let mut bench = Bench::new(ZAI);
    let meter = Arc::new(AtomicU64::new(0));
    bench.options.meter = Some(Arc::clone(&meter));
    let items: Vec<String> = (0..jobs).map(|n| format!("i{n}")).collect();
    let store = bench.store();
    bench.order(&store, &items.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let renamed = |item: &String| {
        let adopt = Some(TakeId(format!("take-{item}")));
        Admitted { adopt, ..Admitted::new(bench.wanted(&format!("new-{item}"))) }
    };
    let before = meter.load(Ordering::Relaxed);
    if is_renamed {
        bench.admit(&store, items.iter().map(renamed)).await;
    } else {
        bench.admit(&store, items.iter().map(|item| Admitted::new(bench.wanted(item)))).await;
    }
    meter.load(Ordering::Relaxed) - before
}

#[tokio::test(start_paused = true)]
async fn p17_a_run_after_a_crash_records_each_waiting_job_with_the_same_work() {
    for is_renamed in [false, true] {
        let (few, many) = (recorded_again(100, is_renamed).await, recorded_again(1_000, is_renamed).await);
        assert!(few > 0 && many.abs_diff(10 * few) <= few, "{few} steps for 100 jobs, {many} for 1,000");
    }
}
