//! Twelve sizes of one shirt: one rendering, twelve files.

use crate::snapshot::assert_whole;
use crate::support::{CHEAP, Project, until};
use serde_json::json;
use std::collections::BTreeSet;

/// Sizes of one shirt, all with one picture.
fn shirt(sizes: usize, section: &str) -> Project {
    let project = Project::shop(0);
    let rows: Vec<String> = (1..=sizes).map(|size| format!("shirt-{size},Linen shirt\n")).collect();
    project.write("products.csv", format!("id,title\n{}", rows.concat()));
    project.manifest(&format!("{}{section}", CHEAP.replace("{{ item.id }}.jpg", "shirt.jpg")));
    project
}

/// One charge, and a file for each size.
fn all_there(project: &Project, sizes: usize) {
    let clips = project.clips();
    assert_eq!((project.charges().len(), clips.len()), (1, sizes), "{clips:?}");
    assert_eq!(clips.values().collect::<BTreeSet<_>>().len(), 1);
}

#[test]
fn twelve_sizes_are_paid_once_and_the_plan_says_what_that_saves() {
    let project = shirt(12, "");
    assert_whole!(project.run(&["plan"]).expect(0));
    project.run(&["run", "--yes"]).expect(0);
    all_there(&project, 12);
    project.edit("shotlist.yaml", "hero:", "main:");
    assert_whole!(project.run(&["plan"]).expect(0));
    project.run(&["run"]).expect(0);
    assert_eq!(project.charges().len(), 1);
    // The copy for the old name is no longer wanted.
    assert_whole!(project.run(&["prune", "--yes"]).expect(0));
    assert_eq!(project.clips().keys().filter(|name| name.ends_with("_main.mp4")).count(), 12);
    assert_whole!(project.run(&["run"]).expect(0));
}

#[test]
fn twelve_sizes_are_paid_once_across_kills() {
    let project = shirt(12, "");
    for line in ["submit.before_intent", "place.before_rename", "place.after_rename"] {
        let mut command = project.command(&["run", "--yes"]);
        command.env("SHOTLIST_CRASH_AT", line);
        assert_eq!(project.start_as(command).wait().code, -6, "{line}");
    }
    let run = project.start(&["run", "--yes"]);
    until("some files are there", || project.clips().len() > 3);
    drop(run);
    project.run(&["run", "--yes"]).expect(0);
    all_there(&project, 12);
}

#[test]
fn sizes_of_a_shirt_in_doubt_wait_for_the_decision_about_it() {
    let project = shirt(4, "");
    project.fault(json!([{ "on": "submit", "times": 1, "do": "reset_after_accept" }]));
    project.run(&["run", "--yes"]).expect(7);
    assert_whole!(project.run(&["run", "--yes"]).expect(7));
    assert_eq!((project.requests().len(), project.clips().len()), (1, 0));
    let task = project.requests()[0].task.as_ref().unwrap().id.clone();
    project.run(&["resolve", "hero/shirt-1", "--task-id", &task]).expect(0);
    project.run(&["run", "--yes"]).expect(0);
    all_there(&project, 4);
}

#[test]
fn without_reuse_each_size_is_paid_for_itself() {
    let project = shirt(3, "reuse: never\n");
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    assert_eq!(plan["to_render"], 3);
    project.run(&["run", "--yes"]).expect(0);
    project.edit("shotlist.yaml", "hero:", "main:");
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    assert_eq!(plan["to_render"], 0, "a renamed shot keeps what it has");
    project.run(&["run"]).expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (3, 3));
}

#[test]
fn each_size_counts_where_a_guard_counts_what_changes() {
    let project = shirt(4, "guards: { max_changed: 3 }\n");
    project.run(&["run", "--yes"]).expect(0);
    project.edit("shotlist.yaml", "A slow turn", "A fast turn");
    assert_whole!(project.run(&["run", "--yes"]).expect(8));
    let refused = project.run(&["run", "--json"]).expect(8);
    assert_eq!(refused.lines()[0]["guards"][0]["jobs"], 4, "{refused}");
    assert_whole!(project.run(&["plan"]).expect(0));
    assert_eq!(project.requests().len(), 1);
}
