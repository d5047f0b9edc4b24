use super::*;
use crate::catalog::{Catalog, Pictures, Reading, read};
use crate::domain::item::Item;
use crate::domain::problem::{Problem, Severity};
use serde::Deserialize;
use std::fmt::Write as _;

#[derive(Debug, Deserialize)]
struct Sheet {
    header: String,
    id: String,
    title: String,
    image: String,
}

fn sheets() -> Vec<Sheet> {
    serde_yaml::from_str(include_str!("../../tests/fixtures/languages.yaml")).unwrap()
}

fn catalog(text: &str) -> Catalog {
    read("products.csv", text.as_bytes(), &Reading::default())
}

/// Reads a sheet. `columns` are pairs of a field and the column that the user names for the field.
fn with(text: &str, columns: &[(&str, &str)]) -> Catalog {
    let columns = columns.iter().map(|(field, column)| ((*field).to_owned(), vec![(*column).to_owned()]));
    read("products.csv", text.as_bytes(), &Reading { columns: columns.collect(), ..Reading::default() })
}

/// Returns the messages of the problems that have at least the severity `least`.
fn reported(problems: &[Problem], least: Severity) -> Vec<&str> {
    problems.iter().filter(|it| it.severity >= least).map(|it| it.message.as_str()).collect()
}

fn values<'a>(items: &'a [Item], name: &str) -> Vec<&'a str> {
    items.iter().map(|item| item.get(name).unwrap_or("(nothing)")).collect()
}

/// Builds a sheet of four rows with the columns id, title, logo and picture, in the order of `at`.
fn rows(names: &[&str], at: &[usize]) -> String {
    let mut text = at.iter().map(|at| names[*at]).collect::<Vec<_>>().join(",") + "\n";
    for row in 1..=4 {
        let cells = [
            format!("A-{row}"),
            format!("Mug number {row}"),
            "https://shop.example/brands/logo.png".to_owned(),
            format!("https://shop.example/pictures/{row}"),
        ];
        text += &(at.iter().map(|at| cells[*at].clone()).collect::<Vec<_>>().join(",") + "\n");
    }
    text
}

#[test]
fn columns_are_known_by_their_names_in_twelve_languages_in_any_order() {
    for Sheet { header, id, title, image } in sheets() {
        let names: Vec<&str> = header.split(',').collect();
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
            let Catalog { items, problems, pictures, about, .. } = catalog(&rows(&names, &order));
            assert_eq!(reported(&problems, Severity::Note), [""; 0], "{header}");
            assert_eq!(pictures.chosen.as_deref(), Some(image.as_str()), "{header}");
            let of =
                |field: &str| about.as_ref().unwrap().mapping.iter().find(|it| it.field == field).unwrap();
            assert_eq!((&of("id").columns[0], &of("title").columns[0]), (&id, &title), "{header}");
            assert_eq!(items[1].id, "A-2", "{header}");
            assert_eq!(items[1].title(), "Mug number 2", "{header}");
            assert_eq!(items[1].get("image"), Some("https://shop.example/pictures/2"), "{header}");
        }
    }
}

#[test]
fn a_renamed_column_of_pictures_is_found_by_content_or_told_with_its_name() {
    for Sheet { header, image, .. } in sheets() {
        let names: Vec<&str> =
            header.split(',').map(|name| if name == image { "qx7" } else { name }).collect();
        // Addresses without an ending do not show that they are pictures.
        let without = catalog(&rows(&names, &[0, 1, 2, 3]));
        assert_eq!(without.pictures.chosen, None, "{header}");
        let warning = without.pictures.passed_over("products.csv").unwrap();
        assert!(warning.message.contains("`qx7`"), "{header}: {}", warning.message);
        let ended = rows(&names, &[0, 1, 2, 3]).replace("/pictures/", "/pictures/a.jpg?v=");
        let with_ending = catalog(&ended);
        assert_eq!(with_ending.pictures.chosen.as_deref(), Some("qx7"), "{header}");
        assert_eq!(with_ending.items[2].get("image"), Some("https://shop.example/pictures/a.jpg?v=3"));
    }
}

