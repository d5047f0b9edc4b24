//! A database that is lost, old or damaged: refused with the sum at stake, rebuilt, and nothing is paid again.

use crate::snapshot::{assert_whole, whole};
use crate::support::{Ended, Project, typed, until};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

const DATABASE: &str = ".shotlist/state.db";

/// Six products: two are rendered, then a run is killed with the other four on their way.
fn killed() -> Project {
    let project = Project::shop(6);
    project.run(&["run", "--yes", "--limit", "2"]).expect(0);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("all tasks are known", || project.takes("running") == 4);
    project.written_down();
    run.kill();
    project.clear_faults();
    project
}

/// Kills a run with takes of every kind: refused, rejected, lost, failed, done and in flight.
fn of_every_kind() -> Project {
    let answer = |number: u32, fault: Value| json!({ "on": "submit", "when": { "prompt_contains": format!("number {number}") }, "do": fault });
    let refused = json!({ "error": { "http": 400, "code": "1301", "message": "unsafe" } });
    let stalled = json!({ "on": "poll", "when": { "prompt_contains": "number 5" },
                          "do": { "unknown_word": { "word": "QUEUED" } } });
    let faults = json!([
        answer(2, refused),
        answer(3, json!("reset_after_accept")),
        answer(4, json!({ "fail": { "charged": true } })),
        stalled
    ]);
    let project = Project::shop_with_faults(6, faults);
    let run = project.start(&["run", "--yes"]);
    until("all but one are at their end", || {
        let counts = ["running", "done", "failed", "held"].map(|state| project.takes(state));
        counts == [1, 2, 2, 1]
    });
    project.written_down();
    run.kill();
    project.clear_faults();
    project
}

/// Takes and money by state, as `status` tells them.
fn states(project: &Project) -> BTreeMap<String, Value> {
    let status = project.run(&["status", "--json"]).expect(0).json();
    serde_json::from_value(status["states"].clone()).unwrap()
}

/// Returns the takes in doubt by a ledger in the order of the jobs: a rebuilt one has them in the order in which they
/// were sent.
fn in_doubt(ledger: &Value) -> Vec<Value> {
    let mut takes = ledger["in_doubt"].as_array().unwrap().clone();
    takes.sort_by_key(|take| take["job"].to_string());
    takes
}

/// Runs every command that would send something, or count less than was paid: each refuses. Returns what they print.
fn refused(project: &Project) -> String {
    let commands = [
        &["run", "--yes"][..],
        &["collect"],
        &["plan"],
        &["status"],
        &["ledger"],
        &["resolve", "--all", "--again"],
        &["pause"],
    ];
    commands.map(|command| whole(&project.run(command).expect(9))).join("\n")
}

/// Everything is collected and rendered, and nothing is sent twice.
fn goes_on(project: &Project, jobs: usize) {
    project.run(&["collect"]).expect(0);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.takes("done"), project.requests().len()), (jobs as u64, jobs));
    assert_eq!((project.charges().len(), project.clips().len()), (jobs, jobs));
    assert_eq!(project.run(&["recover", "--json"]).expect(0).json()["rebuilt"], false);
}

/// Runs the program where the ledger is gone, for which every other end of it is checked.
fn without_the_ledger(project: &Project, arguments: &[&str]) -> Ended {
    let mut command = project.command(arguments);
    let output = command.output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    Ended { typed: typed(&command), code: output.status.code().unwrap(), out, err }
}

/// Returns the files next to the database whose names begin with a text.
fn named(project: &Project, start: &str) -> Vec<String> {
    let entries = fs::read_dir(project.path(".shotlist")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.starts_with(start)).collect();
    names.sort();
    names
}

#[test]
fn p37_a_log_that_was_deleted_after_a_kill_is_made_good_from_the_ledger() {
    let project = killed();
    fs::remove_file(project.path(&format!("{DATABASE}-wal"))).unwrap();
    insta::assert_snapshot!("refused_without_the_log", refused(&project));
    let ended = project.run(&["recover"]).expect(0);
    insta::assert_snapshot!(whole(&ended));
    goes_on(&project, 6);
}

