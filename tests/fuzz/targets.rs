//! Feeds arbitrary bytes to the readers of foreign data, which must not panic, hang, or use unbounded memory.
//!
//! A fuzzer calls these functions with bytes that it makes up; a test calls them with the files in `corpus`.

use jiff::Timestamp;
use serde_json::Value as Json;
use shotlist::app::decide::read_table;
use shotlist::catalog::{OnePer, Reading, dialects, read as read_catalog};
use shotlist::domain::fault::FaultKind;
use shotlist::domain::item::{Delimiter, FIELDS};
use shotlist::domain::key::{JobKey, ModelName, TakeId, TaskId};
use shotlist::domain::lifecycle::ClipFile;
use shotlist::domain::policy::{Policy, RETRY_AFTER, Tick};
use shotlist::domain::problem::Problem;
use shotlist::files::Tree;
use shotlist::media::frames::Picture;
use shotlist::media::image::{self, HEAD, TAIL};
use shotlist::media::{mp4, signature, thumbnail};
use shotlist::provider::reply::{retry_after, sent};
use shotlist::provider::{Cost, Progress, Registry};
use shotlist::store::{ClipFinder, Lock, Recovery, remarks};
use shotlist::wire::Reply;
use shotlist::{manifest as manifests, store};
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::time::Duration;
use zip::write::{SimpleFileOptions, ZipWriter};

/// A reader that accepts any bytes.
pub(crate) type Target = fn(&[u8]);

/// Every reader, by the name of its folder in `corpus`.
#[allow(dead_code, reason = "each program that feeds one reader has this file, too")]
pub(crate) const ALL: [(&str, Target); 9] = [
    ("catalog", catalog),
    ("workbook", workbook),
    ("manifest", manifest),
    ("replies", replies),
    ("clips", clips),
    ("pictures", pictures),
    ("ledger", ledger),
    ("sidecars", sidecars),
    ("reviews", reviews),
];

const NAMES: [&str; 4] = ["file", "p.csv", "p.xml", "p.json"];

const ENCODINGS: [&str; 16] = [
    "utf-8",
    "utf-16le",
    "utf-16be",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1254",
    "windows-1257",
    "iso-8859-2",
    "koi8-r",
    "macintosh",
    "gbk",
    "big5",
    "shift_jis",
    "euc-kr",
    "none",
];

const DECLARATION: &str = "<?xml";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// Reads a product file with each kind of name and option. The result is items or a reason, and not more items than
/// possible.
pub(crate) fn catalog(bytes: &[u8]) {
    // A file that ends in this byte has four more bytes before it, which select how it is read; real files are seeds
    // without changes.
    let (file, how, letters, option, at) = match bytes {
        [file @ .., how, letters, option, at, 0xFF] => (file, *how, *letters, *option, usize::from(*at)),
        _ => (bytes, 0, 0, 0, 0),
    };
    let how = usize::from(how);
    let (_, one_per) = OnePer::ALL[how / 4 % OnePer::ALL.len()];
    let mut options = Reading { one_per, all: how & 0x80 != 0, ..Reading::default() };
    match usize::from(letters).checked_sub(1) {
        Some(at) if at < ENCODINGS.len() => options.encoding = Some(ENCODINGS[at].to_owned()),
        Some(at) => options.delimiter = Some(Delimiter::ALL[at % Delimiter::ALL.len()].1),
        None => {}
    }
    // The names that a user gives must sometimes occur in the file.
    let is_mark = |byte: &u8| byte.is_ascii_control() || b"<>/=\"',;|\t :{}[]".contains(byte);
    let mut words = file.split(is_mark).filter(|word| !word.is_empty());
    let mut word = |at| words.nth(at).map(|word| String::from_utf8_lossy(word).into_owned());
    match usize::from(option) {
        0 => {}
        1 => options.path = word(at),
        2 => options.path = word(at).zip(word(0)).map(|(outer, inner)| format!("{outer}.{inner}")),
        3 => options.path = Some(String::new()),
        4 => options.element = word(at),
        5 => options.sheet = word(at),
        6 => options.dialect = dialects().get(at).map(|name| (*name).to_owned()),
        option => {
            let field = FIELDS[option % FIELDS.len()].to_owned();
            options.columns = word(at).map(|name| (field, vec![name])).into_iter().collect();
        }
    }
    let catalog = read_catalog(NAMES[how % 4], file, &options);
    assert!(!catalog.items.is_empty() || !catalog.problems.is_empty());
    // A workbook is compressed, at most by a factor of a thousand.
    assert!(catalog.items.len() <= file.len() * 1_032);
}

