//! README and guide are true: their commands run, their transcripts are what the program prints, their manifests are
//! valid, their links lead somewhere, and every fault that a test names has its row.
//!
//! A line with a comment `# by hand: …` is not run: it needs a key, a person or a build. It is parsed all the same.

use clap::Parser as _;
use serde_json::Value;
use shotlist::cli::args::Cli;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The comment that marks a line which no test runs.
const BY_HAND: &str = "# by hand: ";

/// The most lines that may be marked so: pages show what can be tried.
const MOST_BY_HAND: usize = 12;

/// The most words of the README: what is read in five minutes.
const LONGEST_README: usize = 1200;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A page of the guide, or the README.
struct Page {
    /// The path below the project's folder.
    path: PathBuf,
    text: String,
}

/// A fenced block.
struct Block {
    language: String,
    text: String,
}

impl Page {
    fn new(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        Self { path: path.strip_prefix(root()).unwrap().to_owned(), text }
    }

    /// Returns the fenced blocks, without the indentation of the list that they stand in.
    fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut lines = self.text.lines();
        while let Some(line) = lines.next() {
            let Some(language) = line.trim_start().strip_prefix("```") else { continue };
            let indent = line.len() - line.trim_start().len();
            let block = lines.by_ref().take_while(|line| line.trim() != "```");
            let text: Vec<&str> = block.map(|line| line.get(indent..).unwrap_or_default()).collect();
            blocks.push(Block { language: language.to_owned(), text: text.join("\n") });
        }
        blocks
    }

    fn blocks_in(&self, language: &str) -> Vec<String> {
        self.blocks().into_iter().filter(|block| block.language == language).map(|block| block.text).collect()
    }

    /// Returns the text outside of fenced blocks.
    fn prose(&self) -> String {
        let mut inside = false;
        let lines = self.text.lines().filter(|line| {
            let fence = line.trim_start().starts_with("```");
            inside ^= fence;
            !inside && !fence
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// Returns the README and every page of the guide.
fn pages() -> Vec<Page> {
    let mut paths = vec![root().join("README.md")];
    let mut folders = vec![root().join("docs/src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|ending| ending == "md") {
                paths.push(entry);
            }
        }
    }
    paths.sort();
    paths.iter().map(|path| Page::new(path)).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        let name = entry.file_name();
        // What a run by hand has left behind is not in a fresh clone.
        let left_behind = ["sandbox", "renders", ".shotlist"].iter().any(|left| name == *left);
        if entry.path().is_dir() && !left_behind {
            copy(&entry.path(), &to.join(name));
        } else if entry.path().is_file() {
            fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}

/// Makes the folders in which the commands of a page run: a clone, a shop next to its manifests, the shop of an
/// afternoon with the manifest of that page, and one whose provider loses an answer.
#[expect(clippy::disallowed_methods, reason = "files of a test need no atomic writes")]
fn clone() -> tempfile::TempDir {
    let clone = tempfile::tempdir().unwrap();
    copy(&root().join("manifests"), &clone.path().join("manifests"));
    let shop = clone.path().join("shop");
    copy(&root().join("manifests/pictures"), &shop.join("pictures"));
    fs::copy(root().join("manifests/products.csv"), shop.join("products.csv")).unwrap();

    let afternoon = clone.path().join("afternoon");
    copy(&shop, &afternoon);
    let page = Page::new(&root().join("docs/src/guide/afternoon.md"));
    fs::write(afternoon.join("shotlist.yaml"), &page.blocks_in("yaml")[0]).unwrap();

    let faulty = clone.path().join("faulty");
    fs::create_dir(&faulty).unwrap();
    let manifest = "version: 1\nproject: faulty\nitems: [{ id: '0101' }, { id: '0102' }, { id: '0123' }]\n\
        shots: { hero: { model: zai/viduq1-text, prompt: 'Mug {{ item.id }}' } }\n";
    fs::write(faulty.join("shotlist.yaml"), manifest).unwrap();
    let lost =
        r#"[{ "on": "submit", "when": { "prompt_contains": "0123" }, "times": 1, "do": "reset_before" }]"#;
    fs::write(faulty.join("faults.json"), lost).unwrap();
    clone
}

/// Splits a line as a shell does, as far as these pages need it: blanks, quotes, and a comment at the end.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for letter in line.chars() {
        match (letter, quote) {
            ('#', None) if word.is_none() => break,
            ('\'' | '"', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (_, Some(open)) if open == letter => quote = None,
            (' ', None) => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

/// Returns the program's arguments in a line of a page.
fn arguments(line: &str) -> Option<Vec<String>> {
    let words = words(line);
    let is = |start: &[&str]| words.len() >= start.len() && words.iter().zip(start).all(|(a, b)| a == b);
    let starts: [&[&str]; 2] = [&["shotlist"], &["cargo", "run", "--"]];
    starts.into_iter().find(|start| is(start)).map(|start| words[start.len()..].to_vec())
}

fn parses(arguments: &[String]) -> Result<(), String> {
    let all = std::iter::once("shotlist").chain(arguments.iter().map(String::as_str));
    match Cli::try_parse_from(all) {
        Err(error) if error.exit_code() != 0 => Err(error.to_string()),
        _ => Ok(()),
    }
}

/// A terminal in which the commands of one page are typed, one after the other.
struct Terminal {
    clone: tempfile::TempDir,
    at: PathBuf,
    /// The exit code of the last command.
    code: i32,
}

impl Terminal {
    fn new() -> Self {
        let clone = clone();
        Self { at: clone.path().to_owned(), clone, code: 0 }
    }

    /// Types a line and returns all that is printed.
    fn types(&mut self, line: &str) -> String {
        if line == "echo $?" {
            return format!("{}\n", std::mem::take(&mut self.code));
        }
        assert_eq!(self.code, 0, "the command before `{line}` failed, and no `echo $?` shows it");
        if let Some(folder) = line.strip_prefix("cd ") {
            self.at = self.at.join(folder);
            assert!(self.at.is_dir(), "there is no folder for `{line}`");
            return String::new();
        }
        let arguments = arguments(line).unwrap_or_else(|| panic!("no test knows how to run `{line}`"));
        let printed = self.clone.path().join("printed");
        let screen = File::create(&printed).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_shotlist"));
        command.args(arguments).current_dir(&self.at).env_clear().stdin(Stdio::null());
        command.env("SHOTLIST_SANDBOX_CLIPS", "tiny");
        // One screen for both, so that lines stand in the order in which they were printed.
        command.stdout(screen.try_clone().unwrap()).stderr(screen);
        let status = command.status().unwrap();
        self.code = status.code().expect("the program ended without a signal");
        fs::read_to_string(printed).unwrap()
    }
}

/// Returns whether a text is what a page shows, where `…` stands for anything.
fn matches(shown: &str, printed: &str) -> bool {
    let mut parts = shown.split('…');
    let Some(mut rest) = parts.next().and_then(|first| printed.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Types the commands of a transcript, and compares what is printed.
fn play(page: &Page, terminal: &mut Terminal, transcript: &str) {
    let mut shown = transcript.split("$ ").filter(|part| !part.is_empty());
    while let Some(part) = shown.next() {
        let mut part = part.to_owned();
        // A dollar within the output.
        while !part.ends_with('\n') {
            let Some(more) = shown.next() else { break };
            part = format!("{part}$ {more}");
        }
        let (line, output) = part.split_once('\n').unwrap_or((&part, ""));
        let printed = terminal.types(line);
        // A line that is nothing but `…` stands for any number of lines.
        let mut output = format!("{}\n", output.trim_end()).replace("\n…\n", "\n…");
        if let Some(rest) = output.strip_prefix("…\n") {
            output = format!("…{rest}");
        }
        let output = if output == "\n" { String::new() } else { output };
        assert!(
            matches(&output, &printed),
            "{}: `{line}` prints\n{printed}\nand not\n{output}",
            page.path.display()
        );
    }
}

/// Runs every command of the chosen pages, all pages at the same time: most of the time is spent waiting for a
/// provider.
fn run(chosen: impl Fn(&Path) -> bool) -> usize {
    let pages: Vec<Page> = pages().into_iter().filter(|page| chosen(&page.path)).collect();
    std::thread::scope(|scope| {
        let running: Vec<_> = pages.iter().map(|page| scope.spawn(|| run_page(page))).collect();
        running
            .into_iter()
            .map(|page| page.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .sum()
    })
}

/// Runs every command of a page, in its order, and returns their number.
fn run_page(page: &Page) -> usize {
    let mut ran = 0;
    let mut terminal = None;
    for block in page.blocks() {
        match block.language.as_str() {
            "sh" => {
                // An example has a test of its own, and builds.
                let lines = block.text.lines().filter(|line| !line.contains(BY_HAND) && *line != EMBED);
                for line in lines.filter(|line| !line.is_empty()) {
                    let terminal = terminal.get_or_insert_with(Terminal::new);
                    let printed = terminal.types(line);
                    assert_eq!(terminal.code, 0, "{}: {line}\n{printed}", page.path.display());
                    ran += 1;
                }
            }
            "console" => {
                play(page, terminal.get_or_insert_with(Terminal::new), &block.text);
                ran += 1;
            }
            _ => {}
        }
    }
    ran
}

/// The command that `tests/it/examples.rs` runs.
const EMBED: &str = "cargo run --example embed -- manifests/storyboard.yaml";

#[test]
fn every_command_of_the_readme_runs_in_a_fresh_clone() {
    assert!(run(|path| path == Path::new("README.md")) >= 5, "the README shows what the program does");
}

#[test]
fn every_command_of_the_guide_runs_and_prints_what_is_shown() {
    assert!(run(|path| path.starts_with("docs/src/guide")) >= 12, "the guide shows what the program does");
}

#[test]
fn every_command_of_the_reference_and_the_other_pages_runs() {
    let others = |path: &Path| path.starts_with("docs") && !path.starts_with("docs/src/guide");
    assert!(run(others) >= 12, "the reference shows what the program does");
}

#[test]
fn every_command_that_a_page_names_is_spelled_as_the_program_understands_it() {
    let mut wrong = Vec::new();
    let mut by_hand = 0;
    for page in pages() {
        let prose = page.prose().replace('\n', " ");
        let spans = prose.split('`').skip(1).step_by(2).map(str::to_owned);
        let blocks = page.blocks().into_iter().filter(|block| block.language != "yaml");
        let lines: Vec<String> = blocks
            .flat_map(|block| block.text.lines().map(str::to_owned).collect::<Vec<_>>())
            .filter(|line| !line.contains('…'))
            .collect();
        by_hand += page.text.matches(BY_HAND).count();
        // In a block a command may stand behind others; in the prose a span is the whole command.
        let commands = lines.iter().filter_map(|line| {
            let at = line.find("shotlist ").filter(|at| *at == 0 || line[..*at].ends_with(' '))?;
            Some(line[at..].to_owned())
        });
        for command in spans.filter(|span| span.starts_with("shotlist ")).chain(commands) {
            let end = command.find(['>', '|', ';', '&']).unwrap_or(command.len());
            let Some(arguments) = arguments(command[..end].trim_end_matches(['"', ' '])) else { continue };
            if let Err(error) = parses(&arguments) {
                wrong.push(format!("{}: {command}\n{error}", page.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(by_hand <= MOST_BY_HAND, "{by_hand} lines are not tried");
}

#[test]
fn every_manifest_and_every_section_of_one_is_valid() {
    let pages = pages();
    let blocks: Vec<(PathBuf, String)> = pages
        .iter()
        .flat_map(|page| page.blocks_in("yaml").into_iter().map(|block| (page.path.clone(), block)))
        .collect();
    let is_whole = |block: &str| block.starts_with("version: 1");
    let shop = blocks.iter().find(|(page, block)| page.ends_with("README.md") && is_whole(block)).unwrap();
    let project = crate::support::Project::empty(|_| {});
    project.write("products.csv", "id,title,image\nmug-1,Café mug,https://example.com/mug.png\n");
    for (number, (page, block)) in blocks.iter().enumerate() {
        let text = if is_whole(block) { block.clone() } else { format!("{}\n{block}\n", shop.1) };
        let name = format!("{number}.yaml");
        project.write(&name, text);
        let ended = project.run(&["validate", &name]);
        assert_eq!(ended.code, 0, "{}: {block}\n{ended}", page.display());
    }
    assert!(blocks.len() >= 5, "the pages show manifests");
}

#[test]
fn every_line_of_json_is_json() {
    for page in pages() {
        for line in page.blocks_in("json").iter().flat_map(|block| block.lines()) {
            let read = serde_json::from_str::<Value>(line);
            assert!(read.is_ok(), "{}: {line}", page.path.display());
        }
    }
}

#[test]
fn the_code_on_the_page_about_embedding_is_that_of_the_example() {
    let page = Page::new(&root().join("docs/src/developer/embedding.md"));
    let example = fs::read_to_string(root().join("examples/embed.rs")).unwrap();
    let shown = page.blocks_in("rust");
    assert_eq!(shown.len(), 1);
    assert!(example.contains(&shown[0]), "{}", shown[0]);
}

/// Returns the name under which a heading is linked to.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut wrong = Vec::new();
    let others = ["CONTRIBUTING.md", "SECURITY.md"].map(|name| Page::new(&root().join(name)));
    for page in pages().into_iter().chain(others) {
        let prose = page.prose();
        let links = prose.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(link, _)| link));
        for link in links.filter(|link| !link.starts_with("https://")) {
            let (file, heading) = link.split_once('#').map_or((link, None), |(file, at)| (file, Some(at)));
            let here = root().join(&page.path);
            let target = if file.is_empty() { here } else { here.parent().unwrap().join(file) };
            let Ok(text) = fs::read(&target) else {
                wrong.push(format!("{}: {link}", page.path.display()));
                continue;
            };
            let Some(heading) = heading else { continue };
            let text = String::from_utf8(text).unwrap();
            let headings =
                text.lines().filter_map(|line| Some(line.strip_prefix('#')?.trim_start_matches('#')));
            let mut headings = headings.map(|heading| anchor(heading.trim()));
            let named = text.contains(&format!("<a id=\"{heading}\">"));
            if !named && headings.all(|known| known != heading) {
                wrong.push(format!("{}: {link}", page.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_page_is_in_the_summary() {
    let summary = fs::read_to_string(root().join("docs/src/SUMMARY.md")).unwrap();
    for page in pages() {
        let Ok(name) = page.path.strip_prefix("docs/src") else { continue };
        let name = name.to_str().unwrap();
        assert!(name == "SUMMARY.md" || summary.contains(&format!("]({name})")), "{name}");
    }
}

/// Returns the floor of each module, from the rows of a table.
fn floors<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeSet<(u32, String)> {
    let rows = lines.filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split('|');
        Some((cells.next()?.trim().parse().ok()?, cells.next()?))
    });
    rows.flat_map(|(floor, modules): (u32, &str)| {
        modules.split('`').skip(1).step_by(2).map(move |module| (floor, module.to_owned()))
    })
    .collect()
}

#[test]
fn the_floors_of_the_design_are_those_of_the_code() {
    let page = Page::new(&root().join("docs/src/design/architecture.md"));
    let code = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let code = floors(code.lines().filter_map(|line| line.strip_prefix("//! ")));
    assert!(!code.is_empty());
    assert_eq!(floors(page.text.lines()), code);
}

#[test]
fn the_readme_is_short() {
    let words = Page::new(&root().join("README.md")).text.split_whitespace().count();
    assert!(words <= LONGEST_README, "{words} words; what is longer belongs into the guide");
}

/// The faults that have a row, as ranges of their numbers.
const FAULTS: &[(char, &[RangeInclusive<u32>])] = &[
    ('P', &[1..=6, 8..=14, 16..=18, 20..=26, 28..=42, 44..=46, 48..=48]),
    ('N', &[1..=2, 4..=10, 12..=14, 16..=22, 24..=26, 28..=34]),
    ('A', &[1..=3, 5..=15, 17..=23, 25..=31, 33..=41]),
    ('I', &[1..=2, 4..=6, 8..=10, 12..=14, 16..=18, 20..=22, 24..=30, 32..=42]),
    ('S', &[1..=8, 10..=20, 22..=24, 26..=28, 30..=30]),
];

/// A row of the table of faults.
struct Row {
    id: String,
    /// As cargo prints them, each behind its target.
    tests: Vec<String>,
    verdict: String,
}

/// Returns the rows of the table of faults.
fn fault_rows(page: &str) -> Vec<Row> {
    let lines = page.lines().filter_map(|line| line.strip_prefix("| <a id=\""));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split(" | ").collect();
            let [anchored, _, _, tests, verdict] = cells[..] else { panic!("not five cells: {line}") };
            let (anchor, id) = anchored.split_once("\"></a>").unwrap();
            assert_eq!(anchor, id.to_lowercase());
            let tests = tests.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            Row { id: id.to_owned(), tests, verdict: verdict.trim_end_matches(" |").to_owned() }
        })
        .collect()
}

/// Returns every source file of a kind, below some folders.
fn sources(below: &[&str]) -> Vec<(PathBuf, String)> {
    let mut folders: Vec<PathBuf> = below.iter().map(|folder| root().join(folder)).collect();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root()).unwrap().to_owned(), text));
            }
        }
    }
    found
}

/// Returns the functions of a file as a test of the target would be printed, if they are one.
fn printed_names(path: &Path, text: &str) -> Vec<String> {
    let path = path.to_str().unwrap().trim_end_matches(".rs");
    let (target, path) = match path.strip_prefix("tests/it/") {
        Some(path) => ("it", path),
        None => ("lib", path.trim_start_matches("src/")),
    };
    let module = path.trim_end_matches("/mod").replace('/', "::");
    let mut modules = vec![module.clone()];
    if target == "lib" {
        let owner = module.strip_suffix("::tests").or_else(|| module.strip_suffix("_tests"));
        modules.push(format!("{}::tests", owner.unwrap_or(&module)));
    }
    let names = text.lines().filter_map(|line| line.split("fn ").nth(1)?.split(['(', '<']).next());
    names.flat_map(|name| modules.iter().map(move |module| format!("{target} {module}::{name}"))).collect()
}

/// Returns the tests in the sources, as [`printed_names`] has them.
fn known_tests() -> BTreeSet<String> {
    sources(&["src", "tests/it"]).iter().flat_map(|(path, text)| printed_names(path, text)).collect()
}

#[test]
fn every_promise_of_security_has_tests_that_are_there() {
    let page = Page::new(&root().join("SECURITY.md"));
    let promised = page.text.split("## What is promised").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows: Vec<&str> = promised.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() >= 10, "{rows:?}");
    let there = known_tests();
    for row in rows {
        let tests: Vec<&str> = row.rsplit(" | ").next().unwrap().split('`').skip(1).step_by(2).collect();
        let missing: Vec<_> = tests.iter().filter(|test| !there.contains(**test)).collect();
        assert!(!tests.is_empty() && missing.is_empty(), "SECURITY.md: {row}: {missing:?}");
    }
}

#[test]
fn every_fault_has_a_row_with_its_verdict_and_every_test_that_a_row_names_is_there() {
    let rows = fault_rows(&Page::new(&root().join("docs/src/design/faults.md")).text);
    let found: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let expected: Vec<String> = FAULTS
        .iter()
        .flat_map(|(kind, ranges)| {
            ranges.iter().cloned().flatten().map(move |number| format!("{kind}{number:02}"))
        })
        .collect();
    assert_eq!(found, expected);

    let there = known_tests();
    let mut wrong = Vec::new();
    for Row { id, tests, verdict } in &rows {
        wrong.extend(
            tests.iter().filter(|test| !there.contains(*test)).map(|test| format!("{id}: no {test}")),
        );
        let says = |word: &str| verdict.strip_prefix(word).is_some_and(|why| why.len() > 10);
        let fits = if tests.is_empty() {
            says("not tested: ")
        } else {
            verdict == "holds" || says("holds in part: ")
        };
        if !fits {
            wrong.push(format!("{id}: {verdict}"));
        }
    }
    assert!(wrong.is_empty(), "docs/src/design/faults.md: {wrong:#?}");
}

/// Returns whether a word is the id of a fault, such as `P03`.
fn is_fault(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(|first| "PNAIS".contains(first))
        && word.len() == 3
        && letters.all(|digit| digit.is_ascii_digit())
}

#[test]
fn every_fault_that_a_test_or_a_comment_names_has_a_row() {
    let page = Page::new(&root().join("docs/src/design/faults.md"));
    let rows: BTreeSet<String> = fault_rows(&page.text).into_iter().map(|row| row.id).collect();
    let mut named = BTreeSet::new();
    for (path, text) in sources(&["src", "tests/it", "benches"]) {
        // Here ids stand as examples of how they are written.
        if path.ends_with("tests/it/docs.rs") {
            continue;
        }
        for name in text.lines().filter_map(|line| line.split("fn ").nth(1)) {
            // `n05_to_n10_…` names two; those between have rows as well.
            let parts = name.split('_').map(str::to_uppercase);
            named.extend(parts.take_while(|part| part == "TO" || is_fault(part)).filter(|part| part != "TO"));
        }
        let comments = text.lines().filter_map(|line| line.split("// ").nth(1));
        let words = comments.flat_map(|line| line.split(|letter: char| !letter.is_alphanumeric()));
        named.extend(words.filter(|word| is_fault(word)).map(str::to_owned));
    }
    assert!(!named.is_empty());
    let missing: Vec<_> = named.difference(&rows).collect();
    assert!(missing.is_empty(), "docs/src/design/faults.md has no row for {missing:?}");
}
