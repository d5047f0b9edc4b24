//! Files that a user names for a document: a file that shotlist did not write is never replaced.

use crate::support::{Ended, Project};
use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
use std::fs;
use std::os::unix::fs::{FileTypeExt as _, symlink};

/// The formats of a report.
const FORMATS: [&[&str]; 7] = [
    &[],
    &["--csv"],
    &["--json"],
    &["--junit"],
    &["--markdown"],
    &["--compare", "1"],
    &["--compare", "1", "--markdown"],
];

/// A shop that has rendered two clips.
fn shop() -> Project {
    let project = Project::shop(2);
    project.run(&["run", "--yes"]).expect(0);
    project
}

fn report(project: &Project, format: &[&str], out: &str) -> Ended {
    project.run(&[&["report", "--out", out], format].concat())
}

#[test]
fn a_report_or_a_plan_replaces_no_other_file() {
    let project = shop();
    let clip = project.clips().into_keys().next().unwrap();
    project.write("empty", "");
    let state = [".shotlist/ledger.jsonl", ".shotlist/state.db", ".shotlist/lock", ".shotlist/reserve"];
    let mine = [clip.as_str(), "products.csv", "shotlist.yaml", "empty"];
    for file in [state, mine].concat() {
        let before = fs::read(project.path(file)).unwrap();
        for format in FORMATS {
            report(&project, format, file).expect(2);
        }
        project.run(&["plan", "--out", file]).expect(2);
        assert!(fs::read(project.path(file)).unwrap() == before, "{file} was changed");
    }
    let told = report(&project, &["--csv"], "products.csv").expect(2).err;
    assert!(told.contains("products.csv already exists, and it is not a report that shotlist wrote; name another file, or remove this one first (nothing was written)"), "{told}");
    assert!(told.contains("next: shotlist report --csv --out REPORT_FILE"), "{told}");
    let told = project.run(&["plan", "--out", ".shotlist"]).expect(2).err;
    assert!(told.contains(".shotlist is a folder; name another file"), "{told}");
    // The default name of the page is protected as well.
    project.write("report.html", "<!doctype html><title>shop</title>");
    project.run(&["report"]).expect(2);
    project.run(&["verify"]).expect(0);
}

#[test]
fn a_report_replaces_a_report_of_any_format_and_a_plan_replaces_a_plan() {
    let project = shop();
    for format in FORMATS {
        report(&project, format, "report").expect(0);
        // The formats follow each other in one file, and each recognises itself.
        report(&project, format, "report").expect(0);
    }
    for _ in 0..2 {
        project.run(&["plan", "--out", "plan"]).expect(0);
    }
    let told = project.run(&["plan", "--out", "report"]).expect(2).err;
    assert!(told.contains("it is not a plan that shotlist wrote"), "{told}");
    report(&project, &["--csv"], "plan").expect(2);
    // A report without a single job.
    report(&project, &["--junit", "--only", "sku-9"], "none.xml");
    report(&project, &["--junit"], "report").expect(0);
}

#[test]
fn a_link_stays_a_link_and_only_a_report_behind_it_is_replaced() {
    let project = shop();
    report(&project, &["--csv"], "jobs.csv").expect(0);
    symlink("jobs.csv", project.path("latest")).unwrap();
    symlink(".shotlist/ledger.jsonl", project.path("planted")).unwrap();
    symlink("nothing", project.path("dangling")).unwrap();
    report(&project, &["--json"], "latest").expect(0);
    assert!(fs::symlink_metadata(project.path("latest")).unwrap().is_symlink());
    assert!(fs::read_to_string(project.path("jobs.csv")).unwrap().starts_with("{\"schema\":"));
    for out in ["planted", "dangling"] {
        report(&project, &["--json"], out).expect(2);
        project.run(&["plan", "--out", out]).expect(2);
        project.run(&["review", "--export", out]).expect(2);
        assert!(fs::symlink_metadata(project.path(out)).unwrap().is_symlink());
    }
    assert!(!project.path("nothing").exists());
}

#[test]
fn a_pipe_or_a_device_is_written_in_place() {
    let project = shop();
    let pipe = project.path("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    for words in [["plan", "--out", "pipe"].as_slice(), &["report", "--out", "pipe"]] {
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::read(pipe).unwrap()
        });
        project.run(words).expect(0);
        assert!(!reader.join().unwrap().is_empty());
        assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
    }
    // Devices in a folder of the test: a mistake must not replace those of the machine.
    let device = |name: &str, minor| {
        let mode = Mode::RUSR | Mode::WUSR;
        mknodat(CWD, project.path(name), FileType::CharacterDevice, mode, makedev(1, minor))
    };
    if let Err(error) = device("null", 3).and_then(|()| device("full", 7)) {
        println!("SKIPPED(no devices can be made: {error})");
        return;
    }
    if fs::OpenOptions::new().write(true).open(project.path("null")).is_err() {
        println!("SKIPPED(devices cannot be opened here)");
        return;
    }
    for (out, code) in [("null", 0), ("full", 9)] {
        report(&project, &["--csv"], out).expect(code);
        report(&project, &[], out).expect(code);
        project.run(&["plan", "--out", out]).expect(code);
        let kind = fs::symlink_metadata(project.path(out)).unwrap().file_type();
        assert!(kind.is_char_device(), "{out} was replaced");
    }
}

#[test]
fn a_hyphen_is_standard_output_for_a_report_and_refused_for_a_plan() {
    let project = shop();
    let to_stdout = report(&project, &["--csv"], "-").expect(0).out;
    assert_eq!(to_stdout, project.run(&["report", "--csv"]).expect(0).out);
    let page = report(&project, &[], "-").expect(0).out;
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"), "{page}");
    project.run(&["plan", "--out", "-"]).expect(2);
    project.run(&["export", "index", "--all", "--out", "-"]).expect(2);
    assert!(!project.path("-").exists());
}

#[test]
fn an_export_replaces_only_its_own_lists_and_no_second_file_without_force() {
    let project = shop();
    project.write("index.json", "mine");
    let words = ["export", "index", "--all", "--out", "index.csv"];
    project.run(&words).expect(2);
    assert!(!project.path("index.csv").exists());
    assert_eq!(fs::read(project.path("index.json")).unwrap(), b"mine");
    project.run(&[words.as_slice(), &["--force"]].concat()).expect(0);

    fs::create_dir(project.path("shop")).unwrap();
    project.write("shop/files.csv", "mine");
    let words = ["export", "shopify", "--all", "--out", "shop"];
    project.run(&words).expect(2);
    assert_eq!(fs::read_dir(project.path("shop")).unwrap().count(), 1);
    fs::remove_file(project.path("shop/files.csv")).unwrap();
    for _ in 0..2 {
        project.run(&words).expect(0);
    }
}