#[test]
fn p38_an_older_copy_of_the_database_learns_what_happened_since() {
    let project = Project::shop(6);
    project.run(&["run", "--yes", "--limit", "2"]).expect(0);
    let backup = fs::read(project.path(DATABASE)).unwrap();
    project.run(&["run", "--yes"]).expect(0);
    let clips = project.clips();
    project.write(DATABASE, backup);
    project.run(&["run", "--yes"]).expect(9);
    assert_whole!(project.run(&["recover"]).expect(0));
    assert_eq!(project.sandbox().stats().downloads, 6);
    goes_on(&project, 6);
    assert_eq!(project.sandbox().stats().downloads, 6, "every finished clip is known again");
    assert_eq!(project.clips(), clips);
}

#[test]
fn p39_a_deleted_database_is_rebuilt_with_every_state_and_every_cent() {
    let project = of_every_kind();
    let (before, spent) = (states(&project), project.run(&["ledger", "--json"]).expect(0).json());
    // One more than jobs where the provider had no room for all at once.
    let ledger = fs::read_to_string(project.path(".shotlist/ledger.jsonl")).unwrap();
    let intents = ledger.matches("\"kind\":\"intent\"").count();
    // Its log is left behind: it would be taken for that of the new one.
    fs::remove_file(project.path(DATABASE)).unwrap();
    project.run(&["run", "--yes"]).expect(9);
    assert!(!project.path(DATABASE).exists(), "nothing is written in its stead");

    assert_whole!(project.run(&["recover"]).expect(0));
    assert_eq!(states(&project), before);
    let again = project.run(&["ledger", "--json"]).expect(0).json();
    assert_eq!((&again["total"], in_doubt(&again)), (&spent["total"], in_doubt(&spent)));
    assert_eq!(named(&project, "state.db.old-").len(), 2, "the log and its index are kept");
    project.run(&["collect"]).expect(7);
    project.run(&["run", "--yes"]).expect(7);
    assert_eq!((project.takes("done"), project.takes("failed"), project.takes("held")), (3, 2, 1));
    assert_eq!((project.requests().len(), project.charges().len()), (intents, 5), "nothing was sent again");
    let job = project.show("hero/sku-1");
    assert_eq!((&job["standing"].is_string(), &job["takes"][0]["request"]["as_sent"]), (&true, &json!(true)));
}

#[test]
fn p36_a_damaged_database_is_kept_and_rebuilt() {
    let project = Project::shop(3);
    project.run(&["run", "--yes"]).expect(0);
    let mut bytes = fs::read(project.path(DATABASE)).unwrap();
    bytes[4_096..12_288].fill(0x5a);
    project.write(DATABASE, &bytes);
    assert_whole!(project.run(&["run", "--yes"]).expect(9));
    assert_whole!(project.run(&["recover"]).expect(0));
    let old = named(&project, "state.db.old-");
    assert_eq!(old.len(), 1, "{old:?}");
    assert_eq!(fs::read(project.path(&format!(".shotlist/{}", old[0]))).unwrap(), bytes);
    goes_on(&project, 3);
}

#[test]
fn p36_a_damaged_database_without_any_other_record_is_kept_and_the_next_run_asks() {
    let project = Project::shop(1);
    project.run(&["recover", "--accept-gaps"]).expect(0);
    let mut bytes = fs::read(project.path(DATABASE)).unwrap();
    bytes[..16].fill(0x5a);
    project.write(DATABASE, &bytes);
    project.run(&["run", "--yes"]).expect(9);
    assert_whole!(project.run(&["recover"]).expect(0));
    let old = named(&project, "state.db.old-");
    assert_eq!(fs::read(project.path(&format!(".shotlist/{}", old[0]))).unwrap(), bytes);
    project.run(&["run", "--yes"]).expect(8);
    assert_eq!(project.requests().len(), 0);
    project.run(&["run", "--yes", "--accept-changes"]).expect(0);
    assert_eq!(project.charges().len(), 1);
}

#[test]
fn where_nothing_is_wrong_nothing_is_changed() {
    let project = Project::shop(2);
    assert_whole!(project.run(&["recover"]).expect(0));
    project.run(&["run", "--yes"]).expect(0);
    let files = || [DATABASE, ".shotlist/ledger.jsonl"].map(|name| fs::read(project.path(name)).unwrap());
    let before = files();
    assert_whole!(project.run(&["recover"]).expect(0));
    assert_eq!(files(), before);
    assert!(named(&project, "state.db.old-").is_empty());
    let told = project.run(&["recover", "--json"]).expect(0).json();
    assert_eq!((&told["rebuilt"], &told["next"]), (&json!(false), &json!("shotlist status")));
}

