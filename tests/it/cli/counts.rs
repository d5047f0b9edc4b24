//! Jobs are counted in one vocabulary, and each of them once.

use crate::snapshot::assert_whole;
use crate::support::Project;
use serde_json::{Value, json};

/// The buckets that are not empty; together they are all jobs of the manifest.
fn buckets(answer: &Value, jobs: u64) -> Value {
    let buckets = answer["buckets"].as_object().unwrap_or_else(|| panic!("no buckets: {answer}"));
    let sum: u64 = buckets.values().filter_map(Value::as_u64).sum();
    assert_eq!(sum, jobs, "{answer}");
    let filled = buckets.iter().filter(|(_, jobs)| **jobs != json!(0));
    filled.map(|(name, jobs)| (name.clone(), jobs.clone())).collect::<serde_json::Map<_, _>>().into()
}

#[test]
fn every_job_of_the_manifest_is_counted_once_and_takes_are_not() {
    let project = Project::shop(3);
    assert_whole!(project.run(&["run", "--limit", "1", "--yes"]).expect(0));
    assert_whole!(project.run(&["plan"]).expect(0));
    // A second take of the same job is not another job.
    assert_whole!(project.run(&["redo", "hero/sku-1", "--yes"]).expect(0));
    project.edit("shotlist.yaml", "A slow turn", "A fast turn");
    assert_whole!(project.run(&["plan", "--only", "hero/sku-1"]).expect(0));
    assert_whole!(project.run(&["run", "--only", "hero/sku-3", "--yes"]).expect(0));
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    assert_eq!(buckets(&plan, 3), json!({ "done": 1, "to_render": 2 }));
    assert_eq!(plan["jobs"][2]["bucket"], "done");

    let ended = project.run(&["run", "--yes", "--json"]).expect(0);
    assert_eq!(buckets(ended.lines().last().unwrap(), 3), json!({ "done": 3 }));
    let status = project.run(&["status", "--json"]).expect(0).json();
    assert_eq!(buckets(&status, 3), json!({ "done": 3 }));
    assert_eq!(status["states"]["done"]["takes"], 5, "the takes keep their place");
    assert_whole!(project.run(&["status"]).expect(0));
}

#[test]
fn status_plan_and_summary_agree_on_what_failed_follows_and_needs_a_decision() {
    let project = Project::shop_with_faults(
        4,
        json!([
            { "on": "submit", "when": { "prompt_contains": "number 2" }, "times": 1, "do": "reset_after_accept" },
            { "on": "submit", "when": { "prompt_contains": "number 3" },
              "do": { "error": { "http": 400, "code": "1301", "message": "unsafe" } } },
        ]),
    );
    // Two that want the same clip as one that fails, and as one that is in doubt.
    project.write(
        "products.csv",
        "id,title\na,mug number 1\nb,mug number 2\nb2,mug number 2\nc,mug number 3\nc2,mug number 3\n",
    );
    let ended = project.run(&["run", "--yes", "--json"]).expect(7);
    let expected = json!({ "done": 1, "held": 2, "failed": 2 });
    assert_eq!(buckets(ended.lines().last().unwrap(), 5), expected);
    assert_eq!(buckets(&project.run(&["status", "--json"]).expect(0).json(), 5), expected);
    assert_eq!(buckets(&project.run(&["plan", "--json"]).expect(0).json(), 5), expected);
    assert_whole!(project.run(&["plan"]).expect(0));
    assert_whole!(project.run(&["status"]).expect(0));
}

#[test]
fn an_entry_of_a_plan_has_the_bucket_in_which_its_job_is_counted() {
    let project = Project::shop(4);
    project.run(&["run", "--yes"]).expect(0);
    for n in [1, 3] {
        std::fs::remove_file(project.path(&format!("renders/sku-{n}_hero.mp4"))).unwrap();
    }
    project.write("renders/sku-2_hero.mp4", "edited");
    std::fs::remove_file(project.path("renders/sku-2_hero.mp4.json")).unwrap();
    project.run(&["dismiss", "hero/sku-3"]).expect(0);
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    let counted = json!({ "missing": 1, "altered": 1, "dismissed": 1, "done": 1 });
    assert_eq!(buckets(&plan, 4), counted);
    let entries: Vec<&Value> = plan["jobs"].as_array().unwrap().iter().map(|job| &job["bucket"]).collect();
    assert_eq!(entries, ["missing", "altered", "dismissed", "done"]);
}

#[test]
fn sandbox_money_is_marked_and_paths_are_those_of_the_files() {
    let project = Project::shop(2);
    assert_whole!(project.run(&["plan", "--sandbox"]).expect(0));
    assert_whole!(project.run(&["run", "--sandbox"]).expect(0));
    assert!(project.path("sandbox/renders/sku-1_hero.mp4").is_file());
    assert_whole!(project.run(&["status", "--sandbox"]).expect(0));
    assert_whole!(project.run(&["ledger", "--sandbox"]).expect(0));
    assert_whole!(project.run(&["show", "sku-1", "--sandbox"]).expect(0));
    for command in ["plan", "status", "ledger"] {
        assert_eq!(project.run(&[command, "--sandbox", "--json"]).expect(0).json()["sandbox"], true);
    }
    assert_whole!(project.run(&["plan"]).expect(0));
}
