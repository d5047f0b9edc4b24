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
    let mut names = ["logo image", "brand_logo", "image", "Produktfoto 2", "main image", "foto extra gross"];
    names.sort_by_key(|name| fit("image", name).map_or((1, None), |fit| (0, Some(fit))));
    assert_eq!(
        names,
        ["image", "main image", "foto extra gross", "Produktfoto 2", "logo image", "brand_logo"]
    );
    assert_eq!(fit("image", "image alt text"), None);
    assert_eq!(fit("title", "Brand name"), None);
    assert_eq!(fit("title", "Meta title"), None);
}

/// Returns the name that fits a field best.
fn best<'a>(field: &str, names: &[&'a str]) -> &'a str {
    names.iter().copied().min_by_key(|name| fit(field, name).map_or((1, None), |fit| (0, Some(fit)))).unwrap()
}

#[test]
fn a_title_is_sure_only_without_words_that_may_change_its_meaning() {
    let is_sure = |name: &str| match fit("title", name) {
        Some(Fit::Whole(_)) => true,
        Some(Fit::Part(part)) => part.others == 0,
        _ => false,
    };
    for name in [
        "title_en",
        "Langbezeichnung",
        "Titel (DE)",
        "product.name",
        "fields.Name",
        "nome curto",
        "полное наименование",
        "nazwa handlowa",
        "název položky",
        "Artikelbez.",
        "Web title",
        "libellé court",
        "g:title",
    ] {
        assert!(is_sure(name), "{name}");
    }
    for name in [
        "style_name",
        "outlets.outlet.warehouse_name",
        "nom fournisseur",
        "nazwa producenta",
        "название бренда",
        "Warengruppenbezeichnung",
        "Lieferantenname",
        "model name",
    ] {
        assert!(!is_sure(name), "{name}");
    }
    assert_eq!(best("title", &["short name", "long name"]), "long name");
    assert_eq!(best("title", &["Kurzbezeichnung", "Titel lang"]), "Titel lang");
}

#[test]
fn the_picture_of_the_product_goes_before_others_by_the_words_of_its_name() {
    for names in [
        ["photo_file", "og:image", "zoom_image"],
        ["Bild groß", "Kategoriebild", "Herstellerbild"],
        ["zdjęcie towaru", "zdjęcie producenta", "zdjęcie opakowania"],
        ["фото товара крупно", "фото бренда", "фото категории"],
        ["photo article", "photo marque", "photo ambiance"],
        ["imagen grande", "imagen proveedor", "imagen categoría"],
        ["immagine articolo", "immagine fornitore", "immagine categoria"],
        ["produktfoto", "varumärkesbild", "kategoribild"],
        ["image_front", "image_back", "image_side"],
        ["photoUrl1", "photoUrl2", "brandImage"],
        ["Photo of product", "Packaging photo", "Sketch image"],
        ["images.large", "images.medium", "images.small"],
        ["images.full", "images.thumbnail", "images.thumb"],
        ["Full size image", "Size chart image", "Swatch image"],
    ] {
        let turned: Vec<&str> = names.iter().rev().copied().collect();
        assert_eq!((best("image", &names), best("image", &turned)), (names[0], names[0]));
    }
}