#[test]
fn without_any_record_there_is_nothing_to_rebuild() {
    let project = Project::shop(1);
    fs::create_dir(project.path(".shotlist")).unwrap();
    project.write(".shotlist/ledger.jsonl", "");
    let ended = project.run(&["recover"]).expect(0);
    assert!(ended.to_string().contains("there is no database"), "{ended}");
    assert!(!ended.to_string().contains("undamaged"), "{ended}");
    project.run(&["plan"]).expect(0);
}

#[test]
fn the_doctor_finds_paid_clips_that_a_restored_backup_does_not_know() {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    let names = [DATABASE, ".shotlist/ledger.jsonl"];
    let backup = names.map(|name| fs::read(project.path(name)).unwrap());
    let products = fs::read_to_string(project.path("products.csv")).unwrap();
    project.write("products.csv", format!("{products}sku-2,bowl\n"));
    project.run(&["run", "--yes"]).expect(0);
    for (name, bytes) in names.into_iter().zip(backup) {
        project.write(name, bytes);
    }
    let ended = without_the_ledger(&project, &["doctor", "--json"]).expect(9);
    let checks = ended.json()["checks"].clone();
    let found = checks.as_array().unwrap().iter().find(|check| check["check"] == "clips").unwrap();
    assert_eq!((&found["verdict"], &found["do"]), (&json!("fail"), &json!("shotlist recover")), "{found}");
    without_the_ledger(&project, &["plan"]).expect(9);
    project.run(&["recover"]).expect(0);
    project.run(&["doctor"]).expect(0);
    assert_eq!(project.charges().len(), 2);
}

#[test]
fn the_old_database_is_kept_and_what_it_alone_knew_is_taken_over() {
    let project = Project::shop(4);
    project.run(&["run", "--yes", "--limit", "2"]).expect(0);
    // Two more jobs are wanted, and wait: nothing of them is in the ledger.
    project.fault(
        json!([{ "on": "submit", "do": { "error": { "http": 401, "code": "1000", "message": "no" } } }]),
    );
    project.run(&["run", "--yes"]).expect(10);
    project.clear_faults();
    assert_eq!(project.takes("pending"), 2);
    let backup = fs::read(project.path(DATABASE)).unwrap();
    project.run(&["run", "--yes", "--only", "sku-3"]).expect(0);
    project.write(DATABASE, &backup);
    let told = project.run(&["recover", "--json"]).expect(0).json();
    assert_eq!((&told["submissions"], &told["states"]["pending"]["takes"]), (&json!(1), &json!(1)), "{told}");
    let old = told["old"].as_str().unwrap();
    assert_eq!(fs::read(project.path(old)).unwrap(), backup);
    goes_on_from(&project, 4);
}

/// As [`goes_on`], where some requests were refused before.
fn goes_on_from(project: &Project, jobs: usize) {
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.takes("done"), project.charges().len()), (jobs as u64, jobs));
}

#[test]
fn recovery_that_was_killed_begins_again() {
    let project = killed();
    fs::remove_file(project.path(&format!("{DATABASE}-wal"))).unwrap();
    // What a kill while the new database is made leaves behind.
    project.write(".shotlist/state.db.new", b"half a database");
    project.write(".shotlist/state.db.new-wal", b"and its log");
    assert_whole!(project.run(&["recover"]).expect(0));
    assert!(named(&project, "state.db.new").is_empty());
    // What a kill after the last rename leaves undone is what any start does.
    goes_on(&project, 6);
}

#[test]
fn p03_a_submission_that_was_on_the_wire_is_held_and_never_sent_again() {
    let project = Project::shop_with(1, |options| options.answer_delay = Duration::from_mins(1));
    let run = project.start(&["run", "--yes"]);
    until("the provider has charged", || project.charges().len() == 1);
    run.kill();
    for end in ["", "-wal", "-shm"] {
        fs::remove_file(project.path(&format!("{DATABASE}{end}"))).unwrap();
    }
    assert_whole!(project.run(&["recover"]).expect(0));
    assert_whole!(project.run(&["run", "--yes"]).expect(7));
    assert_eq!(project.requests().len(), 1);
}

