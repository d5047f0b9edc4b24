//! Finished clips that a person removed, damaged or edited: reported, restored free of charge, and never overwritten.

use crate::snapshot::{assert_whole, whole};
use crate::support::Project;
use std::fs;

fn finished(rows: usize, section: &str) -> Project {
    let project = Project::shop(rows);
    project.manifest(&format!("{}{section}", crate::support::SHOP));
    project.run(&["run", "--yes"]).expect(0);
    project
}

fn clip(n: usize) -> String {
    format!("renders/sku-{n}_hero.mp4")
}

fn remove(project: &Project, n: usize) {
    fs::remove_file(project.path(&clip(n))).unwrap();
}

#[test]
fn a_removed_clip_is_told_and_comes_back_free() {
    let project = finished(3, "");
    let before = project.clips();
    remove(&project, 2);
    assert_whole!(project.run(&["plan"]).expect(0));
    let run = project.run(&["run", "--yes"]).expect(3);
    insta::assert_snapshot!(whole(&run));
    assert_whole!(project.run(&["status"]).expect(0));

    assert_whole!(project.run(&["show", "hero/sku-2"]).expect(0));
    assert_whole!(project.run(&["verify"]).expect(3));

    assert_whole!(project.run(&["verify", "--repair"]).expect(5));
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_eq!(project.clips(), before);
    assert_eq!(project.charges().len(), 3);
    project.run(&["verify"]).expect(0);
}

#[test]
fn the_manifest_may_have_missing_clips_fetched_or_ignored() {
    let project = finished(2, "on_missing: fetch\n");
    let before = project.clips();
    remove(&project, 1);
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_eq!(project.clips(), before);
    assert_eq!(project.charges().len(), 2);

    project.edit("shotlist.yaml", "on_missing: fetch", "on_missing: ignore");
    remove(&project, 1);
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    project.edit("shotlist.yaml", "on_missing: ignore", "on_missing: later");
    assert_whole!(project.run(&["plan"]).expect(4));
}

#[test]
fn a_clip_whose_task_is_gone_is_offered_with_its_price() {
    let project = finished(1, "");
    remove(&project, 1);
    assert_whole!(project.run(&["show", "hero/sku-1"]).expect(0));
    project.run(&["redo", "hero/sku-1", "--yes"]).expect(0);
    assert_eq!(project.charges().len(), 2);
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_whole!(project.run(&["verify"]).expect(0));

    project.run(&["redo", "hero/sku-1", "--yes"]).expect(0);
    let kept = project.clips().into_keys().find(|name| name.contains("_takes/")).unwrap();
    fs::remove_file(project.path(&kept)).unwrap();
    assert_whole!(project.run(&["verify", "--repair"]).expect(0));
    project.run(&["verify"]).expect(0);
}

#[test]
fn an_edited_clip_is_told_and_kept_beside_the_one_that_was_paid() {
    let project = finished(2, "on_missing: fetch\n");
    let before = project.clips();
    fs::remove_file(project.path(&format!("{}.json", clip(1)))).unwrap();
    project.write(&clip(1), b"edited");
    let run = project.run(&["run", "--yes"]).expect(3);
    assert_whole!(&run);
    assert_whole!(project.run(&["verify", "--repair"]).expect(3));
    assert_eq!(fs::read(project.path(&clip(1))).unwrap(), b"edited", "never overwritten");

    assert_whole!(project.run(&["verify", "--repair", "--replace-altered"]).expect(5));
    project.run(&["collect"]).expect(0);
    let after = project.clips();
    assert_eq!(after[&clip(1)], before[&clip(1)]);
    let kept = after.keys().find(|name| name.contains("_takes/")).unwrap();
    assert_eq!(fs::read(project.path(kept)).unwrap(), b"edited");
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_eq!(project.charges().len(), 2);
}

/// Makes every download fail, as if the links were older than a day.
fn expire_links(project: &Project) {
    project.fault(serde_json::json!([{ "on": "download", "when": {}, "do": { "status": { "code": 404 } } }]));
}

