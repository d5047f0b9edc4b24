//! Edits and renames between two runs: what was paid serves the order it was paid for.

use crate::snapshot::assert_whole;
use crate::support::{Project, SHOP, until};
use serde_json::json;

/// Each row with its words.
fn sheet(project: &Project, rows: &[(&str, &str)]) {
    let rows: Vec<String> = rows.iter().map(|(id, title)| format!("{id},{title}\n")).collect();
    project.write("products.csv", format!("id,title\n{}", rows.concat()));
}

#[test]
fn a_leader_whose_answer_was_lost_still_holds_its_order_when_its_row_is_edited() {
    let lost = json!([{ "on": "submit", "times": 1, "do": "reset_after_accept" }]);
    let project = Project::shop_with_faults(0, lost);
    sheet(&project, &[("a", "pot"), ("b", "pot")]);
    project.run(&["run", "--yes"]).expect(7);
    sheet(&project, &[("a", "pot EDITED"), ("b", "pot")]);
    assert_whole!(project.run(&["run", "--yes"]).expect(7));
    let charges = project.charges();
    assert_eq!(charges.len(), 2, "one for each order: {charges:?}");
    let task = project.requests()[0].task.as_ref().unwrap().id.clone();
    project.run(&["resolve", "hero/b", "--task-id", &task]).expect(0);
    project.run(&["run", "--yes"]).expect(0);
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_eq!((project.charges().len(), project.clips().len()), (2, 2));
}

#[test]
fn rows_that_swap_their_words_in_flight_swap_what_is_on_its_way() {
    let project = Project::shop(0);
    sheet(&project, &[("a", "pot"), ("b", "pan")]);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("both are on their way", || project.takes("running") == 2);
    run.kill();
    sheet(&project, &[("a", "pan"), ("b", "pot")]);
    project.clear_faults();
    project.run(&["run", "--yes"]).expect(0);
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_eq!((project.charges().len(), project.clips().len()), (2, 2));
    assert_eq!(project.show("hero/a")["takes"][0]["request"]["as_sent"], true);
}

#[test]
fn what_waits_is_not_paid_where_another_manifest_had_it_rendered() {
    let project = Project::shop(3);
    let manifest = std::fs::read_to_string(project.path("shotlist.yaml")).unwrap();
    project.write(
        "other.yaml",
        manifest.replace("project: shop", "project: other").replace("renders/", "other/"),
    );
    project.run(&["run", "--max-cost", "0.40"]).expect(8);
    project.run(&["run", "-f", "other.yaml", "--yes"]).expect(0);
    assert_eq!(project.charges().len(), 3);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (3, 6));
}

#[test]
fn a_day_has_one_budget_whatever_the_projects_of_a_folder_are_called_and_it_says_who_spent_it() {
    let project = Project::shop(0);
    project.manifest(&format!("{SHOP}budget: {{ day: \"1.20\" }}\n"));
    project.edit("shotlist.yaml", "limits: { ", "limits: { concurrency: 1, ");
    sheet(&project, &[("a", "one"), ("b", "two"), ("c", "three")]);
    project.run(&["run", "--max-cost", "0.40"]).expect(8);
    project.edit("shotlist.yaml", "project: shop", "project: fair");
    sheet(&project, &[("a", "four"), ("b", "five"), ("c", "six")]);
    project.run(&["run", "--max-cost", "0.40"]).expect(8);
    let manifest = std::fs::read_to_string(project.path("shotlist.yaml")).unwrap();
    project.write("other.yaml", manifest.replace("fair", "other").replace("renders/", "other/"));
    assert_whole!(project.run(&["run", "-f", "other.yaml", "--yes"]).expect(8));
    assert_eq!(project.charges().len(), 3, "the day of the old name counts");
}

#[test]
fn a_run_that_was_cut_off_keeps_its_budget_under_another_name() {
    let project = Project::shop(0);
    project.manifest(&format!("{SHOP}budget: {{ run: \"0.80\" }}\n"));
    sheet(&project, &[("a", "one"), ("b", "two"), ("c", "three")]);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("two are paid", || project.takes("running") == 2);
    run.kill();
    project.clear_faults();
    project.edit("shotlist.yaml", "project: shop", "project: fair");
    assert_whole!(project.run(&["run", "--yes"]).expect(8));
    assert_eq!(project.charges().len(), 2);
}

#[test]
fn a_clip_that_others_wait_for_is_not_called_off_in_silence() {
    let project = Project::shop(0);
    sheet(&project, &[("first", "cup")]);
    project.run(&["run", "--yes"]).expect(0);
    project.run(&["pause", "zai"]).expect(0);
    sheet(&project, &[("first", "cup"), ("a", "pot"), ("b", "pot")]);
    project.run(&["run", "--yes"]).expect(5);
    assert_whole!(project.run(&["cancel", "hero/a"]).expect(0));
    project.run(&["resume", "zai"]).expect(0);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (2, 3));
}

#[test]
fn a_clip_of_another_project_is_named_by_the_plan_before_the_run_refuses() {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    let manifest = std::fs::read_to_string(project.path("shotlist.yaml")).unwrap();
    let other = manifest.replace("project: shop", "project: other").replace("A slow turn", "A fast turn");
    project.write("other.yaml", other.replace("renders/", "other/"));
    project.run(&["run", "other.yaml", "--yes"]).expect(0);
    project.write("other.yaml", other);
    for command in ["plan", "run"] {
        let ended = project.run(&[command, "other.yaml"]).expect(4);
        let owner = "renders/sku-1_hero.mp4: the file is the paid clip of hero/sku-1 in the project shop";
        assert!(ended.err.contains(owner) && ended.err.contains("change `output:`"), "{ended}");
        assert!(!ended.err.contains("move it away"), "{ended}");
        // The place, the reason and the way out of it.
        assert!(ended.err.contains("--> other.yaml:8:"), "{ended}");
        assert!(ended.err.contains("such as \"renders/other/{{ item.id }}_{{ shot }}.mp4\""), "{ended}");
        let reason = "error: clips of the project shop have the paths of this manifest's clips";
        assert!(ended.err.contains(reason), "{ended}");
        assert!(ended.err.ends_with("next: shotlist validate -f other.yaml\n"), "{ended}");
    }
    project.run(&["plan"]).expect(0);
}
