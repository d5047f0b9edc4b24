//! stdout is data, stderr is talk; every command can be read by programs.

use crate::snapshot::assert_whole;
use crate::support::{Project, until};
use rustix::process::Signal;
use serde_json::{Value, json};

#[test]
fn plan_as_json_has_every_job_with_its_price() {
    let project = Project::shop(3);
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    assert_eq!((&plan["format"], &plan["project"]), (&json!(1), &json!("shop")));
    assert_eq!((&plan["to_render"], &plan["total_usd"]), (&json!(3), &json!("1.20")));
    let jobs = plan["jobs"].as_array().unwrap();
    assert_eq!(jobs.len(), 3);
    for (at, job) in jobs.iter().enumerate() {
        assert_eq!(job["job"], format!("hero/sku-{}", at + 1));
        assert_eq!(job["path"], format!("renders/sku-{}_hero.mp4", at + 1));
        assert_eq!((&job["decision"], &job["price_usd"]), (&json!("new"), &json!("0.40")));
    }
    assert!(!project.path(".shotlist").exists(), "a plan leaves nothing behind");
}

#[test]
fn with_json_stderr_has_no_next_line() {
    let project = Project::shop(1);
    // The wait for each command checks its stderr.
    let steps: [(&[&str], i32); 9] = [
        (&["collect"], 0),
        (&["run"], 2),
        (&["run", "--yes"], 0),
        (&["run", "--yes"], 0),
        (&["collect"], 0),
        (&["retry"], 0),
        (&["status"], 0),
        (&["jobs"], 0),
        (&["show", "nothing"], 2),
    ];
    for (arguments, code) in steps {
        let ended = project.run(&[arguments, &["--json"]].concat()).expect(code);
        assert_eq!(ended.err.is_empty(), code == 0, "{ended}");
    }
}

#[test]
fn plan_shows_the_requests_that_run_then_sends() {
    let project = Project::shop(2);
    let shown = project.run(&["plan", "--show-requests"]).expect(0).lines();
    assert_eq!(project.requests().len(), 0);
    project.run(&["run", "--yes"]).expect(0);
    let without_id = |body: &Value| {
        let mut body = body.clone();
        body.as_object_mut().unwrap().remove("request_id").unwrap();
        body
    };
    for request in project.requests() {
        let sent = without_id(&request.body);
        assert!(shown.iter().any(|line| without_id(&line["body"]) == sent), "{sent} was not in {shown:?}");
    }
}

#[test]
fn run_as_json_tells_each_step_on_a_line_and_ends_with_a_summary() {
    let project = Project::shop(2);
    let ended = project.run(&["run", "--yes", "--json"]).expect(0);
    let lines = ended.lines();
    for line in &lines[..lines.len() - 1] {
        assert!(line["event"].is_string() && line["at"].is_string(), "{line}");
    }
    let done: Vec<&Value> = lines.iter().filter(|line| line["event"] == "done").collect();
    assert_eq!(done.len(), 2, "{ended}");
    let clips = project.clips();
    for line in done {
        assert_eq!(line["sha256"], clips[line["file"].as_str().unwrap()]);
    }
    let summary = lines.last().unwrap();
    assert_eq!((&summary["event"], &summary["exit"]), (&json!("summary"), &json!(0)));
    assert_eq!((&summary["spent_usd"], &summary["states"]["done"]["takes"]), (&json!("0.80"), &json!(2)));
}

#[test]
fn status_and_show_tell_where_things_stand() {
    let project = Project::shop(2);
    assert_whole!(project.run(&["status"]).expect(2));
    project.run(&["run", "--yes"]).expect(0);
    let status = project.run(&["status", "--json"]).expect(0).json();
    assert_eq!(status["states"]["done"], json!({ "takes": 2, "usd": "0.80" }));
    assert_eq!((&status["month_usd"], &status["active"]), (&json!("0.80"), &Value::Null));
    let show = project.show("sku-1");
    let charges = project.charges();
    let take = &show["takes"][0];
    let charge = charges.iter().find(|charge| take["task"] == charge.task.as_str()).unwrap();
    assert_eq!(take["attempts"][0]["request_id"], charge.request_id);
    assert_eq!(show["clip"], "renders/sku-1_hero.mp4");
    assert_whole!(project.run(&["show", "sku-11"]).expect(2));
    assert_whole!(project.run(&["show", "hero/sku-2"]).expect(0));
}

