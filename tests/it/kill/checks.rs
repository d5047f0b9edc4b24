//! Rules that hold at every moment at which the program may have died.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails as the test itself does")]

use super::project::{Project, Snapshot, item_of};
use shotlist::domain::digest::Sha256;
use shotlist::domain::lifecycle::{HeldReason, Intent, State};
use shotlist::media::mp4;
use shotlist::sandbox::Request;
use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::Cursor;
use std::path::Path;

/// The edges of the life cycle that need no person. A written copy, so that a change of the life cycle shows here.
const EDGES: [(&str, &[&str]); 7] = [
    ("pending", &["submitting"]),
    ("submitting", &["pending", "doubtful", "running", "held"]),
    ("doubtful", &["doubtful", "pending", "running", "held"]),
    ("running", &["running", "downloading", "held", "failed"]),
    ("downloading", &["downloading", "running", "placing", "held"]),
    ("placing", &["running", "done", "held"]),
    ("held", &[]),
];

/// Returns whether one step leads from one state to the other.
pub(super) fn is_edge(from: &str, to: &str) -> bool {
    EDGES.iter().any(|(state, next)| *state == from && next.contains(&to))
}

/// Returns whether any number of steps, or none, lead from one state to the other.
fn is_reachable(from: &str, to: &str) -> bool {
    let mut seen = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(state) = open.pop() {
        let next = EDGES.iter().filter(|(of, _)| *of == state).flat_map(|(_, next)| next.iter());
        open.extend(next.copied().filter(|next| seen.insert(next)));
    }
    seen.contains(to)
}

/// Compares the database at two deaths of the program, and with the sandbox's books.
pub(super) fn moved_lawfully(before: &Snapshot, after: &Snapshot, requests: &[Request]) {
    for (item, old) in before {
        let new = after.get(item).unwrap_or_else(|| panic!("{item} vanished; it was {:?}", old.state));
        assert_eq!(new.take, old.take, "{item}: another take");
        let (from, to) = (old.state.name(), new.state.name());
        assert!(is_reachable(from, to), "{item}: {from} never leads to {to}");
        if let Some(task) = old.state.task() {
            let kept = new.state.task().map(|task| &task.id);
            assert_eq!(kept, Some(&task.id), "{item}: a paid task was forgotten between {from} and {to}");
        }
    }
    let mut of_attempt: HashMap<&str, Vec<&Request>> = HashMap::new();
    for request in requests {
        assert!(after.contains_key(item_of(request)), "a request for an unknown job: {request:?}");
        let name = request.request_id.as_deref().expect("every attempt has our name");
        of_attempt.entry(name).or_default().push(request);
    }
    let none = Vec::new();
    let received = |intent: &Intent| of_attempt.get(intent.request_id.0.as_str()).unwrap_or(&none);
    for (item, new) in after {
        let charges = requests.iter().filter(|request| item_of(request) == item && request.task.is_some());
        let charges: Vec<_> = charges.filter_map(|request| request.task.as_ref()).collect();
        let old = before.get(item).map(|old| &old.state);
        match &new.state {
            State::Pending { .. } => assert!(charges.is_empty(), "{item} is pending, but was charged"),
            State::Submitting { .. } => assert!(charges.len() <= 1, "{item} was charged twice"),
            State::Doubtful { intent, .. } => {
                // Attempts before this one were proved never to have arrived.
                assert_eq!(charges.len(), received(intent).len(), "{item}");
                assert!(charges.len() <= 1, "{item} was charged twice");
            }
            State::Held { reason, intent, task, .. } => {
                assert_eq!((*reason, task), (HeldReason::AmbiguousSubmit, &None), "{item}");
                assert!(charges.len() <= 1, "{item} was charged twice");
                // A run never writes off a task that it waits for: only a request that a death interrupted is held.
                match old {
                    Some(State::Submitting { intent: sent, .. } | State::Held { intent: sent, .. }) => {
                        assert_eq!(sent, intent, "{item}");
                    }
                    other => panic!("{item} is held, but was not on the wire at the last death: {other:?}"),
                }
                for request in received(intent) {
                    assert!(request.at >= intent.at, "{item}: sent before it was written down");
                }
            }
            State::Running { task, .. }
            | State::Downloading { task, .. }
            | State::Placing { task, .. }
            | State::Done { task, .. } => {
                let tasks: Vec<&str> = charges.iter().map(|task| task.id.as_str()).collect();
                assert_eq!(tasks, [task.id.0.raw()], "{item}: the charges are not its one task");
                assert_eq!(received(&task.intent).len(), 1, "{item}");
            }
            other => panic!("{item}: nothing here leads to {other:?}"),
        }
        // An attempt that was taken back must never have been received, or it would be paid again.
        if let Some(State::Submitting { intent, .. } | State::Doubtful { intent, .. }) = old {
            let same = match &new.state {
                State::Submitting { intent: now, .. }
                | State::Doubtful { intent: now, .. }
                | State::Held { intent: now, .. } => now == intent,
                state => state.task().is_some_and(|task| task.intent == *intent),
            };
            assert!(same || received(intent).is_empty(), "{item}: an attempt on the wire was taken back");
        }
    }
}

/// Every file in the output folder has its right to be there: whole, and what the database says. Every done take has
/// its file.
pub(super) fn files_match(project: &Project, snapshot: &Snapshot) {
    let mut named: HashMap<&str, _> = HashMap::new();
    for (item, standing) in snapshot {
        if let State::Done { file, .. } | State::Placing { file, .. } = &standing.state {
            named.insert(standing.path.as_str(), (item, file));
        }
        if matches!(standing.state, State::Done { .. }) {
            assert!(project.path(&standing.path).is_file(), "{item} is done, but its clip is not there");
        }
    }
    for path in files(project) {
        let clip = path.strip_suffix(".json").unwrap_or(&path);
        let (item, file) = named.get(clip).unwrap_or_else(|| panic!("a file of no job: {path}"));
        let bytes = std::fs::read(project.path(&path)).unwrap();
        if clip == path {
            assert_eq!(bytes.len() as u64, file.size, "{item}");
            assert_eq!(Sha256::of(&bytes), file.sha256, "{item}");
            mp4::inspect(&mut Cursor::new(bytes)).unwrap_or_else(|fault| panic!("{item}: {fault}"));
        } else {
            let sidecar: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(sidecar["sha256"], file.sha256.to_string(), "{item}");
        }
    }
}

/// Files in the output folder, sorted, but for those that wait under a hidden name for their own.
pub(super) fn files(project: &Project) -> Vec<String> {
    let folder = project.path("clips");
    if !folder.exists() {
        return Vec::new();
    }
    let names = std::fs::read_dir(folder).unwrap().map(|entry| {
        let entry = entry.unwrap();
        assert!(entry.file_type().unwrap().is_file());
        entry.file_name().into_string().unwrap()
    });
    let mut paths: Vec<String> =
        names.filter(|name| !name.starts_with('.')).map(|name| format!("clips/{name}")).collect();
    let part = paths.iter().find(|path| Path::new(path).extension().is_some_and(|ending| ending == "part"));
    assert_eq!(part, None, "an unfinished download among the clips");
    paths.sort();
    paths
}

/// When a file last changed, for those that must not.
pub(super) fn times(project: &Project) -> Vec<(String, std::time::SystemTime)> {
    let time = |path: &str| File::open(project.path(path)).unwrap().metadata().unwrap().modified().unwrap();
    files(project)
        .into_iter()
        .map(|path| {
            let at = time(&path);
            (path, at)
        })
        .collect()
}
