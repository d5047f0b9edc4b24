//! A canary of each template is rendered first, and the rest once a person has approved it.

use crate::snapshot::assert_whole;
use crate::support::{CHEAP, FIFTY_AT_ONCE, Project, sheet};
use serde_json::{Value, json};
use shotlist::domain::key::JobKey;
use shotlist::domain::review::Outcome;
use shotlist::store::{Mode, NewReview, Options, Reader, Store};
use std::collections::BTreeSet;

const APPROVE: &str = "rollout: { canary: 10, then: approve }\n";
const RATE: &str = "rollout: { canary: 10, then: { approve: 80% } }\n";

fn shop(rows: usize, section: &str) -> Project {
    let mut project = Project::empty(|options| options.limits = shotlist::sandbox::Limits::Unlimited);
    FIFTY_AT_ONCE.clone_into(&mut project.limits);
    project.write("products.csv", sheet(rows));
    project.manifest(&format!("{CHEAP}{section}"));
    project
}

/// Reviews the clips of some jobs.
fn review(project: &Project, jobs: &[String], outcome: Outcome) {
    let (folder, now) = (project.path(".shotlist"), shotlist::engine::clock::Clock::system().now());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (store, _) = Store::open(&folder, Mode::Concurrent, &Options::default(), now).unwrap();
        let records = store.records(Some("shop"), None).await.unwrap();
        let of = |job: &String| {
            let key: JobKey = job.parse().unwrap();
            let record = records.iter().find(|record| record.key == key).unwrap();
            NewReview {
                project: "shop".to_owned(),
                key,
                take: record.filed.as_ref().unwrap().take.clone(),
                seen: record.review.as_ref().map_or(0, |review| review.revision),
                outcome,
                reasons: Vec::new(),
                note: None,
                redo: false,
                who: "anna".to_owned(),
            }
        };
        store.review(jobs.iter().map(of).collect(), now).await.unwrap();
    });
}

/// The jobs that have a clip.
fn done(project: &Project) -> BTreeSet<String> {
    let reader = Reader::open(&project.path(".shotlist")).unwrap().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let records = runtime.block_on(reader.records(Some("shop"), None)).unwrap();
    records.iter().filter(|record| record.filed.is_some()).map(|record| record.key.to_string()).collect()
}

/// The canaries that `plan` tells of.
fn canaries(project: &Project) -> Vec<Value> {
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    plan["rollout"].as_array().unwrap().clone()
}

fn canary(project: &Project, at: usize) -> Vec<String> {
    let canaries = canaries(project);
    let jobs = canaries[at]["canary"].as_array().unwrap().iter();
    jobs.map(|job| job.as_str().unwrap().to_owned()).collect()
}

/// The jobs of a plan by their buckets, and the bucket of each job as it is listed.
fn buckets(project: &Project) -> Value {
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    let jobs = plan["jobs"].as_array().unwrap();
    for (bucket, count) in plan["buckets"].as_object().unwrap() {
        let listed = jobs.iter().filter(|job| job["bucket"] == json!(bucket)).count();
        assert_eq!(json!(listed), *count, "{bucket}");
    }
    plan["buckets"].clone()
}

#[test]
fn ten_of_thirty_are_rendered_first_and_the_rest_after_their_approval() {
    let project = shop(30, APPROVE);
    let plan = project.run(&["plan"]).expect(0);
    assert_whole!(&plan);

    let chosen = canary(&project, 0);

    assert_whole!(project.run(&["run", "--yes"]).expect(5));
    assert_eq!(project.charges().len(), 10);
    assert_eq!(done(&project), chosen.iter().cloned().collect());
    let status = project.run(&["status", "--json"]).expect(0).json();
    assert_eq!((&status["buckets"]["done"], &status["buckets"]["review"]), (&json!(10), &json!(20)));

    // Nothing is sent before the review, however often the timer starts.
    assert_whole!(project.run(&["run"]).expect(5));
    review(&project, &chosen[..9], Outcome::Approved);
    review(&project, &chosen[9..], Outcome::Rejected);
    project.run(&["run"]).expect(5);
    assert_whole!(project.run(&["plan"]).expect(0));
    assert_eq!(project.charges().len(), 10);

    project.run(&["redo", &chosen[9], "--yes"]).expect(0);
    project.run(&["run"]).expect(5);
    review(&project, &chosen[9..], Outcome::Approved);
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_eq!((project.charges().len(), done(&project).len()), (31, 30));
    assert_whole!(project.run(&["run"]).expect(0));

    // What passed stays so, for new items and after another review of an old clip.
    review(&project, &chosen[..1], Outcome::Rejected);
    project.write("products.csv", sheet(32));
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.charges().len(), done(&project).len()), (33, 32));
}

