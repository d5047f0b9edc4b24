//! Product files as shops export them, through the real program.

use crate::snapshot::assert_whole;
use crate::support::Project;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/catalogs")
}

fn shotlist(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shotlist"));
    command.args(arguments).current_dir(fixtures()).env_clear();
    command
}

fn said(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("exit {}\n{out}---\n{err}", output.status.code().unwrap())
}

#[test]
fn every_kind_of_file_is_shown_with_what_is_in_it() {
    let mut names: Vec<String> = fs::read_dir(fixtures())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    for name in names {
        let output = shotlist(&["catalog", &name]).output().unwrap();
        insta::with_settings!({ snapshot_path => "snapshots/catalogs", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name.as_str(), said(&output));
        });
    }
}

#[test]
fn a_file_is_data_for_programs_also_where_it_is_wrong() {
    let output = shotlist(&["catalog", "woocommerce.csv", "--json"]).output().unwrap();
    let data: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(data["dialect"], "woocommerce");
    assert_eq!(data["schema"], "shotlist.catalog/1");
    assert_eq!(data["confidence"], "high");
    assert_eq!(data["counts"]["variants_without_sku"], 1);
    assert_eq!(data["left_out"]["grouped product"], 1);
    assert_eq!(data["items"][0]["options"]["Colour"], "Blue, Green");
    assert_eq!(data["items"][0]["raw"]["ID"], "10");
    let output = shotlist(&["catalog", "shortened-ids.csv", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    let data: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let problems = data["problems"].as_array().unwrap();
    let wrong = problems.iter().find(|problem| problem["severity"] == "error").unwrap();
    assert_eq!(wrong["count"], 2);
    assert_eq!(data["items"].as_array().unwrap().len(), 1);
}

#[test]
fn a_file_comes_through_a_pipe() {
    let feed = File::open(fixtures().join("google-rss.xml")).unwrap();
    let output = shotlist(&["catalog", "-", "--json"]).stdin(feed).output().unwrap();
    let data: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&data["dialect"], &data["file"]), (&"google".into(), &"-".into()));
}

const MANIFEST: &str = r#"version: 1
items: { from: shopify-legacy.csv, one_per: variant }
shots:
  hero:
    model: zai/vidu2-image
    image: "{{ item.image }}"
    prompt: >-
      {{ item.title | slug }} {{ item.options.Finish | default("plain") }} by {{ item.vendor }} in {{ item.tags[0] | default("-") }}
      ({{ item.tags }}) {{ item.description }} {{ item.images | length }} {{ item.row }} {{ item.raw["Variant Price"] }}
"#;

/// A project with a manifest and the fixtures.
fn project(manifest: &str) -> Project {
    let project = Project::empty(|_| {});
    for name in ["shopify-legacy.csv", "workbook.xlsx", "akeneo.csv"] {
        project.write(name, fs::read(fixtures().join(name)).unwrap());
    }
    project.write("shotlist.yaml", manifest);
    project
}

#[test]
fn templates_see_the_same_names_whatever_program_wrote_the_file() {
    let project = project(MANIFEST);
    let plan = project.run(&["plan", "--show-requests", "--sandbox"]).expect(0);
    assert_whole!(&plan);
}

#[test]
fn what_is_wrong_with_a_cell_is_told_under_the_name_of_its_own_column() {
    let ended =
        project(&MANIFEST.replace("shopify-legacy.csv, one_per: variant", "akeneo.csv")).run(&["validate"]);
    assert_whole!(ended.expect(4));
}

#[test]
fn how_a_file_is_read_is_checked_where_it_is_written() {
    let with = |items: &str| MANIFEST.replace("from: shopify-legacy.csv, one_per: variant", items);
    assert_whole!(project(&with("from: shopify-legacy.csv, dialect: shopfiy")).run(&["validate"]).expect(4));
    assert_whole!(
        project(&with("from: shopify-legacy.csv, one_per: colour, all: perhaps"))
            .run(&["validate"])
            .expect(4)
    );
    assert_whole!(project(&with("from: workbook.xlsx, sheet: Sprnig")).run(&["validate"]).expect(4));
}

#[test]
fn a_title_that_says_nothing_is_as_good_as_blank() {
    let project = Project::empty(|_| {});
    project.write(
        "shotlist.yaml",
        "version: 1\nitems: { from: p.csv }\nshots:\n  hero:\n    model: zai/viduq1-text\n    \
         prompt: \"{{ item.title }} on a desk\"\noutput: \"renders/{{ item.id }}.mp4\"\n",
    );
    for title in ["#N/A", "NULL", "-", "<p></p>", "\u{200B}", "\u{A0}"] {
        project.write("p.csv", format!("id,title\n1,Mug\n2,{title}\n"));
        assert_whole!(project.run(&["plan"]).expect(4));
    }
    project.write("p.csv", "id,title\n1,Mug\n2,Nan bread\n");
    project.run(&["plan"]).expect(0);
}
