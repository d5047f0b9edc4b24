//! `init`: from nothing, and from every kind of product file, to clips without a flag.

use crate::schema::Schema;
use crate::snapshot::{assert_whole, whole};
use crate::support::Project;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

const MUG: &[u8] = include_bytes!("../../fixtures/mug.png");

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/catalogs").join(name)).unwrap()
}

/// A folder with a product file in it, and a picture.
fn shop(name: &str) -> Project {
    let project = Project::empty(|_| {});
    project.write(name, fixture(name));
    project.write("mug.png", MUG);
    project
}

fn written(project: &Project, name: &str) -> String {
    let manifest = fs::read(project.path(name)).unwrap();
    assert_eq!(Schema::new().refuses(&manifest), None, "{}", String::from_utf8_lossy(&manifest));
    String::from_utf8(manifest).unwrap()
}

/// Types `init --from`, `plan` and `run` without further flags, and checks outputs, manifest and number of clips.
fn becomes_clips(name: &str, clips: usize) {
    let project = shop(name);
    let said = project.run(&["init", "--from", name]).expect(0).err;
    let manifest = written(&project, "shotlist.yaml");
    let plan = whole(&project.run(&["plan"]).expect(0));
    insta::with_settings!({ snapshot_path => "../snapshots/init", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, format!("{said}---\n{manifest}---\n{plan}"));
    });
    project.run(&["run", "--sandbox", "--yes"]).expect(0);
    assert_eq!(project.clips().len(), clips, "{:?}", project.clips().keys());
}

#[test]
fn exports_of_shopify_become_clips_without_a_flag() {
    for (name, clips) in [
        ("shopify.csv", 1),
        ("shopify-legacy.csv", 2),
        ("shopify-2019.csv", 1),
        ("shopify-no-sku.csv", 3),
        ("shopify-colours.csv", 1),
    ] {
        becomes_clips(name, clips);
    }
}

#[test]
fn exports_of_woocommerce_and_feeds_become_clips_without_a_flag() {
    for (name, clips) in
        [("woocommerce.csv", 2), ("google.tsv", 2), ("google-rss.xml", 1), ("google-atom.xml", 1)]
    {
        becomes_clips(name, clips);
    }
}

#[test]
fn sheets_of_any_other_kind_become_clips_without_a_flag() {
    for (name, clips) in
        [("trailing-commas.csv", 2), ("windows-1252.csv", 1), ("products.jsonl", 2), ("workbook.xlsx", 2)]
    {
        becomes_clips(name, clips);
    }
}

#[test]
fn what_cannot_be_rendered_is_noticed_and_named_with_its_row_and_column() {
    let project = shop("akeneo.csv");
    assert_whole!(project.run(&["init", "--from", "akeneo.csv"]).expect(0));
    insta::assert_snapshot!("manifest_with_unusable_rows", written(&project, "shotlist.yaml"));
    assert_whole!(project.run(&["plan"]).expect(4));

    project.write("files/1111/bag.jpg", MUG);
    project.edit("akeneo.csv", ";;white;;A jacket.\\nLined.;;", ";;white;;A jacket.\\nLined.;mug.png;");
    project.run(&["run", "--sandbox", "--yes"]).expect(0);
    assert_eq!(project.clips().len(), 2);
}

#[test]
fn an_export_in_a_folder_of_its_own_keeps_its_pictures_there() {
    let project = Project::empty(|_| {});
    project.write("export/products.csv", "id,title,image\n1,Mug,pictures/mug.png\n");
    project.write("export/pictures/mug.png", MUG);
    project.run(&["init", "--from", "export/products.csv"]).expect(0);
    insta::assert_snapshot!("manifest_of_a_folder_below", written(&project, "shotlist.yaml"));
    project.run(&["plan"]).expect(0);
    // Files are named as they are seen from here, and written down as they are seen from the manifest.
    project.run(&["init", "shop/spring.yaml", "--from", "export/products.csv"]).expect(0);
    insta::assert_snapshot!("manifest_of_a_folder_beside", written(&project, "shop/spring.yaml"));
    assert!(project.path("shop/.shotlist/schema.json").is_file());
}

