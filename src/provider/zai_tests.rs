use super::*;
use crate::domain::digest::Sha256;
use crate::domain::money::Usd;
use crate::domain::request::{Media, MediaFile, PictureFacts, PictureFormat, PictureTraits};
use crate::wire::Part;
use std::num::NonZeroU32;

fn reply(status: u16, body: &Json) -> Reply {
    Reply { status, headers: Vec::new(), body: body.to_string().into_bytes() }
}

fn error(code: &str) -> Json {
    serde_json::json!({ "error": { "code": code, "message": "no" } })
}

fn submitted(status: u16, code: &str) -> FaultKind {
    Zai.submitted(&reply(status, &error(code))).unwrap_err().kind
}

fn card(name: &crate::domain::key::ModelName) -> &'static ModelCard {
    Zai.cards().iter().find(|card| card.name == *name).unwrap()
}

#[test]
fn the_embedded_cards_are_read_and_priced() {
    let cards: Vec<(&str, u32, Option<&str>, String)> = Zai
        .cards()
        .iter()
        .map(|card| {
            let price = card.price.as_ref().map_or(Usd::ZERO, |price| price.usd);
            (card.name.model.as_str(), card.seconds(), card.size(), price.to_string())
        })
        .collect();
    let full = Some("1920x1080");
    let half = Some("1280x720");
    let expected = [
        ("cogvideox-3", 5, None, "$0.20"),
        ("viduq1-text", 5, full, "$0.40"),
        ("viduq1-image", 5, full, "$0.40"),
        ("viduq1-start-end", 5, full, "$0.40"),
        ("vidu2-image", 4, half, "$0.20"),
        ("vidu2-start-end", 4, half, "$0.20"),
        ("vidu2-reference", 4, half, "$0.40"),
    ];
    assert_eq!(cards, expected.map(|(name, seconds, size, price)| (name, seconds, size, price.to_owned())));
}

#[test]
fn links_of_every_model_live_for_a_day() {
    for card in Zai.cards() {
        assert_eq!(card.link_life, Duration::from_hours(24), "{}", card.name);
    }
}

#[test]
fn limits_are_those_of_the_account_and_narrower_for_one_model() {
    let of = |model: &str| {
        let card = Zai.cards().iter().find(|card| card.name.model == model).unwrap();
        card.limits.over(Zai.profile().limits)
    };
    assert_eq!(of("cogvideox-3").concurrency, NonZeroU32::new(1));
    let limits = of("vidu2-image");
    assert_eq!(limits.concurrency, NonZeroU32::new(5));
    assert_eq!(limits.rate.unwrap().interval(), Duration::from_secs(1));
    assert_eq!(limits.first_poll, Some(Duration::from_secs(45)));
    assert_eq!(limits.poll_every, Some(Duration::from_secs(10)));
}

#[test]
fn a14_a_code_means_the_same_whatever_the_http_status() {
    for (code, status, kind) in [
        ("1113", 429, FaultKind::Stop(Stop::Balance)),
        ("1112", 429, FaultKind::Stop(Stop::Account)),
        ("1302", 429, FaultKind::Throttled { after: None }),
        ("1305", 503, FaultKind::Throttled { after: None }),
        ("1304", 429, FaultKind::Throttled { after: Some(Duration::from_mins(15)) }),
        ("1120", 500, FaultKind::Busy { after: None }),
        ("1222", 404, FaultKind::Stop(Stop::Setup)),
        ("1211", 400, FaultKind::Rejected(Refusal::Model)),
        ("1301", 400, FaultKind::Rejected(Refusal::Policy)),
        ("1214", 200, FaultKind::Rejected(Refusal::Input)),
        ("1214", 400, FaultKind::Rejected(Refusal::Input)),
        ("7777", 400, FaultKind::Rejected(Refusal::Input)),
        ("7777", 434, FaultKind::Rejected(Refusal::Model)),
        ("7777", 200, FaultKind::Unknown),
    ] {
        assert_eq!(submitted(status, code), kind, "{code} with HTTP {status}");
    }
    for code in ["500", "1200", "1230", "1231", "1234"] {
        for status in [200, 400, 429, 500] {
            assert_eq!(submitted(status, code), FaultKind::Unknown, "{code} with HTTP {status}");
        }
    }
}

