//! A plan that exceeds a guard is not carried out until a person approves it, and its clips are kept.

use crate::snapshot::{assert_whole, whole};
use crate::support::{Project, SHOP, sheet};
use serde_json::Value;

/// A shop whose clips are all there, with this behind its manifest.
fn rendered(rows: usize, section: &str) -> Project {
    let project = Project::shop(rows);
    project.manifest(&format!("{SHOP}{section}"));
    project.run(&["run", "--yes"]).expect(0);
    project
}

#[test]
fn one_edited_template_does_not_buy_a_catalog_again_and_an_approved_plan_buys_what_it_says() {
    let project = Project::large(300, "guards: { max_changed: 5% }\n");
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.clips().len(), 300);
    project.edit("shotlist.yaml", "A slow turn", "A fast turn");

    let refused = project.run(&["run", "--yes"]).expect(8);
    insta::assert_snapshot!(whole(&refused));
    assert_eq!(project.requests().len(), 300);

    assert_whole!(project.run(&["plan", "--limit", "40", "--out", "night.json"]).expect(0));
    project.run(&["run", "--plan", "night.json"]).expect(0);
    assert_eq!(project.requests().len(), 340);
    let approved: Value =
        serde_json::from_slice(&std::fs::read(project.path("night.json")).unwrap()).unwrap();
    for request in &project.requests()[300..] {
        let prompt = request.body["prompt"].as_str().unwrap();
        let number = prompt.strip_prefix("A fast turn around mug number ").unwrap();
        assert_eq!(approved["jobs"][format!("hero/sku-{number}")]["costs"], true, "{prompt}");
    }
}

#[test]
fn products_that_vanish_at_once_stop_the_night_once() {
    let project = rendered(6, "guards: { max_removed: 2 }\n");
    project.write("products.csv", sheet(3));
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    assert_eq!(
        (&plan["guards"][0]["guard"], &plan["guards"][0]["jobs"]),
        (&"max_removed".into(), &3.into()),
        "{plan}"
    );
    assert_whole!(project.run(&["run", "--yes"]).expect(8));
    project.run(&["run", "--accept-changes"]).expect(0);
    project.run(&["run"]).expect(0);
    assert_eq!((project.requests().len(), project.clips().len()), (6, 6));
}

#[test]
fn a_catalog_that_grows_too_much_is_stopped_and_what_was_accepted_once_is_not_stopped_again() {
    let project = Project::shop(6);
    project.manifest(&format!("{SHOP}guards: {{ max_jobs: 5, max_new_spend: \"2.00\" }}\n"));
    assert_whole!(project.run(&["run", "--yes"]).expect(8));
    assert_eq!(project.requests().len(), 0);
    let mut interrupted = project.command(&["run", "--yes", "--accept-changes"]);
    interrupted.env("SHOTLIST_CRASH_AT", "submit.before_intent");
    project.start_as(interrupted).wait();
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.requests().len(), project.clips().len()), (6, 6));
}

#[test]
fn a_guard_that_stops_the_night_does_not_keep_what_is_paid() {
    let project = Project::shop(2);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    crate::support::until("both tasks are known", || project.takes("running") == 2);
    run.kill();
    project.clear_faults();
    project.write("products.csv", sheet(9));
    project.edit("shotlist.yaml", "providers:", "guards: { max_jobs: 3 }\nproviders:");
    assert_whole!(project.run(&["run", "--yes"]).expect(8));
    assert_eq!((project.requests().len(), project.clips().len()), (2, 2));
}

#[test]
fn a_clip_is_kept_for_good_or_until_somebody_agrees_where_its_shot_says_so() {
    let project = Project::shop(2);
    let asks = SHOP.replace("    prompt:", "    on_change: ask\n    prompt:");
    project.manifest(&asks);
    project.run(&["run", "--yes"]).expect(0);
    let before = project.clips();
    project.edit("products.csv", "mug number 2", "red mug");

    let plan = project.run(&["plan", "--json", "--detailed-exitcode"]).expect(0).json();
    assert_eq!(
        (&plan["jobs"][1]["decision"], &plan["jobs"][1]["fields"][0]["field"]),
        (&"asks".into(), &"prompt".into())
    );
    let ended = project.run(&["run", "--yes"]).expect(8);
    assert_whole!(ended);

    assert_eq!((project.requests().len(), &project.clips()), (2, &before));

    project.manifest(&asks.replace("on_change: ask", "on_change: keep"));
    assert_whole!(project.run(&["plan"]).expect(0));
    project.run(&["run", "--yes", "--accept-changes"]).expect(0);
    assert_eq!((project.requests().len(), &project.clips()), (2, &before));

    project.manifest(&asks);
    assert_whole!(project.run(&["run", "--yes", "--accept-changes"]).expect(0));
    assert_eq!(project.requests().len(), 3);
    project.run(&["plan", "--detailed-exitcode"]).expect(0);
}