#[test]
fn a_clip_that_a_person_puts_back_is_recorded_although_its_link_has_expired() {
    let project = finished(1, "");
    expire_links(&project);
    let aside = || fs::rename(project.path(&clip(1)), project.path("aside.mp4")).unwrap();
    let put_back = || fs::rename(project.path("aside.mp4"), project.path(&clip(1))).unwrap();
    aside();
    project.run(&["verify", "--repair"]).expect(5);
    put_back();
    assert_whole!(project.run(&["collect"]).expect(0));
    project.run(&["verify"]).expect(0);

    aside();
    project.run(&["verify", "--repair"]).expect(5);
    project.run(&["collect"]).expect(7);
    put_back();
    project.run(&["resolve", "hero/sku-1", "--again"]).expect(0);
    project.run(&["collect"]).expect(0);
    project.run(&["verify"]).expect(0);
    assert_eq!(project.charges().len(), 1);
}

fn move_to_clips(project: &Project) {
    fs::rename(project.path("renders"), project.path("clips")).unwrap();
    project.edit("shotlist.yaml", "renders/", "clips/");
}

#[test]
fn clips_that_a_person_moved_to_their_wanted_paths_are_not_missing() {
    for on_missing in ["", "on_missing: fetch\n"] {
        let project = finished(2, on_missing);
        expire_links(&project);
        move_to_clips(&project);
        let plan = project.run(&["plan"]).expect(0);
        assert!(!plan.to_string().contains("missing"), "{plan}");
        assert_whole!(project.run(&["verify", "--repair"]).expect(0));
        assert_whole!(project.run(&["run", "--yes"]).expect(0));
        let clips: Vec<String> = project.clips().into_keys().collect();
        assert_eq!(clips, ["clips/sku-1_hero.mp4", "clips/sku-2_hero.mp4"]);
        project.run(&["verify"]).expect(0);
        assert_eq!(project.charges().len(), 2);
    }
}

#[test]
fn a_clip_that_was_renamed_with_its_row_is_recorded_without_an_alarm() {
    let project = finished(2, "");
    expire_links(&project);
    project.edit("products.csv", "sku-1,", "sku-9,");
    for end in ["", ".json"] {
        let renamed = |n| project.path(&format!("{}{end}", clip(n)));
        fs::rename(renamed(1), renamed(9)).unwrap();
    }
    let plan = project.run(&["plan"]).expect(0);
    assert!(!plan.to_string().contains("missing"), "{plan}");
    project.run(&["run", "--yes"]).expect(0);
    project.run(&["verify"]).expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (2, 2));
}

#[test]
fn a_clip_is_restored_from_the_archive_or_from_where_its_sidecar_is() {
    let project = finished(2, "");
    let before = project.clips();
    expire_links(&project);
    for folder in ["_archive/renders", "elsewhere"] {
        fs::create_dir_all(project.path(folder)).unwrap();
    }
    fs::rename(project.path(&clip(1)), project.path(&format!("_archive/{}", clip(1)))).unwrap();
    for end in ["", ".json"] {
        let from = project.path(&format!("{}{end}", clip(2)));
        fs::rename(from, project.path(&format!("elsewhere/kept.mp4{end}"))).unwrap();
    }
    assert_whole!(project.run(&["verify", "--repair"]).expect(0));
    let after = project.clips();
    for n in [1, 2] {
        assert_eq!(after[&clip(n)], before[&clip(n)]);
    }
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.charges().len(), 2);
}

#[test]
fn a_first_clip_that_was_moved_after_a_crash_is_taken_back_before_the_provider_is_asked() {
    let project = Project::shop(1);
    let mut command = project.command(&["run", "--yes"]);
    command.env("SHOTLIST_CRASH_AT", "place.after_rename");
    project.start_as(command).wait();
    expire_links(&project);
    move_to_clips(&project);
    project.run(&["run", "--yes"]).expect(0);
    project.run(&["run", "--yes"]).expect(0);
    let clips: Vec<String> = project.clips().into_keys().collect();
    assert_eq!(clips, ["clips/sku-1_hero.mp4"]);
    assert_eq!(project.charges().len(), 1);
}

