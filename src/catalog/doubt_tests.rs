//! Tests product files that can be understood in two ways: which way is chosen, and what the messages say about it.

use super::*;
use crate::domain::problem::Severity;

fn from(file: &str, text: &str) -> Catalog {
    read(file, text.as_bytes(), &Reading::default())
}

fn ids(catalog: &Catalog) -> Vec<&str> {
    catalog.items.iter().map(|item| item.id.as_str()).collect()
}

fn notes(catalog: &Catalog) -> Vec<&str> {
    let notes = catalog.problems.iter().filter(|problem| problem.severity == Severity::Note);
    notes.map(|problem| problem.message.as_str()).collect()
}

const WOO: &str = "ID,Type,SKU,Name,Published,Visibility in catalog,Tax status,In stock?,Images,Parent\n";

#[test]
fn a_product_without_a_picture_shows_a_variant_that_is_sold() {
    let rows = "1,variable,W,Apron,1,visible,taxable,1,,\n\
                2,variation,W-R,Apron - Red,1,visible,taxable,0,https://p.example/red.jpg,W\n\
                3,variation,W-B,Apron - Blue,1,visible,taxable,1,https://p.example/blue.jpg,W\n";
    let catalog = from("p.csv", &format!("{WOO}{rows}"));
    assert_eq!(catalog.items[0].get("image"), Some("https://p.example/blue.jpg"));
    let own = rows.replacen("taxable,1,,", "taxable,1,https://p.example/own.jpg,", 1);
    let catalog = from("p.csv", &format!("{WOO}{own}"));
    assert_eq!(catalog.items[0].get("image"), Some("https://p.example/own.jpg"));
    let all = Reading { all: true, ..Reading::default() };
    let catalog = read("p.csv", format!("{WOO}{rows}").as_bytes(), &all);
    assert_eq!(catalog.items[0].get("image"), Some("https://p.example/red.jpg"));
}

#[test]
fn products_that_wait_for_a_review_are_left_out_and_those_that_only_no_list_shows_are_not() {
    let rows = "1,simple,A,Lamp,1,visible,taxable,1,,\n2,simple,B,Cup,1,hidden,taxable,1,,\n\
                3,simple,C,Rug,pending,visible,taxable,1,,\n";
    let catalog = from("p.csv", &format!("{WOO}{rows}"));
    assert_eq!(ids(&catalog), ["A", "B"]);
    assert_eq!(notes(&catalog), ["1 product is left out: 1 pending review"]);
}

#[test]
fn an_export_of_a_translated_shop_is_known() {
    for header in [
        "ID,Typ,Artikelnummer,Namn,Publicerad,Synlighet i katalog,Momsstatus,I lager?,Bilder,Överordnad",
        "ID,Typ,Katalogové číslo,Název,Publikováno,Viditelnost v katalogu,Stav daně,Skladem?,Obrázky,Nadřazený",
        "ID,Type,Varenummer (SKU),Navn,Udgivet,Synlighed i katalog,Momsstatus,På lager?,Billeder,Overordnet",
    ] {
        let rows = "1,variable,W,Apron,1,visible,taxable,1,a.jpg,\n2,variation,W-R,Red,1,visible,taxable,1,b.jpg,W\n";
        let catalog = from("p.csv", &format!("{header}\n{rows}"));
        assert_eq!(catalog.about.as_ref().unwrap().dialect, "woocommerce", "{header}");
        assert_eq!(ids(&catalog), ["W"], "{header}");
    }
}

#[test]
fn a_short_number_beside_a_sku_is_that_of_a_row_with_or_without_gaps() {
    for rows in ["1,A1,Lamp\n2,A2,Chair\n3,A3,Rug\n", "1,A1,Lamp\n3,A2,Chair\n7,A3,Rug\n"] {
        let catalog = from("p.csv", &format!("id,sku,title\n{rows}"));
        assert_eq!(ids(&catalog), ["A1", "A2", "A3"]);
        assert_eq!(
            notes(&catalog),
            ["the id of a product is read from `sku`, and not from the numbers in `id`"]
        );
        assert!(
            catalog.problems[0]
                .hint
                .as_deref()
                .unwrap()
                .starts_with("to use the numbers, write `columns: { id: id }`")
        );
    }
    for (text, expected) in [
        ("id,sku,title\n7827163441,A1,Lamp\n7827163442,A2,Chair\n", ["7827163441", "7827163442"]),
        ("id,sku,title\n1,77,Lamp\n2,78,Chair\n", ["1", "2"]),
        ("id,sku,title\n1,4006381333931,Lamp\n2,4006381333948,Chair\n", ["4006381333931", "4006381333948"]),
        ("id,sku,title\nA,77,Lamp\nB,78,Chair\n", ["A", "B"]),
    ] {
        assert_eq!(ids(&from("p.csv", text)), expected, "{text}");
    }
    let nested = r#"[{"id":1,"attributes":{"sku":"A1","title":"Lamp"}},{"id":2,"attributes":{"sku":"A2","title":"Rug"}}]"#;
    assert_eq!(ids(&from("p.json", nested)), ["A1", "A2"]);
}

#[test]
fn an_id_that_is_a_list_of_codes_is_shortened_in_a_plain_file_too() {
    let catalog = from("p.csv", "id,title\n\"SKU1, SKU2, SKU3\",Lamp\n\"Lamp, red\",Rug\n\"10,5\",Mug\n");
    assert!(catalog.items[0].id.starts_with("SKU1-"), "{:?}", ids(&catalog));
    assert_eq!(ids(&catalog)[1..], ["Lamp, red", "10,5"]);
    assert_eq!(notes(&catalog).len(), 1);
}

