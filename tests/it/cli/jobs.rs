//! The list of jobs, the reports in text formats, the comparison of runs and the cost of each approved clip.

use crate::snapshot::assert_whole;
use crate::snapshot::{stable, whole};
use crate::support::{Project, until};
use insta::assert_snapshot;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Value, json};
use shotlist::app::decide::ReviewRequest;
use shotlist::app::jobs::Filter;
use shotlist::domain::key::TakeId;
use shotlist::domain::review::{Outcome, Reason};
use shotlist::report::text;
use shotlist::store::By;
use std::fs;

/// A sheet with tags, and with titles that a spreadsheet, a browser, a chat or an XML parser may take for commands.
const HOSTILE: &str = "id,title,tags\n\
    sku-1,\"=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\",\"oak, sale\"\n\
    sku-2,\"two\nlines ]]> <b>\",Kitchen\n\
    sku-3,\"`@all` | \u{1b}[2Jred\",\"sale, oak\"\n\
    a-very-long-product-id-of-more-than-forty-characters,plain,\n";

/// A shop whose third product is refused in words that no reader may take for commands.
fn hostile() -> Project {
    let project = Project::shop_with_faults(
        1,
        json!([{ "on": "submit", "when": { "prompt_contains": "@all" }, "do": { "error": {
            "http": 400, "code": "1301", "message": "unsafe ]]> | `x` <b> @all" } } }]),
    );
    project.write("products.csv", HOSTILE);
    project
}

fn names(listed: &Value) -> Vec<&str> {
    listed["jobs"].as_array().unwrap().iter().map(|job| job["job"].as_str().unwrap()).collect()
}

fn list(project: &Project, filter: &[&str]) -> Value {
    project.run(&[&["jobs", "--json"], filter].concat()).expect(0).json()
}

/// Reviews the clips of a job, as the page with decisions does.
fn review(project: &Project, job: &str, outcome: Outcome) {
    let shown = project.show(job);
    let take = TakeId(shown["takes"][0]["take"].as_str().unwrap().to_owned());
    let reasons = if outcome == Outcome::Rejected { vec![Reason::WrongColour] } else { Vec::new() };
    let library = shotlist::app::Project::open(project.path("shotlist.yaml")).unwrap();
    let request =
        ReviewRequest { job: job.parse().unwrap(), take, seen: 0, outcome, reasons, note: None, redo: false };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let report = runtime.block_on(library.decide(&[request], "Mia")).unwrap();
    assert_eq!(report.made.len(), 1, "{report:?}");
}

#[test]
fn a_project_that_was_never_run_has_its_jobs_with_their_prices() {
    let project = hostile();
    assert_snapshot!("jobs_never_run", whole(&project.run(&["jobs"])));
    let listed = list(&project, &[]);
    assert_eq!((&listed["to_pay_usd"], &listed["spent_usd"]), (&json!("1.60"), &json!("0.00")));
    assert!(!project.path(".shotlist/state.db").exists());
    project.edit("shotlist.yaml", "model:", "modell:");
    assert_whole!(project.run(&["jobs"]).expect(4));
}

