use super::*;
use crate::catalog::{self, Catalog};
use crate::domain::problem::Problem;
use crate::manifest;

fn read(csv: &str) -> Catalog {
    let catalog = catalog::read("products.csv", csv.as_bytes(), &Reading::default());
    assert!(!catalog.problems.iter().any(Problem::is_error), "{:?}", catalog.problems);
    catalog
}

/// Returns the manifest for a CSV file, after checking that it is valid; `there` lists the existing images.
fn manifest_for(csv: &str, reading: &Reading, there: &[&str]) -> String {
    let Catalog { items, about, .. } = read(csv);
    let about = about.unwrap();
    let pictures = Pictures::of(&items, "", |path| there.contains(&path));
    let draft = Draft { from: "products.csv", reading, about: &about, items: &items, pictures };
    let text = draft.text();
    let (read, problems) = manifest::read("shotlist.yaml", text.as_bytes());
    assert!(read.is_some() && problems.is_empty(), "{problems:?}\n{text}");
    text
}

#[test]
fn of_a_plain_sheet_only_what_is_needed_is_written() {
    let csv = "id,title,image,color,Price (EUR),\"l'été\"\n0123,\"Mug, {{ vars.x }} \"\"XL\"\"\",mug.png,red,4,a\nno,Cup,,blue,5,b\n";
    insta::assert_snapshot!(manifest_for(csv, &Reading::default(), &["mug.png"]));
}

#[test]
fn what_was_said_to_read_the_file_stands_in_the_manifest() {
    let reading = Reading {
        one_per: OnePer::Variant,
        dialect: Some("generic".to_owned()),
        sheet: Some("Spring: \"new\"".to_owned()),
        all: true,
        ..Reading::default()
    };
    let text = manifest_for("id,name\n1,Mug\n", &reading, &[]);
    for line in ["one_per: variant ", "dialect: generic\n", "sheet: \"Spring: \\\"new\\\"\"\n", "all: true "]
    {
        assert!(text.contains(&format!("\n  {line}")), "{line}\n{text}");
    }
}

#[test]
fn without_pictures_the_model_takes_words_and_without_titles_the_prompt_has_none() {
    let text = manifest_for("id,title,image\n1,Mug,\n2,Cup,\n", &Reading::default(), &[]);
    assert!(text.contains("model: zai/viduq1-text ") && !text.contains("image:"), "{text}");
    assert!(text.contains("on {{ item.title }}"), "{text}");
    let text = manifest_for("id,image\n1,https://pictures.example/1.jpg\n", &Reading::default(), &[]);
    assert!(text.contains("on the product,"), "{text}");
    let text = manifest_for("sku\n1\n", &Reading::default(), &[]);
    assert!(!text.contains("item.id }},"), "{text}");
}

#[test]
fn what_cannot_be_rendered_is_counted() {
    let csv = "id,image\n1,\n2,here.png\n3,gone.png\n4,https://pictures.example/4.png\n5,\n";
    let text = manifest_for(csv, &Reading::default(), &["here.png"]);
    let says = "leaves out 2 products without a picture and 1 product with a missing picture file";
    assert!(text.contains(says), "{text}");
    let text = manifest_for("id,image\n2,here.png\n", &Reading::default(), &["here.png"]);
    assert!(!text.contains("on_bad_item"), "{text}");
}

#[test]
fn pictures_beside_the_product_file_are_found_unless_a_link_is_among_them() {
    let there = |path: &str| path == "export/a.png";
    let local = read("id,image\n1,a.png\n2,b.png\n").items;
    let pictures = Pictures::of(&local, "export/", there).unwrap();
    assert_eq!((pictures.template.as_str(), pictures.missing), ("export/{{ item.image }}", 1));
    let mixed = read("id,image\n1,a.png\n2,https://pictures.example/b.png\n").items;
    for (items, parent) in [(&mixed, "export/"), (&local, "../export/"), (&local, "{{ export }}/")] {
        let pictures = Pictures::of(items, parent, |_| parent != "export/").unwrap();
        assert_eq!(pictures.template, "{{ item.image }}", "{parent}");
    }
}

#[test]
fn a_column_of_pictures_is_found_whatever_it_is_called() {
    let template = |csv: &str| Pictures::of(&read(csv).items, "", |_| true).map(|pictures| pictures.template);
    let found = template("id,Bild\n1,a.JPG\n2,\n3,https://pictures.example/c.webp?v=1\n");
    assert_eq!(found.as_deref(), Some("{{ item.image }}"));
    let found = template("id,main picture\n1,a.png\n");
    assert_eq!(found.as_deref(), Some("{{ item.image }}"));
    let found = template("id,files\n1,\"a.png, b.png\"\n");
    assert_eq!(found.as_deref(), Some("{{ item.image }}"));
    for csv in ["id,files\n1,a.png\n2,manual.pdf\n", "id,image,title\n1,,x.y\n"] {
        assert_eq!(template(csv), None, "{csv}");
    }
}

#[test]
fn every_item_gets_a_path_of_its_own_that_any_system_can_store() {
    let path = |ids: &[&str]| {
        let sheet = format!("id,title\n{},x\n", ids.join(",x\n"));
        output(&read(&sheet).items)
    };
    assert_eq!(path(&["0123", "Kråka"]), "renders/{{ item.id }}/{{ item.id }}_{{ shot }}.mp4");
    for ids in [["a:b", "a?c"], ["1/2", "mug"]] {
        assert!(path(&ids).starts_with("renders/{{ item.id | slug }}/"), "{ids:?}");
    }
    assert!(path(&["Mug", "mug"]).starts_with("renders/{{ item.row }}-{{ item.id | slug }}/"));
}

#[test]
fn a_text_in_quotes_is_read_back_by_yaml() {
    for text in [
        "products.csv",
        "../a b.csv",
        "null",
        "12.5",
        "a: b.csv",
        "it's \"x\".csv",
        "-",
        "日本.csv",
        "a\\b.csv",
    ] {
        let read: String = serde_yaml::from_str(&yaml(text)).unwrap();
        assert_eq!(read, text);
    }
    assert_eq!(yaml("exports/products_export-1.csv"), "exports/products_export-1.csv");
}

#[test]
fn a_budget_is_in_whole_dollars_and_never_below_the_price() {
    for (cents, dollars) in [(0, 0), (20, 1), (100, 1), (101, 2), (560, 6)] {
        assert_eq!(whole_dollars(Usd::from_micros(cents * 10_000)), dollars);
    }
}