#[test]
fn p10_a_clip_that_was_placed_before_its_line_was_written_is_not_fetched_again() {
    let project = Project::shop(1);
    let mut command = project.command(&["run", "--yes"]);
    command.env("SHOTLIST_CRASH_AT", "place.after_rename");
    project.start_as(command).wait().expect(-Signal::ABORT.as_raw());
    for end in ["", "-wal", "-shm"] {
        fs::remove_file(project.path(&format!("{DATABASE}{end}"))).unwrap();
    }
    assert_whole!(project.run(&["recover"]).expect(0));
    let before = project.sandbox().stats();
    goes_on(&project, 1);
    assert_eq!(project.sandbox().stats(), before, "no request was sent");
}

#[test]
fn a_finished_clip_that_is_gone_is_fetched_again_while_its_link_may_live_and_held_after_that() {
    let project = Project::shop(3);
    project.run(&["run", "--yes"]).expect(0);
    fs::remove_file(project.path("renders/sku-2_hero.mp4")).unwrap();
    fs::remove_file(project.path(DATABASE)).unwrap();
    let ledger = fs::read_to_string(project.path(".shotlist/ledger.jsonl")).unwrap();
    assert_whole!(project.run(&["recover"]).expect(0));
    goes_on(&project, 3);

    fs::remove_file(project.path("renders/sku-2_hero.mp4")).unwrap();
    fs::remove_file(project.path(DATABASE)).unwrap();
    // As if all of it had happened ten years ago.
    project.write(".shotlist/ledger.jsonl", ledger.replace("\"at\":\"202", "\"at\":\"201"));
    assert_whole!(project.run(&["recover"]).expect(0));
    let take = project.show("hero/sku-2")["takes"][0].clone();
    assert_eq!((&take["reason"], &take["account"]), (&json!("no_result"), &json!("settled")));
    project.run(&["resolve", "hero/sku-2", "--again"]).expect(0);
    goes_on(&project, 3);
}

#[test]
fn clips_in_another_folder_are_found_without_being_told_where() {
    let project = Project::shop(2);
    project.run(&["run", "--yes", "--out", "clips"]).expect(0);
    fs::remove_file(project.path(DATABASE)).unwrap();
    assert_whole!(project.run(&["recover"]).expect(0));
    assert_whole!(project.run(&["run", "--yes"]).expect(2));
    project.run(&["run", "--yes", "--out", "clips"]).expect(0);
    assert_eq!((project.requests().len(), project.sandbox().stats().downloads), (2, 2));
}

#[test]
fn what_the_manifest_allows_for_orders_in_doubt_is_not_allowed_anew() {
    let lost = json!([{ "on": "submit", "when": { "every": 2 }, "do": "reset_after_accept" }]);
    let project = Project::shop_with_faults(4, lost);
    project.run(&["run", "--yes"]).expect(7);
    project.clear_faults();
    let allow = "on_ambiguous: { resubmit: { max_extra_spend: \"0.40\" } }\nproviders:";
    project.edit("shotlist.yaml", "providers:", allow);
    project.run(&["run", "--yes"]).expect(7);
    assert_eq!(project.requests().len(), 5);
    fs::remove_file(project.path(DATABASE)).unwrap();
    project.run(&["recover"]).expect(0);
    project.run(&["run", "--yes"]).expect(7);
    assert_eq!((project.requests().len(), project.takes("held"), project.takes("written_off")), (5, 1, 1));
}

#[test]
fn a_run_that_is_at_work_is_not_recovered_under_its_feet() {
    let project = Project::shop(1);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("the task is known", || project.takes("running") == 1);
    assert_whole!(project.run(&["recover"]).expect(11));
    project.clear_faults();
    run.wait().expect(0);
}

#[test]
fn copies_and_renamed_jobs_are_known_again_as_well() {
    let project = Project::shop(2);
    // Two products with one prompt are one paid task with two clips.
    project.write("products.csv", "id,title\nsku-1,mug\nsku-2,mug\n");
    project.run(&["run", "--yes"]).expect(0);
    project.write("products.csv", "id,title\nsku-1,mug\nsku-9,mug\n");
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.requests().len(), 1);
    let clips = project.clips();
    fs::remove_file(project.path(DATABASE)).unwrap();
    assert_whole!(project.run(&["recover"]).expect(0));
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.requests().len(), project.sandbox().stats().downloads), (1, 1));
    assert_eq!(project.clips(), clips);
}

