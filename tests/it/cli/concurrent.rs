//! Every small command during a run, again and again: no error, no lost update, no second charge.

use crate::snapshot::assert_whole;
use crate::support::{Project, SHOP, sheet, until};
use serde_json::json;

const ROUNDS: usize = 50;
const ROWS: usize = 52;

/// Adopts what is held, by the task that the provider's console shows for it.
fn adopt(project: &Project) {
    let status = project.run(&["status", "--json"]).expect(0).json();
    for held in status["held"].as_array().unwrap() {
        let requests = project.requests();
        let lost =
            requests.iter().find(|request| held["request_id"] == request.request_id.as_deref().unwrap());
        let task = &lost.unwrap().task.as_ref().unwrap().id;
        let job = held["job"].as_str().unwrap();
        project.run(&["resolve", job, "--task-id", task, "--note", "seen in the console"]).expect(0);
    }
}

#[test]
fn fifty_rounds_of_every_small_verb_beside_a_live_run_lose_nothing_and_charge_nothing_twice() {
    let lost = json!({ "on": "submit", "when": { "every": 5, "provider": "zai" }, "times": 2, "do": "reset_after_accept" });
    // One task that renders until the rounds are over keeps the run at work.
    let slow = json!({ "on": "poll", "when": { "prompt_contains": "number 1 from above" }, "do": { "unknown_word": { "word": "QUEUED" } } });
    let mut project = Project::empty(|options| options.faults = crate::support::rules(json!([lost, slow])));
    project.limits = project.limits.replace("rate: 100/s", "rate: 5/s");
    project.write("products.csv", sheet(ROWS));
    let second = "  quick:\n    model: echo/clip\n    prompt: \"{{ item.title }} from above\"\noutput:";
    project.manifest(&SHOP.replace("output:", second));
    let run = project.start(&["run", "--yes"]);
    until("the run is at work", || project.takes("running") > 0);
    let project = &project;
    std::thread::scope(|verbs| {
        verbs.spawn(|| {
            for round in 0..ROUNDS {
                let paused: &[&str] = [&["zai"][..], &["echo"], &[]][round % 3];
                project.run(&[&["pause"], paused].concat()).expect(0);
                project.run(&[&["resume"], paused].concat()).expect(0);
            }
        });
        verbs.spawn(|| {
            for _ in 0..ROUNDS {
                project.run(&["collect"]).expect(0);
            }
        });
        verbs.spawn(|| {
            for round in 0..ROUNDS {
                // The last ones first, each twice: those wait for longest. Of one that is sent, or cancelled, it is
                // said so. The other half is sent however slow this machine is, so that both answers get lost.
                let cancelled = project.run(&["cancel", &format!("hero/sku-{}", ROWS - round / 2)]);
                assert!(matches!(cancelled.code, 0 | 2), "{cancelled}");
            }
        });
        verbs.spawn(|| {
            for round in 0..ROUNDS {
                // Without a task there is nothing to ask for again; what is held stays so.
                let resolved = project.run(&["resolve", "--all", "--again"]);
                assert!(matches!(resolved.code, 0 | 7), "{resolved}");
                if round % 10 == 0 {
                    adopt(project);
                }
            }
        });
    });
    project.clear_faults();
    until("both lost answers are settled", || {
        adopt(project);
        project.requests().iter().filter(|request| request.fault.is_some()).count() == 2
    });
    until("nothing is held", || {
        adopt(project);
        project.takes("pending") == 0 && project.takes("held") == 0
    });
    run.wait().expect(0);
    let cancelled = project.takes("cancelled");
    assert!(cancelled > 0);
    assert_eq!(project.charges().len() as u64, 2 * ROWS as u64 - cancelled);
    // What was taken off the list and is wanted all the same is ordered once.
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (2 * ROWS, 2 * ROWS));
    let ledger = std::fs::read_to_string(project.path(".shotlist/ledger.jsonl")).unwrap();
    assert_eq!(ledger.matches("\"kind\":\"adopted\"").count(), 2);
    assert_whole!(project.run(&["run"]).expect(0));
}
