//! What bounds a run: money, a yes, a selection, sound input, a free file name, a key.

use crate::snapshot::whole;
use crate::support::{KEY_VARIABLE, Project, sheet, until};
use serde_json::json;

#[test]
fn p45_no_more_is_charged_than_max_cost_and_it_counts_for_each_run() {
    let project = Project::shop(10);
    let ended = project.run(&["run", "--max-cost", "1.50"]).expect(8);
    ended.says("--max-cost $1.50 is reached; finished work is kept");
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
        json!([{ "on": "submit", "when": { "nth": 1 }, "do": "reset_after_accept" }]),
    );
    project.run(&["run", "--max-cost", "0.80"]).expect(8).says("1 job needs a decision");
    assert_eq!((project.charges().len(), project.clips().len()), (2, 1));
}

#[test]
fn p46_after_max_time_nothing_more_is_sent_and_what_was_sent_is_collected() {
    let mut project = Project::shop(6);
    project.limits = project.limits.replace("rate: 100/s", "rate: 1/s");
    project.manifest(crate::support::SHOP);
    project.run(&["run", "--yes", "--max-time", "500ms"]).expect(5);
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
    project.run(&["run", "--yes", "--only", "hero/tea*"]).expect(2).says("no job matches --only hero/tea*");
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
    project.mend();
    project.write("products.csv", "id,title\nsku-1,mug\nsku-1,jug\nsku-9,pot\n");
    let ended = project.run(&["run", "--yes"]).expect(4);
    ended.says("collecting what was paid before").says("nothing was sent").says("sku-1");
    assert_eq!((project.requests().len(), project.clips().len()), (3, 3));
    project.run(&["run", "--yes"]).expect(4).says_nothing_of("collecting");
    project.run(&["plan"]).expect(4);
    project.run(&["validate"]).expect(4).says("products.csv");
    assert_eq!(project.requests().len(), 3);
}

#[test]
fn i18_an_invalid_manifest_sends_nothing() {
    let project = Project::shop(3);
    project.edit("shotlist.yaml", "prompt:", "promt:");
    project.run(&["run", "--yes"]).expect(4).says("did you mean `prompt`").says("shotlist.yaml:");
    project.edit("shotlist.yaml", "promt:", "prompt:");
    project.edit("shotlist.yaml", "{{ item.title }}", "{{ item.titel }}");
    project.run(&["run", "--yes"]).expect(4).says("titel");
    // The last of the rows alone lacks what the template needs.
    project.edit(
        "shotlist.yaml",
        "{{ item.titel }}",
        "{{ item.title if item.id != 'sku-3' else item.shade }}",
    );
    project.run(&["run", "--yes"]).expect(4).says("there is no column `shade`").says("for: sku-3");
    assert_eq!(project.requests().len(), 0);
}

#[test]
fn a_model_of_unknown_name_sends_nothing() {
    let project = Project::shop(1);
    project.edit("shotlist.yaml", "zai/viduq1-text", "zai/viduq1-txt");
    project.run(&["run", "--yes"]).expect(4).says("did you mean `zai/viduq1-text`");
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
    project.mend();
    run.wait().expect(7).says("name_conflict");
    assert_eq!(std::fs::read(project.path("renders/sku-1_hero.mp4")).unwrap(), b"my own film");

    std::fs::remove_file(project.path("renders/sku-1_hero.mp4")).unwrap();
    project.run(&["resolve", "sku-1", "--again"]).expect(0);
    project.run(&["collect"]).expect(0).says("done     hero/sku-1");
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
        project.start_as(command).wait().expect(10).says(KEY_VARIABLE).says("nothing was sent");
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
        let warnings = ended.err.lines().filter(|line| line.contains(KEY_VARIABLE)).count();
        assert_eq!(warnings, 1, "{ended}");
        assert!(!ended.to_string().contains("test-key"), "{ended}");
        ended.says("blanks, line ends or quotes around the key of zai; they are not sent");
        assert_eq!(project.charges().len(), rows + 1, "the key was accepted");
    }
    project.write("products.csv", sheet(5));
    project.run(&["run", "--yes"]).expect(0).says_nothing_of(KEY_VARIABLE);
}

