use super::*;

/// Returns the rows of a sheet with commas between its cells.
fn rows(text: &str) -> Vec<Row> {
    let lines = text.lines().enumerate();
    lines
        .map(|(at, line)| Row { number: at as u64 + 1, cells: line.split(',').map(str::to_owned).collect() })
        .collect()
}

#[track_caller]
fn header_is(text: &str, expected: usize) {
    let mut all = rows(text);
    assert_eq!(position(&all, &BTreeMap::new()), Some(expected), "{text}");
    let names_items = names_items(&all[expected], &BTreeMap::new());
    if names_items && !text.starts_with("TemplateType") {
        assert!(is_found(&all[..=expected], &BTreeMap::new()), "{text}");
        all.extend(rows("id,sku,title,image,handle,x,y"));
    }
    // Rows that are added below never change the choice.
    for further in ["9,9,9,9", "Total", "sku,Mug,blue", "id,sku,title"] {
        all.extend(rows(further));
        assert_eq!(position(&all, &BTreeMap::new()), Some(expected), "{text} and {further}");
    }
}

#[test]
fn a_first_row_that_names_items_is_the_header_whatever_follows() {
    header_is("id,title\na,b\nsku,handle", 0);
    header_is("sku\n1\nid,title,image", 0);
    header_is("Titel,SKU,Bild\nid,sku,handle\n", 0);
}

#[test]
fn titles_blank_rows_and_comments_stand_above_a_header() {
    header_is("Products export 2026,,\n,,\nid,title,image\na,b,c", 2);
    header_is("Shop,Mustermann,\nDate,2026-11-28,\nid,title,image\na,b,c", 2);
    header_is("\n\u{feff}ID,Title\n1,x", 1);
    header_is("sep=;\nid,title\n1,x", 1);
    header_is("# Required | An id,# Required | A title\nid,title\n1,x", 1);
    header_is("#INFO,Version=1,,\n#INFO,,,\nSKU,Title,Photo,x\n1,x,y,z", 2);
}

#[test]
fn a_header_in_unknown_words_is_found_by_the_rows_around_it() {
    header_is("Export der Artikel,,\nNummer,Bezeichnung,Bild\n17,Becher,b.png", 1);
    header_is("Nummer,Bezeichnung,Bild\n17,sku,b.png", 0);
    header_is("Nummer,Bezeichnung,Bild\nL17,Handle,b.png", 0);
    // The columns that the user names decide.
    let all = rows("Export,vom,Montag\nNummer,Bezeichnung,Bild,Preis\n17,Becher,b.png,3");
    let columns = BTreeMap::from([("id".to_owned(), vec!["Nummer".to_owned()])]);
    assert_eq!((position(&all, &BTreeMap::new()), position(&all, &columns)), (Some(0), Some(1)));
}

#[test]
fn a_row_that_names_fields_wins_over_a_note_above_it() {
    let above = "Price list 2026,,\nAll prices net,,valid until 31.12.\n";
    header_is(&format!("{above},,\nsku,name,image\nA1,Mug,a.png"), 3);
    header_is(&format!("{above}Artikelnummer,Bezeichnung,Bild\nA1,Becher,a.png"), 2);
    // A row that names a field remains the header.
    header_is("Liste,,,\nNummer,Bild,,\n1,a.png,b,\nsku,name,image,x", 1);
}

#[test]
fn a_header_behind_a_hash_is_one_unless_the_row_below_names_something() {
    header_is("# id,title,image\nA1,Mug,a.png", 0);
    header_is("# id,title,image\nid,title,image\nA1,Mug,a.png", 1);
    header_is("# id of the title,image\nNummer,Bild\n1,a.png", 1);
    let mut names = ["# id".to_owned(), "# title".to_owned()];
    unmark(&mut names);
    assert_eq!(names, ["id", "# title"]);
}

#[test]
fn a_column_of_numbers_under_a_hash_is_no_comment() {
    header_is("#,SKU,Title\n1,a,b", 0);
    header_is("#ID,Title\n1,b", 0);
}

#[test]
fn attributes_below_their_labels_are_the_header_of_a_template() {
    let labels = "Seller SKU,Product Name,Main Image";
    header_is(
        &format!(
            "TemplateType=fptcustom,Version=2026.1,x\n{labels}\nitem_sku,item_name,main_image_url\na,b,c"
        ),
        2,
    );
    header_is("TemplateType=fptcustom,Version=2026.1,x\nitem_sku,item_name,main_image_url\nA1,B,c", 1);
    header_is("item_sku,sku\na,b", 0);
}

#[test]
fn rows_that_are_all_blank_or_comments_hold_no_header() {
    for text in ["", "\n,,\n", "# a,# b\n"] {
        assert_eq!(position(&rows(text), &BTreeMap::new()), None, "{text:?}");
    }
}
