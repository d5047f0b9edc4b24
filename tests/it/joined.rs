//! A sheet of the user's own next to the product file.

use crate::snapshot::assert_whole;
use crate::support::{Ended, Project};

const MANIFEST: &str = r#"version: 1
items: { from: products.csv, join: { from: overrides.csv, on: id } }
shots:
  hero:
    model: zai/viduq1-text
    prompt: "{{ item.title }} in {{ item.mood | default('daylight', true) }}, {{ item.raw['Bezeichnung'] }}"
output: "renders/{{ item.id }}.mp4"
"#;

const PRODUCTS: &str = "id,title,Bezeichnung\n1,Mug,Becher\n2,Bowl,Schale\n3,Jug,Krug\n";

/// A project with these overrides, joined as the manifest says.
fn project(manifest: &str, overrides: &str) -> Project {
    let project = Project::empty(|_| {});
    project.write("shotlist.yaml", manifest);
    project.write("products.csv", PRODUCTS);
    project.write("overrides.csv", overrides);
    project
}

/// Plans a project, with its requests.
#[track_caller]
fn planned(project: &Project, code: i32) -> Ended {
    project.run(&["plan", "--show-requests"]).expect(code)
}

#[test]
fn filled_cells_win_and_further_columns_are_added_to_all_items() {
    let project = project(MANIFEST, "id,title,mood\n1,,evening\n2,Fruit bowl,\n");
    assert_whole!(planned(&project, 0));
    // A column that a field is read from changes the field, too.
    project.write("products.csv", "id,product name,Bezeichnung\n1,Mug,Becher\n2,Bowl,Schale\n3,Jug,Krug\n");
    assert_whole!(planned(&project, 0));
    project.write("overrides.csv", "id,product name,mood,Bezeichnung\n3,Tall jug,,Kanne\n");
    assert_whole!(planned(&project, 0));
}

#[test]
fn rows_that_match_no_item_are_told_with_three_of_them() {
    let overrides = "id,title,mood\n1,Cup,\n7,A,\n8,B,\n9,C,\n10,D,\n";
    assert_whole!(planned(&project(MANIFEST, overrides), 0));
    assert_whole!(planned(&project(MANIFEST, "id,title,mood\n1,Cup,\n7,A,\n"), 0));
}

#[test]
fn an_id_that_stands_twice_in_the_overrides_is_an_error() {
    for skip in ["", "on_bad_item: skip\n"] {
        let manifest = format!("{MANIFEST}{skip}");
        assert_whole!(planned(&project(&manifest, "id,title,mood\n1,Cup,\n1,Goblet,\n"), 4));
    }
}

#[test]
fn a_file_or_column_that_is_not_there_is_told_with_what_to_write() {
    let wrong = MANIFEST.replace("from: overrides.csv", "from: overides.csv");
    assert_whole!(planned(&project(&wrong, "id,title,mood\n1,Cup,\n"), 4));
    let right = wrong.replace("overides.csv", "overrides.csv");
    assert_whole!(planned(&project(&right, "id,title,mood\n1,Cup,\n"), 0));
    let wrong = MANIFEST.replace("on: id", "on: Bezeichnugn");
    assert_whole!(planned(&project(&wrong, "id,Bezeichnung,mood\n1,Becher,dusk\n"), 4));
    let right = wrong.replace("Bezeichnugn", "Bezeichnung");
    assert_whole!(planned(&project(&right, "id,Bezeichnung,mood\n1,Becher,dusk\n"), 0));
    let wrong = MANIFEST.replace("on: id", "on: ean");
    assert_whole!(planned(&project(&wrong, "id,ean,mood\n1,123,dusk\n"), 4));
}