#[test]
fn rows_that_are_added_change_no_choice() {
    let first = "id,title,foto,bild\n1,Mug,a.jpg,x.jpg\n2,Cup,b.jpg,y.jpg\n";
    let mut text = first.to_owned();
    let chosen = catalog(first).pictures.chosen;
    for row in 3..40 {
        let _ = writeln!(text, "{row},Mug {row},{},p{row}.jpg", if row % 7 == 0 { "n/a" } else { "z.jpg" });
        assert_eq!(catalog(&text).pictures.chosen, chosen, "row {row}");
    }
}

#[test]
fn one_picture_for_all_rows_is_that_of_no_product_unless_it_is_named() {
    let text = "id,title,motif\n1,a,x.png\n2,b,x.png\n3,c,x.png\n";
    let Catalog { pictures, problems, .. } = catalog(text);
    assert_eq!(pictures, Pictures { columns: vec!["motif".into()], ..Pictures::default() });
    let expected =
        "column `motif` has the same picture in all rows, and is not used as the picture of a product";
    assert_eq!(reported(&problems, Severity::Warning), [expected]);
    let named = with(text, &[("image", "motif")]);
    assert_eq!(values(&named.items, "image"), ["x.png"; 3]);
    assert_eq!(reported(&named.problems, Severity::Warning), [""; 0]);
    // The column with the usual name is used, with a warning.
    let usual = catalog("id,title,image\n1,a,x.png\n2,b,x.png\n3,c,x.png\n");
    assert_eq!(values(&usual.items, "image"), ["x.png"; 3]);
    assert_eq!(
        reported(&usual.problems, Severity::Warning),
        ["column `image` has the same picture in all rows"]
    );
    let logo = catalog("id,title,image,foto\n1,a,x.png,1.png\n2,b,x.png,2.png\n3,c,x.png,3.png\n");
    assert_eq!(values(&logo.items, "image"), ["1.png", "2.png", "3.png"]);
}

#[test]
fn a_picture_that_most_rows_share_is_told_with_the_column_that_has_others() {
    let mut text = "id,title,image,packshot\n".to_owned();
    for row in 0..8 {
        let image = if row < 3 { format!("{row}.png") } else { "none.png".to_owned() };
        let _ = writeln!(text, "{row},Mug,{image},p{row}.png");
    }
    let Catalog { problems, pictures, .. } = catalog(&text);
    assert_eq!(pictures.chosen.as_deref(), Some("image"));
    assert_eq!(
        reported(&problems, Severity::Warning),
        ["column `image` has the same picture in 5 of the first 8 rows"]
    );
    assert!(problems[0].hint.as_ref().unwrap().contains("use `packshot` instead"), "{problems:?}");
    let named = with(&text, &[("image", "image")]);
    assert_eq!(reported(&named.problems, Severity::Warning), [""; 0]);
    // Sizes of a product share a picture, which is not a reason for a warning.
    let sizes =
        "id,title,image\n1,S,a.png\n2,M,a.png\n3,L,a.png\n4,S,b.png\n5,M,b.png\n6,L,c.png\n7,M,c.png\n";
    assert_eq!(reported(&catalog(sizes).problems, Severity::Warning), [""; 0]);
}

#[test]
fn pictures_in_a_description_are_told_and_not_taken() {
    let text = "id,title,description\n1,a,\"<p>x <img src=\"\"https://a.example/1.jpg\"\"></p>\"\n";
    let shown = catalog(text);
    assert_eq!(shown.pictures.chosen, None);
    let warning = shown.pictures.passed_over("products.csv").unwrap();
    assert!(warning.message.contains("`description`"), "{}", warning.message);
    let named = with(text, &[("image", "description")]);
    assert_eq!(values(&named.items, "image"), ["https://a.example/1.jpg"]);
    let attached = catalog("id,title,Attachments\n1,a,p1.jpg (https://a.example/p1.jpg)\n");
    assert_eq!(values(&attached.items, "image"), ["https://a.example/p1.jpg"]);
}

