//! Exports of shop systems, against an independent reading: `tests/exports.py` has read each fixture with Python's own
//! readers and written `truth.json`.

use crate::support::Project as Shop;
use percent_encoding::percent_decode_str;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use serde::Deserialize;
use shotlist::app::catalog::{CatalogRequest, catalog};
use shotlist::app::init::{InitReport, InitRequest, Subject, init};
use shotlist::app::{Exit, News, PlanRequest, Project, Reporter};
use shotlist::domain::item::{OnePer, Reading};
use shotlist::report::problems::render;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use unicode_normalization::UnicodeNormalization as _;

/// The id, the title and the picture of a clip.
type Item = [String; 3];

/// The reading of a fixture by Python's libraries.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Truth {
    /// Words of the message with which the file is refused.
    refused: Option<Vec<String>>,
    /// Flags with which a refused file is read.
    #[serde(default)]
    fix: Vec<String>,
    products: Option<usize>,
    /// Number of products left out by each reason.
    left_out: Option<BTreeMap<String, usize>>,
    /// Words of what `catalog` tells.
    #[serde(default)]
    told: Vec<String>,
    product: Option<Vec<Item>>,
    variant: Option<Vec<Item>>,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/exports")
}

fn truths() -> BTreeMap<String, Truth> {
    serde_json::from_slice(&fs::read(fixtures().join("truth.json")).unwrap()).unwrap()
}

/// Returns the fixtures that are not read right yet, each with the reason; also changes of fixtures, as `NAME, CHANGE`
/// or `*, CHANGE`.
fn pending() -> BTreeMap<String, String> {
    let text = fs::read_to_string(fixtures().join("pending.txt")).unwrap();
    let line =
        |line: &str| line.split_once(": ").map(|(name, why)| (name.to_owned(), why.to_owned())).unwrap();
    text.lines().map(line).collect()
}

/// Keeps all that a use case tells.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<String>>);

impl Heard {
    fn add(&self, text: &str) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writeln!(heard, "{text}");
    }

    fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Reporter for Heard {
    fn hear(&self, news: &News<'_>) {
        match news {
            News::Warning(text) | News::Note(text) => self.add(text),
            News::Problems(problems) => self.add(&render(problems, false, 200, usize::MAX)),
            _ => {}
        }
    }
}

/// The outcome of `init` and `plan` without a flag.
#[derive(Debug)]
struct Planned {
    items: Vec<Item>,
    /// All that was told.
    told: String,
    /// The exit code of the one that failed.
    failed: Option<Exit>,
}

/// Writes a manifest for a product file and plans it.
fn planned(file: &Path, reading: &Reading) -> Planned {
    let heard = Heard::default();
    let mut items = Vec::new();
    let failed = plan(file, reading, &heard, &mut items);
    Planned { items, told: heard.text(), failed }
}

fn plan(file: &Path, reading: &Reading, heard: &Heard, items: &mut Vec<Item>) -> Option<Exit> {
    let manifest = file.with_file_name("shotlist.yaml");
    let subject = Subject::File { file: file.to_owned(), reading: reading.clone() };
    let request = InitRequest { manifest: Some(manifest.clone()), subject, force: true };
    let error = match init(&request) {
        Ok(InitReport::Invalid { problems, .. }) => {
            heard.add(&render(&problems, false, 200, usize::MAX));
            return Some(Exit::Invalid);
        }
        Ok(InitReport::Written(written)) => {
            let problems = written.products.map(|products| products.problems).unwrap_or_default();
            heard.add(&render(&problems, false, 200, usize::MAX));
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let project = Project::open(&manifest).map(|project| project.telling(heard.clone()));
            let report = project.and_then(|project| runtime.block_on(project.plan(&PlanRequest::default())));
            match report.and_then(|report| report.each_request(|request| items.push(item(&request)))) {
                Ok(()) => return None,
                Err(error) => error,
            }
        }
        Err(error) => error,
    };
    heard.add(&format!("{}\n{}", error.what, error.hint.clone().unwrap_or_default()));
    heard.add(&render(&error.problems, false, 200, usize::MAX));
    Some(error.exit)
}