/// Reads the parts of a workbook, with the same assertions as [`catalog`].
///
/// The parts follow each other, each from its XML declaration on, as `unzip -p` prints them. They are compressed here,
/// because a compressed file with changed bytes could hardly ever be unpacked.
pub(crate) fn workbook(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (mut sheets, mut texts, mut styles, mut workbook) = (Vec::new(), None, None, None);
    for part in text.split(DECLARATION).filter(|part| !part.is_empty()) {
        if part.contains("<sst") {
            texts = Some(part);
        } else if part.contains("<styleSheet") {
            styles = Some(part);
        } else if part.contains("<workbook") {
            workbook = Some(part);
        } else if part.contains("<worksheet") {
            sheets.push(part);
        }
    }
    let book = pack(&sheets, texts, styles, workbook);
    let options = Reading { all: text.len() % 2 == 1, ..Reading::default() };
    let catalog = read_catalog("p.xlsx", book.as_slice(), &options);
    assert!(!catalog.items.is_empty() || !catalog.problems.is_empty());
    assert!(catalog.items.len() <= text.len());
}

/// Returns a workbook of these parts.
fn pack(sheets: &[&str], texts: Option<&str>, styles: Option<&str>, workbook: Option<&str>) -> Vec<u8> {
    let mut parts = Vec::new();
    let mut related = String::new();
    let mut listed = String::new();
    let mut add = |id: String, kind: &str, path: String, part: &str| {
        related += &format!("<Relationship Id=\"{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{path}\"/>");
        parts.push((format!("xl/{path}"), format!("{DECLARATION}{part}")));
    };
    for (number, sheet) in (1..).zip(sheets) {
        add(format!("rId{number}"), "worksheet", format!("worksheets/sheet{number}.xml"), sheet);
        listed += &format!("<sheet name=\"S{number}\" r:id=\"rId{number}\"/>");
    }
    for (kind, part) in [("sharedStrings", texts), ("styles", styles)] {
        if let Some(part) = part {
            add(kind.to_owned(), kind, format!("{kind}.xml"), part);
        }
    }
    let book = match workbook {
        Some(part) => format!("{DECLARATION}{part}"),
        None => format!("<workbook><sheets>{listed}</sheets></workbook>"),
    };
    parts.push(("xl/workbook.xml".to_owned(), book));
    parts
        .push(("xl/_rels/workbook.xml.rels".to_owned(), format!("<Relationships>{related}</Relationships>")));
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (path, part) in parts {
        archive.start_file(path, stored).expect("the names differ");
        archive.write_all(part.as_bytes()).expect("memory takes it");
    }
    archive.finish().expect("memory takes it").into_inner()
}

/// Reads a manifest, corrections of models, and a list of items. Without a manifest there must be a reason.
pub(crate) fn manifest(bytes: &[u8]) {
    let (manifest, problems) = manifests::read("shotlist.yaml", bytes);
    assert!(manifest.is_some() || problems.iter().any(Problem::is_error));
    let (corrections, problems) = manifests::read_corrections("models.yaml", bytes);
    assert!(corrections.is_some() || problems.iter().any(Problem::is_error));
    let _ = manifests::read_items_from("shotlist.yaml", bytes);
    let _ = manifests::project_of("shotlist.yaml", &String::from_utf8_lossy(bytes));
}

/// Reads a reply as each provider's reply to each kind of call.
///
/// The bytes contain a status, headers and a body, as in HTTP: `200`, then `name: value` lines, a blank line, the body.
pub(crate) fn replies(bytes: &[u8]) {
    let blank = bytes.windows(2).position(|two| two == b"\n\n");
    let (head, body) = blank.map_or((bytes, &b""[..]), |at| (&bytes[..at], &bytes[at + 2..]));
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.parse().ok()).unwrap_or(200);
    let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
    let reply = Reply { status, headers: lines.filter_map(header).collect(), body: body.to_vec() };
    let _ = (retry_after(&reply), sent(&reply));
    let asked = TaskId("task-1".into());
    for provider in Registry::built_in().iter() {
        match provider.submitted(&reply) {
            Ok(task) => assert!(!task.0.raw().trim().is_empty()),
            Err(fault) => waits(&fault.kind),
        }
        answered(provider.polled(&asked, &reply).map_err(|fault| fault.kind));
        let _ = provider.label(&reply);
        if let Some(look_up) = provider.look_up() {
            match look_up.listed(&reply) {
                Ok(listing) => assert!(listing.tasks.iter().all(|(task, _)| !task.0.raw().trim().is_empty())),
                Err(fault) => waits(&fault.kind),
            }
        }
        if let Some(bulk) = provider.bulk() {
            let tasks = [asked.clone(), TaskId("task-2".into())];
            match bulk.polled(&tasks, &reply) {
                Ok(all) => {
                    assert_eq!(all.len(), tasks.len());
                    for one in all {
                        answered(one.map_err(|fault| fault.kind));
                    }
                }
                Err(fault) => waits(&fault.kind),
            }
        }
        if let Some(Err(fault)) = provider.cancel().map(|cancel| cancel.cancelled(&asked, &reply)) {
            waits(&fault.kind);
        }
    }
}

/// Checks that a link is a link, that no cost is too large, and that every wait ends.
fn answered(progress: Result<Progress, FaultKind>) {
    match progress {
        Ok(Progress::Ready { clip, cost }) => {
            assert!(!clip.url.trim().is_empty());
            assert!(!matches!(cost, Cost::Told(cost) if cost > Cost::MAX));
        }
        Ok(Progress::Pending { percent, .. }) => assert!(percent.is_none_or(|percent| percent <= 100)),
        Ok(_) => {}
        Err(kind) => waits(&kind),
    }
}

