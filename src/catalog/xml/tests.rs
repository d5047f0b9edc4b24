use crate::catalog::{Catalog, OnePer, Reading, read};

fn read_as(text: &str, options: &Reading) -> Catalog {
    read("p.xml", text.as_bytes(), options)
}

#[track_caller]
fn ids(text: &str, options: &Reading) -> Vec<String> {
    let catalog = read_as(text, options);
    match catalog.items.as_slice() {
        [] => catalog.problems.into_iter().map(|problem| problem.message).collect(),
        items => items.iter().map(|item| item.id.clone()).collect(),
    }
}

fn element(name: &str) -> Reading {
    Reading { element: Some(name.to_owned()), ..Reading::default() }
}

#[test]
fn any_repeated_element_with_an_id_is_a_product() {
    let article = |id: &str| format!("<article><id>{id}</id><title>T</title></article>");
    let two = format!("<shop><page>1</page><list>{}{}</list></shop>", article("a"), article("b"));
    assert_eq!(ids(&two, &Reading::default()), ["a", "b"]);
    // An element that occurs only once may be anything.
    let one = format!("<shop>{}</shop>", article("a"));
    let problem = read_as(&one, &Reading::default()).problems.remove(0);
    assert!(problem.message.starts_with("the file has no product"), "{}", problem.message);
    assert_eq!(ids(&one, &element("article")), ["a"]);
    assert_eq!(ids(&one, &element("articl")), ["the file has no element `articl`"]);
}

#[test]
fn several_elements_that_may_hold_a_product_are_told() {
    let list = |name: &str| format!("<{name}><id>1</id><a>x</a></{name}><{name}><id>2</id><a>x</a></{name}>");
    let text = format!("<shop>{}{}</shop>", list("maker"), list("article"));
    let problem = read_as(&text, &Reading::default()).problems.remove(0);
    assert_eq!(problem.message, "several elements may hold a product: `maker`, `article`");
    assert!(problem.hint.is_some_and(|hint| hint.contains("--element maker")));
    assert_eq!(ids(&text, &element("article")), ["1", "2"]);
    // A usual name for products wins, and an element within a product is not a product.
    let text = format!("<shop>{}<product><id>p</id><a>x</a>{}</product></shop>", list("maker"), list("part"));
    assert_eq!(ids(&text, &Reading::default()), ["p"]);
}

#[test]
fn attributes_and_names_in_attributes_are_columns() {
    let text = r#"<yml_catalog><shop><currencies><currency id="RUR" rate="1"/></currencies><offers>
        <offer id="1" available="true"><price>1</price><currencyId>R</currencyId><categoryId>1</categoryId>
        <picture>https://shop.example/1.jpg</picture><picture>https://shop.example/2.jpg</picture>
        <name>Pot</name><param name="Colour" unit="x">red</param></offer>
        <offer id="2" available="false"><price>1</price><name>Pan</name></offer></offers></shop></yml_catalog>"#;
    let catalog = read_as(text, &Reading::default());
    assert_eq!(catalog.about.as_ref().map(|about| about.dialect), Some("yandex"));
    let [item] = catalog.items.as_slice() else { panic!("{:?}", catalog.items) };
    assert_eq!((item.column("available"), item.column("param.Colour")), (Some("true"), Some("red")));
    assert_eq!(item.get("image"), Some("https://shop.example/1.jpg"));
    assert_eq!(catalog.about.unwrap().left_out, [("sold out".to_owned(), 1)]);
}

#[test]
fn shop_fields_have_any_prefix() {
    let item = |open: &str, close: &str| {
        format!("<{open}id>1</{close}id><{open}image_link>https://shop.example/1.jpg</{close}image_link>")
    };
    for (declared, prefix) in [
        ("xmlns:g=\"http://base.google.com/ns/1.0\"", "g:"),
        ("xmlns:gm=\"http://base.google.com/ns/1.0\"", "gm:"),
        ("xmlns:c=\"http://base.google.com/cns/1.0\"", "c:"),
        ("xmlns=\"http://base.google.com/ns/1.0\"", ""),
    ] {
        let text = format!(
            "<rss {declared}><channel><title>Shop</title><item><title>T</title>{}</item></channel></rss>",
            item(prefix, prefix)
        );
        let catalog = read_as(&text, &Reading::default());
        let image = catalog.items[0].column("image_link");
        assert_eq!(
            (catalog.items[0].id.as_str(), image),
            ("1", Some("https://shop.example/1.jpg")),
            "{declared}"
        );
    }
    let both =
        "<rss><item><title>Long title</title><g:title>T</g:title><g:id>1</g:id><title>x</title></item></rss>";
    assert_eq!(read_as(both, &Reading::default()).items[0].title(), "T");
}

#[test]
fn letters_are_those_that_the_document_declares() {
    let text =
        "<?xml version=\"1.0\" encoding=\"windows-1250\"?><r><item><id>1</id><title>Židle</title></item></r>";
    let (bytes, ..) = encoding_rs::WINDOWS_1250.encode(text);
    assert_eq!(read("p.xml", &bytes[..], &Reading::default()).items[0].title(), "Židle");
    let utf16: Vec<u8> = format!("\u{feff}{}", text.replace("windows-1250", "utf-16"))
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    assert_eq!(read("p.xml", &utf16[..], &Reading::default()).items[0].title(), "Židle");
    let unknown = text.replace("windows-1250", "klingon");
    assert_eq!(ids(&unknown, &Reading::default()), ["there is no encoding `klingon`"]);
    let wrong =
        b"<?xml version=\"1.0\" encoding=\"utf-8\"?><r><item><id>1</id><title>\xC3\x28</title></item></r>";
    let problem = read("p.xml", &wrong[..], &Reading::default()).problems.remove(0);
    assert!(problem.is_error(), "{problem:?}");
}

