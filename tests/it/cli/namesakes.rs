//! Two manifests of one folder that name the same project: told by name, and safe from each other's `prune`.

use crate::snapshot::assert_whole;
use crate::support::{Project, until};
use std::fs;
use std::os::unix::fs::symlink;

const WARNING: &str = "the same project name";

/// A shop with two products, and its manifest as a user copied and edited it for another product.
fn copied() -> Project {
    let project = Project::shop(2);
    let manifest = fs::read_to_string(project.path("shotlist.yaml")).unwrap();
    project.write("spring.yaml", manifest.replace("products.csv", "spring.csv"));
    project.write("spring.csv", "id,title\nsku-8,mug number 8\n");
    project
}

#[test]
fn each_of_two_manifests_with_one_project_is_told_about_the_other() {
    let project = copied();
    assert_whole!(project.run(&["validate"]).expect(0));
    assert_whole!(project.run(&["plan"]).expect(0));
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_whole!(project.run(&["status"]).expect(0));
    for command in ["validate", "plan", "status"] {
        let ended = project.run(&[command, "-f", "spring.yaml"]).expect(0);
        assert_eq!(ended.err.matches(WARNING).count(), 1, "{ended}");
        assert!(ended.err.contains("`shotlist.yaml` has"), "{ended}");
    }
    let rehearsal = project.run(&["plan", "--sandbox", "--json"]).expect(0);
    assert_eq!(rehearsal.lines()[0]["severity"], "warning", "{rehearsal}");

    for name in ["summer.yml", "winter.yaml"] {
        fs::copy(project.path("spring.yaml"), project.path(name)).unwrap();
    }
    let three = project.run(&["status"]).expect(0);
    assert!(three.err.contains("`spring.yaml`, `summer.yml` and 1 more have"), "{three}");
}

#[test]
fn names_of_the_same_file_and_files_that_cannot_be_read_are_no_other_manifests() {
    let project = Project::shop(1);
    let manifest = fs::read_to_string(project.path("shotlist.yaml")).unwrap();
    symlink("shotlist.yaml", project.path("link.yaml")).unwrap();
    fs::hard_link(project.path("shotlist.yaml"), project.path("second.yaml")).unwrap();
    symlink("nowhere.yaml", project.path("broken-link.yaml")).unwrap();
    fs::create_dir(project.path("folder.yaml")).unwrap();
    project.write("broken.yaml", format!("{manifest}\nvars: [\n"));
    project.write("binary.yaml", [manifest.as_bytes(), &[0xff]].concat());
    project.write("notes.yaml", "project: shop\n");
    project.write("other.yaml", manifest.replace("project: shop", "project: other"));
    project.write("manifest.yaml.bak", &manifest);
    project.run(&["run", "--sandbox", "--yes"]).expect(0);
    project.run(&["run", "--yes"]).expect(0);
    let here = project.path("shotlist.yaml");
    for file in ["shotlist.yaml", "./shotlist.yaml", "link.yaml", "second.yaml", here.to_str().unwrap()] {
        for command in ["validate", "plan", "run", "status"] {
            let ended = project.run(&[command, "-f", file]).expect(0);
            assert!(!ended.err.contains(WARNING), "{ended}");
        }
    }
}

#[test]
fn prune_leaves_the_clips_that_another_manifest_of_the_project_needs() {
    let project = copied();
    project.run(&["run", "--yes"]).expect(0);
    project.run(&["run", "-f", "spring.yaml", "--yes"]).expect(0);
    let before = project.clips();
    assert_whole!(project.run(&["prune", "-f", "spring.yaml", "--yes", "--accept-changes"]).expect(4));
    fs::rename(project.path("products.csv"), project.path("away.csv")).unwrap();
    assert_whole!(project.run(&["prune", "-f", "spring.yaml", "--yes", "--json"]).expect(4));
    fs::rename(project.path("away.csv"), project.path("products.csv")).unwrap();
    assert_eq!(project.clips(), before);

    project.edit("spring.yaml", "project: shop", "project: spring");
    for file in ["spring.yaml", "shotlist.yaml"] {
        let ended = project.run(&["run", "-f", file, "--yes"]).expect(0);
        assert!(!ended.err.contains(WARNING), "{ended}");
    }
    for file in ["spring.yaml", "shotlist.yaml"] {
        project.run(&["prune", "-f", file, "--yes"]).expect(0);
    }
    assert_eq!((project.clips(), project.charges().len()), (before, 3));
}

#[test]
fn prune_moves_clips_that_no_manifest_of_the_project_needs() {
    let project = copied();
    project.run(&["run", "--yes"]).expect(0);
    project.write("products.csv", "id,title\nsku-1,mug number 1\n");
    project.run(&["prune", "--yes", "--accept-changes"]).expect(0);
    let clips: Vec<String> = project.clips().into_keys().collect();
    assert_eq!(clips, ["_archive/renders/sku-2_hero.mp4", "renders/sku-1_hero.mp4"]);
}

#[test]
fn jobs_of_the_other_manifest_that_are_in_flight_or_wait_in_the_queue_are_not_lost() {
    let project = copied();
    project.write("spring.csv", "id,title\nsku-8,mug number 8\nsku-9,mug number 9\n");
    project.edit("spring.yaml", "limits: { ", "limits: { concurrency: 1, ");
    project.stall();
    let spring = project.start(&["run", "-f", "spring.yaml", "--yes"]);
    until("one is sent and one waits", || project.takes("running") == 1 && project.takes("pending") == 1);
    spring.kill();
    project.clear_faults();
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (3, 3), "the first is collected");
    project.run(&["prune", "--yes", "--accept-changes"]).expect(4);
    project.run(&["run", "-f", "spring.yaml", "--yes"]).expect(0);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (4, 4));
    assert_eq!(project.takes("cancelled"), 0);
}
