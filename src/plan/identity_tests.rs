use super::*;
use crate::domain::request::{MediaFile, PictureFacts, PictureFormat, PictureTraits};
use crate::domain::signature::GRID;
use crate::plan::fingerprint::fingerprint;
use std::convert::Infallible;

const IDENTITIES: [ImageIdentity; 4] =
    [ImageIdentity::Bytes, ImageIdentity::Url, ImageIdentity::UrlWithoutQuery, ImageIdentity::Pixels];

/// Returns a picture's signature by its name: `a` and `a2` look the same, `b` looks different, `x` and `y` have none.
fn signature(name: &str) -> Option<Signature> {
    let grey = |level: u8| Some(Signature::new(800, 600, vec![level; 3 * GRID * GRID]));
    match name {
        "a" => grey(100),
        "a2" => grey(101),
        "b" => grey(140),
        _ => None,
    }
}

const NAMES: [&str; 5] = ["a", "a2", "b", "x", "y"];

fn facts(name: &str) -> PictureFacts {
    let (format, traits) = (PictureFormat::Png, PictureTraits::default());
    PictureFacts { format, bytes: 9, sha256: Sha256::of(name.as_bytes()), width: 8, height: 6, traits }
}

fn file(name: &str) -> Media {
    Media::File(MediaFile { path: "mug.png".into(), facts: facts(name) })
}

fn inline(name: &str) -> Media {
    Media::Inline { uri: format!("data:{name}"), facts: facts(name) }
}

fn link(text: &str) -> Media {
    Media::Url(text.to_owned())
}

fn equal(identity: ImageIdentity, old: &Media, new: &Media) -> bool {
    let mut signatures = |sha256: Sha256| -> Result<_, Infallible> {
        Ok(NAMES.into_iter().find(|name| Sha256::of(name.as_bytes()) == sha256).and_then(signature))
    };
    let Ok(equal) = are_equal(identity, old, new, &mut signatures);
    equal
}

#[test]
fn every_pair_of_pictures_under_every_setting() {
    let links = [
        "https://shop.example/a.jpg",
        "https://shop.example/a.jpg?v=1",
        "https://shop.example/a.jpg?v=2",
        "https://shop.example/b.jpg?v=1",
        "https://cdn.shop.example/a.jpg?v=1",
        "http://shop.example/a.jpg?v=1",
    ];
    let mut all: Vec<(&str, &str, Media)> = Vec::new();
    for name in NAMES {
        all.push(("bytes", name, file(name)));
        all.push(("bytes", name, inline(name)));
    }
    all.extend(links.map(|text| ("link", text, link(text))));
    let mut count = 0;
    for identity in IDENTITIES {
        for (kind, one, old) in &all {
            for (other_kind, two, new) in &all {
                let is_shown = kind == other_kind && [["a", "a2"], ["a2", "a"]].contains(&[one, two]);
                let is_query = one != two && links[..3].contains(one) && links[..3].contains(two);
                let expected = match identity {
                    ImageIdentity::Bytes | ImageIdentity::Url => false,
                    ImageIdentity::UrlWithoutQuery => is_query,
                    ImageIdentity::Pixels => is_shown,
                };
                assert_eq!(equal(identity, old, new), expected, "{identity:?}: {old:?}, {new:?}");
                count += usize::from(expected);
            }
        }
    }
    // There are six pairs of links, and two names in two forms on each side.
    assert_eq!(count, 6 + 8);
}

#[test]
fn the_query_of_a_program_and_the_fragment_of_a_link_count() {
    let equal = |old: &str, new: &str| equal(ImageIdentity::UrlWithoutQuery, &link(old), &link(new));
    for name in ["image.php", "IMAGE.PHP", "view.aspx", "x/get.cgi"] {
        let [one, two] = ["1", "2"].map(|id| format!("https://shop.example/{name}?id={id}"));
        assert!(!equal(&one, &two), "{name}");
    }
    assert!(equal("https://shop.example/img/17?v=1", "https://shop.example/img/17?v=2"));
    assert!(equal("https://shop.example/a.jpg?v=1#x", "https://shop.example/a.jpg?v=2#x"));
    assert!(!equal("https://shop.example/a.jpg?v=1#x", "https://shop.example/a.jpg?v=2#y"));
    assert!(!equal("https://shop.example/a.jpg", "https://shop.example/a.jpg/"));
}

fn order(image: Option<Media>, last: Option<Media>, references: Vec<Media>) -> Request {
    let mut request = Request::new("zai/vidu2-start-end".parse().unwrap());
    (request.image, request.last_image, request.reference_images) = (image, last, references);
    request
}

#[test]
fn each_picture_is_replaced_in_its_own_place_and_nothing_else_is() {
    let restore = |old: &Request, new: &Request| {
        let mut signatures = |sha256: Sha256| -> Result<_, Infallible> {
            Ok(NAMES.into_iter().find(|name| Sha256::of(name.as_bytes()) == sha256).and_then(signature))
        };
        let Ok(restored) = restored(ImageIdentity::Pixels, old, new, &mut signatures);
        restored
    };
    let old = order(Some(file("a")), Some(file("b")), vec![file("a"), file("b")]);
    assert_eq!(restore(&old, &old), None);
    let new = order(Some(file("a2")), Some(file("b")), vec![file("a2"), file("b")]);
    assert_eq!(fingerprint(&restore(&old, &new).unwrap()), fingerprint(&old));
    // One picture is the same and the other is not: the requests still differ.
    let new = order(Some(file("a2")), Some(file("x")), vec![file("a"), file("b")]);
    let partly = restore(&old, &new).unwrap();
    assert_eq!((&partly.image, &partly.last_image), (&old.image, &new.last_image));
    // The frames are exchanged, or the references are reordered, added or removed.
    for new in [
        order(Some(file("b")), Some(file("a2")), vec![file("a"), file("b")]),
        order(Some(file("a")), Some(file("b")), vec![file("b"), file("a2")]),
        order(Some(file("a")), Some(file("b")), vec![file("a2"), file("b"), file("b")]),
        order(Some(file("a")), Some(file("b")), vec![file("a2")]),
        order(None, Some(file("b")), vec![]),
    ] {
        assert_eq!(restore(&old, &new), None, "{new:?}");
    }
    let mut new = order(Some(file("a2")), Some(file("b")), vec![file("a"), file("b")]);
    new.prompt = Some("other".into());
    assert_eq!(restore(&old, &new).unwrap().prompt, new.prompt);
}
