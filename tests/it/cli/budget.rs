//! Budgets hold with fifty concurrent submitters, across kills and for each window; and a balance that runs out.

use crate::snapshot::{assert_whole, whole};
use crate::support::{CHEAP, Project, sheet};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use shotlist::domain::money::Usd;

/// Returns the sums that count against a budget by the plan.
fn used(project: &Project, cap: &str) -> Usd {
    let plan = project.run(&["plan", "--json"]).json();
    let level = plan["budget"].as_array().unwrap().iter().find(|level| level["cap"] == cap).unwrap().clone();
    ["spent_usd", "reserved_usd", "in_doubt_usd"]
        .map(|key| level[key].as_str().unwrap().parse::<Usd>().unwrap())
        .into_iter()
        .sum()
}

const fn cents(count: i64) -> Usd {
    Usd::from_micros(count * 10_000)
}

#[test]
fn p45_fifty_submitters_killed_ten_times_never_pass_the_budget_and_use_it_up() {
    let project = Project::large(150, "budget: { day: 10, month: 10 }\n");
    let mut random = StdRng::seed_from_u64(10);
    for round in 0..10 {
        // Before the intent, all fifty come to the line at once and at most four get beyond it; after it, five may. So
        // ten rounds leave something of the budget.
        let (line, arguments) = match round % 3 {
            0 => ("submit.after_response:2".to_owned(), &["run", "--yes", "--limit", "5"][..]),
            _ => (format!("submit.before_intent:{}", random.random_range(2..=5)), &["run", "--yes"][..]),
        };
        let mut command = project.command(arguments);
        command.env("SHOTLIST_CRASH_AT", line);
        let ended = project.start_as(command).wait();
        assert_eq!(ended.code, -6, "round {round}\n{ended}");
        assert!(used(&project, "month") <= cents(1_000), "round {round}");
    }
    let held_or_paid = used(&project, "month");
    assert!(cents(0) < held_or_paid && held_or_paid < cents(1_000), "{held_or_paid}");

    project.run(&["run", "--yes"]).expect(8);
    let last = used(&project, "month");
    assert!((cents(980)..=cents(1_000)).contains(&last), "{last}");
    assert!(project.charges().len() <= 50, "{} charges of $0.20", project.charges().len());
    let sent = project.requests().len();
    project.run(&["run", "--yes"]).expect(8);
    assert_eq!((project.requests().len(), used(&project, "day")), (sent, last));
}

#[test]
fn a_budget_below_the_price_of_each_clip_leads_to_one_that_pays() {
    let project = Project::shop(2);
    let short = assert_whole!(project.run(&["run", "--max-cost", "0.05", "--limit", "2"]).expect(8));
    assert!(short.err.contains("next: shotlist run --limit 2 --max-cost 0.80\n"), "{short}");
    assert_eq!(project.requests().len(), 0);
    project.edit("shotlist.yaml", "providers:", "budget: { run: \"0.05\" }\nproviders:");
    let short = assert_whole!(project.run(&["run", "--yes"]).expect(8));
    assert!(short.err.contains("next: shotlist plan\n"), "{short}");
    project.edit("shotlist.yaml", "budget: { run: \"0.05\" }\n", "");
    project.run(&["run", "--limit", "2", "--max-cost", "0.80"]).expect(0);
    let short = project.run(&["redo", "sku-1", "--max-cost", "0.05"]).expect(8);
    assert!(short.err.contains("next: shotlist run --max-cost 0.40\n"), "{short}");
    assert!(short.err.contains("no clip costs that little: the cheapest costs $0.40"), "{short}");
    project.run(&["run", "--max-cost", "0.40"]).expect(0);
    assert_eq!(project.charges().len(), 3);
}

#[test]
fn a_budget_that_pays_for_the_whole_plan_is_no_warning() {
    let project = Project::shop(2);
    project.edit("shotlist.yaml", "providers:", "budget: { day: \"0.90\", month: 1 }\nproviders:");
    let ended = project.run(&["run", "--yes"]).expect(0);
    assert!(ended.err.contains("budget   day $0.90 · nothing spent yet · the plan fits"), "{ended}");
    assert!(!ended.err.contains("warning"), "{ended}");
    project.write("products.csv", sheet(3));
    let ended = project.run(&["run", "--yes"]).expect(8);
    assert!(ended.err.contains("0 of 1 job fit"), "{ended}");
}

#[test]
fn a_plan_says_how_much_of_it_fits_and_the_run_says_when_little_is_left_and_what_to_do() {
    let project = Project::shop(5);
    project.edit(
        "shotlist.yaml",
        "providers:",
        "budget: { run: \"1.20\", day: 100, month: 1500.50 }\nproviders:",
    );
    let plan = project.run(&["plan"]).expect(0);
    insta::assert_snapshot!("plan_of_which_a_part_fits", whole(&plan));
    project.edit("shotlist.yaml", "limits: { ", "limits: { concurrency: 1, ");
    let ended = project.run(&["run", "--yes"]).expect(8);
    assert_whole!(&ended);

    assert_eq!((project.charges().len(), project.clips().len()), (3, 3));
    // A run that was ended by its budget is over: the next one has a budget of its own.
    let ended = project.run(&["run", "--yes", "--json"]).expect(0);
    let summary = ended.lines().pop().unwrap();
    assert_eq!(
        (&summary["budget"][0]["cap"], &summary["reached"]),
        (&"run".into(), &Value::Null),
        "{summary}"
    );
    assert_eq!(summary["budget"][1]["spent_usd"], "2.00");
    assert_eq!(project.charges().len(), 5);
}