#[test]
fn prune_leaves_a_clip_that_another_manifest_of_the_folder_uses() {
    let project = rendered(2, "");
    let text = std::fs::read_to_string(project.path("shotlist.yaml")).unwrap();
    project.write("other.yaml", text.replace("project: shop", "project: other"));
    project.run(&["run", "other.yaml", "--yes"]).expect(0);
    project.write("few.csv", sheet(1));
    project.edit("shotlist.yaml", "products.csv", "few.csv");
    project.run(&["prune", "--yes", "--accept-changes"]).expect(0);
    assert!(project.clips().contains_key("renders/sku-2_hero.mp4"), "{:?}", project.clips().keys());
    let plan = project.run(&["plan", "other.yaml", "--json"]).expect(0).json();
    assert_eq!((plan["to_render"].as_u64(), plan["buckets"]["done"].as_u64()), (Some(0), Some(2)), "{plan}");
}

#[test]
fn prune_archives_what_nobody_wants_and_it_comes_back_free_of_charge() {
    let project = rendered(3, "");
    let before = project.clips();
    project.edit("products.csv", "mug number 3", "red mug");
    project.run(&["run", "--yes"]).expect(0);
    project.write("products.csv", sheet(2));
    assert_whole!(project.run(&["plan"]).expect(0));
    assert_whole!(project.run(&["prune"]).expect(2));
    assert_whole!(project.run(&["prune", "--yes"]).expect(0));
    assert_whole!(project.run(&["prune", "--yes"]).expect(0));
    let clips = project.clips();
    assert!(clips.contains_key("_archive/renders/sku-3_hero.mp4"), "{clips:?}");
    assert!(project.path("_archive/renders/sku-3_hero.mp4.json").exists());
    assert_eq!(
        clips.keys().filter(|name| name.starts_with("_archive/renders/_takes/sku-3_hero.")).count(),
        1
    );
    assert!(clips.keys().all(|name| name.starts_with("_archive/") || !name.contains("sku-3")), "{clips:?}");
    assert_whole!(project.run(&["plan"]).expect(0));

    project.write("products.csv", sheet(3));
    project.run(&["run"]).expect(0);
    assert_eq!(
        (project.requests().len(), &project.clips()["renders/sku-3_hero.mp4"]),
        (4, &before["renders/sku-3_hero.mp4"])
    );
}

#[test]
fn queued_jobs_count_again_only_where_their_price_has_risen() {
    let project = Project::shop(3);
    let guarded = format!("{SHOP}guards: {{ max_jobs: 3, max_new_spend: \"1.20\" }}\n");
    project.manifest(&guarded);
    project.run(&["run", "--yes", "--max-cost", "0.40"]).expect(8);
    assert_eq!(project.requests().len(), 1);

    let dearer = format!("{guarded}prices: {{ zai/viduq1-text: {{ per: clip, usd: \"4.00\" }} }}\n");
    project.manifest(&dearer);
    assert_whole!(project.run(&["run", "--yes"]).expect(8));
    project.manifest(&dearer.replace("hero:", "main:"));
    assert_whole!(project.run(&["run", "--yes"]).expect(8));
    assert_eq!(project.requests().len(), 1);

    // The two queued jobs and the three new ones are more than the guards allow at once.
    project.manifest(&guarded);
    project.write("products.csv", sheet(6));
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.requests().len(), project.clips().len()), (6, 6));
}

#[test]
fn a_higher_price_that_was_accepted_once_is_not_stopped_again() {
    let project = Project::shop(3);
    let guarded = format!("{SHOP}guards: {{ max_new_spend: \"1.20\" }}\n");
    project.manifest(&guarded);
    project.run(&["run", "--yes", "--max-cost", "0.40"]).expect(8);
    project.manifest(&format!("{guarded}prices: {{ zai/viduq1-text: {{ per: clip, usd: \"4.00\" }} }}\n"));
    project.run(&["run", "--yes", "--accept-changes", "--max-cost", "4.00"]).expect(8);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.requests().len(), project.clips().len()), (3, 3));
}