#[test]
fn a_named_column_goes_before_all_others_in_every_kind_of_file() {
    let plain = with("id,title,image,alt\n1,a,x.png,y.png\n", &[("image", "alt"), ("title", "id")]);
    assert_eq!((plain.items[0].get("image"), plain.items[0].title()), (Some("y.png"), "1"));
    let shop = "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,\
                Variant Inventory Qty,Variant Price,Image Src,Variant Image,Status,Other\n\
                mug,Mug,x,V,T,t,TRUE,Title,Default Title,S1,1,2,https://a.example/1.jpg,https://a.example/2.jpg,\
                active,https://a.example/3.jpg\n";
    let named = with(shop, &[("image", "Other"), ("id", "Variant SKU"), ("vendor", "Type")]);
    assert_eq!(reported(&named.problems, Severity::Warning), [""; 0]);
    let item = &named.items[0];
    assert_eq!((item.id.as_str(), item.get("vendor")), ("S1", Some("T")));
    assert_eq!(item.get("image"), Some("https://a.example/3.jpg"));
    let json =
        r#"[{"id": 1, "title": "a", "images": [{"src": "x.png", "id": 7}, {"src": "y.png", "id": 8}]}]"#;
    let options = Reading {
        columns: [("image".to_owned(), vec!["images.src".to_owned()])].into(),
        ..Reading::default()
    };
    let nested = read("p.json", json.as_bytes(), &options);
    assert_eq!(nested.items[0].get("image"), Some("x.png"));
    assert_eq!(read("p.json", json.as_bytes(), &Reading::default()).items[0].get("image"), Some("x.png"));
}

#[test]
fn a_named_column_that_is_not_there_is_an_error_with_the_likely_one() {
    let Catalog { problems, .. } = with("id,Bezeichnung\n1,a\n", &[("title", "Bezeichnug")]);
    assert_eq!(
        reported(&problems, Severity::Error),
        ["`columns` names `Bezeichnug` for `title`, and the file has no such column"]
    );
    assert!(problems[0].hint.as_ref().unwrap().contains("`Bezeichnung`"), "{problems:?}");
    // The first named column that the file has is used.
    let names = vec!["Titel".to_owned(), "Name 2".to_owned()];
    let options = Reading { columns: [("title".to_owned(), names)].into(), ..Reading::default() };
    assert_eq!(read("p.csv", "id,name_2\n1,a\n".as_bytes(), &options).items[0].title(), "a");
}

#[test]
fn without_an_id_the_likely_columns_are_offered_and_work() {
    let text = "Text,EAN,Colour,Weight in g\nBlue mug,4006381333931,blue,300\nRed mug,4006381333948,red,310\nOld mug,4006381333955,red,320\n";
    let Catalog { problems, .. } = catalog(text);
    let hint = problems[0].hint.as_ref().unwrap();
    assert!(hint.contains("`columns: { id: EAN }`") && hint.contains("`--column id=EAN`"), "{hint}");
    let offered: Vec<&str> =
        problems[0].notes.iter().filter_map(|note| note.strip_prefix("or `")?.split('`').next()).collect();
    assert_eq!(offered, ["Text", "Weight in g"]);
    for column in ["EAN", "Text", "Weight in g"] {
        let Catalog { items, problems, .. } = with(text, &[("id", column)]);
        assert_eq!((items.len(), reported(&problems, Severity::Warning)), (3, vec![]), "{column}");
    }
    // Rows far below count too.
    let mut long = "a,b\n".to_owned();
    for row in 0..2000 {
        let _ = writeln!(long, "{},{row}", row.min(1500));
    }
    let hint = catalog(&long).problems[0].hint.clone().unwrap();
    assert!(hint.contains("{ id: b }"), "{hint}");
}

