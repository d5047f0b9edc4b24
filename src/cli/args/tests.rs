use super::*;
use crate::app::words::Words;

#[test]
fn the_commands_are_consistent() {
    crate::cli::help::command().debug_assert();
}

#[test]
fn s03_no_argument_takes_a_key() {
    let program = crate::cli::help::command();
    // The sandbox server has its own key, which protects nothing.
    let commands = program.get_subcommands().filter(|command| command.get_name() != "sandbox");
    for command in std::iter::once(&program).chain(commands) {
        for argument in command.get_arguments() {
            let name = argument.get_long().unwrap_or_default();
            let reported =
                ["key", "secret", "password", "bearer", "auth"].iter().any(|word| name.contains(word));
            assert!(!reported, "{} --{name}", command.get_name());
        }
    }
}

#[test]
fn wrong_values_are_refused_with_what_to_write() {
    let address = "write an address with a port, such as 127.0.0.1:8420";
    let cases: [(&[&str], &str); 7] = [
        (&["run", "--limit", "two"], "write a whole number, such as 5"),
        (&["run", "--limit=-1"], "write a whole number, such as 5"),
        (&["review", "--listen", "8420"], address),
        (&["review", "--listen", "127.0.0.1"], address),
        (&["review", "--listen", "localhost:x"], address),
        (&["export", "google", "--base-url", "cdn.example.com/clips"], "begin it with https://"),
        (&["export", "google", "--base-url", "https://"], "write it as https://cdn.example.com/clips"),
    ];
    for (words, expected) in cases {
        let words: Vec<&str> = std::iter::once("shotlist").chain(words.iter().copied()).collect();
        let refused = Cli::try_parse_from(&words).unwrap_err().to_string();
        assert!(refused.contains(expected), "{words:?}: {refused}");
    }
    let right: [&[&str]; 5] = [
        &["shotlist", "run", "--limit", "5"],
        &["shotlist", "review"],
        &["shotlist", "review", "--listen", "127.0.0.1:8420"],
        &["shotlist", "review", "--listen", "[::1]:8420"],
        &["shotlist", "export", "google", "--base-url", "https://cdn.example.com/clips"],
    ];
    for words in right {
        assert!(Cli::try_parse_from(words).is_ok(), "{words:?}");
    }
}

#[test]
fn times_are_read_with_their_unit() {
    assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
    assert_eq!(duration("300ms"), Ok(Duration::from_millis(300)));
    assert_eq!(duration("5h"), Ok(Duration::from_hours(5)));
    assert_eq!(duration("7d"), Ok(Duration::from_hours(7 * 24)));
    for text in ["", "5", "h", "-1s", "1.5h", "5 days", "99999999999999999999h"] {
        assert!(duration(text).is_err(), "{text}");
    }
}

#[test]
fn a_repeated_command_has_every_option_of_the_request() {
    let parsed =
        |line: &str| Cli::try_parse_from(line.split(' ')).unwrap_or_else(|error| panic!("{error}")).command;
    let line = "shotlist run --only A* --only b --limit 3 --allow-unpriced --max-cost 1.50 --max-time 90m";
    let Command::Run(run) = parsed(line) else { panic!("{line}") };
    let words = Words::new("shotlist run").selection(&run.selection.request()).bounds(&run.bounds.request());
    assert_eq!(words.build(), line.replace("A*", "'A*'"));
    let line = "shotlist init --from p.csv --one-per image --dialect shopify --sheet A --all --column id=EAN \
                --column title=Titel --encoding windows-1252 --delimiter tab --path a.b --element product";
    let Command::Init(init) = parsed(line) else { panic!("{line}") };
    let words = Words::new("shotlist init").option("--from", ["p.csv"]).reading(&init.reading.reading());
    assert_eq!(words.build(), line);
}
