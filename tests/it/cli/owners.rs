//! A file that another rendering paid for is never taken for a damaged copy, nor forgotten.

use crate::support::Project;
use rustix::process::Signal;
use serde_json::json;
use std::fs;
use std::path::Path;

const CLIP: &str = "renders/a_hero.mp4";

fn sheet(project: &Project, rows: &[(&str, &str)]) {
    let rows: Vec<String> = rows.iter().map(|(id, title)| format!("{id},{title}\n")).collect();
    project.write("products.csv", format!("id,title\n{}", rows.concat()));
}

fn rendered(rows: &[(&str, &str)]) -> Project {
    let project = Project::shop(0);
    sheet(&project, rows);
    project.run(&["run", "--yes"]).expect(0);
    project
}

/// From now on no link works, as a day after the clips were made.
fn expire(project: &Project) {
    project.fault(json!([{ "on": "download", "do": { "status": { "code": 404 } } }]));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// Does something between a copy of the state folder and its return, and checks that nothing is paid again.
fn with_an_old_state(project: &Project, change: impl FnOnce()) {
    let (state, old) = (project.path(".shotlist"), project.path("old"));
    copy(&state, &old);
    change();
    let clips = project.clips();
    fs::remove_dir_all(&state).unwrap();
    fs::rename(old, state).unwrap();
    // The old ledger does not have every charge, so the usual check after each command must wait.
    for (arguments, code) in [
        (&["plan"][..], 9),
        (&["verify"], 3),
        (&["run", "--yes"], 9),
        (&["verify", "--repair", "--replace-altered"], 9),
        (&["run", "--yes"], 9),
    ] {
        let ended = project.command(arguments).output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.ends_with("next: shotlist recover\n"), "{arguments:?}: {said}");
    }
    assert_eq!(project.clips(), clips);
    project.run(&["recover"]).expect(0);
    project.run(&["run", "--yes"]).expect(0);
    project.run(&["verify"]).expect(0);
    assert_eq!((project.clips(), project.charges().len()), (clips, 2));
}

#[test]
fn p38_an_old_state_does_not_pay_again_for_an_edited_row() {
    let project = rendered(&[("a", "plum")]);
    with_an_old_state(&project, || {
        sheet(&project, &[("a", "a fig of another size")]);
        project.run(&["run", "--yes"]).expect(0);
    });
}

#[test]
fn p38_an_old_state_does_not_set_the_clip_of_a_redo_aside() {
    let project = rendered(&[("a", "plum")]);
    project.run(&["reject", "hero/a", "--redo", "--reason", "wrong_colour"]).expect(0);
    with_an_old_state(&project, || drop(project.run(&["run", "--yes"]).expect(0)));
}

#[test]
fn p38_an_old_state_does_not_pay_again_for_what_was_in_its_queue() {
    for edit in [false, true] {
        let project = rendered(&[("a", "plum")]);
        sheet(&project, &[("a", "plum"), ("b", "fig")]);
        project.run(&["run", "--yes", "--max-cost", "0.10"]).expect(8);
        assert_eq!(project.takes("pending"), 1);
        let (state, old) = (project.path(".shotlist"), project.path("old"));
        copy(&state, &old);
        project.run(&["run", "--yes"]).expect(0);
        fs::remove_dir_all(&state).unwrap();
        fs::rename(old, state).unwrap();
        if edit {
            // The queued request moves to the new row.
            sheet(&project, &[("a", "plum"), ("c", "fig")]);
        }
        for arguments in [&["plan"][..], &["run", "--yes"]] {
            let ended = project.command(arguments).output().unwrap();
            let said = String::from_utf8(ended.stderr).unwrap();
            assert_eq!(ended.status.code(), Some(9), "{arguments:?}: {said}");
            assert!(said.ends_with("next: shotlist recover\n"), "{arguments:?}: {said}");
        }
        project.run(&["recover"]).expect(0);
        project.run(&["run", "--yes"]).expect(0);
        project.run(&["verify"]).expect(0);
        assert_eq!((project.clips().len(), project.charges().len()), (2, 2));
    }
}

#[test]
fn clips_that_changed_places_by_hand_go_back_without_the_provider() {
    let project = rendered(&[("a", "plum"), ("b", "a fig with a much longer title")]);
    let (clips, asked) = (project.clips(), project.sandbox().stats());
    for end in ["", ".json"] {
        let [a, b, aside] = ["renders/a_hero.mp4", "renders/b_hero.mp4", "aside"]
            .map(|name| project.path(&format!("{name}{end}")));
        fs::rename(&a, &aside).unwrap();
        fs::rename(&b, &a).unwrap();
        fs::rename(&aside, &b).unwrap();
    }
    project.run(&["verify", "--repair", "--replace-altered"]).expect(0);
    project.run(&["verify"]).expect(0);
    let after = project.clips();
    assert!(clips.iter().all(|(name, hash)| after.get(name) == Some(hash)), "{after:?}");
    assert!(!after.keys().any(|name| name.contains("altered")), "{after:?}");
    assert_eq!((project.sandbox().stats(), project.charges().len()), (asked, 2));
}