#[test]
fn a_run_that_was_interrupted_keeps_its_budget() {
    let project = Project::shop(5);
    project.edit("shotlist.yaml", "providers:", "budget: { run: \"1.20\" }\nproviders:");
    let mut command = project.command(&["run", "--yes", "--limit", "2"]);
    command.env("SHOTLIST_CRASH_AT", "place.after_rename:2");
    project.start_as(command).wait();
    assert_eq!(project.charges().len(), 2);
    let plan = project.run(&["plan", "--json"]).expect(0).json();
    // Whether the first two are done or in flight when the run is cut off, one of three more fits.
    assert_eq!((&plan["budget"][0]["left_usd"], &plan["to_render"]), (&json!("0.40"), &json!(3)), "{plan}");
    project.run(&["run", "--yes"]).expect(8);
    assert_eq!(project.charges().len(), 3);
}

#[test]
fn budgets_count_in_a_rehearsal_and_for_a_retry_too() {
    let project = Project::shop(3);
    project.edit("shotlist.yaml", "providers:", "budget: { day: \"0.80\" }\nproviders:");
    // One after the other: what is on the wire is reserved, and the third would not fit together with two of them.
    project.edit("shotlist.yaml", "limits: { ", "limits: { concurrency: 1, ");
    assert_whole!(project.run(&["run", "--sandbox"]).expect(8));
    assert_eq!(project.clips().len(), 2);

    project.fault(json!([super::faults::refused(400, "1301", "sensitive")]));
    project.run(&["run", "--yes"]).expect(3);
    project.clear_faults();
    assert_whole!(project.run(&["retry", "--include-permanent", "--yes"]).expect(8));
    assert_eq!(project.charges().len(), 2);
}

#[test]
fn what_has_no_price_is_sent_only_on_request_and_said_to_count_as_nothing() {
    let project = Project::shop(2);
    project.manifest(
        &CHEAP
            .replace("zai/vidu2-image", "uniall/viduq3t-540p")
            .replace("output:", "    duration: 5\nbudget: { run: 1 }\noutput:"),
    );
    assert_whole!(project.run(&["plan"]).expect(0));
    assert_whole!(project.run(&["run", "--yes"]).expect(4));
    assert_eq!(project.requests().len(), 0);
    assert_whole!(project.run(&["run", "--yes", "--allow-unpriced"]).expect(0));
    assert_eq!((project.requests().len(), project.clips().len()), (2, 2));
}

#[test]
fn a_request_in_doubt_without_a_price_is_never_told_as_zero_dollars() {
    let project = Project::shop(2);
    project.manifest(
        &CHEAP
            .replace("zai/vidu2-image", "uniall/viduq3t-540p")
            .replace("output:", "    duration: 5\noutput:"),
    );
    project.fault(json!([{ "on": "submit", "do": "reset_after_accept" }]));
    let calls = [
        (&["run", "--yes", "--allow-unpriced"][..], 7),
        (&["status"], 0),
        (&["ledger"], 0),
        (&["show", "hero/sku-1"], 0),
        (&["resolve", "hero/sku-1", "--resubmit"], 2),
        (&["resolve", "hero/sku-1", "--resubmit", "--max-extra", "0"], 0),
        (&["resolve", "hero/sku-2", "--write-off"], 0),
    ];
    let told = calls.map(|(arguments, code)| whole(&project.run(arguments).expect(code)));
    insta::assert_snapshot!(told.join("\n\n"));
}

/// Returns from the database how often each waiting job may still be refused temporarily.
fn tries_left(project: &Project) -> Vec<i64> {
    let database = rusqlite::Connection::open(project.path(".shotlist/state.db")).unwrap();
    let mut select = database.prepare("SELECT data FROM takes WHERE state = 'pending'").unwrap();
    let rows = select.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let tries = |data: String| {
        let state: Value = serde_json::from_str(&data).unwrap();
        state["pending"]["tries_left"].as_i64().unwrap()
    };
    rows.map(|data| tries(data.unwrap())).collect()
}

#[test]
fn a05_a_balance_that_runs_out_in_the_middle_costs_no_job_anything_and_a_top_up_finishes_the_work() {
    let project = Project::large(0, "");
    project.write("products.csv", sheet(200));
    let mut arrears = super::faults::refused(429, "1113", "Your account is in arrears");
    arrears["when"] = json!({ "provider": "zai" });
    // The first thirty are answered as ever.
    project.fault(json!([{ "on": "submit", "times": 30, "do": { "delay": { "ms": 0 } } }, arrears]));
    let ended = project.run(&["run", "--yes"]).expect(10);
    let stopped = ended.err.lines().filter(|line| line.starts_with("stopped  zai")).count();
    assert_eq!(stopped, 1, "{ended}");
    assert_eq!((project.charges().len(), project.clips().len()), (30, 30));
    assert!(project.requests().len() <= 80, "thirty, and those on the wire during the first refusal");
    assert_eq!(tries_left(&project), vec![5; 170]);

    project.clear_faults();
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!((project.charges().len(), project.clips().len()), (200, 200));
}