#[test]
fn jobs_are_listed_whole_after_a_part_was_run() {
    let project = hostile();
    project.run(&["run", "--yes", "--limit", "3"]).expect(3);
    assert_snapshot!("jobs", whole(&project.run(&["jobs"])));
    assert_snapshot!("jobs_json", whole(&project.run(&["jobs", "--json"])));
    let csv = stable(&project.run(&["jobs", "--csv"]).expect(0).out);
    // The clips of the test server tell their task's id, and are not always as long.
    let csv = regex::Regex::new(r",\d+,\[hash").unwrap().replace_all(&csv, ",[bytes],[hash").into_owned();
    assert_snapshot!("jobs_csv", csv);
    assert_snapshot!("jobs_of_a_tag", whole(&project.run(&["jobs", "--tag", "sale", "--state", "done"])));
    assert_snapshot!("jobs_none", whole(&project.run(&["jobs", "--decision", "approved"])));

    let library = shotlist::app::Project::open(project.path("shotlist.yaml")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let report = runtime.block_on(library.jobs(&Filter::default())).unwrap();
    for columns in [60, 120] {
        let lines = text::jobs::lines(&report, columns).join("\n");
        let home = project.folder().display().to_string();
        assert_snapshot!(format!("jobs_in_{columns}_columns"), lines.replace(&home, "SHOP"));
    }
}

#[test]
fn filters_are_alternatives_of_one_kind_and_must_all_be_satisfied() {
    let project = hostile();
    project.run(&["run", "--yes", "--limit", "3"]).expect(3);
    assert_eq!(names(&list(&project, &["sku-1", "hero/sku-2"])), ["hero/sku-1", "hero/sku-2"]);
    assert_eq!(names(&list(&project, &["sku-*", "--tag", "oak"])), ["hero/sku-1", "hero/sku-3"]);
    assert_eq!(names(&list(&project, &["--tag", "oak", "--tag", "Kitchen"])).len(), 3);
    assert_eq!(names(&list(&project, &["--tag", "oak", "--state", "failed"])), ["hero/sku-3"]);
    assert_eq!(
        names(&list(&project, &["--state", "to render"])),
        names(&list(&project, &["--state", "to_render"]))
    );
    assert_eq!(names(&list(&project, &["--verdict", "warn"])), ["hero/sku-1", "hero/sku-2"]);
    assert_eq!(names(&list(&project, &["--verdict", "unchecked"])).len(), 2);
    for wrong in [
        ["--state", "dnoe"],
        ["--tag", "sal"],
        ["--decision", "aproved"],
        ["--verdict", "fial"],
        ["--only", "hero/sku-1x"],
        ["--state", "xyz"],
    ] {
        assert_whole!(project.run(&["jobs", wrong[0], wrong[1]]).expect(2));
    }
    project.run(&["jobs", "--csv", "--json"]).expect(2);
}

#[test]
fn tags_are_kept_and_renewed_without_another_rendering() {
    let project = hostile();
    project.clear_faults();
    project.run(&["run", "--yes"]).expect(0);
    project.edit("products.csv", "Kitchen", "\"Kitchen, new\"");
    project.run(&["jobs", "--tag", "new"]).expect(2);
    project.run(&["run", "--yes"]).expect(0);
    assert_eq!(names(&list(&project, &["--tag", "new"])), ["hero/sku-2"]);
    assert_eq!(project.charges().len(), 4);
    project.manifest(
        "version: 1\nproject: shop\nitems:\n  - { id: sku-1, title: a, tags: \"beach, , sea,beach\" }\nshots:\n  hero:\n    \
         model: zai/viduq1-text\n    prompt: \"{{ item.title }}\"\n",
    );
    assert_eq!(list(&project, &["sku-1"])["jobs"][0]["tags"], json!(["oak", "sale"]), "until the next run");
    project.run(&["run", "--yes", "--accept-changes"]).expect(0);
    assert_eq!(list(&project, &[])["jobs"][0]["tags"], json!(["beach", "sea"]));
}

#[test]
fn the_list_is_there_beside_a_run_and_with_a_manifest_that_cannot_be_read() {
    let project = Project::shop(2);
    project.stall();
    let run = project.start(&["run", "--yes"]);
    until("both tasks are known", || project.takes("running") == 2);
    let listed = list(&project, &[]);
    assert_eq!((&listed["states"]["in_flight"], names(&listed).len()), (&json!(2), 2));
    project.clear_faults();
    run.wait().expect(0);
    project.write("shotlist.yaml", "version: [");
    let listed = list(&project, &[]);
    assert_eq!((&listed["states"]["done"], names(&listed).len()), (&json!(2), 2));
}

/// Returns the names of the elements of an XML document in their order, or fails where it is not one.
fn elements(xml: &str) -> Vec<String> {
    let mut reader = Reader::from_str(xml);
    let mut found = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) | Event::Empty(tag) => {
                assert!(tag.attributes().all(|attribute| attribute.is_ok()), "{tag:?}");
                found.push(tag.name().as_ref().to_owned());
            }
            Event::Eof => return found,
            _ => {}
        }
    }
}

#[test]
fn a_report_is_told_whole_in_each_text_format() {
    let project = hostile();
    project.run(&["run", "--yes"]).expect(3);
    review(&project, "hero/sku-1", Outcome::Approved);
    review(&project, "hero/sku-2", Outcome::Rejected);
    let junit = project.run(&["report", "--junit"]).expect(0).out;
    assert_snapshot!("report_junit", timeless(&junit));
    let elements = elements(&junit);
    let count = |name: &str| elements.iter().filter(|known| *known == name).count();
    assert_eq!(["testcase", "failure", "error", "skipped"].map(count), [4, 2, 0, 0]);
    assert_snapshot!("report_markdown", whole(&project.run(&["report", "--markdown"])));
    let csv = project.run(&["report", "--csv"]).expect(0).out;
    assert_eq!(csv, project.run(&["jobs", "--csv"]).expect(0).out);
    let told = project.run(&["report", "--json", "--only", "sku-2"]).expect(0).json();
    assert_eq!(told["schema"], "shotlist.report/1");
    assert_eq!((&told["selected"], &told["of"]), (&json!(1), &json!(4)));
    assert_eq!(told["jobs"][0]["review"]["reasons"], json!(["wrong_colour"]));
    assert_eq!(told["jobs"][0]["takes"].as_array().unwrap().len(), 1);
    assert_whole!(project.run(&["report", "--junit", "--out", "clips.xml"]).expect(0));
    assert_eq!(fs::read_to_string(project.path("clips.xml")).unwrap(), junit);
    project.run(&["report", "--csv", "--json"]).expect(2);
    project.run(&["report", "--csv", "--junit"]).expect(2);
}

