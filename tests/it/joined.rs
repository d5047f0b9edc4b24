//! A sheet of the user's own beside the product file.

use crate::support::Project;

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

/// What a plan with its requests prints on both channels.
#[track_caller]
fn planned(project: &Project, code: i32) -> String {
    let ended = project.run(&["plan", "--show-requests"]).expect(code);
    ended.out + &ended.err
}

#[track_caller]
fn has(told: &str, words: &[&str]) {
    for word in words {
        assert!(told.contains(word), "{word:?} is not in {told}");
    }
}

#[test]
fn filled_cells_win_and_further_columns_are_added_to_all_items() {
    let project = project(MANIFEST, "id,title,mood\n1,,evening\n2,Fruit bowl,\n");
    let told = planned(&project, 0);
    has(&told, &["Mug in evening, Becher", "Fruit bowl in daylight, Schale", "Jug in daylight, Krug"]);
    assert!(!told.contains("warning"), "{told}");
    // A column that a field is read from changes the field, too.
    project.write("products.csv", "id,product name,Bezeichnung\n1,Mug,Becher\n2,Bowl,Schale\n3,Jug,Krug\n");
    has(&planned(&project, 0), &["Mug in evening, Becher", "Fruit bowl in daylight, Schale"]);
    project.write("overrides.csv", "id,product name,mood,Bezeichnung\n3,Tall jug,,Kanne\n");
    has(&planned(&project, 0), &["Mug in daylight, Becher", "Tall jug in daylight, Kanne"]);
}

#[test]
fn rows_that_match_no_item_are_told_with_three_of_them() {
    let overrides = "id,title,mood\n1,Cup,\n7,A,\n8,B,\n9,C,\n10,D,\n";
    let told = planned(&project(MANIFEST, overrides), 0);
    let message = "warning: 4 rows of overrides.csv match no item of products.csv";
    has(&told, &[message, "sheet row 3 (7)", "sheet row 5 (9)", "Cup in daylight, Becher"]);
    assert!(!told.contains("(10)"), "{told}");
    let told = planned(&project(MANIFEST, "id,title,mood\n1,Cup,\n7,A,\n"), 0);
    has(&told, &["warning: 1 row of overrides.csv matches no item of products.csv"]);
}

#[test]
fn an_id_that_stands_twice_in_the_overrides_is_an_error() {
    for skip in ["", "on_bad_item: skip\n"] {
        let manifest = format!("{MANIFEST}{skip}");
        let told = planned(&project(&manifest, "id,title,mood\n1,Cup,\n1,Goblet,\n"), 4);
        has(&told, &["error: two rows have the same id", "overrides.csv row 3"]);
    }
}

#[test]
fn a_file_or_column_that_is_not_there_is_told_with_what_to_write() {
    let wrong = MANIFEST.replace("from: overrides.csv", "from: overides.csv");
    let told = planned(&project(&wrong, "id,title,mood\n1,Cup,\n"), 4);
    has(&told, &["the joined sheet `overides.csv` cannot be read", "did you mean `overrides.csv`?"]);
    let right = wrong.replace("overides.csv", "overrides.csv");
    has(&planned(&project(&right, "id,title,mood\n1,Cup,\n"), 0), &["Cup in daylight"]);
    let wrong = MANIFEST.replace("on: id", "on: Bezeichnugn");
    let told = planned(&project(&wrong, "id,Bezeichnung,mood\n1,Becher,dusk\n"), 4);
    has(&told, &["overrides.csv has no column `Bezeichnugn` to join on", "did you mean `Bezeichnung`?"]);
    let right = wrong.replace("Bezeichnugn", "Bezeichnung");
    let told = planned(&project(&right, "id,Bezeichnung,mood\n1,Becher,dusk\n"), 0);
    has(&told, &["Mug in dusk, Becher", "Bowl in daylight, Schale"]);
    let wrong = MANIFEST.replace("on: id", "on: ean");
    let told = planned(&project(&wrong, "id,ean,mood\n1,123,dusk\n"), 4);
    has(&told, &["products.csv has no column `ean` to join on", "its columns are: id, title, Bezeichnung"]);
}
