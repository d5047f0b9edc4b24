//! What the real program says of input that is wrong, and that it takes what only looks odd.
//!
//! Every folder of `tests/fixtures/bad` is a project with something wrong in it; all that `validate` says of it is a
//! snapshot. A new case is a new folder. A file named `command` holds other arguments than `validate`.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do; clippy exempts only test functions"
)]
#![expect(clippy::disallowed_methods, reason = "files of a test need no atomic writes")]

use crate::support::{KEY_VARIABLE, Project};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A picture that is whole. Every project has it.
const MUG: &[u8] = include_bytes!("../fixtures/mug.png");

/// Adds what git cannot keep or what would be damaged on the way.
fn add_special(case: &str, folder: &Path) {
    match case {
        "picture-cut-off" => fs::write(folder.join("cut-off.png"), &MUG[..MUG.len() / 2]).unwrap(),
        "picture-is-a-pipe" => {
            mknodat(CWD, folder.join("pipe.png"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        }
        "picture-outside" | "picture-link-leads-outside" => {
            fs::write(folder.join("../mug.png"), MUG).unwrap();
            symlink("../mug.png", folder.join("link.png")).unwrap();
        }
        _ => {}
    }
}

fn fixtures(kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(kind)
}

/// The names in a folder, without what follows their first dot.
fn names(folder: &Path) -> BTreeSet<String> {
    let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
    let entries = fs::read_dir(folder).unwrap().map(|entry| name(entry.unwrap()));
    entries.map(|name| name.split('.').next().unwrap().to_owned()).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).unwrap();
        }
    }
}

/// Runs the program in a copy of the project; the answer is its exit code and all it says.
fn answer(kind: &str, case: &str) -> String {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("project");
    copy(&fixtures(kind).join(case), &folder);
    fs::write(folder.join("mug.png"), MUG).unwrap();
    add_special(case, &folder);
    let arguments = fs::read_to_string(folder.join("command")).unwrap_or_else(|_| "validate".to_owned());
    let mut command = Command::new(env!("CARGO_BIN_EXE_shotlist"));
    command.args(arguments.split_whitespace()).current_dir(&folder).env_clear().stdin(Stdio::null());
    let output = command.output().unwrap();
    assert!(output.stdout.is_empty(), "{case}: {}", String::from_utf8_lossy(&output.stdout));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!said.contains(&*home.path().to_string_lossy()), "{case} tells of a folder nobody named: {said}");
    format!("exit {}\n{said}", output.status.code().unwrap())
}

/// Compares every project of a kind with its snapshot; both must be there.
fn compare(kind: &str) {
    let cases = names(&fixtures(kind));
    for case in &cases {
        insta::with_settings!(
            { snapshot_path => format!("snapshots/{kind}"), prepend_module_to_snapshot => false, omit_expression => true },
            { insta::assert_snapshot!(case.as_str(), answer(kind, case)) }
        );
    }
    let snapshots = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots").join(kind);
    assert_eq!(names(&snapshots), cases, "a snapshot without a project, or the other way round");
}

#[test]
fn what_is_wrong_is_told_with_its_place_its_reason_and_what_to_type() {
    compare("bad");
}

#[test]
fn what_only_looks_odd_is_taken() {
    compare("fine");
}

#[test]
fn a_key_that_is_not_set_is_told_before_anything_is_sent() {
    let project = Project::shop(1);
    let url = project.sandbox().provider_url("zai");
    project.write(
        "shotlist.yaml",
        format!(
            "{}providers:\n  zai:\n    base_url: \"{url}\"\n    api_key: \"${{{KEY_VARIABLE}}}\"\n",
            crate::support::SHOP
        ),
    );
    let mut command = project.command(&["run", "--yes"]);
    command.env_remove(KEY_VARIABLE);
    let ended = project.start_as(command).wait().expect(4);
    assert!(project.requests().is_empty());
    insta::assert_snapshot!(ended.err);
}
