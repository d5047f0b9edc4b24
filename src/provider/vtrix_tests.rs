use super::*;
use crate::domain::digest::Sha256;
use crate::domain::money::Usd;
use crate::domain::problem::Severity;
use crate::domain::request::{Media, MediaFile, PictureFacts, PictureFormat, PictureTraits, Value};
use crate::provider::Cost;
use crate::provider::cards::Cards;
use crate::provider::check::check;
use crate::wire::Part;
use serde_json::json;

fn reply(status: u16, body: &Json) -> Reply {
    Reply { status, headers: Vec::new(), body: body.to_string().into_bytes() }
}

fn card(model: &str) -> &'static ModelCard {
    Vtrix.cards().iter().find(|card| card.name.model == model).unwrap()
}

fn link(name: &str) -> Media {
    Media::Url(format!("https://shop.example.com/{name}"))
}

/// Returns a request with every setting that its model requires.
fn complete(card: &ModelCard) -> Request {
    let mut request = Request::new(card.name.clone());
    for rule in card.fields.iter().filter(|rule| rule.required) {
        match rule.name.as_str() {
            "prompt" => request.prompt = Some("a cup".into()),
            "image" => request.image = Some(link("a")),
            "last_image" => request.last_image = Some(link("b")),
            "reference_images" => request.reference_images = vec![link("a"), link("b")],
            other => panic!("no way to set {other}"),
        }
    }
    request
}

fn body(request: &Request) -> Body {
    Vtrix.submit(card(&request.model.model), request, &RequestId("sl-1".into())).0.body.unwrap()
}

fn params(request: &Request) -> Json {
    serde_json::from_str::<Json>(&body(request).shown()).unwrap()["input"][0]["params"].clone()
}

#[test]
fn only_the_model_with_a_page_is_taken_as_documented_and_none_has_a_price() {
    let documented: Vec<&str> =
        Vtrix.cards().iter().filter(|card| !card.unverified).map(|card| card.name.model.as_str()).collect();
    assert_eq!(documented, ["viduq1_img2video"]);
    assert_eq!(Vtrix.cards().len(), 20);
    for card in Vtrix.cards() {
        assert_eq!(card.price, None, "{}", card.name);
        let findings = check(&Cards::built_in(), card, &complete(card));
        let said: Vec<_> =
            findings.iter().map(|finding| (finding.severity, finding.field.as_str())).collect();
        let expected = card.unverified.then_some((Severity::Warning, "model"));
        assert_eq!(said, Vec::from_iter(expected), "{}", card.name);
    }
}

#[test]
fn a_card_that_takes_after_another_keeps_what_it_does_not_change() {
    let (pro, turbo) = (card("viduq2_pro_img2video"), card("viduq2_turbo_img2video"));
    assert_eq!((&pro.fields, &pro.params), (&turbo.fields, &turbo.params));
    let frames = card("viduq3_turbo_start_end2video");
    assert_eq!(frames.modes, [crate::provider::card::Mode::Frames]);
    assert!(frames.unverified && frames.fields.iter().any(|rule| rule.name == "last_image"));
}

#[test]
fn pictures_are_a_list_in_the_order_of_their_roles() {
    let (a, b) = ("https://shop.example.com/a", "https://shop.example.com/b");
    assert_eq!(params(&complete(card("viduq1_img2video")))["images"], json!([a]));
    assert_eq!(params(&complete(card("viduq2_pro_start_end2video")))["images"], json!([a, b]));
    assert_eq!(params(&complete(card("viduq2_i2v_reference")))["images"], json!([a, b]));
    assert_eq!(params(&complete(card("viduq3_pro_text2video")))["images"], Json::Null);
}

