//! The contract of every built-in provider, against recorded answers in `tests/fixtures/<provider>/`.
//!
//! A new provider passes when it has an answer of every class that [`CLASSES`] names and the laws below hold for it.

#![expect(clippy::unwrap_used, reason = "what a test does not expect must fail it")]

use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use serde_json::Value as Json;
use shotlist::domain::fault::{Fault, FaultKind};
use shotlist::domain::key::{RequestId, TaskId};
use shotlist::domain::lifecycle::Charged;
use shotlist::domain::problem::Severity;
use shotlist::domain::request::{Media, Request, Value};
use shotlist::provider::cards::Cards;
use shotlist::provider::{self, Progress, Provider, check};
use shotlist::wire::{Body, Call, Method, Part, Reply};
use std::path::{Path, PathBuf};

/// The answers that every provider must have on record, by file name.
const CLASSES: [&str; 17] = [
    "submit_accepted",
    "submit_accepted_huge_id",
    "submit_auth",
    "submit_balance",
    "submit_bare_server_error",
    "submit_malformed",
    "submit_rejected_input",
    "submit_throttled",
    "submit_without_id",
    "poll_empty",
    "poll_gone",
    "poll_huge_id",
    "poll_malformed",
    "poll_pending",
    "poll_ready",
    "poll_refused",
    "poll_unknown_word",
];

fn fixtures(provider: &dyn Provider) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(provider.name())
}

