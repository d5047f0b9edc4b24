//! Whole outputs of what is printed for programs and for other readers: JSON of every command, reports and errors.

use super::faults::refused;
use crate::snapshot::{assert_whole, stable, whole};
use crate::support::{KEY_VARIABLE, Project, sheet, until};
use insta::assert_snapshot;
use rustix::process::Signal;
use serde_json::json;
use std::fs;

#[test]
fn reports_and_decisions_are_told_whole() {
    let project = Project::shop(2);
    project.run(&["run", "--yes"]).expect(0);
    assert_whole!(project.run(&["jobs", "--json"]).expect(0));
    assert_whole!(project.run(&["show", "sku-1", "--json"]).expect(0));
    assert_whole!(project.run(&["check"]).expect(0));
    assert_whole!(project.run(&["check", "--json"]).expect(0));
    assert_whole!(project.run(&["verify", "--json"]).expect(0));

    assert_whole!(project.run(&["approve", "sku-1", "--who", "ana", "--note", "for the banner"]).expect(0));
    assert_whole!(project.run(&["approve", "sku-1", "--who", "ana", "--undo", "--json"]).expect(0));
    assert_whole!(project.run(&["approve", "sku-9", "--who", "ana"]).expect(2));
    assert_whole!(project.run(&["reject", "sku-2", "--who", "ana", "--reason", "ugly"]).expect(2));
    let reject = ["reject", "sku-2", "--who", "ana", "--reason", "wrong_colour", "--redo"];
    assert_whole!(project.run(&reject).expect(0));
    assert_whole!(project.run(&["reject", "sku-2", "--who", "ana", "--undo", "--json"]).expect(0));
    assert_whole!(project.run(&["review", "--export", "-"]).expect(0));
    assert_whole!(project.run(&["review", "--export", "decisions.csv", "--json"]).expect(0));
    assert_whole!(project.run(&["review", "--import", "decisions.csv", "--who", "ben"]).expect(0));
    project.write("decisions.csv", "job,outcome\nhero/sku-1,approved\n");
    assert_whole!(project.run(&["review", "--import", "decisions.csv"]).expect(4));

    project.run(&["approve", "sku-1", "--who", "ana"]).expect(0);
    assert_whole!(project.run(&["export", "sheet", "--json"]).expect(0));
    assert_whole!(project.run(&["report", "--json"]).expect(0));
    assert_whole!(project.run(&["report"]).expect(0));
    let page = fs::read_to_string(project.path("report.html")).unwrap();
    assert_snapshot!("page_without_scripts", stable(&words_of(&page)));
}

/// Returns what a browser shows of a page before any script runs.
fn words_of(page: &str) -> String {
    let dropped = [r"(?s)<script\b.*?</script>", r"(?s)<style\b.*?</style>", r"<[^>]*>"];
    let mut words = page.to_owned();
    for part in dropped {
        words = regex::Regex::new(part).unwrap().replace_all(&words, "\n").into_owned();
    }
    words.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_verbs_that_mend_are_told_whole_to_programs() {
    let rules = json!([
        { "on": "submit", "when": { "prompt_contains": "number 2" }, "times": 1, "do": "reset_after_accept" },
    ]);
    let project = Project::shop_with_faults(1, rules);
    assert_whole!(project.run(&["collect", "--json"]).expect(0));
    project.run(&["run", "--yes"]).expect(0);
    project.write("products.csv", sheet(2));
    assert_whole!(project.run(&["run", "--yes", "--json"]).expect(7));
    assert_whole!(project.run(&["plan", "--detailed-exitcode"]).expect(0));
    assert_whole!(project.run(&["resolve", "sku-2", "--write-off", "--note", "lost", "--json"]).expect(0));
    assert_whole!(project.run(&["dismiss", "sku-2", "--reason", "discontinued", "--json"]).expect(0));
    project.fault(json!([refused(400, "1301", "sensitive")]));
    project.write("products.csv", sheet(3));
    assert_whole!(project.run(&["plan", "--detailed-exitcode", "--json"]).expect(6));
    assert_whole!(project.run(&["run", "--yes", "--json"]).expect(3));
    project.clear_faults();
    assert_whole!(project.run(&["retry", "--include-permanent", "--yes", "--json"]).expect(0));
    project.write("products.csv", sheet(1));
    assert_whole!(project.run(&["prune", "--yes", "--json"]).expect(0));
    let idle = project.run(&["prune", "--yes", "--json"]).expect(0);
    assert_eq!((&idle.json()["archived"], idle.err.as_str()), (&json!(0), ""), "{idle}");
}

#[test]
fn each_class_of_error_is_told_whole_to_programs() {
    let project = Project::shop(2);
    assert_whole!(project.run(&["status", "--json"]).expect(2));
    assert_whole!(project.run(&["run", "--json"]).expect(2));
    assert_whole!(project.run(&["run", "--jsn"]).expect(2));
    let mut keyless = project.command(&["run", "--yes", "--json"]);
    keyless.env_remove(KEY_VARIABLE);
    assert_whole!(project.start_as(keyless).wait().expect(10));
    project.edit("shotlist.yaml", "limits: { ", "limits: { concurrency: 1, ");
    assert_whole!(project.run(&["run", "--max-cost", "0.40", "--json"]).expect(8));
    assert_whole!(project.run(&["show", "unknown", "--json"]).expect(2));

    project.stall();
    let holder = project.start(&["run", "--yes"]);
    until("its task is known", || project.takes("running") == 1);
    assert_whole!(project.run(&["run", "--yes", "--json"]).expect(11));
    holder.signal(Signal::TERM);
    holder.wait().expect(143);
    project.clear_faults();
    project.run(&["pause"]).expect(0);
    project.write("products.csv", sheet(3));
    assert_whole!(project.run(&["run", "--yes", "--json"]).expect(5));

    project.edit("shotlist.yaml", "zai/viduq1-text", "zai/viduq2-text");
    for verb in ["plan", "run", "validate"] {
        assert_whole!(project.run(&[verb, "--json"]).expect(4));
    }
    let project = Project::shop(1);
    project.write(".shotlist", "not a folder");
    assert_whole!(project.run(&["run", "--yes", "--json"]).expect(9));
}

#[test]
fn servers_and_scripts_are_told_whole() {
    let project = Project::empty(|_| {});
    for flag in [None, Some("--json")] {
        let mut arguments = vec!["sandbox", "--clips", "tiny", "--key", "test-key"];
        arguments.extend(flag);
        let server = project.start(&arguments);
        until("it listens", || server.printed().ends_with('\n'));
        server.signal(Signal::TERM);
        assert_whole!(server.wait().expect(0));
    }
    assert_whole!(project.run(&["completions", "tcsh"]).expect(2));
    assert_whole!(project.run(&["catalog", "nowhere.csv"]));
    assert_snapshot!("no_manifest", whole(&project.run(&["plan", "--json"]).expect(2)));
}