/// Checks that a fault's pause ends, whatever the reply asked for.
fn waits(kind: &FaultKind) {
    if let FaultKind::Throttled { after } | FaultKind::Busy { after } = kind {
        let pause = Policy::standard().poll_backoff.pause(u32::MAX, *after, 0.999);
        assert!(pause <= RETRY_AFTER.1 + RETRY_AFTER.1 / 10);
        assert!(Tick::new(now(), 0.0).after(pause) > now() - Duration::from_secs(1));
    }
}

/// Reads the boxes of a clip. A valid clip must have frames and a duration.
pub(crate) fn clips(bytes: &[u8]) {
    if let Err(fault) = mp4::inspect(&mut Cursor::new(bytes)) {
        assert!(!fault.to_string().is_empty());
    }
}

/// Reads a picture: its header, as data in a link, its signature, and small copies of it.
pub(crate) fn pictures(bytes: &[u8]) {
    let (head, tail) = (&bytes[..bytes.len().min(HEAD)], &bytes[bytes.len().saturating_sub(TAIL)..]);
    if image::picture(head, tail, bytes.len() as u64).is_ok() {
        assert!(image::beginning(head).is_ok());
    }
    let text = String::from_utf8_lossy(bytes);
    let _ = (image::data_uri(&text), image::content(&text));
    let _ = (signature::signature(bytes), thumbnail::thumbnails(bytes), Picture::decode(bytes, (64, 36)));
}

/// Rebuilds a lost state from a ledger. The rebuilt state must need no further rebuilding.
pub(crate) fn ledger(bytes: &[u8]) {
    let dir = tempfile::tempdir().expect("the system gives a folder");
    let state = dir.path().join(".shotlist");
    store::make_folder(&state).expect("the folder can be made");
    std::fs::write(state.join("ledger.jsonl"), bytes).expect("the folder takes a file");
    assert!(remarks(&state, &[TakeId("0".to_owned())]).is_ok(), "a line that cannot be read is passed over");
    rebuilt(&state, &Placed { tree: None });
}

/// Rebuilds a lost state from the sidecar of a clip. The rebuilt state must need no further rebuilding.
pub(crate) fn sidecars(bytes: &[u8]) {
    let dir = tempfile::tempdir().expect("the system gives a folder");
    let (state, root) = (dir.path().join(".shotlist"), dir.path().join("clips"));
    store::make_folder(&state).expect("the folder can be made");
    std::fs::create_dir(&root).expect("the folder can be made");
    std::fs::write(root.join("a.mp4"), b"clip").expect("the folder takes a file");
    std::fs::write(root.join("a.mp4.json"), bytes).expect("the folder takes a file");
    let tree = Tree::look_at(&state, &root).expect("the folder is there");
    let _ = tree.sidecar_of("a.mp4");
    rebuilt(&state, &Placed { tree: Some(tree) });
}

/// Rebuilds the state in a folder and checks it again.
fn rebuilt(state: &Path, clips: &dyn ClipFinder) {
    let lock = Lock::acquire(state, "recover", now()).expect("no other process is here");
    let Ok(mut recovery) = Recovery::begin(state, &lock) else { return };
    if !matches!(recovery.examine(clips), Ok(true)) {
        return;
    }
    let policy = |_: &ModelName| Policy::standard();
    if recovery.rebuild(&policy, clips, "clips", now()).is_err() {
        return;
    }
    let mut again = Recovery::begin(state, &lock).expect("a state that was rebuilt can be opened");
    assert_eq!(again.examine(clips), Ok(false), "{:?}", again.why());
}

/// Clips that each match their sidecar.
struct Placed {
    tree: Option<Tree>,
}

impl ClipFinder for Placed {
    fn stands(&self, _: &str, _: &ClipFile) -> bool {
        self.tree.is_some()
    }

    fn kept(&self, _: &str, _: &TakeId, _: &ClipFile) -> Option<String> {
        None
    }

    fn of_take(&self, path: &str, take: &TakeId) -> Option<ClipFile> {
        self.tree.as_ref()?.clip_of(path, take)
    }

    fn sidecars(&self) -> Vec<(String, Json)> {
        self.tree.as_ref().and_then(|tree| tree.sidecars().ok()).unwrap_or_default()
    }
}

/// Reads a table of reviews. An unreadable table must have a reason.
pub(crate) fn reviews(bytes: &[u8]) {
    let jobs = [JobKey::new("hero", "0001"), JobKey::new("hero", "=1+1")];
    match read_table("reviews.csv", bytes, &jobs) {
        Ok(rows) => assert!(rows.len() <= jobs.len(), "a job has one row"),
        Err(problems) => assert!(problems.iter().any(Problem::is_error)),
    }
}

/// Returns the same time in every run.
fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH + Duration::from_hours(500_000)
}
