use super::*;
use crate::domain::request::{PictureFacts, PictureFormat, PictureTraits};

fn picture(path: &str, bytes: u64) -> MediaFile {
    let facts = PictureFacts {
        format: PictureFormat::Png,
        bytes,
        sha256: Sha256::of(path.as_bytes()),
        width: 640,
        height: 480,
        traits: PictureTraits::default(),
    };
    MediaFile { path: path.into(), facts }
}

#[test]
fn a_picture_takes_the_place_of_its_marker_and_nothing_else_changes() {
    let (a, b) = (picture("a \"1\".png", 4), picture("b.png", 6));
    let value = serde_json::json!({ "image_url": [marker(&a), marker(&b)], "prompt": "a \"1\".png" });
    let body = Body::json(&value, &[a.clone(), b.clone()]);
    let Body { parts } = &body;
    assert_eq!(parts[0], Part::Text("{\"image_url\":[\"data:image/png;base64,".into()));
    assert_eq!(parts[1], Part::Base64(a));
    assert_eq!(parts[3], Part::Base64(b));
    assert_eq!(parts[4], Part::Text("\"],\"prompt\":\"a \\\"1\\\".png\"}".into()));
    assert_eq!(body.len(), [0, 2, 4].map(|at| text_len(&parts[at])).iter().sum::<u64>() + 8 + 8);
}

fn text_len(part: &Part) -> u64 {
    match part {
        Part::Text(text) => text.len() as u64,
        Part::Base64(_) => 0,
    }
}

#[test]
fn other_bytes_give_another_hash() {
    let value =
        |file: &MediaFile| Body::json(&serde_json::json!({ "i": marker(file) }), std::slice::from_ref(file));
    let one = picture("a.png", 4);
    let mut two = one.clone();
    two.facts.sha256 = Sha256::of(b"other");
    assert_ne!(value(&one).sha256(), value(&two).sha256());
}