#[test]
fn a_stable_handle_goes_before_the_number_of_a_row() {
    let text = "id,handle,title\n1,blue-mug,Blue mug\n2,red-mug,Red mug\n";
    let Catalog { items, problems, .. } = catalog(text);
    assert_eq!(items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["blue-mug", "red-mug"]);
    assert_eq!(
        reported(&problems, Severity::Note),
        ["the id of a product is read from `handle`, and not from the numbers in `id`"]
    );
    assert_eq!(with(text, &[("id", "id")]).items[1].id, "2");
    // Variants share a handle; an id with letters is not a row number.
    for text in ["id,handle\n1,mug\n2,mug\n3,mug\n", "id,handle\nA1,mug\nA2,cup\n"] {
        assert_ne!(catalog(text).items[0].id, "mug", "{text}");
    }
}

#[test]
fn columns_of_one_name_and_without_a_name_are_told_and_read() {
    let Catalog { items, problems, .. } = catalog(",id,price,title,price,title\n0,a,1,Mug,2,Cup\n");
    let expected = [
        "column A has no name; use `A`",
        "columns C and E have the same name: `price` is the first, and the other is called `price (E)`",
        "columns D and F have the same name: `title` is the first, and the other is called `title (F)`",
    ];
    assert_eq!(reported(&problems, Severity::Note), expected);
    assert_eq!(reported(&problems, Severity::Warning), [""; 0]);
    assert_eq!(items[0].title(), "Mug");
    assert_eq!(
        ["A", "price", "price (E)"].map(|name| items[0].column(name)),
        [Some("0"), Some("1"), Some("2")]
    );
}

#[test]
fn a_list_in_a_cell_gives_its_first_picture_and_bad_cells_leave_the_column_as_it_is() {
    let mut text = "id,title,Bild\n".to_owned();
    (0..100).for_each(|row| {
        let cell = match row {
            7 => "n/a".to_owned(),
            9 => String::new(),
            _ => format!("\"{row}.jpg, {row}b.jpg\""),
        };
        let _ = writeln!(text, "{row},Mug,{cell}");
    });
    let Catalog { items, problems, pictures, .. } = catalog(&text);
    assert_eq!(reported(&problems, Severity::Note), [""; 0]);
    assert_eq!(pictures.samples, ["0.jpg", "1.jpg", "2.jpg"]);
    let images = values(&items, "image");
    assert_eq!((images[0], images[7], images[9], images[99]), ("0.jpg", "n/a", "", "99.jpg"));
    assert_eq!(items[0].column("Bild"), Some("0.jpg, 0b.jpg"));
    // The same holds for a column with the name of the field.
    let Catalog { items, .. } = catalog("id,image\n1,\"a.jpg;b.jpg\"\n2,c.jpg\n");
    assert_eq!(values(&items, "image"), ["a.jpg", "c.jpg"]);
    assert_eq!(items[0].column("image"), Some("a.jpg;b.jpg"));
}

#[test]
fn of_several_columns_of_pictures_without_a_telling_name_the_first_is_taken_with_a_warning() {
    let Catalog { pictures, problems, .. } = catalog("id,q,r\n1,a.jpg,b.jpg\n2,c.jpg,d.jpg\n");
    assert_eq!((pictures.chosen.as_deref(), pictures.by), (Some("q"), Some(By::Content)));
    assert!(
        reported(&problems, Severity::Warning)[0].starts_with("columns `q`, `r` hold pictures"),
        "{problems:?}"
    );
}

#[test]
fn links_to_pages_are_no_pictures() {
    let Catalog { pictures, .. } =
        catalog("id,title,link\n1,a,https://a.example/1\n2,b,https://a.example/2\n");
    assert_eq!(pictures, Pictures::default());
}

#[test]
fn a_name_is_typed_as_yaml_and_as_the_shell_read_it() {
    assert_eq!(
        named("id", "Price: \"net\""),
        "write `columns: { id: \"Price: \\\"net\\\"\" }` under `items:`; for `init` and `catalog`, `--column 'id=Price: \"net\"'`"
    );
    for name in ["no", "null", "12", "a, b", "{x}", "# x", "Bild-URL", "Référence", "ends ", "a: b"] {
        let read: BTreeMap<String, String> =
            serde_yaml::from_str(&format!("{{ id: {} }}", in_yaml(name))).unwrap();
        assert_eq!(read["id"], name);
    }
}
