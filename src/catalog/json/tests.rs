use crate::catalog::{Catalog, OnePer, Reading, read};

fn read_as(text: &str, options: &Reading) -> Catalog {
    read("p.json", text.as_bytes(), options)
}

fn at(path: &str) -> Reading {
    Reading { path: Some(path.to_owned()), ..Reading::default() }
}

/// Reads a product file, and returns the ids of its items. If there are no items, the result has the messages of the
/// problems.
#[track_caller]
fn ids(text: &str, options: &Reading) -> Vec<String> {
    let catalog = read_as(text, options);
    match catalog.items.as_slice() {
        [] => catalog.problems.into_iter().map(|problem| problem.message).collect(),
        items => items.iter().map(|item| item.id.clone()).collect(),
    }
}

const TWO: &str = r#"[{"id": "a", "title": "A"}, {"id": "b", "title": "B"}]"#;

#[test]
fn the_list_is_found_wherever_it_stands() {
    for text in [
        TWO.to_owned(),
        format!("\u{feff}{TWO}"),
        format!("{{\"products\": {TWO}}}"),
        format!("{{\n  \"artikel\": {TWO}\n}}"),
        format!("{{\"data\": {{\"shop\": {{\"artikel\": {TWO}}}}}, \"page\": 1}}"),
        format!("{{\"products\": {TWO}, \"links\": [{{\"rel\": \"next\"}}]}}"),
        "{\"id\": \"a\", \"title\": \"A\"}\n{\"id\": \"b\", \"title\": \"B\"}\n".to_owned(),
        r#"{"data": {"products": {"edges": [{"cursor": "x", "node": {"id": "a"}}, {"node": {"id": "b"}}]}}}"#
            .to_owned(),
    ] {
        assert_eq!(ids(&text, &Reading::default()), ["a", "b"], "{text}");
    }
    let one = "{\n \"id\": \"a\",\n \"title\": \"A\",\n \"sizes\": [{\"name\": \"S\", \"x\": 1}]\n}";
    assert_eq!(ids(one, &Reading::default()), ["a"]);
    let utf16: Vec<u8> = format!("\u{feff}{TWO}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read("p.json", &utf16[..], &Reading::default()).items.len(), 2);
}

#[test]
fn the_list_is_the_one_that_is_named() {
    let text = format!("{{\"old\": [{{\"id\": \"x\"}}], \"new\": {{\"list\": {TWO}}}}}");
    let problem = read_as(&text, &Reading::default()).problems.remove(0);
    assert_eq!(problem.message, "the document has several lists of objects: `old`, `new.list`");
    assert!(problem.hint.is_some_and(|hint| hint.contains("`path: old`")));
    assert_eq!(ids(&text, &at("new.list")), ["a", "b"]);
    let edges = r#"{"edges": [{"node": {"id": "a"}}, {"node": {"id": "b"}}]}"#;
    assert_eq!(ids(edges, &at("edges.node")), ["a", "b"]);
    let problem = read_as(&text, &at("new.lst")).problems.remove(0);
    assert_eq!(problem.message, "the document has no list at `new.lst`");
    assert!(problem.hint.is_some_and(|hint| hint.contains("`new.list`")));
}

#[test]
fn a_long_document_is_read_as_a_short_one_is() {
    let many: Vec<String> = (0..60_000)
        .map(|at| {
            format!("{{\"id\": \"{at}\", \"title\": \"A product with words that take some room, {at}\"}}")
        })
        .collect();
    for name in ["products", "artikel"] {
        let text = format!("{{\"count\": 60000, \"{name}\": [{}]}}", many.join(","));
        assert!(text.len() > 4 << 20);
        assert_eq!(read_as(&text, &Reading::default()).items.len(), 60_000);
        let two = text.replacen("{\"count\"", "{\"old\": [{\"id\": \"x\"}], \"count\"", 1);
        assert_eq!(
            ids(&two, &Reading::default()),
            [format!("the document has several lists of objects: `{name}`, `old`")]
        );
    }
}

#[test]
fn values_keep_all_their_digits_and_pictures_their_commas() {
    let text = r#"[{"id": 12345678901234567890123, "price": 12.50, "images": [
        {"src": "https://shop.example/a,b.jpg"}, {"src": "https://shop.example/c, d.jpg"}],
        "attributes": [{"name": "Colour", "value": "red"}, {"name": "Size", "value": 7}]}]"#;
    let item = read_as(text, &Reading::default()).items.remove(0);
    assert_eq!(item.id, "12345678901234567890123");
    assert_eq!(item.column("price"), Some("12.50"));
    assert_eq!(
        item.column("images.src"),
        Some("https://shop.example/a,b.jpg\nhttps://shop.example/c, d.jpg")
    );
    assert_eq!((item.column("attributes.Colour"), item.column("attributes.Size")), (Some("red"), Some("7")));
}

