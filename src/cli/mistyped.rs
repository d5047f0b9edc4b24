//! Reports wrong arguments as JSON, as every other error of a command with `--json`.

use super::{STREAMS, complete, help};
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::report::terminal::{ColorWhen, Terminal};
use clap::error::ErrorKind;
use std::ffi::OsString;

/// Writes an error of the arguments to stdout as JSON if they contain `--json`, and returns the exit code.
pub(super) fn tell(answer: &clap::Error, exit: Exit) -> Exit {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).take_while(|word| word != "--").collect();
    if !arguments.iter().any(|word| word == "--json") {
        return exit;
    }
    let known = help::command();
    let named = |word: &OsString| Some(known.find_subcommand(word)?.get_name().to_owned());
    let command = arguments.iter().find_map(named);
    let terminal = Terminal::new(true, false, ColorWhen::Auto);
    let is_event = command.as_deref().is_some_and(|command| STREAMS.contains(&command));
    let mut words = "shotlist".to_owned();
    for part in command.as_deref().into_iter().chain(["--help"]) {
        words = words + " " + part;
    }
    let error = Error::new(exit, what(answer.kind(), &answer.render().to_string()));
    terminal.error_data(&error.money("not charged").hint(words), is_event);
    complete(&terminal, exit)
}

/// Returns the message of the parser in one line, without its usage.
fn what(kind: ErrorKind, shown: &str) -> String {
    // The parser then shows the help, which is no message.
    if kind == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "a command is missing".to_owned();
    }
    let is_message = |part: &&str| !part.starts_with("Usage:") && !part.starts_with("For more information");
    let parts = shown.trim_start_matches("error: ").split("\n\n").map(str::trim).filter(is_message);
    // The list of all commands is in the help.
    let parts = parts.filter_map(|part| part.split("[subcommands:").next());
    let lines = parts.map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usage_is_left_out_and_tips_stay() {
        let shown = "error: unexpected argument '--jsn' found\n\n  tip: a similar argument exists: '--json'\n\n\
                     Usage: shotlist run [MANIFEST]\n\nFor more information, try '--help'.\n";
        assert_eq!(
            what(ErrorKind::UnknownArgument, shown),
            "unexpected argument '--jsn' found; tip: a similar argument exists: '--json'"
        );
        let help = "What it does\n\nUsage: shotlist <COMMAND>\n";
        assert_eq!(what(ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, help), "a command is missing");
    }
}
