//! Clips compared with what was placed: missing, damaged and foreign ones are found, and nothing is touched.

use crate::snapshot::{assert_whole, whole};
use crate::support::Project;
use serde_json::{Value, json};
use shotlist::files::atomic_write;
use std::fs;
use tempfile::TempDir;

fn finished(rows: usize) -> Project {
    let project = Project::shop(rows);
    project.run(&["run", "--yes"]).expect(0);
    project
}

/// Returns the findings of a folder by the number of the product.
fn found(project: &Project, folder: &str) -> (Vec<(String, String)>, Value) {
    let mut lines = project.run(&["verify", "--json", "--out", folder]).expect(3).lines();
    let summary = lines.pop().unwrap();
    let text = |line: &Value, field: &str| line[field].as_str().unwrap().to_owned();
    (lines.iter().map(|line| (text(line, "job"), text(line, "event"))).collect(), summary)
}

/// A copy of the clips and their sidecars.
fn copied(project: &Project) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    fs::create_dir(copy.path().join("renders")).unwrap();
    for name in project.clips().keys() {
        for end in ["", ".json"] {
            let name = format!("{name}{end}");
            fs::copy(project.path(&name), copy.path().join(name)).unwrap();
        }
    }
    copy
}

#[test]
fn clips_as_they_were_placed_are_all_right() {
    let project = finished(3);
    let ended = project.run(&["verify"]).expect(0);
    insta::assert_snapshot!(whole(&ended));
}

#[test]
fn n18_what_is_missing_damaged_or_foreign_is_named_and_left_alone() {
    let project = finished(7);
    let copy = copied(&project);
    let folder = copy.path().to_str().unwrap();
    let clip = |n: usize| copy.path().join(format!("renders/sku-{n}_hero.mp4"));
    let write = |n: usize, bytes: &[u8]| atomic_write(&clip(n), bytes, 0o644).unwrap();
    fs::remove_file(clip(1)).unwrap();
    let mut bytes = fs::read(clip(2)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    write(2, &bytes);
    write(3, &bytes[..middle]);
    // One more box, which says nothing: the clip is whole, and another.
    write(4, &[&fs::read(clip(4)).unwrap()[..], &[0, 0, 0, 8], b"free"].concat());
    fs::remove_file(clip(5)).unwrap();
    fs::create_dir(clip(5)).unwrap();
    fs::remove_file(copy.path().join("renders/sku-6_hero.mp4.json")).unwrap();

    let (wrong, summary) = found(&project, folder);
    let words = ["missing", "damaged", "damaged", "foreign", "foreign", "sidecar"];
    let expected: Vec<(String, String)> =
        words.iter().zip(1..).map(|(word, n)| (format!("hero/sku-{n}"), (*word).to_owned())).collect();
    assert_eq!(wrong, expected);
    assert_eq!(
        ["same", "missing", "damaged", "foreign", "sidecars", "exit"].map(|name| summary[name].clone()),
        [2, 1, 2, 2, 1, 3].map(Value::from)
    );
    assert_whole!(project.run(&["verify", "--out", folder]).expect(3));

    assert!(!clip(1).exists() && clip(5).is_dir(), "nothing is mended");
    assert_eq!(fs::read(clip(2)).unwrap(), bytes);
    assert_eq!(project.requests().len(), 7);
}

#[test]
fn older_takes_that_were_kept_are_compared_as_well() {
    let project = finished(1);
    project.edit("products.csv", "mug number 1", "red mug");
    project.run(&["run", "--yes"]).expect(0);
    assert_whole!(project.run(&["verify"]).expect(0));
    let kept = project.clips().into_keys().find(|name| name.contains("_takes/")).unwrap();
    fs::remove_file(project.path(&kept)).unwrap();
    assert_eq!(found(&project, ".").0, [("hero/sku-1".to_owned(), "missing".to_owned())]);
}

#[test]
fn a_subset_is_as_large_as_it_was_asked_for() {
    let project = finished(10);
    for (subset, compared) in [("30%", 3), ("4", 4), ("1%", 1), ("99", 10)] {
        let summary = project.run(&["verify", "--json", "--subset", subset]).expect(0).json();
        assert_eq!((&summary["compared"], &summary["clips"]), (&json!(compared), &json!(10)), "{subset}");
    }
    assert_whole!(project.run(&["verify", "--subset", "many"]).expect(2));
}

#[test]
fn a_copy_of_the_output_folder_can_be_compared() {
    let project = finished(2);
    let copy = copied(&project);
    let folder = copy.path().to_str().unwrap();
    assert_whole!(project.run(&["verify", "--out", folder]).expect(0));
    assert_whole!(project.run(&["verify", "--out", "nowhere"]).expect(9));
}

#[test]
fn paid_clips_that_are_downloaded_again_are_not_told_as_running() {
    let project = finished(2);
    project.write("renders/sku-1_hero.mp4", b"another file");
    project.run(&["verify", "--repair", "--replace-altered"]).expect(5);
    let status = project.run(&["status"]).expect(0);
    assert!(
        status.out.contains("to download again 1, paid for earlier, free of charge (first hero/sku-1)"),
        "{status}"
    );
    assert!(!status.out.contains("running"), "{status}");
    project.run(&["collect"]).expect(0);
    assert_eq!(project.charges().len(), 2);
}
