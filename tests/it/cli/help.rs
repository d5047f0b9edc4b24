//! `--help` of every command.

use crate::snapshot::{assert_whole, whole};
use crate::support::Project;
use shotlist::cli::help;

#[test]
fn help_has_the_commands_in_groups_exit_codes_and_the_environment() {
    let project = Project::empty(|_| {});
    assert_whole!(project.run(&["--help"]).expect(0));
    assert_whole!(project.run(&["-h"]).expect(0));
    assert_whole!(project.run(&["--version"]).expect(0));
    // A word that is no command, and a program without one.
    assert_whole!(project.run(&["plam"]).expect(2));
    assert_whole!(project.run(&[]).expect(2));
}

#[test]
fn each_command_is_explained_with_its_options_and_examples() {
    let project = Project::empty(|_| {});
    for command in help::command().get_subcommands().filter(|command| command.get_name() != "help") {
        let name = command.get_name();
        insta::assert_snapshot!(format!("help_of_{name}"), whole(&project.run(&["help", name]).expect(0)));
    }
    assert_eq!(project.run(&["help", "run"]).out, project.run(&["run", "--help"]).out);
}
