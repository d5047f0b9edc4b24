//! Whole outputs of the commands that look at a project: `status`, `show`, `ledger`, `verify` and `models`.

use crate::snapshot::whole;
use crate::support::{Project, sheet, until};
use serde_json::json;
use std::fs;

/// Ends one job in each way: a clip, a refusal and a submission without an answer.
fn mixed() -> Project {
    let project = Project::shop_with_faults(
        4,
        json!([
            { "on": "submit", "when": { "prompt_contains": "number 2" },
              "do": { "error": { "http": 400, "code": "1301", "message": "unsafe content" } } },
            { "on": "submit", "when": { "prompt_contains": "number 3" }, "do": "reset_after_accept" },
        ]),
    );
    for (job, code) in [("*-1", 0), ("*-2", 3), ("*-3", 7)] {
        project.run(&["run", "--yes", "--only", job]).expect(code);
    }
    project
}

#[test]
fn where_a_project_stands_and_what_it_cost_is_told_in_full() {
    let project = mixed();
    let told = |name: &str, arguments: &[&str]| {
        insta::assert_snapshot!(name, whole(&project.run(arguments)));
    };
    told("status", &["status"]);
    told("status_json", &["status", "--json"]);
    for (job, name) in [("sku-1", "done"), ("sku-2", "failed"), ("sku-3", "held")] {
        told(&format!("show_{name}"), &["show", job]);
    }
    told("show_failed_json", &["show", "sku-2", "--json"]);
    told("show_unknown", &["show", "sku-9"]);
    told("ledger", &["ledger"]);
    told("ledger_json", &["ledger", "--by", "outcome", "--json"]);
    told("ledger_csv", &["ledger", "--by", "item", "--csv"]);
    let adjust = ["ledger", "adjust", "sku-1", "--usd", "0.36", "--reason", "invoice", "--json"];
    told("adjust", &adjust[..7]);
    told("adjust_again", &adjust[..7]);
    told("adjust_free", &["ledger", "adjust", "sku-2", "--usd", "0.36", "--reason", "invoice"]);
    told("adjust_json", &["ledger", "adjust", "sku-1", "--usd", "0.40", "--reason", "invoice", "--json"]);
    told("show_adjusted", &["show", "sku-1"]);
    told("show_adjusted_json", &["show", "sku-1", "--json"]);

    project.stall();
    let run = project.start(&["run", "--yes", "--only", "*-4"]);
    until("the task is known", || project.takes("running") == 1);
    run.kill();
    told("status_cut_off", &["status"]);
}

#[test]
fn before_anything_was_run_there_is_nothing_to_look_at() {
    let project = Project::shop(1);
    for verb in ["status", "ledger", "verify"] {
        insta::assert_snapshot!(format!("{verb}_nothing"), whole(&project.run(&[verb])));
    }
}

#[test]
fn what_is_found_in_the_folder_of_the_clips_is_told_in_full() {
    let project = Project::shop(3);
    project.run(&["run", "--yes"]).expect(0);
    let told = |name: &str, arguments: &[&str]| {
        insta::assert_snapshot!(name, whole(&project.run(arguments)));
    };
    told("verify", &["verify"]);
    fs::remove_file(project.path("renders/sku-1_hero.mp4")).unwrap();
    // One more box, which says nothing: the clip is whole, and another.
    let clip = fs::read(project.path("renders/sku-2_hero.mp4")).unwrap();
    project.write("renders/sku-2_hero.mp4", [&clip[..], &[0, 0, 0, 8], b"free"].concat());
    for sidecar in ["renders/sku-2_hero.mp4.json", "renders/sku-3_hero.mp4.json"] {
        fs::remove_file(project.path(sidecar)).unwrap();
    }
    told("verify_wrong", &["verify"]);
    told("verify_wrong_json", &["verify", "--json"]);
    told("status_lost", &["status"]);
    told("verify_repair", &["verify", "--repair"]);
    told("verify_repair_json", &["verify", "--repair", "--replace-altered", "--json"]);
}

#[test]
fn models_are_told_in_full() {
    let project = Project::empty(|_| {});
    let told = |name: &str, arguments: &[&str]| {
        insta::assert_snapshot!(name, whole(&project.run(arguments)));
    };
    told("models", &["models"]);
    told("models_of_one_json", &["models", "echo", "--json"]);
    told("models_page_json", &["models", "zai/viduq1-text", "--json"]);
    told("models_several", &["models", "vidu2-"]);
    project.write("products.csv", sheet(1));
    project.write(
        "shotlist.yaml",
        format!("{}models: {{ zai/viduq1-text: {{ link_life_hours: soon }} }}\n", crate::support::SHOP),
    );
    told("models_wrong", &["models", "viduq1-text"]);
}