#[test]
fn what_is_no_json_is_told_with_its_place() {
    let reported = |text: &str| ids(text, &Reading::default()).join(" ");
    assert!(reported(r#"{"products": [{"id": 1}]} x"#).contains("trailing characters at line 1 column 27"));
    assert!(reported("{\n\"products\": [{\"id\": 1}").contains("EOF while parsing"));
    assert!(reported(r#"[{"id": NaN}]"#).contains("the file is not valid JSON"));
    assert!(reported(r#"[{"id": 1, "id": 2}]"#).contains("it has the name `id` twice"));
    assert!(
        reported("{\n\"data\": 1, \"data\": [{\"id\": 1}]}").contains("an object has the name `data` twice")
    );
    let deep = format!("[{{\"id\": 1, \"x\": {}{}}}]", "[".repeat(100_000), "]".repeat(100_000));
    assert!(reported(&deep).contains("nested too deep"));
}

const SHOPIFY: &str = r#"{"products": [{"id": 7, "title": "Pot", "handle": "pot", "body_html": "<p>Clay</p>", "vendor": "V",
    "product_type": "Pots", "images": [{"src": "https://shop.example/1.jpg"}, {"src": "https://shop.example/2.jpg"}],
    "options": [{"name": "Size", "values": ["S", "L"]}], "variants": [
    {"id": 1, "title": "S", "sku": "POT-S", "available": false, "featured_image": null},
    {"id": 2, "title": "L", "sku": "POT-L", "available": true, "featured_image": {"src": "https://shop.example/2.jpg"}}]}]}"#;

#[test]
fn variants_within_a_product_are_rows_of_it() {
    let catalog = read_as(SHOPIFY, &Reading::default());
    assert_eq!(
        catalog.about.as_ref().map(|about| about.dialect),
        Some("shopify-json"),
        "{:?}",
        catalog.problems
    );
    assert_eq!((catalog.items[0].id.as_str(), catalog.items[0].get("vendor")), ("pot", Some("V")));
    let options = Reading { one_per: OnePer::Variant, all: true, ..Reading::default() };
    let catalog = read_as(SHOPIFY, &options);
    let reported: Vec<_> = catalog
        .items
        .iter()
        .map(|item| {
            [
                item.id.as_str(),
                item.title(),
                item.get("image").unwrap_or_default(),
                item.get("vendor").unwrap_or_default(),
            ]
        })
        .collect();
    assert_eq!(
        reported,
        [
            ["POT-S", "Pot", "https://shop.example/1.jpg", "V"],
            ["POT-L", "Pot", "https://shop.example/2.jpg", "V"],
        ]
    );
    let left = read_as(SHOPIFY, &Reading { one_per: OnePer::Variant, ..Reading::default() });
    assert_eq!(left.items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["POT-L"]);
}

#[test]
fn a_list_of_other_things_is_never_taken_for_the_products() {
    let shop = |aside: &str, products: &str| {
        format!(
            r#"{{"{aside}": [{{"id": 1, "name": "Lamps", "bild": "c"}}],
                "{products}": [{{"artikelnummer": "A1", "bezeichnung": "Lamp", "bild": "p"}}]}}"#
        )
    };
    for (aside, products) in
        [("kategorien", "artikel"), ("collections", "prodotti"), ("users", "Products"), ("бренды", "товары")]
    {
        let catalog = read_as(&shop(aside, products), &Reading::default());
        assert!(catalog.items.iter().all(|item| item.column("artikelnummer") == Some("A1")), "{aside}");
        assert!(!catalog.problems.iter().any(|problem| problem.message.contains("several lists")), "{aside}");
    }
    let reported = ids(&shop("lamps", "chairs"), &Reading::default());
    assert_eq!(reported, ["the document has several lists of objects: `lamps`, `chairs`"]);
    let reported = ids(r#"{"errors": [{"id": "1", "name": "err one"}]}"#, &Reading::default());
    assert_eq!(reported, ["the document has no list of products, only lists of other things: `errors`"]);
}

#[test]
fn a_product_alone_and_products_by_their_ids_are_read() {
    let one =
        r#"{"product": {"id": 7, "title": "A", "variants": [{"id": 1}], "images": [{"id": 2, "src": "p"}]}}"#;
    assert_eq!(ids(one, &Reading::default()), ["7"]);
    let one = r#"{"answer": {"thing": {"id": 7, "title": "A"}}}"#;
    assert_eq!(ids(one, &at("answer.thing")), ["7"]);
    let many = r#"{"A1": {"name": "Lamp", "image": "p"}, "A2": {"name": "Rug", "image": "q"}}"#;
    assert_eq!(ids(many, &Reading::default()), ["A1", "A2"]);
    assert_eq!(ids(&format!(r#"{{"products": {many}}}"#), &Reading::default()), ["A1", "A2"]);
    assert_eq!(ids(&format!(r#"{{"x": {many}}}"#), &at("x")), ["A1", "A2"]);
    let problem = read_as(r#"{"a": [[{"id": "Q"}]]}"#, &at("a.1")).problems.remove(0);
    assert!(problem.hint.is_some_and(|hint| hint.starts_with("the document has no list of objects")));
}

#[test]
fn a_variant_of_shopify_shows_the_picture_that_it_names() {
    let text = r#"{"products": [{"id": 1, "title": "Lamp", "handle": "lamp", "body_html": "", "published_at": "2024-01-01",
        "product_type": "x", "options": [{"name": "Color", "values": ["Red", "Blue", "Tan"]}],
        "variants": [{"id": 1, "title": "Red", "option1": "Red", "sku": "s1", "image_id": 11},
            {"id": 2, "title": "Blue", "option1": "Blue", "sku": "s2", "image_id": 12},
            {"id": 3, "title": "Tan", "option1": "Tan", "sku": "s3", "image_id": null}],
        "images": [{"id": 11, "src": "https://shop.example/red.jpg", "variant_ids": [1]},
            {"id": 12, "src": "https://shop.example/blue.jpg", "variant_ids": [2]},
            {"id": 13, "src": "https://shop.example/tan.jpg", "variant_ids": [3]}]},
        {"id": 2, "title": "Rug", "handle": "rug", "body_html": "", "published_at": null, "product_type": "x",
        "variants": [{"id": 4, "title": "x", "option1": "x", "sku": "s4"}], "images": []}]}"#;
    let options = Reading { one_per: OnePer::Variant, ..Reading::default() };
    let catalog = read_as(text, &options);
    let shown: Vec<_> = catalog.items.iter().map(|item| (item.id.as_str(), item.get("image"))).collect();
    assert_eq!(
        shown,
        [
            ("s1", Some("https://shop.example/red.jpg")),
            ("s2", Some("https://shop.example/blue.jpg")),
            ("s3", Some("https://shop.example/tan.jpg")),
        ]
    );
    assert_eq!(catalog.about.unwrap().left_out, [("unpublished".to_owned(), 1)]);
}