#[test]
fn a_changed_template_asks_again_and_another_form_of_the_manifest_does_not() {
    let project = shop(14, APPROVE);
    project.run(&["run", "--yes"]).expect(5);
    review(&project, &canary(&project, 0), Outcome::Approved);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.charges().len(), 14);

    project.edit(
        "shotlist.yaml",
        "    model: zai/vidu2-image\n",
        "    # The cheap one.\n    model:   'zai/vidu2-image'\n",
    );
    assert_whole!(project.run(&["run"]).expect(0));

    project.edit("shotlist.yaml", "A slow turn", "A fast turn");
    assert_eq!(buckets(&project)["review"], 4);
    assert_whole!(project.run(&["run", "--yes"]).expect(5));
    assert_eq!(project.charges().len(), 24);
    let second = canary(&project, 0);
    review(&project, &second, Outcome::Approved);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.charges().len(), 28);
    // The first template is remembered, and so are its clips.
    project.edit("shotlist.yaml", "A fast turn", "A slow turn");
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.charges().len(), 28);
}

#[test]
fn each_shot_and_model_has_a_canary_of_its_own() {
    let text = CHEAP.replace(
        "    model: zai/vidu2-image\n",
        "    matrix: { model: [zai/vidu2-image, zai/viduq1-image] }\n",
    );
    let text = text.replace("_{{ shot }}", "_{{ variant }}");
    let mut project = Project::empty(|options| options.limits = shotlist::sandbox::Limits::Unlimited);
    FIFTY_AT_ONCE.clone_into(&mut project.limits);
    project.write("products.csv", sheet(12));
    project.manifest(&format!("{text}rollout: {{ canary: 3 }}\n"));
    assert_whole!(project.run(&["run", "--yes"]).expect(5));
    let states = canaries(&project);
    assert_eq!(states.len(), 2, "{states:?}");
    review(&project, &canary(&project, 0), Outcome::Approved);
    assert_whole!(project.run(&["run", "--yes"]).expect(5));
    review(&project, &canary(&project, 0), Outcome::Approved);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.charges().len(), 24);
}

#[test]
fn a_canary_stays_as_it_was_chosen_and_a_vanished_job_is_replaced() {
    let project = shop(20, "rollout: { canary: 4 }\n");
    project.run(&["run", "--yes"]).expect(5);
    let first = canary(&project, 0);
    // More products, in another order.
    let rows = sheet(60);
    let (head, rows) = rows.split_once('\n').unwrap();
    let mut rows: Vec<&str> = rows.lines().collect();
    rows.reverse();
    project.write("products.csv", format!("{head}\n{}\n", rows.join("\n")));
    assert_eq!(canary(&project, 0), first);
    project.run(&["run"]).expect(5);
    assert_eq!(project.charges().len(), 4);

    let gone = first[1].strip_prefix("hero/").unwrap();
    rows.retain(|row| !row.starts_with(&format!("{gone},")));
    project.write("products.csv", format!("{head}\n{}\n", rows.join("\n")));
    let second = canary(&project, 0);
    assert_eq!(second.len(), 4);
    assert_eq!(second[..3], [first[0].clone(), first[2].clone(), first[3].clone()]);
    project.run(&["run", "--yes"]).expect(5);
    assert_eq!(project.charges().len(), 5);
    assert_eq!(canary(&project, 0), second);
}

#[test]
fn clips_that_were_made_before_the_rollout_count_by_their_reviews_and_are_never_held_back() {
    let project = shop(12, "");
    project.run(&["run", "--yes"]).expect(0);
    project.manifest(&format!("{CHEAP}{APPROVE}"));
    assert_whole!(project.run(&["run"]).expect(0));
    let all: Vec<String> = done(&project).into_iter().collect();
    project.write("products.csv", sheet(20));
    assert_whole!(project.run(&["run"]).expect(5));
    assert!(canary(&project, 0).iter().all(|job| all.contains(job)));
    review(&project, &all, Outcome::Approved);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.charges().len(), done(&project).len()), (20, 20));
}

