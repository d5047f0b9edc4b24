//! The afternoon of a catalog manager: an export of the shop becomes ten clips, then all of them, then the shop's own
//! sheet with the addresses of the approved ones.

use crate::snapshot::assert_whole;
use crate::support::{Ended, KEY_VARIABLE, Project};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const PRICE: &str = "0.20";
const BASE: &str = "https://cdn.example/clips";
const NOTE: &str = "Keep the whole product in the frame.";

/// The folder of a shop: its export with 28 products, and their pictures.
fn shop() -> Project {
    let project = Project::empty(|_| {});
    let manifests = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests");
    project.write("products.csv", fs::read(manifests.join("products.csv")).unwrap());
    for picture in fs::read_dir(manifests.join("pictures")).unwrap().map(|picture| picture.unwrap().path()) {
        let name = picture.file_name().unwrap().to_str().unwrap();
        project.write(&format!("pictures/{name}"), fs::read(&picture).unwrap());
    }
    project
}

/// The walk so far: what was charged, and the command that was named last.
struct Walk {
    project: Project,
    charged: usize,
    next: String,
}

impl Walk {
    /// Runs a command, and checks that exactly so many clips were charged for, each at its price.
    fn types(&mut self, arguments: &[&str], code: i32, clips: usize) -> Ended {
        let ended = self.project.run(arguments).expect(code);
        self.charged += clips;
        let charges = self.project.charges();
        assert_eq!(charges.len(), self.charged, "{ended}");
        assert!(charges.iter().all(|charge| charge.usd == PRICE), "{charges:?}");
        assert_eq!(self.project.requests().len(), self.charged, "a request that was not charged\n{ended}");
        let next = ended.err.lines().find_map(|line| line.strip_prefix("next: "));
        next.unwrap_or_else(|| panic!("no next command\n{ended}")).clone_into(&mut self.next);
        ended
    }

    /// Runs the command that was named last.
    fn goes_on(&mut self, expected: &str, code: i32, clips: usize) -> Ended {
        assert_eq!(self.next, format!("shotlist {expected}"));
        let mut words: Vec<&str> = expected.split(' ').collect();
        if matches!(words[0], "run" | "redo") {
            words.push("--yes");
        }
        self.types(&words, code, clips)
    }

    /// The jobs that have a clip with this decision.
    fn jobs(&self, decision: &str) -> Vec<String> {
        let words = ["jobs", "--state", "done", "--decision", decision, "--json"];
        let ended = self.project.run(&words).expect(0).json();
        let jobs = ended["jobs"].as_array().unwrap().iter();
        jobs.map(|job| job["job"].as_str().unwrap().to_owned()).collect()
    }

    fn approves(&mut self, jobs: &[String]) -> Ended {
        let jobs = jobs.iter().map(String::as_str);
        let words: Vec<&str> = ["approve", "--who", "ana"].into_iter().chain(jobs).collect();
        self.types(&words, 0, 0)
    }

    /// Everything that the ledger says was charged.
    fn spent(&self) -> Value {
        self.project.run(&["status", "--json"]).expect(0).json()["month"]["settled_usd"].clone()
    }
}