/// A redo that was killed right after its clip got its name, and whose link is dead now.
fn killed_after_the_rename() -> Project {
    let project = rendered(&[("a", "plum")]);
    let mut redo = project.command(&["redo", "hero/a", "--yes"]);
    redo.env("SHOTLIST_CRASH_AT", "place.after_rename");
    project.start_as(redo).wait().expect(-Signal::ABORT.as_raw());
    expire(&project);
    project
}

#[test]
fn p11_a_second_clip_that_a_kill_left_unrecorded_is_not_altered() {
    let project = killed_after_the_rename();
    let clips = project.clips();
    for arguments in [&["plan", "--json"][..], &["status", "--json"]] {
        let ended = project.run(arguments).expect(0);
        assert!(!ended.out.contains("\"altered\":1") && !ended.err.contains("verify"), "{ended}");
    }
    assert!(project.show("hero/a")["loss"].is_null());
    project.run(&["verify"]).expect(0);
    project.run(&["verify", "--repair", "--replace-altered"]).expect(0);
    assert_eq!(project.clips(), clips);
    project.run(&["run", "--yes"]).expect(0);
    project.run(&["verify"]).expect(0);
    assert_eq!((project.clips(), project.charges().len()), (clips, 2));
}

#[test]
fn p11_a_run_after_such_a_kill_reports_no_altered_clip() {
    let project = killed_after_the_rename();
    let run = project.run(&["run", "--yes"]).expect(0);
    assert!(!run.out.contains("altered") && !run.err.contains("altered"), "{run}");
}

#[test]
fn an_older_version_that_the_manifest_wants_again_is_not_forgotten() {
    let project = rendered(&[("a", "plum")]);
    let first = project.clips()[CLIP].clone();
    sheet(&project, &[("a", "fig")]);
    project.run(&["run", "--yes"]).expect(0);
    fs::remove_dir_all(project.path("renders/_takes")).unwrap();
    sheet(&project, &[("a", "plum")]);
    let repair = project.run(&["verify", "--repair"]).expect(3);
    assert!(!repair.err.contains("forgotten") && repair.err.ends_with("next: shotlist plan\n"), "{repair}");
    let plan = project.run(&["plan"]).expect(0);
    assert!(plan.err.ends_with("next: shotlist run\n"), "{plan}");
    let run = project.run(&["run", "--yes"]).expect(3);
    assert!(run.err.ends_with("next: shotlist verify --repair\n"), "{run}");
    project.run(&["verify", "--repair"]).expect(5);
    project.run(&["collect"]).expect(0);
    assert_eq!((project.clips()[CLIP].clone(), project.charges().len()), (first, 2));
}

#[test]
fn an_older_version_is_not_forgotten_while_the_manifest_cannot_be_read() {
    let project = rendered(&[("a", "plum")]);
    sheet(&project, &[("a", "fig")]);
    project.run(&["run", "--yes"]).expect(0);
    fs::remove_dir_all(project.path("renders/_takes")).unwrap();
    project.edit("shotlist.yaml", "items:", "itmes:");
    let repair = project.run(&["verify", "--repair"]).expect(3);
    assert!(!repair.err.contains("forgotten"), "{repair}");
    project.edit("shotlist.yaml", "itmes:", "items:");
    assert!(project.run(&["verify", "--repair"]).expect(0).err.contains("forgotten"));
}

#[test]
fn p11_an_older_version_that_a_kill_left_elsewhere_is_found_by_its_sidecar() {
    let project = rendered(&[("a", "plum")]);
    sheet(&project, &[("a", "fig")]);
    project.run(&["run", "--yes"]).expect(0);
    expire(&project);
    let before = project.clips();
    fs::create_dir_all(project.path("renders/b")).unwrap();
    let kept = before.keys().find(|name| name.contains("_takes/")).unwrap();
    for end in ["", ".json"] {
        let name = format!("{kept}{end}");
        fs::rename(project.path(&name), project.path(&format!("renders/b/b.mp4{end}"))).unwrap();
    }
    assert!(project.run(&["verify", "--repair"]).expect(0).err.contains("restored"));
    project.run(&["verify"]).expect(0);
    assert_eq!(project.clips()[kept], before[kept]);
}

#[test]
fn a_forgotten_version_that_is_at_its_jobs_path_is_saved() {
    let project = rendered(&[("a", "plum")]);
    let plum = [CLIP.to_owned(), format!("{CLIP}.json")].map(|name| fs::read(project.path(&name)).unwrap());
    sheet(&project, &[("a", "fig")]);
    project.run(&["run", "--yes"]).expect(0);
    fs::remove_dir_all(project.path("renders/_takes")).unwrap();
    assert!(project.run(&["verify", "--repair"]).expect(0).err.contains("forgotten"));
    expire(&project);
    sheet(&project, &[("a", "plum")]);
    fs::remove_file(project.path(CLIP)).unwrap();
    project.write(CLIP, &plum[0]);
    project.write(&format!("{CLIP}.json"), &plum[1]);
    project.run(&["run", "--yes"]);
    project.run(&["run", "--yes"]).expect(0);
    project.run(&["plan", "--detailed-exitcode"]).expect(0);
    assert_eq!(project.charges().len(), 2);
}