/// Takes away the whole state; the clips and their sidecars stay.
fn lose_everything(project: &Project) {
    fs::remove_dir_all(project.path(".shotlist")).unwrap();
}

#[test]
fn p39_clips_without_any_state_are_known_again_by_their_sidecars_and_nothing_is_sent() {
    let project = Project::shop(3);
    project.run(&["run", "--yes"]).expect(0);
    let clips = project.clips();
    let before = project.show("hero/sku-2");
    lose_everything(&project);
    // With other words, a plan without history would call each of them a new job.
    project.edit("shotlist.yaml", "A slow turn", "A quick turn");
    let commands =
        [&["plan"][..], &["validate"], &["status"], &["jobs"], &["ledger"], &["run", "--yes"], &["plan"]];
    for command in commands {
        assert_whole!(without_the_ledger(&project, command).expect(9));
    }
    project.edit("shotlist.yaml", "A quick turn", "A slow turn");
    // A copy of a clip with its sidecar counts once; what was set aside, or is linked, does not count.
    for folder in ["backup", "renders/_takes", "_archive", "sandbox"] {
        fs::create_dir_all(project.path(folder)).unwrap();
        for end in ["", ".json"] {
            let (from, to) = (format!("renders/sku-1_hero.mp4{end}"), format!("{folder}/copy.mp4{end}"));
            fs::copy(project.path(&from), project.path(&to)).unwrap();
        }
    }
    std::os::unix::fs::symlink(project.path("renders"), project.path("linked")).unwrap();
    assert_whole!(project.run(&["recover"]).expect(0));
    let after = project.show("hero/sku-2");
    for field in ["fingerprint", "model", "settled_usd", "price_usd", "task_id"] {
        assert_eq!(after["takes"][0][field], before["takes"][0][field], "{field}");
    }
    assert_eq!(after["takes"][0]["request"]["body"], before["takes"][0]["request"]["body"]);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.requests().len(), project.takes("done")), (3, 3));
    fs::remove_file(project.path("linked")).unwrap();
    for folder in ["backup", "renders/_takes", "_archive", "sandbox"] {
        fs::remove_dir_all(project.path(folder)).unwrap();
    }
    assert_eq!(project.clips(), clips);
    // The ledger was written again, and is enough without the database from now on.
    fs::remove_file(project.path(DATABASE)).unwrap();
    assert_whole!(project.run(&["recover"]).expect(0));
}

#[test]
fn a_shared_clip_is_paid_once_also_if_it_was_edited() {
    let project = Project::shop(2);
    project.write("products.csv", "id,title\nsku-1,mug\nsku-2,mug\n");
    project.run(&["run", "--yes"]).expect(0);
    lose_everything(&project);
    assert_whole!(project.run(&["recover"]).expect(0));
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.requests().len(), project.sandbox().stats().downloads), (1, 1));
    lose_everything(&project);
    for clip in ["renders/sku-1_hero.mp4", "renders/sku-2_hero.mp4"] {
        let mut bytes = fs::read(project.path(clip)).unwrap();
        bytes.push(0);
        project.write(clip, bytes);
    }
    let told = without_the_ledger(&project, &["recover", "--json"]).expect(0).json();
    assert_eq!((&told["clips_from_sidecars"], &told["clips_gone"]), (&json!(1), &json!(1)), "{told}");
}

#[test]
fn what_was_on_its_way_when_the_state_was_lost_is_not_ordered_again_without_a_word() {
    let project = Project::shop(2);
    project.run(&["run", "--yes", "--limit", "1"]).expect(0);
    lose_everything(&project);
    assert_whole!(project.run(&["recover"]).expect(0));
    assert_whole!(project.run(&["plan"]).expect(0));
    assert_eq!(project.run(&["plan", "--json"]).json()["gaps"], true);
    let run = project.run(&["run", "--yes"]).expect(8);
    insta::assert_snapshot!(whole(&run));
    assert_eq!(project.requests().len(), 1);
    project.run(&["run", "--yes", "--accept-changes"]).expect(0);
    assert_eq!(project.requests().len(), 2);
    project.write("products.csv", crate::support::sheet(3));
    project.run(&["run", "--yes"]).expect(8);
    assert_eq!(project.requests().len(), 2, "the answer was not given for the third job");
    assert_whole!(project.run(&["recover", "--accept-gaps"]).expect(0));
    assert_eq!(project.run(&["plan", "--json"]).json()["gaps"], false);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.requests().len(), 3);
    assert_whole!(project.run(&["recover", "--accept-gaps"]).expect(0));
}

