//! The providers of the sandbox next to each other: each has its own wording, and none knows another's tasks.

use std::collections::BTreeMap;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use shotlist::sandbox::{ClipDetail, Limits};

use super::server::{IMAGE, TASK_TIME, TestSandbox, measure_with_rate, with};

/// One way of asking for a task and for its state.
struct Speaker {
    provider: &'static str,
    model: &'static str,
    submit: &'static str,
    poll: &'static str,
    /// An order with these words as its prompt.
    order: fn(&str) -> Value,
}

const SPEAKERS: [Speaker; 5] = [
    Speaker {
        provider: "zai",
        model: "viduq1-text",
        submit: "/zai/paas/v4/videos/generations",
        poll: "/zai/paas/v4/async-result",
        order: |prompt| json!({ "model": "viduq1-text", "prompt": prompt }),
    },
    Speaker {
        provider: "vtrix",
        model: "viduq1_img2video",
        submit: "/vtrix/model/v1/generation",
        poll: "/vtrix/model/v1/generation/task",
        order: |prompt| {
            let parameters = json!({ "images": [IMAGE], "prompt": prompt });
            json!({ "model": "viduq1_img2video", "input": [{ "params": parameters }] })
        },
    },
    UNIALL,
    Speaker { poll: "/uniall/v1/videos", ..UNIALL },
    Speaker {
        provider: "echo",
        model: "clip",
        submit: "/echo/v1/tasks",
        poll: "/echo/v1/tasks",
        order: |prompt| json!({ "model": "clip", "prompt": prompt, "client_id": format!("label-{prompt}") }),
    },
];

const UNIALL: Speaker = Speaker {
    provider: "uniall",
    model: "viduq3t-540p",
    submit: "/uniall/v1/video/generations",
    poll: "/uniall/v1/video/generations",
    order: |prompt| json!({ "model": "viduq3t-540p", "prompt": prompt, "duration": 2 }),
};

/// The body of an error of a provider.
fn error(provider: &'static str, code: &str, message: &str) -> Value {
    match provider {
        "zai" | "echo" => json!({ "error": { "code": code, "message": message } }),
        "vtrix" => json!({ "message": message }),
        _ => json!({ "error": {
            "message": message, "type": "invalid_request_error", "param": "", "code": code,
        } }),
    }
}

#[tokio::test]
async fn each_provider_refuses_a_wrong_key_an_unknown_path_and_broken_json_in_its_words() {
    let sandbox = TestSandbox::start().await;
    for speaker in &SPEAKERS {
        let Speaker { provider, submit, poll, order, .. } = speaker;
        let (wrong, nowhere, broken) = match *provider {
            "zai" => ("1002", "1222", "1210"),
            "vtrix" => ("", "", ""),
            "uniall" => ("invalid_api_key", "not_found", "invalid_request"),
            _ => ("unauthorized", "not_found", "invalid"),
        };
        let message = "The token in the Authorization header is invalid";
        for (method, path) in [(Method::POST, (*submit).to_owned()), (Method::GET, format!("{poll}/1"))] {
            let refusal = sandbox.without_the_key(method, &path, &order("x")).await;
            assert_eq!(refusal, error(provider, wrong, message), "{path}");
        }
        let path = format!("/{provider}/v9/nothing");
        let (status, answer) = sandbox.call(Method::GET, &path, &Value::Null).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert_eq!(answer, error(provider, nowhere, "The API does not exist"));

        let url = format!("{}{submit}", sandbox.sandbox.base_url());
        let request =
            sandbox.client.post(url).bearer_auth(super::KEY).header("content-type", "application/json");
        let answer = request.body("{").send().await.unwrap();
        let status = if *provider == "echo" { 422 } else { 400 };
        assert_eq!(answer.status().as_u16(), status);
        let answer = super::parsed(answer).await;
        let code = &answer["error"]["code"];
        if *provider == "vtrix" {
            assert!(answer["error"].is_string(), "{answer}");
        } else {
            assert_eq!(code, broken);
        }
    }
    for method in [Method::GET, Method::DELETE] {
        let refusal = sandbox.without_the_key(method, "/echo/v1/tasks/1", &Value::Null).await;
        assert_eq!(refusal["error"]["code"], "unauthorized");
    }
    sandbox.without_the_key(Method::GET, "/echo/v1/tasks?ids=1", &Value::Null).await;
    sandbox.without_the_key(Method::GET, "/echo/v1/tasks?since=x&until=y", &Value::Null).await;
    assert!(sandbox.sandbox.charges().is_empty());
}