#[test]
fn both_shapes_of_an_error_are_read_with_codes_as_text_or_number() {
    for body in [
        serde_json::json!({ "error": { "code": "1301", "message": "unsafe" } }),
        serde_json::json!({ "error": { "code": 1301, "message": "unsafe" } }),
        serde_json::json!({ "code": 1301, "message": "unsafe" }),
        serde_json::json!({ "code": "1301", "message": "unsafe" }),
    ] {
        let fault = Zai.submitted(&reply(400, &body)).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Rejected(Refusal::Policy), "{body}");
        assert_eq!(fault.said.to_string(), "unsafe (code 1301)");
    }
    // A gateway's reply is not a refusal in the provider's words.
    for body in [serde_json::json!({ "message": "no route" }), serde_json::json!({ "error": "Not Found" })] {
        assert_eq!(Zai.submitted(&reply(400, &body)).unwrap_err().kind, FaultKind::Unknown, "{body}");
    }
}

#[test]
fn a_limit_that_names_its_reset_is_waited_for_by_the_providers_clock() {
    let body = serde_json::json!({ "error": {
        "code": "1308", "message": "Usage limit reached for 5 hours. Your limit will reset at 2026-03-06 22:19:54",
    } });
    let mut reply = reply(429, &body);
    let pause = |reply: &Reply| Zai.submitted(reply).unwrap_err().kind;
    let after = |pause| FaultKind::Throttled { after: Some(pause) };
    assert_eq!(pause(&reply), after(Duration::from_mins(15)));
    reply.headers.push(("date".into(), "Fri, 06 Mar 2026 14:09:54 GMT".into()));
    assert_eq!(pause(&reply), after(Duration::from_mins(10)));
    reply.headers[0].1 = "Sat, 07 Mar 2026 14:09:54 GMT".into();
    assert_eq!(pause(&reply), after(Duration::from_mins(15)));
    reply.headers.push(("retry-after".into(), "3".into()));
    assert_eq!(pause(&reply), after(Duration::from_secs(3)));
}

#[test]
fn pictures_are_sent_in_the_form_that_each_model_wants() {
    let url = |name: &str| Media::Url(format!("https://shop.example.com/{name}"));
    let pictures = |model: &str, images: &[&str]| {
        let mut request = Request::new(format!("zai/{model}").parse().unwrap());
        if model.ends_with("reference") {
            request.reference_images = images.iter().map(|name| url(name)).collect();
        } else {
            request.image = images.first().map(|name| url(name));
            request.last_image = images.get(1).map(|name| url(name));
        }
        let body =
            Zai.submit(card(&request.model), &request, &RequestId("sl-1".into())).0.body.unwrap().shown();
        serde_json::from_str::<Json>(&body).unwrap()["image_url"].clone()
    };
    let (a, b) = ("https://shop.example.com/a", "https://shop.example.com/b");
    assert_eq!(pictures("vidu2-image", &["a"]), serde_json::json!(a));
    assert_eq!(pictures("cogvideox-3", &["a"]), serde_json::json!(a));
    assert_eq!(pictures("cogvideox-3", &["a", "b"]), serde_json::json!([a, b]));
    assert_eq!(pictures("vidu2-start-end", &["a"]), serde_json::json!([a]));
    assert_eq!(pictures("vidu2-start-end", &["a", "b"]), serde_json::json!([a, b]));
    assert_eq!(pictures("vidu2-reference", &["a"]), serde_json::json!([a]));
    assert_eq!(pictures("vidu2-image", &[]), Json::Null);
}

#[test]
fn a_local_picture_travels_as_a_data_uri_and_an_inline_one_as_it_is() {
    let facts = PictureFacts {
        format: PictureFormat::Png,
        bytes: 3,
        sha256: Sha256::of(b"png"),
        width: 8,
        height: 8,
        traits: PictureTraits::default(),
    };
    let file = MediaFile { path: "frames/a.png".into(), facts: facts.clone() };
    let mut request = Request::new("zai/vidu2-start-end".parse().unwrap());
    request.image = Some(Media::File(file.clone()));
    request.last_image = Some(Media::Inline { uri: "data:image/png;base64,cG5n".into(), facts });
    let parts = Zai.submit(card(&request.model), &request, &RequestId("sl-1".into())).0.body.unwrap().parts;
    assert_eq!(
        parts,
        [
            Part::Text("{\"model\":\"vidu2-start-end\",\"image_url\":[\"data:image/png;base64,".into()),
            Part::Base64(file),
            Part::Text("\",\"data:image/png;base64,cG5n\"],\"request_id\":\"sl-1\"}".into()),
        ]
    );
}