#[test]
fn from_nothing_there_is_a_sample_and_a_film_that_need_no_other_file() {
    for (arguments, clips) in [(&["init"] as &[_], 2), (&["init", "--scenes"], 4)] {
        let project = Project::empty(|_| {});
        assert_whole!(project.run(arguments).expect(0));
        let manifest = written(&project, "shotlist.yaml");
        project.run(&["plan"]).expect(0);
        project.run(&["run", "--sandbox", "--yes"]).expect(0);
        assert_eq!(project.clips().len(), clips);

        // What stands in comments is right, too: pictures instead of words.
        let other = manifest
            .replace("    model: zai/viduq1-text # ", "    # ")
            .replace("    title:", "    image: boat.png\n    title:")
            .replace("# model:", "model:")
            .replace("# image:", "image:")
            .replace("# last_image:", "last_image:")
            .replace("frames/", "");
        for picture in ["boat.png", "night.png", "morning.png"] {
            project.write(picture, MUG);
        }
        project.write("shotlist.yaml", other);
        let plan = project.run(&["plan", "--json"]).expect(0).json();
        let models: BTreeSet<&str> =
            plan["jobs"].as_array().unwrap().iter().map(|job| job["model"].as_str().unwrap()).collect();
        assert!(models.contains("zai/vidu2-image"), "{models:?}");
        assert_eq!(models.contains("zai/vidu2-start-end"), clips == 4, "{models:?}");
    }
}

#[test]
fn what_is_there_is_replaced_only_by_force() {
    let project = Project::empty(|_| {});
    project.write("shotlist.yaml", "mine");
    assert_whole!(project.run(&["init", "--scenes"]).expect(2));
    assert_eq!(fs::read_to_string(project.path("shotlist.yaml")).unwrap(), "mine");
    assert!(!project.path(".shotlist").exists());
    project.run(&["init", "--scenes", "--force"]).expect(0);
    assert!(written(&project, "shotlist.yaml").contains("s010-harbour"));
    assert_whole!(project.run(&["init", "other.yaml"]).expect(0));
}

#[test]
fn a_second_manifest_of_a_folder_has_an_output_folder_of_its_own() {
    let project = shop("products.jsonl");
    let output = |name: &str| {
        let text = written(&project, name);
        text.lines().find_map(|line| line.strip_prefix("output: ")).unwrap().to_owned()
    };
    project.write("notes.yaml", "no manifest: true");
    project.run(&["init", "--from", "products.jsonl"]).expect(0);
    assert!(output("shotlist.yaml").starts_with("\"renders/{{ item.id"), "{}", output("shotlist.yaml"));
    project.run(&["init", "Spring Sale.yaml", "--from", "products.jsonl"]).expect(0);
    let spring = output("Spring Sale.yaml");
    assert!(spring.starts_with("\"renders/spring-sale/{{ item.id"), "{spring}");
    for arguments in [&["init", "film.yaml", "--scenes"][..], &["init", "film.yaml", "--force"]] {
        project.run(arguments).expect(0);
        assert!(output("film.yaml").starts_with("\"renders/film/{{ item.id"), "{}", output("film.yaml"));
    }
    project.run(&["run", "--sandbox", "--limit", "1"]).expect(0);
    project.run(&["run", "-f", "Spring Sale.yaml", "--sandbox", "--limit", "1"]).expect(0);
}

#[test]
fn the_schema_is_the_one_that_is_printed_and_nobody_elses_business() {
    let project = Project::empty(|_| {});
    project.run(&["init"]).expect(0);
    let kept = fs::read_to_string(project.path(".shotlist/schema.json")).unwrap();
    assert_eq!(kept, project.run(&["schema"]).expect(0).out);
    assert_eq!(fs::read_to_string(project.path(".shotlist/.gitignore")).unwrap(), "*\n");
    let mode = fs::metadata(project.path(".shotlist")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn what_is_meant_otherwise_is_told_and_nothing_is_written() {
    let project = shop("between-two.csv");
    assert_whole!(project.run(&["init", "products.csv"]).expect(2));
    fs::create_dir(project.path("shop")).unwrap();
    assert_whole!(project.run(&["init", "shop"]).expect(2));
    assert_whole!(project.run(&["init", "--one-per", "image"]).expect(2));
    assert_whole!(project.run(&["init", "--from", "nowhere.csv"]).expect(4));
    assert_whole!(project.run(&["init", "--from", "between-two.csv"]).expect(4));
    assert!(!project.path("shotlist.yaml").exists() && !project.path(".shotlist").exists());
    project.run(&["init", "--from", "between-two.csv", "--dialect", "google"]).expect(0);
    assert!(written(&project, "shotlist.yaml").contains("  dialect: google\n"));
}

#[test]
fn programs_are_told_as_data() {
    let project = shop("shopify-colours.csv");
    let arguments = ["init", "--from", "shopify-colours.csv", "--one-per", "image", "--json"];
    let told = project.run(&arguments).expect(0).json();
    assert_eq!((&told["manifest"], &told["from"]["clips"]), (&"shotlist.yaml".into(), &3.into()));
    assert_eq!((&told["from"]["total_usd"], &told["from"]["unusable"]), (&"0.60".into(), &().into()));
    assert_whole!(project.run(&["plan"]).expect(0));
}