#[test]
fn what_only_a_spreadsheet_needs_is_no_part_of_a_cell() {
    let catalog = from("p.csv", "id,title\n=\"00123\",Lamp\n=\"00124\",\"=\"\"Rug\"\"\"\n");
    assert_eq!(ids(&catalog), ["00123", "00124"]);
    assert_eq!(catalog.items[1].get("title"), Some("Rug"));
    assert_eq!(notes(&catalog), ["some cells are formulas that contain only a text, the first in row 2"]);
    let catalog = from("p.csv", "id,title\n'001,Lamp\n'002,'t Licht\n");
    assert_eq!(ids(&catalog), ["001", "002"]);
    assert_eq!(catalog.items[1].get("title"), Some("'t Licht"));
    assert_eq!(notes(&catalog).len(), 1);
    let catalog = from("p.csv", "id,title\n'001,Lamp\n002,Rug\n");
    assert_eq!(ids(&catalog), ["'001", "002"]);
    let warning = catalog.problems.iter().find(|problem| problem.severity == Severity::Warning).unwrap();
    assert_eq!(warning.message, "1 id of column `id` begins with an apostrophe");
}

#[test]
fn a_title_in_parts_is_put_together() {
    let offer = |id: &str, rest: &str| {
        format!(
            "<offer id=\"{id}\"><url>u</url><price>1</price><currencyId>RUR</currencyId><categoryId>1</categoryId>{rest}</offer>"
        )
    };
    let parts = "<typePrefix>Lamp</typePrefix><vendor>Acme</vendor><model>X100</model>";
    let doubled = "<vendor>Acme</vendor><model>Acme X200</model>";
    let named = "<name>Rug</name><vendor>Acme</vendor><model>X300</model>";
    let offers = [offer("1", parts), offer("2", doubled), offer("3", named)].concat();
    let text = format!("<yml_catalog><shop><offers>{offers}</offers></shop></yml_catalog>");
    let catalog = from("p.xml", &text);
    let titles: Vec<_> = catalog.items.iter().map(|item| item.get("title").unwrap()).collect();
    assert_eq!(titles, ["Lamp Acme X100", "Acme X200", "Rug"]);
}

#[test]
fn a_hint_for_an_id_that_comes_twice_tells_rows_apart() {
    let header = "TITLE,DESCRIPTION,PRICE,CURRENCY_CODE,QUANTITY,TAGS,MATERIALS,IMAGE1,IMAGE2,SKU";
    let text = format!("{header}\nChair,,1,EUR,2,,,a.jpg,,\nChair,,1,EUR,2,,,b.jpg,,\n");
    let catalog = from("p.csv", &text);
    let hint = catalog.problems.iter().find(|problem| problem.is_error()).unwrap().hint.clone().unwrap();
    assert!(hint.contains("column `SKU`"), "{hint}");
    let mended = text.replace("a.jpg,,", "a.jpg,,S1").replace("b.jpg,,", "b.jpg,,S2");
    assert_eq!(ids(&from("p.csv", &mended)), ["S1", "S2"]);
}

#[test]
fn a_picture_that_is_none_or_lacks_its_scheme_is_read_so() {
    let header = "sku,store_view_code,attribute_set_code,product_type,name,product_online,visibility,url_key,base_image,small_image";
    let row = "A,,Default,simple,Lamp,1,\"Catalog, Search\",lamp,no_selection,/l/a/lamp.jpg";
    let catalog = from("p.csv", &format!("{header}\n{row}\n"));
    assert_eq!(catalog.items[0].get("image"), Some("/l/a/lamp.jpg"));
    let plain = from("p.csv", "id,image\n1,//cdn.example/a.jpg\n");
    assert_eq!(plain.items[0].get("image"), Some("https://cdn.example/a.jpg"));
}

#[test]
fn a_hidden_column_is_no_title_or_picture_where_another_fits() {
    let options = Reading::default();
    let image = |hidden: &[usize]| {
        let mut table = Table::new("p.xlsx", &options, None);
        table.hide(&hidden.iter().copied().collect());
        table.header(1, &["sku", "image", "photo"].map(str::to_owned)).unwrap();
        for number in 2..5 {
            let cells = vec![format!("a{number}"), format!("old{number}.jpg"), format!("new{number}.jpg")];
            assert!(table.row(cells::Row { number, cells }).is_ok());
        }
        let catalog = table.finish();
        (catalog.items[0].get("image").map(str::to_owned), notes(&catalog).len())
    };
    assert_eq!(image(&[]), (Some("old2.jpg".to_owned()), 0));
    assert_eq!(image(&[1]), (Some("new2.jpg".to_owned()), 1));
    assert_eq!(image(&[1, 2]), (Some("old2.jpg".to_owned()), 1));
}

#[test]
fn letters_that_a_spreadsheet_lost_are_one_warning_for_the_file() {
    let catalog = from("p.csv", "id,title\n1,Sch?ne Lampe gr?n\n2,Becher\n3,T?r\n");
    let [problem] = &catalog.problems[..] else { panic!("{:?}", catalog.problems) };
    assert_eq!(problem.severity, Severity::Warning);
    assert_eq!(
        problem.message,
        "2 items have a question mark within a word: the letter there was lost when the file was saved"
    );
    assert_eq!(problem.label.as_deref(), Some("such as `Sch?ne` (item 1)"));
    assert!(problem.hint.as_deref().unwrap().contains("CSV UTF-8"));
    for title in ["Really?", "a?b=c", "Really?Yes", "Schöne Lampe"] {
        let catalog = from("p.csv", &format!("id,title\n1,{title}\n2,Becher\n"));
        assert_eq!(catalog.problems, [], "{title}");
    }
}