/// Returns the clip that a request is for.
fn item(request: &serde_json::Value) -> Item {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let job = text(&request["job"]);
    let id = percent_decode_str(job.trim_start_matches("hero/")).decode_utf8().unwrap().into_owned();
    let prompt = text(&request["body"]["prompt"]);
    let title = prompt
        .strip_prefix("Slow push-in on ")
        .and_then(|rest| rest.strip_suffix(", soft studio light, plain background"));
    let title = title.unwrap_or(&prompt).to_owned();
    [id, title, text(&request["body"]["image_url"])]
}

/// Returns items whose letters are composed, as they are compared.
fn composed(items: &[Item]) -> Vec<Item> {
    items.iter().map(|item| item.each_ref().map(|part| part.nfc().collect())).collect()
}

/// Returns a line for each item that is not planned as it should be.
fn differences(expected: &[Item], items: &[Item]) -> Vec<String> {
    let (expected, items) = (composed(expected), composed(items));
    let mut lines = Vec::new();
    let mut others: BTreeMap<&str, &Item> = items.iter().map(|item| (item[0].as_str(), item)).collect();
    for [id, title, picture] in &expected {
        let is_same = |[_, words, other]: &&Item| words == title && other == picture;
        let Some([_, words, other]) = others.remove(id.as_str()) else {
            // A clip that is the same as another's is not ordered twice.
            if !(items.iter().any(|it| is_same(&it)) && expected.iter().filter(is_same).count() > 1) {
                lines.push(format!("{id} is not planned"));
            }
            continue;
        };
        // An empty title stands for any prompt without the id.
        if words != title && (!title.is_empty() || words.contains(id.as_str())) {
            lines.push(format!("{id} is called {words:?} instead of {title:?}"));
        }
        if other != picture {
            lines.push(format!("{id} has the picture {other:?} instead of {picture:?}"));
        }
    }
    lines.extend(others.keys().map(|id| format!("{id} is planned though it should not be")));
    lines
}

/// Returns the options that flags stand for.
fn reading(flags: &[String], one_per: OnePer) -> Reading {
    let mut reading = Reading { one_per, ..Reading::default() };
    for flag in flags.chunks(2) {
        let [name, value] = flag else { panic!("{flag:?}") };
        match name.as_str() {
            "--encoding" => reading.encoding = Some(value.clone()),
            "--path" => reading.path = Some(value.clone()),
            "--dialect" => reading.dialect = Some(value.clone()),
            "--column" => {
                let (field, column) = value.split_once('=').unwrap();
                reading.columns.entry(field.to_owned()).or_default().push(column.to_owned());
            }
            other => panic!("{other}"),
        }
    }
    reading
}

/// Types the flags that a message names, and returns a line if the file is refused all the same.
fn typed(file: &Path, told: &str) -> Vec<String> {
    let flags = told.split('`').find_map(|part| part.strip_prefix("--")?.split_once(' '));
    let Some((name, value)) = flags else { return vec![format!("no flag is named to type next:\n{told}")] };
    let flags = [format!("--{name}"), value.trim_matches(['"', '\'']).to_owned()];
    let planned = planned(file, &reading(&flags, OnePer::Product));
    match planned.failed {
        Some(exit) => vec![format!("after {flags:?} was typed it ends with {exit:?}\n{}", planned.told)],
        None => Vec::new(),
    }
}

