use super::*;

#[test]
fn names_are_compared_without_case_accents_and_marks() {
    for (name, folded) in [
        ("picture_url", "picture url"),
        ("pictureUrl", "picture url"),
        ("Bild-URL", "bild url"),
        ("ZDJĘCIE  główne", "zdjecie glowne"),
        ("images.src", "images src"),
        ("Artikelnr.", "artikelnr"),
        ("Référence", "reference"),
        ("Image2", "image 2"),
        ("Größe", "grosse"),
        ("Название", "название"),
        ("url de l'image", "url de limage"),
    ] {
        assert_eq!(fold(name), folded, "{name}");
    }
}

#[test]
fn the_document_holds_words_for_every_field_and_no_name_in_two_ranks_of_one_field() {
    for field in crate::domain::item::FIELDS {
        assert!(WORDS.contains_key(field), "{field}");
    }
    for (field, words) in &*WORDS {
        assert!(words.names.keys().all(|name| !name.is_empty()), "{field}");
    }
}

#[test]
fn whole_names_go_before_parts_and_those_before_logos() {
    let mut names = ["brand_logo", "logo image", "image", "Produktfoto 2", "main image", "foto extra gross"];
    names.sort_by_key(|name| fit("image", name).map_or((1, None), |fit| (0, Some(fit))));
    assert_eq!(
        names,
        ["image", "main image", "Produktfoto 2", "foto extra gross", "logo image", "brand_logo"]
    );
    assert_eq!(fit("image", "image alt text"), None);
    assert_eq!(fit("title", "Brand name"), None);
    assert_eq!(fit("title", "Meta title"), None);
}