#[test]
fn an_export_of_the_shop_becomes_its_sheet_with_approved_clips() {
    let mut walk = Walk { project: shop(), charged: 0, next: String::new() };
    let sheet = fs::read(walk.project.path("products.csv")).unwrap();

    assert_whole!(walk.types(&["init", "--from", "products.csv"], 0, 0));
    let url = walk.project.sandbox().provider_url("zai");
    walk.project.edit(
        "shotlist.yaml",
        "zai: { api_key: \"${ZAI_API_KEY}\" }",
        &format!(
            "zai: {{ base_url: \"{url}\", api_key: \"${{{KEY_VARIABLE}}}\", limits: {} }}",
            walk.project.limits
        ),
    );
    walk.project.edit(
        "shotlist.yaml",
        "{{ vars.look }}\"",
        "{{ vars.look }}{% if feedback %}. {{ feedback }}{% endif %}\"",
    );
    walk.project.edit(
        "shotlist.yaml",
        "\nbudget: { run: 6 }",
        "\nrollout: { canary: 10, then: approve }\nbudget: { run: 6 }",
    );

    // Ten clips first.
    let plan = walk.goes_on("plan", 0, 0);
    assert_whole!(&plan);
    assert_whole!(walk.goes_on("run", 5, 10));
    assert_eq!(walk.next, "shotlist review");
    walk.types(&["status"], 0, 0);
    assert_eq!(walk.next, "shotlist review");
    assert_whole!(walk.types(&["run", "--yes"], 5, 0));
    assert_whole!(walk.types(&["export", "sheet"], 5, 0));
    assert_eq!(walk.next, "shotlist review");

    // Three are rejected, and rendered once more with what the reviewer said.
    let canary = walk.jobs("undecided");
    assert_eq!(canary.len(), 10);
    let words = ["reject", "--who", "ana", "--reason", "cropped", "--note", NOTE, "--redo"];
    let words: Vec<&str> = words.into_iter().chain(canary[..3].iter().map(String::as_str)).collect();
    walk.types(&words, 0, 0);
    assert_eq!(walk.next, "shotlist review", "seven are undecided");
    walk.approves(&canary[3..]);
    assert_whole!(walk.types(&["plan"], 0, 0));
    assert_eq!(walk.next, "shotlist run", "a run would render them as well");
    let redo = walk.types(&["redo", "--rejected", "--yes"], 0, 3);
    assert_whole!(&redo);
    let requests = walk.project.requests();
    let noted: Vec<bool> =
        requests.iter().map(|request| request.body["prompt"].as_str().unwrap().ends_with(NOTE)).collect();
    assert_eq!(noted, [[false; 10].as_slice(), &[true; 3]].concat());

    // The new versions are approved, and the rest follows.
    walk.types(&["run", "--yes"], 5, 0);
    assert_eq!(walk.jobs("outdated"), canary[..3]);
    walk.types(&["status"], 0, 0);
    assert_eq!(walk.next, "shotlist review");
    walk.approves(&canary[..3]);
    assert_whole!(walk.goes_on("run", 0, 18));
    walk.goes_on("status", 0, 0);
    assert_eq!(walk.next, "shotlist review");
    let undecided = walk.jobs("undecided");
    assert_eq!(undecided.len(), 18);
    walk.approves(&undecided);

    // The sheet comes back with all of its bytes, and nothing is left to send.
    let exported = walk.goes_on("export sheet", 0, 0);
    assert_eq!(exported.out.trim(), "products.shotlist.csv", "{exported}");
    assert_eq!(fs::read(walk.project.path("products.csv")).unwrap(), sheet);
    let copy = fs::read_to_string(walk.project.path("products.shotlist.csv")).unwrap();
    let sheet = String::from_utf8(sheet).unwrap();
    assert_eq!(copy.lines().count(), sheet.lines().count());
    for (line, original) in copy.lines().zip(sheet.lines()) {
        assert!(line.starts_with(original), "{line}");
    }
    walk.types(&["export", "sheet", "--base-url", BASE, "--force"], 0, 0);
    let copy = fs::read_to_string(walk.project.path("products.shotlist.csv")).unwrap();
    let mut rows = csv::Reader::from_reader(copy.as_bytes());
    let mut files = BTreeSet::new();
    for row in rows.records().map(|row| row.unwrap()) {
        let file = &row[9];
        assert_eq!((&row[8], &row[10], &row[11]), ("approved", &*format!("{BASE}/{file}"), ""));
        assert_eq!(file, format!("renders/{0}/{0}_hero.mp4", &row[0]));
        assert!(walk.project.path(file).is_file());
        files.insert(file.to_owned());
    }
    assert_eq!(files.len(), 28);
    assert_whole!(walk.types(&["run", "--yes"], 0, 0));
    assert_whole!(walk.types(&["redo", "--rejected", "--yes"], 0, 0));
    assert_eq!(walk.spent(), json!("6.20"));
}