/// Returns a line for each part of a fixture that is not read as Python reads it.
fn wrong(name: &str, truth: &Truth) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    shotlist::files::atomic_write(&file, &fs::read(fixtures().join(name)).unwrap(), 0o644).unwrap();
    if let Some(words) = &truth.refused {
        let planned = planned(&file, &Reading::default());
        if planned.failed != Some(Exit::Invalid) {
            return vec![format!("it should be refused, and ends with {:?}", planned.failed)];
        }
        let missing: Vec<&String> = words.iter().filter(|word| !planned.told.contains(*word)).collect();
        if !missing.is_empty() {
            return vec![format!("the message lacks {missing:?}:\n{}", planned.told)];
        }
        if !truth.fix.is_empty() {
            let typed = typed(&file, &planned.told);
            if !typed.is_empty() {
                return typed;
            }
        }
    }
    let mut lines = Vec::new();
    if let Some(products) = truth.products {
        let request = CatalogRequest { file: file.clone(), reading: reading(&truth.fix, OnePer::Product) };
        let report = catalog(&request).unwrap();
        let told = render(&report.catalog.problems, false, 200, usize::MAX);
        let Some(about) = report.catalog.about else { return vec![told] };
        if about.counts.products != products {
            lines.push(format!("{} products instead of {products}", about.counts.products));
        }
        let left_out: usize = about.left_out.iter().map(|(_, count)| count).sum();
        if truth.left_out.as_ref().is_some_and(|reasons| reasons.values().sum::<usize>() != left_out) {
            lines.push(format!("{:?} are left out instead of {:?}", about.left_out, truth.left_out));
        }
        lines.extend(
            truth
                .told
                .iter()
                .filter(|word| !told.contains(*word))
                .map(|word| format!("{word:?} is not told")),
        );
    }
    for (one_per, expected) in [(OnePer::Product, &truth.product), (OnePer::Variant, &truth.variant)] {
        let Some(expected) = expected else { continue };
        let planned = planned(&file, &reading(&truth.fix, one_per));
        match planned.failed {
            Some(exit) => {
                lines.push(format!("one clip a {one_per:?}: it ends with {exit:?}\n{}", planned.told));
            }
            None => lines.extend(differences(expected, &planned.items)),
        }
    }
    lines
}

