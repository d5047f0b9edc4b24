use super::*;
use crate::domain::problem::Severity;
use crate::domain::request::{Media, Value};
use crate::provider::cards::Cards;
use crate::provider::check::check;
use serde_json::json;

fn reply(status: u16, body: &Json) -> Reply {
    Reply { status, headers: Vec::new(), body: body.to_string().into_bytes() }
}

fn card(model: &str) -> &'static ModelCard {
    UniAll.cards().iter().find(|card| card.name.model == model).unwrap()
}

fn link(name: &str) -> Media {
    Media::Url(format!("https://shop.example.com/{name}"))
}

fn order(model: &str) -> Request {
    let mut request = Request::new(card(model).name.clone());
    request.prompt = Some("a cup".into());
    request.duration = Some(5);
    request
}

fn errors(request: &Request) -> Vec<String> {
    let findings = check(&Cards::built_in(), card(&request.model.model), request);
    let errors = findings.into_iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| finding.message).collect()
}

#[test]
fn six_models_of_two_kinds_are_for_sale_without_a_published_price() {
    let cards: Vec<(&str, bool)> = UniAll
        .cards()
        .iter()
        .map(|card| {
            (card.name.model.as_str(), card.field(crate::domain::request::Field::ReferenceImages).is_some())
        })
        .collect();
    let expected = [
        ("viduq3p-540p", true),
        ("viduq3p-720p", true),
        ("viduq3p-1080p", true),
        ("viduq3t-540p", false),
        ("viduq3t-720p", false),
        ("viduq3t-1080p", false),
    ];
    assert_eq!(cards, expected);
    for card in UniAll.cards() {
        assert!(!card.unverified && card.price.is_none(), "{}", card.name);
        assert_eq!(errors(&order(&card.name.model)), [""; 0]);
    }
}

#[test]
fn an_error_that_names_a_task_is_no_proof_of_none() {
    for body in [
        json!({ "code": "task_failed", "message": "out of luck", "data": { "task_id": "task_1" } }),
        json!({ "task_id": "task_1", "error": { "code": "sensitive_words_detected", "message": "no" } }),
        json!({ "id": "task_1", "status": "failed", "error": { "message": "no", "code": "bad" } }),
    ] {
        for status in [400, 403, 429, 500, 503] {
            let fault = UniAll.submitted(&reply(status, &body)).unwrap_err();
            assert_eq!(fault.kind, FaultKind::Unknown, "{status} {body}");
            assert!(
                fault.said.text.starts_with("the answer is an error, but names task task_1: "),
                "{fault:?}"
            );
        }
    }
}

#[test]
fn extras_stand_in_an_object_of_their_own_and_only_where_they_are_set() {
    let body = |request: &Request| {
        let call = UniAll.submit(card("viduq3p-720p"), request, &RequestId("sl-1".into())).0;
        call.body.unwrap().shown()
    };
    let mut request = order("viduq3p-720p");
    assert_eq!(body(&request), r#"{"model":"viduq3p-720p","prompt":"a cup","duration":5}"#);
    request.audio = Some(false);
    request.params.insert("bgm".into(), Value::Bool(false));
    request.reference_images = vec![link("a")];
    assert_eq!(
        body(&request),
        concat!(
            r#"{"model":"viduq3p-720p","prompt":"a cup","duration":5,"#,
            r#""reference_image_urls":["https://shop.example.com/a"],"extra_body":{"audio":false,"bgm":false}}"#
        )
    );
}

#[test]
fn what_the_page_prohibits_is_refused_with_its_reason() {
    for model in ["viduq3p-720p", "viduq3t-720p"] {
        for name in ["images", "image_urls"] {
            let mut request = order(model);
            request.params.insert(name.into(), Value::Text("https://shop.example.com/a".into()));
            let said = errors(&request);
            assert!(said.len() == 1 && said[0].contains(&format!("the page allows no `{name}`")), "{said:?}");
        }
    }
    let mut request = order("viduq3t-720p");
    request.reference_images = vec![link("a")];
    let findings = check(&Cards::built_in(), card("viduq3t-720p"), &request);
    assert_eq!(findings[0].message, "viduq3t-720p has no `reference_images`");
    assert!(findings[0].notes.iter().any(|note| note.contains("section 6.2")), "{findings:#?}");
    assert!(findings[0].notes.iter().any(|note| note.contains("uniall/viduq3p-720p")), "{findings:#?}");
    assert_eq!(
        findings.iter().filter(|finding| finding.severity == Severity::Error).count(),
        1,
        "{findings:#?}"
    );
}

#[test]
fn what_is_refused_before_anything_was_asked_for_is_known_by_its_code() {
    let kind = |status: u16, body: &Json| UniAll.submitted(&reply(status, body)).unwrap_err().kind;
    let error = |code: &str| json!({ "error": { "code": code, "message": "no" } });
    for status in [200, 403, 500] {
        assert_eq!(kind(status, &error("insufficient_user_quota")), BALANCE, "{status}");
    }
    assert_eq!(kind(503, &error("model_not_found")), FaultKind::Busy { after: None });
    assert_eq!(kind(503, &error("do_request_failed")), FaultKind::Unknown);
    assert_eq!(kind(403, &error("access_denied")), FaultKind::Stop(Stop::Account));
    assert_eq!(kind(401, &error("")), FaultKind::Stop(Stop::Auth));
}

#[test]
fn the_reason_of_a_failure_is_found_wherever_it_stands() {
    for (body, words) in [
        (json!({ "error": { "code": "x", "message": "unlucky" } }), "unlucky"),
        (json!({ "error": { "code": "x", "message": "" }, "fail_reason": "unlucky" }), "unlucky"),
        (json!({ "fail_reason": "unlucky", "message": "" }), "unlucky"),
        (json!({ "message": "unlucky" }), "unlucky"),
        (json!({ "error": "unlucky" }), "unlucky"),
        (json!({ "error": null }), "the task failed; the provider gave no reason"),
    ] {
        let mut body = body;
        body["id"] = "1".into();
        body["status"] = "failed".into();
        match UniAll.polled(&TaskId("1".into()), &reply(200, &body)) {
            Ok(Progress::Refused { said, .. }) => assert_eq!(said.text, words, "{body}"),
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[test]
fn progress_is_a_number_or_text() {
    for (progress, expected) in [
        (json!(0), Some(0)),
        (json!(25.0), Some(25)),
        (json!("25%"), Some(25)),
        (json!("99.6"), Some(100)),
        (json!(100), Some(100)),
        (json!(101), None),
        (json!(-1), None),
        (json!("soon"), None),
        (json!("NaN"), None),
        (json!(null), None),
    ] {
        let body = json!({ "status": "in_progress", "progress": progress });
        match UniAll.polled(&TaskId("1".into()), &reply(200, &body)) {
            Ok(Progress::Pending { percent, unknown_word: None }) => assert_eq!(percent, expected, "{body}"),
            other => panic!("{body}: {other:?}"),
        }
    }
}
