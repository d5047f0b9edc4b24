//! Variants: a matrix becomes the jobs, the folders and the bill that a person would reckon.

use crate::snapshot::assert_whole;
use crate::support::Project;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A picture that is whole.
const MUG: &[u8] = include_bytes!("../../fixtures/mug.png");

/// Two lamps in two moods.
const SOCIAL: &str = r#"version: 1
items: { from: products.csv }
defaults: { model: zai/viduq1-text, motion: small }
shots:
  social:
    prompt: "{{ item.title }} on a {{ matrix.mood.set }}"
    matrix:
      mood:
        - { id: beach, set: sunny beach }
        - { id: loft, set: concrete loft }
output: "renders/{{ item.id }}/{{ shot }}/{{ variant }}.mp4"
"#;

fn social() -> Project {
    let project = Project::empty(|_| {});
    project.write("products.csv", "id,title,status\nlamp-1,Brass lamp,active\n0123,Blue mug,active\n");
    project.write("shotlist.yaml", SOCIAL);
    project
}

/// The plan of a rehearsal: the whole of it, and what is to be done about each job.
fn plan(project: &Project) -> (Value, BTreeMap<String, String>) {
    let told = project.run(&["plan", "--sandbox", "--json"]).expect(0).lines();
    let plan = told.into_iter().find(|line| line["jobs"].is_array()).unwrap();
    let text = |job: &Value, key: &str| job[key].as_str().unwrap().to_owned();
    let jobs = plan["jobs"].as_array().unwrap();
    let decisions = jobs.iter().map(|job| (text(job, "job"), text(job, "decision"))).collect();
    (plan, decisions)
}

/// The clips of a rehearsal by their names below its folder, with the hashes of their bytes.
fn rendered(project: &Project) -> BTreeMap<String, String> {
    let clips = project.clips().into_iter();
    clips.filter_map(|(name, hash)| Some((name.strip_prefix("sandbox/renders/")?.to_owned(), hash))).collect()
}

#[test]
fn manifests_with_variants_become_the_jobs_that_a_person_would_write() {
    for case in ["example-with-a-sheet", "example-with-a-list", "five-scenes-in-variants"] {
        let project = Project::empty(|_| {});
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/fine").join(case);
        for file in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            project.write(file.file_name().to_str().unwrap(), fs::read(file.path()).unwrap());
        }
        project.write("mug.png", MUG);
        let (plan, _) = plan(&project);
        let jobs = plan["jobs"].as_array().unwrap().iter();
        let lines: Vec<String> = jobs
            .map(|job| {
                let [key, model, path] = ["job", "model", "path"].map(|key| job[key].as_str().unwrap());
                format!("{key}  {model}\n    {path}")
            })
            .collect();
        insta::assert_snapshot!(case, lines.join("\n"));
    }
}

#[test]
fn a_matrix_renders_into_a_folder_tree_and_an_axis_added_later_buys_only_the_new_cells() {
    let project = social();
    assert_whole!(project.run(&["run", "--sandbox", "--yes"]).expect(0));
    let first = rendered(&project);
    let names: Vec<&str> = first.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "0123/social/beach.mp4",
            "0123/social/loft.mp4",
            "lamp-1/social/beach.mp4",
            "lamp-1/social/loft.mp4"
        ]
    );

    project.edit("shotlist.yaml", "    matrix:\n", "    matrix:\n      motion: [small, large]\n");
    let (told, decisions) = plan(&project);
    assert_eq!((&told["to_render"], &told["total_usd"]), (&4.into(), &"1.60".into()), "{told}");
    for (job, decision) in &decisions {
        let expected = if job.contains("/small_") { "renamed" } else { "new" };
        assert_eq!(decision, expected, "{job}");
    }
    assert_whole!(project.run(&["run", "--sandbox", "--yes"]).expect(0));
    let second = rendered(&project);
    assert_eq!(second.len(), 8);
    for (name, hash) in &first {
        let renamed = name.replace("social/", "social/small_");
        assert_eq!(second.get(&renamed), Some(hash), "{renamed} is another clip than {name} was");
    }

    // One value more on an axis that is there: all that is there stays as it is.
    project.edit(
        "shotlist.yaml",
        "concrete loft }\n",
        "concrete loft }\n        - { id: pier, set: old pier }\n",
    );
    let (_, decisions) = plan(&project);
    let new: Vec<&String> =
        decisions.iter().filter(|(_, decision)| *decision != "unchanged").map(|(job, _)| job).collect();
    assert_eq!(new.len(), 4);
    assert!(new.iter().all(|job| job.ends_with("_pier")), "{new:?}");
}

#[test]
fn variants_are_named_on_the_command_line_like_any_job() {
    let project = social();
    project.run(&["run", "--sandbox", "--yes", "--only", "social/*/beach"]).expect(0);
    let names: Vec<String> = rendered(&project).into_keys().collect();
    assert_eq!(names, ["0123/social/beach.mp4", "lamp-1/social/beach.mp4"]);
    assert_whole!(project.run(&["show", "social/0123/beach", "--sandbox"]).expect(0));
    assert!(!project.path("sandbox/renders/0123/social/loft.mp4").exists());
    project.run(&["redo", "social/0123/beach", "--sandbox", "--yes"]).expect(0);
    let shown = project.run(&["show", "social/0123/beach", "--sandbox", "--json"]).expect(0).json();
    assert_eq!(shown["takes"].as_array().unwrap().len(), 2);
}

#[test]
fn clips_of_items_that_are_left_out_are_no_longer_wanted_and_cost_nothing_when_they_are_wanted_again() {
    let project = social();
    project.edit(
        "shotlist.yaml",
        "{ from: products.csv }",
        "{ from: products.csv, where: item.status == 'active' }",
    );
    project.run(&["run", "--sandbox", "--yes"]).expect(0);
    project.edit("products.csv", "Blue mug,active", "Blue mug,draft");
    let (told, decisions) = plan(&project);
    assert_eq!(decisions.len(), 2);
    assert_eq!(told["gone"], serde_json::json!(["social/0123/beach", "social/0123/loft"]));
    assert_whole!(project.run(&["plan", "--sandbox"]).expect(0));
    project.edit("products.csv", "Blue mug,draft", "Blue mug,active");
    let (told, decisions) = plan(&project);
    assert_eq!((&told["to_render"], decisions.len()), (&0.into(), 4));
}