#[test]
fn jobs_that_share_a_clip_are_one_clip_of_the_canary_and_follow_for_free() {
    // Two shots say the same of each product, and every product is there twice.
    let project = shop(0, "");
    let rows: Vec<String> = (0..12).map(|n| format!("sku-{n},mug {}\n", n / 2)).collect();
    project.write("products.csv", format!("id,title\n{}", rows.concat()));
    let text = CHEAP.replace("{{ item.id }}.jpg", "mug.jpg");
    project.manifest(&format!("{text}rollout: {{ canary: 2 }}\n"));
    // Each clip of the canary comes with the job that shares it.
    assert_whole!(project.run(&["run", "--yes"]).expect(5));
    assert_eq!(project.charges().len(), 2);
    review(&project, &canary(&project, 0), Outcome::Approved);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.charges().len(), done(&project).len()), (6, 12));
}

#[test]
fn a_kill_at_any_time_keeps_the_canary_and_pays_nothing_twice() {
    let project = shop(15, "rollout: { canary: 5 }\n");
    let chosen = canary(&project, 0);
    for place in ["submit.before_intent", "submit.after_intent", "place.before_rename"] {
        let mut interrupted = project.command(&["run", "--yes"]);
        interrupted.env("SHOTLIST_CRASH_AT", place);
        project.start_as(interrupted).wait();
        assert_eq!(canary(&project, 0), chosen, "{place}");
    }
    project.run(&["run", "--yes"]);
    assert!(project.charges().len() <= 5);
    let jobs = done(&project);
    assert!(jobs.iter().all(|job| chosen.contains(job)), "{jobs:?}");
}

#[test]
fn orders_that_were_never_sent_wait_once_the_manifest_has_a_rollout() {
    let project = shop(15, "");
    let mut interrupted = project.command(&["run", "--yes"]);
    interrupted.env("SHOTLIST_CRASH_AT", "submit.before_intent");
    project.start_as(interrupted).wait();
    assert_eq!(project.charges().len(), 0);
    project.manifest(&format!("{CHEAP}rollout: {{ canary: 5 }}\n"));
    assert_whole!(project.run(&["run", "--yes"]).expect(5));
    assert_eq!(project.charges().len(), 5);
    review(&project, &canary(&project, 0), Outcome::Approved);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.charges().len(), 15);
}

#[test]
fn a_failed_clip_of_a_canary_is_retried_or_dismissed_and_then_replaced() {
    let project = shop(9, "rollout: { canary: 3 }\n");
    let chosen = canary(&project, 0);
    let number = chosen[0].strip_prefix("hero/sku-").unwrap();
    let when = json!({ "prompt_contains": format!("mug number {number}") });
    let refused = json!({ "error": { "http": 400, "code": "1301", "message": "sensitive" } });
    project.fault(json!([{ "on": "submit", "when": when, "do": refused }]));
    let ended = project.run(&["run", "--yes"]).expect(5);
    assert_eq!(project.charges().len(), 2, "{ended}");
    project.clear_faults();
    assert_whole!(project.run(&["plan"]).expect(0));
    let failed = chosen.iter().find(|job| !done(&project).contains(*job)).unwrap().clone();
    project.run(&["dismiss", &failed]).expect(0);
    let next = canary(&project, 0);
    assert_eq!(next.len(), 3);
    assert!(!next.contains(&failed));
    project.run(&["run", "--yes"]).expect(5);
    review(&project, &canary(&project, 0), Outcome::Approved);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(project.charges().len(), 8);
}

#[test]
fn a_test_of_a_rate_stops_goes_on_and_doubles_its_batch() {
    let project = shop(45, RATE);
    assert_whole!(project.run(&["run", "--yes"]).expect(5));
    let first = canary(&project, 0);
    // The worst are reviewed first; nothing follows from that before the batch is whole.
    review(&project, &first[..6], Outcome::Rejected);
    assert_eq!(canaries(&project)[0]["state"], "waits");
    review(&project, &first[6..], Outcome::Approved);
    assert_whole!(project.run(&["run"]).expect(5));
    assert_eq!(project.charges().len(), 10);

    // Another template starts again: ten of ten prove nothing, twenty of twenty do.
    project.edit("shotlist.yaml", "A slow turn", "A fast turn");
    project.run(&["run", "--yes"]).expect(5);
    let batch = canary(&project, 0);
    assert_eq!(batch.len(), 10);
    review(&project, &batch, Outcome::Approved);
    assert_whole!(project.run(&["run", "--yes"]).expect(5));
    let batch = canary(&project, 0);
    assert_eq!(batch.len(), 20);
    review(&project, &batch[10..], Outcome::Approved);
    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_eq!(project.charges().len(), 55);
}