#[test]
fn a_local_picture_travels_within_the_envelope_as_a_data_uri() {
    let facts = PictureFacts {
        format: PictureFormat::Png,
        bytes: 3,
        sha256: Sha256::of(b"png"),
        width: 8,
        height: 8,
        traits: PictureTraits::default(),
    };
    let file = MediaFile { path: "frames/a.png".into(), facts };
    let mut request = Request::new(card("viduq1_img2video").name.clone());
    request.image = Some(Media::File(file.clone()));
    let start =
        "{\"model\":\"viduq1_img2video\",\"input\":[{\"params\":{\"images\":[\"data:image/png;base64,";
    assert_eq!(
        body(&request).parts,
        [Part::Text(start.into()), Part::Base64(file), Part::Text("\"]}}]}".into())]
    );
}

#[test]
fn settings_that_do_nothing_or_cost_more_are_told() {
    let warned = |change: &dyn Fn(&mut Request)| {
        let mut request = complete(card("viduq1_img2video"));
        change(&mut request);
        let findings = check(&Cards::built_in(), card("viduq1_img2video"), &request);
        assert!(findings.iter().all(|finding| finding.severity == Severity::Warning), "{findings:#?}");
        findings.into_iter().map(|finding| finding.field).collect::<Vec<_>>()
    };
    let set = |request: &mut Request, name: &str, value: Value| {
        request.params.insert(name.to_owned(), value);
    };
    assert_eq!(warned(&|request| set(request, "voice_id", Value::Text("v".into()))), ["params.voice_id"]);
    assert_eq!(
        warned(&|request| {
            request.audio = Some(true);
            set(request, "voice_id", Value::Text("v".into()));
        }),
        [""; 0]
    );
    assert_eq!(warned(&|request| set(request, "wm_position", Value::Int(1))), ["params.wm_position"]);
    assert_eq!(
        warned(&|request| {
            set(request, "watermark", Value::Bool(false));
            set(request, "wm_url", Value::Text("https://shop.example.com/mark.png".into()));
        }),
        ["params.wm_url"]
    );
    assert_eq!(
        warned(&|request| {
            request.prompt = Some("a cup".into());
            set(request, "is_rec", Value::Bool(true));
        }),
        ["params.is_rec", "prompt"]
    );
    assert_eq!(warned(&|request| request.seed = Some(0)), ["seed"]);
    assert_eq!(warned(&|request| request.seed = Some(1)), [""; 0]);
    assert_eq!(
        warned(&|request| set(request, "audio_type", Value::Text("speech_only".into()))),
        ["params.audio_type"]
    );
}

#[test]
fn a14_a_code_means_the_same_whatever_the_http_status() {
    for (code, kind) in [
        ("8008003001", INPUT),
        ("8008003002", INPUT),
        ("8008003003", INPUT),
        ("8008003004", INPUT),
        ("8008003098", FaultKind::Unknown),
        ("8008003099", FaultKind::Busy { after: None }),
    ] {
        for status in [200, 400, 500] {
            // The page has the codes as numbers beyond 32 bits, other pages as text.
            for code in [json!(code), json!(code.parse::<u64>().unwrap())] {
                let body = json!({ "status": "failed", "error": { "code": code, "error_message": "no" } });
                let fault = Vtrix.submitted(&reply(status, &body)).unwrap_err();
                assert_eq!(fault.kind, kind, "{code} with HTTP {status}");
                assert_eq!(fault.said.text, "no");
            }
        }
    }
}

#[test]
fn a_task_in_an_error_is_named_so_that_it_can_be_adopted() {
    let body = json!({ "id": "d7aa", "status": "failed", "error": "out of luck" });
    let fault = Vtrix.submitted(&reply(503, &body)).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unknown);
    assert_eq!(fault.said.text, "the answer is an error, but names task d7aa: out of luck");
}

