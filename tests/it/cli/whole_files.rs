//! Whole outputs of the verbs that look at files: manifests, product files, clips and state.

use crate::snapshot::whole;
use crate::support::{Project, sheet};
use insta::assert_snapshot;
use std::fs;

/// Returns a finished shop whose manifest no longer asks for its second product.
fn shrunk() -> Project {
    let project = Project::shop(2);
    project.run(&["run", "--yes"]).expect(0);
    project.write("products.csv", sheet(1));
    project
}

#[test]
fn a_validation_is_told_whole() {
    let project = Project::shop(2);
    assert_snapshot!("validate", whole(&project.run(&["validate"])));
    assert_snapshot!("validate_json", whole(&project.run(&["validate", "--json"])));
    project.edit("shotlist.yaml", "zai/viduq1-text", "zai/viduq2-text");
    assert_snapshot!("validate_invalid", whole(&project.run(&["validate"])));
}

#[test]
fn unwanted_clips_are_told_whole() {
    let project = shrunk();
    assert_snapshot!("prune_asks", whole(&project.run(&["prune"])));
    assert_snapshot!("prune", whole(&project.run(&["prune", "--yes"])));
    assert_snapshot!("prune_nothing", whole(&project.run(&["prune"])));
}

#[test]
fn a_recovery_is_told_whole() {
    let project = Project::shop(2);
    project.run(&["run", "--yes"]).expect(0);
    assert_snapshot!("recover_nothing", whole(&project.run(&["recover"])));
    fs::remove_file(project.path(".shotlist/state.db")).unwrap();
    assert_snapshot!("recover", whole(&project.run(&["recover"])));
    fs::remove_file(project.path(".shotlist/state.db")).unwrap();
    fs::remove_file(project.path(".shotlist/ledger.jsonl")).unwrap();
    assert_snapshot!("recover_json", whole(&project.run(&["recover", "--json"])));
}

#[test]
fn a_product_file_is_told_whole() {
    let project = Project::empty(|_| {});
    project.write("wares.csv", "id,title,image\nmug,Red mug,mug.png\ncup,Blue cup,\n");
    assert_snapshot!("catalog", whole(&project.run(&["catalog", "wares.csv"])));
    assert_snapshot!("catalog_json", whole(&project.run(&["catalog", "wares.csv", "--json"])));
    assert_snapshot!("init", whole(&project.run(&["init", "--from", "wares.csv"])));
    assert_snapshot!("init_twice", whole(&project.run(&["init", "--from", "wares.csv"])));
    let again = ["init", "--from", "wares.csv", "--force", "--json"];
    assert_snapshot!("init_json", whole(&project.run(&again)));
    project.write("wares.csv", "id,title\nmug,Red mug\nmug,Blue cup\n");
    assert_snapshot!("init_invalid", whole(&project.run(&["init", "more.yaml", "--from", "wares.csv"])));
}

#[test]
fn an_examination_is_told_whole() {
    let project = shrunk();
    assert_snapshot!("doctor", whole(&project.run(&["doctor"])));
    project.edit("shotlist.yaml", "zai/viduq1-text", "zai/viduq2-text");
    assert_snapshot!("doctor_json", whole(&project.run(&["doctor", "--json"])));
}
