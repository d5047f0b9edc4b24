//! Every clip gets a verdict for its bytes and for the settings of the manifest, with and without ffmpeg.

use crate::snapshot::assert_whole;
use crate::support::{Ended, Project, SHOP};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Runs the program with this search path for other programs.
fn with_path(project: &Project, path: &str, arguments: &[&str]) -> Ended {
    let mut command = project.command(arguments);
    command.env("PATH", path);
    project.start_as(command).wait()
}

/// Puts a program of this name into a folder.
fn script(folder: &Path, text: &str) {
    let program = folder.join("ffmpeg");
    #[expect(clippy::disallowed_methods, reason = "a program of a test")]
    fs::write(&program, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
}

fn verdicts(report: &Value) -> Vec<&str> {
    report["clips"]
        .as_array()
        .unwrap()
        .iter()
        .map(|clip| clip["verdict"].as_str().unwrap_or("none"))
        .collect()
}

#[test]
fn a_run_checks_its_clips_without_ffmpeg_and_another_setting_makes_a_verdict_stale() {
    let project = Project::shop(3);
    // The clips of the tests have 64 pixels in a row, and the model's card says 1920.
    let ended = project.run(&["run", "--yes"]).expect(0);
    assert_whole!(ended);

    assert_whole!(project.run(&["show", "sku-2"]).expect(0));
    let shown = project.show("hero/sku-2");
    assert_eq!(shown["takes"][0]["checks"]["verdict"], "warn");
    assert_eq!(shown["takes"][0]["checks"]["findings"][0]["check"], "size");

    let checked = project.run(&["check", "--json"]).expect(0).json();
    assert_eq!(checked["schema"], "shotlist.check/1");
    assert_eq!((&checked["checked_now"], &checked["frames"]), (&json!(0), &json!(false)));
    assert_eq!(verdicts(&checked), ["warn"; 3]);

    project.manifest(&format!("{SHOP}checks: {{ off: [size] }}\n"));
    assert_eq!(project.run(&["status", "--json"]).expect(0).json()["checks"]["not_checked"], 3);
    assert_eq!(project.show("hero/sku-2")["takes"][0]["checks"], Value::Null);
    let checked = project.run(&["check", "--json"]).expect(0).json();
    assert_eq!((verdicts(&checked), &checked["checked_now"]), (vec!["pass"; 3], &json!(3)));
    assert_whole!(project.run(&["check"]).expect(0));
    assert!(!project.path(".shotlist/posters").exists());
}

#[test]
fn a_clip_of_another_size_than_ordered_fails_its_check_and_not_its_run() {
    let mut project = Project::shop(2);
    // One after the other, so that the same clip is told first each time.
    project.limits = project.limits.replace("{ ", "{ concurrency: 1, ");
    project.manifest(&SHOP.replace("    prompt:", "    size: 1920x1080\n    prompt:"));
    // The first one is told while the run goes on, once.
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_whole!(project.run(&["check"]).expect(3));
}

#[test]
fn a_clip_that_is_gone_is_not_checked() {
    let project = Project::shop(2);
    project.run(&["run", "--yes"]).expect(0);
    project.manifest(&format!("{SHOP}checks: {{ off: [size] }}\n"));
    fs::remove_file(project.path("renders/sku-1_hero.mp4")).unwrap();
    let checked = project.run(&["check", "--json"]).expect(3).json();
    assert_eq!(verdicts(&checked), ["none", "pass"]);
    assert_eq!(checked["counts"], json!({ "pass": 1, "warn": 0, "fail": 0, "not_checked": 1 }));
}

#[test]
fn a_clip_that_is_gone_or_altered_keeps_no_verdict_and_ends_the_check_with_3() {
    let project = Project::shop(3);
    project.manifest(&format!("{SHOP}checks: {{ off: [size] }}\n"));
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(verdicts(&project.run(&["check", "--json"]).expect(0).json()), ["pass"; 3]);
    let altered = project.path("renders/sku-2_hero.mp4");
    let bytes = [fs::read(&altered).unwrap(), b"more".to_vec()].concat();
    project.write("renders/sku-2_hero.mp4", bytes);
    fs::remove_file(project.path("renders/sku-2_hero.mp4.json")).unwrap();
    let checked = project.run(&["check", "--json"]).expect(3).json();
    assert_eq!(checked["next"], "shotlist verify --repair --replace-altered");
    fs::remove_file(project.path("renders/sku-1_hero.mp4")).unwrap();

    let checked = project.run(&["check", "--json"]).expect(3).json();
    assert_eq!(verdicts(&checked), ["none", "none", "pass"]);
    let clip = |at: usize| checked["clips"][at]["clip"].as_str();
    assert_eq!([clip(0), clip(1), clip(2)], [Some("missing"), Some("altered"), None]);
    assert_eq!(checked["counts"], json!({ "pass": 1, "warn": 0, "fail": 0, "not_checked": 2 }));
    assert_eq!(checked["next"], "shotlist verify --repair");
    assert_whole!(project.run(&["check"]).expect(3));
    let status = project.run(&["status", "--json"]).expect(0).json();
    assert_eq!(status["checks"], checked["counts"]);

    project.edit("shotlist.yaml", "checks:", "on_missing: ignore\nchecks:");
    let checked = project.run(&["check", "--json"]).expect(0).json();
    assert_eq!(verdicts(&checked), ["none", "none", "pass"]);
    project.edit("shotlist.yaml", "on_missing: ignore\n", "");
    project.run(&["dismiss", "hero/sku-1"]).expect(0);
    let checked = project.run(&["check", "--json"]).expect(3).json();
    assert_eq!(checked["next"], "shotlist verify --repair --replace-altered");
}

#[test]
fn a_wrong_setting_is_an_error_with_the_right_word() {
    let project = Project::shop(1);
    let wrong = |section: &str| {
        project.manifest(&format!("{SHOP}{section}\n"));
        project.run(&["validate"]).expect(4)
    };
    assert_whole!(wrong("checks: { frozn: 1s }"));
    assert_whole!(wrong("checks: { off: [cuts] }"));
    assert_whole!(wrong("checks: { off: cut }"));
    assert_whole!(wrong("checks: { black: 5 }"));
    assert_whole!(wrong("checks: { bars: 101% }"));
    assert_whole!(wrong("checks: { hash: 64 }"));
    assert_whole!(wrong("checks: { colour: -1 }"));
    assert_whole!(wrong("checks: { frames: on }"));
}

#[test]
fn a_broken_ffmpeg_is_one_warning_and_no_error() {
    let project = Project::shop(3);
    let folder = tempfile::tempdir().unwrap();
    script(folder.path(), "exit 1");
    let path = folder.path().to_str().unwrap();
    let ended = with_path(&project, path, &["run", "--yes"]).expect(0);
    assert_whole!(&ended);
    with_path(&project, path, &["doctor"]).expect(0);
    // One that says that it decoded, and shows nothing.
    script(folder.path(), "exit 0");
    let checked = with_path(&project, path, &["check", "--json"]).expect(0).json();
    assert_eq!(checked["clips"][0]["findings"][0]["reason"], "ffmpeg finds no frame in the clip");
}

#[test]
fn ffmpeg_looks_at_the_frames_and_makes_posters() {
    const PATH: &str = "/usr/local/bin:/usr/bin:/bin";
    if !PATH.split(':').any(|folder| Path::new(folder).join("ffmpeg").exists()) {
        println!("SKIPPED(ffmpeg is not installed)");
        return;
    }
    let project = Project::shop(2);
    with_path(&project, PATH, &["run", "--yes"]).expect(0);
    let checked = with_path(&project, PATH, &["check", "--json"]).expect(0).json();
    assert_eq!((&checked["checked_now"], &checked["frames"]), (&json!(0), &json!(true)));
    assert!(checked["clips"].as_array().unwrap().iter().all(|clip| clip["frames"] == true), "{checked}");
    let posters = || fs::read_dir(project.path(".shotlist/posters")).unwrap().count();
    assert_eq!(posters(), 4);
    // A poster that is lost is made again; without ffmpeg nothing is checked once more.
    fs::remove_dir_all(project.path(".shotlist/posters")).unwrap();
    assert_eq!(project.run(&["check", "--json"]).expect(0).json()["checked_now"], 0);
    assert_eq!(with_path(&project, PATH, &["check", "--json"]).expect(0).json()["checked_now"], 2);
    assert_eq!(posters(), 4);
}

#[test]
fn the_verdicts_so_far_are_kept_when_a_run_ends_before_all_clips_are_checked() {
    let project = Project::shop(3);
    let folder = tempfile::tempdir().unwrap();
    // It looks at the first clip, which has no frame for it, and never ends for the second.
    let count = folder.path().join("count");
    let count = count.display();
    script(
        folder.path(),
        &format!("echo >> {count}\n[ $(wc -l < {count}) -gt 3 ] && exec sleep 600\nexit 0"),
    );
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let ended = with_path(&project, &path, &["run", "--yes"]).expect(0);
    let status = project.run(&["status", "--json"]).expect(0).json();
    let unchecked = status["checks"]["not_checked"].as_u64().unwrap();
    assert!((1..3).contains(&unchecked), "{status}\n{ended}");
    let why = "; the run ended before all were checked: `shotlist check` checks the rest\n";
    assert!(ended.err.contains(why), "{ended}");
    let status = project.run(&["status"]).expect(0);
    assert!(status.out.contains(" not checked; `shotlist check` checks the rest\n"), "{status}");
}