#[test]
fn a36_the_cost_is_read_as_text_or_number_to_the_micro_dollar_or_not_believed() {
    let cost = |cost: Json| {
        let body = json!({
            "id": "1", "status": "completed", "usage": { "cost": cost },
            "output": [{ "content": [{ "url": "https://files.vtrix.example/x.mp4" }] }],
        });
        match Vtrix.polled(&TaskId("1".into()), &reply(200, &body)) {
            Ok(Progress::Ready { cost, .. }) => cost,
            other => panic!("{other:?}"),
        }
    };
    let written = |text: &str| cost(serde_json::from_str(text).unwrap());
    for (text, micros) in [
        ("\"0.40\"", 400_000),
        ("0.40", 400_000),
        ("0.4e0", 400_000),
        ("\"4e-1\"", 400_000),
        ("\"$0.40\"", 400_000),
        ("4E-7", 1),
        ("1", 1_000_000),
        ("0.1", 100_000),
        ("\" 0.000001 \"", 1),
        ("\"0\"", 0),
        ("0.0", 0),
        ("\"0.400000000\"", 400_000),
        // A fraction of a micro-dollar is rounded up.
        ("\"0.1234561\"", 123_457),
        ("\"10000\"", 10_000_000_000),
        ("1e4", 10_000_000_000),
    ] {
        assert_eq!(written(text), Cost::Told(Usd::from_micros(micros)), "{text}");
    }
    for (text, reported) in [
        // Two of these would overflow every sum, and block all buying and collecting.
        ("\"10000.000001\"", "10000.000001"),
        ("\"9223372036854\"", "9223372036854"),
        ("\"99999999999999999999\"", "99999999999999999999"),
        ("1e300", "1e+300"),
        ("\"1e999999999999\"", "1e999999999999"),
        ("\"1e2147483647\"", "1e2147483647"),
        ("-0.4", "-0.4"),
        ("\"-0.40\"", "-0.40"),
        ("\"0.40000000.1\"", "0.40000000.1"),
        ("\"NaN\"", "NaN"),
        ("\"∞.∞∞∞∞\"", "∞.∞∞∞∞"),
        ("\"0,40\"", "0,40"),
        ("\"0.\"", "0."),
        ("true", "true"),
        ("{}", "{}"),
    ] {
        assert_eq!(written(text), Cost::Doubtful(reported.to_owned()), "{text}");
    }
    for nothing in ["\"\"", "\" \"", "null"] {
        assert_eq!(written(nothing), Cost::Untold, "{nothing}");
    }
}

#[test]
fn a20_the_first_of_several_results_is_the_clip_and_the_others_are_named_once() {
    let body = json!({
        "id": "1", "status": "completed",
        "output": [{ "content": [{ "url": "https://f/1" }, { "url": " " }, { "url": "https://f/2" }] },
                   { "content": [{ "url": "https://f/1" }, { "url": "https://f/3" }, { "url": "https://f/2" }] }],
    });
    let Ok(Progress::Ready { clip, .. }) = Vtrix.polled(&TaskId("1".into()), &reply(200, &body)) else {
        panic!()
    };
    assert_eq!(
        (clip.url.as_str(), clip.others),
        ("https://f/1", vec!["https://f/2".into(), "https://f/3".into()])
    );
}

#[test]
fn a18_words_for_the_same_state_are_known_in_any_case() {
    for (words, is_end) in [(&RENDERED[..], true), (&FAILED[..], true), (&UNDER_WAY[..], false)] {
        for word in words.iter().flat_map(|word| [(*word).to_owned(), word.to_uppercase()]) {
            let progress =
                Vtrix.polled(&TaskId("1".into()), &reply(200, &json!({ "id": "1", "status": word })));
            let is_pending = progress == Ok(Progress::Pending { percent: None, unknown_word: None });
            assert_eq!(is_pending, !is_end, "{word}: {progress:?}");
        }
    }
}

#[test]
fn a36_a_cost_beyond_all_numbers_is_told_and_the_clip_is_collected() {
    for figure in ["1e400", "-1e400", "9E+99999"] {
        let body = format!(
            r#"{{"id":"1","status":"completed","output":[{{"content":[{{"url":"https://f/1"}}]}}],"usage":{{"cost":{figure}}}}}"#
        );
        let reply = Reply { status: 200, headers: Vec::new(), body: body.into() };
        match Vtrix.polled(&TaskId("1".into()), &reply) {
            Ok(Progress::Ready { clip, cost }) => {
                assert_eq!((clip.url.as_str(), cost), ("https://f/1", Cost::Doubtful(figure.into())));
            }
            other => panic!("{figure}: {other:?}"),
        }
    }
}