/// Two products of which the first has its clip, and whose records were rebuilt from that clip.
fn with_gaps() -> Project {
    let project = Project::shop(2);
    project.run(&["run", "--yes", "--limit", "1"]).expect(0);
    lose_everything(&project);
    project.run(&["recover"]).expect(0);
    project
}

#[test]
fn a_job_that_gaps_may_concern_is_asked_about_whenever_it_returns() {
    let project = with_gaps();
    // No run in which it is not asked about answers for it: neither one without it, nor one with consent to another
    // job.
    project.write("products.csv", crate::support::sheet(1));
    project.run(&["run", "--yes"]).expect(0);
    project.run(&["run", "--yes", "--accept-changes"]).expect(0);
    project.write("products.csv", "id,title\nsku-1,mug number 1\nsku-3,mug number 3\n");
    project.run(&["run", "--yes", "--accept-changes"]).expect(0);
    project.write("products.csv", crate::support::sheet(3));
    assert_eq!(project.run(&["plan", "--json"]).json()["gaps"], true);
    project.run(&["run", "--yes"]).expect(8);
    assert_eq!(project.requests().len(), 2);
    // Consent holds for the job until it is sent, although nothing is sent now.
    project.fault(
        json!([{ "on": "submit", "do": { "error": { "http": 401, "code": "1000", "message": "no" } } }]),
    );
    project.run(&["run", "--yes", "--accept-changes"]).expect(10);
    project.clear_faults();
    assert_eq!(project.run(&["plan", "--json"]).json()["gaps"], false);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.charges().len(), 3);
}

#[test]
fn a_run_of_another_manifest_does_not_answer_for_the_jobs_of_this_one() {
    let project = with_gaps();
    let manifest = fs::read_to_string(project.path("shotlist.yaml")).unwrap();
    let other = manifest.replace("products.csv", "other.csv").replace("project: shop", "project: other");
    project.write("other.yaml", other);
    project.write("other.csv", "id,title\nsku-1,mug number 1\n");
    project.run(&["run", "other.yaml", "--yes", "--accept-changes"]).expect(0);
    project.run(&["run", "--yes"]).expect(8);
    assert_eq!(project.requests().len(), 1);
}

#[test]
fn a_plan_answers_for_gaps_only_if_it_was_made_after_the_records_were_rebuilt() {
    let project = Project::shop(2);
    project.run(&["run", "--yes", "--limit", "1"]).expect(0);
    project.run(&["plan", "--out", "old.json"]).expect(0);
    lose_everything(&project);
    project.run(&["recover"]).expect(0);
    project.run(&["run", "--plan", "old.json"]).expect(8);
    project.run(&["plan", "--out", "new.json"]).expect(0);
    project.run(&["run", "--plan", "new.json"]).expect(0);
    assert_eq!(project.requests().len(), 2);
}

#[test]
fn the_gaps_of_a_damaged_ledger_stay_when_the_database_is_lost_later() {
    let project = Project::shop(2);
    project.run(&["run", "--yes", "--limit", "1"]).expect(0);
    let backup = fs::read(project.path(DATABASE)).unwrap();
    project.run(&["run", "--yes"]).expect(0);
    project.write(DATABASE, &backup);
    let ledger = fs::read_to_string(project.path(".shotlist/ledger.jsonl")).unwrap();
    let lines = ledger.lines().enumerate().map(|(at, line)| if at < 3 { line } else { "{damaged" });
    project.write(".shotlist/ledger.jsonl", lines.collect::<Vec<_>>().join("\n") + "\n");
    for end in ["mp4", "mp4.json"] {
        fs::remove_file(project.path(&format!("renders/sku-2_hero.{end}"))).unwrap();
    }
    without_the_ledger(&project, &["recover"]).expect(0);
    without_the_ledger(&project, &["run", "--yes"]).expect(8);
    for end in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(project.path(&format!("{DATABASE}{end}")));
    }
    without_the_ledger(&project, &["recover"]).expect(0);
    without_the_ledger(&project, &["run", "--yes"]).expect(8);
    assert_eq!(project.requests().len(), 2);
}

