//! The end of a run: results, costs, the place of the clips, and one command that works as it stands.

use crate::snapshot::assert_whole;
use crate::support::{Ended, Project};
use serde_json::json;
use std::process::Command;

/// The command of the one `next:` line.
fn next(ended: &Ended) -> String {
    let mut lines = ended.err.lines().filter_map(|line| line.strip_prefix("next: "));
    let command = lines.next().unwrap_or_else(|| panic!("no next line\n{ended}"));
    assert_eq!(lines.next(), None, "{ended}");
    command.to_owned()
}

/// Types a command as it was shown, into a shell.
fn typed(project: &Project, command: &str) -> Ended {
    let mut shell = Command::new("sh");
    project.at_home(&mut shell);
    shell.args(["-c", &format!("shotlist() {{ \"$PROGRAM\" \"$@\"; }}; {command}")]);
    shell.env("PROGRAM", env!("CARGO_BIN_EXE_shotlist")).env("PATH", "/usr/bin:/bin");
    project.start_as(shell).wait()
}

#[test]
fn a_run_closes_with_counts_money_and_place_and_the_next_one_has_nothing_to_do() {
    let project = Project::shop(2);
    let ended = assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_eq!(next(&ended), "shotlist status");
    let ended = assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_eq!(next(&ended), "shotlist status");
    project.write("products.csv", "id,title\nsku-1,mug number 1\n");
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
}

#[test]
fn one_cause_is_told_once_with_three_examples_and_the_words_of_the_provider() {
    let words = "The prompt may be unsafe";
    let refusal = json!({ "error": { "http": 400, "code": "1301", "message": words } });
    let project = Project::shop_with_faults(5, json!([{ "on": "submit", "do": refusal }]));
    let ended = assert_whole!(project.run(&["run", "--yes"]).expect(3));
    let first = next(&ended);
    assert_eq!(first, "shotlist show hero/sku-1");
    assert_whole!(typed(&project, &first).expect(0));
}

#[test]
fn every_next_command_works_as_it_stands_whatever_the_manifest_is_called() {
    let project = Project::shop_with_faults(
        3,
        json!([{ "on": "submit", "when": { "prompt_contains": "number 2" }, "times": 1, "do": "reset_after_accept" }]),
    );
    std::fs::rename(project.path("shotlist.yaml"), project.path("the owner's shop.yaml")).unwrap();
    let ended = project.run(&["run", "-f", "the owner's shop.yaml", "--max-cost", "0.80"]).expect(8);
    assert_whole!(&ended);
    assert_eq!(next(&ended), r"shotlist run --max-cost 0.80 -f 'the owner'\''s shop.yaml'");
    let ended = typed(&project, &next(&ended)).expect(7);
    let shown = typed(&project, &next(&ended)).expect(0);
    assert_whole!(&shown);
    let shown_command = |how: &str| shown.out.lines().find(|line| line.contains(how)).unwrap().trim();
    assert_whole!(typed(&project, shown_command("--task-id ID")).expect(2));
    typed(&project, &format!("{} --max-extra 0.40", shown_command("--resubmit"))).expect(0);
}

#[test]
fn a_rehearsal_goes_on_as_a_rehearsal() {
    let project = Project::shop(2);
    let ended = project.run(&["run", "--sandbox", "--out", "try out", "--limit", "1"]).expect(0);
    assert_eq!(next(&ended), "shotlist run --out 'try out' --sandbox");
    let clips = || project.clips().into_keys().collect::<Vec<_>>();
    assert_eq!(clips(), ["try out/renders/sku-1_hero.mp4"]);
    let whole = typed(&project, &next(&ended)).expect(0);
    assert_eq!(next(&whole), "shotlist status --out 'try out' --sandbox");
    assert_eq!(clips(), ["try out/renders/sku-1_hero.mp4", "try out/renders/sku-2_hero.mp4"]);
    assert_whole!(&ended);
}
