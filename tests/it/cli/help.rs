//! `--help` of every command.

use crate::support::Project;

#[test]
fn help_has_the_commands_in_groups_exit_codes_and_the_environment() {
    let project = Project::empty(|_| {});
    let help = project.run(&["--help"]).expect(0).out;
    for words in ["Make clips:", "Look:", "Mend:", "Set up:", "Exit codes", "143  terminated", "ZAI_API_KEY"]
    {
        assert!(help.contains(words), "{words}\n{help}");
    }
    let short = project.run(&["-h"]).expect(0).out;
    assert!(short.contains("Examples:") && !short.contains("Exit codes"), "{short}");
}

#[test]
fn each_command_is_explained_with_examples() {
    let project = Project::empty(|_| {});
    for command in
        ["run", "collect", "plan", "status", "show", "retry", "resolve", "validate", "doctor", "sandbox"]
    {
        let help = project.run(&["help", command]).expect(0).out;
        assert!(help.contains("Examples:\n  # "), "{help}");
        assert!(help.contains(&format!("\n  shotlist {command}")), "{help}");
        assert!(help.contains("Options of every command:"), "{help}");
        assert_eq!(help, project.run(&[command, "--help"]).expect(0).out);
    }
    project.run(&["plam"]).expect(2).says("plan");
}
