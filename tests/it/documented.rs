//! The request examples of the providers' documents, as manifests: what is sent is what the documents show, and all of
//! it renders.

use crate::support::Project;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn manifests() -> Vec<PathBuf> {
    let mut manifests: Vec<PathBuf> = fs::read_dir(root().join("manifests/documented"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .collect();
    manifests.sort();
    manifests
}

/// The bodies as `plan --show-requests` prints them, without the id that is new for each attempt.
fn planned(project: &Project, manifest: &Path) -> Vec<Value> {
    let ended = project.run(&["plan", "--show-requests", manifest.to_str().unwrap()]).expect(0);
    let bodies = ended.lines().into_iter().map(|mut line| {
        let mut body = line["body"].take();
        if let Some(members) = body.as_object_mut() {
            members.remove("request_id");
        }
        body
    });
    bodies.collect()
}

/// The bodies of a provider's documents, as its fixtures have them.
fn documented(provider: &str) -> Vec<Value> {
    let path = root().join("tests/fixtures").join(provider).join("requests/documented.json");
    let examples: Vec<Value> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    examples.into_iter().map(|mut example| example["body"].take()).collect()
}

#[test]
fn every_documented_request_is_a_job_of_a_manifest_and_is_sent_as_the_document_shows_it() {
    let project = Project::empty(|_| {});
    let mut planned: Vec<Value> =
        manifests().iter().flat_map(|manifest| planned(&project, manifest)).collect();
    for provider in ["zai", "vtrix", "uniall"] {
        for body in documented(provider) {
            let at = planned.iter().position(|planned| *planned == body);
            let at = at.unwrap_or_else(|| panic!("no manifest sends this request of {provider}: {body:#}"));
            planned.swap_remove(at);
        }
    }
    assert!(planned.is_empty(), "in no document: {planned:#?}");
}

#[test]
fn every_documented_request_renders_in_the_sandbox_one_manifest_after_the_other_in_one_folder() {
    let project = Project::empty(|_| {});
    let mut jobs = 0;
    for manifest in manifests() {
        let name = manifest.file_name().unwrap().to_str().unwrap();
        project.write(name, fs::read(&manifest).unwrap());
        let ended = project.run(&["run", name, "--sandbox", "--yes", "--json"]).expect(0);
        // Warnings come before, a line each.
        let told = project.run(&["validate", name, "--json"]).expect(0).lines();
        jobs += told.last().unwrap()["jobs"].as_u64().unwrap();
        assert_eq!(u64::try_from(project.clips().len()).unwrap(), jobs, "{name}\n{ended}");
    }
}
