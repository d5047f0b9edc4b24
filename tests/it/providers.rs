//! The contract of every built-in provider, against recorded answers in `tests/fixtures/<provider>/`.
//!
//! A new provider passes when it has an answer of every class that [`CLASSES`] names and the laws below hold for it. A
//! class that its documents leave no room for is a file that says so: `{ "impossible": "why" }`.

#![expect(clippy::unwrap_used, reason = "what a test does not expect must fail it")]

use crate::exercise::vidu::Vidu;
use crate::outside::provider::Acme;
use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use serde_json::Value as Json;
use shotlist::domain::digest::Sha256;
use shotlist::domain::fault::{Fault, FaultKind, Refusal, Stop};
use shotlist::domain::key::{RequestId, TaskId};
use shotlist::domain::lifecycle::{Charged, Intent};
use shotlist::domain::problem::Severity;
use shotlist::domain::request::{
    Field, Media, MediaFile, PictureFacts, PictureFormat, PictureTraits, Request, Value,
};
use shotlist::provider::cards::Cards;
use shotlist::provider::{Cost, Progress, Provider, Registry, check};
use shotlist::wire::{Body, Call, Method, Part, Reply};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The answers that every provider must have on record, by file name.
pub(crate) const CLASSES: [&str; 29] = [
    "submit_accepted",
    "submit_accepted_huge_id",
    "submit_account",
    "submit_auth",
    "submit_balance",
    "submit_bare_server_error",
    "submit_busy",
    "submit_malformed",
    "submit_redirected",
    "submit_rejected_input",
    "submit_rejected_model",
    "submit_rejected_policy",
    "submit_throttled",
    "submit_web_page",
    "submit_without_id",
    "poll_auth",
    "poll_empty",
    "poll_gone",
    "poll_huge_id",
    "poll_malformed",
    "poll_mistaken",
    "poll_pending",
    "poll_ready",
    "poll_refused",
    "poll_refused_policy",
    "poll_server_error",
    "poll_throttled",
    "poll_unknown_word",
    "poll_web_page",
];

/// Where a body carries our name for the attempt, as a JSON pointer, for the providers that have a field for it.
const OUR_NAME: [(&str, &str); 2] = [("zai", "/request_id"), ("echo", "/client_id")];

/// Number of requests that each provider's documents show. The page of Vtrix shows none; there it is one with every
/// parameter that it describes, and one with those that it requires.
const DOCUMENTED: [(&str, usize); 3] = [("zai", 9), ("vtrix", 2), ("uniall", 4)];

/// The providers that have recorded answers: the built-in ones, and the one that is made as an exercise.
fn recorded() -> impl Iterator<Item = &'static dyn Provider> {
    static ALL: LazyLock<Registry> = LazyLock::new(|| Registry::built_in().with(Vidu));
    ALL.iter().map(|provider| &**provider)
}

/// All of them, and the one that another crate would add.
fn providers() -> impl Iterator<Item = &'static dyn Provider> {
    static ACME: LazyLock<Acme> = LazyLock::new(|| Acme::new().unwrap());
    recorded().chain([&*ACME as &dyn Provider])
}

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

