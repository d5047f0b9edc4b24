//! A wall clock that is set, a machine that sleeps, and one that has no file left.

use super::bench::{Bench, ECHO, Ran, ZAI, rate, seconds};
use super::test_server::{Fetch, Submit, TestServer};
use jiff::SignedDuration;
use shotlist::engine::clock::Clock;
use shotlist::engine::stop::StopReason;
use std::collections::HashSet;
use std::num::NonZeroU32;
use std::time::Duration;

const ITEMS: [&str; 3] = ["a", "b", "c"];

/// The point of a run at which the clock is set.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    Waiting,
    Polling,
    Downloading,
    Doubtful,
}

const PHASES: [Phase; 4] = [Phase::Waiting, Phase::Polling, Phase::Downloading, Phase::Doubtful];

/// The seconds by which it is set.
fn steps() -> [SignedDuration; 4] {
    [-40, -3_600, -5 * 86_400, 30 * 86_400].map(SignedDuration::from_secs)
}

fn bench(phase: Phase) -> Bench {
    let mut bench = Bench::new(if phase == Phase::Doubtful { ECHO } else { ZAI });
    bench.limits.poll_rate = Some(rate(4, Duration::from_secs(1)));
    bench.server.renders_for(Duration::from_mins(1));
    match phase {
        Phase::Waiting => bench.server.submits([Submit::Refuse(429, "1302", Some(20)); 3]),
        Phase::Polling => {}
        Phase::Downloading => bench.server.every_fetch(Duration::from_secs(150), Fetch::Unreachable),
        Phase::Doubtful => bench.server.submits([Submit::AcceptUnheard]),
    }
    bench
}

fn is_reached(phase: Phase, server: &TestServer) -> bool {
    match phase {
        Phase::Waiting | Phase::Doubtful => !server.seen().is_empty() || server.requests().0 > 0,
        Phase::Polling => !server.polled().is_empty(),
        Phase::Downloading => !server.fetched().is_empty(),
    }
}

async fn reached(phase: Phase, server: &TestServer) {
    while !is_reached(phase, server) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
}

/// Everything was charged once and is there, and it was asked for at no more than its rate.
async fn expect_well(bench: &Bench, ran: &Ran, what: &str) {
    ran.expect_all_done();
    assert_eq!(ran.states(&ITEMS).await, ["done"; 3], "{what}");
    let charges = bench.server.charges();
    let prompts: HashSet<_> = charges.iter().map(|charge| &charge.prompt).collect();
    assert_eq!((charges.len(), prompts.len()), (3, 3), "{what}");
    let polled = bench.server.polled();
    for second in polled.windows(6) {
        assert!(seconds(second[0], second[5]) >= 1.0, "{what}: a burst of polls at {}", second[0]);
    }
    assert!(polled.len() < 150, "{what}: {} polls", polled.len());
}

#[tokio::test(start_paused = true)]
async fn p28_p29_a_clock_that_is_set_during_a_run_moves_nothing() {
    for phase in PHASES {
        let mut untouched = None;
        for step in [SignedDuration::ZERO].into_iter().chain(steps()) {
            let (bench, what) = (bench(phase), format!("{phase:?} {step}"));
            let began = bench.clock.now();
            let ran = bench.run_beside(&ITEMS, async |_| {
                reached(phase, &bench.server).await;
                bench.clock.set_forward(step);
                tokio::time::sleep(Duration::from_secs(31)).await;
            });
            let ran = ran.await;
            expect_well(&bench, &ran, &what).await;
            let took = seconds(began, bench.clock.now());
            let usual = *untouched.get_or_insert(took);
            assert!((took - usual).abs() < 60.0, "{what}: {took} s and not {usual} s");
            let told =
                ran.said().into_iter().filter(|told| told.contains("the clock of this computer")).count();
            assert_eq!(
                told,
                usize::from(step.abs() > SignedDuration::from_mins(1)),
                "{what}: {:?}",
                ran.said()
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn p28_p29_a_clock_that_is_set_between_two_runs_costs_no_progress() {
    for phase in PHASES {
        // The last: the first run was made by a clock that was two days ahead.
        for step in steps().into_iter().chain([SignedDuration::from_hours(-48)]) {
            let (mut bench, what) = (bench(phase), format!("{phase:?} {step}"));
            let right = bench.clock.clone();
            if step == SignedDuration::from_hours(-48) {
                bench.clock = Clock::starting_at(right.now() - step);
            }
            let ran = bench.run_beside(&ITEMS, async |world| {
                reached(phase, &bench.server).await;
                world.stop.everything(StopReason::Interrupted);
            });
            drop(ran.await);
            bench.clock.set_forward(step);
            bench.clock = Clock::starting_at(bench.clock.wall());
            let began = right.now();
            let ran = bench.resume().await;
            expect_well(&bench, &ran, &what).await;
            assert!(seconds(began, right.now()) < 400.0, "{what}: {} s", seconds(began, right.now()));
            let skew = bench.clock.now().duration_since(right.now()).abs() > SignedDuration::from_mins(2);
            let told = ran.said().into_iter().filter(|told| told.contains("the provider's clock")).count();
            assert_eq!(told, usize::from(skew), "{what}: {:?}", ran.said());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn p30_a_machine_that_slept_reads_what_came_and_goes_on_at_its_rate() {
    let mut heard = 0;
    for phase in PHASES {
        let (bench, what) = (bench(phase), format!("{phase:?}"));
        let began = bench.clock.now();
        let ran = bench.run_beside(&ITEMS, async |_| {
            reached(phase, &bench.server).await;
            bench.clock.sleep_machine(Duration::from_hours(8));
            tokio::time::sleep(Duration::from_secs(31)).await;
        });
        let ran = ran.await;
        expect_well(&bench, &ran, &what).await;
        assert!(seconds(began, bench.clock.now()) < 8.0 * 3_600.0 + 400.0, "{what}");
        let told =
            ran.said().into_iter().filter(|told| told.contains("slept") && told.contains("8h00m")).count();
        assert!(told <= 1, "{what}: {:?}", ran.said());
        heard += told;
    }
    // A run that ends within half a minute of waking has nothing to tell.
    assert!(heard > 0);
}

#[tokio::test(start_paused = true)]
async fn p25_a_machine_without_a_file_left_is_no_outage_of_the_provider() {
    let mut bench = Bench::new(ZAI);
    bench.limits.concurrency = NonZeroU32::new(8);
    bench.server.submits([Submit::NoFiles; 20]);
    bench.server.fetches([Fetch::NoFiles; 20]);
    let began = bench.clock.now();
    let ran = bench.run(&ITEMS).await;
    expect_well(&bench, &ran, "without files").await;
    assert!(seconds(began, bench.clock.now()) < 60.0);
    let said = ran.said();
    // The number is that of this machine.
    let open = regex::Regex::new(r"open \d+ files").unwrap();
    insta::assert_snapshot!(open.replace_all(&said.join("\n"), "open [number] files"), @"this process may open [number] files at once (`ulimit -n`): fewer jobs run at the same time; nothing is lost; `ulimit -n 1024` before the command allows more");
}
