//! Names and ids whose letters are composed in one place and have their accents apart in the other.

use crate::snapshot::assert_whole;
use crate::support::Project;

/// `é` as one character, as spreadsheets write it.
const COMPOSED: &str = "caf\u{e9}";
/// `é` as a letter and an accent, as a Mac writes it.
const APART: &str = "cafe\u{301}";

const SHOP: &str = r#"version: 1
project: shop
items: { from: products.csv }
shots:
  hero:
    model: zai/vidu2-image
    image: "{{ item.image }}"
    prompt: "A slow turn around {{ item.title }}"
output: "renders/{{ item.id }}_{{ shot }}.mp4"
"#;

const MUG: &[u8] = include_bytes!("../../fixtures/mug.png");

fn shop(rows: &[&str]) -> Project {
    let project = Project::empty(|_| {});
    project.manifest(SHOP);
    sheet(&project, rows);
    project
}

fn sheet(project: &Project, rows: &[&str]) {
    project.write("products.csv", format!("id,title,image\n{}\n", rows.join("\n")));
}

#[test]
fn a_picture_is_found_in_whichever_form_its_name_and_its_folder_are_written() {
    for (cell, disk) in [(COMPOSED, APART), (APART, COMPOSED), (APART, APART), (COMPOSED, COMPOSED)] {
        let project = shop(&[&format!("1,mug,{cell}/x/{cell}.png")]);
        project.write(&format!("{disk}/x/{disk}.png"), MUG);
        project.run(&["validate"]).expect(0);
        project.run(&["run", "--yes"]).expect(0);
        assert_eq!(project.clips().len(), 1, "{cell:?} {disk:?}");
    }
    let project = shop(&[&format!("1,mug,{COMPOSED}.png")]);
    assert_whole!(project.run(&["validate"]).expect(4));
    project.write("cafe.png", MUG);
    assert_whole!(project.run(&["validate"]).expect(4));
}

#[test]
fn two_pictures_whose_names_differ_in_form_alone_are_told_unless_they_are_copies() {
    for cell in [COMPOSED, APART] {
        let project = shop(&[&format!("1,mug,{cell}.png")]);
        project.write(&format!("{COMPOSED}.png"), MUG);
        project.write(&format!("{APART}.png"), MUG);
        project.run(&["validate"]).expect(0);
        project.write(&format!("{APART}.png"), [MUG, b" "].concat());
        assert_whole!(project.run(&["validate"]).expect(4));
    }
    let project = shop(&[&format!("1,mug,{COMPOSED}/a.png")]);
    project.write(&format!("{COMPOSED}/a.png"), MUG);
    project.write(&format!("{APART}/b.png"), MUG);
    assert_whole!(project.run(&["validate"]).expect(4));
}

#[test]
fn a_product_file_is_found_by_its_name_in_the_other_form() {
    let project = shop(&["1,mug,mug.png"]);
    project.write("mug.png", MUG);
    std::fs::rename(project.path("products.csv"), project.path(&format!("{APART}.csv"))).unwrap();
    project.edit("shotlist.yaml", "products.csv", &format!("{COMPOSED}.csv"));
    project.run(&["validate"]).expect(0);
}

#[test]
fn a_sheet_that_is_saved_in_the_other_form_buys_nothing() {
    let row = |text: &str| format!("{text}-1,A {text} mug,{text}.png");
    for (then, now) in [(COMPOSED, APART), (APART, COMPOSED)] {
        let project = shop(&[&row(then), "2,jug,mug.png"]);
        project.write(&format!("{then}.png"), MUG);
        project.write("mug.png", [MUG, b" "].concat());
        project.run(&["run", "--yes"]).expect(0);
        sheet(&project, &[&row(now), "2,jug,mug.png"]);
        let plan = project.run(&["plan", "--json"]).expect(0).json();
        let jobs = plan["jobs"].as_array().unwrap();
        assert_eq!(jobs[0]["job"], format!("hero/{COMPOSED}-1"));
        assert!(jobs.iter().all(|job| job["decision"] == "unchanged"), "{plan}");
        assert_whole!(project.run(&["run"]).expect(0));
        assert_eq!(project.charges().len(), 2);
        // A job is named in either form.
        for name in [COMPOSED, APART] {
            project.run(&["show", &format!("hero/{name}-1")]).expect(0);
            project.run(&["show", &format!("{name}-1")]).expect(0);
            for only in [format!("hero/{name}-1"), format!("{name}*")] {
                assert_whole!(project.run(&["plan", "--only", &only]).expect(0));
            }
        }
    }
}