#[tokio::test]
async fn no_provider_knows_the_task_of_another() {
    let sandbox = TestSandbox::start().await;
    let mut ids = Vec::new();
    for speaker in &SPEAKERS {
        ids.push(sandbox.ordered(speaker.submit, &(speaker.order)(speaker.poll)).await);
    }
    for asked in &SPEAKERS {
        for (owner, id) in SPEAKERS.iter().zip(&ids) {
            let (status, answer) =
                sandbox.call(Method::GET, &format!("{}/{id}", asked.poll), &Value::Null).await;
            if owner.provider == asked.provider {
                assert_eq!(status, StatusCode::OK, "{answer}");
                continue;
            }
            let code = match asked.provider {
                "zai" => "1200",
                "vtrix" => "",
                "uniall" => "task_not_found",
                _ => "not_found",
            };
            assert_eq!(status, StatusCode::NOT_FOUND, "{answer}");
            assert_eq!(answer, error(asked.provider, code, &format!("There is no task {id}")));
        }
    }
    let (status, _) = sandbox.call(Method::DELETE, &format!("/echo/v1/tasks/{}", ids[0]), &Value::Null).await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    let owners: Vec<String> = sandbox.sandbox.charges().into_iter().map(|charge| charge.provider).collect();
    assert_eq!(owners, SPEAKERS.map(|speaker| speaker.provider));
    let sandbox = sandbox.restart(|_| {}).await;
    let owners: Vec<String> =
        sandbox.sandbox.requests().into_iter().map(|request| request.provider).collect();
    assert_eq!(owners, SPEAKERS.map(|speaker| speaker.provider));
    for (speaker, id) in SPEAKERS.iter().zip(&ids) {
        sandbox.told(&format!("{}/{id}", speaker.poll)).await;
    }
    let (_, charges) = sandbox.admin(Method::GET, "charges", Value::Null).await;
    assert_eq!(charges[2]["provider"], "uniall");
}

#[tokio::test]
async fn a_label_of_one_provider_is_free_at_another() {
    let sandbox = TestSandbox::start().await;
    sandbox.accepted(&with((SPEAKERS[0].order)("x"), "request_id", "label-x")).await;
    sandbox.ordered(SPEAKERS[4].submit, &(SPEAKERS[4].order)("x")).await;
    assert_eq!(sandbox.sandbox.charges().len(), 2);
}

#[tokio::test]
async fn each_provider_throttles_in_its_words_where_a_limit_is_set() {
    let limits: BTreeMap<_, _> = SPEAKERS.iter().map(|speaker| (speaker.model.to_owned(), 1)).collect();
    let sandbox = TestSandbox::with(|options| options.limits = Limits::PerModel(limits)).await;
    for speaker in SPEAKERS.iter().filter(|speaker| speaker.poll != "/uniall/v1/videos") {
        let Speaker { provider, submit, order, model, .. } = speaker;
        sandbox.ordered(submit, &order("first")).await;
        let (status, answer) = sandbox.call(Method::POST, submit, &order("second")).await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{answer}");
        let usual = format!("Concurrency of {model} too high: 1 tasks are running");
        let (code, message) = match *provider {
            "zai" => ("1302", usual.as_str()),
            "vtrix" => ("", "rate limit exceeded"),
            "uniall" => ("rate_limit_exceeded", usual.as_str()),
            _ => ("slow_down", usual.as_str()),
        };
        assert_eq!(answer, error(provider, code, message));
    }
    // By the documents only Z.AI has limits.
    let sandbox = sandbox.restart(|_| {}).await;
    for speaker in &SPEAKERS[1..] {
        for n in 0..6 {
            sandbox.ordered(speaker.submit, &(speaker.order)(&format!("{n}{}", speaker.poll.len()))).await;
        }
    }
}

