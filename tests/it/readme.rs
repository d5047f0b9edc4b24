//! The tables of the guide say what the program says.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails as the test itself does")]

use clap::CommandFactory as _;
use shotlist::app::exit::GRAVEST_FIRST;
use shotlist::cli::args::Cli;
use shotlist::domain::limits::Limits;
use shotlist::domain::policy::{Backoff, Policy, RETRY_AFTER};
use shotlist::engine::lane::Lane;
use shotlist::provider::card::ModelCard;
use shotlist::provider::cards::Cards;
use shotlist::report::text::models;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Returns a page of the reference.
fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/reference").join(name);
    fs::read_to_string(path).unwrap()
}

/// Returns the cells of the rows of a page's table, by the first cell of its head.
fn table(name: &str, head: &str) -> Vec<Vec<String>> {
    let text = page(name);
    let rows = text.lines().skip_while(|line| !line.starts_with(&format!("| {head} |"))).skip(2);
    let cells = |row: &str| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
    rows.take_while(|line| line.starts_with('|')).map(cells).collect()
}

#[test]
fn its_table_of_commands_has_every_command() {
    let told: BTreeSet<String> = table("commands.md", "command")
        .iter()
        .map(|row| row[0].trim_matches('`').split(' ').next().unwrap().to_owned())
        .collect();
    let known = Cli::command();
    let known: BTreeSet<String> =
        known.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    assert_eq!(told, known);
}

#[test]
fn it_names_every_flag_but_those_of_the_sandbox_server() {
    let text = page("commands.md");
    let cli = Cli::command();
    let commands = cli.get_subcommands().filter(|command| command.get_name() != "sandbox");
    for argument in commands.chain([&cli]).flat_map(clap::Command::get_arguments) {
        let Some(flag) = argument.get_long().filter(|_| !argument.is_hide_set()) else { continue };
        assert!(text.contains(&format!("--{flag}")), "--{flag} is not on the page of the commands");
    }
}

#[test]
fn its_exit_codes_are_those_of_the_program() {
    let mut codes = GRAVEST_FIRST;
    codes.sort_by_key(|exit| *exit as i32);
    let known: Vec<Vec<String>> =
        codes.iter().map(|exit| vec![(*exit as i32).to_string(), exit.meaning().to_owned()]).collect();
    assert_eq!(table("exit-codes.md", "code"), known, "in Markdown:\n{}", markdown(&known));
}

#[test]
fn its_models_are_those_of_the_cards_that_are_documented() {
    let cards = Cards::built_in();
    let row = |card: &Arc<ModelCard>| {
        let provider = cards.providers().find(&card.name.provider).unwrap();
        let at_once = Lane::new(Some(card), &**provider, &Limits::default()).width();
        let [model, from, seconds, size, price, at_once] = models::cells(card, at_once);
        vec![format!("`{model}`"), card.summary.clone(), from, seconds, size, at_once, price]
    };
    let known: Vec<Vec<String>> = cards.proposed().map(row).collect();
    assert_eq!(table("models.md", "model"), known, "in Markdown:\n{}", markdown(&known));
}

#[test]
fn the_numbers_of_the_design_are_those_of_the_policy() {
    let span = |time: Duration| match time.as_secs() {
        whole if whole % 60 == 0 => format!("{} min", whole / 60),
        seconds => format!("{seconds} s"),
    };
    let both = |pauses: Backoff| format!("{} and {}", span(pauses.first), span(pauses.most));
    let policy = Policy::standard();
    let rows = [
        format!(
            "| tries | {} in a run for a temporary refusal; no limit while throttled | until the task is {} days old | {} for a file that is not a clip; no limit for faults of the host |",
            policy.submit_tries,
            policy.stuck_after.as_secs() / 86_400,
            policy.fetch_tries
        ),
        format!(
            "| first and longest pause | {}; throttled {} | {} | {} |",
            both(policy.submit_backoff),
            both(policy.throttle_backoff),
            both(policy.poll_backoff),
            both(policy.fetch_backoff)
        ),
        format!(
            "| `Retry-After` | obeyed, between {} and {}, plus up to 10 % | the same | the same |",
            span(RETRY_AFTER.0),
            span(RETRY_AFTER.1)
        ),
    ];
    let text = page("../design/money.md");
    for row in rows {
        assert!(text.contains(&row), "the page of the design has no row\n{row}");
    }
}

fn markdown(rows: &[Vec<String>]) -> String {
    rows.iter().map(|row| format!("| {} |\n", row.join(" | "))).collect::<Vec<_>>().concat()
}