fn read(path: &Path) -> Json {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn reply(recorded: &Json) -> Reply {
    let headers = recorded["headers"].as_object().into_iter().flatten();
    Reply {
        status: recorded["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap(),
        headers: headers.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect(),
        body: recorded["text"]
            .as_str()
            .map_or_else(|| recorded["body"].to_string(), str::to_owned)
            .into_bytes(),
    }
}

/// What a provider made of a recorded answer, in the words of the fixtures.
fn outcome(provider: &dyn Provider, recorded: &Json) -> String {
    match recorded["call"].as_str().unwrap() {
        "submit" => match provider.submitted(&reply(recorded)) {
            Ok(task) => format!("accepted {task}"),
            Err(fault) => fault_in_words(&fault),
        },
        "poll" => {
            let task = TaskId(recorded["task"].as_str().unwrap().to_owned());
            match provider.polled(&task, &reply(recorded)) {
                Ok(progress) => progress_in_words(progress),
                Err(fault) => fault_in_words(&fault),
            }
        }
        other => panic!("no call named {other}"),
    }
}

fn fault_in_words(fault: &Fault) -> String {
    assert!(!fault.said.text.is_empty(), "a fault without words: {fault:?}");
    match fault.kind {
        FaultKind::NotSent => "not sent".into(),
        FaultKind::Throttled { after: None } => "throttled".into(),
        FaultKind::Throttled { after: Some(pause) } => {
            format!("throttled, again after {} s", pause.as_secs())
        }
        FaultKind::Busy { after: None } => "busy".into(),
        FaultKind::Busy { after: Some(pause) } => format!("busy, again after {} s", pause.as_secs()),
        FaultKind::Rejected(refusal) => format!("rejected: {}", refusal.name()),
        FaultKind::Gone => "gone".into(),
        FaultKind::Unknown => "unknown".into(),
        FaultKind::Stop(stop) => format!("stop: {}", stop.name()),
    }
}

fn progress_in_words(progress: Progress) -> String {
    match progress {
        Progress::Pending { unknown_word: None, .. } => "pending".into(),
        Progress::Pending { unknown_word: Some(word), .. } => format!("pending, unknown word {word}"),
        Progress::Ready { clip, .. } => match clip.cover {
            Some(cover) => format!("ready {} with {cover}", clip.url),
            None => format!("ready {}", clip.url),
        },
        Progress::Empty => "empty".into(),
        Progress::Refused { refusal, charged, said } => {
            assert!(!said.text.is_empty());
            let charged = match charged {
                Charged::No => "not charged",
                Charged::Yes => "charged",
                Charged::Unknown => "charge unknown",
            };
            format!("refused: {}, {charged}", refusal.name())
        }
        Progress::Mistaken { .. } => "mistaken".into(),
    }
}

#[test]
fn every_recorded_answer_means_what_its_fixture_says() {
    for provider in provider::ALL {
        let mut files: Vec<PathBuf> = std::fs::read_dir(fixtures(*provider))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .collect();
        files.sort();
        let wrong: Vec<String> = files
            .iter()
            .map(|path| (path, read(path)))
            .map(|(path, recorded)| (path, outcome(*provider, &recorded), recorded["outcome"].clone()))
            .filter(|(_, outcome, expected)| expected != outcome)
            .map(|(path, outcome, expected)| format!("{}: {outcome}, expected {expected}", path.display()))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

#[test]
fn every_provider_has_an_answer_of_every_class_on_record() {
    for provider in provider::ALL {
        for class in CLASSES {
            let path = fixtures(*provider).join(format!("{class}.json"));
            assert!(path.exists(), "{} is missing", path.display());
        }
    }
}

/// An order written down with the portable names of the manifest.
fn order(written: &Json) -> Request {
    let text = |name: &str| written[name].as_str().map(str::to_owned);
    let link = |url: &Json| url.as_str().map(|url| Media::Url(url.to_owned()));
    let mut request = Request::new(written["model"].as_str().unwrap().parse().unwrap());
    request.prompt = text("prompt");
    request.image = link(&written["image"]);
    request.last_image = link(&written["last_image"]);
    request.reference_images =
        written["reference_images"].as_array().into_iter().flatten().filter_map(link).collect();
    request.duration = written["duration"].as_u64().and_then(|seconds| u32::try_from(seconds).ok());
    request.aspect_ratio = text("aspect_ratio");
    request.size = text("size");
    request.seed = written["seed"].as_i64();
    request.audio = written["audio"].as_bool();
    request.style = text("style");
    request.motion = text("motion");
    for (name, value) in written["params"].as_object().into_iter().flatten() {
        let value = match value {
            Json::Bool(yes) => Value::Bool(*yes),
            Json::Number(number) => Value::Int(number.as_i64().unwrap()),
            other => Value::Text(other.as_str().unwrap().to_owned()),
        };
        request.params.insert(name.clone(), value);
    }
    request
}

/// The body as it would be sent; only for orders without local pictures.
fn sent(body: &Body) -> Json {
    let text = body.parts.iter().map(|part| match part {
        Part::Text(text) => text.as_str(),
        Part::Base64(file) => panic!("{} is local", file.path),
    });
    serde_json::from_str(&text.collect::<String>()).unwrap()
}

#[test]
fn every_request_in_the_documents_can_be_ordered_and_is_sent_as_the_document_shows_it() {
    let zai = provider::find("zai").unwrap();
    let documented = read(&fixtures(zai).join("requests/documented.json"));
    let documented = documented.as_array().unwrap();
    assert_eq!(documented.len(), 9);
    for example in documented {
        let source = &example["source"];
        let request = order(&example["order"]);
        let call = submit(zai, &request, "sl-1");
        let mut expected = example["body"].clone();
        expected["request_id"] = "sl-1".into();
        // Members compare by name; their order is ours.
        assert_eq!(sent(&call.body.unwrap()), expected, "{source}");

        let findings = check::check(&Cards::built_in(), provider::card(&request.model).unwrap(), &request);
        assert!(
            findings.iter().all(|finding| finding.severity == Severity::Warning),
            "{source}: {findings:#?}"
        );
        assert_eq!(findings.len() as u64, example["warnings"].as_u64().unwrap(), "{source}: {findings:#?}");
    }
}

#[test]
fn a_body_begins_with_the_model_and_the_prompt_and_is_the_same_every_time() {
    let zai = provider::find("zai").unwrap();
    for example in read(&fixtures(zai).join("requests/documented.json")).as_array().unwrap() {
        let request = order(&example["order"]);
        let call = || submit(zai, &request, "sl-1");
        assert_eq!(call(), call());
        let body = call().body.unwrap().shown();
        let start = format!("{{\"model\":\"{}\",\"prompt\":", request.model.model);
        assert!(body.starts_with(&start), "{body}");
        assert!(body.ends_with(",\"request_id\":\"sl-1\"}"), "{body}");
    }
}

/// A complete, cheap order of each model of a provider.
fn orders(provider: &dyn Provider) -> Vec<Request> {
    let order = |name: &shotlist::domain::key::ModelName| {
        let mut request = Request::new(name.clone());
        request.prompt = Some("a cup".into());
        request
    };
    provider.cards().iter().map(|card| order(&card.name)).collect()
}

/// The paid call for an order, by the built-in card of its model.
fn submit(provider: &dyn Provider, request: &Request, key: &str) -> Call {
    provider.submit(provider::card(&request.model).unwrap(), request, &RequestId(key.into())).0
}

/// Laws of any call: authenticated by name only, with a path below the base URL.
fn lawful(call: &Call) {
    assert!(call.path.starts_with('/') && !call.path.contains(['?', '#', ' ', '\\']), "{}", call.path);
    for (name, value) in &call.headers {
        let name = name.to_ascii_lowercase();
        assert!(
            !name.contains("auth") && !name.contains("key") && !name.contains("cookie"),
            "{name}: {value}"
        );
    }
}

#[test]
fn a_paid_call_carries_our_name_for_the_attempt_where_the_provider_has_a_field() {
    for request in orders(provider::find("zai").unwrap()) {
        let call = submit(provider::find("zai").unwrap(), &request, "sl-abc");
        assert_eq!(sent(&call.body.unwrap())["request_id"], "sl-abc");
    }
}

#[test]
fn s01_no_call_has_a_place_for_a_key() {
    for provider in provider::ALL {
        for request in orders(*provider) {
            let call = submit(*provider, &request, "sl-1");
            lawful(&call);
            assert_eq!(call.method, Method::Post);
            assert!(!format!("{call:?}").contains(&provider.profile().key_env));
        }
        if let Some(call) = provider.probe() {
            lawful(&call);
            assert_eq!((call.method, call.body), (Method::Get, None));
        }
    }
}

#[test]
fn every_card_belongs_to_its_provider_and_is_found_by_name() {
    for provider in provider::ALL {
        assert_eq!(provider::find(provider.name()).map(Provider::name), Some(provider.name()));
        for card in provider.cards() {
            assert_eq!(card.name.provider, provider.name());
            assert!(std::ptr::eq(provider::card(&card.name).unwrap(), card));
            assert!(card.seconds() > 0, "{} has no default duration", card.name);
        }
        let profile = provider.profile();
        let host = url::Url::parse(&profile.base_url).unwrap().host_str().unwrap().to_owned();
        assert!(profile.hosts.contains(&host), "{host}");
    }
    assert!(provider::card(&"zai/vidu3-image".parse().unwrap()).is_none());
    assert!(provider::find("nobody").is_none());
}

#[test]
fn a11_a_bare_server_error_on_a_paid_call_is_a_doubt() {
    for provider in provider::ALL {
        for status in 500..=599 {
            let reply = Reply { status, headers: Vec::new(), body: b"<html>error</html>".to_vec() };
            assert_eq!(provider.submitted(&reply).unwrap_err().kind, FaultKind::Unknown, "{status}");
        }
    }
}

fn json() -> impl Strategy<Value = Json> {
    let word = prop::sample::select(vec![
        "id",
        "code",
        "error",
        "message",
        "task_status",
        "status",
        "video_result",
        "output",
        "url",
        "SUCCESS",
        "FAIL",
        "PROCESSING",
        "1113",
        "1234",
        "",
    ]);
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        word.clone().prop_map(Json::from),
        "\\PC{0,8}".prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::vec((word.clone(), inner), 0..6).prop_map(|members| {
                Json::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn every_poll_names_its_task(id in "\\PC{1,40}|[./?#%\\x00-\\x1f]{1,8}") {
        for provider in provider::ALL {
            let call = provider.poll(&TaskId(id.clone()));
            lawful(&call);
            prop_assert_eq!((call.method, &call.body), (Method::Get, &None));
            let last = call.path.rsplit('/').next().unwrap();
            prop_assert_eq!(percent_decode_str(last).decode_utf8().unwrap(), id.as_str());
        }
    }

    #[test]
    fn bytes_that_are_no_answer_prove_nothing(
        bytes in prop::collection::vec(any::<u8>(), 0..80), status in prop_oneof![200..300u16, 400..429u16, 500..600u16],
    ) {
        let reply = Reply { status, headers: Vec::new(), body: bytes };
        prop_assume!(serde_json::from_slice::<Json>(&reply.body).is_err());
        for provider in provider::ALL {
            prop_assert_eq!(provider.submitted(&reply).unwrap_err().kind, FaultKind::Unknown);
            let polled = provider.polled(&TaskId("1".into()), &reply);
            prop_assert!(polled.is_err());
        }
    }

    #[test]
    fn any_json_is_read_without_a_panic_and_only_an_id_is_a_task(body in json(), status in 100..600u16) {
        let reply = Reply { status, headers: Vec::new(), body: body.to_string().into_bytes() };
        for provider in provider::ALL {
            if let Ok(task) = provider.submitted(&reply) {
                prop_assert!((200..300).contains(&status));
                prop_assert!(!task.0.trim().is_empty());
            }
            let _ = provider.polled(&TaskId("1".into()), &reply);
        }
    }
}
