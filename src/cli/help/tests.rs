use super::*;
use clap::Parser as _;

/// Returns the words of a command line as a shell splits it, without a redirection to a file (`> file`).
fn words(line: &str) -> Vec<String> {
    let (mut words, mut inside) = (vec![String::new()], false);
    let line = line.split(" > ").next().unwrap();
    for c in line.chars() {
        match c {
            '\'' => inside = !inside,
            ' ' if !inside => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words
}

#[test]
fn every_example_is_understood_by_the_command_that_shows_it() {
    for (name, examples) in EXAMPLES {
        for [_, typed] in examples.iter().filter(|[_, typed]| is_built_in(typed)) {
            let words = words(typed);
            assert!(name.is_empty() || words[1] == *name, "{typed}");
            Cli::try_parse_from(&words).unwrap_or_else(|error| panic!("{typed}: {error}"));
        }
    }
}

#[test]
fn every_command_has_two_to_four_examples_and_one_group() {
    let command = command();
    for known in command.get_subcommands() {
        let name = known.get_name();
        let examples = EXAMPLES.iter().find(|(of, _)| *of == name);
        assert!(examples.is_some_and(|(_, list)| (2..=4).contains(&list.len())), "{name}");
        let groups = GROUPS.iter().filter(|(_, names)| names.contains(&name)).count();
        assert_eq!(groups, 1, "{name}");
    }
    for name in
        GROUPS.iter().flat_map(|(_, names)| *names).filter(|name| **name != "help" && is_built_in(name))
    {
        assert!(command.find_subcommand(name).is_some(), "{name}");
    }
}

#[test]
fn summaries_fit_a_narrow_terminal() {
    for line in command().render_help().to_string().lines().take_while(|line| *line != "Examples:") {
        if line.starts_with("  ") && !line.trim_start().starts_with('-') {
            assert!(line.chars().count() <= 60, "{line}");
        }
    }
}
