//! The page that says which outputs of the program are compared whole, and with which snapshots.

use regex::Regex;
use shotlist::app::exit::GRAVEST_FIRST;
use shotlist::cli::help;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Commands whose output is a document of its own: other tests compare it with what it is made from.
const DOCUMENTS: [&str; 2] = ["schema", "completions"];

/// Exit codes of which no output is shown: an unexpected error is a defect.
const UNSEEN: i32 = 1;

/// The snapshots of one command in one format, by exit code.
type Codes = BTreeMap<i32, BTreeSet<String>>;

/// Returns all snapshots of whole outputs, by command and by whether they are JSON.
fn covered() -> BTreeMap<(String, bool), Codes> {
    let typed = Regex::new(r"(?m)^\$ shotlist(?: (.*))?\nexit (-?\d+)$").unwrap();
    let commands: BTreeSet<String> =
        help::command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let mut found: BTreeMap<(String, bool), Codes> = BTreeMap::new();
    for path in snapshots(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it")) {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        for output in typed.captures_iter(&text) {
            let words: Vec<&str> = output.get(1).map_or("", |words| words.as_str()).split(' ').collect();
            let Some(command) = words.iter().find(|word| commands.contains(**word)) else { continue };
            // A page of help says nothing of what the command prints.
            if words[0] == "help" || !name.starts_with("it__") {
                continue;
            }
            let key = ((*command).to_owned(), words.contains(&"--json"));
            found.entry(key).or_default().entry(output[2].parse().unwrap()).or_default().insert(name.clone());
        }
    }
    found
}

fn snapshots(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let below = paths.flat_map(|path| if path.is_dir() { snapshots(&path) } else { vec![path] });
    below.filter(|path| path.extension().is_some_and(|end| end == "snap")).collect()
}

/// Returns the cell of one format: each exit code with the shortest name of a snapshot.
fn cell(codes: Option<&Codes>) -> String {
    let shown = |(code, names): (&i32, &BTreeSet<String>)| {
        let first = names.iter().min_by_key(|name| (name.len(), *name)).unwrap();
        format!("{code} `{}`", first.trim_start_matches("it__"))
    };
    codes.map_or_else(|| "-".to_owned(), |codes| codes.iter().map(shown).collect::<Vec<_>>().join(", "))
}

#[test]
fn every_command_and_exit_code_has_a_whole_output_and_the_page_says_which() {
    let covered = covered();
    let names: Vec<String> = help::command()
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .filter(|name| name != "help")
        .collect();
    let missing: Vec<(&String, bool)> = names
        .iter()
        .filter(|name| !DOCUMENTS.contains(&name.as_str()))
        .flat_map(|name| [(name, false), (name, true)])
        .filter(|(name, is_json)| !covered.contains_key(&((*name).clone(), *is_json)))
        .collect();
    assert!(missing.is_empty(), "commands without a whole output (true: as JSON): {missing:?}");

    let seen: BTreeSet<i32> = covered.values().flat_map(BTreeMap::keys).copied().collect();
    let codes = GRAVEST_FIRST.iter().map(|exit| *exit as i32);
    let unseen: Vec<i32> = codes.filter(|code| *code != UNSEEN && !seen.contains(code)).collect();
    assert!(unseen.is_empty(), "exit codes of no whole output: {unseen:?}");

    let row = |name: &String| {
        let [text, json] = [false, true].map(|is_json| cell(covered.get(&(name.clone(), is_json))));
        format!("| `{name}` | {text} | {json} |\n")
    };
    let table = names.iter().map(row).collect::<String>();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/design/outputs.md");
    assert!(fs::read_to_string(page).unwrap().contains(&table), "the table of the page is\n{table}");
}