#[tokio::test]
async fn a_rule_can_be_for_one_provider_and_its_error_is_worded_as_that_one_words_it() {
    let sandbox = TestSandbox::start().await;
    for speaker in SPEAKERS.iter().filter(|speaker| speaker.poll != "/uniall/v1/videos") {
        let fault = json!({ "error": { "http": 403, "code": "no_money", "message": "Top up" } });
        let rule = json!({ "on": "submit", "when": { "provider": speaker.provider }, "do": fault });
        sandbox.sandbox.add_fault(serde_json::from_value(rule).unwrap()).unwrap();
        for asked in &SPEAKERS {
            let words = format!("{}{}", speaker.provider, asked.poll.len());
            let (status, answer) = sandbox.call(Method::POST, asked.submit, &(asked.order)(&words)).await;
            let struck = asked.provider == speaker.provider;
            assert_eq!(status, if struck { StatusCode::FORBIDDEN } else { StatusCode::OK }, "{answer}");
            if struck {
                assert_eq!(answer, error(asked.provider, "no_money", "Top up"));
            }
        }
        sandbox.admin(Method::DELETE, "faults", Value::Null).await;
        sandbox.pass(TASK_TIME);
    }
    let code = json!({ "error": { "http": 400, "code": "8008003004", "message": "Invalid image" } });
    let rule = json!({ "on": "poll", "do": code });
    sandbox.sandbox.add_fault(serde_json::from_value(rule).unwrap()).unwrap();
    let id = sandbox.ordered(SPEAKERS[1].submit, &(SPEAKERS[1].order)("x")).await;
    let (_, answer) = sandbox.call(Method::GET, &format!("{}/{id}", SPEAKERS[1].poll), &Value::Null).await;
    assert_eq!(answer, json!({ "error": { "code": 8_008_003_004_u64, "error_message": "Invalid image" } }));
    let (status, _) = sandbox
        .admin(
            Method::POST,
            "faults",
            json!({
                "on": "poll", "when": { "provider": "none" }, "do": "malformed",
            }),
        )
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_log_of_the_time_with_one_provider_is_read_as_that_ones() {
    let sandbox = TestSandbox::start().await;
    sandbox.sandbox.stop().await.unwrap();
    let entry = json!({ "request": {
        "at": "2023-11-14T22:13:20Z", "request_id": "label-1",
        "body": { "model": "viduq1-text", "prompt": "x", "request_id": "label-1" },
        "status": 200, "code": null, "fault": null,
        "task": {
            "id": "1700000000000000001", "request_id": "label-1", "model": "viduq1-text", "cents": 40,
            "accepted_at": "2023-11-14T22:13:20Z", "ready_at": "2023-11-14T22:13:21Z",
            "size": { "width": 1920, "height": 1080 }, "seconds": 5, "ending": null,
        },
    } });
    #[expect(clippy::disallowed_methods, reason = "puts an older log in place")]
    std::fs::write(sandbox.dir.path().join("sandbox.jsonl"), format!("{entry}\n")).unwrap();
    let sandbox = TestSandbox::open(sandbox.dir, sandbox.clock, |_| {}).await;
    sandbox.pass(TASK_TIME);
    let link = sandbox.link("1700000000000000001").await;
    assert_eq!(sandbox.get(&link, &[]).await.status(), StatusCode::OK);
    assert_eq!(sandbox.sandbox.charges()[0].provider, "zai");
    let again = sandbox.submit(&with((SPEAKERS[0].order)("x"), "request_id", "label-1")).await.unwrap();
    assert_eq!(again.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn full_clips_have_the_size_that_each_provider_takes_from_the_order() {
    let sandbox = TestSandbox::with(|options| options.clips = ClipDetail::Full).await;
    let vtrix = |ratio: &str, resolution: &str| {
        let parameters =
            json!({ "prompt": "x", "duration": 1, "resolution": resolution, "aspect_ratio": ratio });
        json!({ "model": "viduq2_text2video", "input": [{ "params": parameters }] })
    };
    let square = with(with((UNIALL.order)("x"), "aspect_ratio", "1:1"), "duration", "1");
    let table = [
        (&SPEAKERS[1], vtrix("3:4", "540p"), (540, 720, 1, 24)),
        (&SPEAKERS[1], vtrix("9:16", "720p"), (720, 1280, 1, 24)),
        (&SPEAKERS[2], (UNIALL.order)("x"), (960, 540, 2, 24)),
        (&SPEAKERS[2], square, (540, 540, 1, 24)),
        (&SPEAKERS[4], (SPEAKERS[4].order)("x"), (640, 360, 2, 24)),
    ];
    for (speaker, body, measures) in table {
        let id = sandbox.ordered(speaker.submit, &body).await;
        sandbox.pass(TASK_TIME);
        let told = sandbox.told(&format!("{}/{id}", speaker.poll)).await;
        let places = ["/output/0/content/0/url", "/video_url", "/url"];
        let link = places.iter().find_map(|place| told.pointer(place)?.as_str()).unwrap();
        let clip = sandbox.get(link, &[]).await.bytes().await.unwrap();
        assert_eq!(measure_with_rate(&clip), measures, "{body}");
    }
}