#[test]
fn an_answer_to_gaps_holds_for_what_was_ordered_with_it_alone() {
    let project = Project::shop(3);
    project.run(&["run", "--yes", "--limit", "1"]).expect(0);
    lose_everything(&project);
    project.run(&["recover"]).expect(0);
    // Agreed to, and nothing is ordered: a file is in the way.
    project.write("renders/sku-3_hero.mp4", "mine");
    assert_whole!(project.run(&["run", "--yes", "--accept-changes"]).expect(4));
    fs::remove_file(project.path("renders/sku-3_hero.mp4")).unwrap();
    assert_whole!(project.run(&["run", "--yes"]).expect(8));
    // A part is agreed to: the rest is still open.
    project.run(&["run", "--yes", "--accept-changes", "--limit", "1"]).expect(0);
    assert_whole!(project.run(&["run", "--yes"]).expect(8));
    assert_eq!(project.requests().len(), 2);
}

#[test]
fn rehearsed_clips_are_recovered_for_rehearsals_alone() {
    let project = Project::shop(1);
    project.run(&["run", "--sandbox"]).expect(0);
    lose_everything(&project);
    assert_whole!(project.run(&["recover"]).expect(0));
    assert_whole!(project.run(&["run", "--sandbox"]).expect(9));
    assert_whole!(project.run(&["recover", "--sandbox"]).expect(0));
    assert_whole!(project.run(&["run", "--sandbox"]).expect(0));
    // The mark in the sidecar counts wherever the clip was moved to.
    fs::create_dir_all(project.path("renders")).unwrap();
    for end in ["", ".json"] {
        let name = format!("renders/sku-1_hero.mp4{end}");
        fs::rename(project.path(&format!("sandbox/{name}")), project.path(&name)).unwrap();
    }
    lose_everything(&project);
    assert_whole!(project.run(&["recover"]).expect(0));
}

/// Renders product `a` with each of these words, one after the other.
fn reworded(words: &[&str]) -> Project {
    let project = Project::shop(0);
    for word in words {
        project.write("products.csv", format!("id,title\na,{word}\n"));
        project.run(&["run", "--yes"]).expect(0);
    }
    project
}

fn lose_the_database(project: &Project) {
    for end in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(project.path(&format!("{DATABASE}{end}")));
    }
    project.run(&["recover"]).expect(0);
}

#[test]
fn a_rebuilt_database_knows_the_earlier_versions_of_a_clip() {
    let project = reworded(&["plum", "fig"]);
    lose_the_database(&project);
    assert_eq!(project.run(&["verify", "--json"]).expect(0).lines().last().unwrap()["same"], 2);
    project.write("products.csv", "id,title\na,plum\n");
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.charges().len(), 2, "the earlier clip serves again");
}

#[test]
fn a_rebuilt_database_knows_which_product_took_a_clip_over() {
    let project = reworded(&["plum"]);
    project.write("products.csv", "id,title\nb,plum\n");
    project.run(&["run", "--yes"]).expect(0);
    lose_the_database(&project);
    assert_eq!(project.show("hero/b")["takes"].as_array().unwrap().len(), 1);
    project.write("products.csv", "id,title\nb,kiwi\n");
    project.run(&["run", "--yes"]).expect(0);
    lose_the_database(&project);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.charges().len(), 2);
}

#[test]
fn a_lost_ledger_is_written_again_and_is_enough_when_the_database_is_lost_later() {
    let project = of_every_kind();
    project.run(&["collect"]).expect(7);
    project.run(&["dismiss", "hero/sku-2"]).expect(0);
    let (before, requests) = (states(&project), project.requests().len());
    let spent = project.run(&["ledger", "--json"]).expect(0).json();
    fs::remove_file(project.path(".shotlist/ledger.jsonl")).unwrap();
    assert_whole!(project.run(&["recover"]).expect(0));
    assert_whole!(project.run(&["recover"]).expect(0));
    lose_the_database(&project);
    assert_eq!(states(&project), before);
    let again = project.run(&["ledger", "--json"]).expect(0).json();
    assert_eq!((&again["total"], in_doubt(&again).len()), (&spent["total"], in_doubt(&spent).len()));
    project.run(&["run", "--yes"]).expect(7);
    assert_eq!(project.requests().len(), requests);
}