#[test]
fn i38_a_key_with_a_control_character_inside_is_refused_by_the_name_of_its_variable() {
    let project = Project::shop(1);
    for key in ["test\nkey", "test\rkey", "test\u{1b}[31mkey", "test\u{e9}key"] {
        for verb in [&["run", "--yes"][..], &["doctor"]] {
            let mut command = project.command(verb);
            command.env(KEY_VARIABLE, key);
            let ended = project.start_as(command).wait().expect(10);
            let told = ended.to_string();
            assert!(told.contains(KEY_VARIABLE) && told.contains("no request can carry"), "{told}");
            assert!(!told.contains(key) && !told.contains("test\\"), "{told}");
        }
    }
    assert_eq!(project.requests().len(), 0);
}

#[test]
fn i39_where_nothing_is_wanted_or_selected_a_run_can_be_made_to_fail_and_where_all_is_done_it_does_not() {
    let project = Project::shop(2);
    let both = |arguments: &[&str], code: i32, words: &str| {
        for verb in [&["plan"][..], &["run", "--yes"]] {
            project.run(&[verb, arguments].concat()).expect(code).says(words);
        }
    };
    project.run(&["run", "--yes", "--fail-if-empty"]).expect(0).says("finished 2 done");
    project.run(&["run", "--yes", "--fail-if-empty"]).expect(0).says("nothing to do: 2 clips are up to date");
    project.run(&["plan", "--fail-if-empty"]).expect(0);
    project.run(&["plan", "--only", "hero/sku-1", "--fail-if-empty"]).expect(0);
    // Refused with or without the flag.
    both(&["--only", "nothing-like-it"], 2, "no job matches --only nothing-like-it");
    project.write("products.csv", "id,title\n");
    both(&[], 4, "the sheet has a header and no rows");
    // A selection of which the limit leaves nothing.
    project.write("products.csv", "id,title\nsku-3,mug number 3\n");
    both(&["--limit", "0", "--fail-if-empty"], 2, "the selection holds no job");
    project.run(&["plan", "--limit", "0"]).expect(0);
    // A sheet of which no shot wants a clip.
    project.edit("shotlist.yaml", "    prompt:", "    when: item.title == \"blue mug\"\n    prompt:");
    both(
        &["--fail-if-empty"],
        4,
        "the manifest and its catalog ask for no clip, which --fail-if-empty refuses",
    );
    project.run(&["plan"]).expect(0).says("makes no clip");
    let ended = project.run(&["run", "--yes"]).expect(0);
    ended.says("nothing to do: the manifest and its catalog ask for no clip").says_nothing_of("up to date");
    assert_eq!(project.charges().len(), 2);
}

#[test]
fn i39_what_is_paid_is_collected_although_nothing_is_wanted_any_more() {
    let project = Project::shop(1);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("the task is known", || project.takes("running") == 1);
    run.kill();
    project.mend();
    project.edit("shotlist.yaml", "    prompt:", "    when: item.title == \"blue mug\"\n    prompt:");
    project.run(&["run", "--yes", "--fail-if-empty"]).expect(4).says("done     hero/sku-1");
    assert_eq!((project.charges().len(), project.clips().len()), (1, 1));
}

#[test]
fn i34_a_pipe_or_a_folder_as_input_is_refused_without_waiting() {
    let project = Project::shop(1);
    std::fs::remove_file(project.path("products.csv")).unwrap();
    project.run(&["validate"]).expect(4).says("there is no such file");
    std::fs::create_dir(project.path("products.csv")).unwrap();
    project.run(&["validate"]).expect(4).says("it is not a regular file");
    let pipe = project.path("pipe.yaml");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0)
        .unwrap();
    project.run(&["validate", "pipe.yaml"]).expect(4).says("it is not a regular file");
    project.run(&["validate", "nowhere.yaml"]).expect(4).says("there is no such file");
}

#[test]
fn p44_a_log_that_cannot_be_written_is_one_warning_and_stops_nothing() {
    let project = Project::shop(2);
    for path in ["/dev/full", "logs", "nowhere/run.log"] {
        if path == "logs" {
            std::fs::create_dir(project.path(path)).unwrap();
        }
        let ended = project.run(&["run", "--yes", "-v", "--log-file", path]).expect(0);
        let told = ended.err.matches("warning: the log file").count();
        assert_eq!(told, 1, "{path}: {}", ended.err);
        ended.says(&format!("the log file {path} cannot be written"));
        assert_eq!(project.clips().len(), 2, "{path}");
    }
}
