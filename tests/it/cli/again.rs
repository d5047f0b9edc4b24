//! The same command again: only what changed is paid for.

use crate::snapshot::{assert_whole, whole};
use crate::support::{Project, SHOP, sheet};
use std::collections::BTreeSet;
use std::fs;

/// A shop whose clips are all there.
fn rendered(rows: usize) -> Project {
    let project = Project::shop(rows);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.charges().len(), rows);
    assert_eq!(project.clips().len(), rows);
    project
}

/// The plan costs nothing, and carrying it out sends nothing.
fn costs_nothing(project: &Project) {
    let before = project.requests().len();
    let plan = project.run(&["plan", "--json", "--detailed-exitcode"]).expect(0).json();
    assert_eq!((&plan["to_render"], &plan["total_usd"]), (&0.into(), &"0.00".into()), "{plan}");
    // Without a yes: there is nothing to agree to.
    project.run(&["run"]).expect(0);
    assert_eq!(project.requests().len(), before);
}

fn decision<'a>(plan: &'a serde_json::Value, job: &str) -> &'a serde_json::Value {
    let jobs = plan["jobs"].as_array().unwrap();
    jobs.iter().find(|known| known["job"] == job).unwrap()
}

#[test]
fn the_same_command_again_sends_nothing() {
    let project = rendered(3);
    let clips = project.clips();
    costs_nothing(&project);
    assert_eq!(project.clips(), clips);
}

#[test]
fn an_edited_prompt_is_named_and_paid_once_and_the_way_back_is_free() {
    let project = rendered(3);
    let before = project.clips();
    project.edit("products.csv", "mug number 2", "red mug");

    insta::assert_snapshot!(whole(&project.run(&["plan"]).expect(0)));
    project.run(&["plan", "--detailed-exitcode"]).expect(6);

    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_eq!(project.requests().len(), 4);
    assert_eq!(project.requests()[3].body["prompt"], "A slow turn around red mug");
    let after = project.clips();
    let kept: Vec<_> =
        after.iter().filter(|(name, _)| name.starts_with("renders/_takes/sku-2_hero.")).collect();
    assert_eq!(kept.len(), 1, "{after:?}");
    assert_eq!(kept[0].1, &before["renders/sku-2_hero.mp4"]);
    assert_ne!(after["renders/sku-2_hero.mp4"], before["renders/sku-2_hero.mp4"]);
    assert_eq!(after["renders/sku-1_hero.mp4"], before["renders/sku-1_hero.mp4"]);

    project.edit("products.csv", "red mug", "mug number 2");
    costs_nothing(&project);
    assert_eq!(project.clips()["renders/sku-2_hero.mp4"], before["renders/sku-2_hero.mp4"]);
    costs_nothing(&project);
}

#[test]
fn a_renamed_shot_takes_its_clips_along() {
    let project = rendered(3);
    let before = project.clips();
    project.edit("shotlist.yaml", "hero:", "main:");
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    assert_eq!(decision(&plan, "main/sku-1")["decision"], "renamed");
    assert_eq!(decision(&plan, "main/sku-1")["from"], "hero/sku-1");
    costs_nothing(&project);
    let after = project.clips();
    assert_eq!(after.len(), 3);
    for n in 1..=3 {
        assert_eq!(after[&format!("renders/sku-{n}_main.mp4")], before[&format!("renders/sku-{n}_hero.mp4")]);
        assert!(!project.path(&format!("renders/sku-{n}_hero.mp4.json")).exists());
    }
    costs_nothing(&project);
}

#[test]
fn p41_shuffled_and_inserted_rows_keep_what_is_theirs() {
    let project = rendered(3);
    let before = project.clips();
    project.write("products.csv", "id,title\nsku-3,mug number 3\nsku-1,mug number 1\nsku-2,mug number 2\n");
    costs_nothing(&project);
    assert_eq!(project.clips(), before);

    project
        .write("products.csv", "id,title,stock\nsku-0,jug,1\nsku-3,mug number 3,4\nsku-1,mug number 1,2\n");
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.requests().len(), 4);
    assert_eq!(project.requests()[3].body["prompt"], "A slow turn around jug");
}

#[test]
fn i06_windows_line_ends_change_nothing() {
    let project = rendered(2);
    let before = project.clips();
    project.edit("products.csv", "\n", "\r\n");
    project.edit("shotlist.yaml", "\n", "\r\n");
    for file in ["products.csv", "shotlist.yaml"] {
        assert!(fs::read_to_string(project.path(file)).unwrap().contains("\r\n"), "{file}");
    }
    costs_nothing(&project);
    assert_eq!(project.clips(), before);
}

#[test]
fn another_output_pattern_moves_the_files() {
    let project = rendered(3);
    let before = project.clips();
    project.edit("shotlist.yaml", "renders/{{ item.id }}_{{ shot }}", "clips/{{ shot }}/{{ item.id }}");
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    assert_eq!(decision(&plan, "hero/sku-2")["decision"], "moved");
    costs_nothing(&project);
    let after = project.clips();
    assert_eq!(after.len(), 3, "{after:?}");
    for n in 1..=3 {
        assert_eq!(after[&format!("clips/hero/sku-{n}.mp4")], before[&format!("renders/sku-{n}_hero.mp4")]);
        assert!(project.path(&format!("clips/hero/sku-{n}.mp4.json")).exists());
    }
    costs_nothing(&project);
}

#[test]
fn products_with_the_same_order_share_one_payment() {
    let project = Project::shop(1);
    project.write("products.csv", "id,title\na,mug\nb,mug\nc,mug\nd,jug\n");
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    assert_eq!((&plan["to_render"], &plan["total_usd"]), (&2.into(), &"0.80".into()), "{plan}");
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.charges().len(), 2);
    let clips = project.clips();
    assert_eq!(clips.len(), 4, "{clips:?}");
    assert_eq!(clips.values().collect::<BTreeSet<_>>().len(), 2);
    assert_eq!(clips["renders/a_hero.mp4"], clips["renders/c_hero.mp4"]);
    costs_nothing(&project);
}

#[test]
fn p42_a_product_that_vanished_keeps_its_clip_and_returns_for_free() {
    let project = rendered(3);
    project.write("products.csv", sheet(2));
    costs_nothing(&project);
    assert_eq!(project.clips().len(), 3);
    project.write("products.csv", sheet(3));
    costs_nothing(&project);
}

#[test]
fn prices_limits_and_unread_columns_buy_nothing() {
    let project = rendered(2);
    project.write("products.csv", "id,title,stock\nsku-1,mug number 1,7\nsku-2,mug number 2,1\n");
    project.manifest(&format!("{SHOP}prices: {{ zai/viduq1-text: {{ per: clip, usd: \"0.60\" }} }}\n"));
    project.edit("shotlist.yaml", "rate: 100/s", "rate: 50/s");
    costs_nothing(&project);
}