#[test]
fn a_copy_of_an_older_ledger_gets_the_lines_that_it_lacks() {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    let older = fs::read(project.path(".shotlist/ledger.jsonl")).unwrap();
    project.write("products.csv", crate::support::sheet(2));
    project.fault(json!([{ "on": "submit", "do": "reset_after_accept" }]));
    project.run(&["run", "--yes"]).expect(7);
    project.clear_faults();
    project.write(".shotlist/ledger.jsonl", &older);
    project.run(&["collect"]).expect(7);
    lose_the_database(&project);
    project.run(&["run", "--yes"]).expect(7);
    assert_eq!(project.requests().len(), 2);
}

#[test]
fn a_review_in_a_lost_ledger_does_not_hide_the_clip() {
    let project = Project::shop(2);
    project.run(&["run", "--yes"]).expect(0);
    fs::remove_file(project.path(".shotlist/ledger.jsonl")).unwrap();
    without_the_ledger(&project, &["approve", "hero/sku-1"]).expect(0);
    for _ in 0..2 {
        for end in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(project.path(&format!("{DATABASE}{end}")));
        }
        let told = project.run(&["recover", "--json"]).expect(0).json();
        assert_eq!(
            (&told["lines_left_out"], &told["states"]["done"]["takes"]),
            (&json!(0), &json!(2)),
            "{told}"
        );
        assert_eq!(project.run(&["plan", "--json"]).expect(0).json()["review"]["approved"], 1);
    }
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.requests().len(), 2);
}

#[test]
fn a_renamed_project_has_its_money_after_the_database_is_lost() {
    let project = Project::shop(2);
    project.run(&["run", "--yes"]).expect(0);
    project.edit("shotlist.yaml", "project: shop", "project: spring");
    project.run(&["run", "--yes"]).expect(0);
    let spent = project.run(&["ledger", "--json"]).expect(0).json();
    assert_eq!(spent["total"]["settled_usd"], "0.80", "{spent}");
    lose_the_database(&project);
    assert_eq!(project.run(&["ledger", "--json"]).expect(0).json(), spent);
    assert!(project.run(&["jobs"]).expect(0).out.contains("$0.40  hero/sku-1"));
}

#[test]
fn a_sidecar_without_its_clip_proves_the_payment_and_blocks_nothing() {
    let project = Project::shop(3);
    project.run(&["run", "--yes"]).expect(0);
    fs::remove_file(project.path("renders/sku-1_hero.mp4")).unwrap();
    let mut altered = fs::read(project.path("renders/sku-2_hero.mp4")).unwrap();
    altered.push(0);
    project.write("renders/sku-2_hero.mp4", altered);
    lose_everything(&project);
    assert_whole!(without_the_ledger(&project, &["recover"]).expect(0));
    assert_whole!(without_the_ledger(&project, &["plan"]).expect(0));
    without_the_ledger(&project, &["run", "--yes"]).expect(3);
    project.run(&["verify", "--repair", "--replace-altered"]).expect(5);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.requests().len(), project.takes("done")), (3, 3));
}

#[test]
fn a_run_that_ended_before_a_rebuild_is_not_told_as_interrupted() {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    fs::remove_file(project.path(DATABASE)).unwrap();
    project.run(&["recover"]).expect(0);
    let status = project.run(&["status"]).expect(0);
    assert!(status.out.contains("; its end was lost with the database"), "{status}");
    project.run(&["redo", "hero/sku-1", "--yes"]).expect(0);
    let status = project.run(&["status"]).expect(0);
    assert!(status.out.contains("exit 0, took"), "{status}");
}

#[test]
fn a_job_whose_sidecar_alone_is_left_is_not_paid_again_without_a_word() {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    fs::remove_file(project.path("renders/sku-1_hero.mp4")).unwrap();
    lose_everything(&project);
    assert_whole!(without_the_ledger(&project, &["plan"]).expect(0));
    assert_whole!(without_the_ledger(&project, &["run", "--yes"]).expect(8));
    project.run(&["recover"]).expect(0);
    project.run(&["run", "--yes"]).expect(3);
    lose_everything(&project);
    without_the_ledger(&project, &["run", "--yes", "--accept-changes"]).expect(0);
    assert_eq!(project.requests().len(), 2);
}
