//! Bounds of a run: money, a yes, a selection, sound input, a free file name, a key.

use crate::snapshot::{assert_whole, stable, whole};
use crate::support::{KEY_VARIABLE, Project, sheet, until};
use serde_json::json;
use std::collections::BTreeSet;

#[test]
fn p45_no_more_is_charged_than_max_cost_and_it_counts_for_each_run() {
    let project = Project::shop(10);
    // One after the other, so that it is always the same job that is sent next.
    project.edit("shotlist.yaml", "limits: { ", "limits: { concurrency: 1, ");
    assert_whole!(project.run(&["run", "--max-cost", "1.50"]).expect(8));
    assert_eq!((project.charges().len(), project.clips().len()), (3, 3));
    project.run(&["run", "--max-cost", "0.39"]).expect(8);
    assert_eq!(project.charges().len(), 3);
    project.run(&["run", "--max-cost", "0.40"]).expect(8);
    assert_eq!((project.charges().len(), project.clips().len()), (4, 4));
    project.run(&["run", "--max-cost", "2.40"]).expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (10, 10));
}

#[test]
fn p45_what_is_in_doubt_counts_against_max_cost() {
    let project = Project::shop_with_faults(
        6,
        json!([{ "on": "submit", "when": { "prompt_contains": "number 1" }, "do": "reset_after_accept" }]),
    );
    project.edit("shotlist.yaml", "limits: { ", "limits: { concurrency: 1, ");
    assert_whole!(project.run(&["run", "--max-cost", "0.80"]).expect(8));
    assert_eq!((project.charges().len(), project.clips().len()), (2, 1));
}

#[test]
fn p46_after_max_time_nothing_more_is_sent_and_what_was_sent_is_collected() {
    let mut project = Project::shop(6);
    project.limits = project.limits.replace("rate: 100/s", "rate: 1/s");
    project.manifest(crate::support::SHOP);
    let run = project.run(&["run", "--yes", "--max-time", "500ms"]).expect(5);
    assert!(run.err.contains("next: shotlist run --max-time 500ms"), "{}", run.err);
    let sent = project.requests().len();
    assert!((1..=2).contains(&sent), "{sent}");
    assert_eq!(project.clips().len(), sent);
    assert_eq!(project.takes("pending"), 6 - sent as u64);
}

#[test]
fn limit_and_only_select_jobs() {
    let project = Project::shop(5);
    project.run(&["run", "--yes", "--only", "sku-4"]).expect(0);
    assert_eq!(project.clips().into_keys().collect::<Vec<_>>(), ["renders/sku-4_hero.mp4"]);
    project.run(&["run", "--yes", "--limit", "2"]).expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (3, 3));
    let plan = project.run(&["plan", "--json", "--only", "hero/sku-*", "--limit", "1"]).expect(0).json();
    assert_eq!(plan["to_render"], 1);
    assert_whole!(project.run(&["run", "--yes", "--only", "hero/tea*"]).expect(2));
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (5, 5));
}

#[test]
fn without_a_terminal_a_run_needs_a_yes_or_a_bound() {
    let project = Project::shop(2);
    let ended = project.run(&["run"]).expect(2);
    insta::assert_snapshot!(whole(&ended));
    assert_eq!(project.requests().len(), 0);
}

#[test]
fn i14_an_invalid_catalog_sends_nothing_but_what_is_owed_is_collected_first() {
    let project = Project::shop(3);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("all tasks are known", || project.takes("running") == 3);
    run.kill();
    project.clear_faults();
    project.write("products.csv", "id,title\nsku-1,mug\nsku-1,jug\nsku-9,pot\n");
    assert_whole!(project.run(&["run", "--yes"]).expect(4));
    assert_eq!((project.requests().len(), project.clips().len()), (3, 3));
    assert_whole!(project.run(&["run", "--yes"]).expect(4));
    project.run(&["plan"]).expect(4);
    assert_whole!(project.run(&["validate"]).expect(4));
    assert_eq!(project.requests().len(), 3);
}

