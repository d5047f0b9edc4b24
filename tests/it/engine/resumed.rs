//! A process that dies at the worst lines, and the run after it.

use super::bench::{Bench, ECHO, ZAI, is_in_place};
use super::death::{LINES, When};
use shotlist::engine::Work;

#[tokio::test(start_paused = true)]
async fn whatever_line_a_process_dies_at_nothing_is_paid_twice_and_nothing_is_lost() {
    for model in [ZAI, ECHO] {
        for line in LINES {
            let mut bench = Bench::new(model);
            let store = bench.store_until(When::Line(line, 1));
            let submit = bench.order(&store, &["a", "b", "c"]).await;
            assert!(
                bench.live(store, Work { submit, ..Work::default() }).await.is_none(),
                "{line} was never reached"
            );
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
