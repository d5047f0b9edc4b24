//! Holds the floors that the header of `src/lib.rs` describes.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails as the test itself does")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Longest file, tests apart, that a reader can be asked to hold in mind.
const LONG: usize = 400;

/// The types that send what costs money.
const PAYING: [&str; 2] = ["PaidClient", "Paid"];

/// Returns whether a text has a word outside of its comments.
fn is_named(text: &str, name: &str) -> bool {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let words = |line: &'_ str| {
        line.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|word| word == name)
    };
    code.into_iter().any(words)
}

/// Returns the floor of each module by the table.
fn floors() -> BTreeMap<String, u32> {
    let header = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let rows = header.lines().filter_map(|line| line.strip_prefix("//! | "));
    let rows = rows.filter_map(|row| Some((row.split('|').next()?.trim().parse().ok()?, row)));
    rows.flat_map(|(floor, row): (u32, &str)| {
        let modules = row.split('|').nth(1).unwrap();
        modules.split('`').skip(1).step_by(2).map(move |module| (module.to_owned(), floor))
    })
    .collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files below a folder.
fn sources(below: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(below).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// Returns the texts of the files of each module.
pub(crate) fn modules() -> BTreeMap<String, Vec<(PathBuf, String)>> {
    let src = root().join("src");
    let mut modules: BTreeMap<String, Vec<(PathBuf, String)>> = BTreeMap::new();
    for path in sources(&src) {
        let below = path.strip_prefix(&src).unwrap().to_owned();
        let top = below.iter().next().unwrap().to_str().unwrap();
        let module = top.trim_end_matches(".rs").to_owned();
        if !matches!(module.as_str(), "lib" | "main") {
            let text = fs::read_to_string(&path).unwrap();
            modules.entry(module).or_default().push((below, text));
        }
    }
    modules
}

/// The modules of this crate that a text names.
fn named(text: &str) -> impl Iterator<Item = &str> {
    text.split("crate::").skip(1).map(|rest| {
        let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        &rest[..end.unwrap_or(rest.len())]
    })
}

#[test]
fn every_module_is_in_the_table_and_the_table_names_no_other() {
    let table: BTreeSet<String> = floors().into_keys().collect();
    let there: BTreeSet<String> = modules().into_keys().collect();
    assert_eq!(table, there);
}

#[test]
fn modules_import_from_lower_floors_only() {
    let floors = floors();
    let mut wrong = Vec::new();
    for (module, files) in modules() {
        for (path, text) in files {
            for other in named(&text).filter(|other| *other != module) {
                // What is no module is an item of the crate's root: there is none, and the compiler would say so.
                if floors.get(other).is_none_or(|floor| *floor >= floors[&module]) {
                    wrong.push(format!("{}: {module} may not know {other}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_sandbox_knows_nothing_of_the_program_it_checks() {
    for (path, text) in &modules()["sandbox"] {
        let known: BTreeSet<&str> = named(text).filter(|module| *module != "sandbox").collect();
        assert!(known.is_empty(), "{}: {known:?}", path.display());
    }
}

#[test]
fn what_decides_does_no_input_or_output() {
    let floors = floors();
    // Clocks and the environment are forbidden everywhere by clippy; these are the crates and modules that do it.
    let doers =
        ["std::fs", "std::env", "std::process", "std::thread", "tokio", "reqwest", "rusqlite", "rand"];
    let mut wrong = Vec::new();
    for (module, files) in modules().into_iter().filter(|(module, _)| floors[module] <= 3) {
        // A test may read what it compares with.
        for (path, text) in files.into_iter().filter(|(path, _)| !is_test(path)) {
            for doer in doers {
                let used = [format!("use {doer}"), format!(" {doer}::"), format!("({doer}::")];
                if used.iter().any(|used| text.contains(used)) {
                    wrong.push(format!("{}: {module} does {doer}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_those_that_may_pay_know_the_client_that_pays() {
    let knowing: BTreeSet<PathBuf> = modules()
        .into_values()
        .flatten()
        .filter(|(path, text)| {
            !path.starts_with("transport") && PAYING.iter().any(|name| is_named(text, name))
        })
        .map(|(path, _)| path)
        .collect();
    let may = ["app/session.rs", "engine/drive.rs", "engine/mod.rs"];
    assert_eq!(knowing, may.into_iter().map(PathBuf::from).collect());
}

#[test]
fn what_collects_has_no_way_to_pay() {
    // The one call that may cost money is a type of its own, and only the client that pays takes it.
    let collecting = ["app/collect.rs", "engine/drive/ask.rs", "engine/drive/collect.rs", "engine/world.rs"];
    for path in collecting {
        let text = fs::read_to_string(root().join("src").join(path)).unwrap();
        assert!(PAYING.iter().chain(&["PaidCall"]).all(|name| !is_named(&text, name)), "{path}");
    }
    let sending: BTreeSet<PathBuf> = modules()
        .into_values()
        .flatten()
        .filter(|(path, text)| !is_test(path) && text.contains("&PaidCall"))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(sending, [PathBuf::from("transport/client.rs")].into());
    // What polls and fetches does not turn into what pays.
    let client = fs::read_to_string(root().join("src/transport/client.rs")).unwrap();
    let free: Vec<&str> = client.lines().filter(|line| is_named(line, "Free")).collect();
    assert_eq!(free, ["pub trait Free: Send + Sync {", "impl Free for FreeClient {"]);
    let paid = client.lines().filter(|line| line.contains(" Paid for "));
    assert_eq!(paid.collect::<Vec<_>>(), ["impl Paid for PaidClient {"]);
    // Without orders a session makes no such client, and the engine asks for none.
    let engine = fs::read_to_string(root().join("src/engine/mod.rs")).unwrap();
    let collect = engine.split("pub async fn collect(").nth(1).unwrap();
    assert!(!collect.split('{').next().unwrap().contains("Paid"));
    assert!(fs::read_to_string(root().join("src/app/collect.rs")).unwrap().contains("work: None"));
}

/// The lines of a file without its tests.
fn without_tests(text: &str) -> &str {
    text.split_once("\n#[cfg(test)]\nmod ").map_or(text, |(code, _)| code)
}

#[test]
fn no_file_has_two_subjects() {
    let files = modules().into_values().flatten().filter(|(path, _)| !is_test(path));
    let long = files.map(|(path, text)| (path, without_tests(&text).lines().count()));
    let long: BTreeMap<PathBuf, usize> = long.filter(|(_, lines)| *lines > LONG).collect();
    assert!(long.is_empty(), "beyond {LONG} lines a file has two subjects: {long:#?}");
}

/// The words of the terminal and of the command line. Modules above `app` alone may know them.
const TERMINAL: [&str; 7] =
    ["clap", "anstream", "indicatif", "stdout()", "stderr()", "stdin()", "IsTerminal"];

/// Reads the product file that a manifest names `-`.
const READS_STDIN: &str = "load/source.rs";

#[test]
fn use_cases_and_what_they_stand_on_know_no_terminal() {
    let floors = floors();
    let is_below = |module: &str| floors.get(module).is_some_and(|floor| *floor <= floors["app"]);
    let mut wrong: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (path, text) in
        modules().into_iter().filter(|(module, _)| is_below(module)).flat_map(|(_, files)| files)
    {
        let path = path.to_str().unwrap().to_owned();
        let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let words = TERMINAL.into_iter().filter(|word| code.contains(word) && path != READS_STDIN);
        let upwards = ["crate::report", "crate::cli"].into_iter().filter(|module| code.contains(module));
        let found: BTreeSet<&str> = words.chain(upwards).collect();
        if !found.is_empty() {
            wrong.insert(path, found);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Files of `src/cli` that are no verb.
const NO_VERBS: [&str; 5] = ["context.rs", "help.rs", "logging.rs", "mod.rs", "signals.rs"];

#[test]
fn the_command_line_is_thin() {
    let files = modules().remove("cli").unwrap();
    let lines = |text: &str| text.lines().count();
    let total: usize = files.iter().map(|(_, text)| lines(text)).sum();
    assert!(total <= 4_000, "src/cli has {total} lines");
    for (path, text) in files {
        let path = path.strip_prefix("cli").unwrap();
        let name = path.to_str().unwrap();
        if !name.starts_with("args") && !NO_VERBS.contains(&name) {
            assert!(lines(&text) <= 80, "src/cli/{name}: {} lines are more than a verb needs", lines(&text));
        }
    }
}

/// The module of a file, as a path.
fn module_of(file: &Path) -> Vec<String> {
    let parts = file.with_extension("");
    let parts: Vec<String> = parts.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    match parts.split_last() {
        Some((last, above)) if last == "mod" => above.to_vec(),
        _ => parts,
    }
}

/// The paths that a text uses, as far as they begin in the crate or above the module.
fn used(module: &[String], text: &str) -> BTreeSet<Vec<String>> {
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    let mut found = BTreeSet::new();
    for (at, word) in code.match_indices("crate::").chain(code.match_indices("super::")) {
        // Of `super::super::` the second belongs to the first.
        if code[..at].ends_with(|before: char| before.is_alphanumeric() || "_:".contains(before)) {
            continue;
        }
        let rest = &code[at + word.len()..];
        if word == "crate::" {
            leaves(&[], rest, &mut found);
        } else {
            let ups = 1 + rest.split("super::").take_while(|between| between.is_empty()).count();
            let above = &module[..module.len().saturating_sub(ups)];
            leaves(above, &rest[(ups - 1) * word.len()..], &mut found);
        }
    }
    found
}

/// Adds the paths that a use tree names to `found`, and returns the rest of the text.
fn leaves<'a>(before: &[String], tree: &'a str, found: &mut BTreeSet<Vec<String>>) -> &'a str {
    let mut path = before.to_vec();
    let mut rest = tree.trim_start();
    while !rest.starts_with('{') {
        let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
        path.push(rest[..end].to_owned());
        let Some(below) = rest[end..].strip_prefix("::") else {
            found.insert(path);
            return &rest[end..];
        };
        rest = below;
    }
    rest = &rest[1..];
    while !rest.trim_start().starts_with('}') {
        rest = leaves(&path, rest, found);
        let Some(next) = rest.find([',', '}']) else { return "" };
        rest = rest[next..].strip_prefix(',').unwrap_or(&rest[next..]);
    }
    rest.trim_start().strip_prefix('}').unwrap_or_default()
}

/// For each module those of the same folder that it uses, itself or in what is below it.
fn neighbours() -> BTreeMap<Vec<String>, BTreeSet<Vec<String>>> {
    let files: Vec<(PathBuf, String)> = modules().into_values().flatten().collect();
    let all: BTreeSet<Vec<String>> = files.iter().map(|(path, _)| module_of(path)).collect();
    let mut edges: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for (path, text) in files.iter().filter(|(path, _)| !is_test(path)) {
        let from = module_of(path);
        for used in used(&from, without_tests(text)) {
            let Some(to) = (1..=used.len()).rev().map(|end| &used[..end]).find(|part| all.contains(*part))
            else {
                continue;
            };
            let shared = from.iter().zip(to).take_while(|(a, b)| a == b).count();
            // Floors hold for folders; a parent and its child are one.
            if (1..from.len().min(to.len())).contains(&shared) {
                edges.entry(from[..=shared].to_vec()).or_default().insert(to[..=shared].to_vec());
            }
        }
    }
    edges
}

/// The modules that lead back to themselves, each circle as one set.
fn circles() -> BTreeSet<BTreeSet<String>> {
    let edges = neighbours();
    let reach = |from: &Vec<String>| {
        let mut seen = BTreeSet::new();
        let mut open = vec![from.clone()];
        while let Some(next) = open.pop() {
            for other in edges.get(&next).into_iter().flatten() {
                if seen.insert(other.clone()) {
                    open.push(other.clone());
                }
            }
        }
        seen
    };
    let reached: BTreeMap<_, _> = edges.keys().map(|from| (from, reach(from))).collect();
    let circle = |from: &Vec<String>| {
        let back =
            reached[from].iter().filter(|to| reached.get(to).is_some_and(|there| there.contains(from)));
        back.map(|module| module.join("/")).collect::<BTreeSet<_>>()
    };
    edges.keys().map(circle).filter(|circle| !circle.is_empty()).collect()
}

#[test]
fn modules_of_one_folder_use_each_other_in_no_circle() {
    let found = circles();
    assert!(found.is_empty(), "modules of a folder that use each other in a circle: {found:#?}");
}

#[test]
fn paths_are_read_out_of_use_trees() {
    let module = ["app".to_owned(), "show".to_owned(), "text".to_owned()];
    let text = "use super::super::totals::{self, flight::{Doing, Pace}, Board};\n// crate::cli\nuse crate::plan::Plan;";
    let found: Vec<String> = used(&module, text).iter().map(|path| path.join("::")).collect();
    let totals = [
        "app::totals::Board",
        "app::totals::flight::Doing",
        "app::totals::flight::Pace",
        "app::totals::self",
    ];
    assert_eq!(found, [&totals[..], &["plan::Plan"]].concat());
}

pub(crate) fn is_test(path: &Path) -> bool {
    let name = path.file_stem().unwrap().to_str().unwrap();
    name == "tests" || name.ends_with("_tests") || path.iter().any(|part| part == "tests")
}

/// A take moves by an event through its life cycle, and what follows from it stands in one place.
#[test]
fn only_the_store_writes_a_state_and_only_where_events_are_applied() {
    // A new take, an event, and a take that a rebuilt database puts back on the wire.
    let known = ["store/apply.rs", "store/recover/replay.rs", "store/takes.rs"];
    let writes = |text: &str| text.contains("set_state(");
    let found: BTreeSet<String> = modules()
        .into_values()
        .flatten()
        .filter(|(_, text)| writes(text))
        .map(|(path, _)| path.to_str().unwrap().to_owned())
        .collect();
    assert_eq!(found, known.map(str::to_owned).into());
}
