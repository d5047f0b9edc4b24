use super::*;
use crate::domain::request::{MediaFile, PictureFacts, PictureFormat, PictureTraits, Value};

fn picture(path: &str, bytes: &[u8]) -> Media {
    let facts = PictureFacts {
        format: PictureFormat::Png,
        bytes: bytes.len() as u64,
        sha256: Sha256::of(bytes),
        width: 800,
        height: 600,
        traits: PictureTraits::default(),
    };
    Media::File(MediaFile { path: path.into(), facts })
}

fn full() -> Request {
    let mut request = Request::new("zai/vidu2-image".parse().unwrap());
    request.prompt = Some("Slow push-in on Déjà vu, \"soft\" light".into());
    request.image = Some(picture("a.png", b"picture"));
    request.last_image = Some(Media::Url("https://shop.example/b.png?v=1".into()));
    request.reference_images = vec![picture("c.png", b"c"), picture("d.png", b"d")];
    request.duration = Some(4);
    request.aspect_ratio = Some("16:9".into());
    request.size = Some("1280x720".into());
    request.seed = Some(-7);
    request.audio = Some(true);
    request.style = Some("anime".into());
    request.motion = Some("small".into());
    request.params.insert("user_id".into(), Value::Text("shop-0001".into()));
    request.params.insert("fps".into(), Value::Int(30));
    request.params.insert("flag".into(), Value::Bool(false));
    request
}

/// Pins the fingerprints of v1, which must never change: after a change, every user would pay for every clip again.
#[test]
fn golden_vectors_of_v1() {
    let mut prompt_only = Request::new("zai/viduq1-text".parse().unwrap());
    prompt_only.prompt = Some("A cat is playing with a ball.".into());
    let empty = Request::new("zai/cogvideox-3".parse().unwrap());
    assert_eq!(
        fingerprint(&full()).to_string(),
        "v1:c7a6003e98b87eaa55e702e3439480ea88415eff49dc87184f0c3d12d25ffa6c"
    );
    assert_eq!(
        fingerprint(&prompt_only).to_string(),
        "v1:bc3a50cbf3af6a89c24560cc423e5d6ff78559201a32799cee5539fbd649e05e"
    );
    assert_eq!(
        fingerprint(&empty).to_string(),
        "v1:9d2d9e22a38b6176af26038148867a166a5cd6d18b9073f23c06b5d32cfbd14f"
    );
}

#[test]
fn what_says_nothing_to_the_provider_does_not_count() {
    let one = full();
    let mut two = full();
    two.image = Some(picture("moved/elsewhere.png", b"picture"));
    assert_eq!(fingerprint(&one), fingerprint(&two));
    let mut crlf = full();
    crlf.prompt = Some("a\r\nb".into());
    let mut lf = full();
    lf.prompt = Some("a\nb".into());
    assert_eq!(fingerprint(&crlf), fingerprint(&lf));
}

#[test]
fn every_field_counts_and_is_named() {
    type Edit = (&'static str, fn(&mut Request));
    let edits: [Edit; 14] = [
        ("model", |r| r.model.model = "vidu2-reference".into()),
        ("prompt", |r| r.prompt = Some("other".into())),
        ("image", |r| r.image = Some(picture("a.png", b"edited"))),
        ("last_image", |r| r.last_image = None),
        ("reference_images", |r| r.reference_images.reverse()),
        ("duration", |r| r.duration = Some(5)),
        ("aspect_ratio", |r| r.aspect_ratio = None),
        ("size", |r| r.size = None),
        ("seed", |r| r.seed = Some(0)),
        ("audio", |r| r.audio = Some(false)),
        ("style", |r| r.style = None),
        ("motion", |r| r.motion = Some("large".into())),
        ("params.fps", |r| drop(r.params.insert("fps".into(), Value::Text("30".into())))),
        ("params.new", |r| drop(r.params.insert("new".into(), Value::Int(1)))),
    ];
    for (field, edit) in edits {
        let mut edited = full();
        edit(&mut edited);
        assert_ne!(fingerprint(&full()), fingerprint(&edited), "{field}");
        let named = changes(&full(), &edited);
        // A parameter that changes its type but not its digits is the one difference that people cannot see.
        if field != "params.fps" {
            assert_eq!(named.iter().map(|change| change.field.as_str()).collect::<Vec<_>>(), [field]);
        }
    }
}

#[test]
fn a_change_names_old_and_new() {
    let mut edited = full();
    edited.duration = None;
    edited.params.insert("fps".into(), Value::Int(60));
    let shown: Vec<_> =
        changes(&full(), &edited).into_iter().map(|change| (change.field, change.old, change.new)).collect();
    assert_eq!(
        shown,
        [
            ("params.fps".to_owned(), Some("30".to_owned()), Some("60".to_owned())),
            ("duration".to_owned(), Some("4".to_owned()), None),
        ]
    );
}
