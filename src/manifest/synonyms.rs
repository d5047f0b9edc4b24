//! Lists names of columns that mean the same, such as `picture` and `image`. Suggestions use them when no spelling is
//! similar.

/// Groups of names with one meaning, in lower case and without blanks or signs such as `_`. The usual name comes first.
const GROUPS: [&[&str]; 6] = [
    &[
        "image",
        "picture",
        "photo",
        "pic",
        "img",
        "imageurl",
        "imagelink",
        "imagesrc",
        "pictureurl",
        "photourl",
        "mainimage",
        "bild",
        "foto",
    ],
    &[
        "title",
        "name",
        "producttitle",
        "productname",
        "itemname",
        "product",
        "titel",
        "produktname",
        "bezeichnung",
    ],
    &["description", "productdescription", "details", "body", "bodyhtml", "beschreibung"],
    &["price", "productprice", "cost", "preis"],
    &["vendor", "brand", "manufacturer", "marke", "hersteller"],
    &["type", "category", "producttype", "productcategory", "kategorie"],
];

/// Returns the name among `known` that means the same as `written`; `None` if there is none.
pub(super) fn same_meaning<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = folded(written);
    let group = GROUPS.iter().find(|group| group.contains(&written.as_str()))?;
    let known: Vec<(String, &'a str)> = known.into_iter().map(|name| (folded(name), name)).collect();
    group.iter().find_map(|meant| known.iter().find(|(folded, _)| folded == meant).map(|(_, name)| *name))
}

/// Returns a name in lower case and without blanks and signs such as `_`.
fn folded(name: &str) -> String {
    name.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests;
