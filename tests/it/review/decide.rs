//! Decisions are recorded immediately with person and time, and never replace the decision of another person.

use super::{Page, finished, take};
use serde_json::{Value, json};
use std::fs;

/// The revision of the newest review of a job, from an answer.
fn revision(answer: &Value) -> u64 {
    answer["jobs"][0]["review"]["revision"].as_u64().unwrap_or_else(|| panic!("{answer}"))
}

fn lines(project: &crate::support::Project) -> Vec<Value> {
    let ledger = fs::read_to_string(project.path(".shotlist/ledger.jsonl")).unwrap();
    let lines = ledger.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["kind"] == "reviewed").collect()
}

#[test]
fn a_clip_is_approved_and_rejected_and_the_ledger_says_by_whom() {
    let project = finished(2);
    let page = Page::of(&project);
    let answer = page.decide(&project, "hero/sku-1", 0, "approved", &[]).expect(200).json();
    assert_eq!(answer["jobs"].as_array().unwrap().len(), 1);
    assert!(answer["summary"].is_object());
    page.decide(&project, "hero/sku-2", 0, "rejected", &["wrong_colour", "flicker"]).expect(200);
    let lines = lines(&project);
    let said =
        |line: &Value| ["why", "reasons", "who"].map(|name| line[name].as_str().unwrap_or("").to_owned());
    let said: Vec<[String; 3]> = lines.iter().map(said).collect();
    assert_eq!(said[0], ["approved", "", "ana@desk"]);
    assert_eq!(said[1], ["rejected", "wrong_colour,flicker", "ana@desk"]);
    assert_eq!(project.requests().len(), 2, "nothing is sent to the provider");
    page.end();
}

#[test]
fn a_decision_about_what_somebody_else_decided_meanwhile_is_refused_and_both_are_shown() {
    let project = finished(2);
    let (ana, ben) = (Page::of(&project), Page::with(&project, &["--who", "ben@desk"]));
    let first = ana.decide(&project, "hero/sku-1", 0, "approved", &[]).expect(200).json();
    let answer = ben.decide(&project, "hero/sku-1", 0, "rejected", &["cropped"]).expect(409).json();
    assert_eq!(answer["conflicts"], json!([{ "job": "hero/sku-1" }]));
    let review = &answer["jobs"][0]["review"];
    assert_eq!((&review["who"], &review["outcome"]), (&json!("ana@desk"), &json!("approved")));
    assert_eq!(revision(&answer), revision(&first), "the page learns what to say next time");
    // All or nothing: the other job of the same request is not decided either.
    let decision =
        |job: &str| json!({ "job": job, "take": take(&project, job), "seen": 0, "outcome": "approved" });
    ben.post("decide", &json!({ "decisions": [decision("hero/sku-2"), decision("hero/sku-1")] })).expect(409);
    assert_eq!(lines(&project).len(), 1);
    ben.decide(&project, "hero/sku-1", revision(&first), "rejected", &["cropped"]).expect(200);
    assert_eq!(lines(&project).len(), 2);
    ana.end();
    ben.end();
}

#[test]
fn a_decision_is_taken_back_by_another_one_and_survives_a_restart() {
    let project = finished(1);
    let page = Page::of(&project);
    let first = page.decide(&project, "hero/sku-1", 0, "approved", &[]).expect(200).json();
    page.end();
    let page = Page::of(&project);
    let data = page.get("data").expect(200).json();
    let review = &data["jobs"][0]["review"];
    assert_eq!((&review["outcome"], &review["who"]), (&"approved".into(), &"ana@desk".into()), "{data}");
    let undone = page.decide(&project, "hero/sku-1", revision(&first), "undecided", &[]).expect(200).json();
    assert!(revision(&undone) > revision(&first));
    let outcomes: Vec<Value> = lines(&project).into_iter().map(|mut line| line["why"].take()).collect();
    assert_eq!(outcomes, ["approved", "undecided"]);
    page.end();
}

#[test]
fn a_clip_that_was_not_the_one_on_the_page_is_not_decided() {
    let project = finished(1);
    let page = Page::of(&project);
    let before = take(&project, "hero/sku-1");
    project.run(&["redo", "hero/sku-1", "--yes"]).expect(0);
    let decision = json!({ "job": "hero/sku-1", "take": before, "seen": 0, "outcome": "approved" });
    let answer = page.post("decide", &json!({ "decisions": [decision] })).expect(409).json();
    assert_eq!(answer["conflicts"], json!([{ "job": "hero/sku-1" }]));
    assert_ne!(answer["jobs"][0]["take"], json!(before), "the page learns which clip is there now");
    assert!(lines(&project).is_empty());
    page.end();
}

#[test]
fn an_earlier_version_is_chosen_and_a_stale_choice_is_refused() {
    let project = finished(1);
    let first = take(&project, "hero/sku-1");
    project.run(&["redo", "hero/sku-1", "--yes"]).expect(0);
    let page = Page::of(&project);
    let choice = |seen: u64| json!({ "job": "hero/sku-1", "take": first, "seen": seen });
    page.post("choose", &choice(7)).expect(409);
    let answer = page.post("choose", &choice(0)).expect(200).json();
    assert_eq!(answer["jobs"][0]["take"], json!(first));
    assert_eq!(project.requests().len(), 2, "nothing is sent to the provider");
    page.end();
}
