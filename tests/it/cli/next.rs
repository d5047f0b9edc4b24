//! The next command that is printed works when it is typed. That of every other test is followed as well: see
//! `Project`.

use crate::snapshot::assert_whole;
use crate::support::{KEY_VARIABLE, Project};

/// Types the command that the last end told.
fn typed(project: &Project, told: &str) -> crate::support::Ended {
    let line = told.lines().rev().find_map(|line| line.strip_prefix("next: shotlist ")).unwrap();
    project.run(&line.split(' ').collect::<Vec<_>>())
}

#[test]
fn in_an_empty_folder_it_leads_to_a_manifest_a_plan_and_a_rehearsal() {
    let project = Project::empty(|_| {});
    let ended = assert_whole!(project.run(&["plan"]).expect(2));
    let ended = assert_whole!(typed(&project, &ended.err).expect(0));
    // The key of the sample's provider is not there: what it leads to needs none.
    let ended = assert_whole!(typed(&project, &ended.err).expect(0));
    let ended = assert_whole!(typed(&project, &ended.err).expect(0));
    typed(&project, &ended.err).expect(0);
}

#[test]
fn without_the_usual_manifest_those_with_other_names_are_told() {
    let project = Project::shop(1);
    let manifest = std::fs::read_to_string(project.path("shotlist.yaml")).unwrap();
    std::fs::remove_file(project.path("shotlist.yaml")).unwrap();
    project.write("manifests/spring sale.yaml", &manifest);
    project.write("manifests/products.csv", crate::support::sheet(1));
    project.write("manifests/notes.yaml", "no manifest: true");
    project.write(".hidden/old.yaml", &manifest);
    let ended = project.run(&["run", "--limit", "1"]).expect(2);
    assert!(ended.err.ends_with("next: shotlist plan -f 'manifests/spring sale.yaml'\n"), "{ended}");
    project.write("manifests/catalog.yaml", &manifest);
    let ended = assert_whole!(project.run(&["run", "--limit", "1", "--sandbox"]).expect(2));
    typed(&project, &ended.err).expect(0);
}

#[test]
fn a_question_without_a_terminal_leads_to_the_command_with_its_answer() {
    let project = Project::shop(2);
    let ended = assert_whole!(project.run(&["run", "--limit", "1"]).expect(2));
    typed(&project, &ended.err).expect(0);
    let ended = assert_whole!(project.run(&["redo", "hero/sku-1"]).expect(2));
    typed(&project, &ended.err).expect(0);
}

#[test]
fn a_redo_of_a_changed_job_leads_to_a_run_of_it_alone() {
    let project = Project::shop(2);
    project.run(&["run", "--yes"]).expect(0);
    project.edit("shotlist.yaml", "A slow turn", "A fast turn");
    let ended = project.run(&["redo", "hero/sku-1", "--yes"]).expect(2);
    assert_whole!(&ended);
    assert_whole!(typed(&project, &ended.err).expect(2));
    project.edit("shotlist.yaml", "  hero:\n", "  hero:\n    on_change: ask\n");
    assert_whole!(project.run(&["redo", "hero/sku-1", "--yes"]).expect(2));
}

#[test]
fn a_missing_key_ends_a_run_as_it_ends_the_doctor() {
    let project = Project::shop(1);
    for arguments in [&["run", "--yes"][..], &["doctor"]] {
        let mut command = project.command(arguments);
        command.env_remove(KEY_VARIABLE);
        project.start_as(command).wait().expect(10);
    }
}

#[test]
fn after_a_rehearsal_it_is_the_same_command_in_the_rehearsal() {
    let project = Project::shop(1);
    let missing = project.run(&["review", "--import", "missing.csv"]).expect(2);
    assert!(missing.err.contains("nothing was ever run"), "{missing}");
    assert!(missing.err.ends_with("next: shotlist plan\n"), "{missing}");

    project.run(&["run", "--sandbox"]).expect(0);
    for words in [&["status"][..], &["show", "sku-1"], &["ledger"], &["review", "--export", "-"]] {
        let ended = project.run(words).expect(2);
        let next = format!("next: shotlist {} --sandbox\n", words.join(" "));
        assert!(ended.err.ends_with(&next), "{ended}");
        typed(&project, &ended.err).expect(0);
    }
}