#[test]
fn another_jobs_copy_serves_without_the_provider() {
    let project = Project::shop(1);
    project.write("products.csv", "id,title\nsku-1,mug\nsku-2,mug\n");
    project.run(&["run", "--yes"]).expect(0);
    let before = project.clips();
    remove(&project, 1);
    assert_whole!(project.run(&["verify", "--repair"]).expect(0));
    assert_eq!(project.clips(), before);
    for n in [1, 2] {
        remove(&project, n);
    }
    project.run(&["verify", "--repair"]).expect(5);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.clips(), before);
    assert_eq!(project.charges().len(), 1);
}

#[test]
fn more_than_may_be_gone_or_a_folder_that_is_away_stops_the_run() {
    let project = finished(4, "on_missing: fetch\nguards: { max_removed: 1 }\n");
    remove(&project, 1);
    remove(&project, 2);
    assert_whole!(project.run(&["run", "--yes"]).expect(9));

    assert_eq!(project.clips().len(), 2, "nothing was fetched");
    project.run(&["run", "--yes", "--accept-changes"]).expect(0);
    assert_eq!(project.clips().len(), 4);

    let project = Project::shop(1);
    project.run(&["run", "--yes", "--out", "disk"]).expect(0);
    fs::rename(project.path("disk"), project.path("away")).unwrap();
    assert_whole!(project.run(&["run", "--yes", "--out", "disk"]).expect(9));
    assert!(!project.path("disk").exists());
}

#[test]
fn clips_that_are_meant_to_be_gone_do_not_count_as_a_lost_disk() {
    let project = finished(4, "guards: { max_removed: 1 }\n");
    for n in [1, 2] {
        remove(&project, n);
        project.run(&["dismiss", &format!("hero/sku-{n}")]).expect(0);
    }
    project.run(&["run", "--yes"]).expect(0);
    remove(&project, 3);
    project.run(&["run", "--yes"]).expect(3);
    remove(&project, 4);
    project.run(&["run", "--yes"]).expect(9);
    assert_eq!(project.charges().len(), 4);
}

/// A shop with products of these ids and words, all rendered.
fn rendered(rows: &[(&str, &str)]) -> Project {
    let project = Project::shop(0);
    sheet(&project, rows);
    project.run(&["run", "--yes"]).expect(0);
    project
}

fn sheet(project: &Project, rows: &[(&str, &str)]) {
    let rows: Vec<String> = rows.iter().map(|(id, title)| format!("{id},{title}\n")).collect();
    project.write("products.csv", format!("id,title\n{}", rows.concat()));
}

/// Checks that each run misses one clip and pays nothing, and that the clip comes back free of charge.
fn comes_back_free(project: &Project, clips: usize) {
    let charges = project.charges().len();
    for _ in 0..2 {
        project.run(&["run", "--yes"]).expect(3);
        assert_eq!(project.run(&["status", "--json"]).expect(0).json()["buckets"]["missing"], 1);
    }
    project.run(&["verify", "--repair"]).expect(5);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.clips().len(), project.charges().len()), (clips, charges));
}

#[test]
fn a_clip_that_is_gone_when_its_product_is_renamed_comes_back_under_the_new_name() {
    let project = rendered(&[("a", "plum")]);
    fs::remove_file(project.path("renders/a_hero.mp4")).unwrap();
    sheet(&project, &[("b", "plum")]);
    assert_eq!(project.run(&["plan", "--json"]).expect(0).json()["buckets"]["missing"], 1);
    comes_back_free(&project, 1);
    assert!(project.path("renders/b_hero.mp4").exists());
}

