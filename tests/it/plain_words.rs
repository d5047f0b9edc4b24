//! Checks that comments, names and pages use plain words.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails as the test itself does")]

use std::fs;
use std::path::{Path, PathBuf};

/// Words that make a first line a fragment or a riddle: the sentence after them lacks a subject or a verb.
const OPENINGS: [&str; 9] = ["Of", "What", "Whether", "Its", "How", "Whose", "So that", "Nobody", "Somebody"];

/// Private or old words, each with the word that the project uses in its place.
const WORDS: [(&str, &str); 19] = [
    ("newcomer", "streaming plan"),
    ("newcomers", "streaming plan"),
    ("album", "image cache"),
    ("anew", "again; to resubmit"),
    ("wishes", "reviews; requests"),
    ("beside", "next to; concurrently"),
    ("far end", "test server"),
    ("precious", "must-persist write"),
    ("strays", "reusable takes"),
    ("orphans", "reusable takes"),
    ("numbering", "dedup index"),
    ("nobody", "no person; no process"),
    ("somebody", "a person; another process"),
    ("whoever", "the person who; the process that"),
    ("mend", "fix"),
    ("brought home", "downloaded"),
    ("on hold", "paused"),
    ("given up", "written off"),
    ("by itself", "automatically"),
];

/// Places where such a word is right: the end of the file's path, the word, and the reason.
const EXCEPTIONS: [(&str, &str, &str); 4] = [
    (
        "dialects/magento.yaml",
        "by itself",
        "Magento's own words for a variant that is sold only with its product",
    ),
    ("catalog/systems_tests.rs", "by itself", "the same words in a test"),
    ("manifests/storyboard.yaml", "by itself", "an umbrella in a picture opens without a hand"),
    ("tests/it/plain_words.rs", "", "the list itself"),
];

/// Returns all files below a folder whose names end in one of these extensions.
fn files(below: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    if below.is_file() {
        return vec![below.to_owned()];
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(below).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path, extensions));
        } else if path.extension().is_some_and(|extension| extensions.iter().any(|known| extension == *known))
        {
            found.push(path);
        }
    }
    found
}

/// Returns the files of these folders with their texts and with paths as seen from the crate.
fn texts(folders: &[&str], extensions: &[&str]) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let paths = folders.iter().flat_map(|folder| files(&root.join(folder), extensions));
    let read = |path: PathBuf| {
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    paths.map(read).collect()
}

/// Reports whether a text begins with a word or words, and goes on with another word.
fn begins_with(text: &str, words: &str) -> bool {
    text.strip_prefix(words)
        .is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_'))
}

/// Returns the place of each paragraph of a doc comment that begins with a word of the list.
fn riddles(name: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut was_comment = false;
    for (number, line) in (1..).zip(text.lines()) {
        let comment = line.trim_start();
        let comment =
            comment.strip_prefix("///").or_else(|| comment.strip_prefix("//!")).map(str::trim_start);
        if let Some(first) = comment.filter(|_| !was_comment)
            && OPENINGS.iter().any(|opening| begins_with(first, opening))
        {
            found.push(format!("{name}:{number}: {first}"));
        }
        was_comment = comment.is_some_and(|text| !text.is_empty());
    }
    found
}

/// Returns each use of a word of the list, with the word to use.
fn private_words(name: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let lower = line.to_lowercase();
        for (word, better) in WORDS {
            let is_part = |letter: Option<char>| {
                letter.is_some_and(|letter| letter.is_alphanumeric() || "_-@/".contains(letter))
            };
            let is_used = lower.match_indices(word).any(|(at, _)| {
                !is_part(lower[..at].chars().next_back()) && !is_part(lower[at + word.len()..].chars().next())
            });
            let is_right = |(path, right, _): &(&str, &str, &str)| {
                name.ends_with(path) && (right.is_empty() || *right == word)
            };
            if is_used && !EXCEPTIONS.iter().any(is_right) {
                found.push(format!("{name}:{number}: `{word}` (say: {better}): {}", line.trim()));
            }
        }
    }
    found
}

#[test]
fn each_doc_comment_begins_with_a_plain_sentence() {
    let all = texts(&["src", "tests", "benches", "examples"], &["rs"]);
    assert!(all.len() > 500, "{} files", all.len());
    let found: Vec<String> = all.iter().flat_map(|(name, text)| riddles(name, text)).collect();
    assert!(found.is_empty(), "{} doc comments begin as fragments:\n{}", found.len(), found.join("\n"));
    let example = "/// What is due.\nfn a() {}\n/// Returns\n/// What is due.\nfn b() {}\n    //! Its name.\n/// Whatever\n";
    assert_eq!(riddles("x", example), ["x:1: What is due.", "x:6: Its name."]);
}

#[test]
fn comments_names_messages_and_pages_use_the_fields_words() {
    let all = texts(
        &[
            "src",
            "tests/it",
            "benches",
            "examples",
            "manifests",
            "docs/src",
            "README.md",
            "CONTRIBUTING.md",
            "SECURITY.md",
        ],
        &["rs", "md", "yaml", "js", "html"],
    );
    let found: Vec<String> = all.iter().flat_map(|(name, text)| private_words(name, text)).collect();
    assert!(found.is_empty(), "{} uses of private words:\n{}", found.len(), found.join("\n"));
    assert_eq!(private_words("x", "it is sent anew\nalbums, besides").len(), 1);
    for (path, word, _) in EXCEPTIONS {
        let is_needed =
            |(name, text): &(String, String)| name.ends_with(path) && text.to_lowercase().contains(word);
        assert!(all.iter().any(is_needed), "the exception for `{word}` in {path} is not needed");
    }
}

/// Commands that work on a project, so that their command line needs the flags of its paths.
const OF_A_PROJECT: [&str; 24] = [
    "approve", "cancel", "check", "collect", "dismiss", "doctor", "export", "jobs", "ledger", "pause",
    "plan", "prune", "recover", "redo", "reject", "report", "resolve", "resume", "retry", "run", "show",
    "status", "validate", "verify",
];

/// Returns the commands in a text of the program that were written by hand, in the form of `shotlist run`.
fn typed_by_hand(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = lines.collect::<Vec<_>>().join("\n");
    let after = code.split("`shotlist").skip(1);
    let words = after.filter_map(|rest| {
        let rest = rest.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '\\');
        rest.split(|letter: char| !letter.is_alphanumeric()).next()
    });
    words.filter(|word| OF_A_PROJECT.contains(word)).map(|word| format!("shotlist {word}")).collect()
}

/// A command that is advised without `--sandbox`, `-f` or `--out` works on other paths than the command that advises it,
/// and may pay for a rehearsal. `Places::typed` adds these flags; a text without paths names the command alone.
#[test]
fn a_whole_command_is_written_only_with_the_flags_of_its_paths() {
    // The comments of a new manifest, which has no other paths yet.
    let known = ["src/app/init/draft.rs"];
    let mut found = Vec::new();
    for (name, text) in texts(&["src"], &["rs"]) {
        let is_test =
            name.ends_with("tests.rs") || name.contains("/tests/") || name.starts_with("src/cli/args");
        if !is_test && !known.contains(&name.as_str()) {
            let code = text.split("\n#[cfg(test)]").next().unwrap_or_default();
            found.extend(typed_by_hand(code).into_iter().map(|command| format!("{name}: {command}")));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    let example =
        "// `shotlist run`\nlet a = \"type `shotlist \\\n    run --plan`, `shotlist models` or `run`\";";
    assert_eq!(typed_by_hand(example), ["shotlist run"]);
}
