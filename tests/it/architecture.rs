//! Holds the floors that the header of `src/lib.rs` describes.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails as the test itself does")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Longest file, tests apart, that a reader can be asked to hold in mind.
const LONG: usize = 400;

/// The types that send what costs money.
const PAYING: [&str; 2] = ["PaidClient", "Paid"];

/// Whether a text, comments apart, has that word.
fn is_named(text: &str, name: &str) -> bool {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let words = |line: &'_ str| {
        line.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|word| word == name)
    };
    code.into_iter().any(words)
}

/// Of each module its floor, as the table says.
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

/// Of each module its files, by their text.
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

#[test]
fn long_files_are_named() {
    for (path, text) in modules().into_values().flatten().filter(|(path, _)| !is_test(path)) {
        let lines = text.lines().count();
        if lines > LONG {
            println!(
                "warning: src/{} has {lines} lines; beyond {LONG} a file has two subjects",
                path.display()
            );
        }
        // A warning grows into a failure before a file becomes unreadable.
        assert!(lines <= 2 * LONG, "src/{} has {lines} lines", path.display());
    }
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
