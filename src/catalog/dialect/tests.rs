use super::*;

#[test]
fn every_document_is_read_and_the_plain_one_is_last() {
    let names = names();
    assert_eq!(names, ["shopify", "shopify-legacy", "woocommerce", "google", "akeneo", "generic"]);
    assert!(ALL.iter().all(|dialect| dialect.is_plain() == (dialect.name == "generic")));
    assert!(ALL.iter().all(|dialect| dialect.least <= dialect.strong.len()));
}

#[test]
fn the_headers_that_a_dialect_looks_for_are_its_own() {
    for dialect in ALL.iter().filter(|dialect| !dialect.is_plain()) {
        let headers = dialect.required.iter().chain(&dialect.strong);
        let headers: Vec<String> = headers.map(|header| header.written.replace('*', "x")).collect();
        match detect(&headers) {
            Detected::One(found, confidence) => {
                assert_eq!(found.name, dialect.name);
                assert_eq!(confidence.known, confidence.of);
            }
            Detected::Either(..) => panic!("{} is ambiguous", dialect.name),
        }
    }
}

#[test]
fn a_file_between_two_programs_is_not_guessed() {
    let headers = "id,title,link,image_link,availability,brand,Handle,Variant SKU,Image Src,Variant Price";
    let headers: Vec<String> = headers.split(',').map(str::to_owned).collect();
    assert!(matches!(detect(&headers), Detected::Either(..)));
}

#[test]
fn a_plain_sheet_is_plain() {
    for headers in [
        "id,title,image",
        "sku,name,price,brand,link",
        "Handle,Title,Image Src",
        "id,title,image,Body (HTML)",
    ] {
        let headers: Vec<String> = headers.split(',').map(str::to_owned).collect();
        assert!(matches!(detect(&headers), Detected::One(dialect, _) if dialect.is_plain()), "{headers:?}");
    }
}
