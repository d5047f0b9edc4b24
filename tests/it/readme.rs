//! The README is true: its commands run, its tables say what the program says.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails as the test itself does")]

use clap::CommandFactory as _;
use shotlist::app::exit::GRAVEST_FIRST;
use shotlist::cli::args::Cli;
use shotlist::domain::limits::Limits;
use shotlist::engine::lane::Lane;
use shotlist::files::atomic_write;
use shotlist::provider::card::ModelCard;
use shotlist::provider::cards::Cards;
use shotlist::report::text::models;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

/// The texts of the fenced blocks in a language, without the indentation of the list that they stand in.
fn blocks(language: &str) -> Vec<String> {
    let text = readme();
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let indent = line.len() - line.trim_start().len();
        if line.trim() == format!("```{language}") {
            let block = lines.by_ref().take_while(|line| line.trim() != "```");
            blocks.push(
                block.map(|line| line.get(indent..).unwrap_or_default()).collect::<Vec<_>>().join("\n"),
            );
        }
    }
    blocks
}

/// The cells of the rows of a table, by the first cell of its head.
fn table(head: &str) -> Vec<Vec<String>> {
    let text = readme();
    let rows = text.lines().skip_while(|line| !line.starts_with(&format!("| {head} |"))).skip(2);
    let cells = |row: &str| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
    rows.take_while(|line| line.starts_with('|')).map(cells).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let name = entry.file_name();
        // What a run by hand has left behind is not in a fresh clone.
        if entry.path().is_dir() && name != "sandbox" && name != ".shotlist" {
            copy(&entry.path(), &to.join(name));
        } else if entry.path().is_file() {
            fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}

#[test]
fn every_command_runs_in_its_order_in_a_fresh_clone() {
    let clone = tempfile::tempdir().unwrap();
    for folder in ["manifests", "examples"] {
        copy(&root().join(folder), &clone.path().join(folder));
    }
    let mut ran = 0;
    for line in blocks("sh").iter().flat_map(|block| block.lines()) {
        // This very run.
        if line == "cargo test" {
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let arguments = words.strip_prefix(&["cargo", "run", "--"]);
        let arguments = arguments.unwrap_or_else(|| panic!("no test knows how to run `{line}`"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_shotlist"));
        command.args(arguments).current_dir(clone.path()).env_clear().stdin(Stdio::null());
        let ended = command.output().unwrap();
        assert!(ended.status.success(), "{line}\n{}", String::from_utf8_lossy(&ended.stderr));
        ran += 1;
    }
    assert!(ran >= 6, "the README shows what the program does");
}

#[test]
fn the_whole_manifest_that_it_shows_is_valid_also_with_each_section_that_it_shows() {
    let home = tempfile::tempdir().unwrap();
    let (whole, sections): (Vec<_>, Vec<_>) =
        blocks("yaml").into_iter().partition(|block| block.starts_with("version: 1"));
    let extended = sections.iter().map(|section| format!("{}\n{section}\n", whole[0]));
    for (number, manifest) in whole.iter().cloned().chain(extended).enumerate() {
        let path = home.path().join(format!("{number}.yaml"));
        atomic_write(&path, manifest.as_bytes(), 0o644).unwrap();
        let sheet = "id,title,image\nmug-1,Café mug,https://example.com/mug.png\n";
        atomic_write(&home.path().join("products.csv"), sheet.as_bytes(), 0o644).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_shotlist"));
        command.args(["validate", &format!("{number}.yaml")]).current_dir(home.path()).env_clear();
        let ended = command.output().unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    }
}

#[test]
fn its_table_of_commands_has_every_command() {
    let told: BTreeSet<String> = table("command")
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
    let text = readme();
    let cli = Cli::command();
    let commands = cli.get_subcommands().filter(|command| command.get_name() != "sandbox");
    for argument in commands.chain([&cli]).flat_map(clap::Command::get_arguments) {
        let Some(flag) = argument.get_long().filter(|_| !argument.is_hide_set()) else { continue };
        assert!(text.contains(&format!("--{flag}")), "--{flag} is not in the README");
    }
}

#[test]
fn its_exit_codes_are_those_of_the_program() {
    let mut codes = GRAVEST_FIRST;
    codes.sort_by_key(|exit| *exit as i32);
    let known: Vec<Vec<String>> =
        codes.iter().map(|exit| vec![(*exit as i32).to_string(), exit.meaning().to_owned()]).collect();
    assert_eq!(table("code"), known, "in Markdown:\n{}", markdown(&known));
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
    assert_eq!(table("model"), known, "in Markdown:\n{}", markdown(&known));
}

fn markdown(rows: &[Vec<String>]) -> String {
    rows.iter().map(|row| format!("| {} |\n", row.join(" | "))).collect::<Vec<_>>().concat()
}