#[test]
fn i18_an_invalid_manifest_sends_nothing() {
    let project = Project::shop(3);
    project.edit("shotlist.yaml", "prompt:", "promt:");
    assert_whole!(project.run(&["run", "--yes"]).expect(4));
    project.edit("shotlist.yaml", "promt:", "prompt:");
    project.edit("shotlist.yaml", "{{ item.title }}", "{{ item.titel }}");
    assert_whole!(project.run(&["run", "--yes"]).expect(4));
    // The last of the rows alone lacks what the template needs.
    project.edit(
        "shotlist.yaml",
        "{{ item.titel }}",
        "{{ item.title if item.id != 'sku-3' else item.shade }}",
    );
    assert_whole!(project.run(&["run", "--yes"]).expect(4));
    assert_eq!(project.requests().len(), 0);
}

#[test]
fn a_model_of_unknown_name_sends_nothing() {
    let project = Project::shop(1);
    project.edit("shotlist.yaml", "zai/viduq1-text", "zai/viduq1-txt");
    assert_whole!(project.run(&["run", "--yes"]).expect(4));
    assert_eq!(project.requests().len(), 0);
}

#[test]
fn a_foreign_file_under_a_clips_name_is_found_first_and_left_alone() {
    let project = Project::shop(3);
    project.write("renders/sku-2_hero.mp4", b"my own film");
    let ended = project.run(&["run", "--yes"]).expect(4);
    insta::assert_snapshot!(whole(&ended));
    assert_eq!(project.requests().len(), 0);
    assert_eq!(std::fs::read(project.path("renders/sku-2_hero.mp4")).unwrap(), b"my own film");
}

#[test]
fn a_foreign_file_that_comes_during_the_run_is_never_overwritten() {
    let project = Project::shop(1);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("the task is known", || project.takes("running") == 1);
    project.write("renders/sku-1_hero.mp4", b"my own film");
    project.clear_faults();
    assert_whole!(run.wait().expect(7));
    assert_eq!(std::fs::read(project.path("renders/sku-1_hero.mp4")).unwrap(), b"my own film");

    std::fs::remove_file(project.path("renders/sku-1_hero.mp4")).unwrap();
    project.run(&["resolve", "sku-1", "--again"]).expect(0);
    assert_whole!(project.run(&["collect"]).expect(0));
    assert_eq!(project.requests().len(), 1);
}

#[test]
fn i38_a_missing_key_names_its_variable() {
    let project = Project::shop(1);
    for key in [None, Some(""), Some("\n")] {
        let mut command = project.command(&["run", "--yes"]);
        match key {
            None => command.env_remove(KEY_VARIABLE),
            Some(key) => command.env(KEY_VARIABLE, key),
        };
        assert_whole!(project.start_as(command).wait().expect(10));
    }
    assert_eq!(project.requests().len(), 0);
}

#[test]
fn i38_what_surrounds_a_key_is_not_sent_and_told_once_without_the_key() {
    let project = Project::shop(1);
    // A line break at the end is what `echo KEY > file` leaves, quotes what an env file does.
    for (rows, around) in
        ["test-key\n", " test-key\t", "\"test-key\"", " ' test-key '\r\n"].into_iter().enumerate()
    {
        project.write("products.csv", sheet(rows + 1));
        let mut command = project.command(&["run", "--yes"]);
        command.env(KEY_VARIABLE, around);
        let ended = project.start_as(command).wait().expect(0);
        assert!(!ended.to_string().contains("test-key"), "{ended}");
        assert_whole!(&ended);
        assert_eq!(project.charges().len(), rows + 1, "the key was accepted");
    }
    project.write("products.csv", sheet(5));
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
}