#[test]
fn a_column_is_found_in_whichever_form_its_name_is_written() {
    for (written, header) in [(COMPOSED, APART), (APART, COMPOSED), (APART, APART), (COMPOSED, COMPOSED)] {
        let project = shop(&[]);
        project.write("mug.png", MUG);
        project.write("products.csv", format!("id,title,image,{header}\n1,red mug,mug.png,blue\n"));
        project.manifest(&SHOP.replace("{{ item.title }}", &format!("{{{{ item.raw['{written}'] }}}} mug")));
        assert_whole!(project.run(&["plan", "--show-requests"]).expect(0));
    }
}

#[test]
fn i24_ids_that_differ_in_form_alone_are_one_id() {
    let project = shop(&[&format!("{COMPOSED},a,mug.png"), &format!("{APART},b,mug.png")]);
    project.write("mug.png", MUG);
    assert_whole!(project.run(&["validate"]).expect(4));
    let list = format!("items: [{{ id: {COMPOSED} }}, {{ id: {APART} }}]");
    project.manifest(&SHOP.replace("items: { from: products.csv }", &list));
    assert_whole!(project.run(&["validate"]).expect(4));
}

#[test]
fn hidden_characters_are_left_out_at_the_ends_of_an_id_and_refused_inside() {
    let project =
        shop(&["\u{200b}1\u{feff},mug,mug.png", "2\u{ad},jug,mug.png", "می\u{200c}خواهم,pot,mug.png"]);
    project.write("mug.png", MUG);
    assert_whole!(project.run(&["plan"]).expect(0));

    sheet(&project, &["1,mug,mug.png", "AB\u{202e}C,jug,mug.png"]);
    assert_whole!(project.run(&["validate"]).expect(4));

    project.manifest(&SHOP.replace(
        "items: { from: products.csv }",
        "items: [{ id: \"a\u{200b}\", image: mug.png, title: mug }, { id: \"b\u{2060}c\", image: mug.png, title: jug }]",
    ));
    let said = project.run(&["validate"]).expect(4);
    assert_whole!(said);
}

#[test]
fn i25_an_output_path_that_is_too_long_by_its_id_gets_a_short_one() {
    let project = shop(&[]);
    project.write("mug.png", MUG);
    let list = |ids: &[String], output: &str| {
        let items: Vec<String> =
            ids.iter().map(|id| format!("  - {{ id: {id}, title: mug {id}, image: mug.png }}")).collect();
        let text = SHOP.replace("items: { from: products.csv }", &format!("items:\n{}", items.join("\n")));
        project.manifest(&text.replace("renders/{{ item.id }}_{{ shot }}.mp4", output));
    };
    let long: Vec<String> = ["a", "b", ""].map(|end| format!("{}{end}", "é".repeat(110))).to_vec();
    for output in ["renders/{{ item.id }}_{{ shot }}.mp4", "{{ item.id }}/{{ shot }}.mp4"] {
        list(&long, output);
        let plan = project.run(&["plan", "--json"]).expect(0).lines().pop().unwrap();
        let jobs = plan["jobs"].as_array().unwrap();
        let paths: std::collections::BTreeSet<&str> =
            jobs.iter().map(|job| job["path"].as_str().unwrap()).collect();
        assert_eq!(paths.len(), 3, "{paths:?}");
        assert!(paths.iter().all(|path| path.len() < 140 && path.contains("éé-")), "{paths:?}");
        // The jobs keep their ids.
        assert_eq!(jobs[0]["job"], format!("hero/{}", long[0]));
        assert_whole!(project.run(&["plan"]).expect(0));
    }
    // A path that is as long as it may be stays as it is.
    list(&["x".repeat(200 - "_hero.mp4".len())], "renders/{{ item.id }}_{{ shot }}.mp4");
    assert_whole!(project.run(&["validate"]).expect(0));
    // A person must shorten the long text next to the id.
    list(&long, &format!("renders/{{{{ item.id }}}}_{}.mp4", "x".repeat(195)));
    assert_whole!(project.run(&["validate"]).expect(4));
    list(&long, "renders/{{ item.title }}.mp4");
    assert_whole!(project.run(&["validate"]).expect(4));
}