/// Calls a function for each of these, on several threads, and returns all lines.
fn on_threads<T: Sync>(all: &[T], each: impl Fn(&T) -> Vec<String> + Sync) -> Vec<String> {
    let each = &each;
    thread::scope(|scope| {
        let parts = all.chunks(all.len().div_ceil(4).max(1));
        let threads: Vec<_> =
            parts.map(|part| scope.spawn(move || part.iter().flat_map(each).collect::<Vec<_>>())).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn each_export_is_planned_as_an_independent_reading_has_it() {
    let (truths, pending) = (truths(), pending());
    let names = pending.keys().map(|key| key.split(", ").next().unwrap_or(key));
    let unknown: Vec<&str> = names.filter(|name| *name != "*" && !truths.contains_key(*name)).collect();
    assert!(unknown.is_empty(), "pending.txt names {unknown:?}");
    let all: Vec<_> = truths.iter().collect();
    let lines = on_threads(&all, |(name, truth)| {
        let lines = wrong(name, truth);
        match (pending.contains_key(*name), lines.is_empty()) {
            (true, true) => vec![format!("{name} is read right by now: take it out of pending.txt")],
            (true, false) => Vec::new(),
            (false, _) => lines.into_iter().map(|line| format!("{name}: {line}")).collect(),
        }
    });
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}

#[test]
fn an_export_of_each_shape_becomes_clips_without_a_flag() {
    let (truths, pending) = (truths(), pending());
    let shapes = [
        "woo-de.csv",
        "google-group.tsv",
        "amazon-flat.txt",
        "shopify-products.json",
        "lines.jsonl",
        "heureka.xml",
        "google-rss.xml",
        "xlsx-second-sheet.xlsx",
        "enc-windows-1250.csv",
        "text-only.csv",
    ];
    for name in shapes.into_iter().filter(|name| !pending.contains_key(*name)) {
        let shop = Shop::empty(|_| {});
        shop.write(name, fs::read(fixtures().join(name)).unwrap());
        shop.run(&["init", "--from", name]).expect(0);
        shop.run(&["run", "--sandbox", "--yes"]).expect(0);
        assert_eq!(shop.clips().len(), truths[name].product.as_ref().unwrap().len(), "{name}");
    }
}

/// A sheet as cells.
#[derive(Clone)]
struct Cells {
    delimiter: u8,
    /// Quotes are letters like others.
    is_bare: bool,
    rows: Vec<Vec<String>>,
}

impl Cells {
    /// Reads a fixture; `None` if it is no sheet in UTF-8 with its header in the first row.
    fn of(name: &str) -> Option<Self> {
        let ending = name.rsplit('.').next();
        let is_sheet = ending.is_some_and(|ending| ["csv", "tsv", "txt"].contains(&ending));
        let is_below = ["head-", "ebay", "meta", "amazon-flat"].iter().any(|start| name.starts_with(start));
        let text = String::from_utf8(fs::read(fixtures().join(name)).unwrap()).ok()?;
        let text = text.trim_start_matches('\u{feff}');
        let count = |mark: &char| text.lines().next().unwrap_or_default().matches(*mark).count();
        let delimiter = [',', ';', '\t'].into_iter().max_by_key(count)?;
        let delimiter = u8::try_from(delimiter).ok()?;
        let is_bare = delimiter == b'\t';
        let mut reader = csv::ReaderBuilder::new();
        let reader = reader.has_headers(false).flexible(true).delimiter(delimiter).quoting(!is_bare);
        let records = reader.from_reader(text.as_bytes()).into_records();
        let rows: Vec<Vec<String>> =
            records.map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
        (is_sheet && !is_below).then_some(Self { delimiter, is_bare, rows })
    }

    fn text(&self) -> String {
        if self.is_bare {
            return self.rows.iter().map(|row| row.join("\t") + "\n").collect();
        }
        let mut writer =
            csv::WriterBuilder::new().flexible(true).delimiter(self.delimiter).from_writer(Vec::new());
        for row in &self.rows {
            writer.write_record(row).unwrap();
        }
        String::from_utf8(writer.into_inner().unwrap()).unwrap()
    }

    /// Gives every row as many cells as the header has.
    fn filled(mut self) -> Self {
        let width = self.rows[0].len();
        self.rows.iter_mut().for_each(|row| row.resize(width, String::new()));
        self
    }

    /// Finds the first cell below the header with this content.
    fn find(&self, content: impl Fn(&str) -> bool) -> Option<(usize, usize)> {
        let rows = self.rows.iter().enumerate().skip(1);
        rows.flat_map(|(row, cells)| cells.iter().enumerate().map(move |(column, cell)| (row, column, cell)))
            .find(|(_, _, cell)| content(cell))
            .map(|(row, column, _)| (row, column))
    }
}

/// A change that blanks the first picture of the first product.
const NO_PICTURE: &str = "a picture that is missing";

/// A change after which no word says which column has the titles.
const UNKNOWN_TITLE: &str = "titles under an unknown name";

/// A changed fixture.
struct Change {
    what: &'static str,
    bytes: Vec<u8>,
    /// Words of which one must be told where a clip is not the true one; empty where each must be.
    words: Vec<String>,
}

/// Returns all changes of a fixture that this seed makes.
fn changes(name: &str, truth: &[Item], cells: &Cells, seed: u64) -> Vec<Change> {
    let mut random = StdRng::seed_from_u64(seed);
    let cells = cells.clone().filled();
    let header = cells.rows[0].clone();
    let width = header.len();
    let mut changes = Vec::new();
    let mut add = |what, cells: &Cells, words: Vec<String>| {
        changes.push(Change { what, bytes: cells.text().into_bytes(), words });
    };

    let mut order: Vec<usize> = (0..width).collect();
    order.shuffle(&mut random);
    let mut other = cells.clone();
    other.rows.iter_mut().for_each(|row| *row = order.iter().map(|at| row[*at].clone()).collect());
    // Of columns with one name the first counts.
    let names: BTreeSet<&String> = header.iter().collect();
    if names.len() == width {
        add("columns in another order", &other, Vec::new());
    }

    let mut other = cells.clone();
    other.rows[0].iter_mut().for_each(|name| *name = name.to_uppercase());
    add("headers in capital letters", &other, Vec::new());

    for logo in ["brand_logo", "Logo"] {
        let mut other = cells.clone();
        for (at, row) in other.rows.iter_mut().enumerate() {
            let cell = if at == 0 { logo } else { "https://shop.example/brands/constant.png" };
            row.insert(0, cell.to_owned());
        }
        add("a column with a logo", &other, vec![logo.to_owned()]);
    }

    let [_, title, picture] = &truth[0];
    if let Some((row, column)) =
        cells.find(|cell| cell.contains(picture.as_str())).filter(|_| !picture.is_empty())
    {
        let place = vec![format!("row {}", row + 1), header[column].clone()];
        let mut other = cells.clone();
        for (at, row) in other.rows.iter_mut().enumerate() {
            row.push(if at == 0 {
                header[column].clone()
            } else {
                format!("https://shop.example/other/{at}.jpg")
            });
        }
        add("a second column with the name of the first", &other, place.clone());

        let mut other = cells.clone();
        other.rows[row][column].clear();
        add(NO_PICTURE, &other, place);

        let mut other = cells.clone();
        "Xq".clone_into(&mut other.rows[0][column]);
        add("pictures under an unknown name", &other, vec!["Xq".to_owned(), format!("`{}`", header[column])]);
    }
    if let Some((row, column)) = cells.find(|cell| cell.trim() == title).filter(|_| !title.is_empty()) {
        let mut other = cells.clone();
        other.rows[row][column].clear();
        add("a title that is missing", &other, vec![format!("row {}", row + 1), header[column].clone()]);
    }

    if let Some((_, column)) = cells.find(|cell| cell.trim() == title).filter(|_| !title.is_empty()) {
        let mut other = cells.clone();
        "Xq".clone_into(&mut other.rows[0][column]);
        let words = ["Xq".to_owned(), format!("`{}`", header[column]), "has no column".to_owned()];
        add(UNKNOWN_TITLE, &other, words.to_vec());
    }

    let text = cells.text();
    for encoding in [
        encoding_rs::WINDOWS_1252,
        encoding_rs::WINDOWS_1251,
        encoding_rs::WINDOWS_1250,
        encoding_rs::SHIFT_JIS,
    ] {
        let (bytes, _, has_lost) = encoding.encode(&text);
        if !text.is_ascii() && !has_lost {
            let words = vec!["encoding".to_owned(), "letter".to_owned()];
            changes.push(Change { what: encoding.name(), bytes: bytes.into_owned(), words });
        }
    }
    if name.starts_with("plain-") {
        for language in ["en", "de", "fr", "es", "it", "pt", "nl", "pl", "cs", "sv", "ru", "uk"] {
            let mut other = cells.clone();
            other.rows[0] = Cells::of(&format!("plain-{language}.csv")).unwrap().rows.swap_remove(0);
            changes.push(Change {
                what: "headers in another language",
                bytes: other.text().into_bytes(),
                words: Vec::new(),
            });
        }
    }
    changes
}

/// Returns a document in other spellings of the same content.
fn spellings(name: &str, text: &str) -> Vec<Change> {
    let change = |what, text: String| Change { what, bytes: text.into_bytes(), words: Vec::new() };
    let mut changes = vec![change("line ends of Windows", text.replace('\n', "\r\n"))];
    if name.ends_with("json") {
        changes.push(change("a byte order mark", format!("\u{feff}{text}")));
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        changes.push(change("one line", json.to_string()));
        changes.push(change("many lines", serde_json::to_string_pretty(&json).unwrap()));
    }
    if name.ends_with("xml") {
        changes.push(change("a comment", text.replacen("?>", "?><!-- exported -->", 1)));
        changes.push(change("tabs between elements", text.replace(">\n", ">\n\t")));
    }
    changes
}

/// Returns whether an error names a row.
fn leads_to_a_row(told: &str) -> bool {
    let is_error = |part: &&str| part.lines().any(|line| line.starts_with("error: "));
    told.split("\n\n").filter(is_error).any(|part| part.contains(" row "))
}

/// Returns a line for each clip of a changed fixture that is neither right nor told.
fn silent(file: &Path, change: &Change, truth: &[Item]) -> Vec<String> {
    shotlist::files::atomic_write(file, &change.bytes, 0o644).unwrap();
    let planned = planned(file, &Reading::default());
    let is_told = change.words.iter().any(|word| planned.told.contains(word.as_str()));
    let mut expected = truth.to_vec();
    match planned.failed {
        // Nothing is ordered, and the message leads to the cell.
        Some(Exit::Invalid) if is_told || leads_to_a_row(&planned.told) => return Vec::new(),
        Some(exit) => return vec![format!("it ends with {exit:?}\n{}", planned.told)],
        None => {}
    }
    // Another picture of the same product is right where its first one is missing.
    let picture = planned.items.iter().find(|item| item[0] == truth[0][0]).map(|item| &item[2]);
    let picture =
        picture.filter(|picture| !picture.is_empty() && truth.iter().all(|item| item[2] != **picture));
    if let Some(picture) = picture.filter(|_| change.what == NO_PICTURE) {
        expected[0][2].clone_from(picture);
    }
    // A prompt that speaks of `the product` has no wrong word.
    if change.what == UNKNOWN_TITLE && planned.items.iter().all(|item| item[1] == "the product") {
        for item in &mut expected {
            item[1].clear();
        }
    }
    if is_told { Vec::new() } else { differences(&expected, &planned.items) }
}

/// Nothing wrong is ordered in silence: each planned picture and title of a renamed, translated, reordered or damaged
/// export is the true one, or a message names the column or the row.
#[test]
fn a_changed_export_is_planned_right_or_a_message_says_what_is_wrong() {
    let (truths, pending) = (truths(), pending());
    let fixtures: Vec<(&String, &Vec<Item>)> = truths
        .iter()
        .filter(|(name, truth)| truth.refused.is_none() && !pending.contains_key(*name))
        .filter_map(|(name, truth)| Some((name, truth.product.as_ref()?)))
        .collect();
    let folder_of_fixtures = self::fixtures();
    let excused = Mutex::new(BTreeSet::new());
    let mut lines = on_threads(&fixtures, |(name, truth)| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        let mut lines = Vec::new();
        let changes = match (Cells::of(name), fs::read_to_string(folder_of_fixtures.join(name))) {
            (Some(cells), _) => changes(name, truth, &cells, 7),
            (None, Ok(text)) if !name.ends_with("jsonl") => spellings(name, &text),
            (None, _) => Vec::new(),
        };
        for change in changes {
            let differences = silent(&file, &change, truth);
            if differences.is_empty() {
                continue;
            }
            let keys = [format!("{name}, {}", change.what), format!("*, {}", change.what)];
            match keys.into_iter().find(|key| pending.contains_key(key)) {
                Some(key) => drop(excused.lock().unwrap().insert(key)),
                None => lines.push(format!("{name}, {}: {}", change.what, differences.join("\n  "))),
            }
        }
        lines
    });
    let excused = excused.into_inner().unwrap();
    let right = pending.keys().filter(|key| key.contains(", ") && !excused.contains(*key));
    lines.extend(right.map(|key| format!("{key} is right by now: take it out of pending.txt")));
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}
