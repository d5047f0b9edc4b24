//! The documents of `--json`: every command names the form of its data, and every error is a document.

use super::faults::refused;
use crate::support::{Ended, Project, sheet, until};
use clap::CommandFactory as _;
use rustix::process::Signal;
use serde_json::{Value, json};
use shotlist::cli::args::Cli;
use std::collections::BTreeSet;

/// Commands whose lines are events. Only the last line of a stream names its form.
const STREAMS: [&str; 4] = ["run", "collect", "retry", "redo"];

/// Checks that every line names the form of its data, and returns the lines.
fn named(command: &str, ended: &Ended) -> Vec<Value> {
    let lines = ended.lines();
    let form = match command {
        stream if STREAMS.contains(&stream) => "run",
        "approve" | "reject" => "decide",
        "resume" => "pause",
        command => command,
    };
    let last = lines.last().unwrap_or_else(|| panic!("no data\n{ended}"));
    assert_eq!(last["schema"], format!("shotlist.{form}/1"), "{ended}");
    for line in &lines {
        let is_named = line["schema"].is_string();
        assert!(is_named || (form == "run" && line["event"].is_string()), "{line}\n{ended}");
    }
    lines
}

/// A shop with a finished job, and one that failed; another one needs a decision.
fn shop() -> Project {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    project.write("products.csv", sheet(2));
    project.fault(json!([refused(400, "1301", "sensitive")]));
    project.run(&["run", "--yes"]).expect(3);
    project.clear_faults();
    project.write("products.csv", sheet(3));
    project.fault(json!([{ "on": "submit", "times": 1, "do": "reset_after_accept" }]));
    project.run(&["run", "--yes"]).expect(7);
    project.clear_faults();
    project
}

#[test]
fn every_command_names_the_form_of_its_data() {
    let project = shop();
    let each: &[&[&str]] = &[
        &["validate"],
        &["plan"],
        &["status"],
        &["jobs"],
        &["show", "sku-1"],
        &["ledger"],
        &["report"],
        &["check"],
        &["verify"],
        &["models"],
        &["doctor"],
        &["catalog", "products.csv"],
        &["approve", "sku-1"],
        &["export", "sheet"],
        &["reject", "sku-1", "--reason", "flicker"],
        &["resolve", "sku-3", "--write-off"],
        &["pause", "zai"],
        &["resume"],
        &["dismiss", "sku-3"],
        &["cancel", "sku-1"],
        &["retry", "--include-permanent", "--yes"],
        &["redo", "sku-1", "--yes"],
        &["run", "--yes"],
        &["collect"],
        &["recover"],
        &["prune"],
        &["init", "second.yaml"],
    ];
    // These write no data about a project.
    let mut walked = BTreeSet::from(["schema", "completions", "help"]);
    for arguments in each {
        let ended = project.run(&[arguments, &["--json"][..]].concat());
        named(arguments[0], &ended);
        walked.insert(arguments[0]);
    }
    named("verify", &project.run(&["verify", "--json", "--repair"]));
    project.write("products.csv", sheet(4));
    named("request", &project.run(&["plan", "--show-requests"]));
    named("models", &project.run(&["models", "zai/vidu2-image", "--json"]));
    project.write("products.csv", sheet(4));
    named("request", &project.run(&["plan", "--show-requests"]));
    let adjust = ["ledger", "adjust", "sku-2", "--usd", "0.40", "--reason", "the bill", "--json"];
    named("adjust", &project.run(&adjust));
    named("compare", &project.run(&["report", "--compare", "1", "--json"]));
    project.run(&["review", "--export", "decisions.csv"]).expect(0);
    named("review_import", &project.run(&["review", "--import", "decisions.csv", "--json"]));
    for server in ["review", "sandbox"] {
        let running = project.start(&[server, "--json"]);
        until("it listens", || running.printed().ends_with('\n'));
        running.signal(Signal::TERM);
        named(server, &running.wait());
        walked.insert(server);
    }
    let command = Cli::command();
    let all: BTreeSet<&str> =
        command.get_subcommands().map(clap::Command::get_name).chain(["help"]).collect();
    assert_eq!(walked, all);
}

#[test]
fn every_path_of_a_clip_begins_in_the_folder_of_the_clips() {
    let project = Project::shop(1);
    let run = project.run(&["run", "--sandbox", "--json"]).expect(0).lines();
    let path = "renders/sku-1_hero.mp4";
    assert!(run.iter().any(|line| line["event"] == "done" && line["file"] == path), "{run:?}");
    let read = |arguments: &[&str]| project.run(&[arguments, &["--sandbox", "--json"]].concat()).json();
    assert_eq!(read(&["plan"])["jobs"][0]["path"], path);
    assert_eq!(read(&["show", "sku-1"])["clip"], path);
    assert_eq!(read(&["check"])["clips"][0]["path"], path);
    for list in ["jobs", "report"] {
        let read = read(&[list]);
        assert_eq!(read["jobs"][0]["path"], path, "{list}");
        assert!(project.path(read["out"].as_str().unwrap()).join(path).exists(), "{list}: {}", read["out"]);
    }
    std::fs::remove_file(project.path("sandbox").join(path)).unwrap();
    let verified = project.run(&["verify", "--sandbox", "--json"]).expect(3).lines();
    assert_eq!(verified[0]["path"], path);
}

#[test]
fn an_error_of_the_arguments_is_a_document_too() {
    let project = Project::shop(1);
    let wrong: [(&[&str], &str, &str); 6] = [
        (&["run", "--json", "--jsn"], "unexpected argument '--jsn' found", "shotlist run --help"),
        (&["plan", "--json", "--limit", "x"], "write a whole number, such as 5", "shotlist plan --help"),
        (&["--json", "show"], "required arguments were not provided: <JOB>", "shotlist show --help"),
        (&["frobnicate", "--json"], "unrecognized subcommand 'frobnicate'", "shotlist --help"),
        (&["--json"], "'shotlist' requires a subcommand but one was not provided", "shotlist --help"),
        (&["export", "--json"], "requires a subcommand", "shotlist export --help"),
    ];
    for (arguments, what, next) in wrong {
        let ended = project.run(arguments).expect(2);
        let error = ended.json();
        assert_eq!((&error["schema"], &error["exit"]), (&json!("shotlist.error/1"), &json!(2)), "{ended}");
        assert!(error["error"].as_str().unwrap().contains(what), "{ended}");
        assert_eq!(error["next"], next, "{ended}");
        assert_eq!(error["event"] == "ended", arguments[0] == "run", "{ended}");
        // The text is the same as without the flag.
        assert!(ended.err.contains("Usage:") || ended.err.contains("--help"), "{ended}");
    }
    let ended = project.run(&["run", "--jsn"]).expect(2);
    assert_eq!(ended.out, "");
    let ended = project.run(&["show", "--", "a", "b", "c", "--json"]).expect(2);
    assert_eq!(ended.out, "");
}
