//! `show`: one job with its takes, attempts, answers and money, and what to do.

use crate::snapshot::assert_whole;
use crate::support::Project;
use serde_json::{Value, json};

/// The commands that are offered, without the program's name.
fn offered(show: &Value) -> Vec<String> {
    let options = show["options"].as_array().unwrap().iter();
    options
        .map(|option| option["command"].as_str().unwrap().strip_prefix("shotlist ").unwrap().to_owned())
        .collect()
}

#[test]
fn a_finished_job_tells_where_its_clip_is_and_what_was_sent_for_it() {
    let project = Project::shop(1);
    project.run(&["run", "--yes"]).expect(0);
    let show = project.show("sku-1");
    let sent = &project.requests()[0];
    let request = &show["takes"][0]["request"];
    assert_eq!((&request["as_sent"], &request["body"]), (&json!(true), &sent.body));
    assert_eq!(show["sha256"], project.clips()["renders/sku-1_hero.mp4"]);
    assert_eq!(
        (&show["takes"][0]["account"], &show["takes"][0]["account_usd"]),
        (&json!("settled"), &json!("0.40"))
    );
    let text = assert_whole!(project.run(&["show", "hero/sku-1"]).expect(0));
    let id = sent.request_id.as_deref().unwrap();
    assert!(text.out.contains(id), "{text}");
}

#[test]
fn of_a_refused_job_the_providers_words_and_its_price_are_told() {
    let project = Project::shop_with_faults(
        1,
        json!([{ "on": "submit", "do": { "error": { "http": 400, "code": "1301", "message": "unsafe\u{1b}[2J content" } } }]),
    );
    project.run(&["run", "--yes"]).expect(3);
    let show = project.show("sku-1");
    let take = &show["takes"][0];
    assert_eq!((&take["reason"], &take["charged"]), (&json!("policy"), &json!("no")));
    let provider = &take["attempts"][0]["provider"];
    assert_eq!((&provider["http"], &provider["code"]), (&json!(400), &json!("1301")));
    assert_eq!(offered(&show), ["run --only hero/sku-1", "retry --only hero/sku-1 --include-permanent"]);
    let text = assert_whole!(project.run(&["show", "sku-1"]).expect(0));
    assert!(!text.out.contains('\u{1b}'), "{text}");
}

#[test]
fn every_command_that_is_offered_for_a_held_job_does_what_it_says() {
    for nth in 0..3 {
        let project =
            Project::shop_with_faults(1, json!([{ "on": "submit", "times": 1, "do": "reset_after_accept" }]));
        project.run(&["run", "--yes"]).expect(7);
        let show = project.show("sku-1");
        assert_eq!(show["takes"][0]["account"], "in_doubt");
        let task = project.requests()[0].task.as_ref().unwrap().id.clone();
        let command = offered(&show)[nth].replace("ID", &task);
        let mut words: Vec<&str> = command.split(' ').collect();
        if command.contains("--resubmit") {
            words.push("--yes");
        }
        assert_whole!(project.run(&words).expect(0));
    }
}

#[test]
fn a_second_take_is_told_apart_from_the_first() {
    let project =
        Project::shop_with_faults(1, json!([{ "on": "submit", "times": 1, "do": "reset_after_accept" }]));
    project.run(&["run", "--yes"]).expect(7);
    project.run(&["resolve", "hero/sku-1", "--resubmit", "--yes"]).expect(0);
    project.run(&["run", "--yes"]).expect(0);
    assert_whole!(project.run(&["show", "sku-1"]).expect(0));
}

#[test]
fn a_job_whose_product_left_the_catalog_says_so() {
    let project = Project::shop(2);
    project.run(&["run", "--yes"]).expect(0);
    project.edit("products.csv", "sku-1,mug number 1\n", "");
    project.run(&["run", "--yes"]).expect(0);
    assert_whole!(project.run(&["show", "sku-1"]).expect(0));
}

#[test]
fn a_job_is_found_by_key_item_or_pattern_and_a_typo_gets_a_hint() {
    let project = Project::shop(12);
    project.run(&["run", "--yes"]).expect(0);
    for name in ["hero/sku-7", "sku-7", "*-7", "hero/*7", "hero/sku-[7]"] {
        assert_eq!(project.show(name)["job"], "hero/sku-7", "{name}");
    }
    assert_whole!(project.run(&["show", "sku-1*"]).expect(2));
    assert_whole!(project.run(&["show", "hero/sku-77"]).expect(2));
    assert_whole!(project.run(&["show", "nothing-like-it-*"]).expect(2));
    project.run(&["show", "sku-[7"]).expect(2);
}

#[test]
fn a_job_that_was_never_ordered_leads_to_the_plan() {
    let project = Project::shop(2);
    project.run(&["run", "--yes", "--limit", "1"]).expect(0);
    assert_whole!(project.run(&["show", "sku-2"]).expect(2));
}

#[test]
fn a_failed_redo_that_was_settled_is_shown_as_done_as_status_does() {
    let refused = json!({ "http": 400, "code": "1210", "message": "no" });
    for settle in [&["approve", "--who", "ann", "sku-1"][..], &["dismiss", "sku-1"]] {
        let project = Project::shop(1);
        project.run(&["run", "--yes"]).expect(0);
        project.fault(json!([{ "on": "submit", "do": { "error": refused } }]));
        project.run(&["redo", "sku-1", "--yes"]).expect(3);
        let failed = project.show("sku-1");
        assert!(failed["standing"].as_str().unwrap().starts_with("failed: "), "{failed}");
        assert_eq!(offered(&failed).last().unwrap(), "dismiss hero/sku-1");

        project.run(settle).expect(0);
        let settled = project.show("sku-1");
        assert!(settled["standing"].as_str().unwrap().starts_with("done: it keeps"), "{settled}");
        assert_eq!(offered(&settled), ["plan --only hero/sku-1", "redo hero/sku-1"]);
        let text = project.run(&["show", "sku-1"]).expect(0);
        assert!(text.err.contains("next: shotlist plan --only hero/sku-1\n"), "{text}");
    }
}

#[test]
fn a_job_that_was_dismissed_is_shown_as_dismissed() {
    let project = Project::shop_with_faults(1, json!([{ "on": "submit", "do": "reset_after_accept" }]));
    project.run(&["run", "--yes"]).expect(7);
    project.run(&["resolve", "hero/sku-1", "--write-off"]).expect(0);
    assert_eq!(offered(&project.show("sku-1"))[0], "dismiss hero/sku-1");
    project.run(&["dismiss", "hero/sku-1"]).expect(0);
    let dismissed = project.show("sku-1");
    assert!(dismissed["standing"].as_str().unwrap().starts_with("dismissed; "), "{dismissed}");
    assert_eq!(offered(&dismissed), ["plan --only hero/sku-1", "dismiss hero/sku-1 --undo"]);
}

#[test]
fn a_finished_job_leads_to_its_plan_which_says_whether_a_run_renders_it() {
    let project = Project::shop(2);
    project.run(&["run", "--yes"]).expect(0);
    project.edit("products.csv", "mug number 1", "red mug");
    project.run(&["reject", "--who", "ann", "sku-2", "--reason", "cropped", "--redo"]).expect(0);
    for job in ["sku-1", "sku-2"] {
        let offered = offered(&project.show(job));
        assert_eq!(offered, [format!("plan --only hero/{job}")]);
        let plan = project.run(&["plan", "--only", &format!("hero/{job}"), "--json"]).expect(0).json();
        assert_eq!(plan["to_render"], 1);
    }
}