#[test]
fn data_goes_to_stdout_and_talk_to_stderr() {
    let project = Project::shop(1);
    let validated = assert_whole!(project.run(&["validate"]).expect(0));
    assert_eq!(validated.out, "");
    let valid = project.run(&["validate", "--json"]).expect(0).json();
    assert_eq!((&valid["valid"], &valid["jobs"]), (&json!(true), &json!(1)));
    let run = project.run(&["run", "--yes", "--quiet"]).expect(0);
    assert_eq!((run.out.as_str(), run.err.as_str()), ("", ""));
    let status = assert_whole!(project.run(&["status"]).expect(0));
    assert!(!status.out.contains('\x1b'), "{status}");
}

#[test]
fn every_way_to_a_manifest_leads_to_the_same_project() {
    let project = Project::shop(1);
    project.run(&["run", "--yes", "-f", "shotlist.yaml"]).expect(0);
    project.run(&["run", "shotlist.yaml"]).expect(0);
    let mut from_below = project.command(&["run"]);
    from_below.current_dir(project.path("renders"));
    project.start_as(from_below).wait().expect(0);
    assert_eq!((project.requests().len(), project.clips().len()), (1, 1));
    project.run(&["frobnicate"]).expect(2);
}

#[test]
fn clips_can_go_elsewhere() {
    let project = Project::shop(1);
    project.run(&["run", "--yes", "--out", "elsewhere"]).expect(0);
    assert_eq!(project.clips().into_keys().collect::<Vec<_>>(), ["elsewhere/renders/sku-1_hero.mp4"]);
}

#[test]
fn completions_are_a_script_that_knows_the_commands() {
    let project = Project::empty(|_| {});
    let script = project.run(&["completions", "bash"]).expect(0).out;
    for command in ["run", "collect", "resolve", "retry", "sandbox"] {
        assert!(script.contains(command));
    }
    assert!(script.contains("complete -F _shotlist"));
}

#[test]
fn a_rehearsal_needs_no_key_and_keeps_apart_from_what_is_paid() {
    let project = Project::shop(3);
    let mut rehearsal = project.command(&["run", "--sandbox"]);
    rehearsal.env_remove(crate::support::KEY_VARIABLE);
    project.start_as(rehearsal).wait().expect(0);
    assert_eq!(project.requests().len(), 0);
    assert_eq!(project.clips().len(), 3);
    assert!(project.clips().keys().all(|name| name.starts_with("sandbox/renders/")));
    assert!(!project.path(".shotlist/state.db").exists());
    project.run(&["run", "--sandbox"]).expect(0);
    assert_eq!(project.run(&["plan", "--json"]).expect(0).json()["to_render"], 3);
    assert_eq!(project.run(&["plan", "--json", "--sandbox"]).expect(0).json()["to_render"], 0);
}

#[test]
fn a_rehearsal_survives_a_kill_and_shows_what_doubt_looks_like() {
    let project = Project::shop(3);
    project.write(
        "faults.json",
        r#"[{ "on": "submit", "when": { "prompt_contains": "number 2" }, "times": 1, "do": "reset_after_accept" }]"#,
    );
    assert_whole!(project.run(&["run", "--sandbox", "--faults", "faults.json"]).expect(7));
    project.run(&["resolve", "--all", "--resubmit", "--sandbox"]).expect(0);
    project.run(&["run", "--sandbox"]).expect(0);
    assert_eq!(project.clips().len(), 3);
    project.run(&["run", "--faults", "faults.json"]).expect(2);
}

#[test]
fn the_sandbox_serves_as_a_program_of_its_own() {
    let project = Project::shop(2);
    let server = project.start(&[
        "sandbox",
        "--clips",
        "tiny",
        "--task-time",
        "100ms",
        "--key",
        "test-key",
        "--unlimited",
    ]);
    until("it listens", || server.printed().ends_with('\n'));
    let address: Value = serde_json::from_str(&server.printed()).unwrap();
    let here = project.sandbox().provider_url("zai");
    project.edit("shotlist.yaml", &here, address["zai"].as_str().unwrap());
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.requests().len(), project.clips().len()), (0, 2));
    server.signal(Signal::TERM);
    server.wait().expect(0);
}
