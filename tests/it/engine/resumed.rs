//! A process that dies at the worst lines, and the run after it.

use super::bench::{Bench, ECHO, ZAI, is_in_place};
use std::cell::Cell;
use std::sync::{Arc, Mutex};
use std::time::Duration;

thread_local! {
    /// The line at which this thread's process dies, and who is told.
    static DEADLY: Cell<Option<&'static str>> = const { Cell::new(None) };
    static REACHED: Cell<bool> = const { Cell::new(false) };
}

fn reach(line: &'static str) {
    if DEADLY.get() == Some(line) {
        REACHED.set(true);
    }
}

/// Dies at a line, the first time that it is reached.
async fn die_at(bench: &mut Bench, line: &'static str, items: &[&str]) {
    bench.reach = reach;
    DEADLY.set(Some(line));
    REACHED.set(false);
    let store = bench.store();
    let submit = bench.order(&store, items).await;
    let world = bench.world(store, &Arc::new(Mutex::default())).await;
    {
        let mut drive = std::pin::pin!(bench.drive(&world, submit));
        loop {
            tokio::select! {
                biased;
                () = async {}, if REACHED.get() => break,
                _ = &mut drive => panic!("{line} was never reached"),
                () = tokio::time::sleep(Duration::from_millis(1)) => {}
            }
        }
    }
    bench.far.gone(true);
    bury(world).await;
    bench.far.gone(false);
    DEADLY.set(None);
}

/// Waits until nothing of a dead process is left.
async fn bury<T>(world: Arc<T>) {
    while Arc::strong_count(&world) > 1 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_line_a_process_dies_at_nothing_is_paid_twice_and_nothing_is_lost() {
    for model in [ZAI, ECHO] {
        for line in [
            "submit.before_intent",
            "submit.after_intent",
            "submit.after_response",
            "submit.after_commit",
            "place.before_rename",
            "place.after_rename",
        ] {
            let mut bench = Bench::new(model);
            die_at(&mut bench, line, &["a", "b", "c"]).await;
            let ran = bench.resume().await;
            ran.expect_all_done();
            let charges = bench.far.charges();
            let prompts: std::collections::HashSet<_> = charges.iter().map(|charge| &charge.prompt).collect();
            assert_eq!(prompts.len(), charges.len(), "{model}, {line}: a job was paid twice");
            for (item, state) in ["a", "b", "c"].into_iter().zip(ran.states(&["a", "b", "c"]).await) {
                let prompt = format!("a slow turn around {item}");
                let task = charges.iter().find(|charge| charge.prompt == prompt);
                match state {
                    "done" => {
                        assert!(is_in_place(&bench, item, task.unwrap().task.as_ref().unwrap()));
                    }
                    state => assert_eq!((model, state), (ZAI, "held"), "{line}"),
                }
            }
        }
    }
}
