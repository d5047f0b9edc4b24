//! Jobs are counted in one vocabulary, and each of them once.

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
    let told = |arguments: &[&str], line: &str| {
        project.run(arguments).expect(0).says(line);
    };
    told(&["run", "--limit", "1", "--yes"], "finished 1 done · 2 to render (");
    told(&["plan"], "shotlist.yaml: 3 jobs: 1 done · 2 to render\n");
    // A second take of the same job is not another job.
    told(&["redo", "hero/sku-1", "--yes"], "finished 1 done · 2 to render (");
    project.edit("shotlist.yaml", "A slow turn", "A fast turn");
    told(&["plan", "--only", "hero/sku-1"], "shotlist.yaml: 3 jobs: 0 done · 3 to render\n");
    told(&["run", "--only", "hero/sku-3", "--yes"], "finished 1 done · 2 to render (");
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    assert_eq!(buckets(&plan, 3), json!({ "done": 1, "to_render": 2 }));
    assert_eq!(plan["jobs"][2]["bucket"], "done");

    let ended = project.run(&["run", "--yes", "--json"]).expect(0);
    assert_eq!(buckets(ended.lines().last().unwrap(), 3), json!({ "done": 3 }));
    let status = project.run(&["status", "--json"]).expect(0).json();
    assert_eq!(buckets(&status, 3), json!({ "done": 3 }));
    assert_eq!(status["states"]["done"]["takes"], 5, "the takes keep their place");
    let text = project.run(&["status"]).expect(0).out;
    assert!(text.contains("\n  3 done\n"), "{text}");
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
    let line = "1 done · 2 need your decision · 2 failed";
    project.run(&["plan"]).expect(0).says(line);
    let text = project.run(&["status"]).expect(0).out;
    assert!(text.contains(line), "{text}");
}

#[test]
fn sandbox_money_is_marked_and_paths_are_those_of_the_files() {
    let project = Project::shop(2);
    let says = |arguments: &[&str], words: &[&str]| {
        let ended = project.run(arguments).expect(0);
        let all = format!("{}{}", ended.out, ended.err);
        for words in words {
            assert!(all.contains(words), "{words:?} is not said\n{ended}");
        }
    };
    says(&["plan", "--sandbox"], &["$0.80 (sandbox money)"]);
    let (total, clip) = ("spent    $0.80 of $0.80 (sandbox money)", "$0.40  sandbox/renders/sku-1_hero.mp4");
    says(&["run", "--sandbox"], &[total, clip]);
    assert!(project.path("sandbox/renders/sku-1_hero.mp4").is_file());
    says(&["status", "--sandbox"], &["this month $0.80 (sandbox money)", "last run $0.80 (sandbox money)"]);
    says(&["ledger", "--sandbox"], &["sandbox money"]);
    says(&["show", "sku-1", "--sandbox"], &["sandbox/renders/sku-1_hero.mp4", "(sandbox money)"]);
    for command in ["plan", "status", "ledger"] {
        assert_eq!(project.run(&[command, "--sandbox", "--json"]).expect(0).json()["sandbox"], true);
    }
    let real = project.run(&["plan"]).expect(0);
    assert!(!format!("{real}").contains("sandbox"), "{real}");
}
