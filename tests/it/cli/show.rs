//! `show`: one job with its takes, attempts, answers and money, and what to do.

use crate::support::{Ended, Project};
use serde_json::{Value, json};

/// The commands that are offered, without the program's name.
fn offered(show: &Value) -> Vec<String> {
    let options = show["options"].as_array().unwrap().iter();
    options
        .map(|option| option["command"].as_str().unwrap().strip_prefix("shotlist ").unwrap().to_owned())
        .collect()
}

fn has(ended: &Ended, words: &[&str]) {
    for words in words {
        assert!(ended.out.contains(words), "{words:?}\n{ended}");
    }
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
    let text = project.run(&["show", "hero/sku-1"]).expect(0).says("next: shotlist status");
    let id = sent.request_id.as_deref().unwrap();
    has(&text, &["mug number 1", "renders/sku-1_hero.mp4", "$0.40 spent, in 1 take", "as it was sent", id]);
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
    let text = project.run(&["show", "sku-1"]).expect(0).says("next: shotlist run --only hero/sku-1");
    has(&text, &["failed: policy (not charged)", "(code 1301)", "refused, not charged"]);
    assert!(!text.out.contains('\u{1b}'), "{text}");
}

#[test]
fn every_command_that_is_offered_for_a_held_job_does_what_it_says() {
    for (nth, did) in [(0, "adopted"), (1, "ordered anew"), (2, "written off")] {
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
        project.run(&words).expect(0).says(did);
    }
}

#[test]
fn a_second_take_is_told_apart_from_the_first() {
    let project =
        Project::shop_with_faults(1, json!([{ "on": "submit", "times": 1, "do": "reset_after_accept" }]));
    project.run(&["run", "--yes"]).expect(7);
    project.run(&["resolve", "hero/sku-1", "--resubmit", "--yes"]).expect(0);
    project.run(&["run", "--yes"]).expect(0);
    let text = project.run(&["show", "sku-1"]).expect(0);
    has(&text, &["Take 2 of 2, the newest", "Take 1 of 2", "written off: ", "$0.80 spent, in 2 takes"]);
    let (newest, first) = (text.out.find("Take 2 of 2").unwrap(), text.out.find("Take 1 of 2").unwrap());
    assert!(newest < first, "{text}");
}

#[test]
fn a_job_whose_product_left_the_catalog_says_so() {
    let project = Project::shop(2);
    project.run(&["run", "--yes"]).expect(0);
    project.edit("products.csv", "sku-1,mug number 1\n", "");
    project.run(&["run", "--yes"]).expect(0);
    has(&project.run(&["show", "sku-1"]).expect(0), &["the manifest no longer asks for it"]);
}

#[test]
fn a_job_is_found_by_key_item_or_pattern_and_a_typo_gets_a_hint() {
    let project = Project::shop(12);
    project.run(&["run", "--yes"]).expect(0);
    for name in ["hero/sku-7", "sku-7", "*-7", "hero/*7", "hero/sku-[7]"] {
        assert_eq!(project.show(name)["job"], "hero/sku-7", "{name}");
    }
    project.run(&["show", "sku-1*"]).expect(2).says("`sku-1*` matches hero/sku-1").says("2 more; name one");
    project.run(&["show", "hero/sku-77"]).expect(2).says("did you mean hero/sku-7");
    project.run(&["show", "nothing-like-it-*"]).expect(2).says("there is no job");
    project.run(&["show", "sku-[7"]).expect(2);
}

#[test]
fn a_job_that_was_never_ordered_leads_to_the_plan() {
    let project = Project::shop(2);
    project.run(&["run", "--yes", "--limit", "1"]).expect(0);
    let ended = project.run(&["show", "sku-2"]).expect(2).says("was never ordered (not charged)");
    ended.says("next: shotlist plan --only hero/sku-2");
}