#[test]
fn what_is_encoded_twice_is_decoded_twice_in_the_whole_file() {
    let item = |id: &str, title: &str| {
        format!("<item><id>{id}</id><title>{title}</title><brand>A &amp;amp; B</brand></item>")
    };
    let once = format!("<r>{}{}</r>", item("1", "Salt &amp; pepper"), item("2", "x"));
    assert_eq!(read_as(&once, &Reading::default()).items[0].column("brand"), Some("A &amp; B"));
    let twice = format!("<r>{}{}</r>", item("1", "L&amp;aacute;mpara"), item("2", "x"));
    let items = read_as(&twice, &Reading::default()).items;
    assert_eq!((items[0].title(), items[1].column("brand")), ("Lámpara", Some("A & B")));
    let html = format!("<r>{}</r>", item("1", "L&aacute;mpara <![CDATA[&amp; more]]>"));
    assert!(read_as(&html, &Reading::default()).items[0].title().starts_with("Lámpara &"));
}

#[test]
fn variants_within_an_element_are_rows_of_it() {
    let variant = |code: &str, size: &str| {
        format!(
            "<VARIANT><CODE>{code}</CODE><PARAMETERS><PARAMETER><NAME>Size</NAME><VALUE>{size}</VALUE></PARAMETER></PARAMETERS></VARIANT>"
        )
    };
    let text = format!(
        "<SHOP><SHOPITEM id=\"1\"><NAME>Bed</NAME><GUID>g-1</GUID><ITEM_TYPE>product</ITEM_TYPE><VISIBILITY>visible</VISIBILITY>\
         <IMAGES><IMAGE>https://shop.example/1.jpg</IMAGE></IMAGES><VARIANTS>{}{}</VARIANTS></SHOPITEM></SHOP>",
        variant("BED-S", "S"),
        variant("BED-L", "L")
    );
    let catalog = read_as(&text, &Reading { one_per: OnePer::Variant, ..Reading::default() });
    let reported: Vec<_> =
        catalog.items.iter().map(|item| (item.id.as_str(), item.title(), item.get("image"))).collect();
    let image = Some("https://shop.example/1.jpg");
    assert_eq!(reported, [("BED-S", "Bed", image), ("BED-L", "Bed", image)], "{:?}", catalog.problems);
}

#[test]
fn an_element_keeps_its_whole_text_and_the_address_beside_it() {
    let text = r#"<products xmlns:xlink="http://www.w3.org/1999/xlink"><product><id>a</id><name>Steel <b>lamp</b> <i>small</i></name>
        <image xlink:href="https://shop.example/1.jpg">1</image></product></products>"#;
    let catalog = read_as(text, &Reading::default());
    let [item] = catalog.items.as_slice() else { panic!("{:?}", catalog.problems) };
    assert_eq!(item.column("name"), Some("Steel lamp small"));
    assert_eq!(
        (item.column("image"), item.column("image.href")),
        (Some("1"), Some("https://shop.example/1.jpg"))
    );
}

#[test]
fn an_entity_that_is_not_known_is_an_error_of_its_row() {
    let text = "<products><product><id>a</id><name>&co; &amp; lamp&nbsp;x</name></product></products>";
    let problem = read_as(text, &Reading::default()).problems.remove(0);
    assert_eq!(problem.message, "`&co;` is not a known entity");
}

#[test]
fn the_hint_names_an_element_of_the_file() {
    let hint = |text: &str| read_as(text, &Reading::default()).problems.remove(0).hint.unwrap_or_default();
    let text = r#"<Katalog><Gruppe><x>1</x><y>2</y></Gruppe><Gruppe><x>1</x><y>2</y></Gruppe>
        <Artikel Nr="A1"><Bezeichnung>A</Bezeichnung><Bild>p</Bild></Artikel>
        <Artikel Nr="A2"><Bezeichnung>B</Bezeichnung><Bild>q</Bild></Artikel></Katalog>"#;
    assert!(hint(text).contains("--element Artikel"), "{}", hint(text));
    let text = "<html><body><table><tr><td>a</td></tr><tr><td>b</td></tr></table></body></html>";
    assert!(hint(text).contains("save it as XLSX"), "{}", hint(text));
}

#[test]
fn utf_8_that_is_declared_as_something_else_is_read_and_told() {
    let text = "<?xml version=\"1.0\" encoding=\"windows-1250\"?><products><product><id>a</id><name>Židle</name></product></products>";
    let catalog = read_as(text, &Reading::default());
    assert_eq!(catalog.items.first().and_then(|item| item.column("name")), Some("Židle"));
    assert!(catalog.problems.iter().any(|problem| problem.message.contains("but its text is UTF-8")));
    let (bytes, ..) = encoding_rs::WINDOWS_1250.encode(text);
    let catalog = read("p.xml", &bytes[..], &Reading::default());
    assert_eq!(catalog.items.first().and_then(|item| item.column("name")), Some("Židle"));
}
