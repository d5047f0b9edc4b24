//! The ledger: shown during a run, corrected, and equal to the provider's own books.

use crate::snapshot::assert_whole;
use crate::support::{Project, SHOP, until};
use serde_json::{Value, json};
use shotlist::domain::money::Usd;
use shotlist::sandbox::Limits;
use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

fn ledger(project: &Project) -> Vec<Value> {
    let text = fs::read_to_string(project.path(".shotlist/ledger.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn beside_a_run_it_tells_what_is_reserved() {
    let project = Project::shop(3);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("all tasks are known", || project.takes("running") == 3);
    let told = project.run(&["ledger", "--json"]).expect(0).json();
    assert_eq!((&told["total"]["reserved_usd"], &told["total"]["takes"]), (&json!("1.20"), &json!(3)));
    project.edit("shotlist.yaml", "version: 1", "version: 1\nprojekt: shop");
    assert_whole!(project.run(&["ledger", "show", "--by", "outcome"]).expect(0));
    project.clear_faults();
    run.wait().expect(0);
}

#[test]
fn it_is_put_together_by_what_was_asked_for() {
    let refused = json!([{ "on": "submit", "when": { "prompt_contains": "number 2" },
                           "do": { "error": { "http": 400, "code": "1301", "message": "unsafe" } } }]);
    let project = Project::shop_with_faults(3, refused);
    project.run(&["run", "--yes"]).expect(3);
    for (by, names) in [
        ("model", &["zai/viduq1-text"][..]),
        ("provider", &["zai"]),
        ("item", &["sku-1", "sku-2", "sku-3"]),
        ("outcome", &["clip", "refused, free"]),
    ] {
        let told = project.run(&["ledger", "--by", by, "--json"]).expect(0).json();
        let found: Vec<&str> =
            told["groups"].as_array().unwrap().iter().map(|group| group["name"].as_str().unwrap()).collect();
        assert_eq!(found, names, "{by}");
        assert_eq!((&told["total"]["settled_usd"], &told["total"]["refused"]), (&json!("0.80"), &json!(1)));
        assert_eq!(told["total"]["refused_usd"], "0.40");
    }
    let csv = project.run(&["ledger", "--by", "item", "--csv"]).expect(0).out;
    assert_eq!(csv.lines().nth(2), Some("sku-2,1,0.00,0.00,0.00,0.00,1"), "{csv}");
    let later = project.run(&["ledger", "--since", "2999-01-01"]).expect(0);
    assert_eq!(
        later.out,
        "nothing was charged or refused since 2999-01-01, and no request waits for its result\n"
    );
    assert_whole!(project.run(&["ledger", "--since", "yesterday"]).expect(2));
    project.run(&["ledger", "--csv", "--json"]).expect(2);
}

#[test]
fn a_corrected_price_counts_everywhere_and_is_written_down_with_its_reason() {
    let project = Project::shop(2);
    project.run(&["run", "--yes"]).expect(0);
    let adjust = |usd: &str| {
        project.run(&["ledger", "adjust", "sku-1", "--usd", usd, "--reason", "invoice of November"])
    };
    assert_whole!(adjust("0.36").expect(0));
    assert_whole!(adjust("0.36").expect(0));
    let told = project.run(&["ledger", "--json"]).expect(0).json();
    assert_eq!(told["total"]["settled_usd"], "0.76");
    let status = project.run(&["status", "--json"]).expect(0).json();
    assert_eq!((&status["month_usd"], &status["today"]["settled_usd"]), (&json!("0.76"), &json!("0.76")));
    let line = ledger(&project).pop().unwrap();
    let told = ["kind", "job", "was", "usd", "why"].map(|field| line[field].as_str().unwrap().to_owned());
    assert_eq!(told, ["adjusted", "hero/sku-1", "0.40", "0.36", "invoice of November"]);

    adjust("-1").expect(2);
    assert_whole!(project.run(&["ledger", "adjust", "sku-9", "--usd", "1", "--reason", "x"]).expect(2));
    assert_whole!(project.run(&["ledger", "adjust", "sku-1", "--usd", "1", "--reason", " "]).expect(2));
    fs::remove_file(project.path(".shotlist/state.db")).unwrap();
    assert_whole!(project.run(&["recover"]).expect(0));
}

#[test]
fn beside_a_run_a_price_is_corrected_and_the_budget_follows_but_not_for_what_is_on_its_way() {
    let project = Project::shop(3);
    project.run(&["run", "--yes", "--limit", "1"]).expect(0);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("both tasks are known", || project.takes("running") == 2);
    project.run(&["ledger", "adjust", "sku-1", "--usd", "0.50", "--reason", "bill"]).expect(0);
    assert_whole!(project.run(&["ledger", "adjust", "sku-2", "--usd", "0.50", "--reason", "bill"]).expect(2));
    let take = project.show("hero/sku-2")["takes"][0]["take"].as_str().unwrap().to_owned();
    let on_its_way = project.run(&["ledger", "adjust", "--take", &take, "--usd", "1", "--reason", "bill"]);
    assert_whole!(on_its_way.expect(2));
    project.clear_faults();
    run.wait().expect(0);
    assert_eq!(project.run(&["status", "--json"]).expect(0).json()["month_usd"], "1.30");
}

#[test]
fn what_the_bill_says_about_a_failed_task_settles_whether_it_was_charged() {
    let failed = json!([{ "on": "submit", "do": { "fail": {} } }]);
    let project = Project::shop_with_faults(2, failed);
    project.run(&["run", "--yes"]).expect(3);
    let adjust = |job: &str, usd: &str| {
        project.run(&["ledger", "adjust", job, "--usd", usd, "--reason", "invoice of November"])
    };
    let told = [adjust("sku-1", "0"), adjust("sku-2", "0.40")].map(|run| run.expect(0).err);
    assert!(told[0].starts_with("hero/sku-1  perhaps $0.40 → not charged, $0.00  invoice"), "{}", told[0]);
    assert!(told[1].starts_with("hero/sku-2  perhaps $0.40 → charged, $0.40  invoice"), "{}", told[1]);
    let shown = project.run(&["ledger", "--by", "outcome", "--json"]).expect(0).json();
    let names: Vec<&Value> = shown["groups"].as_array().unwrap().iter().map(|group| &group["name"]).collect();
    assert_eq!(names, ["refused, free", "failed, charged"]);
    assert_eq!((&shown["total"]["settled_usd"], &shown["in_doubt"]), (&json!("0.40"), &json!([])));
    project.clear_faults();
    let retried = project.run(&["retry", "--yes"]);
    assert!(retried.err.contains("hero/sku-1") && !retried.err.contains("second payment"), "{retried}");
    assert_eq!((project.takes("done"), project.takes("failed")), (1, 2), "only the one that was not charged");
}

#[test]
fn what_is_in_doubt_can_be_corrected_and_stays_so_when_it_is_written_off() {
    let lost = json!([{ "on": "submit", "do": "reset_after_accept" }]);
    let project = Project::shop_with_faults(1, lost);
    project.run(&["run", "--yes"]).expect(7);
    let take = project.show("hero/sku-1")["takes"][0]["take"].as_str().unwrap().to_owned();
    project.run(&["ledger", "adjust", "--take", &take, "--usd", "0.25", "--reason", "old price"]).expect(0);
    let told = project.run(&["ledger", "--json"]).expect(0).json();
    assert_eq!(
        (&told["total"]["in_doubt_usd"], &told["in_doubt"][0]["usd"]),
        (&json!("0.25"), &json!("0.25"))
    );
    project.run(&["resolve", "--all", "--write-off"]).expect(0);
    let told = project.run(&["ledger", "--json"]).expect(0).json();
    assert_eq!(
        (&told["total"]["settled_usd"], &told["total"]["wasted_usd"]),
        (&json!("0.25"), &json!("0.25"))
    );
    fs::remove_file(project.path(".shotlist/state.db")).unwrap();
    assert_whole!(project.run(&["recover"]).expect(0));
}

#[test]
fn the_providers_figure_replaces_the_estimate_of_a_request_in_doubt() {
    // A collection in between reads the ledger once more.
    for is_collected_between in [false, true] {
        let lost = json!([{ "on": "submit", "do": "reset_after_accept" }]);
        let project = Project::shop_with_faults(1, lost);
        project.manifest(&SHOP.replace("zai/viduq1-text", "vtrix/viduq1_text2video"));
        let price = "version: 1\nprices: { vtrix/viduq1_text2video: { per: clip, usd: \"0.40\" } }";
        project.edit("shotlist.yaml", "version: 1", price);
        project.run(&["run", "--yes"]).expect(7);
        project.clear_faults();
        project.run(&["ledger", "adjust", "sku-1", "--usd", "0", "--reason", "not on the bill"]).expect(0);
        if is_collected_between {
            project.run(&["collect"]).expect(7);
        }
        assert_whole!(project.run(&["status"]).expect(0));
        project.run(&["resolve", "sku-1", "--task-id", &project.charges()[0].task]).expect(0);
        assert_whole!(project.run(&["collect"]).expect(0));
        let told = project.run(&["ledger", "--json"]).expect(0).json();
        assert_eq!(told["total"]["settled_usd"], project.charges()[0].usd, "{told}");
        let told = project.run(&["status", "--json"]).expect(0).json();
        assert_eq!(told["month_usd"], "0.40", "{told}");
    }
}

/// Jobs of a night; three of them are a catalog, and one night of that size would take as long as all other tests
/// of this file together.
const NIGHT: usize = 334;

/// A night in which much goes wrong.
fn faulty_night(seed: u64) -> Project {
    let chance =
        |on: &str, chance: f64, fault: Value| json!({ "on": on, "when": { "chance": chance }, "do": fault });
    let error = |http: u16, code: &str| json!({ "error": { "http": http, "code": code, "message": "no" } });
    let surely = |nth: u32, fault: Value| json!({ "on": "submit", "when": { "nth": nth }, "do": fault });
    let faults = json!([
        surely(7, json!("reset_after_accept")),
        surely(11, error(400, "1301")),
        chance("submit", 0.10, error(400, "1301")),
        chance("submit", 0.05, json!({ "fail": {} })),
        chance("submit", 0.02, json!("reset_after_accept")),
        chance("submit", 0.03, error(429, "1302")),
    ]);
    let mut project = Project::shop_with(NIGHT, |options| {
        options.seed = seed;
        options.limits = Limits::Unlimited;
        options.task_time = Duration::from_millis(5)..=Duration::from_millis(15);
        options.faults = serde_json::from_value(faults).unwrap();
    });
    let quick =
        "{ concurrency: 64, first_poll: 20ms, poll_every: 20ms, rate: 900/s, poll_rate: 900/s, polls: 64 }";
    quick.clone_into(&mut project.limits);
    project.manifest(&format!("{SHOP}guards: {{ max_in_doubt: 100 }}\n"));
    // Three failures in a row stop a provider for one run; the same command goes on.
    until("everything was sent", || {
        let run = project.run(&["run", "--yes", "--quiet"]);
        assert!(matches!(run.code, 3 | 5 | 7), "{run}");
        run.code != 5
    });
    project
}

/// Returns the account of each submission in the ledger by its request id: settled, or in doubt up to a sum.
fn by_request(project: &Project) -> BTreeMap<String, (bool, Usd)> {
    let mut of_request = BTreeMap::new();
    for line in ledger(project) {
        let Some(id) = line["request_id"].as_str() else { continue };
        let usd: Usd = line["usd"].as_str().unwrap().parse().unwrap();
        let doubt = match line["kind"].as_str().unwrap() {
            "settled" => (false, usd),
            "held" => (true, usd),
            "failed" => (line["charged"] != "yes", usd),
            "rejected" | "sent_back" => (false, Usd::ZERO),
            _ => continue,
        };
        of_request.insert(id.to_owned(), doubt);
    }
    of_request
}

fn equals_the_providers_books(seed: u64) {
    let project = faulty_night(seed);
    let ours = by_request(&project);
    let charges: BTreeMap<String, Usd> = project
        .charges()
        .into_iter()
        .map(|charge| (charge.request_id, charge.usd.parse().unwrap()))
        .collect();
    let mut sums = (Usd::ZERO, Usd::ZERO);
    for (id, (in_doubt, usd)) in &ours {
        let cost = charges.get(id).copied().unwrap_or_default();
        if *in_doubt {
            assert!(cost <= *usd, "{id} cost {cost}, up to {usd} are in doubt");
            sums.1 += *usd;
        } else {
            assert_eq!(cost, *usd, "{id}");
            sums.0 += *usd;
        }
    }
    assert!(charges.keys().all(|id| ours.contains_key(id)), "a charge of which the ledger knows nothing");
    let told = project.run(&["ledger", "--json"]).expect(0).json();
    let total = |name: &str| told["total"][name].as_str().unwrap().parse::<Usd>().unwrap();
    assert_eq!((total("settled_usd"), total("in_doubt_usd")), sums);
    assert_eq!(total("reserved_usd"), Usd::ZERO);
    let listed = told["in_doubt"].as_array().unwrap();
    assert!(listed.iter().all(|take| ours[take["request_id"].as_str().unwrap()].0));
    assert_eq!(listed.len(), ours.values().filter(|(in_doubt, _)| *in_doubt).count());
    let held = listed.iter().filter(|take| take["why"] == "ambiguous_submit").count();
    assert_eq!(project.takes("held"), held as u64);
    assert!(held > 0 && told["total"]["refused"].as_u64() > Some(0), "{}", told["total"]);
}

#[test]
fn the_ledger_of_a_faulty_night_equals_the_providers_books_to_the_cent() {
    equals_the_providers_books(1);
}

#[test]
fn the_ledger_of_another_faulty_night_equals_the_providers_books_to_the_cent() {
    equals_the_providers_books(2);
}

#[test]
fn the_ledger_of_a_third_faulty_night_equals_the_providers_books_to_the_cent() {
    equals_the_providers_books(3);
}

#[test]
fn of_several_renderings_that_may_have_been_charged_one_must_be_named() {
    let project =
        Project::shop_with_faults(1, json!([{ "on": "submit", "times": 1, "do": "reset_after_accept" }]));
    project.run(&["run", "--yes"]).expect(7);
    project.run(&["resolve", "hero/sku-1", "--resubmit", "--yes"]).expect(0);
    project.run(&["run", "--yes"]).expect(0);
    let refused = project.run(&["ledger", "adjust", "sku-1", "--usd", "0", "--reason", "bill"]).expect(2);
    let words = "hero/sku-1 has more than one rendering that was or may have been charged; name one of them with --take";
    assert!(refused.err.contains(words), "{refused}");
    let show = project.show("sku-1");
    for take in show["takes"].as_array().unwrap() {
        assert!(refused.err.contains(take["take"].as_str().unwrap()), "{refused}\n{take}");
    }
}
