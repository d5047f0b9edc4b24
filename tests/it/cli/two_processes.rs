//! Two processes and one state folder.

use crate::snapshot::assert_whole;
use crate::support::{Project, until};
use jiff::Timestamp;
use serde_json::json;
use shotlist::store::Lock;

#[test]
fn p31_a_second_run_names_the_first_and_a_collect_beside_it_is_content() {
    let project = Project::shop(2);
    project.stall();
    let holder = project.start(&["run", "--yes"]);
    until("both tasks are known", || project.takes("running") == 2);

    assert_whole!(project.run(&["run", "--yes"]).expect(11));
    project.run(&["retry", "--yes"]).expect(11);
    assert_whole!(project.run(&["collect"]).expect(0));
    let status = project.run(&["status", "--json"]).expect(0).json();
    assert_eq!(status["active"]["pid"], holder.id());
    project.run(&["plan", "--json"]).expect(0);
    assert_eq!(project.requests().len(), 2);

    project.clear_faults();
    holder.wait().expect(0);
    assert_eq!(project.requests().len(), 2);
    assert_eq!(project.clips().len(), 2);
}

#[test]
fn p31_a_collect_beside_a_command_that_downloads_nothing_fails() {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    let lock = Lock::acquire(&project.path(".shotlist"), "verify", Timestamp::UNIX_EPOCH).unwrap();
    project.run(&["collect"]).expect(11);
    drop(lock);
    project.run(&["collect"]).expect(0);
}

#[test]
fn p31_a_killed_holder_gives_the_lock_back_and_collect_finishes_its_work() {
    let project = Project::shop(4);
    project.stall();
    let holder = project.start(&["run", "--yes"]);
    until("all tasks are known", || project.takes("running") == 4);
    holder.kill();
    assert_eq!(project.run(&["status", "--json"]).expect(0).json()["active"], json!(null));

    project.clear_faults();
    let ended = project.run(&["collect", "--json"]).expect(0);
    assert_eq!(ended.lines().iter().filter(|line| line["event"] == "done").count(), 4, "{ended}");
    assert_eq!(project.requests().len(), 4);
    assert_eq!(project.clips().len(), 4);
    project.run(&["run"]).expect(0);
    assert_eq!(project.requests().len(), 4);
}

#[test]
fn p03_a_kill_with_requests_on_the_wire_holds_these_and_sends_the_rest() {
    let project = Project::shop_with_faults(
        8,
        json!([{ "on": "submit", "when": { "nth": 3 }, "do": { "hang_after_accept": { "seconds": 600 } } }]),
    );
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("a request is on the wire and others are answered", || {
        project.charges().len() == 5 && project.takes("running") == 4
    });
    run.kill();
    project.clear_faults();
    // Which of the jobs it was is not fixed.
    project.run(&["run", "--yes"]).expect(7);
    assert_eq!(project.charges().len(), 8);
    assert_eq!((project.takes("done"), project.takes("held")), (7, 1));
}

#[test]
fn a_decision_made_beside_a_live_run_is_carried_out_by_it() {
    let project = Project::shop_with_faults(
        2,
        json!([{ "on": "submit", "when": { "prompt_contains": "number 2" }, "times": 1, "do": "reset_after_accept" }]),
    );
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("one is held", || project.takes("held") == 1 && project.takes("running") == 1);
    let lost = project.requests().into_iter().find(|request| request.fault.is_some()).unwrap();
    project.run(&["resolve", "hero/sku-2", "--task-id", &lost.task.unwrap().id]).expect(0);
    until("both are asked for", || project.takes("running") == 2);
    // Only when the run has seen it: it looks at least once a second, and asks for the task from then on.
    let polls = project.sandbox().stats().polls;
    until("the run goes on", || project.sandbox().stats().polls > polls + 20);
    project.clear_faults();
    assert_whole!(run.wait().expect(0));
    assert_eq!(project.charges().len(), 2);
}

/// As if another folder had been used until now, so that this one looks like its copy.
fn used_elsewhere(project: &Project) {
    let database = rusqlite::Connection::open(project.path(".shotlist/state.db")).unwrap();
    assert_eq!(database.execute("UPDATE driven SET host = 'press', folder = '/srv/shop'", []).unwrap(), 1);
}

#[test]
fn a_copy_warns_once_of_the_jobs_and_redos_that_both_places_would_pay() {
    let project = Project::shop(2);
    project.run(&["run", "--yes", "--limit", "1"]).expect(0);
    used_elsewhere(&project);
    let copied = project.run(&["run", "--yes", "--limit", "0"]).expect(0);
    let warning = "this project was last run on press in /srv/shop; 1 job may be waiting in both copies";
    assert!(copied.err.contains(warning), "{copied}");
    let again = project.run(&["run", "--yes", "--limit", "0"]).expect(0);
    assert!(!again.err.contains("both copies"), "{again}");

    project.run(&["reject", "hero/sku-1", "--redo", "--reason", "wrong_colour"]).expect(0);
    used_elsewhere(&project);
    let copied = project.run(&["run", "--yes"]).expect(0);
    assert!(copied.err.contains("2 jobs (at least $0.40) may be waiting in both copies"), "{copied}");
    used_elsewhere(&project);
    let nothing_waits = project.run(&["run", "--yes"]).expect(0);
    assert!(!nothing_waits.err.contains("both copies"), "{nothing_waits}");
}
