use super::*;

#[test]
fn a_name_leads_to_one_that_means_the_same() {
    let columns = ["id", "Product name", "price", "image"];
    for (written, expected) in [
        ("picture", Some("image")),
        ("Photo", Some("image")),
        ("image_url", Some("image")),
        ("title", Some("Product name")),
        ("cost", Some("price")),
        ("brand", None),
        ("weight", None),
    ] {
        assert_eq!(same_meaning(written, columns), expected, "{written}");
    }
    assert_eq!(same_meaning("photo", ["Bild", "picture"]), Some("picture"));
}