#[test]
fn a_selection_an_approved_plan_and_a_limit_send_no_more_than_the_canary() {
    let project = shop(12, "rollout: { canary: 3 }\n");
    let chosen = canary(&project, 0);
    let other = (1..=12).map(|n| format!("hero/sku-{n}")).find(|job| !chosen.contains(job)).unwrap();
    project.run(&["run", "--yes", "--only", &other]).expect(5);
    assert_eq!(project.charges().len(), 0);
    project.run(&["run", "--yes", "--limit", "1"]);
    assert_eq!(project.charges().len(), 1);
    project.run(&["plan", "--out", "night.json"]).expect(0);
    project.run(&["run", "--plan", "night.json"]).expect(5);
    assert_eq!(project.charges().len(), 3);
}

#[test]
fn changed_clips_that_wait_for_an_approval_and_a_review_have_one_price_and_one_way() {
    let project = shop(14, APPROVE);
    project.run(&["run", "--yes"]).expect(5);
    review(&project, &canary(&project, 0), Outcome::Approved);
    project.run(&["run", "--yes"]).expect(0);
    project.edit("shotlist.yaml", "    model:", "    on_change: ask\n    model:");
    project.edit("shotlist.yaml", "A slow turn", "A fast turn");

    let plan = project.run(&["plan"]).expect(0);
    assert!(
        plan.err.contains("14 clips kept until you agree to render again ($2.00 now, $0.80 after the review"),
        "{plan}"
    );
    assert!(plan.err.ends_with("next: shotlist run --accept-changes\n"), "{plan}");
    let asked = project.run(&["run", "--yes"]).expect(8);
    assert!(!asked.err.contains("The same command continues"), "{asked}");
    assert!(asked.err.contains("rendered again only if you agree"), "{asked}");
    assert!(asked.err.ends_with("next: shotlist run --accept-changes\n"), "{asked}");
    assert_eq!(project.charges().len(), 14);

    // The canary was rendered; the others wait for its review and for the approval.
    project.run(&["run", "--yes", "--accept-changes"]).expect(5);
    assert_eq!(project.charges().len(), 24);
    let status = project.run(&["status", "--json"]).expect(0).json();
    assert_eq!(status["buckets"], buckets(&project));
    assert_eq!(status["buckets"]["asks"], 4);
    let plan = project.run(&["plan"]).expect(0);
    assert!(
        plan.err.contains("4 clips kept until you agree to render again ($0.80 after the review"),
        "{plan}"
    );
    assert!(plan.err.ends_with("next: shotlist review\n"), "{plan}");

    review(&project, &canary(&project, 0), Outcome::Approved);
    let plan = project.run(&["plan"]).expect(0);
    assert!(plan.err.contains("4 clips kept until you agree to render again ($0.80) with"), "{plan}");
    assert!(plan.err.ends_with("next: shotlist run --accept-changes\n"), "{plan}");
    let asked = project.run(&["run", "--yes"]).expect(8);
    assert!(
        asked.err.contains("the first 10 clips are approved; the others wait for your approval"),
        "{asked}"
    );
    project.run(&["run", "--yes", "--accept-changes"]).expect(0);
    assert_eq!(project.charges().len(), 28);
}

#[test]
fn a_canary_of_all_jobs_leaves_no_others_to_render() {
    let project = shop(20, RATE);
    for _ in 0..2 {
        project.run(&["run", "--yes"]);
        review(&project, &canary(&project, 0), Outcome::Approved);
    }
    let passed = project.run(&["run", "--yes"]).expect(0);
    assert!(passed.err.contains("20 of 20 clips approved, enough to say that more than"), "{passed}");
    assert!(!passed.err.contains("this run renders"), "{passed}");
}