/// Returns a `JUnit` document without its times.
fn timeless(junit: &str) -> String {
    regex::Regex::new(r#"time="[0-9.]+""#).unwrap().replace_all(junit, r#"time="[time]""#).into_owned()
}

#[test]
fn two_runs_are_compared_by_what_has_a_time() {
    let project = hostile();
    project.run(&["run", "--yes", "--limit", "2"]).expect(0);
    review(&project, "hero/sku-1", Outcome::Approved);
    project.run(&["run", "--yes"]).expect(3);
    project.run(&["redo", "sku-1", "--yes"]).expect(3);
    let now = project.run(&["report", "--compare", "1", "--json"]).expect(0).json();
    let jobs = |told: &Value| -> Vec<Value> {
        let changed = told["changed"].as_array().unwrap().iter();
        changed
            .map(|change| json!([change["job"], change["then"]["state"], change["now"]["state"]]))
            .collect()
    };
    let long = "hero/a-very-long-product-id-of-more-than-forty-characters";
    assert_eq!(
        jobs(&now),
        [
            json!(["hero/sku-1", "done", "done"]),
            json!(["hero/sku-3", "to_render", "failed"]),
            json!([long, "to_render", "done"]),
        ]
    );
    let first = &now["changed"][0];
    assert_eq!(
        (&first["then"]["clip"]["rendering"], &first["now"]["clip"]["rendering"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(
        (&first["then"]["decision"], &first["now"]["decision"]),
        (&json!("undecided"), &json!("outdated"))
    );
    assert_eq!(now["spent_usd"], json!(["0.80", "1.60"]));
    assert_eq!(now["unchanged"], 1);
    let between = project.run(&["report", "--compare", "1..2", "--json"]).expect(0).json();
    assert_eq!(jobs(&between).len(), 3, "{between:#}");
    assert_eq!(between["changed"][0]["now"]["decision"], "approved");
    assert_snapshot!("compare", timed(&whole(&project.run(&["report", "--compare", "1"]))));
    assert_snapshot!(
        "compare_markdown",
        timed(&whole(&project.run(&["report", "--compare", "1..2", "--markdown"])))
    );
    assert_whole!(project.run(&["report", "--compare", "99"]).expect(2));
    assert_whole!(project.run(&["report", "--compare", "2..1"]).expect(2));
    assert_whole!(project.run(&["report", "--compare", "last"]).expect(2));
}

/// Returns a comparison with the time of its renderings as a placeholder.
fn timed(text: &str) -> String {
    regex::Regex::new(r"\d+s \(").unwrap().replace_all(text, "[span] (").into_owned()
}

#[test]
fn an_approved_clip_costs_all_that_its_group_has_cost() {
    let project = hostile();
    project.run(&["run", "--yes"]).expect(3);
    project.run(&["redo", "sku-1", "--yes"]).expect(3);
    assert_whole!(project.run(&["ledger", "--by", "model"]).expect(0));
    review(&project, "hero/sku-1", Outcome::Approved);
    review(&project, "hero/sku-2", Outcome::Rejected);
    let long = "hero/a-very-long-product-id-of-more-than-forty-characters";
    review(&project, long, Outcome::Approved);
    // $1.60 for two approved clips: the replaced and the rejected rendering are paid as well.
    let model = project.run(&["ledger", "--by", "model", "--json"]).expect(0).json();
    assert_eq!(
        (&model["total"]["approved"], &model["total"]["per_approved_usd"]),
        (&json!(2), &json!("0.80"))
    );
    let tags = project.run(&["ledger", "--by", "tag", "--json"]).expect(0).json();
    let row =
        |row: &Value| json!([row["name"], row["settled_usd"], row["approved"], row["per_approved_usd"]]);
    let rows: Vec<Value> = tags["groups"].as_array().unwrap().iter().map(row).collect();
    assert_eq!(
        rows,
        [
            json!(["", "0.40", 1, "0.40"]),
            json!(["Kitchen", "0.40", 0, null]),
            json!(["oak", "0.80", 1, "0.80"]),
            json!(["sale", "0.80", 1, "0.80"]),
        ]
    );
    assert_eq!(row(&tags["total"]), json!(["total", "1.60", 2, "0.80"]));
    assert_snapshot!("ledger_by_tag", whole(&project.run(&["ledger", "--by", "tag"])));
    assert_snapshot!("ledger_by_shot_csv", whole(&project.run(&["ledger", "--by", "shot", "--csv"])));

    let library = shotlist::app::Project::open(project.path("shotlist.yaml")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let gallery = runtime.block_on(library.gallery()).unwrap();
    for by in [By::Model, By::Shot, By::Tag] {
        let request = shotlist::app::LedgerRequest { by, since: None };
        let ledger = runtime.block_on(library.ledger(&request)).unwrap();
        assert_eq!(gallery.costs(by), ledger.table, "{by:?}");
    }
}