#[test]
fn i38_a_key_with_a_control_character_inside_is_refused_by_the_name_of_its_variable() {
    let project = Project::shop(1);
    for verb in [&["run", "--yes"][..], &["doctor"]] {
        // The same words for each key, and nothing of the key.
        let mut told = BTreeSet::new();
        for key in ["test\nkey", "test\rkey", "test\u{1b}[31mkey", "test\u{e9}key"] {
            let mut command = project.command(verb);
            command.env(KEY_VARIABLE, key);
            told.insert(whole(&project.start_as(command).wait().expect(10)));
        }
        insta::assert_snapshot!(told.into_iter().collect::<Vec<_>>().join("\n"));
    }
    assert_eq!(project.requests().len(), 0);
}

#[test]
fn i39_where_nothing_is_wanted_or_selected_a_run_can_be_made_to_fail_and_where_all_is_done_it_does_not() {
    let project = Project::shop(2);
    let both = |arguments: &[&str], code: i32| {
        for verb in [&["plan"][..], &["run", "--yes"]] {
            assert_whole!(project.run(&[verb, arguments].concat()).expect(code));
        }
    };
    assert_whole!(project.run(&["run", "--yes", "--fail-if-empty"]).expect(0));
    assert_whole!(project.run(&["run", "--yes", "--fail-if-empty"]).expect(0));
    project.run(&["plan", "--fail-if-empty"]).expect(0);
    project.run(&["plan", "--only", "hero/sku-1", "--fail-if-empty"]).expect(0);
    // Refused with or without the flag.
    both(&["--only", "nothing-like-it"], 2);
    project.write("products.csv", "id,title\n");
    both(&[], 4);
    // A selection of which the limit leaves nothing.
    project.write("products.csv", "id,title\nsku-3,mug number 3\n");
    both(&["--limit", "0", "--fail-if-empty"], 2);
    project.run(&["plan", "--limit", "0"]).expect(0);
    // A sheet of which no shot wants a clip.
    project.edit("shotlist.yaml", "    prompt:", "    when: item.title == \"blue mug\"\n    prompt:");
    both(&["--fail-if-empty"], 4);
    assert_whole!(project.run(&["plan"]).expect(0));
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_eq!(project.charges().len(), 2);
}

#[test]
fn i39_what_is_paid_is_collected_although_nothing_is_wanted_any_more() {
    let project = Project::shop(1);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("the task is known", || project.takes("running") == 1);
    run.kill();
    project.clear_faults();
    project.edit("shotlist.yaml", "    prompt:", "    when: item.title == \"blue mug\"\n    prompt:");
    assert_whole!(project.run(&["run", "--yes", "--fail-if-empty"]).expect(4));
    assert_eq!((project.charges().len(), project.clips().len()), (1, 1));
}

#[test]
fn i34_a_pipe_or_a_folder_as_input_is_refused_without_waiting() {
    let project = Project::shop(1);
    std::fs::remove_file(project.path("products.csv")).unwrap();
    assert_whole!(project.run(&["validate"]).expect(4));
    std::fs::create_dir(project.path("products.csv")).unwrap();
    assert_whole!(project.run(&["validate"]).expect(4));
    let pipe = project.path("pipe.yaml");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0)
        .unwrap();
    assert_whole!(project.run(&["validate", "pipe.yaml"]).expect(4));
    assert_whole!(project.run(&["validate", "nowhere.yaml"]).expect(4));
}

#[test]
fn p44_a_log_that_cannot_be_written_is_one_warning_and_stops_nothing() {
    let project = Project::shop(2);
    for path in ["/dev/full", "logs", "nowhere/run.log"] {
        if path == "logs" {
            std::fs::create_dir(project.path(path)).unwrap();
        }
        let ended = project.run(&["run", "--yes", "-v", "--log-file", path]).expect(0);
        let warnings: Vec<&str> = ended.err.lines().filter(|line| line.starts_with("warning: ")).collect();
        insta::assert_snapshot!(stable(&warnings.join("\n")));
        assert_eq!(project.clips().len(), 2, "{path}");
    }
}