/// Returns the reading of a recorded answer in the words of the fixtures.
fn outcome(provider: &dyn Provider, recorded: &Json) -> String {
    match recorded["call"].as_str().unwrap() {
        "submit" => match provider.submitted(&reply(recorded)) {
            Ok(task) => format!("accepted {task}"),
            Err(fault) => fault_in_words(&fault),
        },
        "poll" => {
            let task = TaskId(recorded["task"].as_str().unwrap().into());
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
        FaultKind::Barred => "barred".to_owned(),
        FaultKind::NoRoute => "no route".to_owned(),
    }
}

fn progress_in_words(progress: Progress) -> String {
    match progress {
        Progress::Pending { unknown_word: None, percent: None } => "pending".into(),
        Progress::Pending { unknown_word: None, percent: Some(percent) } => format!("pending at {percent} %"),
        Progress::Pending { unknown_word: Some(word), .. } => format!("pending, unknown word {word}"),
        Progress::Ready { clip, cost } => {
            let cover = clip.cover.map(|cover| format!(" with {cover}"));
            let cost = match cost {
                Cost::Untold => None,
                Cost::Told(cost) => Some(format!(" for {cost}")),
                Cost::Doubtful(figure) => Some(format!(" for what is no amount: {figure}")),
            };
            format!("ready {}{}{}", clip.url, cover.unwrap_or_default(), cost.unwrap_or_default())
        }
        Progress::Empty { .. } => "empty".into(),
        Progress::Refused { refusal, charged, said, .. } => {
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
fn a06_a14_a18_every_recorded_answer_means_what_its_fixture_says() {
    for provider in recorded() {
        let mut files: Vec<PathBuf> = std::fs::read_dir(fixtures(provider))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .collect();
        files.sort();
        let wrong: Vec<String> = files
            .iter()
            .map(|path| (path, read(path)))
            .filter(|(_, recorded)| recorded["impossible"].is_null())
            .map(|(path, recorded)| (path, outcome(provider, &recorded), recorded["outcome"].clone()))
            .filter(|(_, outcome, expected)| expected != outcome)
            .map(|(path, outcome, expected)| format!("{}: {outcome}, expected {expected}", path.display()))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

#[test]
fn every_provider_has_an_answer_of_every_class_on_record() {
    for provider in recorded() {
        for class in CLASSES {
            let path = fixtures(provider).join(format!("{class}.json"));
            assert!(path.exists(), "{} is missing", path.display());
            let recorded = read(&path);
            let is_answer = recorded["outcome"].is_string();
            let why = recorded["impossible"].as_str().is_some_and(|why| why.ends_with('.'));
            assert!(is_answer != why, "{}: neither an answer nor a reason, or both", path.display());
        }
    }
}

/// An order written down with the portable names of the manifest. Text may be `{ "characters": 512 }`, and a picture
/// `{ "format": "png", "bytes": 1000, "size": [640, 480] }` for one from disk, with the word `inline` for a data URI.
pub(crate) fn order(written: &Json) -> Request {
    let text = |name: &str| match (&written[name], written[name]["characters"].as_u64()) {
        // Two bytes each: limits count characters.
        (_, Some(count)) => Some("é".repeat(usize::try_from(count).unwrap())),
        (text, None) => text.as_str().map(str::to_owned),
    };
    let mut request = Request::new(written["model"].as_str().unwrap().parse().unwrap());
    request.prompt = text("prompt");
    request.image = picture(&written["image"]);
    request.last_image = picture(&written["last_image"]);
    request.reference_images =
        written["reference_images"].as_array().into_iter().flatten().filter_map(picture).collect();
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
            Json::String(text) => Value::Text(text.clone()),
            long => Value::Text("é".repeat(usize::try_from(long["characters"].as_u64().unwrap()).unwrap())),
        };
        request.params.insert(name.clone(), value);
    }
    request
}

fn picture(written: &Json) -> Option<Media> {
    if let Some(link) = written.as_str() {
        return Some(Media::Url(link.to_owned()));
    }
    let facts = written.as_object()?;
    let format = [PictureFormat::Png, PictureFormat::Jpeg, PictureFormat::Webp]
        .into_iter()
        .find(|format| format.name() == facts["format"])
        .unwrap();
    let side = |at: usize| u32::try_from(facts["size"][at].as_u64().unwrap()).unwrap();
    let bytes = facts["bytes"].as_u64().unwrap();
    let (width, height) = (side(0), side(1));
    let facts_of = PictureFacts {
        format,
        bytes,
        sha256: Sha256::of(b"a picture"),
        width,
        height,
        traits: PictureTraits::default(),
    };
    Some(if facts.contains_key("inline") {
        Media::Inline { uri: "data:image/png;base64,cG5n".into(), facts: facts_of }
    } else {
        Media::File(MediaFile { path: "frames/a.png".into(), facts: facts_of })
    })
}

/// The body as it would be sent; only for orders without local pictures.
fn sent(body: &Body) -> Json {
    let text = body.parts.iter().map(|part| match part {
        Part::Text(text) => text.as_str(),
        Part::Base64(file) => panic!("{} is local", file.path),
    });
    serde_json::from_str(&text.collect::<String>()).unwrap()
}

/// The requests that a provider's documents show. One that is only in the sandbox has no documents.
fn documented(provider: &dyn Provider) -> Vec<Json> {
    if provider.profile().sandbox_only {
        return Vec::new();
    }
    read(&fixtures(provider).join("requests/documented.json")).as_array().unwrap().clone()
}

/// Sets our name for the attempt where the provider has a field for it.
fn named(provider: &dyn Provider, mut body: Json, name: &str) -> Json {
    if let Some((_, pointer)) = OUR_NAME.iter().find(|(known, _)| *known == provider.name()) {
        let (object, member) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(object).unwrap()[member] = name.into();
    }
    body
}

#[test]
fn every_request_in_the_documents_can_be_ordered_and_is_sent_as_the_document_shows_it() {
    for provider in recorded() {
        for example in documented(provider) {
            let source = &example["source"];
            let request = order(&example["order"]);
            let call = submit(provider, &request, "sl-1");
            // Members compare by name; their order is ours.
            let expected = named(provider, example["body"].clone(), "sl-1");
            assert_eq!(sent(&call.body.unwrap()), expected, "{source}");

            let card = provider.cards().iter().find(|card| card.name == request.model).unwrap();
            let findings = check::check(&Cards::built_in(), card, &request);
            let is_warning = |finding: &check::Finding| finding.severity == Severity::Warning;
            assert!(findings.iter().all(is_warning), "{source}: {findings:#?}");
            let warnings = findings.len() as u64;
            assert_eq!(Some(warnings), example["warnings"].as_u64(), "{source}: {findings:#?}");
        }
    }
    for (name, count) in DOCUMENTED {
        assert_eq!(documented(&**Registry::built_in().find(name).unwrap()).len(), count, "{name}");
    }
}

#[test]
fn a_body_begins_with_the_model_and_is_the_same_every_time() {
    for provider in providers() {
        for request in orders(provider) {
            let call = || submit(provider, &request, "sl-1");
            assert_eq!(call(), call());
            let body = call().body.unwrap().shown();
            let start = format!("{{\"model\":\"{}\",", request.model.model);
            assert!(body.starts_with(&start), "{body}");
        }
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
    let card = provider.cards().iter().find(|card| card.name == request.model).unwrap();
    provider.submit(card, request, &RequestId(key.into())).0
}

/// Laws of any call: authenticated by name only, with a path below the base URL and at most one query.
fn lawful(call: &Call) {
    let (path, query) = call.path.split_once('?').unwrap_or((&call.path, ""));
    assert!(path.starts_with('/') && !path.starts_with("//"), "{}", call.path);
    assert!(![path, query].concat().contains(['?', '#', ' ', '\\']), "{}", call.path);
    for (name, value) in &call.headers {
        let name = name.to_ascii_lowercase();
        assert!(
            !name.contains("auth") && !name.contains("key") && !name.contains("cookie"),
            "{name}: {value}"
        );
    }
}

#[test]
fn a_paid_call_carries_our_name_for_the_attempt_where_the_provider_has_a_field_and_nowhere_else() {
    for provider in providers() {
        for request in orders(provider) {
            let body = |name: &str| sent(&submit(provider, &request, name).body.unwrap());
            match OUR_NAME.iter().find(|(known, _)| *known == provider.name()) {
                Some((_, pointer)) => assert_eq!(body("sl-abc").pointer(pointer).unwrap(), "sl-abc"),
                None => assert_eq!(body("sl-abc"), body("sl-xyz")),
            }
        }
    }
}

#[test]
fn s01_no_call_has_a_place_for_a_key() {
    for provider in providers() {
        for request in orders(provider) {
            let call = submit(provider, &request, "sl-1");
            lawful(&call);
            assert!(!call.path.contains('?'), "{}", call.path);
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
    let registry = Registry::built_in();
    for provider in registry.iter() {
        assert_eq!(registry.find(provider.name()).map(|found| found.name()), Some(provider.name()));
        for card in provider.cards() {
            assert_eq!(card.name.provider, provider.name());
            assert!(std::ptr::eq(registry.card(&card.name).unwrap(), card));
            let duration = card.field(Field::Duration).unwrap();
            assert!(card.seconds() > 0 || duration.required, "{} has no duration", card.name);
        }
        let profile = provider.profile();
        let host = url::Url::parse(&profile.base_url).unwrap().host_str().unwrap().to_owned();
        assert!(profile.hosts.contains(&host), "{host}");
    }
    assert!(registry.card(&"zai/vidu3-image".parse().unwrap()).is_none());
    assert!(registry.find("unknown").is_none());
}

#[test]
fn a11_a_bare_server_error_on_a_paid_call_is_a_doubt() {
    for provider in providers() {
        for status in 500..=599 {
            for body in ["", "<html>error</html>", "{}", "{\"error\":{}}"] {
                let reply = Reply { status, headers: Vec::new(), body: body.into() };
                assert_eq!(
                    provider.submitted(&reply).unwrap_err().kind,
                    FaultKind::Unknown,
                    "{status} {body}"
                );
            }
        }
    }
}

#[test]
fn a_timeout_or_a_conflict_on_a_paid_call_is_a_doubt_whatever_it_says() {
    for provider in recorded() {
        let refusal = reply(&read(&fixtures(provider).join("submit_rejected_input.json")));
        for status in [408, 409, 425, 499] {
            let reply = Reply { status, ..refusal.clone() };
            let kind = provider.submitted(&reply).unwrap_err().kind;
            assert_eq!(kind, FaultKind::Unknown, "{} {status}", provider.name());
        }
    }
}

#[test]
fn n22_a_redirect_of_a_paid_call_is_a_doubt_unless_it_keeps_the_body() {
    for provider in recorded() {
        let refusal = reply(&read(&fixtures(provider).join("submit_rejected_input.json")));
        let fault = |status, body: &[u8]| {
            let headers = vec![("location".to_owned(), "https://api.example.com/v2".to_owned())];
            provider.submitted(&Reply { status, headers, body: body.to_vec() }).unwrap_err()
        };
        for body in [&b""[..], &refusal.body] {
            for status in [301, 302, 303] {
                assert_eq!(fault(status, body).kind, FaultKind::Unknown, "{} {status}", provider.name());
            }
            for status in [307, 308] {
                let fault = fault(status, body);
                assert_eq!(fault.kind, FaultKind::Stop(Stop::Setup), "{} {status}", provider.name());
                assert!(fault.said.text.contains("api.example.com"), "{}", fault.said.text);
            }
        }
    }
}

/// An intent of the test's own.
fn intent() -> Intent {
    Intent { attempt: 1, request_id: RequestId("sl-1".into()), at: "2026-03-06T22:19:54Z".parse().unwrap() }
}

#[test]
fn a_call_that_looks_tasks_up_is_free_and_has_times_in_the_profile() {
    for provider in providers() {
        assert_eq!(provider.look_up().is_some(), provider.profile().look_up.is_some(), "{}", provider.name());
        if let Some(look_up) = provider.look_up() {
            for page in [None, Some("a/b?c#d \u{e9}")] {
                let call = look_up.list(&intent(), page);
                lawful(&call);
                assert_eq!((call.method, &call.body), (Method::Get, &None), "{}", provider.name());
                assert_eq!(call, look_up.list(&intent(), page));
            }
            for status in [200, 204, 404, 429, 500] {
                for body in ["", "<html>", "{}", "[]", "null"] {
                    let reply = Reply { status, headers: Vec::new(), body: body.into() };
                    assert!(look_up.listed(&reply).is_err(), "{} {status} {body}", provider.name());
                }
            }
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
        "task_id",
        "progress",
        "content",
        "usage",
        "cost",
        "error_message",
        "8008003002",
        "8008003099",
        "in_progress",
        "completed",
        "failed",
        "data",
        "metadata",
        "video_url",
        "result_url",
        "fail_reason",
        "insufficient_user_quota",
        "model_not_found",
        "25%",
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
        for provider in providers() {
            let call = provider.poll(&provider.cards()[0], &TaskId((&id).into()));
            lawful(&call);
            prop_assert_eq!((call.method, &call.body), (Method::Get, &None));
            let named = |part: &str| percent_decode_str(part).decode_utf8().is_ok_and(|part| part == id);
            prop_assert!(call.path.split('/').any(named), "{} is not in {}", id, call.path);
        }
    }

    #[test]
    fn an_id_stands_in_the_path_as_the_provider_gave_it(id in "[A-Za-z0-9._~-]{0,20}[A-Za-z0-9_~-]") {
        for provider in providers() {
            let call = provider.poll(&provider.cards()[0], &TaskId((&id).into()));
            prop_assert!(call.path.split('/').any(|part| part == id), "{} is not in {}", id, call.path);
        }
    }

    #[test]
    fn n12_bytes_that_are_no_answer_prove_nothing(
        bytes in prop::collection::vec(any::<u8>(), 0..80), status in prop_oneof![200..300u16, 400..429u16, Just(431), 500..600u16],
    ) {
        let reply = Reply { status, headers: Vec::new(), body: bytes };
        prop_assume!(serde_json::from_slice::<Json>(&reply.body).is_err());
        for provider in providers() {
            // These answers come from a server in front of the provider, or from one that is not the provider.
            let kind = match status {
                401 | 414 | 415 | 431 => FaultKind::Barred,
                413 => FaultKind::Rejected(Refusal::Input),
                404 | 405 => FaultKind::NoRoute,
                _ => FaultKind::Unknown,
            };
            prop_assert_eq!(provider.submitted(&reply).unwrap_err().kind, kind);
            let task = TaskId("1".into());
            prop_assert!(provider.polled(&task, &reply).is_err());
            prop_assert!(provider.look_up().is_none_or(|look_up| look_up.listed(&reply).is_err()));
            prop_assert!(provider.bulk().is_none_or(|bulk| bulk.polled(&[task], &reply).is_err()));
        }
    }

    #[test]
    fn any_json_is_read_without_a_panic_and_only_an_id_is_a_task(body in json(), status in 100..600u16) {
        let reply = Reply { status, headers: Vec::new(), body: body.to_string().into_bytes() };
        for provider in providers() {
            if let Ok(task) = provider.submitted(&reply) {
                prop_assert!((200..300).contains(&status));
                prop_assert!(!task.0.raw().trim().is_empty());
            }
            let _ = provider.polled(&TaskId("1".into()), &reply);
            if let Some(Ok(listing)) = provider.look_up().map(|look_up| look_up.listed(&reply)) {
                // What is adopted as ours must stand in the answer.
                let words = words(&body);
                let ours = listing.tasks.iter().filter_map(|(_, name)| name.as_ref()).map(|name| name.0.as_str());
                let named: Vec<&str> = listing.tasks.iter().map(|(task, _)| task.0.raw()).chain(ours).collect();
                prop_assert!(named.iter().all(|name| !name.trim().is_empty() && words.iter().any(|word| word == name)));
            }
            let tasks = [TaskId("1".into()), TaskId("2".into())];
            if let Some(Ok(progress)) = provider.bulk().map(|bulk| bulk.polled(&tasks, &reply)) {
                prop_assert_eq!(progress.len(), tasks.len());
            }
            if let Some(Ok(_)) = provider.cancel().map(|cancel| cancel.cancelled(&tasks[0], &reply)) {
                prop_assert!((200..500).contains(&status), "an error of the server's ends nothing");
            }
        }
    }

    #[test]
    fn every_call_about_tasks_names_each_of_them(ids in prop::collection::vec("[a-zA-Z0-9_./?#%&=, é-]{1,20}", 1..4)) {
        let tasks: Vec<TaskId> = ids.iter().map(|id| TaskId(id.into())).collect();
        for provider in providers() {
            if let Some(bulk) = provider.bulk() {
                let card = &provider.cards()[0];
                let asked: Vec<_> = tasks.iter().take(bulk.most().get()).map(|task| (card, task)).collect();
                let call = bulk.poll(&asked);
                lawful(&call);
                for task in tasks.iter().take(bulk.most().get()) {
                    prop_assert!(names(&call, task), "{} {:?}", task, call);
                }
            }
            if let Some(cancel) = provider.cancel() {
                let call = cancel.cancel(&provider.cards()[0], &tasks[0]);
                lawful(&call);
                prop_assert!(call.method != Method::Get);
                prop_assert!(names(&call, &tasks[0]), "{} {:?}", tasks[0], call);
            }
        }
    }
}

/// Every text and number of an answer.
fn words(body: &Json) -> Vec<String> {
    match body {
        Json::Array(values) => values.iter().flat_map(words).collect(),
        Json::Object(members) => members.values().flat_map(words).collect(),
        Json::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}

/// Returns whether a call names a task in its path or in its body.
fn names(call: &Call, task: &TaskId) -> bool {
    let path = percent_decode_str(&call.path).decode_utf8().unwrap();
    let in_body =
        call.body.as_ref().is_some_and(|body| words(&sent(body)).iter().any(|word| task.0 == *word));
    path.contains(task.0.raw()) || in_body
}