#[test]
fn a_new_product_with_the_words_of_a_clip_that_is_gone_is_not_paid() {
    let project = rendered(&[("a", "plum")]);
    fs::remove_file(project.path("renders/a_hero.mp4")).unwrap();
    sheet(&project, &[("a", "plum"), ("b", "plum")]);
    project.run(&["run", "--yes"]).expect(3);
    assert_eq!(project.run(&["status", "--json"]).expect(0).json()["buckets"]["missing"], 2);
    project.run(&["verify", "--repair"]).expect(5);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.clips().len(), project.charges().len()), (2, 1));
}

#[test]
fn a_clip_that_is_gone_when_another_row_gets_its_words_is_not_paid_again() {
    let project = rendered(&[("a", "plum")]);
    fs::remove_file(project.path("renders/a_hero.mp4")).unwrap();
    sheet(&project, &[("a", "kiwi"), ("b", "plum")]);
    project.run(&["run", "--yes"]).expect(3);
    assert_eq!(project.charges().len(), 2, "one for each text");
    comes_back_free(&project, 2);
}

#[test]
fn rows_that_swap_their_words_after_a_clip_is_gone_pay_nothing() {
    let project = rendered(&[("a", "plum"), ("b", "fig")]);
    fs::remove_file(project.path("renders/a_hero.mp4")).unwrap();
    sheet(&project, &[("a", "fig"), ("b", "plum")]);
    comes_back_free(&project, 2);
}

#[test]
fn words_that_come_back_after_their_clip_is_gone_are_not_paid_again() {
    let project = rendered(&[("a", "plum")]);
    fs::remove_file(project.path("renders/a_hero.mp4")).unwrap();
    sheet(&project, &[("a", "kiwi")]);
    project.run(&["run", "--yes"]).expect(0);
    sheet(&project, &[("a", "plum")]);
    comes_back_free(&project, 2);
    assert_eq!(project.charges().len(), 2);
}

#[test]
fn prune_has_nothing_to_move_if_the_clip_of_a_removed_product_is_gone() {
    let project = rendered(&[("a", "plum"), ("b", "fig")]);
    fs::remove_file(project.path("renders/a_hero.mp4")).unwrap();
    sheet(&project, &[("b", "fig")]);
    for _ in 0..2 {
        project.run(&["prune", "--yes", "--accept-changes"]).expect(0);
    }
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.charges().len(), 2);
}

#[test]
fn a_file_in_the_way_of_a_sidecar_is_named_and_the_clip_is_not_called_altered() {
    let project = finished(2, "");
    project.write("renders/_takes", b"notes");
    assert_whole!(project.run(&["redo", "hero/sku-1", "--yes"]).expect(4));
    fs::remove_file(project.path("renders/_takes")).unwrap();

    let sidecar = format!("{}.json", clip(2));
    let ours = fs::read(project.path(&sidecar)).unwrap();
    let told: serde_json::Value = serde_json::from_slice(&ours).unwrap();
    let notes = serde_json::json!({ "title": "sku-2_hero.mp4", "sha256": told["sha256"] });
    project.write(&sidecar, notes.to_string());
    project.edit("shotlist.yaml", "A slow", "A fast");
    assert_whole!(project.run(&["run", "--yes"]).expect(4));
    project.write(&sidecar, &ours);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.charges().len(), 4);
}

#[test]
fn a_link_in_the_place_of_a_folder_is_named_and_its_clips_are_not_called_replaced() {
    let project = finished(2, "");
    fs::create_dir(project.path("disk")).unwrap();
    fs::rename(project.path("renders"), project.path("disk/renders")).unwrap();
    std::os::unix::fs::symlink("disk/renders", project.path("renders")).unwrap();
    project.run(&["run", "--yes"]).expect(0);
    assert_whole!(project.run(&["verify"]).expect(3));
    assert_whole!(project.run(&["verify", "--repair", "--replace-altered"]).expect(3));
    fs::remove_file(project.path("renders")).unwrap();
    fs::rename(project.path("disk/renders"), project.path("renders")).unwrap();
    project.run(&["verify"]).expect(0);
    assert_eq!(project.charges().len(), 2);
}
